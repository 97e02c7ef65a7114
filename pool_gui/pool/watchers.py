"""Threads that wait until something has become true. Any thread may call anything.

No lock is held while anybody looks or tells, so that `announce` may be called from a
signal handler, a finalizer and the worker's hot path.
"""

from __future__ import annotations

import threading
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _thread import LockType
    from collections.abc import Callable

FOREVER = -1.0
_MAX_SECONDS = 3600.0


class Watchers(dict["LockType", None]):
    """Those who wait for one kind of news; true while somebody does.

    A dict of their locks, the one that waits longest first, so that to ask whether
    anybody waits costs no call.
    """

    __slots__ = ()

    def wait(self, is_true: Callable[[], bool], timeout: float | None) -> bool:
        """Wait until `is_true()`, asked again at each announcement.

        Returns:
            False if `timeout` seconds were over first.
        """
        deadline = None if timeout is None else monotonic() + timeout
        while True:
            lock = locked_lock()
            # First register, then ask. Who brings the news does it the other way
            # round, first the news, then a look at who waits: one sees the other.
            self[lock] = None
            try:
                if is_true():
                    return True
                is_told = lock.acquire(timeout=seconds_left(deadline))
                if not is_told and is_true():
                    return True
                if not is_told and not seconds_left(deadline):
                    if lock not in self:  # news came as the time ran out
                        self.announce_to_one()
                    return False
            except BaseException:  # Ctrl-C; the news may have been for us alone
                self.announce_to_one()
                raise
            finally:
                self.pop(lock, None)

    def announce(self) -> None:
        """Let all who wait ask again. Cheap while nobody does."""
        while self:
            if not self.announce_to_one():
                return

    def announce_to_one(self) -> bool:
        """Let the one that waits longest ask again; False if nobody waits."""
        while self:
            try:
                lock = next(iter(self))
                del self[lock]
            except (StopIteration, KeyError, RuntimeError):
                continue  # others came or went meanwhile
            lock.release()
            return True
        return False

    def forget(self) -> None:
        """In a forked child: no other thread is left to wait."""
        self.clear()


def locked_lock() -> LockType:
    """Return a new lock to park on."""
    lock = threading.Lock()
    lock.acquire()
    return lock


def seconds_left(deadline: float | None) -> float:
    """Return how long to wait, as locks take it: `FOREVER` without a deadline.

    At most an hour, since locks refuse very long waits; ask again then.
    """
    if deadline is None:
        return FOREVER
    return min(_MAX_SECONDS, max(0.0, deadline - monotonic()))
