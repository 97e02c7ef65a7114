"""A session that is none, and snapshots made by hand, for the window's tests."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QApplication

from pool_gui.monitor.findings.judgements import Judgements
from pool_gui.monitor.session import Session
from pool_gui.monitor.source.base import Playing, SourceKind
from pool_gui.monitor.source.child import Launch
from pool_gui.monitor.view.facts import (
    Link,
    LinkState,
    LogLine,
    PoolRow,
    Program,
    SourceRow,
)
from pool_gui.monitor.view.snapshot import (
    LaneGroup,
    Lanes,
    Scope,
    Snapshot,
    SpanTable,
    TaskRow,
    WorkerRow,
    WorkerState,
)
from pool_gui.monitor.view.viewport import Viewport
from pool_gui.window import app
from pool_gui.window.options import WindowOptions
from pool_gui.window.pace import Pace
from pool_gui.wire.commands import Command
from pool_gui.wire.messages import Counts
from pool_gui.wire.notes import line as said
from pool_gui.wire.notes import note

SECOND_NS = 1_000_000_000
PIXELS = 300
DEADLINE_SECONDS = 20.0
ALL = Scope()


class FakeSession:
    """Remembers what the window wants; shows what the test gives it."""

    def __init__(self) -> None:
        self.sent: list[Command] = []
        self.launched: list[int] = []
        self.asked: list[tuple[object, ...]] = []
        self.scopes: list[Scope | None] = []
        self.viewports: list[Viewport] = []
        self.closed = False
        self.newest = empty()
        self.may_end = threading.Event()
        """Until the test clears it, closing takes no time."""
        self.may_end.set()

    def start(self) -> None:
        """Do nothing."""

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
        return self.newest

    def close(self, deadline_seconds: float = 3.0) -> tuple[str, ...]:
        assert self.may_end.wait(DEADLINE_SECONDS)
        self.closed = deadline_seconds > 0
        return ()


def empty() -> Snapshot:
    """Return what is shown before anything was started."""
    return Session(Launch(("nothing",))).take()


def running(
    workers: int = 4,
    *,
    state: str = "running",
    names: Sequence[str] = (),
    failed: int = 0,
    depth: int = 3,
) -> Snapshot:
    """Return a pool at work: each worker has run a task and runs another."""
    rows = tuple(
        WorkerRow(
            key=10 + n,
            name=names[n] if n < len(names) else f"demo_{n}",
            native_id=5000 + n,
            state=WorkerState.BUSY,
            done=n,
            failed=0,
            busy_share=0.5,
            task=200 + n,
            function="demo.module.prime_count",
            since_seconds=0.25,
            number=1 + n,
        )
        for n in range(workers)
    )
    tasks = tuple(
        TaskRow(
            200 + n, 10 + n, row.name, row.function, 0.01, 0.25, "running", "", 1, 2
        )
        for n, row in enumerate(rows)
    )
    pool = PoolRow(
        name="demo",
        kind="pool_gui.ThreadPool",
        state=state,
        size=workers,
        alive=workers,
        busy=workers,
        depth=depth,
        depth_limit=None,
        counts=Counts(20, 16, 12 - failed, failed),
        throughput_per_second=1204.0,
        key=1,
    )
    link = Link(LinkState.LIVE, said(""), 0.0)
    return replace(
        empty(),
        number=1,
        link=link,
        sources=(SourceRow(1, 1, link, (pool,), 4711),),
        program=Program(4711, "3.11.7", gil=True, argv=("x",)),
        pool=pool,
        workers=rows,
        tasks=tasks,
        lanes=lanes_of(rows),
        log=(LogLine(1, 0.0, "pool", "info", note("started", workers=4)),),
    )


def lanes_of(rows: Sequence[WorkerRow]) -> Lanes:
    """Return lanes: the first half a task that failed, the second one that runs."""
    count = len(rows)
    half = PIXELS // 2
    owner = np.zeros((count, PIXELS), np.int32)
    owner += (2 * np.arange(count, dtype=np.int32))[:, np.newaxis]
    owner[:, half:] += 1
    failed = np.zeros((count, PIXELS), np.bool_)
    failed[:, half - 1] = True
    keys = np.repeat([row.key for row in rows], 2)
    tasks = np.ravel([(100 + n, row.task) for n, row in enumerate(rows)])
    starts = np.tile([0, 15 * SECOND_NS], count)
    return Lanes(
        begin_ns=0,
        end_ns=30 * SECOND_NS,
        live=True,
        now_ns=30 * SECOND_NS,
        begin_known_ns=0,
        coverage=np.ones((count, PIXELS), np.float32),
        owner=owner,
        failed=failed,
        spans=SpanTable(
            worker=keys,
            task=tasks,
            function=np.zeros(2 * count, np.int64),
            queued_ns=starts - SECOND_NS,
            started_ns=starts,
            ended_ns=starts + 15 * SECOND_NS,
            outcome=np.tile([1, 2], count),
        ),
        functions=("demo.module.prime_count",),
    )


def two_sources(scope: Scope = ALL, folded: Sequence[int] = ()) -> Snapshot:
    """Return two demo processes: the first has two pools, each pool has two workers."""
    before = running(6)
    pool = before.sources[0].pools[0]
    pools = [
        replace(pool, key=key, name=name, size=2, alive=2, busy=2, depth=key)
        for key, name in ((1, "demo"), (2, "demo-2"), (3, "demo"))
    ]
    link = before.link
    sources = (
        SourceRow(1, 1, link, tuple(pools[:2]), 4711),
        SourceRow(2, 2, link, (pools[2],), 4712),
    )
    homes = ((1, 1), (1, 1), (1, 2), (1, 2), (2, 3), (2, 3))
    every = tuple(
        replace(row, source=home[0], pool=home[1])
        for row, home in zip(before.workers, homes, strict=True)
    )
    rows = tuple(row for row in every if row.pool not in folded)
    groups, first = [], 0
    for source, key, name in ((1, 1, "demo"), (1, 2, "demo-2"), (2, 3, "demo")):
        count = 0 if key in folded else 2
        groups.append(LaneGroup(source, first, count, 2, key, name))
        first += count
    lanes = lanes_of(rows) if rows else lanes_of(every[:1])
    chosen = [
        (source, row)
        for source in sources
        for row in source.pools
        if scope.source in {0, source.key} and scope.pool in {0, row.key}
    ]
    summed = replace(chosen[0][1], pools=len(chosen), key=0)
    return replace(
        before,
        sources=sources,
        scope=scope,
        pool=summed if len(chosen) > 1 else chosen[0][1],
        workers=rows,
        roster=tuple(r for r in every if scope.source in {0, r.source}),
        lanes=replace(lanes, groups=tuple(groups)),
        tasks=tuple(
            replace(task, source=row.source, pool=row.pool)
            for task, row in zip(before.tasks, every, strict=True)
        ),
    )


def lost(before: Snapshot) -> Snapshot:
    """Return the same after the pool process was killed."""
    text = "The pool process (PID 4711) was ended by signal 9 (SIGKILL)."
    return linked(before, Link(LinkState.LOST, said(text), 1.0))


def linked(before: Snapshot, link: Link) -> Snapshot:
    """Return the same with another link of its one source."""
    sources = tuple(replace(source, link=link) for source in before.sources)
    return replace(before, link=link, sources=sources)


class Opened:
    """An open window over a session that is none."""

    def __init__(self, application: QApplication) -> None:
        self.session = FakeSession()
        options = WindowOptions(size=(1280, 800), theme="light")
        self.program = app.WindowApp(application, options, lambda _notify: self.session)
        self.window = self.program.window
        self.controller = self.program.controller

    def show(self, snapshot: Snapshot) -> None:
        """Let the session say that this is the newest snapshot."""
        self.session.newest = snapshot
        self.controller.wake()
        QApplication.processEvents()
        for pace in self.window.findChildren(Pace):
            pace.flush()  # whatever the time

    def trigger(self, name: str) -> None:
        self.window.actions_by_name[name].trigger()
