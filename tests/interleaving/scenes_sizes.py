"""Scenes: workers come and go, by command and by demand."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from interleaving.stage import LIMIT_SECONDS, Stage, scene

from pool_gui import Task

if TYPE_CHECKING:
    from concurrent.futures import Future

    from pool_gui import ThreadPool


def submit_many(pool: ThreadPool, count: int) -> list[Future[int]]:
    """Submit calls, and return them when all are over."""
    return [pool.submit(int) for _ in range(count)]


@scene()
def resize_while_it_runs(stage: Stage) -> None:
    pool = stage.running(2)

    def resize() -> list[Future[int]]:
        for size in (4, 1, 3, 0, 2):
            pool.resize(size)
        return []

    submits = [partial(submit_many, pool, 12)] * 2
    for futures in stage.race(*submits, resize):
        stage.results(futures)
    assert pool.size() == 2
    stage.until(lambda: len(pool.workers()) == 2, "two workers")


@scene()
def resizes_at_once(stage: Stage) -> None:
    """Whichever comes last: there are so many workers, and they work."""
    pool = stage.running(2)
    for _ in range(3):
        stage.race(*[partial(pool.resize, size) for size in (1, 3, 2)])
        size = pool.size()
        assert size in (1, 2, 3)
        stage.until(lambda size=size: len(pool.workers()) == size, f"{size} workers")  # type: ignore[misc]
        meeting = stage.meeting(size)
        stage.results([pool.submit(meeting.wait) for _ in range(size)])


@scene()
def dismiss_while_it_runs(stage: Stage) -> None:
    """Who is dismissed takes no task with it; the last one leaves them queued."""
    pool = stage.running(4)

    def dismiss() -> list[Future[int]]:
        told = [pool.dismiss() for _ in range(2)]
        assert all(len(one) == 1 for one in told)
        return []

    submits = [partial(submit_many, pool, 10)] * 2
    for futures in stage.race(*submits, dismiss):
        stage.results(futures)
    stage.until(lambda: len(pool.workers()) == 2, "two workers")
    told = stage.race(*[partial(pool.dismiss, 2)] * 2)
    assert sum(map(len, told)) == 2
    waiting = pool.submit(int)
    stage.until(lambda: not pool.workers(), "no worker")
    pool.resize(1)
    assert stage.result(waiting) == 0


@scene()
def dismissed_by_their_task(stage: Stage) -> None:
    """Each task dismisses a worker; so many are hired again."""
    pool = stage.running(2)

    def leave() -> None:
        pool.dismiss()

    def keep_up(futures: list[Future[None]]) -> None:
        for _ in range(200):
            if all(one.done() for one in futures):
                break
            pool.resize(2)

    for _ in range(2):
        futures = [pool.submit(leave) for _ in range(4)]
        stage.race(partial(keep_up, futures))
        pool.resize(2)
        stage.until(partial(_are_done, futures, pool), "all tasks")


def _are_done(futures: list[Future[None]], pool: ThreadPool) -> bool:
    pool.resize(2)  # those that ran meanwhile dismissed others
    return all(one.done() for one in futures)


@scene(for_peer=True)
def grows_for_each_call(stage: Stage) -> None:
    """Calls that wait for each other: there is a worker for each, at once."""
    for _ in range(2):
        pool = stage.executor(4)
        meeting = stage.meeting(4)
        futures = stage.race(*[partial(pool.submit, meeting.wait)] * 4)
        assert sorted(stage.results(futures)) == list(range(4))
        again = stage.meeting(4)
        assert len(stage.results([pool.submit(again.wait) for _ in range(4)])) == 4
        stage.end(pool)


@scene()
def grows_for_put_and_batches(stage: Stage) -> None:
    for _ in range(3):
        pool = stage.running(1, max_workers=4)
        meeting = stage.meeting(4)
        tasks = [Task(meeting.wait) for _ in range(4)]
        puts = [partial(pool.put, task) for task in tasks[:2]]
        stage.race(*puts, partial(pool.batch_put, tasks[2:]))
        stage.results([task.future for task in tasks])
        assert pool.statistics().peak_workers == 4
        stage.end(pool)


@scene()
def grows_in_a_chain(stage: Stage) -> None:
    """Each task waits for one that it has submitted itself."""
    pool = stage.pool(0, max_workers=5)

    def descend(depth: int) -> int:
        if not depth:
            return 0
        return 1 + pool.submit(descend, depth - 1).result(LIMIT_SECONDS)

    for _ in range(3):
        assert stage.result(pool.submit(descend, 4)) == 4


@scene()
def shrinks_when_idle(stage: Stage) -> None:
    """Workers that leave for lack of work leave no task behind."""
    keep_alive = stage.any_of(0.0, 0.001, 0.01)
    pool = stage.running(1, max_workers=4, keep_alive_seconds=keep_alive)
    for _ in range(3):
        meeting = stage.meeting(4)
        stage.results([pool.submit(meeting.wait) for _ in range(4)])
        for futures in stage.race(*[partial(submit_many, pool, 4)] * 2):
            stage.results(futures)
        stage.until(lambda: len(pool.workers()) == 1, "the floor")


@scene()
def leaves_none_behind(stage: Stage) -> None:
    """With a floor of nothing each call may be the last worker's last."""
    pool = stage.pool(0, max_workers=2, keep_alive_seconds=0.0)
    for _ in range(12):
        assert stage.result(pool.submit(int)) == 0
    for futures in stage.race(*[partial(submit_many, pool, 6)] * 3):
        stage.results(futures)
    stage.until(lambda: not pool.workers(), "no worker")


