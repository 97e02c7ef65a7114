"""Who comes in between: each race is forced, at each step of the pool's own code."""

import concurrent.futures
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, InvalidStateError
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from future_support import Comer, InThread, Step, ask, each_step, is_same, waiting
from pool_support import DEADLINE_SECONDS, until

from pool_gui.pool import (
    ProcessThread,
    Task,
    TaskExpiredError,
    TaskState,
    ThreadSafeQueue,
)
from pool_gui.pool.queue import backlog_of

if TYPE_CHECKING:
    from pool_gui.pool.counters import Counters


class Subject:
    """A task that several want to run or to end, and what came of it.

    Attributes:
        task: the task.
        calls: has an entry for each time that it was called.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.task = Task(self._call)
        self._told: list[object] = []
        self._counted: list[str] = []
        self._workers: list[tuple[ProcessThread, Counters]] = []
        self._winners: list[str] = []
        self.task.add_done_callback(self._told.append)

    def _call(self) -> str:
        self.calls.append("called")
        return "run"

    def run(self) -> None:
        """Run it as a worker does, in this thread."""
        queue = ThreadSafeQueue()
        queue.put(self.task)
        backlog_of(queue).end()
        worker = ProcessThread(queue)
        self._workers.append((worker, worker._core.counters))
        worker.run()
        assert worker.record.task is None

    def cancel(self) -> None:
        """Cancel it, and look whether that is so."""
        is_cancelled = self.task.cancel()
        assert is_cancelled == self.task.cancelled()
        if is_cancelled:
            self._winners.append("cancel")

    def expire(self) -> None:
        """Refuse to run it."""
        if self.task.refuse(
            TaskState.EXPIRED, TaskExpiredError(), lambda: self._counted.append("it")
        ):
            self._winners.append("expire")

    def set_result(self) -> None:
        """Say what came out of it."""
        try:
            self.task.set_result("set_result")
        except InvalidStateError:
            return
        self._winners.append("set_result")

    def run_outside(self) -> None:
        """Run it as somebody without a pool does."""
        with suppress(RuntimeError, InvalidStateError):
            if self.task.set_running_or_notify_cancel():
                self.task.set_result("run_outside")
                self._winners.append("run_outside")

    def check(self) -> None:
        """Check that all agree."""
        kind = self.kind()
        winners = set(self._winners)
        assert winners == ({kind} if kind != "run" else set())
        assert len(self._winners) == 1 or kind in ("run", "cancel")
        assert self._told == [self.task], "called back once"
        assert len(self.calls) == (kind == "run") or (
            kind == "set_result" and len(self.calls) <= 1
        )
        assert self._counted == (["it"] if kind == "expire" else [])
        states = {"cancel": TaskState.CANCELLED, "expire": TaskState.EXPIRED}
        assert self.task.state is states.get(kind, TaskState.DONE)
        for worker, counters in self._workers:
            ran = worker.record.done
            assert worker.record.started == ran == len(self.calls)
            found = counters.cancelled.taken()
            assert ran + found + len(self._counted) == 1, "counted once"
        assert bool(self.task.started_ns) == bool(self.calls)

    def counted(self) -> int:
        """Return how often its refusal was counted."""
        return len(self._counted)

    def kind(self) -> str:
        """Return who has decided."""
        outcome = ask(self.task.result, 0)
        if isinstance(outcome, str):
            return outcome
        return "cancel" if isinstance(outcome, CancelledError) else "expire"


Decide = Callable[[Subject], object]

DECIDERS: list[Decide] = [
    *(Subject.run, Subject.cancel, Subject.expire, Subject.set_result),
    Subject.run_outside,
]
BY_NAME: Any = {"ids": lambda one: one.__name__}
ONE = pytest.mark.parametrize("one", DECIDERS, **BY_NAME)


def others_than(one: Decide) -> list[Decide]:
    """Return who may come in between: a task is run by one worker alone."""
    return [other for other in DECIDERS if other is not one or one is not Subject.run]


@ONE
def test_whoever_comes_in_between_all_agree_on_who_has_decided(one: Decide) -> None:
    for other in others_than(one):
        for step in each_step():
            subject = Subject()
            step.run(partial(one, subject), partial(other, subject))
            subject.check()


@ONE
def test_three_agree_where_two_come_at_the_same_step(one: Decide) -> None:
    pairs = list(itertools.permutations(others_than(one), 2))
    for step in each_step():
        subject = Subject()
        second, third = pairs[step.number % len(pairs)]
        step.run(partial(one, subject), lambda: (second(subject), third(subject)))  # noqa: B023 - called at once
        subject.check()


def test_whoever_learns_of_a_refusal_finds_it_counted() -> None:
    """Also if a worker comes to the task amid the refusal, and tells of it."""
    for step in each_step():
        subject, seen = Subject(), list[int]()
        subject.task.add_done_callback(lambda _: seen.append(subject.counted()))  # noqa: B023
        step.run(subject.expire, subject.run)
        subject.check()
        assert seen == [int(subject.kind() == "expire")]


def result(task: Task) -> object:
    return task.result(DEADLINE_SECONDS)


def wait(task: Task) -> object:
    return concurrent.futures.wait([task], DEADLINE_SECONDS).done.pop().result(0)


def as_completed(task: Task) -> object:
    futures: list[Future[Any]] = [task]
    (done,) = concurrent.futures.as_completed(futures, DEADLINE_SECONDS)
    return done.result(0)


def callback(task: Task) -> object:
    over = threading.Event()
    task.add_done_callback(lambda _: over.set())
    assert over.wait(DEADLINE_SECONDS), "the callback was lost"
    return task.result(0)


def hasty(task: Task) -> object:
    with suppress(TimeoutError):
        task.result(0)
    return task.result(DEADLINE_SECONDS)


WAITS: list[Callable[[Task], object]] = [result, wait, as_completed, callback, hasty]


def check_told(subject: Subject, answer: object) -> None:
    """Check what somebody was told who had waited."""
    assert is_same(answer, ask(subject.task.result, 0))
    subject.check()


@ONE
def test_who_comes_to_wait_at_any_step_is_told(one: Decide) -> None:
    for step in each_step():
        subject, coming = Subject(), list[Comer]()
        wait = WAITS[step.number % len(WAITS)]
        step.run(
            partial(one, subject),
            lambda: coming.append(Comer(subject.task, wait)),  # noqa: B023 - called at once
        )
        check_told(subject, coming[0].answer())


class Race:
    """Somebody waits, and somebody decides at a step of that.

    He decides in the waiting thread itself, as a signal handler does, or in another. If
    the step only comes after the end of the wait, a third one ends it.
    """

    def __init__(self, step: Step, wait: Callable[[Task], object]) -> None:
        self._step = step
        self._wait = wait
        self._subject = Subject()

    def run(self) -> None:
        """Have them race, and check what each was told."""
        task = self._subject.task
        third = InThread(self._end_late)
        answer = self._step.run(partial(ask, self._wait, task), self._decide)
        assert third.answer() is None
        check_told(self._subject, answer)

    def _decide(self) -> None:
        number = self._step.number
        decide = partial(DECIDERS[number // 2 % len(DECIDERS)], self._subject)
        assert (InThread(decide).answer() if number % 2 else decide()) is None

    def _end_late(self) -> None:
        until(lambda: self._step.has_come or waiting(self._subject.task) > 1)
        if not self._step.has_come:
            self._subject.cancel()


@pytest.mark.parametrize("wait", WAITS, **BY_NAME)
def test_the_end_that_comes_at_any_step_of_a_wait_is_told(
    wait: Callable[[Task], object],
) -> None:
    for step in each_step():
        Race(step, wait).run()


@ONE
def test_a_callback_added_at_any_step_is_called_once(one: Decide) -> None:
    for step in each_step():
        subject, called = Subject(), list[object]()
        add = partial(subject.task.add_done_callback, called.append)
        step.run(partial(one, subject), add)
        subject.check()
        assert called == [subject.task]


def test_who_decides_at_any_step_of_adding_a_callback_calls_it_once() -> None:
    for step in each_step():
        subject, called = Subject(), list[object]()
        one = DECIDERS[step.number % len(DECIDERS)]
        step.run(
            partial(subject.task.add_done_callback, called.append),
            partial(one, subject),
        )
        subject.check()
        assert called == [subject.task]


def test_callbacks_added_at_once_are_all_called() -> None:
    for step in each_step():
        subject, called = Subject(), list[str]()
        task = subject.task
        step.run(
            lambda: task.add_done_callback(lambda _: called.append("one")),  # noqa: B023
            lambda: task.add_done_callback(lambda _: called.append("other")),  # noqa: B023
        )
        subject.run()
        subject.check()
        assert sorted(called) == ["one", "other"]


def test_two_that_put_one_task_at_once_do_not_both_get_it() -> None:
    for step in each_step(least=1):
        task, claims = Task(int), list[bool]()
        first = step.run(task.claim, lambda: claims.append(task.claim()))  # noqa: B023
        assert sorted([first, *claims], key=bool) == [False, True]
