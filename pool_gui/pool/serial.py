"""Serial numbers that any thread may take without a lock. They double as counters."""

from __future__ import annotations

import itertools
import sysconfig
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class SerialNumbers:
    """Hands out 1, 2, 3, … and knows how many it has handed out.

    Attributes:
        take: returns the next number; atomic, and safe in finalizers and signal
            handlers.
        numbers: the same numbers, as an iterator without an end.
    """

    __slots__ = ("_count", "numbers", "take")

    def __init__(self) -> None:
        self._count = itertools.count(1)
        self.take: Callable[[], int] = self._count.__next__
        self.numbers: Iterator[int] = self._count
        if sysconfig.get_config_var("Py_GIL_DISABLED"):
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
