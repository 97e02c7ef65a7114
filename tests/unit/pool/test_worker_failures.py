"""Whatever a task raises, its worker goes on."""

from collections.abc import Callable

import pytest
from pool_support import run_all

from pool_gui.pool import ProcessThread, Task, ThreadSafeQueue


def fail(error: BaseException | type[BaseException]) -> None:
    raise error


class BrokenStrError(Exception):
    def __str__(self) -> str:
        raise SystemExit


class BrokenReprError(BaseException):
    def __repr__(self) -> str:
        raise KeyboardInterrupt


class UnboundError(Exception):
    def __init__(self, _: object) -> None: ...


def overflow() -> None:
    overflow()


def chained() -> None:
    try:
        fail(ValueError)
    except ValueError:
        raise KeyError("second") from None


def unmade() -> None:
    raise UnboundError  # type: ignore[call-arg]  # fails while it is made


SHARED = ValueError("one instance for all")

FAILURES: dict[str, Callable[[], object]] = {
    "Exception": lambda: fail(Exception("x")),
    "BaseException": lambda: fail(BaseException("x")),
    "SystemExit": lambda: fail(SystemExit(3)),
    "KeyboardInterrupt": lambda: fail(KeyboardInterrupt),
    "GeneratorExit": lambda: fail(GeneratorExit),
    "StopIteration": lambda: fail(StopIteration(1)),
    "StopAsyncIteration": lambda: fail(StopAsyncIteration),
    "MemoryError": lambda: fail(MemoryError),
    "RecursionError": overflow,
    "broken str": lambda: fail(BrokenStrError()),
    "broken repr": lambda: fail(BrokenReprError("x")),
    "group": lambda: fail(BaseExceptionGroup("g", [SystemExit(), ValueError()])),
    "shared instance": lambda: fail(SHARED),
    "shared instance again": lambda: fail(SHARED),
    "chained": chained,
    "cannot be made": unmade,
    "lone surrogate": lambda: fail(ValueError("\ud800\x00")),
    "huge message": lambda: fail(ValueError("x" * 1_000_000)),
    "wrong call": lambda: int(1, 2, 3),  # type: ignore[call-overload]  # that is it
}


@pytest.mark.expects_log
@pytest.mark.parametrize("kind", FAILURES)
def test_a_worker_survives_every_kind_of_failure(
    queue: ThreadSafeQueue,
    worker: ProcessThread,
    caplog: pytest.LogCaptureFixture,
    kind: str,
) -> None:
    ran: list[int] = []
    worker.record.span_mask = 0
    run_all(queue, worker, Task(FAILURES[kind]), Task(ran.append, 1))
    record = worker.record
    assert ran == [1]
    assert (record.started, record.done, record.failed) == (2, 1, 1)
    error = record.spans[0][-1]
    assert error is not None
    assert len(error) <= 200
    assert record.spans[1][-1] is None
    assert len(caplog.records) == 1
