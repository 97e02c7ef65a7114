"""The facts that a snapshot holds of sources and pools: links, programs, counts, loss.

Frozen values. Times are seconds unless a name says otherwise, shares are 0..1, and what
is not known is None or NaN, never 0.
"""

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

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
class WakeUp:
    """How late a thread of the process wakes from a short sleep, in seconds."""

    median: float
    """Of the greatest of each frame, over the newest frames; NaN: not known."""
    maximum: float


UNKNOWN_WAKE_UP: Final = WakeUp(math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the states of a process's threads are seen."""

    source: str
    """Where they are read, such as 'procfs'; empty: they are not."""
    looks_per_second: float
    """NaN when there are none."""
    trouble: str
    """Why not all is seen: a code, or the system's words; empty when all is."""


NO_SAMPLING: Final = Sampling("", math.nan, "")


@dataclass(frozen=True, slots=True)
class FindingRow:
    """What a rule found in a pool; the window has the words."""

    rule: str
    level: str
    """info, warning or error."""
    evidence: Mapping[str, int | float | str | tuple[tuple[str, int, str], ...]]
    since_seconds: float
    """How long ago it came."""
    source: int
    """The key of its source."""
    pool: int
    """The key of its pool."""


class CodeLine(NamedTuple):
    """One call of a stack."""

    function: str
    """Its module and qualified name."""
    file: str
    line: int
    """0 where it is not known."""


@dataclass(frozen=True, slots=True)
class Raised:
    """What a failed task raised, and where."""

    source: int
    """The key of its source."""
    pool: int
    """The key of its pool."""
    worker: int
    """The key of its worker."""
    task: int
    text: str
    """Such as 'ValueError: text'."""
    lines: tuple[CodeLine, ...]
    """The innermost call first; empty where they are not known."""


@dataclass(frozen=True, slots=True)
class StackGroup:
    """Workers that are at the same place in their code."""

    workers: tuple[int, ...]
    """Their keys."""
    names: tuple[str, ...]
    lines: tuple[CodeLine, ...]
    """The innermost call first."""
    still_seconds: float
    """For how long all of them have been there, at each look."""
    age_seconds: float
    """How long ago they were looked at; else twice a second."""
    states: Mapping[str, int]
    """How many of them are in which state, seen from outside."""


@dataclass(frozen=True, slots=True)
class ForecastRow:
    """What is to be expected of a pool at one size."""

    size: int
    throughput_per_second: float
    wait_p95: float
    """Seconds."""
    busy_share: float


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What a pool would do with its load at other sizes, and what that rests on."""

    pool: int
    """The pool's key."""
    size: int
    """Its size now."""
    forecasts: tuple[ForecastRow, ...]
    """By size; empty where nothing can be said."""
    best: int
    """The least size that does as much as any; 0 where nothing can be said."""
    why_not: str
    """few, sampled or states: why nothing can be said; else empty."""
    seconds: float
    """Of so much of the load."""
    tasks: int
    kept_full: bool
    """Whether tasks are taken to come as others end; else as they were seen."""
    population: int
    """How many are then in the pool at a time."""
    gil_share: float
    """Of a task's own time, what it holds the GIL."""
    lock_share: float
    """Of a task's own time, what it holds a lock that all others want, too."""
    core_share: float
    """Of a task's own time, what it is on a core."""
    cores: int


@dataclass(frozen=True, slots=True)
class MarkRow:
    """Something that happened to a pool, at its place on the time axis."""

    time_ns: int
    source: int
    """The key of its source."""
    pool: int
    """The key of its pool."""
    kind: str
    """resized, paused, resumed, draining, stopped, or finding."""
    values: Mapping[str, int | float | str]
    """As `monitor.marks` says."""
    in_scope: bool


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
    rates: tuple[tuple[int, float], ...] = ()
    """(size, finished tasks a second) as far as resizes have shown it, by size."""
    is_over: bool = False
    """Whether its process is no more: the figures are the last that were told."""


@dataclass(frozen=True, slots=True)
class Playback:
    """Where in a recording a source is."""

    file: str
    """Its name."""
    position_seconds: float
    """From its beginning."""
    length_seconds: float
    speed: float
    is_playing: bool
    began_wall_seconds: float
    """Unix time at its beginning; NaN: not known."""
    is_damaged: bool
    """Whether the file is cut off or damaged after its end here."""


@dataclass(frozen=True, slots=True)
class RecordingRow:
    """A file to which a source is recorded."""

    path: str
    size_bytes: int
    seconds: float
    """How much time it holds."""


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
    title: str = ""
    """What its program is called, such as 'app.py'; empty where it has said nothing."""
    is_driven: bool = True
    """Whether it takes commands; else it is only watched."""
    playback: Playback | None = None
    """Where it is, if it is a recording."""
    recording: RecordingRow | None = None
    """To which file it is recorded just now."""

    @property
    def pool(self) -> PoolRow | None:
        """Its newest pool."""
        return self.pools[-1] if self.pools else None
