"""Scenes: who cancels, who is called back, and whether it is so only once."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from interleaving.stage import Fault, Stage, scene

from pool_gui import Task

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from pool_gui import ThreadPool


@scene(for_peer=True)
def cancel_against_run(stage: Stage) -> None:
    """Whoever is told that a call is cancelled can rely on it."""
    pool = stage.executor(2)
    for _ in range(12):
        ran: list[int] = []
        future = pool.submit(ran.append, 1)
        was_cancelled = future.cancel()
        stage.end_of(future)
        assert future.cancelled() == was_cancelled
        assert len(ran) == (not was_cancelled)


@scene(for_peer=True)
def cancels_agree(stage: Stage) -> None:
    """All who cancel one call hear the same."""
    pool = stage.executor(stage.any_of(1, 2))
    for _ in range(6):
        ran: list[int] = []
        future = pool.submit(ran.append, 1)
        said = stage.race(*[future.cancel] * 3)
        stage.end_of(future)
        assert len(set(said)) == 1, said
        assert ran == [] if said[0] else [1]


@scene()
def cancel_of_tasks(stage: Stage) -> None:
    """The same for tasks that were put, as batches too; the counts know of it."""
    pool = stage.running(2)
    pool.pause()
    ran: list[int] = []
    tasks = [Task(ran.append, number) for number in range(24)]
    pool.batch_put(tasks[:12])
    for task in tasks[12:]:
        pool.put(task)

    def cancel() -> list[int]:
        order = stage.random.sample(range(24), 12)
        return [number for number in order if tasks[number].cancel()]

    cancelled = {
        one for some in stage.race(cancel, cancel, _none(pool)) for one in some
    }
    stage.await_idle(pool)
    assert sorted([*ran, *cancelled]) == list(range(24))
    counts = pool.statistics()
    assert (counts.done, counts.cancelled) == (len(ran), len(cancelled))


def _none(pool: ThreadPool) -> Callable[[], list[int]]:
    def resume() -> list[int]:
        pool.resume()
        return []

    return resume


@scene(for_peer=True)
def callbacks_come_once(stage: Stage) -> None:
    """Those added before, while and after the call ends."""
    pool = stage.executor(2)
    for _ in range(5):
        calls: list[int] = []
        future = pool.submit(int)

        def add(first: int, future: Future[int], calls: list[int]) -> None:
            for number in range(first, first + 3):
                future.add_done_callback(_note_in(calls, number))

        stage.race(*[partial(add, first, future, calls) for first in (0, 3)])
        stage.result(future)
        stage.until(partial(_has, calls, 6), f"all callbacks, have {calls}")
        assert sorted(calls) == list(range(6))


def _note_in(calls: list[int], number: int) -> Callable[[Future[int]], None]:
    def note(future: Future[int]) -> None:
        assert future.done()
        calls.append(number)

    return note


def _has(calls: list[int], count: int) -> bool:
    return len(calls) >= count


@scene(for_peer=True)
def callbacks_of_the_cancelled(stage: Stage) -> None:
    """A callback that is added while others cancel or run is called, once."""
    pool = stage.executor(1)
    for _ in range(6):
        calls: list[Future[int]] = []
        future = pool.submit(int)
        add = partial(future.add_done_callback, calls.append)
        stage.race(future.cancel, add, add)
        stage.end_of(future)
        stage.until(partial(lambda seen: len(seen) >= 2, calls), "both callbacks")
        assert calls == [future] * 2


@scene()
def put_again_from_its_callback(stage: Stage) -> None:
    """A periodic task: what ends it puts it again; each run is told of once."""
    pool = stage.running(2)
    ran: list[int] = []
    over = threading.Event()

    def again(future: Future[object]) -> None:
        assert future.done()
        if len(ran) >= 8:
            over.set()
            return
        # Since a task is its future, a copy is put, which `put` returns.
        new: Task | None = pool.put(task)
        (task if new is None else new).future.add_done_callback(again)

    task = Task(ran.append, 1)
    task.future.add_done_callback(again)
    pool.put(task)
    stage.await_event(over, "the end of the chain")
    stage.await_idle(pool)
    assert len(ran) == 8
    assert pool.statistics().done == 8


@scene()
def put_again_by_many(stage: Stage) -> None:
    """One task put by many threads: it runs as often as it was put."""
    pool = stage.running(2)
    ran: list[int] = []
    task = Task(ran.append, 1)

    def put() -> None:
        for _ in range(6):
            pool.put(task)

    stage.race(put, put, put)
    stage.await_idle(pool)
    assert len(ran) == 18
    counts = pool.statistics()
    assert (counts.submitted, counts.done) == (18, 18)


@scene()
def put_again_after_cancel(stage: Stage) -> None:
    """A put that was cancelled and one that was not are not mixed up."""
    pool = stage.running(1)
    for _ in range(8):
        ran: list[int] = []
        task = Task(ran.append, 1)
        pool.put(task)
        was_cancelled = task.future.cancel()
        stage.end_of(task.future)
        pool.put(task)
        stage.await_idle(pool)
        assert len(ran) == (1 if was_cancelled else 2)


@scene(for_peer=True)
def callbacks_that_submit(stage: Stage) -> None:
    """A callback submits the next call; none is lost."""
    pool, over, count = stage.executor(2), threading.Event(), 10

    def go_on(number: int, future: Future[int]) -> None:
        assert future.result() == 0
        if number == count:
            over.set()
        else:
            pool.submit(int).add_done_callback(partial(go_on, number + 1))

    pool.submit(int).add_done_callback(partial(go_on, 1))
    stage.await_event(over, "the last callback")


@scene(for_peer=True)
def callbacks_that_raise(stage: Stage) -> None:
    """What a callback raises harms neither the others nor the worker."""
    pool = stage.executor(2)
    for _ in range(4):
        calls: list[Future[int]] = []
        future = pool.submit(int)

        def fail(_: Future[int]) -> None:
            raise ValueError

        future.add_done_callback(fail)
        future.add_done_callback(calls.append)
        future.add_done_callback(fail)
        stage.result(future)
        stage.until(partial(bool, calls), "the callback")
        assert stage.result(pool.submit(int)) == 0
        if len(calls) != 1:
            raise Fault(f"called {len(calls)} times")
