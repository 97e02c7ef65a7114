"""What failed tasks raised, and where: as much as is kept. Session thread only.

Invariant: at most MOST_KEPT tasks, the newest; calls are known of tasks alone whose
text is.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from pool_gui.monitor.model.pools import Pools
from pool_gui.monitor.view.facts import CodeLine
from pool_gui.wire.messages import Tracebacks

MOST_KEPT: Final = 2048

TaskKey = tuple[int, int]
"""(the pool's key, task)."""


class FailureBook:
    """See the module."""

    def __init__(self, pools: Pools) -> None:
        self._pools = pools
        self._texts: dict[TaskKey, str] = {}
        self._calls: dict[TaskKey, tuple[CodeLine, ...]] = {}

    def __iter__(self) -> Iterator[tuple[TaskKey, str]]:
        return iter(self._texts.items())

    def __len__(self) -> int:
        return len(self._texts)

    def note(self, told: Sequence[tuple[int, int, str]]) -> None:
        """Take in what a frame tells.

        Raises:
            MalformedMessageError: a pool was never told.
        """
        for number, task, text in told:
            self._texts[self._pools.find(number).key, task] = text
        while len(self._texts) > MOST_KEPT:
            oldest = next(iter(self._texts))
            del self._texts[oldest]
            self._calls.pop(oldest, None)

    def note_calls(self, told: Tracebacks) -> None:
        """Take in where they raised.

        Raises:
            MalformedMessageError: a pool was never told.
        """
        lines = [CodeLine(*one) for one in told.lines]
        for number, task, places in told.tracebacks:
            key = self._pools.find(number).key, task
            if key in self._texts:
                self._calls[key] = tuple(lines[place] for place in places)

    def text(self, pool: int, task: int) -> str:
        """Return what a task raised; empty where it is not known."""
        return self._texts.get((pool, task), "")

    def calls(self, pool: int, task: int) -> tuple[CodeLine, ...]:
        """Return where it was raised, the innermost call first; empty: not known."""
        return self._calls.get((pool, task), ())
