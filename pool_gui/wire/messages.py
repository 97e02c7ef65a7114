"""What an agent and a window say to each other: the one schema, which both ends use.

Plain frozen dataclasses that check themselves when they are made, so that neither end
can hold one that is out of range. The agent makes them and sends `to_header` of them;
the window decodes bytes into them. Names are cut and made one printable line here.
Commands, the window's own messages, are in `commands`.
"""

import dataclasses
from dataclasses import dataclass, field
from typing import ClassVar

from pool_gui.wire import ranges
from pool_gui.wire.codec import clip_name
from pool_gui.wire.notes import Note
from pool_gui.wire.protocol import (
    MAX_ARGUMENTS,
    MAX_ERRORS_PER_FRAME,
    MAX_NEW_NAMES_PER_FRAME,
    MAX_NOTE_VALUES,
    MAX_POOLS,
    MAX_SPANS_PER_FRAME,
    MAX_STACK_DEPTH,
    MAX_STACK_LINES,
    MAX_STRIDE,
    MAX_WORKER_ROWS,
    POOL_STATES,
    Kind,
)


@dataclass(frozen=True, slots=True)
class Hello:
    """The agent's first message."""

    kind: ClassVar[Kind] = Kind.HELLO
    protocol: int
    agent: str
    """Name and version, such as 'pool_gui 0.1.0'."""
    pid: int
    python: str
    """Such as '3.11.7'."""
    implementation: str
    """Such as 'CPython'."""
    gil: bool
    argv: list[str]
    """At most MAX_ARGUMENTS."""
    clock_ns: int
    """The agent's `time.perf_counter_ns`, read together with `wall_ns`."""
    wall_ns: int
    """Unix time; only to show the time of day."""

    def __post_init__(self) -> None:
        ranges.whole("pid", self.pid, 1)
        for name in ("protocol", "clock_ns", "wall_ns"):
            ranges.whole(name, getattr(self, name))
        ranges.at_most("argv", list(self.argv), MAX_ARGUMENTS)
        _clip(self, "agent", "python", "implementation")
        object.__setattr__(self, "argv", [clip_name(one) for one in self.argv])


@dataclass(frozen=True, slots=True)
class Welcome:
    """The window's answer to hello; without it the agent sends nothing more."""

    kind: ClassVar[Kind] = Kind.WELCOME
    protocol: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tasks met which fate in a pool; exact, since its start."""

    submitted: int = 0
    """Accepted."""
    started: int = 0
    done: int = 0
    failed: int = 0
    cancelled: int = 0
    """Cancelled, or taken back by clear and stop, before they began."""
    expired: int = 0
    """Waited in the queue beyond their limit, and did not run."""
    dropped: int = 0
    """Dropped from a full queue or a broken pool."""
    overdue: int = 0
    """Ran beyond their limit; also among the done, failed and running."""
    rejected: int = 0
    """Refused, never accepted."""
    run_by_callers: int = 0
    """Begun in the thread that put them, the queue being full."""

    def __post_init__(self) -> None:
        for name in COUNTS:
            ranges.whole(name, getattr(self, name))

    @property
    def finished(self) -> int:
        """Those that returned or raised."""
        return self.done + self.failed


COUNTS = tuple(one.name for one in dataclasses.fields(Counts))


@dataclass(frozen=True, slots=True)
class Load:
    """The demo load that feeds a pool (the pool process only)."""

    demo: str
    arrival: str
    """How its tasks arrive, one of commands.Arrival."""
    rate_per_second: float
    """For steady and poisson."""
    in_flight: int
    submitted: int
    remaining: int | None
    """None: without end."""
    held_back: int

    def __post_init__(self) -> None:
        ranges.whole("submitted", self.submitted)
        ranges.whole("held_back", self.held_back)
        if self.remaining is not None:
            ranges.whole("remaining", self.remaining)
        ranges.number("rate_per_second", self.rate_per_second, 0, 1e15)
        ranges.whole("in_flight", self.in_flight)
        _clip(self, "demo", "arrival")


@dataclass(frozen=True, slots=True)
class Pool:
    """One pool in a frame."""

    pool: int
    """Its id."""
    name: str
    type: str
    """Such as 'pool_gui.ThreadPool'."""
    state: str
    """One of protocol.POOL_STATES."""
    size: int
    """The wanted number of workers."""
    size_limit: int
    """The most it may grow to."""
    depth: int
    """Tasks in the queue now."""
    peak: int
    """The most there were since the last frame."""
    limit: int | None
    """The queue's bound."""
    counts: Counts
    load: Load | None
    """What a demo pool is being fed with."""

    def __post_init__(self) -> None:
        ranges.whole("pool", self.pool, 1)
        if self.state not in POOL_STATES:
            raise ValueError(f"state must be one of {', '.join(POOL_STATES)}")
        for name in ("size", "size_limit", "depth", "peak"):
            ranges.whole(name, getattr(self, name))
        if self.limit is not None:
            ranges.whole("limit", self.limit)
        _clip(self, "name", "type")


