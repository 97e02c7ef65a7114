"""The future of a task: a `concurrent.futures.Future` that is cheap until waited for.

The standard future makes a condition variable (a re-entrant lock, a deque) for each
call, and locks it several times. This one makes it when somebody adds a callback or
`wait` comes; whoever is first to wait for the result parks on a bare lock. Until then
its state changes by single stores.

Why nothing is missed. `_made` is None, the bare lock, or the condition, and moves on in
this order alone. Who changes the state looks at `_made` and stores `_state` in one step
(see build.py). So either there was no condition before the store, and whoever makes one
later sees the new state; or there is one, and the change is made under it, as in the
standard class. The bare lock is released after the store by who found it there; if it
gave way to the condition before, it is among the condition's waiters. Without the GIL
there is no such step, so there the condition is made at once.
"""

from __future__ import annotations

import logging
import math
import threading
from _thread import LockType, allocate_lock
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Any, Final, cast

from pool_gui.pool.build import HAS_GIL

if TYPE_CHECKING:
    from collections.abc import Callable

# The standard library's own names, which `concurrent.futures.wait` compares with.
PENDING: Final = "PENDING"
RUNNING: Final = "RUNNING"
CANCELLED: Final = "CANCELLED"
CANCELLED_AND_NOTIFIED: Final = "CANCELLED_AND_NOTIFIED"
FINISHED: Final = "FINISHED"

_logger = logging.getLogger("concurrent.futures")


