"""A session without a process, and made-up snapshots: what the GUI tests look at.

Everything is seeded: the same call gives the same picture.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pool_gui.monitor.findings.judgements import Judgements
from pool_gui.monitor.source.base import Playing, SourceKind
from pool_gui.monitor.view.facts import (
    ArrivalRow,
    Link,
    LinkState,
    LoadState,
    LogLine,
    Loss,
    PoolRow,
    ProcessUse,
    Program,
)
from pool_gui.monitor.view.snapshot import (
    Distribution,
    FunctionRow,
    Lanes,
    Scope,
    Series,
    Snapshot,
    SpanTable,
    TaskRow,
    WorkerRow,
    WorkerState,
)
from pool_gui.monitor.view.viewport import Viewport
from pool_gui.wire.commands import Command
from pool_gui.wire.messages import Counts
from pool_gui.wire.notes import line as said

FUNCTIONS = (
    "demos.prime_count",
    "demos.hash_blocks",
    "demos.rest",
    "demos.fetch",
    "demos.write_file",
    "demos.hold_lock",
    "demos.fail_sometimes",
)
NOW_NS = 100_000_000_000
UNKNOWN_USE = ProcessUse(float("nan"), float("nan"), float("nan"))


class FakeSession:
    """Does what a session does at its border, by hand: `publish` stands for a tick."""

    def __init__(self, notify: Callable[[], None]) -> None:
        self._notify = notify
        self._snapshot = nothing()
        self._in_flight = False
        self.started = False
        self.launched: list[int] = []
        self.asked: list[tuple[object, ...]] = []
        self.scopes: list[Scope | None] = []
        self.sent: list[Command] = []
        self.viewports: list[Viewport] = []
        self.closed: list[float] = []
        self.unfinished: tuple[str, ...] = ()

    def start(self) -> None:
        self.started = True

    def launch_pool(
        self, size: int, first: Sequence[Command] = (), source: int = 0
    ) -> None:
        self.launched.append(size)
        self.asked.append(("launch_pool", size, tuple(first), source))

    def restart(self, size: int, source: int) -> None:
        self.asked.append(("restart", size, source))

    def add_demo(self, size: int, first: Sequence[Command] = ()) -> None:
        self.asked.append(("add_demo", size, tuple(first)))

    def add_pool(self, size: int, first: Sequence[Command] = ()) -> None:
        self.asked.append(("add_pool", size, tuple(first)))

    def add_source(self, kind: SourceKind) -> None:
        self.asked.append(("add_source", kind.name))

    def judge(self, judgements: Judgements) -> None:
        self.asked.append(("judge", judgements))

    def record(self, source: int, path: Path) -> None:
        self.asked.append(("record", source, path))

    def end_recording(self, source: int) -> None:
        self.asked.append(("end_recording", source))

    def play(self, source: int, playing: Playing) -> None:
        self.asked.append(("play", source, playing))

    def set_scope(self, scope: Scope) -> None:
        self.asked.append(("set_scope", scope))

    def remove(self, source: int) -> None:
        self.asked.append(("remove", source))

    def send(self, command: Command, scope: Scope | None = None) -> None:
        self.sent.append(command)
        self.scopes.append(scope)

    def set_viewport(self, viewport: Viewport) -> None:
        self.viewports.append(viewport)

    def take(self) -> Snapshot:
        self._in_flight = False
        return self._snapshot

    def close(self, deadline_seconds: float = 3.0) -> tuple[str, ...]:
        self.closed.append(deadline_seconds)
        return self.unfinished

    def publish(self, snapshot: Snapshot) -> None:
        """Let this be the newest snapshot; wake the window unless it is awake."""
        self._snapshot = snapshot
        if not self._in_flight:
            self._in_flight = True
            self._notify()


@dataclass
class Scene:
    """What a snapshot is to show; `snapshot` makes it."""

    workers: int = 8
    pixels: int = 600
    span_seconds: float = 30.0
    tasks: int = 40
    task_seconds: float = 0.7
    failures: float = 0.05
    state: str = "running"
    link: LinkState = LinkState.LIVE
    link_text: str = ""
    silent_seconds: float = 0.01
    number: int = 1
    names: tuple[str, ...] = FUNCTIONS
    end_ns: int = NOW_NS
    loss: Loss = field(default_factory=lambda: Loss(0, 0, 1))
    log: tuple[LogLine, ...] = ()
    worker_name: str = "demo_{0}"

    def snapshot(self) -> Snapshot:
        """Return it."""
        random = np.random.default_rng(self.number)
        lanes = self.lanes(random)
        rows = self.worker_rows(lanes)
        busy = sum(row.state is WorkerState.BUSY for row in rows)
        counts = Counts(5000, 4900, 4800, 12, 3)
        pool = PoolRow(
            "demo",
            "pool_gui.ThreadPool",
            self.state,
            self.workers,
            self.workers,
            busy,
            132,
            None,
            counts,
            61.3,
        )
        return Snapshot(
            number=self.number,
            link=Link(self.link, said(self.link_text), self.silent_seconds),
            program=Program(4711, "3.11.7", True, ("-m", "pool_gui.demo")),
            process=ProcessUse(1.02, 31.4e6, 12.0),
            monitor=ProcessUse(0.061, 180e6, 7.0),
            agent_cpu_share=0.004,
            frames_per_second=30.0,
            uptime_seconds=252.0,
            pool=pool,
            workers=rows,
            lanes=lanes,
            series=series(random),
            wait=distribution(random, 0.05),
            run=distribution(random, 0.02),
            functions=function_rows(self.names),
            tasks=self.task_rows(lanes),
            load=LoadState("mix", (ArrivalRow("in-flight", 1.0, 32),), 4711, None, 0),
            loss=self.loss,
            log=self.log,
            quiet=False,
        )

    def lanes(self, random: np.random.Generator) -> Lanes:
        """Return lanes with tasks one after the other and breaks between."""
        begin_ns = self.end_ns - round(self.span_seconds * 1e9)
        table = self.spans(random, begin_ns)
        shape = self.workers, self.pixels
        coverage = np.zeros(shape, np.float32)
        owner = np.full(shape, -1, np.int32)
        failed = np.zeros(shape, np.bool_)
        scale = self.pixels / (self.end_ns - begin_ns)
        for place in range(len(table.task)):
            row = int(table.worker[place]) - 1
            first = max(0, int((table.started_ns[place] - begin_ns) * scale))
            last = min(self.pixels, int((table.ended_ns[place] - begin_ns) * scale) + 1)
            coverage[row, first:last] = 1.0
            owner[row, first:last] = place
            if table.outcome[place] == 1 and 0 < last <= self.pixels:
                failed[row, last - 1] = True
        if self.workers > 2:
            coverage[self.workers - 1, : self.pixels // 3] = np.nan
            owner[self.workers - 1, : self.pixels // 3] = -1
            failed[self.workers - 1, : self.pixels // 3] = False
        return Lanes(
            begin_ns,
            self.end_ns,
            self.end_ns == NOW_NS,
            NOW_NS,
            begin_ns - 60_000_000_000,
            coverage,
            owner,
            failed,
            table,
            self.names,
        )

    def spans(self, random: np.random.Generator, begin_ns: int) -> SpanTable:
        """Return `tasks` spans a worker, the last one of every other still running."""
        columns: list[list[int]] = [[] for _ in range(7)]
        for worker in range(1, self.workers + 1):
            lengths = random.exponential(self.task_seconds, self.tasks) * 1e9
            breaks = random.exponential(0.06, self.tasks) * 1e9
            ends = self.end_ns - np.cumsum((lengths + breaks)[::-1])[::-1] + lengths
            for place in range(self.tasks):
                ended = int(ends[place])
                started = ended - int(lengths[place])
                last = place == self.tasks - 1 and worker % 4 != 0
                outcome = 2 if last else int(random.random() < self.failures)
                if last:
                    ended = self.end_ns
                if ended <= begin_ns:
                    continue
                number = 4000 + place * self.workers + worker
                row = (
                    worker,
                    number,
                    (worker * 7 + place * 3 + place // 5) % len(self.names),
                    started - 12_000_000,
                    started,
                    ended,
                    outcome,
                )
                for column, value in zip(columns, row, strict=True):
                    column.append(value)
        return SpanTable(*(np.asarray(column, np.int64) for column in columns))

    def worker_rows(self, lanes: Lanes) -> tuple[WorkerRow, ...]:
        """Return one row a worker, busy where its last task runs."""
        rows = []
        spans = lanes.spans
        for key in range(1, self.workers + 1):
            mine = np.flatnonzero((spans.worker == key) & (spans.outcome == 2))
            busy = len(mine) > 0
            covered = lanes.coverage[key - 1]
            rows.append(
                WorkerRow(
                    key,
                    self.worker_name.format(key - 1),
                    4712 + key,
                    WorkerState.BUSY if busy else WorkerState.IDLE,
                    600 + key,
                    key % 3,
                    float(np.nanmean(covered)) if covered.size else float("nan"),
                    int(spans.task[mine[0]]) if busy else 0,
                    self.names[int(spans.function[mine[0]])] if busy else "",
                    0.31 * key,
                )
            )
        return tuple(rows)

    def task_rows(self, lanes: Lanes) -> tuple[TaskRow, ...]:
        """Return running tasks first, then the newest, 500 at most."""
        spans = lanes.spans
        words = ("done", "failed", "running", "ended")
        order = sorted(
            range(len(spans.task)),
            key=lambda p: (spans.outcome[p] != 2, -int(spans.ended_ns[p])),
        )
        return tuple(
            TaskRow(
                int(spans.task[p]),
                int(spans.worker[p]),
                self.worker_name.format(int(spans.worker[p]) - 1),
                self.names[int(spans.function[p])],
                (int(spans.started_ns[p]) - int(spans.queued_ns[p])) / 1e9,
                (int(spans.ended_ns[p]) - int(spans.started_ns[p])) / 1e9,
                words[int(spans.outcome[p])],
                "ValueError: every tenth fails" if spans.outcome[p] == 1 else "",
                int(spans.started_ns[p]),
                int(spans.ended_ns[p]),
            )
            for p in order[:500]
        )


def function_rows(names: tuple[str, ...]) -> tuple[FunctionRow, ...]:
    return tuple(
        FunctionRow(name, 700 - 90 * at, at, 0.02 * (at + 1), 0.05, 0.3, at != 2)
        for at, name in enumerate(names)
    )


def series(random: np.random.Generator) -> Series:
    ages = np.linspace(-60.0, 0.0, 241)
    wave = np.sin(ages / 9)
    noise = random.normal(0, 1, len(ages))
    depth = np.maximum(0, 90 + 45 * wave + 6 * noise).round()
    depth[:12] = np.nan
    return Series(
        ages,
        depth,
        np.clip(0.82 + 0.1 * wave + 0.02 * noise, 0, 1),
        np.full(len(ages), 8.0),
        np.maximum(0, 61 + 9 * wave + 2 * noise),
        np.maximum(0, random.normal(0.5, 0.6, len(ages))),
        0.2 + 0.05 * wave,
        0.05 + 0.01 * noise,
    )


def distribution(random: np.random.Generator, middle: float) -> Distribution:
    edges = np.geomspace(1e-6, 100, 49)
    values = random.lognormal(np.log(middle), 0.9, 4812)
    histogram = np.histogram(values, edges)[0].astype(np.int64)
    p50, p95, p99 = np.percentile(values, [50, 95, 99]).tolist()
    maximum = float(values.max())
    return Distribution(
        len(values), 60.0, True, p50, p95, p99, maximum, edges, histogram
    )


def no_distribution() -> Distribution:
    edges = np.geomspace(1e-6, 100, 49)
    nan = float("nan")
    return Distribution(0, 60.0, True, nan, nan, nan, nan, edges, np.zeros(48, int))


def nothing() -> Snapshot:
    """Return the snapshot before anything was started."""
    empty = np.empty(0)
    return Snapshot(
        number=0,
        link=Link(LinkState.NONE, said(""), float("nan")),
        program=None,
        process=UNKNOWN_USE,
        monitor=UNKNOWN_USE,
        agent_cpu_share=float("nan"),
        frames_per_second=0.0,
        uptime_seconds=float("nan"),
        pool=None,
        workers=(),
        lanes=None,
        series=Series(empty, empty, empty, empty, empty, empty, empty, empty),
        wait=no_distribution(),
        run=no_distribution(),
        functions=(),
        tasks=(),
        load=None,
        loss=Loss(0, 0, 1),
        log=(),
        quiet=True,
    )


def log_lines(count: int, first: int = 1) -> tuple[LogLine, ...]:
    levels = ("info", "info", "warning", "error")
    return tuple(
        LogLine(n, 1_700_000_000.0 + n, "pool", levels[n % 4], said(f"line number {n}"))
        for n in range(first, first + count)
    )
