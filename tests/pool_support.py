"""What tests of the pool share: tasks that wait for the test, and patience."""

import threading
from collections.abc import Callable
from typing import Protocol

import pytest

from pool_gui.pool import ProcessThread, ThreadPool, ThreadSafeQueue
from pool_gui.pool.atomic import HAS_GIL
from pool_gui.pool.queue import backlog_of

DEADLINE_SECONDS = 10.0
"""How long a test waits for what should happen at once."""

_LOOK_SECONDS = 0.002


NEEDS_GIL = pytest.mark.skipif(
    not HAS_GIL,
    reason="a free-threaded interpreter frees objects of a parked thread later, and "
    "there the pool takes locks instead of the steps that this test comes between",
)


class Stall:
    """A task's function that says it has begun, and waits to be released."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.release = threading.Event()

    def __call__(self) -> None:
        self.entered.release()
        assert self.release.wait(DEADLINE_SECONDS)

    def wait_entered(self, times: int = 1) -> None:
        for _ in range(times):
            assert self.entered.acquire(timeout=DEADLINE_SECONDS)


class MakePool(Protocol):
    """Makes a pool that is ended after the test."""

    def __call__(self, size: int = 2, *, start: bool = True) -> ThreadPool: ...


_COUNTS = (
    "submitted",
    "started",
    "done",
    "failed",
    "cancelled",
    "expired",
    "dropped",
    "rejected",
    "overdue",
    "run_by_callers",
    "hook_errors",
)


def counted(pool: ThreadPool) -> dict[str, int]:
    """Return all that a pool has counted by now, without what is 0."""
    found = pool.statistics()
    return {name: count for name in _COUNTS if (count := getattr(found, name))}


def until(is_true: Callable[[], bool]) -> None:
    """Wait until something is true; fail the test if it does not become so."""
    pause = threading.Event()
    for _ in range(int(DEADLINE_SECONDS / _LOOK_SECONDS)):
        if is_true():
            return
        pause.wait(_LOOK_SECONDS)
    raise AssertionError("it did not become true in time")


def run_all(queue: ThreadSafeQueue, worker: ProcessThread, *tasks: object) -> None:
    """Put the tasks and wait until the worker idles again."""
    until(lambda: len(backlog_of(queue).parked) == 1)
    queue.batch_put(tasks)
    until(lambda: queue.size() == 0 and len(backlog_of(queue).parked) == 1)
    assert worker.record.task is None
