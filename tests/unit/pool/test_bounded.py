import queue
import threading
from collections.abc import Callable

import pytest
from bounded_support import WAYS, Caller, Way, ending, full_pool
from pool_support import DEADLINE_SECONDS

from pool_gui.pool import (
    QueueFullError,
    Task,
    TaskDroppedError,
    TaskState,
    ThreadPool,
    WhenFull,
)

every_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
REFUSING = [WhenFull.WAIT, WhenFull.RAISE]


def add_and_wait(way: Way, pool: ThreadPool, call: Callable[[], object]) -> object:
    return way(pool, call)()


@every_way
@pytest.mark.parametrize("when_full", WhenFull)
def test_below_the_limit_all_policies_queue(when_full: WhenFull, way: Way) -> None:
    with full_pool(when_full, limit=2) as full:
        full.pool.queue_limit = 3
        result = way(full.pool, lambda: "ran")
        assert full.size() == 3
        full.stall.release.set()
        assert result() == "ran"
        assert full.finish().done == 4


@every_way
def test_whoever_waits_gets_in_when_there_is_room(way: Way) -> None:
    with full_pool(WhenFull.WAIT) as full:
        caller = full.waiter(add_and_wait, way, full.pool, lambda: "ran")
        assert full.size() == 2
        full.stall.release.set()
        assert caller.result() == "ran"
        found = full.finish()
        assert (found.done, found.rejected, found.peak_queued) == (4, 0, 2)


@every_way
@pytest.mark.parametrize("seconds", [0, 0.01])
def test_whoever_waits_in_vain_is_refused(way: Way, seconds: float) -> None:
    with full_pool(WhenFull.WAIT, full_timeout_seconds=seconds) as full:
        with pytest.raises(QueueFullError, match=r"2 of 2 are queued; wait, or raise"):
            way(full.pool, int)
        found = full.finish()
        assert (found.submitted, found.done, found.rejected) == (3, 3, 1)


@pytest.mark.parametrize(
    "add",
    [
        lambda pool, task: pool.put(task, 0.001),
        lambda pool, task: pool.batch_put([task], timeout_seconds=0.001),
    ],
    ids=["put", "batch_put"],
)
def test_the_time_of_a_call_goes_before_that_of_the_pool(
    add: Callable[[ThreadPool, Task], None],
) -> None:
    with full_pool(WhenFull.WAIT, full_timeout_seconds=DEADLINE_SECONDS * 10) as full:
        task = Task(int)
        with pytest.raises(QueueFullError):
            add(full.pool, task)


@pytest.mark.parametrize("seconds", [0, 60])
def test_a_time_is_no_hindrance_where_there_is_room(seconds: float) -> None:
    with full_pool(WhenFull.WAIT) as full:
        full.pool.queue_limit = 4
        full.pool.put(Task(int), seconds)
        full.pool.batch_put([Task(int)], seconds)
        assert full.finish().done == 5


@every_way
def test_raise_refuses_at_once(way: Way) -> None:
    with full_pool(WhenFull.RAISE) as full:
        for _ in range(3):
            with pytest.raises(queue.Full, match="has no room for a task: 2 of 2"):
                way(full.pool, int)
        assert full.size() == 2
        found = full.finish()
        assert (found.submitted, found.done, found.rejected) == (3, 3, 3)


@every_way
def test_run_in_caller_runs_it_here(way: Way) -> None:
    with full_pool(WhenFull.RUN_IN_CALLER) as full:
        result = way(full.pool, threading.current_thread)
        assert result() is threading.current_thread()
        before = full.statistics()
        assert (before.done, before.run_by_callers, before.queued) == (1, 1, 2)
        found = full.finish()
        assert (found.done, found.run_by_callers, found.rejected) == (4, 1, 0)


@every_way
def test_drop_newest_drops_what_comes(way: Way) -> None:
    with full_pool(WhenFull.DROP_NEWEST) as full:
        ran: list[int] = []
        result = way(full.pool, lambda: ran.append(1))
        with pytest.raises(TaskDroppedError, match=r"\(2 tasks; when full: drop n"):
            result()
        assert full.statistics().dropped == 1
        found = full.finish()
        assert (found.submitted, found.done, found.dropped) == (4, 3, 1)
        assert not ran
        assert [task.state for task in full.queued] == [TaskState.DONE] * 2


