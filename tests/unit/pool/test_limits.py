"""Priorities and time limits of tasks, as whoever puts them sees them."""

import math
from collections.abc import Callable

import pytest
from bounded_support import Caller, Full, full_pool, outlast
from pool_support import DEADLINE_SECONDS, MakePool, Stall, until

from pool_gui.pool import (
    Task,
    TaskExpiredError,
    TaskState,
    ThreadPool,
    clearing,
)

MOMENT = 0.005
"""A time limit, in seconds, that a test waits for."""


def ranked(priorities: list[int], call: Callable[[int], object] = int) -> list[Task]:
    """Return tasks with these priorities, each called with its place in the list."""
    return [
        Task(call, number).with_limits(priority=priority)
        for number, priority in enumerate(priorities)
    ]


MIXED = [0, -1, 5, 0, 5, -7, 1, -1, 0]
URGENT_FIRST = [2, 4, 6, 0, 3, 8, 1, 7, 5]


@pytest.mark.parametrize("call", ["put", "batch_put"])
def test_larger_priorities_run_first_and_equal_ones_in_their_order(
    make_pool: MakePool, call: str
) -> None:
    pool = make_pool(1, start=False)
    ran: list[int] = []
    tasks = ranked(MIXED, ran.append)
    if call == "put":
        for task in tasks:
            pool.put(task)
    else:
        pool.batch_put(tasks)
    pool.start()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert ran == URGENT_FIRST


def test_tasks_without_a_priority_have_0_and_keep_their_place(
    make_pool: MakePool,
) -> None:
    pool = make_pool(1, start=False)
    ran: list[str] = []
    pool.put(Task(ran.append, "plain first"))
    pool.put(Task(ran.append, "zero").with_limits(priority=0))
    pool.put(Task(ran.append, "late").with_limits(priority=-1))
    pool.put(Task(ran.append, "timed").with_limits(queue_seconds=60))
    pool.batch_put([Task(ran.append, "plain last")])
    pool.put(Task(ran.append, "early").with_limits(priority=1))
    pool.start()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert ran == ["early", "plain first", "zero", "timed", "plain last", "late"]


def test_an_urgent_task_overtakes_what_is_queued_but_not_what_runs(
    make_pool: MakePool, stall: Stall
) -> None:
    pool = make_pool(1)
    pool.put(Task(stall))
    stall.wait_entered()
    ran: list[int] = []
    pool.put(Task(ran.append, 1))
    pool.put(Task(ran.append, 2).with_limits(priority=1))
    assert not ran
    stall.release.set()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert ran == [2, 1]


@pytest.mark.parametrize("take", [ThreadPool.clear, ThreadPool.stop])
def test_what_is_handed_back_comes_in_the_order_in_which_it_would_run(
    make_pool: MakePool, take: Callable[[ThreadPool], list[Task]]
) -> None:
    pool = make_pool(1, start=False)
    tasks = ranked(MIXED)
    pool.batch_put(tasks)
    looked_at = [pool.task_queue.get(index) for index in range(len(tasks))]
    assert looked_at == [tasks[number] for number in URGENT_FIRST]
    assert take(pool) == looked_at
    assert {task.state for task in tasks} == {TaskState.CANCELLED}


def test_a_purge_leaves_the_others_in_their_order(make_pool: MakePool) -> None:
    pool = make_pool(1, start=False)
    tasks = ranked(MIXED)
    pool.batch_put(tasks)
    for number in (4, 0, 7):
        assert tasks[number].cancel()
    assert pool.purge() == 3
    left = [tasks[n] for n in URGENT_FIRST if n not in (4, 0, 7)]
    assert pool.clear() == left
    assert pool.statistics().cancelled == len(MIXED)


