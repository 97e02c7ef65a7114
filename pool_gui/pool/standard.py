"""What `concurrent.futures.wait` and `as_completed` see of a task.

They look at a future's `_state` and add to its `_waiters` with its `_condition` held,
and put waiters also on futures that they have seen finished. So what they see changes
under that lock, in one step with telling the waiters, and not before.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pool_gui.pool.deferring import DeferringLock

if TYPE_CHECKING:
    from concurrent.futures import Future


class StandardWaiters:
    """A future's waiters and the lock that guards them, which nobody waits for to tell.

    Attributes:
        waiters: the standard library's own.
        is_told: whether they were told that the future is over.
        is_registered: whether who ends the future will come here. Under a race it is
            registered twice, and the second call finds all told.
    """

    __slots__ = ("_lock", "is_registered", "is_told", "waiters")

    def __init__(self) -> None:
        self.waiters: list[Any] = []
        self.is_told = self.is_registered = False
        self._lock = DeferringLock()

    def acquire(self) -> bool:
        """Take the lock."""
        return self._lock.lock.acquire()

    def release(self) -> None:
        """Give the lock back, and tell the waiters what has happened meanwhile."""
        self._lock.lock.release()
        self._lock.run_deferred()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_error: object) -> None:
        self.release()

    def tell(self, future: Future[Any]) -> None:
        """Say that the future is over: now, or when the lock's holder gives it back."""
        self._lock.run_or_defer(partial(self._tell_all, future))

    def _tell_all(self, future: Future[Any]) -> None:
        if self.is_told:
            return
        self.is_told = True
        for waiter in list(self.waiters):
            if future.cancelled():
                waiter.add_cancelled(future)
            elif future.exception() is None:
                waiter.add_result(future)
            else:
                waiter.add_exception(future)
