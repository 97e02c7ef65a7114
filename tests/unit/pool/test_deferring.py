"""The lock around a pool's life: who must not wait leaves an action to its holder."""

import logging
import threading
from collections.abc import Callable
from functools import partial

import pytest
from bounded_support import Caller
from pool_support import DEADLINE_SECONDS, until

from pool_gui.pool.deferring import MAX_DEFERRED, DeferringLock, is_mine


class Holder:
    """Another thread that holds the lock from the beginning until it is released."""

    def __init__(self, lock: DeferringLock, *, defers: bool = False) -> None:
        self._lock = lock
        self._holds = threading.Event()
        self._may_leave = threading.Event()
        hold = partial(lock.run_or_defer, self._wait) if defers else self._hold
        self.thread = threading.Thread(target=hold)
        self.thread.start()
        assert self._holds.wait(DEADLINE_SECONDS)

    def _hold(self) -> None:
        with self._lock, self._lock.lock:
            self._wait()

    def _wait(self) -> None:
        self._holds.set()
        assert self._may_leave.wait(DEADLINE_SECONDS)

    def release(self) -> None:
        self._may_leave.set()
        self.thread.join(DEADLINE_SECONDS)
        assert not self.thread.is_alive()


@pytest.fixture
def lock() -> DeferringLock:
    return DeferringLock()


def is_free(lock: DeferringLock) -> bool:
    """Whether another thread gets the lock without waiting."""

    def attempt() -> bool:
        if not lock.lock.acquire(blocking=False):
            return False
        lock.lock.release()
        return True

    return bool(Caller(attempt).result())


def test_an_action_is_done_at_once_and_under_the_lock_if_that_is_free(
    lock: DeferringLock,
) -> None:
    seen: list[object] = []
    lock.defer(lambda: seen.extend([threading.current_thread(), is_free(lock)]))
    assert seen == [threading.current_thread(), False]
    assert is_free(lock)


