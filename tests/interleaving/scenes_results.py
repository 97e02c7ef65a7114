"""Scenes: calls go in, results come out, to everybody who waits for them."""

from __future__ import annotations

import threading
from concurrent.futures import (
    ALL_COMPLETED,
    FIRST_COMPLETED,
    FIRST_EXCEPTION,
    CancelledError,
    Future,
    as_completed,
    wait,
)
from functools import partial
from typing import NoReturn

from interleaving.stage import LIMIT_SECONDS, Fault, Stage, scene

from pool_gui import Task


def fail(number: int = 0) -> NoReturn:
    raise ValueError(number)


@scene(for_peer=True)
def round_trips(stage: Stage) -> None:
    """One call at a time: the worker falls asleep while the next one comes."""
    pool = stage.executor(2)
    for number in range(25):
        assert stage.result(pool.submit(pow, number, 2)) == number**2


@scene(for_peer=True)
def round_trips_of_many_threads(stage: Stage) -> None:
    pool = stage.executor(stage.any_of(1, 2, 3))

    def call() -> list[int]:
        return [stage.result(pool.submit(pow, number, 2)) for number in range(8)]

    for answer in stage.race(*[call] * 4):
        assert answer == [number**2 for number in range(8)]


@scene()
def round_trips_by_put(stage: Stage) -> None:
    pool = stage.running(2)

    def call() -> None:
        for number in range(10):
            task = Task(pow, number, 2)
            pool.put(task)
            assert stage.result(task.future) == number**2

    stage.race(call, call)


@scene(for_peer=True)
def first_submits(stage: Stage) -> None:
    """Many threads come to a pool that has not begun; each call has a worker."""
    for _ in range(4):
        pool = stage.executor(3)
        futures = stage.race(*[partial(pool.submit, int) for _ in range(4)])
        assert stage.results(futures) == [0] * 4
        stage.end(pool)


@scene(for_peer=True)
def many_wait_for_one(stage: Stage) -> None:
    pool, held = stage.executor(1), threading.Event()
    for number in range(4):
        held.clear()
        future = pool.submit(_wait_then, held, number)

        def let_go() -> int:
            held.set()
            return number  # noqa: B023 - over before the next turn

        waits = [partial(stage.result, future)] * 3
        assert stage.race(*waits, let_go) == [number] * 4


def _wait_then(held: threading.Event, number: int) -> int:
    held.wait(LIMIT_SECONDS)
    return number


@scene(for_peer=True)
def many_see_one_error(stage: Stage) -> None:
    pool = stage.executor(2)
    for number in range(6):
        future: Future[NoReturn] = pool.submit(fail, number)
        errors = stage.race(*[partial(stage.error, future)] * 3)
        assert isinstance(errors[0], ValueError)
        assert errors[0].args == (number,)
        assert errors[1] is errors[2] is errors[0]


@scene(for_peer=True)
def waits_that_give_up(stage: Stage) -> None:
    """Who waits for too short a time takes no wake-up from who waits on."""
    pool = stage.executor(2)

    def ask_often(future: Future[int]) -> int:
        for _ in range(3):
            try:
                return future.result(stage.any_of(0, 1e-6, 1e-4))
            except TimeoutError:
                continue
        return stage.result(future)

    for number in range(6):
        future = pool.submit(pow, number, 2)
        asks = [partial(ask_often, future), partial(stage.result, future)]
        assert stage.race(*asks, asks[0]) == [number**2] * 3


@scene(for_peer=True)
def wait_sees_all(stage: Stage) -> None:
    pool = stage.executor(2)

    def play() -> None:
        futures = [pool.submit(pow, number, 2) for number in range(4)]
        with stage.soon("wait"):
            done, left = wait(futures, LIMIT_SECONDS, ALL_COMPLETED)
        assert done == set(futures)
        assert not left

    for _ in range(3):
        stage.race(play, play)


@scene(for_peer=True)
def wait_sees_the_first(stage: Stage) -> None:
    pool = stage.executor(2)
    for turn in range(5):
        futures: list[Future[object]] = [pool.submit(int), pool.submit(fail)]
        when = FIRST_COMPLETED if turn % 2 else FIRST_EXCEPTION
        waits = [partial(wait, futures, LIMIT_SECONDS, when)] * 2
        with stage.soon("wait for the first"):
            for found in stage.race(*waits):
                assert found.done
                if when is FIRST_EXCEPTION:
                    assert futures[1] in found.done


@scene(for_peer=True)
def as_completed_yields_each_once(stage: Stage) -> None:
    pool = stage.executor(2)

    def play() -> None:
        futures = [pool.submit(pow, number, 2) for number in range(5)]
        with stage.soon("as_completed"):
            found = list(as_completed(futures, LIMIT_SECONDS))
        assert len(found) == len(futures)
        assert set(found) == set(futures)

    for _ in range(2):
        stage.race(play, play)


@scene()
def wait_sees_what_is_cancelled(stage: Stage) -> None:
    """CPython's own pool tells `wait` only when a worker comes to it."""
    pool = stage.running(1)
    for _ in range(4):
        pool.pause()
        futures = [pool.submit(int) for _ in range(3)]

        def await_all(futures: list[Future[int]] = futures) -> None:
            with stage.soon("wait for cancelled futures"):
                assert wait(futures, LIMIT_SECONDS).done == set(futures)
                assert set(as_completed(futures, LIMIT_SECONDS)) == set(futures)

        def cancel_all(futures: list[Future[int]] = futures) -> None:
            assert all(one.cancel() for one in futures)

        stage.race(await_all, await_all, cancel_all)
        for future in futures:
            try:
                stage.result(future)
            except CancelledError:
                continue
            raise Fault("a cancelled future has a result")
        pool.resume()


@scene(for_peer=True)
def map_in_order(stage: Stage) -> None:
    pool = stage.executor(3)

    def play() -> None:
        with stage.soon("map"):
            found = list(pool.map(pow, range(8), [2] * 8, timeout=LIMIT_SECONDS))
        assert found == [number**2 for number in range(8)]

    stage.race(play, play)


@scene()
def map_with_a_buffer(stage: Stage) -> None:
    pool = stage.running(stage.any_of(1, 2))

    def play() -> None:
        with stage.soon("map with a buffer"):
            found = pool.map(abs, range(8), timeout=LIMIT_SECONDS, buffersize=2)
            assert list(found) == list(range(8))

    stage.race(play, play)


@scene(for_peer=True)
def map_closed_early(stage: Stage) -> None:
    """What is not begun when the iterator is closed is cancelled, and all is over."""
    pool = stage.executor(2)
    begun: list[int] = []

    def play() -> None:
        results = pool.map(begun.append, range(10))
        assert next(results) is None
        results.close()  # type: ignore[attr-defined]  # typeshed calls it an iterator

    stage.race(play, play)
    stage.end(pool)
    assert len(begun) <= 20


@scene(for_peer=True)
def tasks_that_submit(stage: Stage) -> None:
    """A tree of calls, each submitted by another one."""
    pool = stage.executor(2)
    ran: list[int] = []
    over = threading.Event()

    def grow(number: int) -> None:
        ran.append(number)
        if len(ran) == 31:
            over.set()
        if number < 16:
            pool.submit(grow, 2 * number)
            pool.submit(grow, 2 * number + 1)

    pool.submit(grow, 1)
    stage.await_event(over, "the last call")
    stage.end(pool)
    assert sorted(ran) == list(range(1, 32))
