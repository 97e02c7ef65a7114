"""What is logged, whatever exceptions, hooks and log handlers do."""

import io
import logging
import sys

import pytest
from pool_support import DEADLINE_SECONDS, MakePool

from pool_gui.pool import Task
from pool_gui.pool.events import (
    call_hook,
    tell_callback,
    tell_failure,
    tell_initializer,
    tell_overdue,
    tell_stray,
    tell_trouble,
)


class BrokenHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        raise SystemExit(record.levelname)


class ElusiveText(str):
    """A text that nobody can measure."""

    __slots__ = ()

    def __len__(self) -> int:
        raise RuntimeError("no length")

    __bool__ = __len__  # asked for its truth, likewise


class ElusiveError(Exception):
    def __str__(self) -> str:
        return ElusiveText("elusive")


@pytest.mark.expects_log
def test_a_failure_is_logged_with_its_place(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError("bad")  # noqa: TRY301 - a traceback is wanted
    except ValueError as error:
        tell_failure(7, len, "demo_1", error)
    (record,) = caplog.records
    assert record.name == "pool_gui.pool"
    assert record.getMessage() == (
        "Task 7 (builtins.len) failed on demo_1: ValueError: bad"
    )
    assert "test_events.py" in caplog.text


@pytest.mark.expects_log
def test_each_event_goes_to_the_log_where_it_belongs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    error = ValueError("100 % bad")
    tell_stray("demo_1", error)
    tell_overdue("Task 7 has run for longer")
    tell_callback("<Task 7>", error)
    tell_initializer(error)
    tell_trouble(logging.ERROR, "no thread")
    ours, standard = "pool_gui.pool", "concurrent.futures"
    stray = "demo_1 was hit by ValueError: 100 % bad and goes on"
    assert caplog.record_tuples == [
        (ours, logging.ERROR, stray),
        (ours, logging.WARNING, "Task 7 has run for longer"),
        (standard, logging.ERROR, "exception calling callback for <Task 7>"),
        (standard, logging.CRITICAL, "Exception in initializer:"),
        (ours, logging.ERROR, "no thread"),
    ]


@pytest.mark.expects_log
def test_a_hook_that_raises_is_counted_and_then_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    news: list[object] = []

    def hook(subject: object) -> None:
        news.append(subject)
        raise SystemExit

    call_hook(hook, 7, lambda: news.append(len(caplog.records)))
    assert news == [7, 0]
    (record,) = caplog.records
    assert record.getMessage().startswith(f"Hook {__name__}.test_a_hook_that_raises")
    assert record.getMessage().endswith("raised SystemExit; the pool goes on")


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
        tell_failure(7, len, "demo_1", ValueError("bad"))
        tell_stray("demo_1", ValueError("bad"))
    finally:
        logger.removeHandler(handler)
    if closed == "open":
        end = ", and logging that failed with SystemExit: ERROR"
        assert stream.getvalue().splitlines() == [
            "pool_gui: Task 7 (builtins.len) failed on demo_1: ValueError: bad" + end,
            "pool_gui: demo_1 was hit by ValueError: bad and goes on" + end,
        ]


@pytest.mark.expects_log
@pytest.mark.parametrize("is_watched", [False, True])
def test_a_failure_whose_text_raises_is_told_as_any_other(
    make_pool: MakePool, caplog: pytest.LogCaptureFixture, *, is_watched: bool
) -> None:
    def fail() -> None:
        raise ElusiveError

    pool = make_pool(1)
    if is_watched:
        pool._core.workers.watch(0)
    before = pool.workers()
    task = pool.put(Task(fail))
    assert isinstance(task.exception(DEADLINE_SECONDS), ElusiveError)
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.workers() == before
    (record,) = caplog.records
    assert record.getMessage().startswith("Task 1 ")
    assert "was hit by" not in record.getMessage()
