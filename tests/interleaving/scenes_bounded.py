"""Scenes: a queue that takes only so many, under each policy."""

from __future__ import annotations

import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from interleaving.stage import LIMIT_SECONDS, Fault, Stage, scene

from pool_gui import QueueFullError, Task, TaskDroppedError, WhenFull

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from pool_gui import ThreadPool


@scene()
def whoever_waits_gets_room(stage: Stage) -> None:
    pool = stage.running(2, queue_limit=stage.any_of(1, 2, 3))
    ran: list[int] = []

    def put(first: int) -> None:
        for number in range(first, first + 8):
            if number % 2:
                pool.submit(ran.append, number)
            else:
                pool.put(Task(ran.append, number), LIMIT_SECONDS)

    stage.race(*[partial(put, first) for first in (0, 8, 16)])
    stage.await_idle(pool)
    assert sorted(ran) == list(range(24))
    assert pool.statistics().peak_queued <= (pool.queue_limit or 0)


@scene()
def batches_wait_for_room(stage: Stage) -> None:
    """A batch waits until all of it fits, while single tasks come in between."""
    pool = stage.running(2, queue_limit=4)
    ran: list[int] = []

    def put_batches() -> None:
        for first in (0, 3, 6):
            tasks = [Task(ran.append, first + step) for step in range(3)]
            pool.batch_put(tasks, LIMIT_SECONDS)

    def put() -> None:
        for number in range(9, 18):
            pool.put(Task(ran.append, number))

    stage.race(put_batches, put)
    stage.await_idle(pool)
    assert sorted(ran) == list(range(18))
    assert pool.statistics().peak_queued <= 4


@scene()
def waits_for_room_that_give_up(stage: Stage) -> None:
    """Who gives up takes no room, and no wake-up from who waits on."""
    pool = stage.running(1, queue_limit=1)
    ran: list[int] = []
    refused: list[int] = []

    def put(first: int) -> None:
        for number in range(first, first + 8):
            try:
                pool.put(Task(ran.append, number), stage.any_of(0.0, 1e-5, 1e-3))
            except QueueFullError:
                refused.append(number)

    def put_patiently() -> None:
        for number in range(16, 24):
            pool.put(Task(ran.append, number), LIMIT_SECONDS)

    stage.race(partial(put, 0), partial(put, 8), put_patiently)
    stage.await_idle(pool)
    assert sorted(ran + refused) == list(range(24))
    assert not set(refused) & set(range(16, 24))
    assert pool.statistics().rejected == len(refused)


@scene()
def refused_when_full(stage: Stage) -> None:
    pool = stage.running(1, queue_limit=2, when_full=WhenFull.RAISE)
    ran: list[int] = []
    refused: list[int] = []

    def submit(first: int) -> None:
        for number in range(first, first + 8):
            try:
                pool.submit(ran.append, number)
            except QueueFullError:
                refused.append(number)

    stage.race(*[partial(submit, first) for first in (0, 8, 16)])
    stage.await_idle(pool)
    assert sorted(ran + refused) == list(range(24))
    counts = pool.statistics()
    assert (counts.done, counts.rejected) == (len(ran), len(refused))
    assert counts.peak_queued <= 2


@scene()
def run_by_the_caller(stage: Stage) -> None:
    pool = stage.running(1, queue_limit=1, when_full=WhenFull.RUN_IN_CALLER)
    ran: list[int] = []
    here: list[int] = []

    def run(number: int, caller: int) -> None:
        ran.append(number)
        if threading.get_ident() == caller:
            here.append(number)

    def submit(first: int) -> list[Future[None]]:
        me = threading.get_ident()
        return [pool.submit(run, number, me) for number in range(first, first + 6)]

    for futures in stage.race(*[partial(submit, first) for first in (0, 6, 12)]):
        stage.results(futures)
    stage.await_idle(pool)
    assert sorted(ran) == list(range(18))
    counts = pool.statistics()
    assert (counts.done, counts.run_by_callers) == (18, len(here))


