"""What tests of futures share: who comes to them, how they end, calls in threads."""

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pool_support import DEADLINE_SECONDS

from pool_gui.pool import TaskFuture
from pool_gui.pool import future as future_module
from pool_gui.pool.future import CANCELLED_AND_NOTIFIED, FINISHED, PENDING, RUNNING

Move = Callable[[Any], object]

STATES = (PENDING, RUNNING, FINISHED, CANCELLED_AND_NOTIFIED)


class FalsyError(Exception):
    """An exception that says it is false."""

    def __bool__(self) -> bool:
        return False


def nobody(future: Future[Any]) -> None:
    """Leave the future as it was made."""


def who_waited(future: Future[Any]) -> None:
    """Leave the lock of who waited for the result, until the time was up."""
    with suppress(TimeoutError):
        future.result(0)


def who_watches(future: Future[Any]) -> None:
    """Leave a condition, and such a lock."""
    who_waited(future)
    future.add_done_callback(hash)


AFTER = pytest.mark.parametrize("come", [nobody, who_waited, who_watches])
"""Who came before: the future has nothing yet, a bare lock or a condition."""


def brought_to(state: str, come: Move = nobody) -> TaskFuture:
    """Return a future in that state, to which somebody came while it was pending."""
    future = TaskFuture()
    come(future)
    if state == CANCELLED_AND_NOTIFIED:
        future.cancel()
    elif state != PENDING:
        _begin(future)
        if state == FINISHED:
            _settle(future)
    return future


def end(future: TaskFuture, outcome: object) -> None:
    """Do to the future what becomes of its call."""
    if isinstance(outcome, CancelledError):
        assert future.cancel()
        return
    if not future.running():
        _begin(future)
    if isinstance(outcome, BaseException):
        future._exception = outcome
    else:
        future._result = outcome
    _settle(future)


# As a worker does these two: without a call if nobody has come to the future.


def _begin(future: TaskFuture) -> None:
    if future._made is None:
        future._state = RUNNING
    else:
        assert future.begin()


def _settle(future: TaskFuture) -> None:
    if future._made is None:
        future._state = FINISHED
    else:
        future.settle()


def ask(call: Callable[..., object], *args: object) -> object:
    """Return what the call returns, or else what it raises."""
    try:
        return call(*args)
    except BaseException as error:  # noqa: BLE001 - whatever it is
        return error


def is_same(answer: object, outcome: object) -> bool:
    """Whether it is the very outcome; a cancel raises a new exception each time."""
    if isinstance(outcome, CancelledError):
        return isinstance(answer, CancelledError)
    return answer is outcome


def comers(future: Future[Any]) -> int:
    """Return how many have come to wait; callbacks are not counted."""
    made = cast("TaskFuture", future)._made
    if isinstance(made, threading.Condition):
        return len(made._waiters) + len(future._waiters)  # type: ignore[attr-defined]  # who sleeps, and who watches
    return int(made is not None)


class InThread(threading.Thread):
    """A call made in a thread of its own."""

    def __init__(self, call: Callable[..., object], *args: object) -> None:
        super().__init__(daemon=True)
        self._call = partial(call, *args)
        self.start()

    def run(self) -> None:
        """Make the call."""
        self._answer = ask(self._call)

    def answer(self) -> object:
        """Wait for the end; return what `ask` does."""
        self.join(DEADLINE_SECONDS)
        assert not self.is_alive(), "it waits for ever"
        return self._answer


class Moments:
    """Does something, once, when futures come to a moment that has a name."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._acts: dict[str, Callable[[], object]] = {}
        come = self._come

        class Lock:
            def __init__(self) -> None:
                come("about to wait")
                self._lock = threading.Lock()

            def acquire(self, timeout: float = -1) -> bool:
                if not self._lock.locked():
                    return self._lock.acquire()
                come("parking")
                is_woken = self._lock.acquire(timeout=timeout)
                come("awake")
                return is_woken

            def release(self) -> None:
                come("waking the parked")
                self._lock.release()

        class Condition(threading.Condition):
            def __enter__(self) -> bool:
                come("locking the condition")
                return super().__enter__()

        class Parked(future_module._Parked):
            def __init__(self, lock: Any) -> None:
                come("taking the lock over")
                super().__init__(lock)

        def make_condition() -> threading.Condition:
            come("making the condition")
            return Condition()

        monkeypatch.setattr(future_module, "LockType", Lock)
        monkeypatch.setattr(future_module, "allocate_lock", Lock)
        monkeypatch.setattr(future_module, "_Parked", Parked)
        conditions = SimpleNamespace(Condition=make_condition)
        monkeypatch.setattr(future_module, "threading", conditions)

    def at(self, moment: str, act: Callable[[], object]) -> None:
        """Do it when somebody comes to that moment."""
        self._acts[moment] = act

    def have_come(self) -> bool:
        """Whether all has been done."""
        return not self._acts

    def _come(self, moment: str) -> None:
        act = self._acts.pop(moment, None)
        if act is not None:
            act()
