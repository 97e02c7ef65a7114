"""Frames as an agent would send them, for the tests of the monitor."""

import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pool_gui.monitor.model.program import History
from pool_gui.monitor.source.messages import FrameMessage, Message, read
from pool_gui.wire import codec
from pool_gui.wire.messages import COUNTS, Hello
from pool_gui.wire.protocol import PROTOCOL_VERSION

MS = 1_000_000
SECOND = 1_000_000_000
BEGIN = 1000 * SECOND
"""The agent's clock when it says hello."""

IDLE, BUSY, DISMISSED, GONE = range(4)


def hello(**changes: object) -> dict[str, object]:
    return {
        "kind": "hello",
        "protocol": PROTOCOL_VERSION,
        "agent": "pool_gui test",
        "pid": 4711,
        "python": "3.11.7",
        "implementation": "CPython",
        "gil": True,
        "argv": ["app.py"],
        "clock_ns": BEGIN,
        "wall_ns": 1_700_000_000 * SECOND,
        **changes,
    }


def pool(number: int = 1, **changes: object) -> dict[str, object]:
    counts = {name: changes.pop(name, 0) for name in COUNTS}
    return {
        "pool": number,
        "name": "demo",
        "type": "pool_gui.ThreadPool",
        "state": "running",
        "size": 2,
        "size_limit": 2,
        "depth": 0,
        "peak": 0,
        "limit": None,
        "counts": counts,
        "load": None,
        **changes,
    }


def load(**changes: object) -> dict[str, object]:
    return {
        "demo": "mix",
        "arrival": "steady",
        "rate_per_second": 60.0,
        "in_flight": 1,
        "submitted": 5,
        "remaining": None,
        "held_back": 0,
        **changes,
    }


def worker_row(
    number: int,
    *,
    state: int = IDLE,
    task: int = 0,
    since: int = BEGIN,
    done: int = 0,
    busy: int = 0,
    function: int = 0,
    queued: int = 0,
    pool_id: int = 1,
) -> tuple[int, ...]:
    native_id = 100 + number
    facts = (native_id, state, done + (task != 0), done, 0, busy)
    return (pool_id, number, *facts, task, function, queued, since)


def span_row(
    worker: int,
    task: int,
    started: int,
    ended: int,
    *,
    function: int = 1,
    outcome: int = 0,
    queued: int | None = None,
    pool_id: int = 1,
) -> tuple[int, ...]:
    queued = started if queued is None else queued
    return (pool_id, worker, task, function, queued, started, ended, outcome)


def frame(
    sequence: int,
    now: int,
    workers: Sequence[tuple[int, ...]] = (),
    spans: Sequence[tuple[int, ...]] = (),
    **changes: object,
) -> tuple[dict[str, object], bytes]:
    header: dict[str, object] = {
        "kind": "frame",
        "sequence": sequence,
        "now_ns": now,
        "pools": [pool()],
        "new_workers": [],
        "new_functions": [],
        "errors": [],
        "workers": len(workers),
        "spans": len(spans),
        "span_stride": 1,
        "spans_dropped": 0,
        "agent_cpu_ns": 0,
        **changes,
    }
    values = [value for row in (*workers, *spans) for value in row]
    return header, array.array("q", values).tobytes()


def message(header: Mapping[str, object], body: bytes = b"") -> Message:
    """Return the message that a window reads when an agent sends this."""
    return read(codec.split(codec.encode(header, body)))


def frame_message(header: Mapping[str, object], body: bytes = b"") -> FrameMessage:
    read_back = message(header, body)
    assert isinstance(read_back, FrameMessage)
    return read_back


@dataclass
class Feed:
    """A history that is told frames, `ms` being milliseconds since hello."""

    names: tuple[str, ...] = ("w1", "w2")
    history: History = field(default_factory=History)
    sequence: int = 0
    received_ns: int = 0
    clock_ns: int = BEGIN

    def __post_init__(self) -> None:
        self.greet()

    def greet(self, **changes: object) -> None:
        greeting = message(hello(**{"clock_ns": self.clock_ns, **changes}))
        assert isinstance(greeting, Hello)
        self.history.begin(greeting, self.received_ns)
        self.sequence = 0

    def at(self, ms: float) -> int:
        """Return the agent's clock, `ms` after it said hello."""
        return self.clock_ns + round(ms * MS)

    def tell(
        self,
        ms: float,
        workers: Sequence[tuple[int, ...]] = (),
        spans: Sequence[tuple[int, ...]] = (),
        **changes: object,
    ) -> None:
        self.sequence += 1
        if self.sequence == 1:
            changes.setdefault("new_workers", list(enumerate(self.names, 1)))
            changes.setdefault("new_functions", [(1, "app.fetch"), (2, "app.count")])
        header, body = frame(self.sequence, self.at(ms), workers, spans, **changes)
        self.received_ns += 1
        at = self.received_ns + round(ms * MS)
        self.history.fold(frame_message(header, body), at)
