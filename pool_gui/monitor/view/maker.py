"""Makes snapshots from the model.

Session thread only. What is costly and changes slowly (the tables of tasks and
functions) is made anew four times a second at the most.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pool_gui.monitor.log import Log
from pool_gui.monitor.model.program import History
from pool_gui.monitor.view.facts import (
    Link,
    LinkState,
    LogLine,
    ProcessUse,
    Program,
    SourceRow,
)
from pool_gui.monitor.view.join import draw_all
from pool_gui.monitor.view.rows import (
    function_rows,
    load_state,
    pool_row,
    task_rows,
)
from pool_gui.monitor.view.snapshot import FunctionRow, Snapshot, TaskRow, Viewport

_TABLE_NS: Final = 250_000_000
_LAG_NS: Final = 500_000_000
"""How long the lanes wait for a frame before they move on without one."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What a snapshot shows besides the model."""

    clock_ns: int
    """The window's clock."""
    received_ns: int | None
    """When the newest frame of the process came; None when none has."""
    link: Link
    process: ProcessUse
    monitor: ProcessUse
    viewport: Viewport


@dataclass(frozen=True, slots=True)
class Watched:
    """A source at this moment."""

    key: int
    number: int
    """What people call it by."""
    history: History
    moment: Moment


class _Tables:
    """The tables of one source, and what of it was shown last."""

    def __init__(self) -> None:
        self.tasks: tuple[TaskRow, ...] = ()
        self.functions: tuple[FunctionRow, ...] = ()
        self.frames = 0
        self._due_ns = 0
        self._state: LinkState | None = None

    def make(self, watched: Watched, now_ns: int) -> bool:
        """Make them anew if it is time; return whether they have changed."""
        moment, history = watched.moment, watched.history
        state, before = moment.link.state, (self.tasks, self.functions)
        if moment.clock_ns < self._due_ns and state is self._state:
            return False
        self._due_ns, self._state = moment.clock_ns + _TABLE_NS, state
        self.tasks = task_rows(history, now_ns)
        pool = history.pools.newest
        if pool is not None:
            self.functions = function_rows(history, pool)
        return (self.tasks, self.functions) != before


class SnapshotMaker:
    """Makes one snapshot after the other."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._number = 0
        self._tables: dict[int, _Tables] = {}
        self._shown: tuple[object, ...] = ()

    def make(self, watched: Sequence[Watched], focus: int) -> Snapshot:
        """Return the snapshot of this moment.

        Args:
            watched: all sources, each at this moment.
            focus: the key of the one that all but the lanes speak of.
        """
        one = next(source for source in watched if source.key == focus)
        history, moment = one.history, one.moment
        now_ns = session_now_ns(history, moment)
        self._number += 1
        lanes, workers = draw_all(watched, moment.viewport, _common_now_ns(watched))
        tables = self._tables_of(watched, focus)
        remade = tables.make(one, now_ns)
        pool = history.pools.newest
        log = self._log.lines()
        wait, run = history.wait, history.run
        wait.advance(now_ns)
        run.advance(now_ns)
        return Snapshot(
            number=self._number,
            link=moment.link,
            program=_program(history),
            process=moment.process,
            monitor=moment.monitor,
            agent_cpu_share=_agent_cpu_share(history),
            frames_per_second=_frames_per_second(history, moment.clock_ns),
            uptime_seconds=_uptime_seconds(history, now_ns),
            pool=None if pool is None else pool_row(pool, history.workers.living),
            workers=workers,
            lanes=lanes,
            series=history.series.curves(now_ns),
            wait=wait.distribution(),
            run=run.distribution(),
            functions=tables.functions,
            tasks=tables.tasks,
            load=load_state(history),
            loss=history.loss,
            log=log,
            quiet=self._is_quiet(watched, focus, log) and not remade,
            sources=tuple(map(_source_row, watched)),
            focus=focus,
        )

    def _tables_of(self, watched: Sequence[Watched], focus: int) -> _Tables:
        """Return those of the source in focus; forget those of removed ones."""
        known = self._tables
        self._tables = {one.key: known.get(one.key) or _Tables() for one in watched}
        return self._tables[focus]

    def _is_quiet(
        self, watched: Sequence[Watched], focus: int, log: tuple[LogLine, ...]
    ) -> bool:
        """Return whether this snapshot shows what the last one did."""
        moved = False
        for one in watched:
            tables, history = self._tables[one.key], one.history
            moved = moved or (history.moved and history.frames != tables.frames)
            tables.frames = history.frames
        states = tuple((one.key, one.moment.link.state) for one in watched)
        last_line = log[-1].number if log else 0
        before = self._shown
        self._shown = (focus, watched[0].moment.viewport, states, last_line)
        silent = any(state is LinkState.SILENT for _, state in states)
        return self._shown == before and not moved and not silent


def _source_row(watched: Watched) -> SourceRow:
    history, pool = watched.history, watched.history.pools.newest
    return SourceRow(
        key=watched.key,
        number=watched.number,
        link=watched.moment.link,
        pool=None if pool is None else pool_row(pool, history.workers.living),
        pid=None if history.hello is None else history.hello.pid,
    )


def _common_now_ns(watched: Sequence[Watched]) -> int:
    """Return the time up to which the lanes of all sources are drawn."""
    return max(session_now_ns(one.history, one.moment) for one in watched)


def session_now_ns(history: History, moment: Moment) -> int:
    """Return the session's time: the newest frame's, or later when none comes."""
    if moment.received_ns is None or moment.link.state not in {
        LinkState.LIVE,
        LinkState.SILENT,
    }:
        return history.now_ns
    late_ns = moment.clock_ns - moment.received_ns - _LAG_NS
    return history.now_ns + max(late_ns, 0)


def _program(history: History) -> Program | None:
    hello = history.hello
    if hello is None:
        return None
    return Program(hello.pid, hello.python, hello.gil, tuple(hello.argv))


def _uptime_seconds(history: History, now_ns: int) -> float:
    first_ns = history.process_first_ns
    return math.nan if first_ns is None else (now_ns - first_ns) / 1e9


def _frames_per_second(history: History, clock_ns: int) -> float:
    if not history.recent:
        return math.nan
    return float(sum(came > clock_ns - 1_000_000_000 for came, _ in history.recent))


def _agent_cpu_share(history: History) -> float:
    if len(history.recent) < 2:
        return math.nan
    (begin_ns, before_ns), (end_ns, after_ns) = history.recent[0], history.recent[-1]
    if end_ns <= begin_ns:
        return math.nan
    return max(after_ns - before_ns, 0) / (end_ns - begin_ns)
