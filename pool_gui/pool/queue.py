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

from queue import Empty
from time import monotonic
from typing import TYPE_CHECKING

from pool_gui.pool.build import HAS_GIL
from pool_gui.pool.ranks import NOTHING
from pool_gui.pool.store import Store
from pool_gui.pool.watchers import FOREVER, Watchers, locked_lock, seconds_left

if TYPE_CHECKING:
    from _thread import LockType
    from collections.abc import Callable, Iterable


__all__ = ["NOTHING", "ThreadSafeQueue"]


class ThreadSafeQueue(Store):
    """A queue of items of any kind: larger priorities first, equal ones in their order.

    Attributes:
        items: the queued items of priority 0, which is nearly all. For this package's
            hot paths and for looking.
        waiters: the locks of the parked waiters, newest last. Likewise.
        peak: most items seen since `take_peak`. Likewise.
        is_plain: who puts and pops may use `items` directly. Likewise.
        is_shut: the gate is closed: `pop` takes nothing.
        is_bounded: somebody wants to hear, at `room`, that an item was taken.
        is_short: a wake-up was for an item, and found nobody to pass it on to. Whoever
            can bring another worker clears it.
        has_ended: no further item will come; see `end`.
        quiet: who waits for a worker to find nothing to do.
        room: who waits for an item to be taken.
        much_room: who waits for several items to be taken.
    """

    __slots__ = (
        "_is_bounded",
        "_is_shut",
        "has_ended",
        "is_plain",
        "is_short",
        "much_room",
        "quiet",
        "room",
        "waiters",
    )

    def __init__(self) -> None:
        super().__init__()
        self.waiters: dict[LockType, None] = {}
        self.has_ended = False
        self.is_short = False
        self.quiet = Watchers()
        self.room = Watchers()
        self.much_room = Watchers()
        self._is_shut = False
        self._is_bounded = False
        self._set_plain()

    @property
    def is_shut(self) -> bool:
        """Whether the gate is closed."""
        return self._is_shut

    @property
    def is_bounded(self) -> bool:
        """Whether whoever takes an item says so at `room`."""
        return self._is_bounded

    @is_bounded.setter
    def is_bounded(self, value: bool) -> None:
        self._is_bounded = value
        self._set_plain()

    def put(self, item: object) -> None:
        """Append an item. Never blocks."""
        items = self.items
        items.append(item)
        depth = len(items)
        if depth > self.peak:  # noqa: PLR1730 - a call of max costs as much as all this
            self.peak = depth
        if self.is_ranked:
            self.note_depth()
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
        item = self.take()
        if item is not NOTHING:
            return item
        if not block:
            raise Empty
        deadline = None if timeout is None else monotonic() + timeout
        lock = locked_lock()
        while True:
            item = self.park(lock, seconds_left(deadline))
            if item is not NOTHING:
                return item
            if deadline is not None and monotonic() >= deadline:
                raise Empty

    def add(self, item: object, priority: int) -> None:
        """Add an item and wake nobody; see `wake_some`."""
        if priority:
            self.add_ranked(item, priority)
            self._set_plain()
        else:
            self.items.append(item)
            self.note_depth()

    def put_ranked(self, item: object, priority: int) -> None:
        """Put an item that has a priority. Never blocks."""
        self.add(item, priority)
        self.wake_some(1)

    def clear(self) -> list[object]:
        """Take all items that are queued now, in the order in which they would come."""
        taken = super().clear()
        self.announce_much_room()
        return taken

    def purge(
        self,
        is_dead: Callable[[object], bool],
        bury: Callable[[object], object] = id,
    ) -> int:
        """Take out the items that are dead, and return how many those were."""
        try:
            return super().purge(is_dead, bury)
        finally:
            self.wake_some(self.size())  # who looked meanwhile found nothing
            self.announce_much_room()

    def announce_room(self) -> None:
        """Say that an item was taken: to all who need room for several, and to one."""
        self.much_room.announce()
        self.room.announce_to_one()

    def announce_much_room(self) -> None:
        """Say that there may be room, to all who wait for it."""
        self.much_room.announce()
        self.room.announce()

    def take(self) -> object:
        """Take the next item; `NOTHING` if there is none or the gate is closed."""
        if self._is_shut:
            return NOTHING
        if self.is_ranked or not self.items:
            return self.take_next()
        try:
            return self.items.popleft()
        except IndexError:  # others were quicker
            return self.take_next()

    def shut(self) -> None:
        """Close the gate: items may be put, and are not popped."""
        self._is_shut = True
        self._set_plain()

    def open(self) -> None:
        """Open the gate again, and wake as many waiters as there are items."""
        self._is_shut = False
        self._set_plain()
        self.wake_some(self.size())

    def end(self) -> None:
        """Open the gate and tell the workers that no further item will come.

        Takes no lock, so that a finalizer may call it.
        """
        self._is_shut = False
        self._set_plain()
        self.has_ended = True
        self.wake_all()
        self.announce_much_room()

    def wake(self, lock: LockType) -> bool:
        """Wake the waiter that parks on `lock`; False if it does not wait."""
        try:
            del self.waiters[lock]
        except KeyError:
            return False
        _release(lock)
        return True

    def wake_one(self) -> bool:
        """Wake the newest waiter; False if none waits or the gate is closed."""
        # A gate that opens just now counts the items after it has opened: either it
        # counts the one just put, or this sees it open.
        if self._is_shut:
            return False
        try:
            lock, _ = self.waiters.popitem()
        except KeyError:
            return False
        _release(lock)
        return True

    def wake_some(self, count: int) -> int:
        """Wake up to `count` waiters; return how many more there might have been."""
        while count > 0 and self.waiters and self.wake_one():
            count -= 1
        return count

    def wake_all(self) -> None:
        """Wake every waiter, for it to look again."""
        for lock in list(self.waiters):
            self.wake(lock)

    def park(
        self,
        lock: LockType,
        timeout: float = FOREVER,
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
            item = self.take()
            if (
                item is not NOTHING
                or (has_leave is not None and has_leave())
                or not lock.acquire(True, timeout)
            ):
                self._withdraw(lock)
            elif has_leave is None or not has_leave():
                item = self.take()
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
        if self.size() and not (self.waiters and self.wake_one()):
            self.is_short = True

    def forget_threads(self) -> None:
        """In a forked child: no other thread is left to wait or hold anything."""
        super().forget_threads()
        self.waiters.clear()
        self.quiet.forget()
        self.room.forget()
        self.much_room.forget()

    def _set_plain(self) -> None:
        # Worked out until nothing has changed meanwhile: no lock is held.
        while True:
            flags = (self._is_shut, self._is_bounded, self.is_ranked)
            self.is_plain = HAS_GIL and not any(flags)
            if flags == (self._is_shut, self._is_bounded, self.is_ranked):
                return

    def _withdraw(self, lock: LockType) -> None:
        """Leave `waiters`, and pass on a token that came meanwhile."""
        if self.waiters.pop(lock, NOTHING) is NOTHING:
            # Somebody took us out, so the token has come or is about to.
            lock.acquire()
            self.pass_on()


def _release(lock: LockType) -> None:
    try:
        lock.release()
    except RuntimeError:  # a nudge at the queue's end was quicker, see Crew.nudge
        return
