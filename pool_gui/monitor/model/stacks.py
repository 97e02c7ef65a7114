"""Where in their code workers were last seen, and for how long they have been there.

Session thread only. Invariant: one stack a living worker; what is no longer told is
kept until the worker goes, so that of a process that cannot answer the last is known.
"""

from dataclasses import dataclass
from typing import Final

from pool_gui.monitor.model.workers import Workers
from pool_gui.monitor.view.facts import CodeLine
from pool_gui.wire.messages import Stacks

_FOR_GOOD_NS: Final = 3_000_000_000
"""A stack that was not told for so long may have been another meanwhile."""


@dataclass(frozen=True, slots=True)
class LastStack:
    """Where a worker was, when it was last told."""

    lines: tuple[CodeLine, ...]
    """The innermost call first."""
    task: int
    """The task that it ran, 0 for none."""
    since_ns: int
    """Since when it was there at each look."""
    seen_ns: int
    """When it was last looked at."""


class StackBook:
    """The last known stack of each worker, by its key."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._places: dict[int, LastStack] = {}

    def fold(self, told: Stacks, now_ns: int) -> None:
        """Take in what an agent told.

        Args:
            told: the stacks.
            now_ns: the session's time at which they were so.

        Raises:
            MalformedMessageError: a worker was never named.
        """
        lines = [CodeLine(*one) for one in told.lines]
        for numbers, places in told.stacks:
            stack = tuple(lines[place] for place in places)
            for number in numbers:
                worker = self._workers.find(number)
                if worker is not None:
                    self._note(worker.key, stack, worker.task, now_ns)
        living = {worker.key for worker in self._workers.living}
        for key in self._places.keys() - living:
            del self._places[key]

    def _note(
        self, key: int, lines: tuple[CodeLine, ...], task: int, now_ns: int
    ) -> None:
        before = self._places.get(key)
        same = (
            before is not None
            and before.lines == lines
            and before.task == task
            and now_ns - before.seen_ns < _FOR_GOOD_NS
        )
        since_ns = before.since_ns if before is not None and same else now_ns
        self._places[key] = LastStack(lines, task, since_ns, now_ns)

    def of(self, key: int) -> LastStack | None:
        """Return where the worker with this key was; None: it was never told."""
        return self._places.get(key)

    def clear(self) -> None:
        """Forget all: another process begins."""
        self._places.clear()