@dataclass(frozen=True, slots=True)
class Frame:
    """What happened since the last frame; the body holds the rows."""

    kind: ClassVar[Kind] = Kind.FRAME
    sequence: int
    """Counts the frames that were due, sent or not: a gap is frames dropped."""
    now_ns: int
    """When the counts were read."""
    pools: list[Pool]
    new_workers: list[tuple[int, str]]
    """(worker id, name), at most MAX_NEW_NAMES_PER_FRAME; told once each."""
    new_functions: list[tuple[int, str]]
    """(function id, 'module.qualname'), likewise; always before a row uses it."""
    errors: list[tuple[int, int, str]]
    """(pool id, task id, 'ValueError: text') of failed tasks among the spans; at most
    MAX_ERRORS_PER_FRAME."""
    workers: int
    """How many worker rows the body begins with."""
    spans: int
    """How many span rows follow."""
    span_stride: int
    """1: every finished task is told; n: every n-th (failed ones always)."""
    spans_dropped: int
    """Since the agent's start: finished tasks that no frame told or will tell."""
    agent_cpu_ns: int
    """CPU time of the agent's own threads since its start."""
    stuck: list[tuple[int, int, int]] = field(default_factory=list)
    """(worker id, task id, worker id) of workers that wait for each other, or for tasks
    of their own pool that no worker will ever come to: the task that is waited for, and
    who runs it, 0 while it is queued."""

    late_ns: int = 0
    """By how much the agent woke late, at the most, from a timed wait since the last
    frame: what the GIL and busy cores ask of any thread."""

    def __post_init__(self) -> None:
        ranges.at_most("stuck", list(self.stuck), MAX_WORKER_ROWS)
        stuck = [
            (_id("stuck", who), ranges.whole("stuck", task), ranges.whole("stuck", by))
            for who, task, by in self.stuck
        ]
        object.__setattr__(self, "stuck", stuck)
        for name in ("sequence", "now_ns", "spans_dropped", "agent_cpu_ns", "late_ns"):
            ranges.whole(name, getattr(self, name))
        ranges.whole("workers", self.workers, 0, MAX_WORKER_ROWS)
        ranges.whole("spans", self.spans, 0, MAX_SPANS_PER_FRAME)
        ranges.whole("span_stride", self.span_stride, 1, MAX_STRIDE)
        ranges.at_most("pools", list(self.pools), MAX_POOLS)
        ranges.at_most("errors", list(self.errors), MAX_ERRORS_PER_FRAME)
        for name in ("new_workers", "new_functions"):
            named = getattr(self, name)
            ranges.at_most(name, named, MAX_NEW_NAMES_PER_FRAME)
            clipped = [(_id(name, number), clip_name(text)) for number, text in named]
            object.__setattr__(self, name, clipped)
        errors = [
            (_id("errors", pool), _id("errors", task), clip_name(text))
            for pool, task, text in self.errors
        ]
        object.__setattr__(self, "errors", errors)


