"""A task as the future that it is: its moves, and what it tells to whom."""

import concurrent.futures
import copy
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, InvalidStateError
from functools import partial

import pytest
from future_support import (
    ALL_STATES,
    CAME,
    STATES,
    FalsyError,
    InThread,
    Move,
    ask,
    brought_to,
    comers,
    end,
    is_same,
)
from pool_support import until

from pool_gui.pool import Task, TaskDroppedError, TaskState
from pool_gui.pool.task import PENDING
from pool_gui.pool.verdicts import Verdict

MOVES: dict[str, tuple[Move, tuple[object, object, object, object], str]] = {
    # What it answers in each state (pending, running, finished, cancelled), and the
    # first letters of the states in which it leaves the task then.
    "set_running_or_notify_cancel": (
        Task.set_running_or_notify_cancel,
        (True, RuntimeError, RuntimeError, False),
        "RRFC",
    ),
    "cancel": (Task.cancel, (True, False, False, True), "CRFC"),
    "refuse": (
        lambda task: task.refuse(TaskState.EXPIRED, FalsyError(), int),
        (True, False, False, False),
        "FRFC",
    ),
    "refuse as cancelled": (
        lambda task: task.refuse(TaskState.CANCELLED, None, int),
        (True, False, False, False),
        "CRFC",
    ),
    "set_result": (
        lambda task: task.set_result(1),
        (None, None, InvalidStateError, InvalidStateError),
        "FFFC",
    ),
    "set_exception": (
        lambda task: task.set_exception(FalsyError()),
        (None, None, InvalidStateError, InvalidStateError),
        "FFFC",
    ),
    "abandon": (Task.abandon, (None, None, None, None), "CCFC"),
}


@pytest.mark.parametrize("name", MOVES)
def test_each_move_is_made_or_refused(name: str) -> None:
    move, answers, after = MOVES[name]
    for state, come in ALL_STATES:
        index = (0, 1, 1, 2, 2, 3)[STATES.index(state)]
        task = brought_to(state, come)
        answer = ask(move, task)
        if isinstance(answer, Exception):
            answer = type(answer)
        assert answer == answers[index], state
        letter = after[index]
        assert task._state.startswith(letter), state
        assert task.running() == (letter == "R"), state
        assert task.cancelled() == (letter == "C"), state
        assert task.done() == (letter in "FC"), state


STATES_AFTER = {
    "PENDING": TaskState.NEW,
    "RUNNING": TaskState.RUNNING,
    "RUN OUTSIDE": TaskState.RUNNING,
    "FINISHED": TaskState.DONE,
    "REFUSED": TaskState.DROPPED,
    "CANCELLED_AND_NOTIFIED": TaskState.CANCELLED,
}


def test_the_state_of_a_task_is_that_of_its_future() -> None:
    for state, come in ALL_STATES:
        task = brought_to(state, come)
        assert task.state is STATES_AFTER[state]
        if task.done():
            text = f"{task._state}: <Task 0 builtins.int {task.state.value}>"
            with pytest.raises(InvalidStateError, match=text):
                task.set_result(1)


def test_a_task_of_which_the_outcome_was_set_is_done_or_failed() -> None:
    for state in ("PENDING", "RUNNING", "RUN OUTSIDE"):
        for error, after in ((None, TaskState.DONE), (FalsyError(), TaskState.FAILED)):
            task = brought_to(state)
            task.set_exception(error)
            assert task.state is after
            assert task.exception(0) is error


def check_refusal(task: Task, *, was_refused: bool) -> None:
    news: list[object] = []
    task.add_done_callback(lambda _: news.append("told"))
    news.clear()
    is_refused = task.refuse(
        TaskState.CANCELLED, None, lambda: news.append(task.done())
    )
    assert news == ([False, "told"] if is_refused else [])
    if not task.started_ns:
        news.clear()
        task.bury(lambda: news.append("counted"))
        assert news == ([] if is_refused or was_refused else ["counted"])


def test_a_refusal_is_counted_before_anybody_learns_of_it() -> None:
    for state, come in ALL_STATES:
        check_refusal(brought_to(state, come), was_refused=state == "REFUSED")


