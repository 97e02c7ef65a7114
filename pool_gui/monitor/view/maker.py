"""Makes snapshots from the model.

Session thread only. What is costly and changes slowly (the tables of tasks and
functions) is made anew four times a second at the most.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from pool_gui.monitor.log import Log
from pool_gui.monitor.model.program import History
from pool_gui.monitor.view.lanes import draw
from pool_gui.monitor.view.rows import (
    function_rows,
    load_state,
    pool_row,
    task_rows,
    worker_rows,
)
from pool_gui.monitor.view.snapshot import (
    FunctionRow,
    Lanes,
    Link,
    LinkState,
    LogLine,
    ProcessUse,
    Program,
    Snapshot,
    TaskRow,
    Viewport,
)

if TYPE_CHECKING:
    from pool_gui.monitor.model.workers import Worker

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


class SnapshotMaker:
    """Makes one snapshot after the other."""

    def __init__(self, history: History, log: Log) -> None:
        self._history = history
        self._log = log
        self._number = 0
        self._tasks: tuple[TaskRow, ...] = ()
        self._functions: tuple[FunctionRow, ...] = ()
        self._tables_due_ns = 0
        self._state: LinkState | None = None
        self._shown: tuple[object, ...] = ()
        self._frames = 0

    def make(self, moment: Moment) -> Snapshot:
        """Return the snapshot of this moment."""
        history = self._history
        now_ns = session_now_ns(history, moment)
        self._number += 1
        lanes: Lanes | None = None
        workers: tuple[Worker, ...] = ()
        shares = np.empty(0)
        if history.first_ns is not None:
            lanes, workers, shares = draw(history, moment.viewport, now_ns)
        remade = self._make_tables(moment, now_ns)
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
            pool=None if pool is None else pool_row(pool, workers),
            workers=worker_rows(history, workers, shares, now_ns),
            lanes=lanes,
            series=history.series.curves(now_ns),
            wait=wait.distribution(),
            run=run.distribution(),
            functions=self._functions,
            tasks=self._tasks,
            load=load_state(history),
            loss=history.loss,
            log=log,
            quiet=self._is_quiet(moment, log) and not remade,
        )

    def _make_tables(self, moment: Moment, now_ns: int) -> bool:
        """Make the tables anew if it is time; return whether they have changed."""
        state, before = moment.link.state, (self._tasks, self._functions)
        if moment.clock_ns < self._tables_due_ns and state is self._state:
            return False
        self._tables_due_ns, self._state = moment.clock_ns + _TABLE_NS, state
        history, pool = self._history, self._history.pools.newest
        self._tasks = task_rows(history, now_ns)
        if pool is not None:
            self._functions = function_rows(history, pool)
        return (self._tasks, self._functions) != before

    def _is_quiet(self, moment: Moment, log: tuple[LogLine, ...]) -> bool:
        """Return whether this snapshot shows what the last one did."""
        history = self._history
        moved = history.moved and history.frames != self._frames
        self._frames = history.frames
        last_line = log[-1].number if log else 0
        before = self._shown
        self._shown = (moment.viewport, moment.link.state, last_line)
        silent = moment.link.state is LinkState.SILENT
        return self._shown == before and not moved and not silent


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
