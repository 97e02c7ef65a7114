"""Pools with options, for tests: ended after them, short of threads if wanted."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import pytest
from pool_support import DEADLINE_SECONDS, Stall, until

from pool_gui.pool import ProcessThread, ThreadPool
from pool_gui.pool.queue import backlog_of


class Make(Protocol):
    """Makes a pool with these options that is ended after the test."""

    def __call__(
        self, size: int = 0, *, start: bool = True, **options: Any
    ) -> ThreadPool: ...


@contextmanager
def ended_after(*stalls: Stall) -> Iterator[Make]:
    """Lend a maker of pools; release the stalls and end the pools at the end."""
    made: list[ThreadPool] = []

    def make(size: int = 0, *, start: bool = True, **options: Any) -> ThreadPool:
        pool = ThreadPool(size, **options)
        made.append(pool)
        if start:
            pool.start()
        return pool

    yield make
    for stall in stalls:
        stall.release.set()
    for pool in made:
        pool.stop()
        assert pool.join(DEADLINE_SECONDS)


def until_parked(pool: ThreadPool, count: int) -> None:
    """Wait until so many workers have nothing to do."""
    until(lambda: len(backlog_of(pool.task_queue).parked) == count)


def until_settled(pool: ThreadPool) -> None:
    """Wait until each worker has idled for long, and was told to stay nevertheless."""
    until(lambda: all(worker.patience.granted_seconds for worker in pool.workers()))


def refuse_threads(patch: pytest.MonkeyPatch, after: int = 0) -> None:
    """Let only `after` more workers start, as a system short of threads does."""
    start = ProcessThread.start
    started: list[ProcessThread] = []

    def limited_start(worker: ProcessThread) -> None:
        if len(started) == after:
            raise RuntimeError("can't start new thread")
        started.append(worker)
        start(worker)

    patch.setattr(ProcessThread, "start", limited_start)
