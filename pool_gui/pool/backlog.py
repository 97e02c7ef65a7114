"""The items of a queue: in their order, behind a gate, with workers who wait for them.

Any thread may call anything, also a signal handler and a finalizer. No lock is held
while an item is put or taken: items are in a deque, those with a priority in a heap,
and waiting is the handshake of waiting.py: who puts appends the item, then looks who is
parked; who finds nothing parks, then looks once more.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from pool_gui.pool.atomic import Entry, Heap, take_all
from pool_gui.pool.waiting import ParkingLot

if TYPE_CHECKING:
    from collections.abc import Callable

NOTHING: Final = object()
"""What stands for an item where there is none."""


class Backlog:
    """Items: larger priorities first, equal ones in the order in which they came.

    Attributes:
        items: those of priority 0, which is nearly all. The hot paths use it directly.
        parked: who waits for an item.
        is_plain: who puts and takes may use `items` directly: the gate is open, nothing
            has a priority, and nobody wants to hear that an item was taken.
        has_ended: no further item will come.
        lock: re-entrant; held to put into or take from a bounded queue, for moments.
        is_bounded: somebody wants to hear, at `room`, that an item was taken.
        is_paused: asked whether nothing is to be taken; who lets it change calls
            `set_plain`, and `wake_some` if something may be taken again.
        is_short: a wake-up was for an item, and found nobody to pass it on to. Whoever
            can bring another worker clears it.
        quiet: who waits for a worker to find nothing to do.
        room: who waits for an item to be taken.
        room_for_many: who waits for several items to be taken.
    """

    __slots__ = (
        "_heap",
        "_is_ranked",
        "_is_sorted_out",
        "_out",
        "has_ended",
        "is_bounded",
        "is_paused",
        "is_plain",
        "is_short",
        "items",
        "lock",
        "parked",
        "quiet",
        "room",
        "room_for_many",
    )

    def __init__(self) -> None:
        self.items: deque[object] = deque()
        self.parked = ParkingLot()
        self.quiet = ParkingLot()
        self.room = ParkingLot()
        self.room_for_many = ParkingLot()
        self.has_ended = self.is_short = self.is_bounded = False
        self.is_plain = True
        self.lock = threading.RLock()
        self._heap = Heap()
        self._is_ranked = self._is_sorted_out = False
        self.is_paused: Callable[[], bool] = bool
        self._out = 0  # taken out to be sorted, and about to be put back

    # --- looking -------------------------------------------------------------------

    def size(self) -> int:
        """Return how many items there are; those being sorted out included."""
        return len(self.items) + len(self._heap.entries) + self._out

    def get(self, index: int) -> object:
        """Return the item at `index`, 0 being the next, and leave it there.

        Raises:
            IndexError: there is none.
        """
        if not self._is_ranked:
            return self.items[index]
        ranked = sorted(self._heap.entries.copy())
        early = [item for rank, _, item in ranked if rank < 0]
        late = [item for rank, _, item in ranked if rank > 0]
        return [*early, *self.items.copy(), *late][index]

    def queued(self) -> list[object]:
        """Return what is queued, in no certain order."""
        # Each copy is one step of C; what moves between the two is in one at least.
        ranked = [item for _, _, item in self._heap.entries.copy()]
        return [*ranked, *self.items.copy()]

    def is_shut(self) -> bool:
        """Whether the gate is closed: items may be put, and are not taken."""
        return self._is_sorted_out or self.is_paused()

    def has_work(self) -> bool:
        """Whether there is an item, and the gate is open."""
        return not self.is_shut() and self.size() > 0

    # --- putting and taking --------------------------------------------------------

    def add(self, item: object, priority: int, number: int) -> None:
        """Add an item and wake nobody; among equal priorities `number` decides."""
        if priority:
            self._is_ranked = True
            self._heap.push((-priority, number, item))
            self.set_plain()
        else:
            self.items.append(item)

    def put_back(self, item: object, priority: int, number: int) -> None:
        """Add an item that was taken, before those that came after it."""
        if priority:
            self.add(item, priority, number)
        else:
            self.items.appendleft(item)

    def take(self) -> object:
        """Take the next item; `NOTHING` if there is none or the gate is closed."""
        taken: list[Any] = []
        return taken[0] if self.take_into(taken) else NOTHING

    def taken(self, into: list[Any]) -> list[Any]:
        """Take an item into a list, tell who waits for room, and return the list."""
        if self.take_into(into) and (self.room or self.room_for_many):
            self.announce_room()
        return into

    def take_into(self, into: list[Any]) -> bool:
        """Move the next item to the end of a list.

        An exception thrown in finds it in one of the two.

        Returns:
            False if there is none or the gate is closed.
        """
        if not self.is_bounded:
            return not self.is_shut() and self._take(into) is not None
        # With the lock nobody uses the room of what comes back, the gate having shut.
        with self.lock:
            entry = None if self.is_shut() else self._take(into)
            if entry is not None and self.is_shut():
                self.put_back(entry[2], -entry[0], entry[1])
                del into[-1]
                return False
            return entry is not None

    def take_anyway(self) -> object:
        """Take the oldest of the most urgent items, gate or not."""
        entry = self._take([])
        return NOTHING if entry is None else entry[2]

    def _take(self, into: list[Any]) -> Entry | None:
        if self._is_ranked and self._heap.pop_into(into):
            entry: Entry = into[-1]
            if entry[0] < 0 or not self.items:
                into[-1] = entry[2]
                return entry
            # It is for when nothing else is left. Who looked meanwhile has missed it.
            self._heap.push(entry)
            del into[-1]
            self.wake_some(1)
        return (0, 0, into[-1]) if take_all(self.items, into, at_most=1) else None

    def take_least(self, into: list[Any]) -> bool:
        """Move the oldest of the least urgent items to the end of a list.

        Returns:
            False if there is none.
        """
        while True:
            entries = self._heap.entries.copy()
            least = max(entries, default=(0,))[0]
            if least <= 0:
                if take_all(self.items, into, at_most=1):
                    return True
                if not entries:
                    return False
            entry = min(one for one in entries if one[0] == least)
            if self._heap.remove(entry):
                into.append(entry[2])
                return True

    def clear(self, into: list[object]) -> list[object]:
        """Move all items to the end of a list, in the order in which they would come.

        Returns that list.
        """
        ranked = self._heap.take_all(into=[])
        into.extend(item for rank, _, item in ranked if rank < 0)
        take_all(self.items, into=into)
        into.extend(item for rank, _, item in ranked if rank > 0)
        self.announce_much_room()
        return into

    def remove(self, item: object, kind: type | None = None) -> bool:
        """Take out this very item; False if it is not there any more.

        Args:
            item: what to take out.
            kind: its class. False as well if something else is queued, which the deque
                would ask whether it is equal. Then the item is left to be skipped.
        """
        kind = type(item) if kind is None else kind
        for entry in self._heap.entries.copy():
            if entry[2] is item:
                return self._heap.remove(entry)
        while all(type(one) is kind for one in (item, *self.items.copy())):
            try:
                self.items.remove(item)
            except ValueError:
                return False
            except IndexError:  # the deque changed while it was searched
                continue
            return True
        return False

    def remove_dead(self, is_dead: Callable[[object], bool]) -> list[object]:
        """Take out the items that are dead, and return them.

        One call at a time; a call in the midst of another takes out nothing. Behind the
        closed gate nobody takes what is put back, and `size` counts it all along, so
        that nobody believes the queue to be empty.
        """
        if self._is_sorted_out:
            return []
        dead: list[object] = []
        entries: list[Entry] = []
        items: list[object] = []
        try:
            self._is_sorted_out = True
            self.set_plain()
            self._out = len(self.items) + len(self._heap.entries)
            self._heap.take_all(into=entries)
            take_all(self.items, into=items)
            items.reverse()  # as `extendleft` wants them
            self._out = len(items) + len(entries)
            dead_entries = [one for one in entries if is_dead(one[2])]
            dead_items = [one for one in items if is_dead(one)]
            dead = [*(one[2] for one in dead_entries), *dead_items]
            entries = _without(dead_entries, entries)
            items = _without(dead_items, items)
        finally:
            # Each in one call of C, whatever a Ctrl-C does to the others.
            try:
                self.items.extendleft(items)
            finally:
                try:
                    self._heap.entries.extend(entries)
                finally:
                    self._out = 0
                    self._is_sorted_out = False
                    self._heap.order()
                    self.set_plain()
                    # Who looked meanwhile found the gate closed.
                    self.parked.unpark_all()
                    self.announce_much_room()
        return dead

    # --- the gate ------------------------------------------------------------------

    def end(self) -> None:
        """Tell the workers that no further item will come."""
        self.has_ended = True
        self.parked.unpark_all()
        self.announce_much_room()

    def set_plain(self) -> None:
        """Work out `is_plain` anew."""
        # Until nothing has changed meanwhile: no lock is held. Who changes a flag comes
        # here afterwards, so the last one to come has seen all changes.
        while True:
            flags = (self.is_shut(), self.is_bounded, self._is_ranked)
            self.is_plain = not any(flags)
            if flags == (self.is_shut(), self.is_bounded, self._is_ranked):
                return

    # --- waking --------------------------------------------------------------------

    def wake_some(self, count: int) -> int:
        """Wake up to `count` of those parked; return how many more there might be."""
        while count > 0 and self.parked and not self.is_shut():
            if not self.parked.unpark_newest():
                break
            count -= 1
        return count

    def pass_on(self) -> None:
        """Wake somebody in our place if items are there; see waiting.py."""
        if self.has_work() and not self.parked.unpark_newest():
            self.is_short = True

    def announce_room(self) -> None:
        """Say that an item was taken: to all who need room for several, and to one."""
        self.room_for_many.unpark_all()
        self.room.unpark_oldest()

    def announce_much_room(self) -> None:
        """Say that there may be room for many, or that waiting is in vain."""
        self.room_for_many.unpark_all()
        self.room.unpark_all()

    def forget_threads(self) -> None:
        """In a forked child: no other thread is left to wait or hold anything."""
        self.lock = threading.RLock()
        self._heap.forget_threads()
        for lot in (self.parked, self.quiet, self.room, self.room_for_many):
            lot.clear()
        self._out = 0
        self._is_sorted_out = False


def _without(dead: list[Any], items: list[Any]) -> list[Any]:
    dead_ids = set(map(id, dead))
    return [one for one in items if id(one) not in dead_ids]