@every_way
def test_drop_oldest_drops_what_waits_longest(way: Way) -> None:
    with full_pool(WhenFull.DROP_OLDEST) as full:
        result = way(full.pool, lambda: "ran")
        with pytest.raises(TaskDroppedError, match="when full: drop oldest"):
            full.queued[0].future.result(0)
        assert (full.statistics().dropped, full.size()) == (1, 2)
        full.stall.release.set()
        assert result() == "ran"
        found = full.finish()
        assert (found.submitted, found.done, found.dropped) == (4, 3, 1)
        states = [task.state for task in full.queued]
        assert states == [TaskState.DROPPED, TaskState.DONE]


@pytest.mark.parametrize("when_full", [WhenFull.DROP_NEWEST, WhenFull.DROP_OLDEST])
def test_whoever_waits_for_a_dropped_task_is_told(when_full: WhenFull) -> None:
    with full_pool(when_full) as full:
        newest = Task(int)
        told: list[object] = []
        dropped = newest if when_full is WhenFull.DROP_NEWEST else full.queued[0]
        dropped.future.add_done_callback(told.append)
        waiter = Caller(dropped.future.result, DEADLINE_SECONDS)
        full.pool.put(newest)
        with pytest.raises(TaskDroppedError):
            waiter.result()
        assert told == [dropped.future]
        assert not dropped.cancel()
        assert full.finish().dropped == 1


@pytest.mark.parametrize("when_full", REFUSING)
def test_a_batch_gets_in_as_a_whole_or_not_at_all(when_full: WhenFull) -> None:
    with full_pool(when_full, limit=3) as full:
        full.pool.queue_limit = 5
        batch = [Task(int) for _ in range(3)]
        with pytest.raises(QueueFullError, match="no room for 3 tasks: 3 of 5"):
            full.pool.batch_put(batch, timeout_seconds=0)
        assert full.size() == 3
        assert {task.state for task in batch} == {TaskState.NEW}
        full.pool.batch_put(batch[:2], timeout_seconds=0)
        found = full.finish()
        assert (found.done, found.rejected, found.peak_queued) == (6, 3, 5)


@pytest.mark.parametrize("when_full", REFUSING)
def test_a_batch_that_can_never_fit_is_refused_at_once(when_full: WhenFull) -> None:
    with ending(ThreadPool(1, queue_limit=2, when_full=when_full)) as pool:
        with pytest.raises(QueueFullError, match="put fewer at once"):
            pool.batch_put(Task(int) for _ in range(3))
        pool.batch_put(Task(int) for _ in range(2))
        assert (pool.statistics().rejected, pool.task_queue.size()) == (3, 2)


def test_of_a_batch_what_has_no_room_is_run_here() -> None:
    with full_pool(WhenFull.RUN_IN_CALLER, limit=2) as full:
        full.pool.queue_limit = 4
        batch = [Task(threading.current_thread) for _ in range(5)]
        full.pool.batch_put(batch)
        here = threading.current_thread()
        assert [task.state for task in batch[:2]] == [TaskState.QUEUED] * 2
        assert [task.future.result(0) for task in batch[2:]] == [here] * 3
        found = full.finish()
        assert (found.done, found.run_by_callers, found.peak_queued) == (8, 3, 4)
        assert {task.future.result(0) for task in batch[:2]} != {here}
        assert len({task.id for task in batch}) == 5


def test_of_a_batch_what_has_no_room_is_dropped() -> None:
    with full_pool(WhenFull.DROP_NEWEST, limit=2) as full:
        full.pool.queue_limit = 4
        batch = [Task(int) for _ in range(5)]
        full.pool.batch_put(batch)
        found = full.finish()
        states = [task.state for task in batch]
        assert states == [TaskState.DONE] * 2 + [TaskState.DROPPED] * 3
        assert (found.done, found.dropped, found.peak_queued) == (5, 3, 4)


def test_of_a_batch_larger_than_the_queue_the_newest_are_kept() -> None:
    with full_pool(WhenFull.DROP_OLDEST, limit=2) as full:
        batch = [Task(int) for _ in range(5)]
        full.pool.batch_put(batch)
        found = full.finish()
        assert {task.state for task in full.queued} == {TaskState.DROPPED}
        states = [task.state for task in batch]
        assert states == [TaskState.DROPPED] * 3 + [TaskState.DONE] * 2
        assert (found.done, found.dropped, found.peak_queued) == (3, 5, 2)


