"""The seed's queue of items of any kind, first in, first out. Any thread may use it."""

from __future__ import annotations

from queue import Empty, Full
from typing import TYPE_CHECKING

from pool_gui.pool import checks
from pool_gui.pool.backlog import NOTHING, Backlog
from pool_gui.pool.names import text
from pool_gui.pool.room import Room
from pool_gui.pool.waiting import Deadline

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class ThreadSafeQueue:
    """A queue with the methods of the lecture note, and `queue.Queue`'s arguments.

    Without a limit no call takes a lock, so that `put` may be called from a signal
    handler, and from a finalizer that runs inside another `put`.

    Args:
        max_size: how many items it holds at most; 0: as many as memory holds.

    Raises:
        TypeError: `max_size` is no whole number.
        ValueError: it is negative.
    """

    __slots__ = ("__weakref__", "_backlog", "_room")

    def __init__(self, max_size: int = 0, *, backlog: Backlog | None = None) -> None:
        self._backlog = Backlog() if backlog is None else backlog
        self._room = Room(self._backlog)
        self._room.set_limit(checks.count(max_size, "max_size") or None)

    @property
    def max_size(self) -> int:
        """How many items it holds at most; 0: as many as memory holds."""
        return self._room.limit or 0

    def put(
        self,
        item: object,
        block: bool = True,
        timeout: float | None = None,
    ) -> None:
        """Append an item; wait for room up to `timeout` seconds, or for ever.

        Raises:
            queue.Full: there is no room (in time).
            ValueError: `timeout` is negative.
        """
        self._put_all((item,), _deadline(block, timeout))

    def batch_put(
        self,
        items: Iterable[object],
        block: bool = True,
        timeout: float | None = None,
    ) -> None:
        """Append all items in their order; wait for room as `put` does.

        Either all are put or none, unless they are more than the queue can hold: then
        they are put as room for them comes, and `queue.Full` leaves the first ones in.

        Raises:
            queue.Full: there is no room (in time).
            ValueError: `timeout` is negative.
        """
        batch = list(items)
        deadline = _deadline(block, timeout)
        step = self._room.limit or len(batch) or 1
        for start in range(0, len(batch), step):
            self._put_all(batch[start : start + step], deadline)

    def pop(self, block: bool = True, timeout: float | None = None) -> object:
        """Take the oldest item; wait for one up to `timeout` seconds, or for ever.

        Raises:
            queue.Empty: there is none (in time).
            ValueError: `timeout` is negative.
        """
        deadline, backlog = _deadline(block, timeout), self._backlog
        while True:
            item = backlog.take()
            if item is not NOTHING:
                if backlog.is_bounded:
                    backlog.announce_room()
                return item
            if not backlog.parked.wait_until(backlog.has_work, deadline):
                raise Empty

    def get(self, index: int) -> object:
        """Return the item at `index`, 0 being the next, and leave it there.

        Raises:
            IndexError: there is none.
        """
        return self._backlog.get(index)

    def size(self) -> int:
        """Return how many items are queued."""
        return self._backlog.size()

    def _put_all(self, batch: Sequence[object], deadline: Deadline) -> None:
        backlog = self._backlog
        lot = backlog.room if len(batch) == 1 else backlog.room_for_many
        while not self._try_to_put(batch):
            if not lot.wait_until(lambda: self._room.has(len(batch)), deadline):
                raise Full
        backlog.wake_some(len(batch))

    def _try_to_put(self, batch: Sequence[object]) -> bool:
        room = self._room
        if room.limit is None:
            self._backlog.items.extend(batch)
            return True
        return room.use(lambda: self._use_room(batch))

    def _use_room(self, batch: Sequence[object]) -> bool:
        if not self._room.reserve(len(batch)):
            return False
        self._backlog.items.extend(batch)
        return True


def backlog_of(queue: ThreadSafeQueue) -> Backlog:
    """Return what is behind a queue; for workers, which take from it directly."""
    return queue._backlog  # noqa: SLF001 - its own module


def _deadline(block: bool, timeout: float | None) -> Deadline:
    if block and timeout is not None and timeout < 0:
        message = f"'timeout' must be a non-negative number, not {text(timeout)}"
        raise ValueError(message)
    return Deadline(timeout if block else 0.0)
