"""What the window wants to see. Frozen values; any thread."""

import enum
from dataclasses import dataclass

from pool_gui.monitor.view.task_query import ALL_TASKS, TaskQuery


class LaneOrder(enum.StrEnum):
    """How the lanes of a pool are sorted."""

    AGE = "age"
    """The oldest worker first."""
    NAME = "name"
    """By name, numbers by their value."""
    BUSY = "busy"
    """Whoever was busy most, first; sorted anew every few seconds."""


class Rate(enum.StrEnum):
    """How often the views are brought up to date at the most."""

    HIGH = "high"
    """With each pixel by which the lanes move, up to 30 times a second."""
    NORMAL = "normal"
    """10 times a second; more where single tasks are looked at."""
    LOW = "low"
    """Twice a second."""


@dataclass(frozen=True, slots=True)
class Viewport:
    """What the window wants to see of the lanes; set from the GUI thread."""

    span_seconds: float = 30.0
    """How much time the lanes show."""
    end_ns: int | None = None
    """The right edge, or None to follow now."""
    pixels: int = 600
    """The lanes' width."""
    folded: frozenset[int] = frozenset()
    """Keys of pools whose lanes are not shown."""
    hidden: frozenset[int] = frozenset()
    """Keys of workers whose lanes are not shown."""
    pinned: frozenset[int] = frozenset()
    """Keys of workers whose lanes stand on top."""
    first_row: int = 0
    """The first lane in sight, and"""
    rows: int = 0
    """how many lanes are in sight; 0: all of them are to be drawn."""
    by_state: bool = False
    """Whether `Lanes.states` is wanted."""
    stacks: bool = False
    """Whether somebody looks at stacks."""
    what_if: bool = False
    """Whether somebody looks at what other sizes would do."""
    order: LaneOrder = LaneOrder.AGE
    task: tuple[int, int] = (0, 0)
    """The keys of a worker and of a task of it that somebody looks at; 0: none."""
    tasks: TaskQuery = ALL_TASKS
    """Which tasks the table of tasks shows."""
    rate: Rate = Rate.NORMAL