def drop(stage: Stage, policy: WhenFull) -> None:
    """See that each task runs or is dropped, and that its future tells which."""
    pool = stage.running(1, queue_limit=2, when_full=policy)
    ran: list[int] = []

    def submit(first: int) -> dict[int, Future[None]]:
        numbers = range(first, first + 8)
        return {number: pool.submit(ran.append, number) for number in numbers}

    dropped = []
    for futures in stage.race(*[partial(submit, first) for first in (0, 8, 16)]):
        for number, future in futures.items():
            error = stage.error(future)
            if error is not None:
                assert isinstance(error, TaskDroppedError)
                dropped.append(number)
    stage.await_idle(pool)
    assert sorted(ran + dropped) == list(range(24))
    counts = pool.statistics()
    assert (counts.done, counts.dropped) == (len(ran), len(dropped))
    assert counts.peak_queued <= 2


@scene()
def newest_dropped(stage: Stage) -> None:
    drop(stage, WhenFull.DROP_NEWEST)


@scene()
def oldest_dropped(stage: Stage) -> None:
    drop(stage, WhenFull.DROP_OLDEST)


@scene()
def dropped_or_cancelled(stage: Stage) -> None:
    """A queued task that is cancelled while others push it out has one end."""
    pool = stage.running(1, queue_limit=2, when_full=WhenFull.DROP_OLDEST)
    for _ in range(3):
        pool.pause()
        futures = [pool.submit(int) for _ in range(2)]

        def submit() -> list[bool]:
            return [pool.submit(int).done() for _ in range(2)]

        def cancel(futures: list[Future[int]] = futures) -> list[bool]:
            return [one.cancel() for one in futures]

        said = stage.race(submit, cancel)[1]
        for future, was_cancelled in zip(futures, said, strict=True):
            assert future.done()
            assert future.cancelled() == was_cancelled
        pool.resume()
        stage.await_idle(pool)
    counts = pool.statistics()
    assert counts.submitted == counts.done + counts.cancelled + counts.dropped


@scene()
def limit_lifted(stage: Stage) -> None:
    """Who waits for room goes on when the limit or the policy changes."""
    for _ in range(4):
        pool = stage.running(1, queue_limit=1)
        pool.pause()
        pool.submit(int)
        lift: list[Callable[[], object]] = [
            partial(setattr, pool, "queue_limit", None),
            partial(setattr, pool, "queue_limit", 9),
            partial(setattr, pool, "when_full", WhenFull.RUN_IN_CALLER),
            partial(pool.clear),
            partial(pool.resume),
        ]
        stage.race(partial(pool.submit, int), stage.any_of(*lift))
        if pool.state == "paused":
            pool.resume()
        stage.await_idle(pool)
        stage.end(pool)


@scene()
def closing_wakes_who_waits_for_room(stage: Stage) -> None:
    """Who waits for room in a pool that ends is refused, or was accepted."""
    for _ in range(4):
        pool = stage.running(1, queue_limit=1)
        ran: list[int] = []
        accepted: list[int] = []
        pool.pause()

        def put(first: int, pool: ThreadPool, ran: list[int]) -> None:
            with suppress(RuntimeError):
                for number in range(first, first + 3):
                    pool.put(Task(ran.append, number))
                    accepted.append(number)  # noqa: B023 - over before the next turn

        back: list[Task] = []
        ends: list[Callable[[], None]] = [pool.drain, partial(_stop, pool, back)]
        end = stage.any_of(*ends)
        stage.race(*[partial(put, first, pool, ran) for first in (0, 3)], end)
        stage.end(pool)
        handed_back = [task.args[0] for task in back]
        # Refused although it has run, would be wrong; the contrary cannot be seen.
        assert sorted([*ran, *handed_back]) == sorted(accepted)


def _stop(pool: ThreadPool, handed_back: list[Task]) -> None:
    handed_back += pool.stop()


@scene()
def chain_in_a_full_queue(stage: Stage) -> None:
    """Tasks that each submit the next never wait for themselves."""
    policy = stage.any_of(WhenFull.WAIT, WhenFull.RUN_IN_CALLER)
    pool = stage.running(1, queue_limit=1, when_full=policy)
    over, gate = threading.Event(), threading.Event()
    ran: list[int] = []

    def go_on(number: int) -> None:
        if not number:
            gate.wait(LIMIT_SECONDS)
        ran.append(number)
        if number == 30:
            over.set()
        else:
            pool.submit(go_on, number + 1)

    pool.submit(go_on, 0)
    stage.until(lambda: pool.statistics().running == 1, "the chain's begin")
    pool.submit(int)
    gate.set()
    stage.await_event(over, "the chain's end")
    stage.await_idle(pool)
    if ran != list(range(31)):
        raise Fault(f"ran {ran}")
    assert pool.statistics().done == 32
