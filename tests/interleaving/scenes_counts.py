"""Scenes: what a pool tells of itself, and what it calls around tasks and workers."""

from __future__ import annotations

import contextvars
from functools import partial
from typing import TYPE_CHECKING

from interleaving.stage import Stage, scene

from pool_gui import Hooks, Task, ThreadPool

if TYPE_CHECKING:
    from concurrent.futures import Future

    from pool_gui import PoolStatistics


def fail() -> None:
    raise ValueError


@scene()
def statistics_are_exact(stage: Stage) -> None:
    """At rest the numbers are those of what happened."""
    pool = stage.running(3)

    def play() -> int:
        futures: list[Future[object]] = []
        for _ in range(5):
            futures += [pool.submit(int), pool.submit(fail)]
        tasks = [Task(int) for _ in range(4)]
        pool.batch_put(tasks)
        futures += [task.future for task in tasks]
        return sum([one.cancel() for one in stage.random.sample(futures, 4)])

    cancelled = sum(stage.race(play, play, play))
    stage.await_idle(pool)
    counts = pool.statistics()
    assert counts.submitted == 42
    assert counts.cancelled == cancelled
    assert counts.done + counts.failed == counts.started == 42 - cancelled
    assert counts.failed <= 15


@scene()
def statistics_run_never_ahead(stage: Stage) -> None:
    """Who looks at any time sees nothing that has not happened, and nothing twice."""
    pool = stage.running(2)
    ran: list[int] = []
    begun: list[int] = []

    def work(number: int) -> None:
        ran.append(number)

    def submit(first: int) -> None:
        for number in range(first, first + 10):
            begun.append(number)
            pool.submit(work, number)

    def look() -> None:
        before = pool.statistics()
        for _ in range(12):
            counts = pool.statistics()
            check_moment(counts)
            assert counts.submitted <= len(begun)
            assert counts.done <= len(ran)
            for name in ("submitted", "started", "done"):
                assert getattr(counts, name) >= getattr(before, name), name
            before = counts

    stage.race(partial(submit, 0), partial(submit, 10), look)
    stage.await_idle(pool)
    assert pool.statistics().done == 20


def check_moment(counts: PoolStatistics) -> None:
    """See that no count of one moment is ahead of another."""
    over = counts.done + counts.failed + counts.cancelled
    assert over <= counts.submitted, counts
    assert counts.done + counts.failed <= counts.started <= counts.submitted, counts
    assert counts.running <= counts.workers, counts


@scene()
def counted_when_its_result_is_there(stage: Stage) -> None:
    pool = stage.running(2)

    def call() -> None:
        for number in range(8):
            before = pool.statistics().done
            assert stage.result(pool.submit(pow, number, 2)) == number**2
            assert pool.statistics().done > before

    stage.race(call, call)
    assert pool.statistics().done == 16


@scene()
def idle_means_idle(stage: Stage) -> None:
    """When `wait_idle` returns, all that was put before is over, callbacks too."""
    pool = stage.running(2)

    def play() -> None:
        for _ in range(3):
            called: list[Future[int]] = []
            futures = [pool.submit(int) for _ in range(3)]
            futures[0].cancel()
            for future in futures[1:]:
                future.add_done_callback(called.append)
            stage.await_idle(pool)
            assert all(one.done() for one in futures)
            assert len(called) == 2

    stage.race(play, play)


@scene()
def idle_for_many(stage: Stage) -> None:
    """Many wait for one pool to be idle, and all return."""
    pool = stage.running(2)
    for _ in range(4):
        submits = [partial(_submit_some, pool)] * 2
        stage.race(*submits, *[partial(stage.await_idle, pool)] * 3)
    stage.await_idle(pool)


def _submit_some(pool: ThreadPool) -> None:
    for _ in range(4):
        pool.submit(int)


@scene()
def purged_exactly(stage: Stage) -> None:
    """Purges take out what is cancelled, and nothing else."""
    pool = stage.running(1)
    for _ in range(2):
        before = pool.statistics()
        ran: list[int] = []
        tasks = [Task(ran.append, number) for number in range(24)]
        pool.pause()
        pool.batch_put(tasks)

        def cancel(tasks: list[Task] = tasks) -> int:
            return sum([one.cancel() for one in stage.random.sample(tasks, 12)])

        def purge() -> int:
            for _ in range(3):
                pool.purge()
            return 0

        def submit() -> int:
            pool.resume()
            _submit_some(pool)
            return 0

        cancelled = sum(stage.race(cancel, submit, purge, purge))
        stage.await_idle(pool)
        counts = pool.statistics()
        assert len(ran) == len(set(ran)) == 24 - cancelled
        assert counts.cancelled - before.cancelled == cancelled
        assert counts.queued == 0


@scene()
def hooks_come_once(stage: Stage) -> None:
    """Once before and after each task that runs, and for each worker."""
    before: list[Task] = []
    after: list[Task] = []
    workers: list[object] = []
    hooks = Hooks(before.append, after.append, workers.append, workers.remove)
    pool = ThreadPool(1, max_workers=3, keep_alive_seconds=0.0, hooks=hooks)

    def submit() -> int:
        futures = [pool.submit(int) for _ in range(8)]
        return sum([one.cancel() for one in futures[::3]])

    cancelled = sum(stage.race(submit, submit))
    stage.await_idle(pool)
    assert len(before) == len(after) == 16 - cancelled
    assert len(set(map(id, before))) == len(before)
    assert set(map(id, after)) == set(map(id, before))
    stage.end(pool)
    assert workers == []
    assert pool.statistics().hook_errors == 0


@scene()
def contexts_are_the_submitters(stage: Stage) -> None:
    pool = stage.running(2, propagate_context=True)
    who: contextvars.ContextVar[int] = contextvars.ContextVar("who", default=-1)

    def see() -> int:
        seen = who.get()
        who.set(-2)  # in a copy of its own
        return seen

    def submit(number: int) -> list[int]:
        who.set(number)
        return stage.results([pool.submit(see) for _ in range(5)])

    answers = stage.race(*[partial(submit, number) for number in range(3)])
    assert answers == [[number] * 5 for number in range(3)]
