"""Scenes: tasks with a priority, or with a limit of time."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import CancelledError
from functools import partial

from interleaving.stage import LIMIT_SECONDS, Stage, scene

from pool_gui import Task, TaskExpiredError


@scene()
def urgent_first(stage: Stage) -> None:
    """Larger priorities first, and of one thread's equal ones the older first."""
    pool = stage.running(1)
    for _ in range(2):
        pool.pause()
        ran: list[tuple[int, int, int]] = []

        def put(who: int, ran: list[tuple[int, int, int]] = ran) -> None:
            for number in range(8):
                priority = stage.any_of(-1, 0, 0, 1, 2)
                task = Task(ran.append, (priority, who, number))
                pool.put(task.with_limits(priority=priority))

        stage.race(*[partial(put, who) for who in range(3)])
        pool.resume()
        stage.await_idle(pool)
        assert len(ran) == 24
        priorities = [priority for priority, _, _ in ran]
        assert priorities == sorted(priorities, reverse=True)
        for key in {one[:2] for one in ran}:
            numbers = [number for *one, number in ran if tuple(one) == key]
            assert numbers == sorted(numbers)


@scene()
def urgent_ones_exactly_once(stage: Stage) -> None:
    """Tasks of all priorities come and go at the same time."""
    pool = stage.running(2)
    ran: list[int] = []

    def put(first: int) -> None:
        for number in range(first, first + 8):
            task = Task(ran.append, number)
            pool.put(task.with_limits(priority=number % 3 - 1))

    stage.race(*[partial(put, first) for first in (0, 8, 16)])
    stage.await_idle(pool)
    assert sorted(ran) == list(range(24))


@scene()
def expired_in_time(stage: Stage) -> None:
    """Who waits for a task hears of its expiry at once, while workers are busy."""
    pool, gate = stage.running(1), threading.Event()
    busy = pool.submit(gate.wait, LIMIT_SECONDS)
    tasks = [Task(int).with_limits(queue_seconds=0.002) for _ in range(6)]

    def put(some: list[Task]) -> None:
        for task in some:
            pool.put(task)
            assert isinstance(stage.error(task.future), TaskExpiredError)

    stage.race(partial(put, tasks[:3]), partial(put, tasks[3:]))
    gate.set()
    assert stage.result(busy)
    stage.await_idle(pool)
    assert pool.statistics().expired == 6


@scene()
def expiry_against_run(stage: Stage) -> None:
    """A task that runs, expires or is cancelled does only one of these."""
    pool = stage.running(1)
    for _ in range(3):
        before = pool.statistics()
        gate = threading.Event()
        pool.submit(gate.wait, LIMIT_SECONDS)
        ran: list[int] = []
        tasks = [Task(ran.append, number) for number in range(10)]
        for task in tasks:
            pool.put(task.with_limits(queue_seconds=stage.any_of(0.001, 0.004, 60)))

        def cancel(tasks: list[Task] = tasks) -> None:
            for task in stage.random.sample(tasks, 3):
                task.cancel()

        stage.race(gate.set, cancel)
        ends = Counter(_end(stage, task) for task in tasks)
        stage.await_idle(pool)
        counts = pool.statistics()
        assert ends["run"] == len(ran) == counts.done - before.done - 1
        assert ends["expired"] == counts.expired - before.expired
        assert ends["cancelled"] == counts.cancelled - before.cancelled


def _end(stage: Stage, task: Task) -> str:
    try:
        error = stage.error(task.future)
    except CancelledError:
        return "cancelled"
    assert error is None or isinstance(error, TaskExpiredError)
    return "run" if error is None else "expired"


@scene()
def overdue_counted_once(stage: Stage) -> None:
    """Those that run too long are counted while they run, the others never."""
    pool = stage.running(3)
    gate, meeting = threading.Event(), stage.meeting(2)

    def run_long() -> bool:
        meeting.wait()
        return gate.wait(LIMIT_SECONDS)

    def put_short() -> None:
        for _ in range(8):
            task = Task(int).with_limits(run_seconds=60)
            pool.put(task)
            stage.result(task.future)

    long = [Task(run_long).with_limits(run_seconds=0.002) for _ in range(2)]
    pool.batch_put(long)
    stage.race(put_short, put_short)
    stage.until(lambda: pool.statistics().overdue == 2, "both overdue")
    gate.set()
    stage.results([task.future for task in long])
    stage.await_idle(pool)
    assert pool.statistics().overdue == 2


@scene()
def deadlines_of_an_ending_pool(stage: Stage) -> None:
    """What keeps the time ends with the pool, whatever it was at."""
    for _ in range(4):
        pool = stage.running(1)
        gate = threading.Event()
        pool.submit(gate.wait, LIMIT_SECONDS)
        tasks = [Task(int).with_limits(queue_seconds=60) for _ in range(3)]
        tasks += [Task(int).with_limits(run_seconds=60)]

        stage.answers([stage.go(partial(pool.batch_put, tasks))])
        gate.set()
        if stage.any_of(0, 1):
            pool.stop()
        stage.end(pool)
        assert all(task.future.done() for task in tasks)
