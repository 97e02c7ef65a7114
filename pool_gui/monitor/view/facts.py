"""The facts that a snapshot holds of sources and pools: links, programs, counts, loss.

Frozen values. Times are seconds unless a name says otherwise, shares are 0..1, and what
is not known is None or NaN, never 0.
"""

import enum
from dataclasses import dataclass
from typing import Final

from pool_gui.wire.messages import Counts
from pool_gui.wire.notes import Note

MAX_SOURCES: Final = 16
"""So many sources one session watches at a time."""


class LinkState(enum.Enum):
    """How the session stands with the process it watches."""

    NONE = "none"
    """No process has been started yet."""
    STARTING = "starting"
    """The process was started and has not said hello."""
    LIVE = "live"
    """Frames arrive."""
    SILENT = "silent"
    """The process lives, but no frame has come for more than a second."""
    LOST = "lost"
    """It ended without being asked to, or its link broke; `Link.note` says how."""
    ENDED = "ended"
    """It ended because it was asked to."""


@dataclass(frozen=True, slots=True)
class Link:
    """The state of the link, and what is to be said of it."""

    state: LinkState
    note: Note
    """With the exit code or signal when it was lost."""
    silent_seconds: float
    """Since the last frame; NaN when none has come."""


@dataclass(frozen=True, slots=True)
class Program:
    """The watched program, as it introduced itself."""

    pid: int
    python: str
    gil: bool
    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProcessUse:
    """What a process takes of the machine (psutil); NaN where it is not known."""

    cpu_share: float
    """Of one core, over the last second; 2.0 is two cores."""
    rss_bytes: float
    threads: float


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the log."""

    number: int
    """Counts up; the log keeps the newest lines only."""
    wall_seconds: float
    """Unix time."""
    source: str
    """window, pool, stdout or stderr."""
    level: str
    """info, warning or error."""
    note: Note
    about: tuple[str, int] | None = None
    """Kind and number of the source that it speaks of; None where that is plain."""


@dataclass(frozen=True, slots=True)
class ArrivalRow:
    """How the tasks of a load arrive."""

    arrival: str
    """One of wire.commands.Arrival."""
    rate_per_second: float
    in_flight: int


@dataclass(frozen=True, slots=True)
class LoadState:
    """The demo load, as the pool process tells it."""

    demo: str
    arrivals: tuple[ArrivalRow, ...]
    """How its tasks arrive; one entry a pool."""
    submitted: int
    remaining: int | None
    """None: without end."""
    held_back: int
    """Arrivals that were due but not put, for the queue was over its safe length."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What the window does not know, in numbers."""

    frames_dropped: int
    spans_dropped: int
    span_stride: int
    """1: every task in detail; n: every n-th."""

    @property
    def complete(self) -> bool:
        """Whether nothing was lost or sampled away."""
        return self.frames_dropped == 0 and self.spans_dropped == 0


@dataclass(frozen=True, slots=True)
class PoolRow:
    """A pool; or several, summed up, whose key is 0 and whose name is empty."""

    name: str
    kind: str
    state: str
    """One of wire.protocol.POOL_STATES; of several the liveliest."""
    size: int
    alive: int
    busy: int
    depth: int
    depth_limit: int | None
    counts: Counts
    throughput_per_second: float
    """Over the last second; NaN in the first."""
    key: int = 0
    """Names it in scopes, groups of lanes and folds; never used twice."""
    load: LoadState | None = None
    """What a demo pool is being fed with."""
    pools: int = 1
    """How many are summed up here."""
    is_over: bool = False
    """Whether its process is no more: the figures are the last that were told."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source: what sends frames, such as a demo pool in a process of its own."""

    key: int
    """Names it; never used twice."""
    number: int
    """What people call it by: the second demo is 2."""
    link: Link
    pools: tuple[PoolRow, ...]
    """Those that there are; where there is none, the last there was."""
    pid: int | None
    """None until its process has said hello."""
    kind: str = "demo"
    """Which kind of source it is."""
    is_driven: bool = True
    """Whether it takes commands; else it is only watched."""

    @property
    def pool(self) -> PoolRow | None:
        """Its newest pool."""
        return self.pools[-1] if self.pools else None
