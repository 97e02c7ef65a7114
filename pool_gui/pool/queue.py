"""The queue between who puts tasks and who runs them. Any thread may call anything.

No lock is held while an item is put or popped, so `put` may be called from a signal
handler, and from a finalizer that the garbage collector runs inside another `put`.

How a wake-up cannot be lost. Each waiter parks on a lock of its own, which stands in
`waiters` while it waits. Who puts does two things in this order: append the item, then
look whether somebody waits. Who pops does the opposite: register as a waiter, then
look at the items once more, then wait. Whichever comes second sees the other, because
each step is one atomic operation on a deque or a dict.

A wake-up is a token: whoever takes a waiter out of `waiters` releases its lock, once.
A waiter that got a token and leaves without needing it (its time was up, it is
dismissed, it had found an item by itself) must pass the token on while items remain:
otherwise the item that the token stood for could lie there beside a parked waiter.
"""

from __future__ import annotations

import threading
from collections import deque
from queue import Empty
from time import monotonic
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _thread import LockType
    from collections.abc import Callable, Iterable

NOTHING: Final = object()
"""What `park` returns when it brings no item."""

_FOREVER = -1.0


class ThreadSafeQueue:
    """A first-in, first-out queue of items of any kind.

    Attributes:
        items: the queued items. For this package's hot paths and for looking.
        waiters: the locks of the parked waiters, newest last. Likewise.
        peak: most items seen since `take_peak`. Likewise.
        is_shut: the gate is closed: `pop` takes nothing.
        has_ended: no further item will come; see `end`.
    """

    __slots__ = (
        "_quiet_watchers",
        "has_ended",
        "is_shut",
        "items",
        "peak",
        "waiters",
    )

    def __init__(self) -> None:
        self.items: deque[object] = deque()
        self.waiters: dict[LockType, None] = {}
        self.peak = 0
        self.is_shut = False
        self.has_ended = False
        self._quiet_watchers: dict[LockType, None] = {}

    def put(self, item: object) -> None:
        """Append an item. Never blocks."""
        items = self.items
        items.append(item)
        depth = len(items)
        if depth > self.peak:  # noqa: PLR1730 - a call of max costs as much as all this
            self.peak = depth
        if self.waiters:
            self.wake_one()

    def batch_put(self, items: Iterable[object]) -> None:
        """Append all items in their order. Never blocks."""
        batch = items if isinstance(items, (list, tuple)) else list(items)
        self.items.extend(batch)
        self.note_depth()
        self.wake_some(len(batch))

    def pop(self, block: bool = True, timeout: float | None = None) -> object:  # noqa: FBT001, FBT002 - queue.Queue's signature
        """Take the oldest item; wait for one up to `timeout` seconds, or for ever.

        Raises:
            queue.Empty: there is none (in time).
            ValueError: `timeout` is negative.
        """
        if block and timeout is not None and timeout < 0:
            raise ValueError(f"'timeout' must be a non-negative number, not {timeout}")
        item = self._pop_now()
        if item is not NOTHING:
            return item
        if not block:
            raise Empty
        deadline = None if timeout is None else monotonic() + timeout
        lock = locked_lock()
        while True:
            item = self.park(lock, _seconds_left(deadline))
            if item is not NOTHING:
                return item
            if deadline is not None and monotonic() >= deadline:
                raise Empty

    def get(self, index: int) -> object:
        """Return the item at `index`, 0 being the oldest, and leave it there.

        Raises:
            IndexError: there is none.
        """
        return self.items[index]

    def size(self) -> int:
        """Return how many items are queued."""
        return len(self.items)

    def clear(self) -> list[object]:
        """Take all items that are queued now, oldest first."""
        taken = []
        for _ in range(len(self.items)):
            try:
                taken.append(self.items.popleft())
            except IndexError:  # poppers were quicker
                break
        return taken

    def take_peak(self) -> int:
        """Return the most items queued at once since the last call.

        Exact but for puts interrupted between their append and their look at the
        length: each of those may hide one item.
        """
        # One tuple assignment: no other thread gets in between under the GIL.
        peak, self.peak = self.peak, 0
        return max(peak, len(self.items))

    def note_depth(self) -> None:
        """Let `take_peak` know how many items are queued now."""
        # Between the comparison and the store no other thread gets in under the GIL
        # (there is no call), so a stale depth never overwrites a higher one.
        depth = len(self.items)
        if depth > self.peak:  # noqa: PLR1730 - a call of max would let others in
            self.peak = depth

    def shut(self) -> None:
        """Close the gate: items may be put, and are not popped."""
        self.is_shut = True

    def open(self) -> None:
        """Open the gate again, and wake as many waiters as there are items."""
        self.is_shut = False
        self.wake_some(len(self.items))

    def end(self) -> None:
        """Open the gate and tell the workers that no further item will come.

        Takes no lock, so that a finalizer may call it.
        """
        self.is_shut = False
        self.has_ended = True
        self.wake_all()

    def wake(self, lock: LockType) -> bool:
        """Wake the waiter that parks on `lock`; False if it does not wait."""
        try:
            del self.waiters[lock]
        except KeyError:
            return False
        lock.release()
        return True

    def wake_one(self) -> bool:
        """Wake the newest waiter; False if none waits or the gate is closed."""
        # A gate that opens just now counts the items after it has opened: either it
        # counts the one just put, or this sees it open.
        if self.is_shut:
            return False
        try:
            lock, _ = self.waiters.popitem()
        except KeyError:
            return False
        lock.release()
        return True

    def wake_some(self, count: int) -> None:
        """Wake up to `count` waiters."""
        while count > 0 and self.waiters and self.wake_one():
            count -= 1

    def wake_all(self) -> None:
        """Wake every waiter, for it to look again."""
        for lock in list(self.waiters):
            self.wake(lock)

    def park(
        self,
        lock: LockType,
        timeout: float = _FOREVER,
        has_leave: Callable[[], bool] | None = None,
    ) -> object:
        """Register `lock`, look again, wait until woken; return an item or `NOTHING`.

        `NOTHING` means: woken, or `timeout` seconds over (negative: no limit), or
        `has_leave()` said that the caller should not wait; the caller looks again.
        `lock` is the caller's own, and locked; after an exception it is used up.
        """
        self.waiters[lock] = None
        # From here on a put, a wake and an opening gate find us. Now look once more.
        item = NOTHING
        try:
            item = self._pop_now()
            if (
                item is not NOTHING
                or (has_leave is not None and has_leave())
                or not lock.acquire(timeout=timeout)
            ):
                self._withdraw(lock)
        except BaseException:  # Ctrl-C in the main thread
            # A token may have come; whether it was taken cannot be known any more.
            self.waiters.pop(lock, None)
            if item is not NOTHING:
                self.items.appendleft(item)
            self.pass_on()
            raise
        return item

    def pass_on(self) -> None:
        """Wake somebody in our place if items are queued; see the module's text."""
        if self.items and self.waiters:
            self.wake_one()

    def watch_quiet(self, is_quiet: Callable[[], bool], timeout: float | None) -> bool:
        """Wait until `is_quiet()`, asked again at each `announce_quiet`.

        Returns:
            False if `timeout` seconds were over first.
        """
        deadline = None if timeout is None else monotonic() + timeout
        while True:
            lock = locked_lock()
            # First register, then ask: as `park` does, and for the same reason.
            self._quiet_watchers[lock] = None
            try:
                if is_quiet():
                    return True
                left = _seconds_left(deadline)
                if not lock.acquire(timeout=left):
                    return is_quiet()
            finally:
                self._quiet_watchers.pop(lock, None)

    def announce_quiet(self) -> None:
        """Say that a worker found nothing to do. Cheap while nobody watches."""
        while self._quiet_watchers:
            try:
                lock, _ = self._quiet_watchers.popitem()
            except KeyError:  # another worker said it to the last one
                return
            lock.release()

    def forget_threads(self) -> None:
        """In a forked child: no other thread is left to wait or hold anything."""
        self.waiters.clear()
        self._quiet_watchers.clear()

    def _pop_now(self) -> object:
        if self.is_shut:
            return NOTHING
        try:
            return self.items.popleft()
        except IndexError:
            return NOTHING

    def _withdraw(self, lock: LockType) -> None:
        """Leave `waiters`, and pass on a token that came meanwhile."""
        if self.waiters.pop(lock, NOTHING) is NOTHING:
            # Somebody took us out, so the token has come or is about to.
            lock.acquire()
            self.pass_on()


def locked_lock() -> LockType:
    """Return a new lock to park on."""
    lock = threading.Lock()
    lock.acquire()
    return lock


def _seconds_left(deadline: float | None) -> float:
    return _FOREVER if deadline is None else max(0.0, deadline - monotonic())
