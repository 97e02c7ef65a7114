"""Queued items that have a priority. Any thread may call anything.

Heaps of (-priority, number, item). With the GIL each step of `heapq`, which is written
in C and here compares whole numbers only, is one that no thread or signal divides.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final, TypeVar

from pool_gui.pool.build import guard
from pool_gui.pool.serial import SerialNumbers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Entry = tuple[int, int, object]

Taken = TypeVar("Taken")

NOTHING: Final = object()
"""What stands for an item where there is none."""


class Ranks:
    """Items of one side: all priorities above 0, or all below.

    Equal priorities come out in the order in which they went in.
    """

    __slots__ = ("_guard", "_heap", "_numbers")

    def __init__(self) -> None:
        self._heap: list[Entry] = []
        self._numbers = SerialNumbers()
        self._guard = guard()

    def __len__(self) -> int:
        return len(self._heap)

    def push(self, item: object, priority: int) -> None:
        """Add an item."""
        self._push((-priority, self._numbers.take(), item))

    def pop(self) -> object:
        """Take the most urgent item; `NOTHING` if there is none."""
        entry = self._pop()
        return NOTHING if entry is None else entry[2]

    def pop_last(self) -> object:
        """Take the oldest of the least urgent items; `NOTHING` if there is none."""
        while self._heap:
            entries = self._heap.copy()
            lowest = max(entries, default=(0,))[0]
            entry = min(one for one in entries if one[0] == lowest)
            try:
                with self._guard:
                    self._heap.remove(entry)
                    heapq.heapify(self._heap)
            except ValueError:  # somebody took it meanwhile
                continue
            return entry[2]
        return NOTHING

    def remove(self, item: object) -> bool:
        """Take out this very item; False if it is not there any more."""
        for entry in self._heap.copy():
            if entry[2] is item:
                try:
                    with self._guard:
                        self._heap.remove(entry)
                        heapq.heapify(self._heap)
                except ValueError:
                    return False
                return True
        return False

    def purge(
        self,
        is_dead: Callable[[object], bool],
        bury: Callable[[object], object] = id,
    ) -> int:
        """Take out the items that are dead, and return how many those were.

        `bury` is called for each of them, once the others are back.
        """
        return purge(
            iter(self._pop, None),
            self._push_all,
            lambda entry: is_dead(entry[2]),
            lambda entry: bury(entry[2]),
        )

    def listed(self) -> list[object]:
        """Return the items, the most urgent first."""
        return [item for _, _, item in sorted(self._heap.copy())]

    def forget_threads(self) -> None:
        """In a forked child: no other thread is left to hold the guard."""
        self._guard = guard()

    def _push_all(self, entries: list[Entry]) -> None:
        for entry in entries:
            self._push(entry)

    def _push(self, entry: Entry) -> None:
        with self._guard:
            heapq.heappush(self._heap, entry)

    def _pop(self) -> Entry | None:
        with self._guard:
            try:
                return heapq.heappop(self._heap)
            except IndexError:
                return None


def purge(
    taking: Iterable[Taken],
    put_back: Callable[[list[Taken]], object],
    is_dead: Callable[[Taken], bool],
    bury: Callable[[Taken], object],
) -> int:
    """Take all of a queue, put back what is not dead; return how much was.

    An interruption (Ctrl-C) puts everything back.

    Args:
        taking: takes one after the other out of the queue.
        put_back: gets, in their order, those that stay.
        is_dead: whether one is to go.
        bury: called for each of these, once the others are back.
    """
    taken: list[Taken] = []
    kept: list[Taken] = []
    dead: list[Taken] = []
    alive = taken
    try:
        taken.extend(taking)
        for one in taken:
            (dead if is_dead(one) else kept).append(one)
        alive = kept
    finally:
        put_back(alive)
    for one in dead:
        bury(one)
    return len(dead)
