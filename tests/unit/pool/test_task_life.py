"""A task's life: its states, its future, and putting it again."""

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError

import pytest
from pool_makers import Make, ended_after
from pool_support import DEADLINE_SECONDS, Stall, until

from pool_gui.pool import (
    LEGAL_MOVES,
    PoolStateError,
    QueueFullError,
    Task,
    TaskDroppedError,
    TaskExpiredError,
    TaskState,
    ThreadPool,
    WhenFull,
)
from pool_gui.pool.queue import backlog_of

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
    assert not task.done()
    assert pool.put(task) is task
    assert task.future.result(DEADLINE_SECONDS) == 7


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
    states = [task.state]
    end(pool, task)
    state, error = ENDS[end]
    states += [QUEUED, task.state]
    assert states[-1] is state
    assert follows_the_table(states)
    with pytest.raises(error):
        task.result(0)
    assert (task.started_ns, task.ended_ns) == (0, 0)
    other = make(1, start=False)
    again = other.put(task.with_limits())
    assert again is not task
    assert (again.state, again.id, again.callable) == (QUEUED, 1, task.callable)
    other.start()
    assert again.result(DEADLINE_SECONDS) is None
    assert other.wait_idle(DEADLINE_SECONDS)
    assert (again.state, ran) == (TaskState.DONE, [1])
    assert task.state is state, "it keeps its outcome"


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
    until(lambda: bool(backlog_of(pool.task_queue).room))
    states.append(task.state)
    putter.join(DEADLINE_SECONDS)
    states.append(task.state)
    moves = [state for state, _ in itertools.groupby(states)]
    assert follows_the_table(moves)


def test_a_task_that_was_refused_is_as_before_and_may_be_put(make: Make) -> None:
    full = make(1, start=False, queue_limit=1, when_full=WhenFull.RAISE)
    full.put(Task(int))
    closed = make(1)
    closed.drain()
    task = Task(int, "7")
    for pool, error in ((full, QueueFullError), (closed, PoolStateError)):
        with pytest.raises(error):
            pool.put(task)
        with pytest.raises(error):
            pool.batch_put([Task(int), task])
        assert (task.state, task.id, task.queued_ns) == (NEW, 0, 0)
    pool = make(1)
    assert pool.put(task) is task
    assert task.result(DEADLINE_SECONDS) == 7


def test_a_task_that_was_refused_as_the_pool_closed_just_then_may_be_put(
    make: Make,
) -> None:
    """The pool closes after the put has looked, and before the task is queued."""
    closing, pool = make(1), make(1)

    def numbers() -> Iterator[int]:
        closing.drain()
        yield closing._core.counters.ids.take()

    closing._core.admission.numbers = numbers()
    task = Task(int, "7")
    with pytest.raises(PoolStateError):
        closing.put(task)
    assert (task.state, task.id, task.queued_ns) == (NEW, 0, 0)
    assert pool.put(task) is task
    assert task.result(DEADLINE_SECONDS) == 7


def test_a_task_that_is_over_and_finds_no_room_keeps_its_outcome(make: Make) -> None:
    full = make(1, start=False, queue_limit=1, when_full=WhenFull.RAISE)
    full.put(Task(int))
    pool = make(1)
    task = Task(int)
    pool.put(task)
    assert task.result(DEADLINE_SECONDS) == 0
    with pytest.raises(QueueFullError):
        full.put(task)
    assert task.result(0) == 0
    assert task.state is TaskState.DONE
