"""Who waits for whom, on real stacks of real pools."""

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, as_completed, wait
from typing import Any

import pytest

from pool_gui.agent.adapters.thread_pool import ThreadPoolAdapter
from pool_gui.agent.awaited import Awaited, WaitingCalls, stuck
from pool_gui.pool import Task, ThreadPool

DEADLINE_SECONDS = 20.0
CALLS = WaitingCalls(Task.result, Task.exception)


def until(claim: Callable[[], object]) -> None:
    pause = threading.Event()
    for _ in range(int(DEADLINE_SECONDS * 100)):
        if claim():
            return
        pause.wait(0.01)
    raise AssertionError("it did not come about in time")


def all_of(futures: list[Future[Any]]) -> None:
    wait(futures)


def first_of(futures: list[Future[Any]]) -> None:
    wait(futures, return_when=FIRST_COMPLETED)


def each_of(futures: list[Future[Any]]) -> None:
    list(as_completed(futures))


def results_of(futures: list[Future[Any]]) -> None:
    for future in futures:
        future.result()


def errors_of(futures: list[Future[Any]]) -> None:
    for future in futures:
        future.exception()


WAYS = [all_of, first_of, each_of, results_of, errors_of]


class Stage:
    """A pool with its adapter, and a gate that lets go whatever still waits."""

    def __init__(self, size: int) -> None:
        self.pool = ThreadPool(size)
        self.adapter = ThreadPoolAdapter(self.pool)
        self.gate: Future[None] = Future()
        self.knotted: list[Future[Any]] = []
        """Tasks that would wait for each other for ever."""

    def stuck(self) -> int:
        self.adapter.workers()
        return len(self.adapter.stuck())

    def end(self) -> None:
        if not self.gate.done():
            self.gate.set_result(None)
        self.pool.stop()  # takes back what is queued, and so wakes who waits for it
        for task in self.knotted:
            task.set_result(None)
        assert self.pool.join(DEADLINE_SECONDS)


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage(2)
    made.pool.start()
    yield made
    made.end()


@pytest.mark.parametrize("way", WAYS)
def test_workers_that_wait_for_what_is_queued_behind_them_are_found(
    stage: Stage, way: Callable[[list[Future[Any]]], None]
) -> None:
    pool = stage.pool

    def outer() -> None:
        way([pool.submit(int), pool.submit(int)])

    both = threading.Barrier(2)

    def begin() -> None:
        both.wait(DEADLINE_SECONDS)  # so that no worker is free for an inner one
        outer()

    for _ in range(2):
        pool.submit(begin)
    until(lambda: stage.stuck() == 2)


def test_a_map_over_the_own_pool_is_found(stage: Stage) -> None:
    pool, both = stage.pool, threading.Barrier(2)

    def begin() -> None:
        both.wait(DEADLINE_SECONDS)
        list(pool.map(abs, [1, 2]))

    for _ in range(2):
        pool.submit(begin)
    until(lambda: stage.stuck() == 2)


def test_two_that_wait_for_each_other_are_found(stage: Stage) -> None:
    tasks = stage.knotted
    ready = threading.Event()

    def wait_for(other: int) -> None:
        ready.wait(DEADLINE_SECONDS)
        tasks[other].result()

    tasks += [stage.pool.submit(wait_for, 1), stage.pool.submit(wait_for, 0)]
    ready.set()
    until(lambda: stage.stuck() == 2)


def test_who_waits_for_another_pool_or_for_nothing_is_not_stuck(stage: Stage) -> None:
    begun = threading.Semaphore(0)

    def outside() -> None:
        begun.release()
        stage.gate.result()

    for _ in range(2):
        stage.pool.submit(outside)
    stage.pool.submit(int)  # it waits behind them, as they may end any time
    for _ in range(2):
        assert begun.acquire(timeout=DEADLINE_SECONDS)
    until(lambda: _wait_for_gate(stage) == 2)
    assert stage.stuck() == 0


def _wait_for_gate(stage: Stage) -> int:
    frames = sys._current_frames()
    told = [CALLS.awaited(frames.get(one.ident or 0)) for one in stage.pool.workers()]
    return sum(stage.gate in one.futures for one in told)


def test_one_worker_that_is_free_lets_all_go_on(stage: Stage) -> None:
    begun = threading.Event()

    def outer() -> None:
        begun.set()
        stage.gate.result()

    stage.pool.submit(outer)
    assert begun.wait(DEADLINE_SECONDS)
    assert stage.stuck() == 0


def futures_of(count: int) -> list[Future[Any]]:
    return [Future() for _ in range(count)]


def test_one_who_can_go_on_frees_those_who_wait_for_it() -> None:
    one, other, outside = futures_of(3)
    awaited = {"a": Awaited((other,)), "b": Awaited((outside,))}
    running = {id(one): "a", id(other): "b"}
    assert stuck(awaited, set(), running) == {}


def test_of_several_futures_one_may_be_enough() -> None:
    queued, outside = futures_of(2)
    every = {"a": Awaited((queued, outside))}
    some = {"a": Awaited((queued, outside), any_will_do=True)}
    assert stuck(every, {id(queued)}, {}) == {"a": queued}
    assert stuck(some, {id(queued)}, {}) == {}


def test_a_future_that_is_done_keeps_nobody() -> None:
    (done,) = futures_of(1)
    done.set_result(None)
    assert stuck({"a": Awaited((done,))}, {id(done)}, {}) == {}


def test_a_thread_that_computes_waits_for_nothing() -> None:
    assert CALLS.awaited(sys._getframe()) == Awaited(())
    assert CALLS.awaited(None) == Awaited(())