class TaskFuture(Future[Any]):
    """The outcome of one run of a task. Any thread may call anything.

    It works wherever a `concurrent.futures.Future` does: `wait`, `as_completed`,
    `asyncio.wrap_future`. `cancel` wakes who waits at once, also in `wait`; the
    standard class does so only when a worker comes upon the cancelled call
    (cpython#109934).

    A cancelled call stays in the queue, and is counted there, until a worker comes to
    it or `ThreadPool.purge` takes it out; it is never run.
    """

    __slots__ = (
        "_done_callbacks",
        "_exception",
        "_made",
        "_result",
        "_state",
        "_waiters",
    )

    def __init__(self) -> None:
        self._state: str = PENDING
        self._result: Any = None
        self._exception: BaseException | None = None
        self._made: threading.Condition | LockType | None = None
        if not HAS_GIL:
            self._make_condition()

    @property
    def _condition(self) -> threading.Condition:  # type: ignore[override]  # made when first wanted
        made = self._made
        if made is None or made.__class__ is LockType:
            return self._make_condition()
        return cast("threading.Condition", made)

    def _make_condition(self) -> threading.Condition:
        made = self._made
        while made is None or made.__class__ is LockType:
            condition = threading.Condition()
            callbacks: list[Callable[[Future[Any]], object]] = []
            waiters: list[Any] = [] if made is None else [_Parked(made)]
            if self._made is made:  # one step with the stores
                self._waiters = waiters
                self._done_callbacks = callbacks
                self._made = condition
                return condition
            made = self._made
        return cast("threading.Condition", made)

    def begin(self) -> bool:
        """Say that the call begins; False if it must not, being cancelled or over."""
        if self._state is PENDING and self._made.__class__ is LockType:
            self._state = RUNNING  # one step with the look
            return True
        with self._condition:
            if self._state != PENDING:
                return False
            self._state = RUNNING
            return True

    def set_running_or_notify_cancel(self) -> bool:
        """Say that the call begins; False if it was cancelled.

        Raises:
            RuntimeError: it has begun already.
        """
        if self.begin():
            return True
        if not self.cancelled():
            raise RuntimeError("Future in unexpected state")
        return False

    def settle(self) -> None:
        """Say that the call is over; result or exception are stored. For workers.

        What a callback raises is logged, a BaseException too.
        """
        made = self._made
        if made.__class__ is LockType and self._made is made:
            self._state = FINISHED  # one step with the look
            made.release()
            return
        with self._condition:
            self._end(FINISHED)
        self._call_back()

    def refuse(self, error: BaseException | None, count: Callable[[], object]) -> bool:
        """End a call that has not begun with this error; None: as cancelled.

        Args:
            error: what `result` is to raise.
            count: called when it is decided so, before anybody can learn of it.

        Returns:
            False if the call has begun, or is over.
        """
        with self._condition:
            if self._state != PENDING:
                return False
            count()
            self._exception = error
            self._end(CANCELLED_AND_NOTIFIED if error is None else FINISHED)
        self._call_back()
        return True

    def hand_back(self, count: Callable[[], object]) -> bool:
        """Cancel a call taken off the queue; False if it has an end already."""
        if self._made is None:  # nobody waits to be told: the quick way
            if self.done() or not self.cancel():
                return False
            count()
            return True
        return self.refuse(None, count)

    def abandon(self) -> None:
        """In a forked child: be cancelled, without a lock that nobody may release."""
        if not self.done():
            self._state = CANCELLED_AND_NOTIFIED
        if self._made is not None:
            self._made = threading.Condition()
            self._waiters = []
            self._done_callbacks = []

    def cancel(self) -> bool:
        """Cancel the call if it has not begun, and wake who waits for it.

        Returns:
            False if the call runs or has run.
        """
        if self._made is None and self._state is PENDING:  # one step with the store
            self._state = CANCELLED_AND_NOTIFIED
            return True  # without a condition there was neither waiter nor callback
        with self._condition:
            if self.cancelled():
                return True
            if self._state != PENDING:
                return False
            self._end(CANCELLED_AND_NOTIFIED)
        self._invoke_callbacks()  # type: ignore[attr-defined]
        return True

    def cancelled(self) -> bool:
        """Return whether the call was cancelled."""
        return self._state in (CANCELLED_AND_NOTIFIED, CANCELLED)

    def running(self) -> bool:
        """Return whether the call has begun and is not over."""
        return self._state == RUNNING

    def done(self) -> bool:
        """Return whether the call is over, or will never be made."""
        return self._state not in (PENDING, RUNNING)

    def result(self, timeout: float | None = None) -> Any:
        """Return what the call returned; wait for it up to `timeout` seconds.

        Raises:
            CancelledError: the call was cancelled.
            TimeoutError: it is not over in time.
            TaskExpiredError: it waited in the queue beyond its limit, and was not made.
            TaskDroppedError: it was dropped from a full queue.
            BaseException: whatever the call raised.
        """
        try:
            if self._state != FINISHED:
                self._await(timeout)
            if self._exception is None:
                return self._result
            raise self._exception
        finally:
            self = None  # type: ignore[assignment]  # noqa: PLW0642 - breaks the cycle with a raised exception

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Return what the call raised, None if it returned; wait as `result` does.

        Raises:
            CancelledError: the call was cancelled.
            TimeoutError: it is not over in time.
        """
        if self._state != FINISHED:
            self._await(timeout)
        return self._exception

    def _await(self, timeout: float | None) -> None:
        """Wait until the call is over; raise if it was cancelled or is not in time."""
        lock = allocate_lock()
        lock.acquire()
        if self._made is None and (self._state is PENDING or self._state is RUNNING):
            self._made = lock  # one step with the look
            if timeout is None:
                lock.acquire()
            elif timeout > 0:
                lock.acquire(timeout=timeout)
        else:
            if timeout is not None and math.isnan(timeout):
                timeout = 0  # as the standard future: no time at all
            with (condition := self._condition):
                condition.wait_for(self.done, timeout)
        if self._state == FINISHED:
            return
        raise CancelledError if self.cancelled() else TimeoutError

    def _call_back(self) -> None:
        """Call the callbacks, for the pool: what they raise is logged."""
        for callback in self._done_callbacks:
            try:
                callback(self)
            except BaseException:
                _logger.exception("exception calling callback for %r", self)

    def _end(self, state: str) -> None:
        """Store the last state and wake everybody; under the condition."""
        self._state = state
        for waiter in self._waiters:
            if state != FINISHED:
                waiter.add_cancelled(self)
            elif self._exception is None:
                waiter.add_result(self)
            else:
                waiter.add_exception(self)
        self._condition.notify_all()


class _Parked:
    """The lock of who waits for one future, as `Future._waiters` holds it."""

    __slots__ = ("_lock",)

    def __init__(self, lock: LockType) -> None:
        self._lock = lock

    def add_result(self, future: Future[Any]) -> None:
        """Wake who waits; the state is stored."""
        del future
        self._lock.release()

    add_exception = add_cancelled = add_result
