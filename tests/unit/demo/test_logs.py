import io
import logging

import pytest

from pool_gui.demo import stderr as logs
from pool_gui.demo.stderr import MAX_KINDS, RateLimitedHandler


class Output:
    """A handler's output, and the clock that it goes by."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.now = 100.0
        self.handler = RateLimitedHandler(self.stream, lambda: self.now)

    def log(self, message: str, *args: object) -> None:
        self.handler.handle(
            logging.LogRecord(
                "pool_gui.pool", logging.ERROR, "x.py", 1, message, args, None
            )
        )

    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()


@pytest.fixture
def output() -> Output:
    return Output()


def test_the_first_failure_is_said_at_once(output: Output) -> None:
    output.log("task %d failed", 3)
    assert output.lines() == ["error: task 3 failed"]


def test_then_at_most_one_line_a_second_says_how_many_more(output: Output) -> None:
    for task in range(50):
        output.log("task %d failed", task)
    output.now += 1
    output.log("task %d failed", 50)
    output.log("task %d failed", 51)
    assert output.lines() == [
        "error: task 0 failed",
        "error: task 50 failed (and 49 more like it before)",
    ]


@pytest.mark.parametrize(("function", "lines"), [("f", 1), ("g", 2)])
def test_another_function_is_another_account(
    output: Output, function: str, lines: int
) -> None:
    output.log("Task %d (%s) failed on %s: %s", 1, "f", "worker-1", "ValueError")
    output.log("Task %d (%s) failed on %s: %s", 2, function, "worker-2", "KeyError")
    assert len(output.lines()) == lines


def test_those_not_said_yet_are_counted_when_it_ends(output: Output) -> None:
    for task in range(3):
        output.log("task %d failed", task)
    output.handler.flush()
    output.handler.flush()
    assert output.lines()[1:] == ["error: task 0 failed (and 2 more after it)"]


def test_a_record_is_one_short_line_without_a_traceback(output: Output) -> None:
    error = ValueError("two\nlines")
    record = logging.LogRecord(
        "pool_gui.pool",
        logging.ERROR,
        "x.py",
        1,
        "a\nb" + "c" * 1000,
        (),
        (ValueError, error, None),
    )
    output.handler.handle(record)
    (line,) = output.lines()
    assert line.startswith("error: a bccc")
    assert len(line) == logs.MAX_LINE_CHARACTERS


def test_the_kinds_are_bounded(output: Output) -> None:
    for number in range(MAX_KINDS + 10):
        output.log(f"failure {number}")
    assert len(output.lines()) == MAX_KINDS + 1
    assert len(output.handler._accounts) == MAX_KINDS + 1


class Broken(io.StringIO):
    def write(self, _: str) -> int:
        raise BrokenPipeError


def test_nobody_who_reads_is_no_error_at_the_end() -> None:
    now = 0.0
    stream = io.StringIO()
    handler = RateLimitedHandler(stream, lambda: now)
    record = logging.LogRecord("a", logging.ERROR, "x.py", 1, "b", (), None)
    handler.handle(record)
    handler.handle(record)
    handler._stream = Broken()
    handler.flush()
