"""Each way in which a wake-up could be lost, forced; and what must cost nothing."""

import contextlib
import gc
import sys
import weakref
from _thread import LockType
from collections.abc import Iterator

import pytest
from bounded_support import Caller
from pool_support import until
from waiting_support import News, waiter, waiters

from pool_gui.pool.waiting import (
    Deadline,
    ParkingLot,
    locked_lock,
)


def test_what_is_true_already_needs_no_wait() -> None:
    lot, news = ParkingLot(), News()
    news.is_out = True
    assert lot.wait_until(news, Deadline(None))
    assert lot.wait_until(news, Deadline(0))
    assert not lot


def test_an_announcement_wakes_all() -> None:
    lot, news = ParkingLot(), News()
    callers = waiters(lot, news, 3)
    assert bool(lot)
    news.is_out = True
    lot.unpark_all()
    assert [caller.result() for caller in callers] == [True] * 3
    assert not lot


def test_an_announcement_to_one_wakes_who_waits_longest() -> None:
    lot, news = ParkingLot(), News()
    callers = waiters(lot, news, 3)
    news.is_out = True
    for number, caller in enumerate(callers, 1):
        assert lot.unpark_oldest()
        assert caller.result()
        assert [one.is_alive() for one in callers].count(True) == 3 - number
    assert not lot.unpark_oldest()


def test_nobody_is_told_nothing() -> None:
    lot = ParkingLot()
    lot.unpark_all()
    assert not lot.unpark_oldest()
    assert not lot


def test_who_is_told_too_early_waits_on() -> None:
    lot, news = ParkingLot(), News()
    (caller,) = waiters(lot, news)
    for times in (1, 2, 3):
        lot.unpark_all()
        until(lambda times=times: news.asked == times + 1)  # type: ignore[misc]
        until(lambda: bool(lot))
    news.is_out = True
    lot.unpark_all()
    assert caller.result()


def test_news_between_registering_and_asking_is_not_missed() -> None:
    """It comes, with its announcement, while `is_true` is being asked."""
    lot, news = ParkingLot(), News()

    def ask() -> bool:
        if not news.asked:
            news()
            assert len(lot) == 1, "registered before it asks"
            news.is_out = True
            lot.unpark_all()
            return False  # as if it had looked just before
        return news()

    assert waiter(lot, ask).result()
    assert news.asked == 2


def test_news_before_registering_is_found_by_asking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It comes, with its announcement, when nobody is registered yet."""
    lot, news = ParkingLot(), News()

    def make_lock() -> object:
        assert not lot
        news.is_out = True
        lot.unpark_all()
        return locked_lock()

    monkeypatch.setattr("pool_gui.pool.waiting.locked_lock", make_lock)
    assert waiter(lot, news).result()
    assert news.asked == 1


def test_a_wake_up_while_the_last_one_is_looked_into_is_not_missed() -> None:
    """Woken too early, it asks; meanwhile the true news comes."""
    lot, news = ParkingLot(), News()

    def ask() -> bool:
        known = news()
        if news.asked == 1:
            lot.unpark_all()  # too early
        elif news.asked == 2:
            news.is_out = True
            lot.unpark_all()
        return known

    assert waiter(lot, ask).result()
    assert news.asked == 3


def test_a_handler_and_a_finalizer_may_announce_in_the_middle_of_a_wait() -> None:
    lot, news = ParkingLot(), News()

    class Node:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            news.is_out = True
            lot.unpark_all()

    def ask() -> bool:
        known = news()
        if news.asked == 1:
            Node()
            gc.collect()
        return known

    assert waiter(lot, ask).result()
    assert news.asked == 2


@pytest.mark.parametrize("error", [StopIteration, KeyError, RuntimeError])
def test_a_wake_up_survives_that_others_come_and_go(
    error: type[Exception],
) -> None:
    class Busy(ParkingLot):
        failures = 2

        def _fail(self, kind: type[Exception]) -> None:
            if self.failures and error is kind:
                self.failures -= 1
                raise error

        def __iter__(self) -> Iterator[LockType]:
            self._fail(StopIteration)
            self._fail(RuntimeError)
            return super().__iter__()

        def __delitem__(self, lock: LockType) -> None:
            self._fail(KeyError)
            super().__delitem__(lock)

    lot, news = Busy(), News()
    (caller,) = waiters(lot, news)
    news.is_out = True
    assert lot.unpark_oldest()
    assert caller.result()
    assert not lot.failures


def test_a_wait_keeps_nothing_alive_afterwards() -> None:
    lot = ParkingLot()

    class Question:
        def __call__(self) -> bool:
            return False

    question = Question()
    gone = weakref.ref(question)
    lot.wait_until(question, Deadline(0))
    del question
    assert gone() is None
    assert not lot


def test_in_a_forked_child_nobody_waits() -> None:
    lot, news = ParkingLot(), News()
    (caller,) = waiters(lot, news)
    lock = next(iter(lot))
    lot.clear()
    assert not lot
    news.is_out = True
    lock.release()
    assert caller.result()


def test_no_wake_up_is_lost_among_many_threads() -> None:
    """Tokens go round: each is announced to one, and each waiter takes one."""
    lot, each, takers = ParkingLot(), 300, 6
    tokens: list[None] = []
    taken: list[int] = []

    def take() -> None:
        for _ in range(each):
            while True:
                assert lot.wait_until(lambda: bool(tokens), Deadline(None))
                with contextlib.suppress(IndexError):
                    tokens.pop()
                    break
            taken.append(1)

    def give() -> None:
        for _ in range(each * takers // 2):
            tokens.append(None)
            lot.unpark_oldest()

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        callers = [Caller(take) for _ in range(takers)]
        callers += [Caller(give) for _ in range(2)]
        for caller in callers:
            caller.result()
    finally:
        sys.setswitchinterval(before)
    assert len(taken) == each * takers
    assert not tokens
    assert not lot


def test_the_one_that_came_last_is_woken_first() -> None:
    lot, news = ParkingLot(), News()
    callers = waiters(lot, news, 3)
    news.is_out = True
    for number, caller in enumerate(reversed(callers), 1):
        assert lot.unpark_newest()
        assert caller.result()
        assert [one.is_alive() for one in callers].count(True) == 3 - number
    assert not lot.unpark_newest()


def test_a_wake_up_reaches_who_parks_on_that_lock_and_no_other() -> None:
    lot, news = ParkingLot(), News()
    callers = waiters(lot, news, 2)
    news.is_out = True
    newer = list(lot)[1]
    assert lot.unpark(newer)
    assert callers[1].result()
    assert callers[0].is_alive()
    assert not lot.unpark(newer)
    assert not lot.unpark(locked_lock())
    lot.unpark_all()
    assert callers[0].result()
