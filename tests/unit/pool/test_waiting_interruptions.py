"""Waits and wake-ups that Ctrl-C interrupts, and wake-ups for who has left."""

import signal
import sys
import threading
from _thread import LockType
from collections.abc import Callable
from typing import NoReturn

import pytest
from bounded_support import Caller
from pool_support import until
from waiting_support import News, waiters

from pool_gui.pool.waiting import Deadline, ParkingLot


def interrupted_wait(lot: ParkingLot, ask: Callable[[], bool]) -> None:
    with pytest.raises(KeyboardInterrupt):
        lot.wait_until(ask, Deadline(None))


def test_who_is_interrupted_passes_its_wake_up_on() -> None:
    """The one that waits longest is told, and then Ctrl-C comes."""
    lot, news = ParkingLot(), News()
    behind: list[Caller] = []

    def ask() -> NoReturn:
        behind.extend(waiters(lot, news))
        news.is_out = True
        assert lot.unpark_oldest()
        assert len(lot) == 1, "it was for us, and the other waits"
        raise KeyboardInterrupt

    interrupted_wait(lot, ask)
    assert behind[0].result()
    assert not lot


def test_who_is_interrupted_without_a_wake_up_leaves_nothing() -> None:
    lot, news = ParkingLot(), News()
    behind = waiters(lot, news)

    def ask() -> NoReturn:
        raise KeyboardInterrupt

    interrupted_wait(lot, ask)
    until(lambda: len(lot) == 1)
    news.is_out = True
    lot.unpark_all()
    assert behind[0].result()
    assert not lot


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pthread_kill")
def test_ctrl_c_ends_a_wait() -> None:
    lot = ParkingLot()

    def interrupt() -> None:
        until(lambda: bool(lot))
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    interrupter = Caller(interrupt)
    interrupted_wait(lot, lambda: False)
    interrupter.result()
    assert not lot


def test_whose_time_is_up_passes_its_wake_up_on() -> None:
    """It is told just after its time has ended, and has no use for the news."""
    lot, news = ParkingLot(), News()
    behind: list[Caller] = []
    asked: list[int] = []

    def ask() -> bool:
        asked.append(1)
        if len(asked) == 2:  # the time is up
            behind.extend(waiters(lot, news))
            news.is_out = True
            assert lot.unpark_oldest()
        return False

    assert not lot.wait_until(ask, Deadline(0))
    # Its wake-up is on its way to who waits behind, or nobody tells that one any more.
    left = len(lot)
    lot.unpark_all()
    assert behind[0].result()
    assert not left


@pytest.mark.parametrize("wake", ["unpark_newest", "unpark_oldest", "unpark_all"])
def test_a_wake_up_that_is_interrupted_wakes_all(wake: str) -> None:
    """Somebody was taken out, and Ctrl-C comes before that one is woken."""

    class Interrupted(ParkingLot):
        def __delitem__(self, lock: LockType) -> None:
            super().__delitem__(lock)
            raise KeyboardInterrupt

        def popitem(self) -> tuple[LockType, None]:
            super().popitem()
            raise KeyboardInterrupt

    lot, news = Interrupted(), News()
    callers = waiters(lot, news, 3)
    news.is_out = True
    with pytest.raises(KeyboardInterrupt):
        getattr(lot, wake)()
    assert [caller.result() for caller in callers] == [True] * 3
    assert not lot
    assert not lot.asleep


def test_who_is_roused_and_has_no_news_waits_on() -> None:
    lot, news = ParkingLot(), News()
    callers = waiters(lot, news, 2)
    lot.rouse()
    until(lambda: news.asked == 4)
    until(lambda: len(lot) == 2)
    news.is_out = True
    lot.unpark_all()
    assert [caller.result() for caller in callers] == [True] * 2
    assert not lot.asleep