def test_what_was_decided_and_not_concluded_is_so_by_who_finds_the_task() -> None:
    """A Ctrl-C may come in between; nobody is to wait for ever then."""
    for verdict in (
        Verdict(TaskState.CANCELLED),
        Verdict(TaskState.DROPPED, TaskDroppedError(), int),
    ):
        for come in CAME:
            task = brought_to(PENDING, come)
            waits = InThread(task.result)
            until(lambda task=task: comers(task) == 1)  # type: ignore[misc]
            assert task._decide(verdict) is verdict
            news: list[object] = []
            task.add_done_callback(lambda _, news=news: news.append("told"))  # type: ignore[misc]
            task.bury(partial(news.append, "counted"))
            assert news == (["told"] if verdict.count else ["counted", "told"])
            assert task.state is verdict.state
            assert is_same(waits.answer(), verdict.error or CancelledError())


OUTCOMES = pytest.mark.parametrize(
    "outcome",
    [
        *("result", None, 0),
        *(ValueError("no"), FalsyError(), SystemExit(3), KeyboardInterrupt()),
        *(TimeoutError("the call's own"), CancelledError()),
    ],
    ids=lambda outcome: type(outcome).__name__,
)


def check_told(task: Task, outcome: object) -> None:
    """Look at a task that is over from all sides."""
    for timeout in (None, 0, -1, 1e100, float("inf")):
        assert is_same(ask(task.result, timeout), outcome)
    raised = outcome if isinstance(outcome, BaseException) else None
    assert is_same(ask(task.exception), raised)
    futures: list[Future[object]] = [task]
    assert concurrent.futures.wait(futures).done == {task}
    assert list(concurrent.futures.as_completed(futures)) == futures


@OUTCOMES
def test_the_outcome_is_told_to_who_asks_afterwards(outcome: object) -> None:
    for come in CAME:
        task = brought_to(PENDING, come)
        end(task, outcome)
        called: list[Future[object]] = []
        task.add_done_callback(called.append)
        assert called == [task]
        check_told(task, outcome)


def check_told_to_all(task: Task, timeout: float | None, outcome: object) -> None:
    first = InThread(task.result, timeout)
    until(lambda: comers(task) == 1)
    second = InThread(task.result, timeout)
    third = InThread(task.exception, timeout)
    until(lambda: comers(task) == 3)
    end(task, outcome)
    assert is_same(first.answer(), outcome)
    assert is_same(second.answer(), outcome)
    raised = outcome if isinstance(outcome, BaseException) else None
    assert is_same(third.answer(), raised)
    check_told(task, outcome)


@OUTCOMES
@pytest.mark.parametrize("timeout", [None, threading.TIMEOUT_MAX, 1e100])
def test_the_outcome_is_told_to_all_who_wait(
    outcome: object, timeout: float | None
) -> None:
    check_told_to_all(brought_to(PENDING), timeout, outcome)
    if not isinstance(outcome, CancelledError):
        check_told_to_all(brought_to("RUNNING"), timeout, outcome)


TIMEOUTS = [
    *((0, TimeoutError), (-1, TimeoutError), (-1e100, TimeoutError)),
    *((1e-9, TimeoutError), ("1", TypeError)),
    # From Python 3.14 on locks refuse it; it is never waited for.
    (float("nan"), (TimeoutError, ValueError)),
]


@pytest.mark.parametrize(("timeout", "error"), TIMEOUTS)
def test_a_timeout_means_what_it_means_to_the_standard_future(
    timeout: float, error: type[Exception] | tuple[type[Exception], ...]
) -> None:
    for come in CAME:
        futures: tuple[Future[object], ...] = (Task(int), Future())
        for future in futures:
            come(future)
            for ask_for in (future.result, future.exception):
                with pytest.raises(error):
                    ask_for(timeout)
            future.set_result(7)
            assert future.result(timeout) == 7


DUPLICATES: list[Callable[[object], object]] = [
    *(copy.copy, copy.deepcopy),
    *(partial(pickle.dumps, protocol=number) for number in range(6)),
]


def test_a_task_can_neither_be_pickled_nor_copied() -> None:
    for duplicate in DUPLICATES:
        for state, come in ALL_STATES:
            with pytest.raises(TypeError, match="cannot be pickled or copied"):
                duplicate(brought_to(state, come))
