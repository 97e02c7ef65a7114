"""Calls under a lock, which leave none held."""

import threading

import pytest
from bounded_support import Caller

from pool_gui.pool.deferring import hold, is_mine


def test_what_is_called_under_a_lock_has_it_and_gives_it_back() -> None:
    lock = threading.RLock()

    def act() -> str:
        assert is_mine(lock)
        assert hold(lock, lambda: "inner") == "inner"
        assert is_mine(lock), "it is still held outside"
        assert Caller(is_mine, lock).result() is False
        return "outer"

    assert hold(lock, act) == "outer"
    assert not is_mine(lock)


def test_what_is_called_under_a_lock_gives_it_back_when_it_raises() -> None:
    lock = threading.RLock()

    def act() -> None:
        with pytest.raises(KeyboardInterrupt):
            hold(lock, fail)
        assert is_mine(lock)
        fail()

    def fail() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hold(lock, act)
    assert not is_mine(lock)


def test_a_lock_that_another_thread_holds_is_waited_for() -> None:
    lock, order = threading.RLock(), list[str]()

    def second() -> None:
        hold(lock, lambda: order.append("second"))

    def first() -> Caller:
        caller = Caller(second)
        order.append("first")
        return caller

    hold(lock, first).result()
    assert order == ["first", "second"]