@dataclass(frozen=True, slots=True)
class Stacks:
    """Where in their code workers are, at one moment."""

    kind: ClassVar[Kind] = Kind.STACKS
    now_ns: int
    lines: list[tuple[str, str, int]]
    """(function, file, line) of the calls, each once; at most MAX_STACK_LINES."""
    stacks: list[tuple[list[int], list[int]]]
    """(worker ids, places in `lines`, the innermost call first); workers with equal
    stacks are told together."""

    def __post_init__(self) -> None:
        ranges.whole("now_ns", self.now_ns)
        ranges.at_most("stacks", list(self.stacks), MAX_WORKER_ROWS)
        object.__setattr__(self, "lines", _code_lines(self.lines))
        workers = [_id("stacks", one) for ids, _ in self.stacks for one in ids]
        if len(set(workers)) != len(workers):
            raise ValueError("stacks: a worker is there twice")
        for _, places in self.stacks:
            _check_places("stacks", places, len(self.lines))


@dataclass(frozen=True, slots=True)
class Tracebacks:
    """Where failed tasks raised; follows the frame that tells of their errors."""

    kind: ClassVar[Kind] = Kind.TRACEBACKS
    lines: list[tuple[str, str, int]]
    """As in `Stacks`."""
    tracebacks: list[tuple[int, int, list[int]]]
    """(pool id, task id, places in `lines`, the innermost call first)."""

    def __post_init__(self) -> None:
        ranges.at_most("tracebacks", list(self.tracebacks), MAX_ERRORS_PER_FRAME)
        object.__setattr__(self, "lines", _code_lines(self.lines))
        for pool, task, places in self.tracebacks:
            _id("tracebacks", pool)
            _id("tracebacks", task)
            _check_places("tracebacks", places, len(self.lines))


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a command."""

    kind: ClassVar[Kind] = Kind.REPLY
    number: int
    """The command's."""
    ok: bool
    code: str
    """What was done, or why not, as `notes` says it."""
    values: dict[str, int | float | str]
    """What the sentence for it names; at most MAX_NOTE_VALUES."""

    def __post_init__(self) -> None:
        ranges.whole("number", self.number)
        ranges.short_name("code", self.code)
        ranges.at_most("values", list(self.values), MAX_NOTE_VALUES)
        clipped: dict[str, int | float | str] = {}
        for name, value in self.values.items():
            ranges.short_name("values: a name", name)
            clipped[name] = clip_name(value) if isinstance(value, str) else value
            if not isinstance(value, str):
                ranges.number("values", value, -ranges.INT64_MAX, ranges.INT64_MAX)
        object.__setattr__(self, "values", clipped)

    @property
    def note(self) -> Note:
        """Both together."""
        return Note(self.code, self.values)


Message = Hello | Welcome | Frame | Stacks | Tracebacks | Reply


def to_header(message: Message) -> dict[str, object]:
    """Return what is to be sent of a message, as JSON can say it."""
    return {"kind": str(message.kind), **_members(message)}


def _members(value: object) -> dict[str, object]:
    # dataclasses.asdict would copy each name, too, and takes four times as long.
    return {
        name: _plain(getattr(value, name))
        for name in type(value).__dataclass_fields__  # type: ignore[attr-defined]  # they are dataclasses
        if name != "kind"
    }


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value):
        return _members(value)
    if isinstance(value, list) and value and dataclasses.is_dataclass(value[0]):
        return [_members(one) for one in value]
    return value


def _code_lines(told: list[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    ranges.at_most("lines", list(told), MAX_STACK_LINES)
    return [
        (clip_name(function), clip_name(file), ranges.whole("lines: a line", line))
        for function, file, line in told
    ]


def _check_places(name: str, places: list[int], lines: int) -> None:
    """Refuse a stack that is too deep, or is at a line that is not told."""
    ranges.at_most(f"{name}: one", list(places), MAX_STACK_DEPTH)
    for place in places:
        ranges.whole(f"{name}: a place", place, 0, lines - 1)


def _id(name: str, value: object) -> int:
    return ranges.whole(f"{name}: an id", value, 1)


def _clip(message: object, *names: str) -> None:
    for name in names:
        object.__setattr__(message, name, clip_name(getattr(message, name)))