def test_drop_oldest_drops_the_oldest_of_the_least_urgent() -> None:
    with full_pool(WhenFull.DROP_OLDEST, limit=1) as full:
        full.pool.clear()
        full.pool.queue_limit = 6
        tasks = [Task(int).with_limits(priority=p) for p in (-1, 5, 0, 0, 5, -1)]
        full.pool.batch_put(tasks)
        dropped = []
        for _ in range(6):
            full.pool.put(Task(int).with_limits(priority=9))
            seen = [n for n, task in enumerate(tasks) if task.future.done()]
            dropped.append(next(n for n in seen if n not in dropped))
        assert dropped == [0, 5, 2, 3, 1, 4]
        assert full.finish().dropped == 6


def test_a_cancelled_task_that_is_dropped_counts_as_cancelled() -> None:
    with full_pool(WhenFull.DROP_OLDEST) as full:
        assert full.queued[0].cancel()
        full.pool.put(Task(int))
        found = full.finish()
        assert full.queued[0].state is TaskState.CANCELLED
        assert (found.done, found.cancelled, found.dropped) == (3, 1, 0)


@pytest.mark.parametrize("when_full", REFUSING)
def test_refused_tasks_are_new_again_and_may_be_put_later(when_full: WhenFull) -> None:
    with full_pool(when_full, full_timeout_seconds=0) as full:
        tasks = [Task(threading.get_ident) for _ in range(3)]
        futures = [task.future for task in tasks]
        for _ in range(2):
            with pytest.raises(QueueFullError):
                full.pool.put(tasks[0])
            with pytest.raises(QueueFullError):
                full.pool.batch_put(tasks[1:])
            for task in tasks:
                assert (task.state, task.id, task.queued_ns) == (TaskState.NEW, 0, 0)
        full.pool.queue_limit = None
        full.pool.batch_put(tasks)
        found = full.finish()
        assert [task.future for task in tasks] == futures
        assert all(future.result(0) for future in futures)
        assert (found.submitted, found.done, found.rejected) == (6, 6, 6)


@pytest.mark.parametrize("when_full", WhenFull)
def test_a_task_that_was_put_is_refused_dropped_or_run_again_as_a_copy(
    when_full: WhenFull,
) -> None:
    with full_pool(when_full, limit=1, full_timeout_seconds=0) as full:
        task = full.queued[0]
        if when_full in REFUSING:
            with pytest.raises(QueueFullError):
                full.pool.put(task)
            assert task.state is TaskState.QUEUED
        else:
            full.pool.put(other := Task(int))
            task = task if task.future.done() else other
        before = task.state
        assert full.pool.clear()
        again = full.pool.put(task)
        assert again is not task
        assert full.finish().done >= 2
        assert again.state is TaskState.DONE
        if when_full not in REFUSING:
            assert task.state is before


def test_a_cancelled_task_gives_no_room_before_a_purge() -> None:
    with full_pool(WhenFull.RAISE) as full:
        assert all(task.cancel() for task in full.queued)
        with pytest.raises(QueueFullError):
            full.pool.submit(int)
        assert full.pool.purge() == 2
        full.pool.submit(int)
        found = full.finish()
        assert (found.done, found.cancelled, found.rejected) == (2, 2, 1)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [(0, ValueError), (-1, ValueError), (1.5, TypeError), (True, TypeError)],
)
def test_a_wrong_limit_is_refused(wrong: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        ThreadPool(1, queue_limit=wrong)
    with full_pool(limit=2) as full:
        with pytest.raises(error):
            full.pool.queue_limit = wrong
        assert full.pool.queue_limit == 2


def test_a_policy_may_be_given_by_its_value() -> None:
    pool = ThreadPool(1, when_full="drop newest")  # type: ignore[arg-type]  # that is the test
    assert pool.when_full is WhenFull.DROP_NEWEST
    with pytest.raises(ValueError, match="not a valid WhenFull"):
        ThreadPool(1, when_full="drop all")  # type: ignore[arg-type]  # likewise
