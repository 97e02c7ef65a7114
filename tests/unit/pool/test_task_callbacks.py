"""The callbacks of a task: when they are called, and what they may raise."""

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any

import pytest
from future_support import CAME, FalsyError, ask, brought_to, end, is_same
from pool_support import DEADLINE_SECONDS, MakePool

from pool_gui.pool import Task, TaskDroppedError, TaskState
from pool_gui.pool.task import PENDING

OUTCOMES = pytest.mark.parametrize(
    "outcome",
    ["result", ValueError("no"), FalsyError(), KeyboardInterrupt(), CancelledError()],
    ids=lambda outcome: type(outcome).__name__,
)


def test_the_callbacks_of_a_refused_task_may_be_called_elsewhere() -> None:
    for come in CAME:
        task = brought_to(PENDING, come)
        called: list[object] = []
        elsewhere: list[Callable[[], object]] = []
        task.add_done_callback(called.append)
        assert task.refuse(TaskState.EXPIRED, TaskDroppedError(), int, elsewhere.append)
        assert task.done()
        assert called == []
        (call_back,) = elsewhere
        call_back()
        assert called == [task]


def check_callbacks(task: Task, outcome: object) -> None:
    calls: list[tuple[str, object]] = []

    def note(name: str) -> Callable[[Future[Any]], None]:
        return lambda one: calls.append((name, ask(one.result, 0)))

    task.add_done_callback(note("a"))
    task.add_done_callback(lambda one: one.add_done_callback(note("b")))
    if not isinstance(outcome, CancelledError):
        assert task.begin(1)
    task.add_done_callback(note("c"))
    assert calls == []
    end(task, outcome)
    assert not task.cancel() or task.cancelled()
    assert [name for name, _ in calls] == ["a", "b", "c"]
    assert all(is_same(seen, outcome) for _, seen in calls)


@OUTCOMES
def test_callbacks_are_called_once_in_their_order(outcome: object) -> None:
    for come in CAME:
        check_callbacks(brought_to(PENDING, come), outcome)


@pytest.mark.parametrize(
    "error", [ValueError, FalsyError, SystemExit, KeyboardInterrupt, GeneratorExit]
)
def test_what_a_callback_raises_is_logged_and_the_others_are_called(
    error: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> None:
        raise error

    for come in CAME:
        task = brought_to(PENDING, come)
        called: list[object] = []
        task.add_done_callback(fail)
        task.add_done_callback(called.append)
        end(task, 1)
        assert called == [task]
        record = caplog.records.pop()
        assert not caplog.records
        assert record.name == "concurrent.futures"
        assert record.getMessage().startswith("exception calling callback for <Task 0 ")
        assert record.exc_info is not None
        assert record.exc_info[0] is error


@pytest.mark.parametrize("when", ["cancel", "add_done_callback"])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_who_ends_a_task_himself_gets_what_is_meant_for_his_thread(
    when: str, error: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    """As the standard future has it: only an `Exception` is logged, and kept back."""

    def fail(_: object) -> None:
        raise error

    task = Task(int)
    called: list[object] = []
    if when == "add_done_callback":
        task.set_result(1)
        answer = ask(task.add_done_callback, fail)
    else:
        task.add_done_callback(fail)
        task.add_done_callback(called.append)
        answer = ask(task.cancel)
        assert called == [task], "the others are called"
    if error is ValueError:
        assert not isinstance(answer, BaseException)
        assert [one.exc_info is None for one in caplog.records] == [False]
    else:
        assert isinstance(answer, KeyboardInterrupt)
        assert not caplog.records


def test_a_worker_outlives_what_callbacks_raise(
    make_pool: MakePool, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> None:
        raise SystemExit

    pool = make_pool(1)
    before = pool.workers()
    held = threading.Event()
    future = pool.submit(held.wait, DEADLINE_SECONDS)
    future.add_done_callback(fail)
    held.set()
    assert future.result(DEADLINE_SECONDS)
    assert pool.submit(len, "four").result(DEADLINE_SECONDS) == 4
    assert pool.workers() == before
    assert [record.exc_text is None for record in caplog.records] == [False]


class Shy(Task):
    """A task of which the text cannot be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("no text")


def test_a_callback_that_raises_harms_nothing_if_the_task_has_no_text(
    make_pool: MakePool, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> None:
        raise ValueError("no")

    pool = make_pool(1)
    before = pool.workers()
    task = Shy(int)
    called: list[object] = []
    task.add_done_callback(fail)
    task.add_done_callback(called.append)
    pool.put(task)
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert (task.result(0), called, pool.workers()) == (0, [task], before)
    (record,) = caplog.records
    assert record.name == "concurrent.futures"
