"""Scenes: a pool begins, pauses and ends while others put work into it."""

from __future__ import annotations

import gc
import weakref
from collections import Counter
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from concurrent.futures.thread import BrokenThreadPool
from contextlib import suppress
from functools import partial

from interleaving.stage import Fault, Stage, scene

from pool_gui import PoolState, Task, ThreadPool


@scene(for_peer=True)
def exactly_once(stage: Stage) -> None:
    """Many threads submit; each call runs once."""
    pool = stage.executor(3)
    ran: list[int] = []

    def submit(first: int) -> None:
        for number in range(first, first + 10):
            pool.submit(ran.append, number)

    stage.race(*[partial(submit, first) for first in range(0, 50, 10)])
    stage.end(pool)
    assert sorted(ran) == list(range(50))


@scene()
def batches_exactly_once(stage: Stage) -> None:
    """Batches and single tasks from many threads; each thread's in their order."""
    pool = stage.running(1)
    ran: list[tuple[int, int]] = []

    def put(who: int) -> None:
        for first in range(0, 12, 4):
            tasks = [Task(ran.append, (who, first + step)) for step in range(4)]
            pool.batch_put(tasks[:3])
            pool.put(tasks[3])

    stage.race(*[partial(put, who) for who in range(3)])
    stage.end(pool)
    for who in range(3):
        assert [number for one, number in ran if one == who] == list(range(12))


def submit_until_refused(
    pool: Executor, ran: list[int], first: int, count: int
) -> list[Future[None]]:
    """Submit until the pool takes no more; return the accepted calls."""
    accepted = []
    with suppress(RuntimeError):
        for number in range(first, first + count):
            accepted.append(pool.submit(ran.append, number))  # noqa: PERF401 - refused midway
    return accepted


@scene(for_peer=True)
def shutdown_against_submit(stage: Stage) -> None:
    """Whatever was accepted runs; nothing else does."""
    for _ in range(3):
        pool = stage.executor(2)
        ran: list[int] = []
        stage.result(pool.submit(int))

        def end(pool: Executor = pool) -> list[Future[None]]:
            pool.shutdown(wait=bool(stage.any_of(0, 1)))
            return []

        submits = [
            partial(submit_until_refused, pool, ran, first, 8) for first in (0, 8)
        ]
        accepted = [one for some in stage.race(*submits, end) for one in some]
        stage.results(accepted)
        stage.end(pool)
        assert len(ran) == len(set(ran)) == len(accepted)


@scene(for_peer=True)
def cancelling_shutdown(stage: Stage) -> None:
    """Each accepted call has run or is cancelled, and who waits for it knows."""
    for _ in range(3):
        pool = stage.executor(2)
        ran: list[int] = []

        def end(pool: Executor = pool) -> list[Future[None]]:
            pool.shutdown(wait=False, cancel_futures=True)
            return []

        submits = [
            partial(submit_until_refused, pool, ran, first, 8) for first in (0, 8)
        ]
        accepted = [one for some in stage.race(*submits, end) for one in some]
        cancelled = 0
        for future in accepted:
            try:
                stage.result(future)
            except CancelledError:
                cancelled += 1
        stage.end(pool)
        assert len(ran) + cancelled == len(accepted)


@scene()
def stop_against_put(stage: Stage) -> None:
    """Each task is run, handed back or refused: once, and only one of these."""
    for _ in range(3):
        pool = stage.running(2)
        ran: list[int] = []
        refused: list[int] = []

        def put(first: int, pool: ThreadPool, ran: list[int], no: list[int]) -> None:
            for number in range(first, first + 6):
                try:
                    pool.put(Task(ran.append, number))
                except RuntimeError:
                    no.append(number)

        handed_back: list[Task] = []
        puts = [partial(put, first, pool, ran, refused) for first in (0, 6)]
        stage.race(*puts, partial(_stop, pool, handed_back))
        stage.end(pool)
        back = [task.args[0] for task in handed_back]
        assert sorted([*ran, *refused, *back]) == list(range(12))
        assert all(task.future.cancelled() for task in handed_back)
        assert pool.statistics().rejected == len(refused)


def _stop(pool: ThreadPool, handed_back: list[Task]) -> None:
    handed_back += pool.stop()


@scene()
def stop_against_batches(stage: Stage) -> None:
    """A batch is accepted as a whole or not at all."""
    for _ in range(3):
        pool = stage.running(2)
        ran: list[tuple[int, int]] = []
        taken: list[int] = []

        def put(who: int, pool: ThreadPool, ran: list[tuple[int, int]]) -> None:
            with suppress(RuntimeError):
                pool.batch_put([Task(ran.append, (who, step)) for step in range(4)])
                taken.append(who)  # noqa: B023 - over before the next turn

        handed_back: list[Task] = []
        puts = [partial(put, who, pool, ran) for who in range(3)]
        stage.race(*puts, partial(_stop, pool, handed_back))
        stage.end(pool)
        over = Counter(who for who, _ in ran)
        over += Counter(task.args[0][0] for task in handed_back)
        assert over == dict.fromkeys(taken, 4)


