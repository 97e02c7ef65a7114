"""Long chains of tasks, each put by the last, on a queue that is full all the time.

Whoever runs what has no room does so a few levels deep at most, however long the chain.
"""

import sys
import threading

import pytest
from bounded_support import WAYS, Way, ending
from pool_support import DEADLINE_SECONDS

from pool_gui.pool import Task, ThreadPool, WhenFull
from pool_gui.pool.caller import MAX_DEPTH

LENGTH = 1000
every_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


def frames() -> int:
    """Return how many frames are below the caller's, in its thread."""
    frame, count = sys._getframe(), 0
    while frame.f_back is not None:
        frame, count = frame.f_back, count + 1
    return count


class Chain:
    """Tasks that each fill the queue, then put the next one.

    Args:
        way: how they put.
        pool: where they are put.
        fills: whether they fill the queue with others first.
    """

    def __init__(self, way: Way, pool: ThreadPool, *, fills: bool) -> None:
        self._way = way
        self._pool = pool
        self._fills = fills
        self._own = threading.local()
        self.ran: list[int] = []
        self.fillers: list[int] = []
        self.depth = 0
        self.frames = 0
        self.is_over = threading.Event()

    def link(self, number: int) -> None:
        """Run one link."""
        before = getattr(self._own, "depth", 0)
        self._own.depth = before + 1
        self.depth = max(self.depth, before + 1)
        self.frames = max(self.frames, frames())
        self.ran.append(number)
        if self._fills:
            self._pool.put(Task(self.fillers.append, number))
        if number + 1 < LENGTH:
            self._way(self._pool, lambda: self.link(number + 1))
        else:
            self.is_over.set()
        self._own.depth = before


def check(chain: Chain, pool: ThreadPool, *, before: int) -> None:
    """See that all has run, once, and not too deep; `before`: frames at the begin."""
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert sorted(chain.ran) == list(range(LENGTH))
    found = pool.statistics()
    assert found.submitted == found.started == found.done
    assert found.done >= LENGTH + len(chain.fillers)
    assert found.run_by_callers > 0
    # One that a worker runs, and those that each put the next one inside it.
    assert chain.depth <= MAX_DEPTH + 1
    assert chain.frames - before < 20 * (MAX_DEPTH + 2)


@every_way
@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("when_full", [WhenFull.WAIT, WhenFull.RUN_IN_CALLER])
def test_a_long_chain_from_worker_to_worker_does_not_nest(
    when_full: WhenFull, size: int, way: Way
) -> None:
    with ending(ThreadPool(size, queue_limit=1, when_full=when_full)) as pool:
        pool.start()
        chain = Chain(way, pool, fills=True)
        pool.put(Task(chain.link, 0))
        assert chain.is_over.wait(DEADLINE_SECONDS)
        check(chain, pool, before=0)
        assert len(chain.fillers) == LENGTH


@every_way
def test_a_long_chain_that_the_main_thread_begins_does_not_nest(way: Way) -> None:
    """The queue is full, so it runs the first ones itself; workers run the others."""
    with ending(ThreadPool(1, queue_limit=1, when_full="run in caller")) as pool:  # type: ignore[arg-type]  # as may be
        pool.start()
        pool.pause()
        pool.put(Task(int))
        chain = Chain(way, pool, fills=False)
        pool.put(Task(chain.link, 0))
        found = pool.statistics()
        assert (found.run_by_callers, found.queued) == (MAX_DEPTH, 2)
        assert chain.ran == list(range(MAX_DEPTH))
        pool.resume()
        assert chain.is_over.wait(DEADLINE_SECONDS)
        check(chain, pool, before=frames())


def test_two_pools_that_put_to_each_other_in_turn_do_not_nest() -> None:
    """Each of them counts its own runs in a thread, so there are twice as many."""
    policy = WhenFull.RUN_IN_CALLER
    with (
        ending(ThreadPool(1, queue_limit=1, when_full=policy)) as one,
        ending(ThreadPool(1, queue_limit=1, when_full=policy)) as two,
    ):
        is_over = threading.Event()
        deepest = 0

        def link(number: int) -> None:
            nonlocal deepest
            deepest = max(deepest, frames())
            if number == LENGTH:
                is_over.set()
                return
            (one, two)[number % 2].put(Task(link, number + 1))

        for pool in (one, two):
            pool.start()
            pool.pause()
            pool.put(Task(int))
        before = frames()
        one.put(Task(link, 0))
        for pool in (one, two):
            pool.resume()
        assert is_over.wait(DEADLINE_SECONDS)
        for pool in (one, two):
            assert pool.wait_idle(DEADLINE_SECONDS)
        assert deepest - before < 20 * (2 * MAX_DEPTH + 2)
        assert sum(pool.statistics().done for pool in (one, two)) == LENGTH + 3
