"""`wait_idle`: it ends when nothing is left to do, whoever does the last of it.

All futures are decided then, and their callbacks and the hooks have run.
"""

import threading
from collections.abc import Callable, Iterator

import pytest
from pool_makers import Make, ended_after, until_parked
from pool_support import DEADLINE_SECONDS, Stall, until

from pool_gui.pool import Hooks, PoolState, Task, TaskState, ThreadPool, WhenFull
from pool_gui.pool.queue import backlog_of


@pytest.fixture
def make(stall: Stall) -> Iterator[Make]:
    with ended_after(stall) as made:
        yield made


class Waiter:
    """A thread that waits until a pool is idle."""

    def __init__(self, pool: ThreadPool) -> None:
        self._pool = pool
        self._answers: list[bool] = []
        self._thread = threading.Thread(target=self._wait)
        self._thread.start()
        until(lambda: bool(backlog_of(pool.task_queue).quiet))

    def _wait(self) -> None:
        self._answers.append(self._pool.wait_idle(DEADLINE_SECONDS))

    def was_told(self) -> bool:
        """Whether the wait has ended by itself; it has ended after this anyway."""
        self._thread.join(DEADLINE_SECONDS / 3)
        was_told = not self._thread.is_alive()
        backlog_of(self._pool.task_queue).quiet.unpark_all()
        self._thread.join(2 * DEADLINE_SECONDS)
        return was_told and self._answers == [True]


def in_thread(act: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=act)
    thread.start()
    return thread


def paused(make: Make, stall: Stall, task: Task) -> ThreadPool:
    """Make a paused pool in which this task alone is queued."""
    pool = make(1)
    pool.pause()
    pool.put(task)
    return pool


def test_it_ends_when_a_queued_task_has_waited_too_long(
    make: Make, stall: Stall
) -> None:
    task = Task(int).with_limits(queue_seconds=0.05)
    pool = paused(make, stall, task)
    waiter = Waiter(pool)
    until(lambda: task.state is TaskState.EXPIRED)
    assert waiter.was_told()


def test_it_ends_when_cancelled_tasks_are_purged(make: Make, stall: Stall) -> None:
    task = Task(int)
    pool = paused(make, stall, task)
    task.cancel()
    waiter = Waiter(pool)
    assert pool.purge() == 1
    assert waiter.was_told()


def test_it_ends_when_the_last_task_was_run_by_its_putter(
    make: Make, stall: Stall
) -> None:
    pool = make(1, queue_limit=1, when_full=WhenFull.RUN_IN_CALLER)
    first = Stall()
    pool.put(Task(first))
    first.wait_entered()
    pool.put(Task(int))
    putter = in_thread(lambda: pool.put(Task(stall)))
    stall.wait_entered()
    first.release.set()
    until_parked(pool, 1)
    assert not pool.wait_idle(0)
    waiter = Waiter(pool)
    stall.release.set()
    putter.join(DEADLINE_SECONDS)
    assert waiter.was_told()


@pytest.mark.parametrize("hooked", [False, True], ids=["callback", "hook"])
def test_it_waits_for_what_a_putter_has_still_to_call(
    make: Make,
    stall: Stall,
    hooked: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    held = Task(int)
    hooks = Hooks(after_task=lambda task: stall() if task is held else None)
    pool = make(
        1,
        queue_limit=1,
        when_full=WhenFull.RUN_IN_CALLER,
        hooks=hooks if hooked else None,
    )
    pool.pause()
    pool.put(Task(int))
    if not hooked:
        held.future.add_done_callback(lambda _: stall())
    putter = in_thread(lambda: pool.put(held))
    stall.wait_entered()
    pool.clear()
    is_idle = pool.wait_idle(0)
    stall.release.set()
    putter.join(DEADLINE_SECONDS)
    assert not is_idle
    assert pool.wait_idle(DEADLINE_SECONDS)


def test_it_waits_for_what_a_putter_runs_though_the_pool_has_stopped(
    make: Make, stall: Stall
) -> None:
    pool = make(1, start=False, queue_limit=1, when_full=WhenFull.RUN_IN_CALLER)
    pool.put(Task(int))
    putter = in_thread(lambda: pool.put(Task(stall)))
    stall.wait_entered()
    pool.stop()
    assert pool.state is PoolState.STOPPED
    is_idle = pool.wait_idle(0)
    stall.release.set()
    putter.join(DEADLINE_SECONDS)
    assert not is_idle


def test_it_waits_for_the_callbacks_of_what_has_waited_too_long(
    make: Make, stall: Stall
) -> None:
    task = Task(int).with_limits(queue_seconds=0.02)
    task.future.add_done_callback(lambda _: stall())
    pool = paused(make, stall, task)
    stall.wait_entered()
    is_idle = pool.wait_idle(0)
    stall.release.set()
    assert not is_idle


def test_it_waits_for_the_futures_that_a_stop_is_about_to_cancel(
    make: Make, stall: Stall
) -> None:
    pool = make(1, start=False)
    tasks = [Task(int), Task(int)]
    tasks[0].future.add_done_callback(lambda _: stall())
    pool.batch_put(tasks)
    stopping = in_thread(pool.stop)
    stall.wait_entered()
    is_idle, are_done = pool.wait_idle(0), tasks[1].future.done()
    stall.release.set()
    stopping.join(DEADLINE_SECONDS)
    assert not is_idle or are_done


def test_it_waits_for_running_tasks_too(make: Make, stall: Stall) -> None:
    pool = make(2)
    assert pool.wait_idle(0)
    pool.put(Task(stall))
    stall.wait_entered()
    assert not pool.wait_idle(0)
    waiter = Waiter(pool)
    stall.release.set()
    assert waiter.was_told()


@pytest.mark.parametrize("call", [ThreadPool.dismiss, ThreadPool.pause])
def test_it_ends_when_the_last_task_was_that_of_a_worker_who_takes_no_more(
    make: Make, stall: Stall, call: Callable[[ThreadPool], object]
) -> None:
    pool = make(1)
    pool.put(Task(stall))
    stall.wait_entered()
    call(pool)
    waiter = Waiter(pool)
    stall.release.set()
    assert waiter.was_told()


@pytest.mark.parametrize("take_back", [ThreadPool.clear, ThreadPool.stop])
def test_it_ends_when_the_queued_tasks_are_taken_back(
    make: Make, take_back: Callable[[ThreadPool], object]
) -> None:
    pool = make(1, start=False)
    pool.put(Task(int))
    waiter = Waiter(pool)
    take_back(pool)
    assert waiter.was_told()