@scene()
def clear_against_workers(stage: Stage) -> None:
    """What is handed back does not run, and what runs is not handed back."""
    pool = stage.running(2)
    ran: list[int] = []
    back: list[int] = []

    def put() -> None:
        for number in range(24):
            pool.put(Task(ran.append, number))

    def clear() -> None:
        for _ in range(4):
            back.extend(task.args[0] for task in pool.clear())

    stage.race(put, clear)
    stage.await_idle(pool)
    assert sorted(ran + back) == list(range(24))
    counts = pool.statistics()
    assert (counts.done, counts.cancelled) == (len(ran), len(back))


@scene(for_peer=True)
def many_shut_down(stage: Stage) -> None:
    """Many threads end one pool; all return when it has ended."""
    for _ in range(3):
        pool = stage.executor(2)
        ran: list[int] = []
        for number in range(4):
            pool.submit(ran.append, number)
        stage.race(*[pool.shutdown] * 3)
        assert sorted(ran) == list(range(4))
        stage.end(pool)


@scene()
def start_against_put(stage: Stage) -> None:
    """Tasks put before, while and after a pool starts all run."""
    for _ in range(4):
        pool = stage.pool(2)
        ran: list[int] = []

        def put(pool: ThreadPool = pool, ran: list[int] = ran) -> None:
            for number in range(4):
                pool.put(Task(ran.append, number))

        stage.race(put, put, pool.start)
        stage.await_idle(pool)
        assert sorted(ran) == sorted([*range(4)] * 2)
        stage.end(pool)


@scene()
def put_against_drain(stage: Stage) -> None:
    """Also in a pool that was never started, what was accepted runs."""
    for _ in range(4):
        pool = stage.pool(1)
        ran: list[int] = []
        accepted: list[int] = []

        def put(first: int, pool: ThreadPool, ran: list[int]) -> None:
            with suppress(RuntimeError):
                for number in range(first, first + 4):
                    pool.put(Task(ran.append, number))
                    accepted.append(number)  # noqa: B023 - over before the next turn

        puts = [partial(put, first, pool, ran) for first in (0, 4)]
        stage.race(*puts, pool.drain)
        stage.end(pool)
        assert pool.state is PoolState.STOPPED
        assert sorted(ran) == sorted(accepted)


@scene()
def paused_means_paused(stage: Stage) -> None:
    """What is put after `pause` has returned does not begin before `resume`."""
    pool = stage.running(2)
    for _ in range(3):
        began: list[int] = []
        busy = stage.go(partial(_put_many, pool, 6))
        pool.pause()
        futures = []
        for number in range(4):
            task = Task(began.append, number)
            pool.put(task)
            futures.append(task.future)
        stage.answers([busy])
        assert began == []
        assert not any(future.running() for future in futures)
        pool.resume()
        stage.results(futures)
        assert sorted(began) == list(range(4))


def _put_many(pool: ThreadPool, count: int) -> list[Future[object]]:
    tasks = [Task(int) for _ in range(count)]
    for task in tasks:
        pool.put(task)
    return [task.future for task in tasks]


@scene()
def pauses_and_resumes(stage: Stage) -> None:
    """However often it is paused meanwhile, all runs after the last resume."""
    pool = stage.running(2)

    def toggle() -> list[Future[object]]:
        for _ in range(4):
            pool.pause()
            pool.resume()
        return []

    puts = [partial(_put_many, pool, 8)] * 2
    some = stage.race(*puts, toggle, toggle)
    pool.resume()
    for futures in some:
        stage.results(futures)


@scene(for_peer=True)
def broken_initializer(stage: Stage) -> None:
    """When an initializer fails, every call is told, and so is every later one."""

    def fail() -> None:
        raise ValueError

    kind = ThreadPool if stage.is_ours else ThreadPoolExecutor
    for _ in range(3):
        pool = kind(max_workers=2, initializer=fail)
        futures: list[Future[int]] = []

        def submit(pool: Executor = pool, futures: list[Future[int]] = futures) -> None:
            with suppress(BrokenThreadPool):
                for _ in range(3):
                    futures.append(pool.submit(int))  # noqa: PERF401 - refused midway

        stage.race(submit, submit)
        for future in futures:
            assert isinstance(stage.error(future), BrokenThreadPool)
        try:
            pool.submit(int)
        except BrokenThreadPool:
            stage.end(pool)
            continue
        raise Fault("a broken pool takes calls")


@scene(for_peer=True)
def lost_pools(stage: Stage) -> None:
    """What a pool has accepted runs, although nobody holds the pool any more."""
    for _ in range(4):
        kind = ThreadPool if stage.is_ours else ThreadPoolExecutor
        pool: Executor | None = kind(max_workers=2)
        assert pool is not None
        lost = weakref.ref(pool)
        futures = [pool.submit(pow, number, 2) for number in range(4)]
        pool = None
        gc.collect()
        assert stage.results(futures) == [0, 1, 4, 9]
        stage.until(lambda lost=lost: lost() is None, "the end of the pool")  # type: ignore[misc]


@scene(for_peer=True)
def shutdown_by_a_task(stage: Stage) -> None:
    """A task ends its own pool; what was accepted before runs."""
    for _ in range(4):
        pool = stage.executor(2)
        ran: list[int] = []
        before = [pool.submit(ran.append, number) for number in range(3)]
        last = pool.submit(pool.shutdown, wait=False)
        stage.results([*before, last])
        stage.end(pool)
        assert sorted(ran) == list(range(3))