def test_what_is_put_during_a_purge_comes_after_what_was_queued(
    make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = make_pool(1, start=False)
    old, new = [Task(int) for _ in range(3)], Task(int)
    is_dead = clearing._is_dead

    def look(item: object) -> bool:
        if item is old[0]:
            pool.put(new)
        return is_dead(item)

    pool.batch_put(old)
    assert old[1].cancel()
    monkeypatch.setattr(clearing, "_is_dead", look)
    assert pool.purge() == 1
    assert pool.clear() == [old[0], old[2], new]


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("end", [ThreadPool.drain, ThreadPool.join])
def test_an_end_runs_tasks_of_all_priorities(
    workers: int, end: Callable[[ThreadPool], object]
) -> None:
    ran: list[int] = []
    with full_pool(limit=1, size=workers) as full:
        full.pool.clear()
        full.pool.queue_limit = None
        full.pool.batch_put(ranked([-1, -1, 5, -1, 5], ran.append))
        ender = Caller(end, full.pool)
        until(lambda: full.pool.state.value != "running")
        assert full.finish().done == workers + 5
        ender.result()
        assert sorted(ran) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("limit", ["queue_seconds", "run_seconds"])
@pytest.mark.parametrize("wrong", [0, -1, math.nan])
def test_a_limit_that_is_no_time_is_refused(limit: str, wrong: float) -> None:
    task = Task(int)
    with pytest.raises(ValueError, match=f"{limit} must be more than 0, and"):
        task.with_limits(**{limit: wrong})  # type: ignore[arg-type]  # no priority
    assert task.limits is None


def test_a_priority_that_is_no_whole_number_is_refused() -> None:
    with pytest.raises(TypeError):
        Task(int).with_limits(priority=1.5)  # type: ignore[arg-type]  # that is the test


@pytest.mark.parametrize("seconds", [1e-300, 1e-12, 1e9, 1e30, 1e300])
def test_a_limit_may_be_as_short_or_long_as_one_likes(
    make_pool: MakePool, seconds: float
) -> None:
    pool = make_pool(1)
    task = Task(int).with_limits(queue_seconds=seconds)
    pool.put(task)
    assert pool.wait_idle(DEADLINE_SECONDS)
    expected = TaskState.EXPIRED if seconds < 1 else TaskState.DONE
    assert task.state is expected


@pytest.mark.parametrize(
    "seconds", [1e8, 1e9, 1e300, math.inf, pytest.param(10**400, id="huge"), None]
)
def test_a_task_may_run_as_long_as_it_likes(
    make_pool: MakePool, seconds: float | None
) -> None:
    pool = make_pool(1)
    task = Task(int).with_limits(queue_seconds=seconds, run_seconds=seconds)
    pool.put(task)
    assert pool.submit(int).result(DEADLINE_SECONDS) == 0
    assert task.result(DEADLINE_SECONDS) == 0
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.statistics().overdue == 0


def pause(full: Full) -> None:
    full.pool.pause()
    full.stall.release.set()


def dismiss_all(full: Full) -> None:
    full.pool.resize(0)
    full.stall.release.set()
    until(lambda: not full.pool.workers())


@pytest.mark.parametrize("hinder", [id, pause, dismiss_all])
def test_it_expires_in_time_though_no_worker_is_free(
    hinder: Callable[[Full], object],
) -> None:
    with full_pool(limit=1) as full:
        full.pool.clear()
        full.pool.queue_limit = None
        hinder(full)
        told: list[object] = []
        ran: list[int] = []
        task = Task(ran.append, 1).with_limits(queue_seconds=MOMENT)
        task.future.add_done_callback(told.append)
        waiter = Caller(task.future.result, DEADLINE_SECONDS)
        full.pool.put(task)
        with pytest.raises(TaskExpiredError, match="beyond its limit"):
            waiter.result()
        assert (task.state, task.started_ns) == (TaskState.EXPIRED, 0)
        assert not task.cancel()
        until(lambda: told == [task])
        found = full.statistics()
        assert (found.expired, found.queued) == (1, 1), "it is there until one comes"
        if not full.pool.size():
            full.pool.resize(1)
        full.stall.release.set()
        full.pool.put(Task(int))
        found = full.finish()
        assert not ran
        assert (found.expired, found.done, found.cancelled) == (1, 2, 1)


def test_it_expires_in_a_pool_that_was_never_started(make_pool: MakePool) -> None:
    pool = make_pool(1, start=False)
    tasks = [Task(int).with_limits(queue_seconds=MOMENT * n) for n in (3, 1, 2)]
    pool.batch_put(tasks)
    for task in tasks:
        assert isinstance(task.future.exception(DEADLINE_SECONDS), TaskExpiredError)
    assert pool.statistics().expired == 3
    assert pool.purge() == 3
    assert pool.statistics().outstanding == 0


def test_a_task_that_begins_in_time_does_not_expire(make_pool: MakePool) -> None:
    pool = make_pool(1)
    task = Task(outlast, MOMENT * 2).with_limits(queue_seconds=60)
    late = Task(int).with_limits(queue_seconds=MOMENT)
    pool.batch_put([task, late])
    assert late.future.exception(DEADLINE_SECONDS)
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert (task.state, late.state) == (TaskState.DONE, TaskState.EXPIRED)


def test_a_task_that_was_cancelled_first_does_not_expire(make_pool: MakePool) -> None:
    pool = make_pool(1, start=False)
    cancelled = Task(int).with_limits(queue_seconds=MOMENT)
    behind = Task(int).with_limits(queue_seconds=MOMENT)
    pool.batch_put([cancelled, behind])
    assert cancelled.cancel()
    assert behind.future.exception(DEADLINE_SECONDS)
    assert cancelled.state is TaskState.CANCELLED
    pool.start()
    assert pool.wait_idle(DEADLINE_SECONDS)
    found = pool.statistics()
    assert (found.cancelled, found.expired, found.started) == (1, 1, 0)


@pytest.mark.parametrize("take", [ThreadPool.clear, ThreadPool.stop])
def test_what_has_expired_is_not_handed_back(
    make_pool: MakePool, take: Callable[[ThreadPool], list[Task]]
) -> None:
    pool = make_pool(1, start=False)
    expired, fresh = Task(int).with_limits(queue_seconds=MOMENT), Task(int)
    pool.batch_put([expired, fresh])
    assert expired.future.exception(DEADLINE_SECONDS)
    assert take(pool) == [fresh]
    found = pool.statistics()
    assert (found.expired, found.cancelled, found.outstanding) == (1, 1, 0)


def test_an_expired_task_that_is_put_again_is_copied_and_waits_anew(
    make_pool: MakePool,
) -> None:
    pool = make_pool(1, start=False)
    task = Task(lambda: "ran").with_limits(queue_seconds=MOMENT)
    assert pool.put(task) is task
    assert task.future.exception(DEADLINE_SECONDS)
    assert pool.purge() == 1
    task.with_limits(queue_seconds=60)
    again = pool.put(task)
    assert again is not task
    pool.start()
    assert again.result(DEADLINE_SECONDS) == "ran"
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert isinstance(task.exception(0), TaskExpiredError)
    assert (task.state, again.state) == (TaskState.EXPIRED, TaskState.DONE)


@pytest.mark.parametrize("then", ["run", "clear"])
@pytest.mark.parametrize("end", ["cancelled", "expired"])
def test_a_task_that_ended_while_queued_and_is_put_again_is_copied(
    make_pool: MakePool, end: str, then: str
) -> None:
    pool, ran = make_pool(1, start=False), list[int]()
    task = Task(ran.append, 1)
    task.with_limits(queue_seconds=MOMENT if end == "expired" else None)
    pool.put(task)
    if end == "cancelled":
        assert task.cancel()
    else:
        assert task.future.exception(DEADLINE_SECONDS)
        task.with_limits()
    again = pool.put(task)  # the first one is in the queue still
    if then == "run":
        pool.start()
        assert again.result(DEADLINE_SECONDS) is None
        assert ran == [1]
        assert again.state is TaskState.DONE
    else:
        assert pool.clear() == [again]
        assert again.state is TaskState.CANCELLED
    assert task.state.value == end
    assert pool.wait_idle(DEADLINE_SECONDS) or then == "clear"
    found = pool.statistics()
    assert found.outstanding == 0
    assert (found.cancelled, found.expired) == (
        (end == "cancelled") + (then == "clear"),
        end == "expired",
    )
    last = pool.put(task)
    assert last not in (task, again)
    pool.drain()
    assert pool.join(DEADLINE_SECONDS)
    assert (last.state, task.state.value) == (TaskState.DONE, end)


def test_a_copy_has_the_limits_of_the_original(make_pool: MakePool) -> None:
    pool = make_pool(1, start=False)
    task = Task(int).with_limits(priority=3, queue_seconds=60, run_seconds=70)
    copies = [pool.put(task), *pool.batch_put([task, task])]
    assert len(set(copies)) == 3
    assert {one.limits for one in copies} == {task.limits}
    pool.clear()
