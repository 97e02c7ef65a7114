"""Pools that are ended after the test."""

from collections.abc import Iterator

import pytest
from pool_support import DEADLINE_SECONDS, MakePool, Stall

from pool_gui.pool import ProcessThread, ThreadPool, ThreadSafeQueue


@pytest.fixture
def stall() -> Iterator[Stall]:
    made = Stall()
    yield made
    made.release.set()


@pytest.fixture
def make_pool(stall: Stall) -> Iterator[MakePool]:
    made: list[ThreadPool] = []

    def make(size: int = 2, *, start: bool = True) -> ThreadPool:
        pool = ThreadPool(size)
        made.append(pool)
        if start:
            pool.start()
        return pool

    yield make
    stall.release.set()
    for pool in made:
        pool.stop()
        assert pool.join(DEADLINE_SECONDS)


@pytest.fixture
def queue() -> ThreadSafeQueue:
    return ThreadSafeQueue()


@pytest.fixture
def worker(queue: ThreadSafeQueue, stall: Stall) -> Iterator[ProcessThread]:
    made = ProcessThread(queue, name="worker")
    made.start()
    yield made
    stall.release.set()
    made.dismiss()
    made.join(DEADLINE_SECONDS)
    assert not made.is_alive()