@scene()
def elastic_pauses(stage: Stage) -> None:
    """What is put while it is paused has its workers after `resume`."""
    pool = stage.running(1, max_workers=3, keep_alive_seconds=0.001)
    for _ in range(3):
        meeting = stage.meeting(3)
        tasks = [Task(meeting.wait) for _ in range(3)]

        def put(tasks: list[Task] = tasks) -> None:
            for task in tasks:
                pool.put(task)

        stage.race(pool.pause, put)
        pool.resume()
        stage.results([task.future for task in tasks])


@scene()
def elastic_resizes(stage: Stage) -> None:
    """Bounds that move while the pool grows and shrinks."""
    pool = stage.running(0, max_workers=2, keep_alive_seconds=0.0)

    def resize() -> list[Future[int]]:
        for floor, ceiling in ((0, 1), (2, 4), (1, 1), (0, 3)):
            pool.resize(floor, ceiling)
        return []

    submits = [partial(submit_many, pool, 8)] * 2
    for futures in stage.race(*submits, resize):
        stage.results(futures)
    meeting = stage.meeting(3)
    stage.results([pool.submit(meeting.wait) for _ in range(3)])


@scene()
def elastic_purges(stage: Stage) -> None:
    """A worker that leaves while `purge` sorts the queue leaves no task behind."""
    for _ in range(3):
        pool = stage.running(0, max_workers=1, keep_alive_seconds=0.0)
        gate = threading.Event()
        pool.submit(gate.wait, LIMIT_SECONDS)
        doomed = [Task(int) for _ in range(20)]
        kept = Task(int)
        pool.batch_put([*doomed, kept])
        for task in doomed:
            task.future.cancel()
        stage.race(pool.purge, gate.set)
        stage.result(kept.future)
        stage.await_idle(pool)
        counts = pool.statistics()
        assert counts.cancelled == len(doomed), counts
        stage.end(pool)


@scene()
def grows_to_its_ceiling_alone(stage: Stage) -> None:
    """A worker that stays after all, while another is hired, is one of the most."""
    for most in (1, 1, 1, 1, 2):
        pool = stage.running(0, max_workers=most, keep_alive_seconds=0.0)
        inside: list[None] = []

        def be_inside(inside: list[None] = inside, most: int = most) -> None:
            inside.append(None)
            at_once = len(inside)
            threading.Event().wait(0.001)
            inside.pop()
            assert at_once <= most

        for _ in range(4):
            futures = [pool.submit(be_inside)]
            pool.batch_put(tasks := [Task(be_inside) for _ in range(3)])
            stage.results([*futures, *(task.future for task in tasks)])
