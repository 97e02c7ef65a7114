"""What comes in between: each race is forced, at the moment that is named for it."""

import concurrent.futures
import threading
from concurrent.futures import CancelledError, Future
from typing import Any

import pytest
from future_support import (
    InThread,
    Moments,
    Move,
    ask,
    brought_to,
    comers,
    end,
    is_same,
    nobody,
    who_waited,
    who_watches,
)
from pool_support import DEADLINE_SECONDS, until

from pool_gui.pool import TaskFuture
from pool_gui.pool.build import HAS_GIL
from pool_gui.pool.future import PENDING

pytestmark = pytest.mark.skipif(
    not HAS_GIL, reason="without the GIL a future has its condition from the beginning"
)


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> Moments:
    return Moments(monkeypatch)


ENDS = pytest.mark.parametrize(
    "outcome",
    ["result", ValueError("no"), CancelledError()],
    ids=["result", "error", "cancel"],
)


class Comer:
    """Somebody who comes to wait for a future, in a thread of his own."""

    def __init__(self, future: TaskFuture, way: str) -> None:
        self._future = future
        self._called = threading.Event()
        before = comers(future)
        self._waits = InThread(getattr(self, way))
        until(
            lambda: (
                comers(future) > before
                or self._called.is_set()
                or not self._waits.is_alive()
            )
        )

    def check(self, outcome: object) -> None:
        assert is_same(self._waits.answer(), outcome)

    def result(self) -> object:
        return self._future.result(DEADLINE_SECONDS)

    def wait(self) -> object:
        futures: list[Future[Any]] = [self._future]
        return concurrent.futures.wait(futures, DEADLINE_SECONDS).done.pop().result(0)

    def as_completed(self) -> object:
        futures: list[Future[Any]] = [self._future]
        (done,) = concurrent.futures.as_completed(futures, DEADLINE_SECONDS)
        return done.result(0)

    def callback(self) -> object:
        over = threading.Event()
        self._future.add_done_callback(lambda _: over.set())
        self._called.set()
        assert over.wait(DEADLINE_SECONDS), "the callback was lost"
        return self._future.result(0)

    def hasty(self) -> object:
        who_waited(self._future)
        self._called.set()
        return self._future.result(DEADLINE_SECONDS)


COMERS = pytest.mark.parametrize(
    "way", ["result", "wait", "as_completed", "callback", "hasty"]
)


@ENDS
@COMERS
def test_the_parked_and_who_comes_then_both_hear_of_the_end(
    way: str, outcome: object, moments: Moments
) -> None:
    future = TaskFuture()
    others: list[Comer] = []

    def in_between() -> None:
        others.append(Comer(future, way))
        end(future, outcome)

    moments.at("parking", in_between)
    assert is_same(ask(future.result, DEADLINE_SECONDS), outcome)
    assert moments.have_come()
    others[0].check(outcome)


@ENDS
def test_a_signal_handler_may_ask_and_end_what_its_thread_waits_for(
    outcome: object, moments: Moments
) -> None:
    future = TaskFuture()

    def handler() -> None:
        assert isinstance(ask(future.result, 0), TimeoutError)
        end(future, outcome)
        assert is_same(ask(future.result), outcome)

    moments.at("parking", handler)
    assert is_same(ask(future.result), outcome)
    assert moments.have_come()


@ENDS
def test_the_end_that_comes_just_before_somebody_parks_is_told(
    outcome: object, moments: Moments
) -> None:
    future = TaskFuture()
    moments.at("about to wait", lambda: end(future, outcome))
    assert is_same(InThread(future.result).answer(), outcome)
    assert moments.have_come()


@ENDS
def test_the_end_in_the_moment_when_the_time_is_up_is_told(
    outcome: object, moments: Moments
) -> None:
    future = TaskFuture()
    moments.at("awake", lambda: end(future, outcome))
    assert is_same(ask(future.result, 1e-6), outcome)
    assert moments.have_come()


UPGRADES = pytest.mark.parametrize(
    ("come", "moment"),
    [
        (nobody, "making the condition"),
        (who_waited, "making the condition"),
        (who_waited, "taking the lock over"),
    ],
)


