"""What `concurrent.futures` sees of a task: `_condition`, `_waiters` and `_state`."""

import asyncio
import concurrent.futures
from concurrent.futures import CancelledError, Future, wait
from functools import partial
from typing import Any

import pytest
from future_support import (
    FalsyError,
    InThread,
    ask,
    brought_to,
    each_step,
    end,
    is_same,
)
from pool_support import DEADLINE_SECONDS

from pool_gui.pool import Task
from pool_gui.pool.task import CANCELLED, FINISHED, PENDING, RUNNING

OUTCOMES: list[object] = ["result", ValueError("no"), FalsyError(), CancelledError()]
OUTCOME = pytest.mark.parametrize("outcome", OUTCOMES, ids=repr)


class Waiter:
    """What `wait` and `as_completed` put among a future's waiters."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Future[Any], str, object]] = []

    def _add(self, kind: str, future: Future[Any]) -> None:
        outcome = ask(future.result, 0)
        self.told.append((kind, future, future._state, outcome))

    def add_result(self, future: Future[Any]) -> None:
        self._add("result", future)

    def add_exception(self, future: Future[Any]) -> None:
        self._add("exception", future)

    def add_cancelled(self, future: Future[Any]) -> None:
        self._add("cancelled", future)


def kind_of(outcome: object) -> str:
    if isinstance(outcome, CancelledError):
        return "cancelled"
    return "exception" if isinstance(outcome, BaseException) else "result"


def check(waiter: Waiter, task: Task, outcome: object) -> None:
    """Check that the waiter was told once, when all could be seen."""
    ((kind, future, state, told),) = waiter.told
    assert (kind, future) == (kind_of(outcome), task)
    assert state == (CANCELLED if kind == "cancelled" else FINISHED)
    assert is_same(told, outcome)


def test_the_states_are_called_as_the_standard_library_calls_them() -> None:
    base = concurrent.futures._base
    assert (PENDING, RUNNING, FINISHED) == (base.PENDING, base.RUNNING, base.FINISHED)
    assert CANCELLED == base.CANCELLED_AND_NOTIFIED
    assert [brought_to(state)._state for state in (PENDING, "RUN OUTSIDE")] == [
        *(PENDING, RUNNING)
    ]


def test_a_task_that_nobody_looks_into_has_no_lock() -> None:
    task = Task(int)
    assert (task._state, task.running(), task.done()) == (PENDING, False, False)
    end(task, 7)
    assert task.result() == 7
    assert vars(task) == {}


def test_the_condition_stays_the_same_and_is_a_lock_of_this_thread() -> None:
    for task in (Task(int), brought_to(FINISHED)):
        condition = task._condition
        assert task._condition is condition
        with condition, task._condition:
            assert InThread(condition._lock.lock.acquire, False).answer() is False
        assert task._waiters is task._waiters


@OUTCOME
def test_waiters_are_told_at_the_end_and_never_twice(outcome: object) -> None:
    task, waiter = Task(int), Waiter()
    with task._condition:
        task._waiters.append(waiter)
    end(task, outcome)
    check(waiter, task, outcome)
    with task._condition:
        task._waiters.append(Waiter())
    assert len(waiter.told) == 1


@OUTCOME
@pytest.mark.parametrize("in_thread", [False, True], ids=["here", "in a thread"])
def test_nothing_changes_while_somebody_holds_the_condition(
    outcome: object, *, in_thread: bool
) -> None:
    """Who ends the task does not wait for that; who asks it directly learns of it."""
    task, waiter = Task(int), Waiter()
    if not isinstance(outcome, CancelledError):
        assert task.begin(1)
    with task._condition:
        before = task._state
        assert (InThread(end, task, outcome).answer() if in_thread else None) is None
        if not in_thread:
            end(task, outcome)
        assert task.done()
        assert is_same(ask(task.result), outcome)
        assert task._state in (before, RUNNING), "not over"
        task._waiters.append(waiter)
        assert waiter.told == []
    check(waiter, task, outcome)
    assert task._state == (CANCELLED if kind_of(outcome) == "cancelled" else FINISHED)


@OUTCOME
def test_who_looks_while_it_ends_is_told_or_sees_it_over(outcome: object) -> None:
    def look(task: Task, waiter: Waiter, seen: list[str]) -> None:
        with task._condition:
            seen.append(task._state)
            if seen[0] in (PENDING, RUNNING):
                task._waiters.append(waiter)

    def check_seen(task: Task, waiter: Waiter, seen: list[str]) -> None:
        if seen[0] in (PENDING, RUNNING):
            check(waiter, task, outcome)
        assert task._state in (CANCELLED, FINISHED)

    for step in each_step():
        looked = Task(int), Waiter(), list[str]()
        step.run(lambda: end(looked[0], outcome), lambda: look(*looked))  # noqa: B023
        check_seen(*looked)
    for step in each_step():
        looked = Task(int), Waiter(), list[str]()
        ends = partial(end, looked[0], outcome)
        in_thread = step.number % 2
        step.run(
            partial(look, *looked),
            (lambda: InThread(ends).answer()) if in_thread else ends,  # noqa: B023
        )
        check_seen(*looked)


def test_who_looks_first_at_the_same_time_shares_one_condition() -> None:
    for step in each_step():
        task, seen = Task(int), list[object]()
        first = step.run(
            lambda: task._condition,  # noqa: B023 - called at once
            lambda: seen.append(task._condition),  # noqa: B023
        )
        assert seen == [first]
        waiter = Waiter()
        task._waiters.append(waiter)
        end(task, 7)
        check(waiter, task, 7)


@OUTCOME
def test_who_looks_after_the_end_sees_it_over(outcome: object) -> None:
    task, waiter = Task(int), Waiter()
    end(task, outcome)
    with task._condition:
        assert task._state in (CANCELLED, FINISHED)
        task._waiters.append(waiter)  # as `wait` does if others are not over
        task._waiters.remove(waiter)
    assert waiter.told == []


@OUTCOME
def test_asyncio_sees_the_same(outcome: object) -> None:
    async def run(task: Task) -> object:
        wrapped = asyncio.wrap_future(task)
        if not task.done():
            await asyncio.to_thread(end, task, outcome)
        done, _ = await asyncio.wait([wrapped], timeout=DEADLINE_SECONDS)
        assert done == {wrapped}
        return ask(wrapped.result)

    over = Task(int)
    end(over, outcome)
    for task in (Task(int), over):
        answer = asyncio.run(run(task))
        if isinstance(outcome, CancelledError):
            assert isinstance(answer, asyncio.CancelledError)
        else:
            assert answer is outcome


def test_a_wrapped_task_that_is_cancelled_is_cancelled_itself() -> None:
    async def run(task: Task) -> None:
        wrapped = asyncio.wrap_future(task)
        assert wrapped.cancel()
        with pytest.raises(asyncio.CancelledError):
            await wrapped

    task = Task(int)
    asyncio.run(run(task))
    assert task.cancelled()


def test_several_who_wait_in_their_own_ways_are_all_told() -> None:
    tasks = [Task(int) for _ in range(3)]
    for task in tasks:
        with task._condition:
            pass
    waits = [InThread(wait, tasks, DEADLINE_SECONDS) for _ in range(3)]
    asks = [InThread(task.result, DEADLINE_SECONDS) for task in tasks]
    for task in tasks:
        end(task, 7)
    assert [one.answer() for one in asks] == [7] * 3
    assert [one.answer() for one in waits] == [(set(tasks), set())] * 3
    assert all(task._waiters == [] for task in tasks)
