"""Room in a bounded queue: whether there is some, and keeping it until it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pool_gui.pool.deferring import hold

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from pool_gui.pool.backlog import Backlog

Result = TypeVar("Result")


class Room:
    """How many items a backlog may have, and who is about to add some.

    Who puts holds `lock` from its look for room until its items are in, so that no two
    threads use the same room. Nobody waits with it held. A put by a signal handler or a
    finalizer in the midst of that sees what was reserved.

    Attributes:
        limit: how many items there may be; None: as many as memory holds.
    """

    __slots__ = ("_backlog", "_reserved", "limit")

    def __init__(self, backlog: Backlog) -> None:
        self.limit: int | None = None
        self._backlog = backlog
        self._reserved = 0

    @property
    def lock(self) -> threading.RLock:
        """The backlog's own lock."""
        return self._backlog.lock

    def set_limit(self, limit: int | None) -> None:
        """Set the limit, and let all who wait for room look again."""
        with self.lock:
            self.limit = limit
            self._backlog.is_bounded = limit is not None
            self._backlog.set_plain()
        self._backlog.announce_much_room()

    def use(self, act: Callable[[], Result]) -> Result:
        """Call `act` with the lock held; what it has reserved it gives back."""
        return hold(self.lock, lambda: self._use(act))

    def _use(self, act: Callable[[], Result]) -> Result:
        before = self._reserved
        try:
            return act()
        finally:
            self._reserved = before

    def reserve(self, count: int) -> bool:
        """Keep room for so many items, if there is that; under the lock."""
        self._reserved += count  # first: an interruption that puts must see it
        if self._fits(0):
            return True
        self._reserved -= count
        return False

    def give_back(self, count: int) -> None:
        """Say that reserved room was used, or is not needed; under the lock."""
        self._reserved -= count

    @property
    def is_reserved(self) -> bool:
        """Whether this thread was interrupted between reserving room and using it."""
        return self._reserved > 0

    def has(self, count: int) -> bool:
        """Whether there is room for so many items."""
        # Under the lock, else what others reserve in vain would count.
        return hold(self.lock, lambda: self._fits(count))

    def _fits(self, count: int) -> bool:
        limit = self.limit
        return limit is None or self._backlog.size() + self._reserved + count <= limit

    def forget_threads(self) -> None:
        """In a forked child: no other thread is left to hold the lock."""
        self._reserved = 0
