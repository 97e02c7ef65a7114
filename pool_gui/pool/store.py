"""The items of a queue, in the order in which they are to come; nobody waits here.

Any thread may call anything. With the GIL no lock is taken, so that a finalizer or a
signal handler may add an item while its own thread does.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from pool_gui.pool.build import guard
from pool_gui.pool.ranks import NOTHING, Ranks, purge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Store:
    """Items, larger priorities first, equal ones in the order in which they came.

    Attributes:
        items: those of priority 0, which is nearly all.
        is_ranked: there are, or were, others.
        peak: most items seen since `take_peak`.
    """

    __slots__ = (
        "_early",
        "_guard",
        "_late",
        "_summit",
        "is_ranked",
        "items",
        "peak",
    )

    def __init__(self) -> None:
        self.items: deque[object] = deque()
        self.is_ranked = False
        self.peak = 0
        self._early = Ranks()
        self._late = Ranks()
        self._guard = guard()
        self._summit = 0

    def add_ranked(self, item: object, priority: int) -> None:
        """Add an item whose priority is not 0."""
        self.is_ranked = True
        (self._early if priority > 0 else self._late).push(item, priority)
        self.note_depth()

    def get(self, index: int) -> object:
        """Return the item at `index`, 0 being the next, and leave it there.

        Raises:
            IndexError: there is none.
        """
        if not self.is_ranked:
            return self.items[index]
        return [*self._early.listed(), *self.items, *self._late.listed()][index]

    def size(self) -> int:
        """Return how many items are queued."""
        return len(self.items) + len(self._early) + len(self._late)

    def clear(self) -> list[object]:
        """Take all items that are queued now, in the order in which they would come."""
        taken: list[object] = []
        for _ in range(self.size()):
            item = self.take_next()
            if item is NOTHING:  # poppers were quicker
                break
            taken.append(item)
        return taken

    def purge(
        self,
        is_dead: Callable[[object], bool],
        bury: Callable[[object], object] = id,
    ) -> int:
        """Take out the items that are dead, and return how many those were.

        `bury` is called for each of them, once the others are back.
        """
        dead = purge(
            self._take_plain(),
            # Before what was put meanwhile.
            lambda alive: self.items.extendleft(reversed(alive)),
            is_dead,
            bury,
        )
        return dead + self._early.purge(is_dead, bury) + self._late.purge(is_dead, bury)

    def take_last(self) -> object:
        """Take the oldest of the least urgent items; `NOTHING` if there is none."""
        item = self._late.pop_last()
        if item is NOTHING:
            try:
                item = self.items.popleft()
            except IndexError:
                item = self._early.pop_last()
        return item

    def remove(self, item: object) -> bool:
        """Take out this very item; False if it is not there any more."""
        while True:
            try:
                self.items.remove(item)
            except ValueError:
                return self._early.remove(item) or self._late.remove(item)
            except IndexError:  # the queue changed while it was searched
                continue
            return True

    def take_peak(self) -> int:
        """Return the most items queued at once since the last call.

        Exact but for puts interrupted between their append and their look at the
        length: each of those may hide one item.
        """
        # One tuple assignment: no other thread gets in between under the GIL.
        with self._guard:
            peak, self.peak = self.peak, 0
        peak = max(peak, self.size())
        self._summit = max(self._summit, peak)
        return peak

    def summit(self) -> int:
        """Return the most items ever queued at once; as exact as `take_peak`."""
        return max(self._summit, self.peak)

    def note_depth(self) -> None:
        """Let `take_peak` know how many items are queued now."""
        # Between the comparison and the store no other thread gets in under the GIL
        # (there is no call), so a stale depth never overwrites a higher one.
        with self._guard:
            depth = self.size()
            if depth > self.peak:  # noqa: PLR1730 - a call of max would let others in
                self.peak = depth

    def take_next(self) -> object:
        """Take the oldest of the most urgent items; `NOTHING` if there is none."""
        if self.is_ranked:
            item = self._early.pop()
            if item is not NOTHING:
                return item
        if self.items:
            try:
                return self.items.popleft()
            except IndexError:
                pass  # others were quicker
        return self._late.pop() if self.is_ranked else NOTHING

    def _take_plain(self) -> Iterator[object]:
        for _ in range(len(self.items)):
            try:
                yield self.items.popleft()
            except IndexError:  # poppers were quicker
                return

    def forget_threads(self) -> None:
        """In a forked child: no other thread is left to hold anything."""
        self._guard = guard()
        self._early.forget_threads()
        self._late.forget_threads()
