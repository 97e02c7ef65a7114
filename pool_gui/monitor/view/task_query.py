"""Which tasks the table of tasks is to show, and in which order. Any thread.

The window asks, the session answers out of all tasks that it keeps: what matches is
found among 200,000, and only the rows that can be read are made.
"""

import enum
import re
from dataclasses import dataclass
from typing import Final

from pool_gui.monitor.view.snapshot import TaskRow

STATES: Final = ("running", "done", "failed", "ended")
"""Of a task, as `TaskRow.state` names them."""

_WORDS: Final = re.compile(r'"([^"]*)"?|(\S+)')
_BOUND: Final = re.compile(
    r"(?P<what>ran|waited)?(?P<sign>[<>])(?P<number>\d+(?:\.\d+)?)"
    r"(?P<unit>ns|us|µs|ms|s|min|h)?"
)
_UNIT_SECONDS: Final = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "min": 60.0,
    "h": 3600.0,
}
_FIELDS: Final = ("state", "function", "worker", "error")


class TaskOrder(enum.StrEnum):
    """What comes first."""

    NEWEST = "newest"
    """Running tasks, then those that ended last."""
    NUMBER = "number"
    RAN = "ran"
    WAITED = "waited"


@dataclass(frozen=True, slots=True)
class Bound:
    """A time that a task must have taken more or less than."""

    of_wait: bool
    """Whether it is about the wait; else about the run."""
    is_least: bool
    seconds: float

    def holds(self, row: TaskRow) -> bool:
        """Whether a task took so long."""
        value = row.wait_seconds if self.of_wait else row.run_seconds
        return value > self.seconds if self.is_least else value < self.seconds


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """What a person typed, taken apart: all of it must hold.

    Attributes:
        words: each must be in some text of the row.
        named: (state, function, worker or error; the word that must be in it).
        bounds: of how long it took.
        tasks: one of these numbers it must have, if there are any.
    """

    words: tuple[str, ...] = ()
    named: tuple[tuple[str, str], ...] = ()
    bounds: tuple[Bound, ...] = ()
    tasks: tuple[int, ...] = ()

    def holds(self, row: TaskRow) -> bool:
        """Whether a row is to be shown."""
        if self.tasks and row.task not in self.tasks:
            return False
        if not all(bound.holds(row) for bound in self.bounds):
            return False
        if not (self.words or self.named):
            return True
        texts = {
            "state": row.state,
            "function": row.function.casefold(),
            "worker": row.worker_name.casefold(),
            "error": row.error.casefold(),
        }
        return all(word in texts[field] for field, word in self.named) and all(
            any(word in text for text in texts.values()) for word in self.words
        )


NO_FILTER: Final = TaskFilter()


def parse(text: str) -> TaskFilter:
    """Return what a text asks for.

    Args:
        text: words, such as 'failed', 'fetch', 'worker:demo-1', '>100ms',
            'waited>1s', '#17' or '"two words"'; what is none of these is a word.
    """
    words: list[str] = []
    named: list[tuple[str, str]] = []
    bounds: list[Bound] = []
    tasks: list[int] = []
    for phrase, bare in _WORDS.findall(text.casefold()):
        field, colon, rest = bare.partition(":")
        bound = _BOUND.fullmatch(bare)
        if bound is not None:
            seconds = float(bound["number"]) * _UNIT_SECONDS[bound["unit"] or "s"]
            of_wait = bound["what"] == "waited"
            bounds.append(Bound(of_wait, bound["sign"] == ">", seconds))
        elif colon and field in _FIELDS:
            named.append((field, rest))
        elif bare.startswith("#") and bare[1:].isdecimal():
            tasks.append(int(bare[1:]))
        elif phrase or bare:
            words.append(phrase or bare)
    return TaskFilter(tuple(words), tuple(named), tuple(bounds), tuple(tasks))


@dataclass(frozen=True, slots=True)
class TaskQuery:
    """What the table of tasks is to show."""

    filter: TaskFilter = NO_FILTER
    state: str = ""
    """One of STATES; empty: all."""
    order: TaskOrder = TaskOrder.NEWEST
    rising: bool = False
    """Whether the least comes first; not for NEWEST."""

    def holds(self, row: TaskRow) -> bool:
        """Whether a row is to be shown."""
        return self.state in {"", row.state} and self.filter.holds(row)


ALL_TASKS: Final = TaskQuery()
