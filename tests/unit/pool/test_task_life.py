"""A task's life: its states, its future, and putting it again."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from typing import Any

import pytest
from pool_makers import Make, ended_after
from pool_support import DEADLINE_SECONDS, NEEDS_GIL, Stall, until

from pool_gui.pool import (
    LEGAL_MOVES,
    QueueFullError,
    Task,
    TaskDroppedError,
    TaskExpiredError,
    TaskState,
    ThreadPool,
    WhenFull,
    intake,
)

End = Callable[[ThreadPool, Task], None]

NEW, QUEUED, RUNNING = TaskState.NEW, TaskState.QUEUED, TaskState.RUNNING


@pytest.fixture
def make(stall: Stall) -> Iterator[Make]:
    with ended_after(stall) as made:
        yield made


def fail() -> None:
    raise ZeroDivisionError("on purpose")


def in_thread(act: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=act)
    thread.start()
    return thread


def follows_the_table(states: list[TaskState]) -> bool:
    moves = itertools.pairwise(states)
    return all(after in LEGAL_MOVES[before] for before, after in moves)


def test_a_put_task_s_result_is_in_its_future(make: Make) -> None:
    pool = make(1)
    task = Task(int, "7")
    future = task.future
    assert not future.done()
    pool.put(task)
    assert future.result(DEADLINE_SECONDS) == 7
    assert task.future is future


@pytest.mark.expects_log
@pytest.mark.parametrize(
    ("function", "last"), [(int, TaskState.DONE), (fail, TaskState.FAILED)]
)
def test_a_task_that_runs_is_new_queued_running_and_over(
    make: Make, function: Callable[[], object], last: TaskState
) -> None:
    pool = make(1, start=False)

    def look_and_call() -> object:
        states.append(task.state)
        times.append((task.queued_ns > 0, task.started_ns > 0, task.ended_ns))
        return function()

    task = Task(look_and_call)
    states = [task.state]
    times = [(bool(task.queued_ns), bool(task.started_ns), task.ended_ns)]
    pool.put(task)
    states.append(task.state)
    times.append((task.queued_ns > 0, bool(task.started_ns), task.ended_ns))
    pool.start()
    assert pool.wait_idle(DEADLINE_SECONDS)
    states.append(task.state)
    assert states == [NEW, QUEUED, RUNNING, last]
    assert follows_the_table(states)
    assert times == [(False, False, 0), (True, False, 0), (True, True, 0)]
    assert 0 < task.queued_ns <= task.started_ns <= task.ended_ns


def end_cancelled(pool: ThreadPool, task: Task) -> None:
    pool.put(task)
    assert task.cancel()
    assert pool.purge() == 1


def end_cleared(pool: ThreadPool, task: Task) -> None:
    pool.put(task)
    assert pool.clear() == [task]


def end_stopped(pool: ThreadPool, task: Task) -> None:
    pool.put(task)
    assert pool.stop() == [task]


def end_expired(pool: ThreadPool, task: Task) -> None:
    pool.put(task.with_limits(queue_seconds=1e-6))
    until(task.future.done)
    assert pool.purge() == 1


def end_dropped(pool: ThreadPool, task: Task) -> None:
    pool.put(task)
    pool.put(Task(int))


ENDS: dict[End, tuple[TaskState, type[Exception]]] = {
    end_cancelled: (TaskState.CANCELLED, CancelledError),
    end_cleared: (TaskState.CANCELLED, CancelledError),
    end_stopped: (TaskState.CANCELLED, CancelledError),
    end_expired: (TaskState.EXPIRED, TaskExpiredError),
    end_dropped: (TaskState.DROPPED, TaskDroppedError),
}


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_a_task_that_never_runs_says_why_and_may_be_put_again(
    make: Make, end: End
) -> None:
    pool = make(1, start=False, queue_limit=1, when_full=WhenFull.DROP_OLDEST)
    ran: list[int] = []
    task = Task(ran.append, 1)
    first, states = task.future, [task.state]
    end(pool, task)
    state, error = ENDS[end]
    states += [QUEUED, task.state]
    assert states[-1] is state
    with pytest.raises(error):
        first.result(0)
    assert (task.started_ns, task.ended_ns) == (0, 0)
    other = make(1, start=False)
    other.put(task.with_limits())
    states.append(task.state)
    other.start()
    assert other.wait_idle(DEADLINE_SECONDS)
    states += [RUNNING, task.state]
    assert follows_the_table(states)
    assert (task.state, task.id, ran) == (TaskState.DONE, 1, [1])
    assert task.future is not first
    assert first.done()


def test_a_task_that_finds_no_room_makes_no_move_that_is_not_legal(
    make: Make,
) -> None:
    """If it is queued while it waits for room, it must not be new after that."""
    pool = make(1, start=False, queue_limit=1, full_timeout_seconds=0.05)
    pool.put(Task(int))
    task = Task(int)
    states = [task.state]

    def put() -> None:
        with pytest.raises(QueueFullError):
            pool.put(task)

    putter = in_thread(put)
    until(lambda: bool(pool.task_queue.room))
    states.append(task.state)
    putter.join(DEADLINE_SECONDS)
    states.append(task.state)
    moves = [state for state, _ in itertools.groupby(states)]
    assert follows_the_table(moves)


def test_a_task_that_is_over_and_finds_no_room_keeps_its_outcome(make: Make) -> None:
    full = make(1, start=False, queue_limit=1, when_full=WhenFull.RAISE)
    full.put(Task(int))
    pool = make(1)
    task = Task(int)
    pool.put(task)
    future = task.future
    assert future.result(DEADLINE_SECONDS) == 0
    with pytest.raises(QueueFullError):
        full.put(task)
    assert task.future is future
    assert task.state is TaskState.DONE


def test_a_task_that_is_over_gets_a_new_future_when_put_again(make: Make) -> None:
    pool = make(1)
    results = iter(range(10))
    task = Task(next, results)
    for turn in range(3):
        before = task.future
        pool.put(task)
        assert task.future.result(DEADLINE_SECONDS) == turn
        assert (task.future is before) == (turn == 0)
        assert task.id == turn + 1
        assert 0 < task.queued_ns <= task.started_ns <= task.ended_ns


@pytest.mark.parametrize("state", [QUEUED, RUNNING])
def test_of_a_task_that_is_queued_or_runs_a_copy_is_put(
    make: Make, stall: Stall, state: TaskState
) -> None:
    pool = make(2, start=False)

    def run(word: str, *, end: str) -> str:
        stall()
        return word + end

    task = Task(run, "a", end="b").with_limits(priority=3)
    future = task.future
    pool.put(task)
    if state is RUNNING:
        pool.start()
        stall.wait_entered()
    assert task.state is state
    pool.put(task)
    assert (task.future, task.state, task.id) == (future, state, 1)
    assert pool.counts().submitted == 2
    if state is QUEUED:
        assert pool.task_queue.get(0) is task
        copy = pool.task_queue.get(1)
        assert isinstance(copy, Task)
        assert (copy.args, dict(copy.kwargs)) == (("a",), {"end": "b"})
        assert (copy.limits, copy.id) == (task.limits, 2)
        assert copy.future is not future
        return
    stall.release.set()
    assert future.result(DEADLINE_SECONDS) == "ab"
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.counts().done == 2


def test_of_a_cancelled_task_that_is_still_in_the_queue_a_copy_is_put(
    make: Make,
) -> None:
    pool = make(1, start=False)
    ran: list[int] = []
    task = Task(ran.append, 1)
    pool.put(task)
    task.cancel()
    pool.put(task)
    pool.start()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert task.state is TaskState.CANCELLED
    assert ran == [1]
    assert (pool.counts().done, pool.counts().cancelled) == (1, 1)


@pytest.mark.parametrize("options", [{}, {"queue_limit": 100}])
@pytest.mark.parametrize("is_over", [False, True])
def test_a_batch_of_the_same_task_runs_it_so_many_times(
    make: Make,
    options: dict[str, Any],
    is_over: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    pool = make(2, **options)
    ran: list[int] = []
    task = Task(ran.append, 1)
    if is_over:
        pool.put(task)
        assert pool.wait_idle(DEADLINE_SECONDS)
        ran.clear()
    pool.batch_put([task] * 20)
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert ran == [1] * 20
    assert task.state is TaskState.DONE


@NEEDS_GIL
@pytest.mark.parametrize("call", ["put", "batch_put"])
def test_two_threads_that_put_one_task_at_once_have_it_run_twice(
    make: Make, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """One looks whether it is queued already; the other puts it just then."""
    pool = make(1, start=False)
    ran: list[int] = []
    task = Task(ran.append, 1)

    def clock() -> int:
        monkeypatch.undo()
        other = in_thread(lambda: pool.put(task))
        other.join(DEADLINE_SECONDS)
        return time.perf_counter_ns()

    monkeypatch.setattr(intake, "perf_counter_ns", clock)
    pool.put(task) if call == "put" else pool.batch_put([task])
    queued = [pool.task_queue.get(0), pool.task_queue.get(1)]
    assert queued[0] is task
    assert queued[1] is not task
    pool.start()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert ran == [1, 1]
    assert task.future.result(0) is None
