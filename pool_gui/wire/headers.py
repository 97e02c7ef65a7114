"""The shapes of the headers that an agent sends, as typed dictionaries.

The agent builds them (standard library alone); the window reads them strictly, with
`monitor.messages` as the mirror of this module. Unknown keys are refused there: both
ends have the same protocol version or do not talk.
"""

from typing import Literal, TypedDict


class Hello(TypedDict):
    """The agent's first message."""

    kind: Literal["hello"]
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
    clock_ns: int
    """The agent's `time.perf_counter_ns`, read together with `wall_ns`."""
    wall_ns: int
    """Unix time; only to show the time of day."""


class Welcome(TypedDict):
    """The window's answer to hello; without it the agent sends nothing more."""

    kind: Literal["welcome"]
    protocol: int


class PoolHeader(TypedDict):
    """One pool in a frame; all counts are exact and since the pool's start."""

    pool: int
    name: str
    type: str
    """Such as 'pool_gui.ThreadPool'."""
    state: str
    """One of protocol.POOL_STATES."""
    size: int
    """The wanted number of workers."""
    depth: int
    """Tasks in the queue now."""
    peak: int
    """The most there were since the last frame."""
    limit: int | None
    """The queue's bound."""
    submitted: int
    started: int
    done: int
    failed: int
    cancelled: int
    rejected: int


class LoadHeader(TypedDict):
    """The demo load that is running (the pool process only)."""

    demo: str
    text: str
    submitted: int
    remaining: int | None
    held_back: int


class Frame(TypedDict):
    """What happened since the last frame; the body holds the rows."""

    kind: Literal["frame"]
    sequence: int
    """Counts the frames that were due, sent or not: a gap is frames dropped."""
    now_ns: int
    """When the counts were read."""
    pools: list[PoolHeader]
    new_workers: list[tuple[int, str]]
    """(worker id, name), at most MAX_NEW_NAMES_PER_FRAME; told once each."""
    new_functions: list[tuple[int, str]]
    """(function id, 'module.qualname'), likewise; always before a row uses it."""
    errors: list[tuple[int, int, str]]
    """(pool id, task id, 'ValueError: text') of failed tasks among the spans; at most
    50 a frame."""
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
    load: LoadHeader | None


class Reply(TypedDict):
    """What became of a command."""

    kind: Literal["reply"]
    number: int
    """The command's."""
    ok: bool
    text: str
    """What was done ('8 tasks were cleared'), or why not, in one sentence."""
