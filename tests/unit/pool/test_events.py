import io
import logging
import sys

import pytest

from pool_gui.pool.failure import error_text, report_failure, report_stray


class BrokenStrError(Exception):
    def __str__(self) -> str:
        raise SystemExit("no")


class StrayNameMeta(type):
    @property
    def __name__(cls) -> str:  # type: ignore[override]  # as somebody might
        raise ValueError


class NamelessError(Exception, metaclass=StrayNameMeta):
    pass


class BrokenHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        raise SystemExit(record.levelname)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("bad"), "ValueError: bad"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (
            BrokenStrError(),
            "BrokenStrError: (its message cannot be shown: SystemExit)",
        ),
        (NamelessError("x"), "NamelessError: x"),
    ],
)
def test_an_error_becomes_its_type_and_message(error: BaseException, text: str) -> None:
    assert error_text(error) == text


def test_a_long_message_is_cut() -> None:
    text = error_text(ValueError("x" * 1000))
    assert len(text) == 200
    assert text.startswith("ValueError: xxx")
    assert text.endswith("x…")


@pytest.mark.expects_log
def test_a_failure_is_logged_with_its_place(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError("bad")  # noqa: TRY301 - a traceback is wanted
    except ValueError as error:
        report_failure(7, len, "demo_1", error)
    (record,) = caplog.records
    assert record.name == "pool_gui.pool"
    assert record.getMessage() == (
        "Task 7 (builtins.len) failed on demo_1: ValueError: bad"
    )
    assert "test_failure.py" in caplog.text


@pytest.mark.expects_log
@pytest.mark.parametrize("closed", ["open", "closed", "missing"])
def test_a_log_handler_that_raises_is_told_on_standard_error(
    monkeypatch: pytest.MonkeyPatch, closed: str
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", None if closed == "missing" else stream)
    if closed == "closed":
        stream.close()
    handler = BrokenHandler()
    logger = logging.getLogger("pool_gui.pool")
    logger.addHandler(handler)
    try:
        report_failure(7, len, "demo_1", ValueError("bad"))
        report_stray("demo_1", ValueError("bad"))
    finally:
        logger.removeHandler(handler)
    if closed == "open":
        end = ", and logging that failed with SystemExit: ERROR"
        assert stream.getvalue().splitlines() == [
            "pool_gui: task 7 failed with ValueError: bad" + end,
            "pool_gui: demo_1 was hit by ValueError: bad and goes on" + end,
        ]
