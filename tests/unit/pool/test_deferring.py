"""The lock around a pool's life: who may not wait wishes, and is granted it."""

import logging
import threading
from collections.abc import Callable

import pytest
from pool_support import DEADLINE_SECONDS, until

from pool_gui.pool.lifelock import MAX_WISHES, LifeLock


class Holder:
    """Another thread that holds the lock from the beginning until it is released."""

    def __init__(self, lock: LifeLock, *, tries: bool = False) -> None:
        self._lock = lock
        self._tries = tries
        self._holds = threading.Event()
        self._may_leave = threading.Event()
        self.thread = threading.Thread(target=self._hold)
        self.thread.start()
        assert self._holds.wait(DEADLINE_SECONDS)

    def _hold(self) -> None:
        if self._tries:
            assert self._lock.try_enter()
            self._wait()
            self._lock.leave()
        else:
            with self._lock:
                self._wait()

    def _wait(self) -> None:
        self._holds.set()
        assert self._may_leave.wait(DEADLINE_SECONDS)

    def release(self) -> None:
        self._may_leave.set()
        self.thread.join(DEADLINE_SECONDS)
        assert not self.thread.is_alive()


@pytest.fixture
def lock() -> LifeLock:
    return LifeLock()


def is_free(lock: LifeLock) -> bool:
    """Whether another thread gets the lock without waiting."""
    answers: list[bool] = []

    def attempt() -> None:
        answers.append(lock.try_enter())
        if answers[0]:
            lock.leave()

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join(DEADLINE_SECONDS)
    return answers == [True]


def test_a_wish_is_granted_at_once_and_under_the_lock_if_that_is_free(
    lock: LifeLock,
) -> None:
    seen: list[object] = []
    lock.wish(lambda: seen.extend([threading.current_thread(), is_free(lock)]))
    assert seen == [threading.current_thread(), False]
    assert is_free(lock)


