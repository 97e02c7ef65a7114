"""Makes snapshots from the model.

Session thread only. What is costly and changes slowly (the tables of tasks, workers and
functions, the curves and durations) is made anew four times a second at the most.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from pool_gui.monitor.log import Log
from pool_gui.monitor.view.arrange import Arranger
from pool_gui.monitor.view.facts import (
    LinkState,
    LogLine,
    Raised,
    StackGroup,
    WhatIf,
)
from pool_gui.monitor.view.join import draw_all
from pool_gui.monitor.view.lanes import in_sight
from pool_gui.monitor.view.mark_rows import mark_rows
from pool_gui.monitor.view.rows import (
    FinishedRows,
    function_rows,
    joined_task_rows,
    task_row,
    task_rows,
    worker_rows,
)
from pool_gui.monitor.view.scope import InScope, source_row
from pool_gui.monitor.view.snapshot import (
    Distribution,
    FunctionRow,
    Scope,
    Series,
    Snapshot,
    TaskRow,
    WorkerRow,
)
from pool_gui.monitor.view.stack_groups import stack_groups
from pool_gui.monitor.view.watched import Moment, Watched
from pool_gui.monitor.whatif.forecaster import Forecaster

__all__ = ["Moment", "SnapshotMaker", "Watched"]

_SLOWLY_NS: Final = 250_000_000


class _Tables:
    """The tables of what is in scope."""

    def __init__(self) -> None:
        self.tasks: tuple[TaskRow, ...] = ()
        self.tasks_found = 0
        self.task: TaskRow | None = None
        self.functions: tuple[FunctionRow, ...] = ()
        self.roster: tuple[WorkerRow, ...] = ()
        self._finished: dict[int, FinishedRows] = {}
        self._due_ns = 0
        self._made_for: tuple[object, ...] = ()

    def make(self, chosen: InScope, lanes: Sequence[WorkerRow], now_ns: int) -> bool:
        """Make them anew if it is time; return whether they have changed.

        Args:
            chosen: what is in scope.
            lanes: the rows of the lanes, which know how busy their workers were.
            now_ns: the session's time.
        """
        moment = chosen.sources[0].moment
        links = tuple(one.moment.link.state for one in chosen.sources)
        query, looked_at = moment.viewport.tasks, moment.viewport.task
        made_for = chosen.scope, links, query, looked_at
        if moment.clock_ns < self._due_ns and made_for == self._made_for:
            return False
        self._due_ns, self._made_for = moment.clock_ns + _SLOWLY_NS, made_for
        before = self.tasks, self.functions
        pool = chosen.scope.pool
        known = self._finished
        self._finished = {
            one.key: known.get(one.key) or FinishedRows() for one in chosen.sources
        }
        parts = [
            task_rows(one, pool, query, self._finished[one.key])
            for one in chosen.sources
        ]
        tasks = joined_task_rows(parts, query)
        self.tasks, self.tasks_found = tasks.rows, tasks.found
        self.task = _looked_at(chosen.sources, looked_at)
        pools = [
            (one.history, facts)
            for one in chosen.sources
            for facts in chosen.pools_of(one.history)
        ]
        self.functions = function_rows(pools)
        self.roster = _roster(chosen, lanes, now_ns)
        return (self.tasks, self.functions) != before


class _Stacks:
    """Where the workers in scope are, while somebody looks."""

    def __init__(self) -> None:
        self._groups: tuple[StackGroup, ...] = ()
        self._due_ns = 0
        self._scope = Scope()

    def make(self, chosen: InScope) -> tuple[StackGroup, ...]:
        """Make them anew if it is time, and return them."""
        moment = chosen.sources[0].moment
        if not moment.viewport.stacks:
            self._groups, self._due_ns = (), 0
        elif moment.clock_ns >= self._due_ns or chosen.scope != self._scope:
            self._due_ns = moment.clock_ns + _SLOWLY_NS
            self._scope = chosen.scope
            self._groups = stack_groups(chosen)
        return self._groups


class _Courses:
    """The curves and durations of what is in scope."""

    def __init__(self) -> None:
        self._made: tuple[Series, Distribution, Distribution] | None = None
        self._due_ns = 0
        self._made_for: tuple[object, ...] = ()

    def make(self, chosen: InScope) -> tuple[Series, Distribution, Distribution]:
        """Make them anew if it is time, and return them."""
        clock_ns = chosen.sources[0].moment.clock_ns
        made_for = (
            chosen.scope,
            *(
                (one.key, one.moment.link.state, len(one.history.pools.courses))
                for one in chosen.sources
            ),
        )
        if self._made is None or clock_ns >= self._due_ns or made_for != self._made_for:
            self._due_ns, self._made_for = clock_ns + _SLOWLY_NS, made_for
            now_ns = max(one.now_ns for one in chosen.sources)
            series, wait, run = chosen.courses(now_ns)
            states = chosen.states(series.age_seconds, now_ns)
            self._made = replace(series, states=states), wait, run
        return self._made


def _looked_at(
    watched: Sequence[Watched], looked_at: tuple[int, int]
) -> TaskRow | None:
    """Return the task that somebody looks at."""
    worker, task = looked_at
    rows = (task_row(one, worker, task) for one in watched if task)
    return next((row for row in rows if row is not None), None)


def _raised(watched: Sequence[Watched]) -> Raised | None:
    """Return what the task raised that somebody looks at."""
    key, task = watched[0].moment.viewport.task
    for one in watched if task else ():
        worker = next((w for w in one.history.workers if w.key == key), None)
        failures = one.history.failures
        if worker is not None and (text := failures.text(worker.pool, task)):
            lines = failures.calls(worker.pool, task)
            return Raised(one.key, worker.pool, key, task, text, lines)
    return None


def _roster(
    chosen: InScope, lanes: Sequence[WorkerRow], now_ns: int
) -> tuple[WorkerRow, ...]:
    """Return all workers in scope; how busy those without a lane were is unknown."""
    drawn = {row.key: row for row in lanes}
    roster: list[WorkerRow] = []
    for one in chosen.sources:
        workers = [
            worker
            for worker in in_sight(one.history, one.moment.viewport, now_ns)
            if chosen.has(worker.pool)
        ]
        missing = [worker for worker in workers if worker.key not in drawn]
        unknown = np.full(len(missing), np.nan)
        made = worker_rows(one.history, missing, unknown, one.now_ns, one.key)
        rows = drawn | {row.key: row for row in made}
        roster += [rows[worker.key] for worker in workers]
    return tuple(roster)


class SnapshotMaker:
    """Makes one snapshot after the other."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._number = 0
        self._tables = _Tables()
        self._courses = _Courses()
        self._stacks = _Stacks()
        self._forecaster = Forecaster()
        self._arranger = Arranger()
        self._frames: dict[int, int] = {}  # by source
        self._shown: tuple[object, ...] = ()

    def make(self, watched: Sequence[Watched], scope: Scope) -> Snapshot:
        """Return the snapshot of this moment.

        Args:
            watched: all sources, each at this moment.
            scope: what all but the lanes speak of.
        """
        chosen = InScope(watched, scope)
        moment = watched[0].moment
        self._number += 1
        now_ns = max(one.now_ns for one in watched)
        lanes, workers = draw_all(watched, moment.viewport, now_ns, self._arranger)
        remade = self._tables.make(chosen, workers, now_ns)
        log = self._log.lines()
        series, wait, run = self._courses.make(chosen)
        pool = chosen.pool_row()
        return Snapshot(
            number=self._number,
            link=chosen.link(),
            program=chosen.program(),
            process=chosen.process(),
            monitor=moment.monitor,
            agent_cpu_share=chosen.agent_cpu_share(),
            frames_per_second=chosen.frames_per_second(),
            uptime_seconds=chosen.uptime_seconds(),
            pool=pool,
            workers=workers,
            lanes=lanes,
            series=series,
            wait=wait,
            run=run,
            functions=self._tables.functions,
            tasks=self._tables.tasks,
            tasks_found=self._tables.tasks_found,
            load=None if pool is None else pool.load,
            loss=chosen.loss(),
            log=log,
            quiet=self._is_quiet(watched, scope, log) and not remade,
            sources=tuple(map(source_row, watched)),
            scope=chosen.scope,
            roster=self._tables.roster,
            sampling=chosen.sampling(),
            findings=chosen.findings(),
            stacks=self._stacks.make(chosen),
            task=self._tables.task,
            raised=_raised(watched),
            wake_up=chosen.wake_up(),
            what_if=self._what_if(chosen),
            marks=mark_rows(watched, chosen),
        )

    def _what_if(self, chosen: InScope) -> WhatIf | None:
        """Return what other sizes would do, where one pool is in scope."""
        one = chosen.one
        if one is None or not one.moment.viewport.what_if:
            return None
        pools = chosen.pools_of(one.history)
        if len(pools) != 1:
            return None
        self._forecaster.step(one.history, pools[0], one.moment.clock_ns)
        return self._forecaster.newest

    def _is_quiet(
        self, watched: Sequence[Watched], scope: Scope, log: tuple[LogLine, ...]
    ) -> bool:
        """Return whether this snapshot shows what the last one did."""
        frames = {one.key: one.history.frames for one in watched}
        moved = any(
            one.history.moved and frames[one.key] != self._frames.get(one.key)
            for one in watched
        )
        self._frames = frames
        states = tuple((one.key, one.moment.link.state) for one in watched)
        last_line = log[-1].number if log else 0
        before = self._shown
        self._shown = (scope, watched[0].moment.viewport, states, last_line)
        silent = any(state is LinkState.SILENT for _, state in states)
        return self._shown == before and not moved and not silent
