"""For how long somebody waits: for no time, for some, or without an end."""

import math
import threading
from fractions import Fraction
from importlib.util import module_from_spec, spec_from_file_location

import pytest
from bounded_support import Caller
from pool_support import DEADLINE_SECONDS, until

from pool_gui.pool import waiting as waiting_module
from pool_gui.pool.waiting import (
    FOREVER,
    Deadline,
    ParkingLot,
    await_release,
    locked_lock,
)


@pytest.mark.parametrize("seconds", [0, 0.01, -1, math.nan, -math.inf])
def test_the_time_ends_a_wait_for_what_does_not_come(seconds: float) -> None:
    lot = ParkingLot()
    assert not lot.wait_until(lambda: False, Deadline(seconds))
    assert not lot


def test_a_wait_has_the_news_that_comes_as_the_time_ends() -> None:
    answers = iter([False, True])
    assert ParkingLot().wait_until(lambda: next(answers), Deadline(0))


def test_a_new_lock_is_locked() -> None:
    assert not locked_lock().acquire(blocking=False)


@pytest.mark.parametrize(
    "endless", [None, 1e9, 1e12, 1e300, math.inf, pytest.param(10**400, id="huge")]
)
def test_an_endless_deadline_is_none(endless: float | None) -> None:
    deadline = Deadline(endless)
    assert deadline.seconds_left() == FOREVER
    assert not deadline.is_over()


@pytest.mark.parametrize("none", [0, -1, -1e12, -math.inf, math.nan])
def test_a_deadline_that_is_no_time_is_over(none: float) -> None:
    deadline = Deadline(none)
    assert deadline.seconds_left() == 0
    assert deadline.is_over()


@pytest.mark.parametrize("seconds", [1, 0.05, 1e6, Fraction(1, 20), True])
def test_a_deadline_comes_nearer(seconds: float) -> None:
    deadline = Deadline(seconds)
    first = deadline.seconds_left()
    assert 0 < first <= seconds
    until(lambda: deadline.seconds_left() < first)
    if seconds < 1:
        until(deadline.is_over)
        assert deadline.seconds_left() == 0


@pytest.mark.parametrize(
    "endless", [None, 1e9, 1e12, 1e300, math.inf, pytest.param(10**400, id="huge")]
)
def test_who_waits_without_an_end_is_woken_by_a_release(endless: float | None) -> None:
    lock, begun = locked_lock(), threading.Event()

    def wait() -> bool:
        begun.set()
        return await_release(lock, endless)

    caller = Caller(wait)
    assert begun.wait(DEADLINE_SECONDS)
    assert caller.is_alive()
    lock.release()
    assert caller.result() is True


@pytest.mark.parametrize("none", [0, -1, -1e12, -math.inf, math.nan, 0.005])
def test_who_waits_in_vain_is_told_when_the_time_is_up(none: float) -> None:
    lock = locked_lock()
    assert await_release(lock, none) is False
    lock.release()
    assert await_release(lock, none) is True


@pytest.mark.parametrize("longest", [threading.TIMEOUT_MAX, 4_294_967.0])
@pytest.mark.parametrize("share", [0.9, 1, 1.1])
def test_no_lock_is_asked_to_wait_longer_than_it_can(
    monkeypatch: pytest.MonkeyPatch, longest: float, share: float
) -> None:
    """On Windows that is 49 days, and a longer wait is refused."""
    monkeypatch.setattr(threading, "TIMEOUT_MAX", longest)
    spec = spec_from_file_location("waiting_elsewhere", waiting_module.__file__)
    assert spec is not None
    assert spec.loader is not None
    elsewhere = module_from_spec(spec)
    spec.loader.exec_module(elsewhere)
    asked: list[float] = []

    class Lock:
        def acquire(self, _: bool = True, timeout: float = -1) -> bool:  # noqa: FBT001, FBT002 - as a lock's
            asked.append(timeout)
            return True

    assert elsewhere.await_release(Lock(), longest * share)
    asked.append(elsewhere.Deadline(longest * share).seconds_left())
    assert max(asked) <= longest