@pytest.mark.parametrize("tries", [False, True], ids=["with", "try_enter"])
def test_a_wish_while_another_thread_holds_it_is_granted_by_that_on_leaving(
    lock: LifeLock,
    tries: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    holder = Holder(lock, tries=tries)
    granted: list[tuple[int, threading.Thread, bool]] = []
    for number in range(3):
        lock.wish(
            lambda number=number: granted.append(  # type: ignore[misc]
                (number, threading.current_thread(), is_free(lock))
            )
        )
    assert not granted, "and the wisher did not wait for it"
    holder.release()
    assert granted == [(number, holder.thread, False) for number in range(3)]
    assert is_free(lock)


def test_a_wish_of_the_holder_itself_is_granted_when_it_leaves_altogether(
    lock: LifeLock,
) -> None:
    granted: list[str] = []
    with lock:
        with lock:
            lock.wish(lambda: granted.append("inner"))
            assert not granted
        assert not granted, "it is left, but still held"
        lock.wish(lambda: granted.append("outer"))
    assert granted == ["inner", "outer"]


def test_a_wish_of_a_wish_is_granted_after_it(lock: LifeLock) -> None:
    order: list[str] = []

    def wish_more() -> None:
        lock.wish(lambda: order.append("second"))
        order.append("first")

    lock.wish(wish_more)
    assert order == ["first", "second"]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_wish_that_comes_as_the_holder_gives_the_lock_back_is_granted(
    lock: LifeLock, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    granted: list[int] = []
    inner = lock._lock

    def wish_elsewhere() -> None:
        thread = threading.Thread(target=lock.wish, args=(lambda: granted.append(1),))
        thread.start()
        thread.join(DEADLINE_SECONDS)
        assert not thread.is_alive()

    class Spy:
        """Lets another thread wish just before the lock is free, or just after."""

        acquire = staticmethod(inner.acquire)

        @staticmethod
        def release() -> None:
            monkeypatch.undo()
            if moment == "before":
                wish_elsewhere()
                assert not granted
            inner.release()
            if moment == "after":
                wish_elsewhere()

    with lock:
        monkeypatch.setattr(lock, "_lock", Spy)
    assert granted == [1]
    assert is_free(lock)


def test_who_tries_gets_it_only_if_nobody_has_it(lock: LifeLock) -> None:
    with lock:
        assert not lock.try_enter(), "this thread has it already"
        assert not is_free(lock), "and still has it"
    assert lock.try_enter()
    assert not lock.try_enter()
    assert not is_free(lock)
    lock.leave()
    assert is_free(lock)


def test_who_may_wait_waits_and_comes_in_alone(lock: LifeLock) -> None:
    holder = Holder(lock)
    entered: list[str] = []

    def enter() -> None:
        with lock:
            entered.append("in")

    thread = threading.Thread(target=enter)
    thread.start()
    assert not is_free(lock)
    assert not entered
    holder.release()
    thread.join(DEADLINE_SECONDS)
    assert entered == ["in"]


@pytest.mark.expects_log
def test_a_runtime_error_of_a_wish_is_logged_and_hinders_no_other(
    lock: LifeLock, caplog: pytest.LogCaptureFixture
) -> None:
    granted: list[int] = []

    def fail() -> None:
        raise RuntimeError("can't start new thread")

    with lock:
        lock.wish(fail)
        lock.wish(lambda: granted.append(1))
        lock.wish(fail)
        lock.wish(lambda: granted.append(2))
    assert granted == [1, 2]
    assert is_free(lock)
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    assert all(record.name == "pool_gui.pool" for record in caplog.records)
    assert "can't start new thread" in caplog.text


def test_another_error_of_a_wish_reaches_who_grants_it_and_leaves_the_lock_free(
    lock: LifeLock,
) -> None:
    def fail() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lock.wish(fail)
    assert is_free(lock)


def test_what_the_holder_raises_comes_out_and_its_wishes_are_granted(
    lock: LifeLock,
) -> None:
    granted: list[int] = []

    def wish_and_fail() -> None:
        with lock:
            lock.wish(lambda: granted.append(1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        wish_and_fail()
    assert granted == [1]
    assert is_free(lock)


def test_wishes_of_one_kind_that_wait_are_bounded_and_push_no_other_out() -> None:
    lock, heard = LifeLock(), list[str]()
    calls = iter(range(10**6))

    def often() -> None:
        next(calls)

    with lock:
        lock.wish(lambda: heard.append("once"))
        for _ in range(10 * MAX_WISHES):
            lock.wish(often)
        assert len(lock._wishes) == MAX_WISHES + 1
    assert heard == ["once"]
    assert next(calls) == MAX_WISHES
    assert not lock._wishes


def test_a_forked_child_is_rid_of_the_parent_s_threads_and_wishes(
    lock: LifeLock,
) -> None:
    holder = Holder(lock)
    granted: list[int] = []
    lock.wish(lambda: granted.append(1))
    parents = lock._lock
    lock.forget_threads()
    assert is_free(lock)
    lock._lock, lock._depth = parents, 1  # for the parent's thread to leave
    holder.release()
    assert not granted


def test_many_threads_wish_and_hold_and_every_wish_is_granted_alone(
    lock: LifeLock,
) -> None:
    inside: list[int] = []
    granted = 0
    wrong: list[int] = []

    def act() -> None:
        nonlocal granted
        inside.append(1)
        if len(inside) != 1:
            wrong.append(len(inside))
        granted += 1
        inside.pop()

    def use(enter: Callable[[], object]) -> None:
        for _ in range(500):
            enter()

    def hold() -> None:
        with lock:
            inside.append(1)
            if len(inside) != 1:
                wrong.append(len(inside))
            inside.pop()

    threads = [
        threading.Thread(target=use, args=(enter,))
        for enter in (lambda: lock.wish(act), hold, lambda: lock.wish(act), hold)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_SECONDS)
    until(lambda: not lock._wishes)
    assert not wrong
    assert granted == 1000