@UPGRADES
@ENDS
@COMERS
def test_nobody_is_lost_who_comes_while_another_makes_the_condition(
    come: Move, moment: str, way: str, outcome: object, moments: Moments
) -> None:
    future = brought_to(PENDING, come)
    others: list[Comer] = []
    moments.at(moment, lambda: others.append(Comer(future, way)))
    called: list[object] = []
    future.add_done_callback(called.append)
    assert moments.have_come()
    end(future, outcome)
    assert called == [future]
    others[0].check(outcome)


@UPGRADES
@ENDS
@COMERS
def test_the_end_that_comes_while_somebody_makes_the_condition_is_told(
    come: Move, moment: str, way: str, outcome: object, moments: Moments
) -> None:
    future = brought_to(PENDING, come)
    moments.at(moment, lambda: end(future, outcome))
    future._condition  # noqa: B018 - as whoever comes asks for it
    assert moments.have_come()
    Comer(future, way).check(outcome)


@ENDS
def test_what_is_over_is_over_before_the_parked_is_woken(
    outcome: object, moments: Moments
) -> None:
    future = TaskFuture()
    first = InThread(future.result)
    until(lambda: comers(future) == 1)
    called: list[object] = []

    def look() -> None:
        assert is_same(ask(future.result, 0), outcome)
        assert future.cancel() == future.cancelled()
        future.add_done_callback(called.append)

    moments.at("waking the parked", look)
    end(future, outcome)
    assert moments.have_come()
    assert called == [future]
    assert is_same(first.answer(), outcome)


def ends(future: TaskFuture) -> None:
    end(future, "result")


def is_refused(future: TaskFuture) -> bool:
    """Refuse the call; a refusal that comes to nothing must not be counted."""
    counted: list[object] = []
    answer = future.refuse(ValueError("no"), lambda: counted.append(future))
    assert len(counted) == answer
    return answer


def is_called_back(future: TaskFuture) -> bool:
    called: list[object] = []
    future.add_done_callback(called.append)
    return called == [future]


MOMENTS = {
    "making the condition": nobody,
    "taking the lock over": who_waited,
    "locking the condition": who_watches,
}
RIVALS: list[tuple[str, Move, Move, object]] = [
    # From which state, who makes a step, who is quicker, what the step answers.
    ("PENDING", TaskFuture.begin, TaskFuture.cancel, False),
    ("PENDING", TaskFuture.begin, is_refused, False),
    ("PENDING", TaskFuture.cancel, TaskFuture.begin, False),
    ("PENDING", TaskFuture.cancel, TaskFuture.cancel, True),
    ("PENDING", TaskFuture.cancel, is_refused, False),
    ("PENDING", TaskFuture.cancel, ends, False),
    ("PENDING", is_refused, TaskFuture.begin, False),
    ("PENDING", is_refused, TaskFuture.cancel, False),
    ("PENDING", is_refused, is_refused, False),
    ("PENDING", is_called_back, ends, True),
    ("PENDING", is_called_back, TaskFuture.cancel, True),
    ("PENDING", is_called_back, TaskFuture.begin, False),
    ("RUNNING", TaskFuture.cancel, ends, False),
    ("RUNNING", TaskFuture.settle, is_called_back, None),
    ("RUNNING", TaskFuture.settle, TaskFuture.cancel, None),
]
UNDIVIDED = [
    # These decide in one step with their look, so nobody comes in between.
    ("making the condition", "PENDING", TaskFuture.cancel),
    ("taking the lock over", "PENDING", TaskFuture.begin),
    ("taking the lock over", "RUNNING", TaskFuture.settle),
]
RACES = [
    pytest.param(moment, *race, id=f"{moment}: {race[1].__name__}, {race[2].__name__}")
    for moment in MOMENTS
    for race in RIVALS
    if (moment, *race[:2]) not in UNDIVIDED
]


@pytest.mark.parametrize(("moment", "state", "step", "rival", "answer"), RACES)
def test_the_quicker_of_two_decides(
    moment: str,
    state: str,
    step: Move,
    rival: Move,
    answer: object,
    moments: Moments,
) -> None:
    future = brought_to(state, MOMENTS[moment])
    calls: list[object] = []
    is_watched = moment == "locking the condition"
    if is_watched:
        future.add_done_callback(calls.append)
    moments.at(moment, lambda: rival(future))
    assert step(future) == answer
    assert moments.have_come()
    assert len(calls) == (is_watched and future.done())
