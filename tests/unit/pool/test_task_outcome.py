import concurrent.futures
import dis
import logging
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, InvalidStateError

import pytest
from future_support import (
    AFTER,
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
from pool_support import DEADLINE_SECONDS, MakePool, until

from pool_gui.pool import ProcessThread, TaskFuture
from pool_gui.pool.build import HAS_GIL
from pool_gui.pool.future import PENDING, RUNNING

MOVES: dict[str, tuple[Move, tuple[object, object, object, object], str]] = {
    # What it answers in each state (pending, running, finished, cancelled), and the
    # first letters of the states in which it leaves the future then.
    "begin": (TaskFuture.begin, (True, False, False, False), "RRFC"),
    "set_running_or_notify_cancel": (
        TaskFuture.set_running_or_notify_cancel,
        (True, RuntimeError, RuntimeError, False),
        "RRFC",
    ),
    "cancel": (TaskFuture.cancel, (True, False, False, True), "CRFC"),
    "refuse": (
        lambda future: future.refuse(FalsyError(), int),
        (True, False, False, False),
        "FRFC",
    ),
    "refuse as cancelled": (
        lambda future: future.refuse(None, int),
        (True, False, False, False),
        "CRFC",
    ),
    "set_result": (
        lambda future: future.set_result(1),
        (None, None, InvalidStateError, InvalidStateError),
        "FFFC",
    ),
    "set_exception": (
        lambda future: future.set_exception(FalsyError()),
        (None, None, InvalidStateError, InvalidStateError),
        "FFFC",
    ),
    "abandon": (TaskFuture.abandon, (None, None, None, None), "CCFC"),
}


@AFTER
@pytest.mark.parametrize("before", range(4), ids=STATES)
@pytest.mark.parametrize("name", MOVES)
def test_each_move_is_made_or_refused(name: str, before: int, come: Move) -> None:
    move, answers, after = MOVES[name]
    future = brought_to(STATES[before], come)
    answer = ask(move, future)
    if isinstance(answer, Exception):
        answer = type(answer)
    assert answer == answers[before]
    assert future._state.startswith(after[before])
    assert future.running() == (after[before] == "R")
    assert future.cancelled() == (after[before] == "C")
    assert future.done() == (after[before] in "FC")


@AFTER
@pytest.mark.parametrize("state", STATES)
def test_a_refusal_is_counted_before_anybody_learns_of_it(
    state: str, come: Move
) -> None:
    future = brought_to(state, come)
    news: list[bool] = []
    future.add_done_callback(lambda _: news.append(True))
    news.clear()
    is_refused = future.refuse(None, lambda: news.append(future.done()))
    assert news == ([False, True] if is_refused else [])


OUTCOMES = pytest.mark.parametrize(
    "outcome",
    [
        *("result", None, 0),
        *(ValueError("no"), FalsyError(), SystemExit(3), KeyboardInterrupt()),
        *(TimeoutError("the call's own"), CancelledError()),
    ],
    ids=lambda outcome: type(outcome).__name__,
)


def check_told(future: TaskFuture, outcome: object) -> None:
    """Look at a future that is over from all sides."""
    for timeout in (None, 0, -1, 1e100):
        assert is_same(ask(future.result, timeout), outcome)
    raised = outcome if isinstance(outcome, BaseException) else None
    assert is_same(ask(future.exception), raised)
    futures: list[Future[object]] = [future]
    assert concurrent.futures.wait(futures).done == {future}
    assert list(concurrent.futures.as_completed(futures)) == futures


@AFTER
@OUTCOMES
def test_the_outcome_is_told_to_who_asks_afterwards(
    outcome: object, come: Move
) -> None:
    future = brought_to(PENDING, come)
    end(future, outcome)
    called: list[Future[object]] = []
    future.add_done_callback(called.append)
    assert called == [future]
    check_told(future, outcome)


@OUTCOMES
@pytest.mark.parametrize("timeout", [None, threading.TIMEOUT_MAX])
@pytest.mark.parametrize("begins", [False, True], ids=["pending", "running"])
def test_the_outcome_is_told_to_all_who_wait(
    outcome: object, timeout: float | None, *, begins: bool
) -> None:
    begins = begins and not isinstance(outcome, CancelledError)
    future = TaskFuture()
    if begins:
        future._state = RUNNING  # as a worker does it, in one step with its look
    first = InThread(future.result, timeout)
    until(lambda: comers(future) == 1)
    second = InThread(future.result, timeout)
    third = InThread(future.exception, timeout)
    until(lambda: comers(future) == 3)
    end(future, outcome)
    assert is_same(first.answer(), outcome)
    assert is_same(second.answer(), outcome)
    raised = outcome if isinstance(outcome, BaseException) else None
    assert is_same(third.answer(), raised)
    check_told(future, outcome)


@AFTER
@pytest.mark.parametrize("kind", [Future, TaskFuture])
@pytest.mark.parametrize(
    ("timeout", "error"),
    [
        *((0, TimeoutError), (-1, TimeoutError), (-1e100, TimeoutError)),
        *((1e-9, TimeoutError), (1e100, OverflowError)),
        *((float("inf"), OverflowError), ("1", TypeError)),
    ],
)
@pytest.mark.parametrize("ask_for", [Future.result, Future.exception])
def test_a_timeout_means_what_it_means_to_the_standard_future(
    kind: type[Future[object]],
    come: Move,
    ask_for: Callable[..., object],
    timeout: float,
    error: type[Exception],
) -> None:
    future = kind()
    come(future)
    with pytest.raises(error):
        getattr(future, ask_for.__name__)(timeout)
    future.set_result(7)
    assert future.result(timeout) == 7


@AFTER
@OUTCOMES
def test_callbacks_are_called_once_in_their_order(outcome: object, come: Move) -> None:
    future = brought_to(PENDING, come)
    calls: list[tuple[str, object]] = []
    future.add_done_callback(lambda one: calls.append(("a", ask(one.result, 0))))
    future.add_done_callback(lambda one: one.add_done_callback(nested))

    def nested(one: Future[object]) -> None:
        calls.append(("b", ask(one.result, 0)))

    if not isinstance(outcome, CancelledError):
        future.begin()
    future.add_done_callback(lambda one: calls.append(("c", ask(one.result, 0))))
    assert calls == []
    end(future, outcome)
    assert not future.cancel() or future.cancelled()
    assert [name for name, _ in calls] == ["a", "b", "c"]
    assert all(is_same(seen, outcome) for _, seen in calls)


@AFTER
@pytest.mark.parametrize(
    "error", [ValueError, FalsyError, SystemExit, KeyboardInterrupt, GeneratorExit]
)
def test_what_a_callback_raises_is_logged_and_the_others_are_called(
    come: Move, error: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> None:
        raise error

    future = brought_to(PENDING, come)
    called: list[object] = []
    future.add_done_callback(fail)
    future.add_done_callback(called.append)
    with caplog.at_level(logging.ERROR, "concurrent.futures"):
        end(future, 1)
    assert called == [future]
    (record,) = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[0] is error


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


WAITS = [
    # Which of three futures end before each of them returns, and how.
    ("FIRST_COMPLETED", [1]),
    ("FIRST_EXCEPTION", [1, CancelledError(), ValueError()]),
    ("FIRST_EXCEPTION", [1, FalsyError()]),
    ("ALL_COMPLETED", [ValueError(), CancelledError(), 1]),
]


@AFTER
@pytest.mark.parametrize(("mode", "outcomes"), WAITS)
def test_wait_returns_when_it_should(
    mode: str, outcomes: list[object], come: Move
) -> None:
    futures = [brought_to(PENDING, come) for _ in range(3)]
    waits = InThread(concurrent.futures.wait, futures, DEADLINE_SECONDS, mode)
    until(lambda: all(getattr(one, "_waiters", ())[-1:] for one in futures))
    for future, outcome in zip(futures, outcomes, strict=False):
        assert waits.is_alive()
        end(future, outcome)
    answer = waits.answer()
    assert isinstance(answer, tuple)
    assert answer[0] == set(futures[: len(outcomes)])


ONE_STEP: list[tuple[Callable[..., object], str, int]] = [
    # The attribute that is stored, and which of its stores.
    (TaskFuture._make_condition, "_waiters", 0),
    (TaskFuture._make_condition, "_done_callbacks", 0),
    (TaskFuture._make_condition, "_made", 0),
    (TaskFuture._await, "_made", 0),
    (TaskFuture.begin, "_state", 0),
    (TaskFuture.settle, "_state", 0),
    (TaskFuture.cancel, "_state", 0),
    (ProcessThread._process, "_state", 0),
    (ProcessThread._process, "_state", 1),
]
UNDIVIDED = (
    *("LOAD_FAST", "STORE_FAST", "LOAD_CONST", "LOAD_GLOBAL", "LOAD_ATTR"),
    *("STORE_ATTR", "IS_OP", "COPY", "SWAP", "NOP", "EXTENDED_ARG", "NOT_TAKEN"),
    *("POP_JUMP_IF", "POP_JUMP_FORWARD_IF"),
)
"""Byte codes, by their beginnings, at which no thread, signal or collector comes."""


@pytest.mark.skipif(not HAS_GIL, reason="without the GIL locks are taken instead")
@pytest.mark.parametrize(
    ("function", "attribute", "nth"),
    ONE_STEP,
    ids=[f"{one.__name__} {name} {nth}" for one, name, nth in ONE_STEP],
)
def test_nobody_can_come_between_a_look_and_its_store(
    function: Callable[..., object], attribute: str, nth: int
) -> None:
    codes = list(dis.get_instructions(function))
    stores = [
        index
        for index, code in enumerate(codes)
        if code.opname == "STORE_ATTR" and code.argval == attribute
    ]
    looks = [
        index
        for index, code in enumerate(codes[: stores[nth]])
        if code.opname.startswith("LOAD_ATTR") and code.argval == "_made"
    ]
    between = codes[looks[-1] : stores[nth]]
    assert all(code.opname.startswith(UNDIVIDED) for code in between), [
        code.opname for code in between
    ]


def test_a_timeout_that_is_no_number_is_no_time_at_all() -> None:
    future = TaskFuture()
    future.add_done_callback(lambda _: None)
    with pytest.raises(TimeoutError):
        future.result(float("nan"))