@pytest.mark.parametrize("defers", [False, True], ids=["with", "run_or_defer"])
def test_an_action_while_another_thread_holds_it_is_done_by_that_on_leaving(
    lock: DeferringLock,
    defers: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    holder = Holder(lock, defers=defers)
    done: list[tuple[int, threading.Thread, bool]] = []
    for number in range(3):
        lock.defer(
            lambda number=number: done.append(  # type: ignore[misc]
                (number, threading.current_thread(), is_free(lock))
            )
        )
    assert not done, "and who deferred it did not wait"
    holder.release()
    assert done == [(number, holder.thread, False) for number in range(3)]
    assert is_free(lock)


def test_an_action_of_the_holder_itself_is_done_when_it_leaves_altogether(
    lock: DeferringLock,
) -> None:
    done: list[str] = []
    with lock, lock.lock:
        with lock, lock.lock:
            lock.defer(lambda: done.append("inner"))
            assert not done
        assert not done, "it is left, but still held"
        lock.defer(lambda: done.append("outer"))
    assert done == ["inner", "outer"]


def test_an_action_of_an_action_is_done_after_it(lock: DeferringLock) -> None:
    order: list[str] = []

    def defer_more() -> None:
        lock.defer(lambda: order.append("second"))
        order.append("first")

    lock.defer(defer_more)
    assert order == ["first", "second"]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_action_that_comes_as_the_holder_gives_the_lock_back_is_done(
    lock: DeferringLock, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    done: list[int] = []
    inner = lock.lock

    def defer_elsewhere() -> None:
        Caller(lock.defer, lambda: done.append(1)).result()

    class Spy:
        """Lets another thread defer just before the lock is free, or just after."""

        def _is_owned(self) -> bool:
            return is_mine(inner)

        def __enter__(self) -> None:
            inner.acquire()

        def __exit__(self, *_error: object) -> None:
            monkeypatch.undo()
            if moment == "before":
                defer_elsewhere()
                assert not done
            inner.release()
            if moment == "after":
                defer_elsewhere()

    monkeypatch.setattr(lock, "lock", Spy())
    with lock, lock.lock:
        monkeypatch.setattr(lock, "lock", inner)
    assert done == [1]
    assert is_free(lock)


def test_who_must_not_wait_is_served_only_if_nobody_has_it(
    lock: DeferringLock,
) -> None:
    order: list[str] = []
    with lock, lock.lock:
        lock.run_or_defer(lambda: order.append("deferred"))
        lock.run_or_defer(lambda: order.append("again"), again=True)
        assert order == ["again"]
        assert not is_free(lock), "this thread has it still"
    assert order == ["again", "deferred"]
    holder = Holder(lock)
    lock.run_or_defer(lambda: order.append("elsewhere"), again=True)
    assert len(order) == 2
    holder.release()
    assert order == ["again", "deferred", "elsewhere"]
    lock.run_or_defer(lambda: order.append("at once"))
    assert order[3:] == ["at once"]
    assert is_free(lock)


def test_what_was_deferred_in_the_midst_of_an_action_is_done_after_it(
    lock: DeferringLock,
) -> None:
    order: list[str] = []

    def act() -> None:
        Caller(lock.defer, lambda: order.append("deferred")).result()
        order.append("act")

    lock.run_or_defer(act)
    assert order == ["act", "deferred"]
    assert is_free(lock)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_what_an_action_raises_that_is_done_at_once_reaches_the_caller(
    lock: DeferringLock, error: type[BaseException]
) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(error):
        lock.run_or_defer(fail)
    assert is_free(lock)
    with lock, lock.lock, pytest.raises(error):
        lock.run_or_defer(fail, again=True)
    assert is_free(lock)


def test_only_the_holder_has_it(lock: DeferringLock) -> None:
    assert not lock.is_mine()
    with lock, lock.lock:
        assert lock.is_mine()
        assert Caller(lock.is_mine).result() is False
    assert not lock.is_mine()


def test_who_may_wait_waits_and_comes_in_alone(lock: DeferringLock) -> None:
    holder = Holder(lock)
    entered: list[str] = []

    def enter() -> None:
        with lock, lock.lock:
            entered.append("in")

    thread = threading.Thread(target=enter)
    thread.start()
    assert not is_free(lock)
    assert not entered
    holder.release()
    thread.join(DEADLINE_SECONDS)
    assert entered == ["in"]


@pytest.mark.expects_log
def test_a_runtime_error_of_an_action_is_logged_and_hinders_no_other(
    lock: DeferringLock, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[int] = []

    def fail() -> None:
        raise RuntimeError("can't start new thread")

    with lock, lock.lock:
        lock.defer(fail)
        lock.defer(lambda: done.append(1))
        lock.defer(fail)
        lock.defer(lambda: done.append(2))
    assert done == [1, 2]
    assert is_free(lock)
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    assert all(record.name == "pool_gui.pool" for record in caplog.records)
    assert "can't start new thread" in caplog.text


def test_another_error_of_an_action_reaches_who_does_it_and_leaves_the_lock_free(
    lock: DeferringLock,
) -> None:
    def fail() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lock.defer(fail)
    assert is_free(lock)


def test_what_the_holder_raises_comes_out_and_its_actions_are_done(
    lock: DeferringLock,
) -> None:
    done: list[int] = []

    def defer_and_fail() -> None:
        with lock, lock.lock:
            lock.defer(lambda: done.append(1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        defer_and_fail()
    assert done == [1]
    assert is_free(lock)


def test_actions_of_one_kind_that_wait_are_bounded_and_push_no_other_out() -> None:
    lock, heard = DeferringLock(), list[str]()
    calls = iter(range(10**6))

    def often() -> None:
        next(calls)

    with lock, lock.lock:
        lock.defer(lambda: heard.append("once"))
        for _ in range(10 * MAX_DEFERRED):
            lock.defer(often)
        assert len(lock._deferred) == MAX_DEFERRED + 1
    assert heard == ["once"]
    assert next(calls) == MAX_DEFERRED
    assert not lock._deferred


def test_a_forked_child_is_rid_of_the_parent_s_threads_and_actions(
    lock: DeferringLock,
) -> None:
    holder = Holder(lock)
    done: list[int] = []
    lock.defer(lambda: done.append(1))
    parents = lock.lock
    lock.forget_threads()
    assert is_free(lock)
    assert lock.lock is not parents
    holder.release()
    assert not done


def test_many_threads_defer_and_hold_and_every_action_is_done_alone(
    lock: DeferringLock,
) -> None:
    inside: list[int] = []
    done = 0
    wrong: list[int] = []

    def act() -> None:
        nonlocal done
        inside.append(1)
        if len(inside) != 1:
            wrong.append(len(inside))
        done += 1
        inside.pop()

    def use(enter: Callable[[], object]) -> None:
        for _ in range(500):
            enter()

    def hold() -> None:
        with lock, lock.lock:
            inside.append(1)
            if len(inside) != 1:
                wrong.append(len(inside))
            inside.pop()

    threads = [
        threading.Thread(target=use, args=(enter,))
        for enter in (lambda: lock.defer(act), hold, lambda: lock.defer(act), hold)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_SECONDS)
    until(lambda: not lock._deferred)
    assert not wrong
    assert done == 1000
