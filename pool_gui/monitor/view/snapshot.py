"""What the session hands to the window: one frozen value that holds all it shows.

A snapshot is made on the session thread and never changed afterwards; its arrays are
read-only. Times are seconds unless a name says otherwise, shares are 0..1, and what is
not known is None or NaN, never 0.
"""

import enum
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pool_gui.monitor.view.facts import (
    NO_SAMPLING,
    UNKNOWN_WAKE_UP,
    FindingRow,
    Link,
    LoadState,
    LogLine,
    Loss,
    MarkRow,
    PoolRow,
    ProcessUse,
    Program,
    Raised,
    Sampling,
    SourceRow,
    StackGroup,
    WakeUp,
    WhatIf,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Shares = NDArray[np.float32]
"""(…, STATES) of time, by state."""

NO_SHARES: Final[Shares] = np.zeros((0, 0, 0), np.float32)
"""No time is divided into states."""


def _no_shares() -> Shares:
    return NO_SHARES


@dataclass(frozen=True, slots=True)
class Scope:
    """What cards, charts, tables and commands are about."""

    source: int = 0
    """A source's key; 0: all sources."""
    pool: int = 0
    """A pool's key; 0: all pools of the source."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """How long something took: percentiles and a histogram over a stated span."""

    count: int
    """How many values it is made of."""
    window_seconds: float
    """Over how long a time they were collected."""
    complete: bool
    """False: the values are a sample."""
    p50: float
    """Seconds; NaN when count is 0, as the other percentiles."""
    p95: float
    p99: float
    maximum: float
    edges: Floats
    """(n + 1,) seconds, logarithmically spaced."""
    histogram: Ints
    """(n,) values in each bucket."""


@dataclass(frozen=True, slots=True)
class Series:
    """The charts' curves over the last `span_seconds`, oldest first; gaps are NaN."""

    age_seconds: Floats
    """(n,) age of each point, from -span_seconds to 0 (now); the x of all curves."""
    depth: Floats
    """(n,) the queue's peak depth in each interval."""
    busy_share: Floats
    """(n,) busy worker-seconds by available worker-seconds."""
    workers: Floats
    """(n,) number of workers."""
    throughput: Floats
    """(n,) finished tasks a second."""
    failed_rate: Floats
    """(n,) failed tasks a second."""
    wait_p95: Floats
    """(n,) seconds; NaN where no task began."""
    run_p95: Floats
    """(n,) seconds; NaN where no task ended."""
    states: Shares = field(default_factory=_no_shares)
    """(n, STATES) where the workers' time went (`monitor.states`), shares that add up
    to 1; NaN where it is not known. Empty where threads are not looked at."""


class WorkerState(enum.StrEnum):
    """A worker's state as the report names it."""

    IDLE = "idle"
    BUSY = "busy"
    DISMISSED = "dismissed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """One worker, as the table and its lane's label show it."""

    key: int
    """Names it in selections, the lanes and commands; never used twice."""
    name: str
    native_id: int
    state: WorkerState
    done: int
    failed: int
    busy_share: float
    """Over the lanes' visible span; NaN when it has not lived in it."""
    task: int
    """The task it runs now, or 0."""
    function: str
    """Of the task it runs now, short form; empty when idle."""
    since_seconds: float
    """How long it has been in this state."""
    source: int = 0
    """The key of its source."""
    number: int = 0
    """Names it in commands to its source."""
    pool: int = 0
    """The key of its pool."""
    shares: tuple[float, ...] = ()
    """Where its time went over the lanes' visible span, by state; empty: not known."""

    @property
    def gone(self) -> bool:
        """Whether its thread has ended."""
        return self.state is WorkerState.GONE


@dataclass(frozen=True, slots=True)
class LaneGroup:
    """The lanes of one pool; they stand together, below a head of their own."""

    source: int
    """The source's key; 0 for the lanes that were pinned on top."""
    first: int
    """Its first row in `Snapshot.workers`."""
    rows: int
    """How many rows it has there: 0 while it is folded."""
    workers: int
    """How many workers it has in sight, shown or not."""
    pool: int = 0
    """The pool's key; 0 for the lanes that were pinned on top."""
    name: str = ""
    """The pool's."""
    hidden: int = 0
    """How many of its workers were hidden one by one."""


@dataclass(frozen=True, slots=True)
class SpanTable:
    """The finished and running tasks that can be seen on the lanes; columns of (n,)."""

    worker: Ints
    task: Ints
    function: Ints
    """Index into `Lanes.functions`."""
    queued_ns: Ints
    started_ns: Ints
    ended_ns: Ints
    """The lanes' `end_ns` for one that still runs."""
    outcome: Ints
    """0 done, 1 failed, 2 running, 3 ended (its detail was lost)."""


@dataclass(frozen=True, slots=True)
class Lanes:
    """The worker lanes in sight, at the resolution of the screen.

    Rows follow `Snapshot.workers` from its `first_row` on, columns are pixels from
    `begin_ns` to `end_ns`.
    """

    begin_ns: int
    end_ns: int
    live: bool
    """Whether the view follows now."""
    now_ns: int
    """The watched process's clock at this snapshot."""
    begin_known_ns: int
    """History before this is no longer kept (or never was)."""
    coverage: NDArray[np.float32]
    """(workers, pixels) share of the pixel's time that the worker was busy; NaN
    where the worker did not live or the process was not seen."""
    owner: NDArray[np.int32]
    """(workers, pixels) row of `spans` that fills most of the pixel, or -1."""
    failed: NDArray[np.bool_]
    """(workers, pixels) whether a failed task ended in this pixel."""
    spans: SpanTable
    functions: tuple[str, ...]
    """Full names, by the index that `spans.function` holds. Only ever appended to, so
    a colour chosen by index stays."""
    groups: tuple[LaneGroup, ...] = ()
    """One a source, in the order of the lanes."""
    states: Shares = field(default_factory=_no_shares)
    """(workers, pixels, STATES) shares of each pixel's time, NaN where they are not
    known; empty unless `Viewport.by_state` asks for them."""
    first_row: int = 0
    """The place in `Snapshot.workers` of the first lane that is drawn."""


@dataclass(frozen=True, slots=True)
class FunctionRow:
    """One function's finished tasks."""

    name: str
    calls: int
    failed: int
    run_p50: float
    run_p95: float
    run_max: float
    complete: bool
    """False: the percentiles are of a sample."""


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One task of the Tasks table."""

    task: int
    worker: int
    """The key of its worker."""
    worker_name: str
    function: str
    wait_seconds: float
    run_seconds: float
    state: str
    """running, done, failed, or ended (its detail was lost)."""
    error: str
    """What a failed one raised, cut to one line; empty where it is not known."""
    started_ns: int
    ended_ns: int
    source: int = 0
    """The key of its source."""
    pool: int = 0
    """The key of its pool."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the window shows, at one moment.

    The lanes and `sources` tell of all there is; all else of what is in scope.
    """

    number: int
    link: Link
    program: Program | None
    process: ProcessUse
    monitor: ProcessUse
    """The window's own process."""
    agent_cpu_share: float
    """Of one core, taken by the agent in the watched process; NaN when not known."""
    frames_per_second: float
    uptime_seconds: float
    """Since the first frame; NaN before."""
    pool: PoolRow | None
    workers: tuple[WorkerRow, ...]
    """In the order of the lanes: living ones, then those gone but still in view."""
    lanes: Lanes | None
    series: Series
    wait: Distribution
    run: Distribution
    functions: tuple[FunctionRow, ...]
    tasks: tuple[TaskRow, ...]
    """Those that `Viewport.tasks` asks for, at most 500; else running ones, then the
    newest finished ones."""
    load: LoadState | None
    loss: Loss
    log: tuple[LogLine, ...]
    """At most the newest 2,000 lines; the same tuple object while nothing came."""
    quiet: bool
    """Nothing has moved since the last snapshot: views may repaint less often."""
    sources: tuple[SourceRow, ...] = ()
    """In the order in which they came; a lost one stays until it is removed."""
    scope: Scope = Scope()
    """What all but the lanes speak of."""
    roster: tuple[WorkerRow, ...] = ()
    """All workers in scope, whether their lanes are shown or not."""
    findings: tuple[FindingRow, ...] = ()
    """What is wrong now in the pools in scope, the gravest first."""
    stacks: tuple[StackGroup, ...] = ()
    """Where in their code the workers in scope are, the most workers first; empty
    unless `Viewport.stacks` asks for them, or while none are known."""
    task: TaskRow | None = None
    """`Viewport.task`; None while none is looked at, or it is not kept any more."""
    raised: Raised | None = None
    """What `Viewport.task` raised; None: nothing, or it is not known (any more)."""
    marks: tuple[MarkRow, ...] = ()
    """What happened to the pools of all sources, in the order of time."""
    wake_up: WakeUp = UNKNOWN_WAKE_UP
    """Of the process in scope; of several, the one that is late most."""
    what_if: WhatIf | None = None
    """Of the one pool in scope; None unless `Viewport.what_if` asks for it, or while it
    is not known."""
    tasks_found: int = 0
    """Of how many kept tasks `tasks` are the first."""
    sampling: Sampling = NO_SAMPLING
    """How states are seen, of the source in scope; of several, the one seen least."""
