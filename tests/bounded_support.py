"""What tests of bounded queues and time limits share."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from pool_support import DEADLINE_SECONDS, Stall, until

from pool_gui.pool import PoolStatistics, Task, ThreadPool, WhenFull
from pool_gui.pool.queue import backlog_of

Way = Callable[[ThreadPool, Callable[[], object]], Callable[[], object]]
"""Adds a call to a pool, and returns what waits for its result."""


class Caller(threading.Thread):
    """A thread that makes one call and is over."""

    def __init__(self, function: Callable[..., object], *args: Any) -> None:
        super().__init__(daemon=True)
        self._call = partial(function, *args)
        self._result: object = None
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._result = self._call()
        except BaseException as error:  # noqa: BLE001 - the test wants to see it
            self._error = error

    def result(self) -> object:
        self.join(DEADLINE_SECONDS)
        assert not self.is_alive(), "the call does not end"
        if self._error is not None:
            raise self._error
        return self._result


class Full:
    """A pool whose workers are held by a stall, and whose queue is full."""

    def __init__(self, pool: ThreadPool, stall: Stall, queued: list[Task]) -> None:
        self.pool = pool
        self.stall = stall
        self.queued = queued

    def size(self) -> int:
        return self.pool.task_queue.size()

    def statistics(self) -> PoolStatistics:
        return self.pool.statistics()

    def waiting(self) -> int:
        """Return how many wait for room, be it for one task or for several."""
        backlog = backlog_of(self.pool.task_queue)
        return len(backlog.room) + len(backlog.room_for_many)

    def wait_waiting(self, count: int = 1) -> None:
        until(lambda: self.waiting() == count)

    def waiter(self, function: Callable[..., object], *args: Any) -> Caller:
        """Start a call that waits for room, and return once it does."""
        count = self.waiting() + 1
        caller = Caller(function, *args)
        self.wait_waiting(count)
        return caller

    def finish(self) -> PoolStatistics:
        """Let everything run and end; return the counts, which must add up."""
        self.stall.release.set()
        assert self.pool.join(DEADLINE_SECONDS)
        found = self.pool.statistics()
        over = found.done + found.failed + found.cancelled
        assert found.submitted == over + found.expired + found.dropped
        assert found.started == found.done + found.failed
        assert (found.queued, found.running) == (0, 0)
        return found


def outlast(seconds: float) -> None:
    """Return when more than that much time has passed, by the pool's clock."""
    begun_ns = time.perf_counter_ns()
    until(lambda: time.perf_counter_ns() - begun_ns > seconds * 1e9)


@contextmanager
def ending(pool: ThreadPool) -> Iterator[ThreadPool]:
    """End a pool, whatever happens, and see that it ends."""
    try:
        yield pool
    finally:
        pool.stop()
        assert pool.join(DEADLINE_SECONDS)


@contextmanager
def full_pool(
    when_full: WhenFull = WhenFull.WAIT,
    limit: int = 2,
    size: int = 1,
    **options: Any,
) -> Iterator[Full]:
    """Make a pool that is full with `limit` queued tasks, and end it."""
    pool = ThreadPool(size, queue_limit=limit, when_full=when_full, **options)
    stall = Stall()
    with ending(pool):
        try:
            pool.start()
            for _ in range(size):
                pool.put(Task(stall))
                stall.wait_entered()
            queued = [Task(int) for _ in range(limit)]
            pool.batch_put(queued)
            yield Full(pool, stall, queued)
        finally:
            stall.release.set()


def intrude(pool: ThreadPool, act: Callable[[], object]) -> None:
    """Have `act` called once in the middle of the next put to a bounded queue.

    That is where a signal handler or a finalizer may come: there is room, and it has
    been reserved; the task is not queued yet.
    """
    admission = pool._core.admission
    numbers = admission.numbers

    def intruding() -> Iterator[int]:
        admission.numbers = numbers
        act()
        yield next(numbers)

    admission.numbers = intruding()


def _by_put(pool: ThreadPool, call: Callable[[], object]) -> Callable[[], object]:
    task = Task(call)
    pool.put(task)
    return lambda: task.future.result(DEADLINE_SECONDS)


def _by_submit(pool: ThreadPool, call: Callable[[], object]) -> Callable[[], object]:
    future = pool.submit(call)
    return lambda: future.result(DEADLINE_SECONDS)


def _by_batch_put(pool: ThreadPool, call: Callable[[], object]) -> Callable[[], object]:
    task = Task(call)
    pool.batch_put([task])
    return lambda: task.future.result(DEADLINE_SECONDS)


def _by_map(pool: ThreadPool, call: Callable[[], object]) -> Callable[[], object]:
    results = pool.map(lambda _: call(), [None], timeout=DEADLINE_SECONDS)
    return lambda: next(results)


WAYS: dict[str, Way] = {
    "put": _by_put,
    "submit": _by_submit,
    "batch_put": _by_batch_put,
    "map": _by_map,
}
"""The four ways into a pool."""
