"""A task that is put again: a copy of it is queued, which has its own outcome."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from typing import Any

import pytest
from pool_makers import Make, ended_after
from pool_support import DEADLINE_SECONDS, NEEDS_GIL, Stall

from pool_gui.pool import Task, TaskState

QUEUED, RUNNING = TaskState.QUEUED, TaskState.RUNNING


@pytest.fixture
def make(stall: Stall) -> Iterator[Make]:
    with ended_after(stall) as made:
        yield made


def test_of_a_task_that_is_over_a_copy_is_put_and_told(make: Make) -> None:
    pool = make(1)
    task = Task(next, iter(range(10)))
    for turn in range(3):
        put = pool.put(task)
        assert (put is task) == (turn == 0)
        assert put.result(DEADLINE_SECONDS) == turn
        assert put.id == turn + 1
        assert 0 < put.queued_ns <= put.started_ns <= put.ended_ns
    assert (task.result(0), task.id) == (0, 1)


def test_of_a_submitted_call_a_copy_is_put(make: Make) -> None:
    pool = make(1)
    future = pool.submit(int, "7")
    assert isinstance(future, Task)
    put = pool.put(future)
    assert put is not future
    assert [future.result(DEADLINE_SECONDS), put.result(DEADLINE_SECONDS)] == [7, 7]
    assert pool.statistics().submitted == 2


@pytest.mark.parametrize("state", [QUEUED, RUNNING])
def test_of_a_task_that_is_queued_or_runs_a_copy_is_put(
    make: Make, stall: Stall, state: TaskState
) -> None:
    pool = make(2, start=False)

    def run(word: str, *, end: str) -> str:
        stall()
        return word + end

    task = Task(run, "a", end="b").with_limits(priority=3)
    pool.put(task)
    if state is RUNNING:
        pool.start()
        stall.wait_entered()
    assert task.state is state
    copy = pool.put(task)
    assert copy is not task
    assert (task.state, task.id) == (state, 1)
    assert pool.statistics().submitted == 2
    assert (copy.args, dict(copy.kwargs)) == (("a",), {"end": "b"})
    assert (copy.limits, copy.id) == (task.limits, 2)
    if state is QUEUED:
        queue = pool.task_queue
        assert [queue.get(0), queue.get(1)] == [task, copy]
        return
    stall.release.set()
    for one in (task, copy):
        assert one.result(DEADLINE_SECONDS) == "ab"
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.statistics().done == 2


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
    assert (pool.statistics().done, pool.statistics().cancelled) == (1, 1)


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
    batch = pool.batch_put([task] * 20)
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert ran == [1] * 20
    assert {one.state for one in batch} == {TaskState.DONE}
    assert len(set(batch)) == 20
    assert (batch[0] is task) != is_over


@NEEDS_GIL
@pytest.mark.parametrize("call", ["put", "batch_put"])
def test_two_threads_that_put_one_task_at_once_have_it_run_twice(
    make: Make, call: str
) -> None:
    """One of the two is to be queued; the other is put just then."""
    pool = make(1)
    pool.pause()
    ran: list[int] = []
    task = Task(ran.append, 1)
    rival: list[Task] = []
    numbers = pool._core.admission.numbers

    def interrupted() -> Iterator[int]:
        pool._core.admission.numbers = numbers
        other = threading.Thread(target=lambda: rival.append(pool.put(task)))
        other.start()
        other.join(DEADLINE_SECONDS)
        yield next(numbers)

    pool._core.admission.numbers = interrupted()
    put = pool.put(task) if call == "put" else pool.batch_put([task])[0]
    assert put is task
    assert rival[0] is not task
    pool.resume()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert ran == [1, 1]
    assert [one.result(0) for one in (task, *rival)] == [None, None]


# What a subclass has


class Named(Task):
    """A task with a name, and a mark in a slot."""

    __slots__ = ("__secret", "mark", "unset")

    def __init__(self, name: str, call: Callable[[], object]) -> None:
        super().__init__(call)
        self.name = name
        self.mark = [name]
        self.__secret = name.upper()

    def secret(self) -> str:
        return self.__secret


def test_a_copy_has_what_a_subclass_has_added_and_no_more(make: Make) -> None:
    pool = make(1)
    task = Named("one", int).with_limits(priority=2)
    task.logs_failure = False
    pool.put(task)
    task.add_done_callback(hash)
    assert wait([task], DEADLINE_SECONDS).done == {task}
    assert task.cancel() is False  # leaves a mark
    copy = pool.put(task)
    assert type(copy) is Named
    assert (copy.name, copy.secret(), copy.limits) == ("one", "ONE", task.limits)
    assert copy.mark is task.mark
    assert not copy.logs_failure
    assert not hasattr(copy, "unset")
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert copy.result(0) == 0
    assert (copy.state, copy.id, pool.statistics().done) == (TaskState.DONE, 2, 2)
    assert vars(copy).keys() == {"name"}


def test_a_copy_knows_nothing_of_what_became_of_the_task(make: Make) -> None:
    pool = make(1, start=False)
    task = Named("one", int)
    called: list[object] = []
    task.add_done_callback(called.append)
    pool.put(task)
    assert task.cancel()
    copy = pool.put(task)
    assert (copy.state, called, copy.done()) == (QUEUED, [task], False)
    pool.start()
    assert copy.result(DEADLINE_SECONDS) == 0
    assert called == [task]
