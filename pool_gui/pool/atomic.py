"""Steps that no other thread, signal handler or finalizer can divide.

The pool rests on these, and on locks, alone. With the GIL one call into C is such a
step, if it runs no Python code: a method of a list, a dict or a deque of which the keys
are strings or objects that compare by identity. Without the GIL the same methods lock
the container. What is no such step there (the claim of a slot, the next of a count, a
heap) is made one here, with a lock or a list, so that the rest is written once.
"""

from __future__ import annotations

import heapq
import itertools
import sysconfig
import threading
from collections import deque
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HAS_GIL: Final = not sysconfig.get_config_var("Py_GIL_DISABLED")
"""False on a free-threaded build, also when the GIL was switched on there again."""

Entry = tuple[int, int, object]
Mark = TypeVar("Mark")


def first(owner: dict[str, Any], key: str, mark: Mark) -> Mark:
    """Return the mark that somebody was first to leave under `key`; perhaps this one.

    All callers get the same answer, whatever the order of events: the list is there
    once (`setdefault`), each mark goes to its end (`append`), and what once stands at
    its beginning stays there. Who is interrupted between the two steps has not come
    yet, and whoever comes next goes first.
    """
    marks: list[Mark] = owner.setdefault(key, [])
    marks.append(mark)
    return marks[0]


def take_all(items: deque[Mark], into: list[Mark], at_most: int | None = None) -> int:
    """Move what is in a deque now to the end of a list, oldest first.

    In one step: what a Ctrl-C finds is in the one or in the other. Returns how many.
    """
    before, count = len(into), len(items) if at_most is None else at_most
    with suppress(IndexError):  # others were quicker
        into.extend(itertools.islice(map(_popleft, itertools.repeat(items)), count))
    return len(into) - before


_popleft = deque.popleft


class SerialNumbers:
    """Hands out 1, 2, 3, … and knows how many it has handed out.

    Attributes:
        take: returns the next number.
        numbers: the same numbers, as an iterator without an end.
    """

    __slots__ = ("_count", "numbers", "take")

    def __init__(self) -> None:
        self._count = itertools.count(1)
        self.take: Callable[[], int] = self._count.__next__
        self.numbers: Iterator[int] = self._count
        if not HAS_GIL:
            self.take = self._locked_take()
            self.numbers = iter(self.take, 0)

    def taken(self) -> int:
        """Return how many numbers have been handed out."""
        # A count shows its next value only in its repr: "count(1)".
        return int(repr(self._count)[len("count(") : -1]) - 1

    def _locked_take(self) -> Callable[[], int]:
        # Without the GIL two threads may get the same number from one count.
        lock, step = threading.RLock(), self._count.__next__

        def take() -> int:
            with lock:
                return step()

        return take


class Once:
    """A slot that one caller alone gets deleted, without the GIL.

    `del x.slot` raises AttributeError for all but the first. With the GIL a plain slot
    does just that, in one step. Without it, the look of `del` stands outside of the
    lock under which it clears, so here the slot holds a list of one item.
    """

    def __init__(self, slot: str) -> None:
        self._slot = slot

    def __set__(self, owner: object, value: object) -> None:
        """Let it be deleted once, from now on."""
        setattr(owner, self._slot, [value])

    def __delete__(self, owner: object) -> None:
        """Take it.

        Raises:
            AttributeError: somebody did, or it was never there.
        """
        try:
            getattr(owner, self._slot).pop()
        except IndexError:
            raise AttributeError(self._slot) from None


class Heap:
    """A heap of (rank, number, item), the least rank and number first.

    No two entries have the same rank and number, so that items are never compared, and
    `heapq`, which is written in C, runs no Python code. It locks nothing, which the GIL
    makes needless.
    """

    __slots__ = ("_guard", "entries")

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.forget_threads()

    def push(self, entry: Entry) -> None:
        """Add an entry."""
        with self._guard:
            heapq.heappush(self.entries, entry)

    def pop(self) -> Entry | None:
        """Take the least entry; None if there is none."""
        taken: list[Entry] = []
        return taken[0] if self.pop_into(taken) else None

    def pop_into(self, into: list[Any]) -> bool:
        """Move the least entry to the end of a list; False if there is none."""
        before = len(into)
        with self._guard, suppress(IndexError):
            into.extend(map(heapq.heappop, (self.entries,)))  # one call of C
        return len(into) > before

    def take_all(self, into: list[Entry]) -> list[Entry]:
        """Move all entries to the end of a list, in their order, and return that."""
        with self._guard, suppress(IndexError):
            into.extend(map(heapq.heappop, itertools.repeat(self.entries)))
        return into

    def order(self) -> None:
        """Order the entries, after some were added to them as to a list."""
        with self._guard:
            heapq.heapify(self.entries)

    def remove(self, entry: Entry) -> bool:
        """Take out this entry; False if it is not there any more.

        With the GIL, who pops between the two steps may get a neighbour in rank first;
        nothing is lost, and the second step orders all again.
        """
        with self._guard:
            try:
                self.entries.remove(entry)
            except ValueError:
                return False
            heapq.heapify(self.entries)
            return True

    def forget_threads(self) -> None:
        """In a forked child: no other thread is left to hold the guard."""
        self._guard: AbstractContextManager[object] = (
            nullcontext() if HAS_GIL else threading.RLock()
        )
