"""Waiting for another thread: one way for workers, and for all who wait with them.

A wake-up is a handshake of two atomic steps on each side. Who waits first registers,
then looks at what it waits for, then sleeps. Who brings the news first writes them,
then looks who is registered. Whichever of the two comes second sees the other, in any
order of events, so no wake-up is lost. Locks are made when they are wanted, by whatever
`threading.Lock` is then, so that gevent may patch it at any time.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from pool_gui.pool.clocks import monotonic

if TYPE_CHECKING:
    from _thread import LockType
    from collections.abc import Callable

FOREVER = -1.0
"""As locks take it."""

_LONGEST_SECONDS = min(1e8, threading.TIMEOUT_MAX)
"""Longer waits are without an end: locks refuse some of them."""


class ParkingLot(dict["LockType", None]):
    """Those who wait for one kind of news, the one that waits longest first.

    Each parks on a lock of its own, which is a token: whoever takes a lock out of here
    releases it, once. Who got a token and leaves without needing it passes it on. A
    dict, so that to ask whether anybody waits costs no call.

    Attributes:
        asleep: the locks of all who wait, also of those taken out of here and not woken
            yet. A Ctrl-C can come between the two; then all are woken, to look again.
    """

    __slots__ = ("asleep",)

    def __init__(self) -> None:
        super().__init__()
        self.asleep: dict[LockType, None] = {}

    def unpark_newest(self) -> bool:
        """Wake the one that came last; False if nobody waits."""
        try:
            lock, _ = self.popitem()
            lock.release()
        except KeyError:
            return False
        except RuntimeError:  # it is awake, see `rouse`
            return True
        except BaseException:
            self.rouse()
            raise
        return True

    def unpark_oldest(self) -> bool:
        """Wake the one that waits longest; False if nobody waits."""
        while self:
            try:
                oldest = next(iter(self))
            except (StopIteration, RuntimeError):
                continue  # others came or went meanwhile
            if self.unpark(oldest):
                return True
        return False

    def unpark(self, lock: LockType) -> bool:
        """Wake the one that parks on `lock`; False if it does not wait."""
        try:
            del self[lock]
            lock.release()
        except KeyError:
            return False
        except RuntimeError:
            return True
        except BaseException:
            self.rouse()
            raise
        return True

    def unpark_all(self) -> None:
        """Wake all, for them to look again."""
        for lock in list(self):
            self.unpark(lock)

    def rouse(self) -> None:
        """Wake all however they sleep, after a wake-up that may be half done."""
        for lock in list(self.asleep):
            with suppress(RuntimeError):  # it is awake
                lock.release()

    def wait_until(self, is_true: Callable[[], bool], deadline: Deadline) -> bool:
        """Wait until `is_true()`, asked again whenever woken.

        Returns:
            False if the time was up first.
        """
        while True:
            lock, is_woken = locked_lock(), False
            try:
                self.asleep[lock] = self[lock] = None
                if is_true():
                    return True
                is_woken = lock.acquire(True, deadline.seconds_left())
                if not is_woken and is_true():
                    return True
                if not is_woken and deadline.is_over():
                    return False
            except BaseException:  # Ctrl-C; a token may have been for us alone
                is_woken = True
                self.unpark_oldest()
                raise
            finally:
                if self.pop(lock, self) is self and not is_woken:
                    self.unpark_oldest()  # a token came that was not needed
                self.asleep.pop(lock, None)


class Deadline:
    """The end of a wait; None or an endless number of seconds: there is none."""

    __slots__ = ("_at_seconds",)

    def __init__(self, timeout: float | None) -> None:
        is_endless = timeout is None or timeout > _LONGEST_SECONDS
        self._at_seconds = None if is_endless else monotonic() + (timeout or 0)

    def seconds_left(self) -> float:
        """Return how long to wait yet, as locks take it."""
        if self._at_seconds is None:
            return FOREVER
        return max(0.0, self._at_seconds - monotonic())

    def is_over(self) -> bool:
        """Whether the time is up."""
        return self._at_seconds is not None and not monotonic() < self._at_seconds


def locked_lock() -> LockType:
    """Return a new lock to park on."""
    lock = threading.Lock()
    lock.acquire()
    return lock


def await_release(lock: LockType, timeout: float | None) -> bool:
    """Wait until a locked lock is released; False if `timeout` seconds were over."""
    if timeout is None or timeout > _LONGEST_SECONDS:
        return lock.acquire()
    return (
        lock.acquire(timeout=timeout) if timeout > 0 else lock.acquire(blocking=False)
    )
