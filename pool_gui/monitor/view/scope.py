"""What a snapshot tells of the pools in scope: one pool, a source's pools, or all.

Session thread only. Reads the model and changes nothing in it but what is too old.
Several pools are told as their sum; what cannot be added up is not known.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Final

import numpy as np

from pool_gui.monitor.findings.rule import Level
from pool_gui.monitor.model.course import Course, together
from pool_gui.monitor.model.pools import PoolFacts
from pool_gui.monitor.model.program import History
from pool_gui.monitor.model.series import INTERVAL_NS
from pool_gui.monitor.model.usage import UNKNOWN_USE
from pool_gui.monitor.states import STATES
from pool_gui.monitor.view.facts import (
    UNKNOWN_WAKE_UP,
    FindingRow,
    Link,
    LinkState,
    LoadState,
    Loss,
    PoolRow,
    ProcessUse,
    Program,
    Sampling,
    SourceRow,
    WakeUp,
)
from pool_gui.monitor.view.rows import pool_row
from pool_gui.monitor.view.snapshot import (
    NO_SHARES,
    Distribution,
    Floats,
    Scope,
    Series,
    Shares,
)
from pool_gui.monitor.view.watched import Watched
from pool_gui.wire.messages import COUNTS, Counts

_LIVELIEST: Final = ("running", "paused", "draining", "new", "stopped")
_BEST: Final = (
    LinkState.LIVE,
    LinkState.SILENT,
    LinkState.STARTING,
    LinkState.LOST,
    LinkState.ENDED,
    LinkState.NONE,
)


class InScope:
    """The sources and pools that a scope means, at this moment."""

    def __init__(self, watched: Sequence[Watched], scope: Scope) -> None:
        """Choose them; a scope that means nothing there is means all.

        Args:
            watched: all sources, at least one.
            scope: what is asked for.
        """
        chosen = [one for one in watched if scope.source in {0, one.key}]
        self.scope = scope if chosen else Scope()
        self.sources = chosen or list(watched)

    def has(self, pool: int) -> bool:
        """Whether the pool with this key, of a source in scope, is in it."""
        return self.scope.pool in {0, pool}

    def pools_of(self, history: History) -> tuple[PoolFacts, ...]:
        """Return the pools of a source in scope that are told of."""
        if not self.scope.pool:
            return history.pools.shown
        pool = history.pools.get(self.scope.pool)
        return () if pool is None else (pool,)

    @property
    def one(self) -> Watched | None:
        """The one source in scope, unless there are several."""
        return self.sources[0] if len(self.sources) == 1 else None

    def link(self) -> Link:
        """Return the best link of the sources in scope."""
        links = [one.moment.link for one in self.sources]
        return min(links, key=lambda link: _BEST.index(link.state))

    def pool_row(self) -> PoolRow | None:
        """Return the pool in scope, or the sum of all."""
        rows = [row for one in self.sources for row in self._rows(one)]
        return summed(rows) if len(rows) > 1 else rows[0] if rows else None

    def _rows(self, one: Watched) -> list[PoolRow]:
        history = one.history
        living = history.workers.living
        rows = [pool_row(history, pool, living) for pool in self.pools_of(history)]
        return [replace(row, rates=_rates(one, row.key)) for row in rows]

    def courses(self, now_ns: int) -> tuple[Series, Distribution, Distribution]:
        """Return curves, waits and runs."""
        chosen: list[Course] = []
        for one in self.sources:
            pools = one.history.pools
            if not self.scope.pool:
                chosen += pools.courses
            elif (pool := pools.get(self.scope.pool)) and pool.course is not None:
                chosen.append(pool.course)
        return together(chosen, now_ns)

    def states(self, ages_seconds: Floats, now_ns: int) -> Shares:
        """Return (n, STATES) where the workers' time went; empty: it is not seen.

        Args:
            ages_seconds: (n,) of the ends of the intervals, evenly spaced.
            now_ns: of which they are the ages.
        """
        spent = np.zeros((len(ages_seconds), STATES))
        edges_ns = now_ns + np.round(ages_seconds * 1e9).astype(np.int64)
        edges_ns = np.concatenate((edges_ns[:1] - INTERVAL_NS, edges_ns))
        for one in self.sources:
            workers = [w for w in one.history.workers if self.has(w.pool)]
            slots = np.asarray([worker.slot for worker in workers], np.int64)
            if slots.size:
                spent += one.history.states.cells.spent(slots, edges_ns)
        whole = spent.sum(axis=1, keepdims=True)
        if not whole.any():
            return NO_SHARES
        with np.errstate(invalid="ignore"):  # nothing known: 0 / 0 is NaN
            shares: Shares = (spent / whole).astype(np.float32)
        return shares

    def findings(self) -> tuple[FindingRow, ...]:
        """Return what is wrong now in the pools in scope, the gravest first."""
        rows = [
            FindingRow(
                found.rule,
                found.level.value,
                found.evidence,
                (one.now_ns - found.first_ns) / 1e9,
                one.key,
                pool.key,
            )
            for one in self.sources
            for pool in self.pools_of(one.history)
            for found in one.moment.found(pool.key)
            if found.active
        ]
        levels = list(Level)[::-1]
        return tuple(sorted(rows, key=lambda row: levels.index(Level(row.level))))

    def sampling(self) -> Sampling:
        """Return how states are seen; of several sources, the one seen least."""
        told = [one.moment.sampling for one in self.sources]
        seen = [one for one in told if one.source]
        return min(seen, key=lambda one: not one.trouble, default=told[0])

    def wake_up(self) -> WakeUp:
        """Return how late threads wake; of several processes, the one that is most."""
        told = [_wake_up(one) for one in self.sources if one.history.recent]
        return max(told, key=lambda one: one.median, default=UNKNOWN_WAKE_UP)

    def program(self) -> Program | None:
        """Return the program, if it is one alone."""
        hello = None if self.one is None else self.one.history.hello
        if hello is None:
            return None
        return Program(hello.pid, hello.python, hello.gil, tuple(hello.argv))

    def process(self) -> ProcessUse:
        """Return what the processes take together; NaN where one is not known."""
        if self.one is not None:
            return self.one.moment.process
        uses = [one.moment.process for one in self.sources]
        known = [use for use in uses if use is not UNKNOWN_USE]
        return ProcessUse(
            sum(use.cpu_share for use in known) if known else math.nan,
            sum(use.rss_bytes for use in known) if known else math.nan,
            sum(use.threads for use in known) if known else math.nan,
        )

    def loss(self) -> Loss:
        """Return what is not known, of all sources in scope."""
        losses = [one.history.loss for one in self.sources]
        return Loss(
            sum(loss.frames_dropped for loss in losses),
            sum(loss.spans_dropped for loss in losses),
            max(loss.span_stride for loss in losses),
        )

    def agent_cpu_share(self) -> float:
        """Return what all agents take of a core; NaN when none is known."""
        shares = [_agent_cpu_share(one.history) for one in self.sources]
        known = [share for share in shares if not math.isnan(share)]
        return sum(known) if known else math.nan

    def frames_per_second(self) -> float:
        """Return how many frames came in the last second; NaN before the first."""
        rates = [_frames_per_second(one) for one in self.sources]
        known = [rate for rate in rates if not math.isnan(rate)]
        return sum(known) if known else math.nan

    def uptime_seconds(self) -> float:
        """Return the time since the first frame of the process that is oldest."""
        times = [
            (one.now_ns - one.history.process_first_ns) / 1e9
            for one in self.sources
            if one.history.process_first_ns is not None
        ]
        return max(times, default=math.nan)


def source_row(watched: Watched) -> SourceRow:
    """Return what is told of a source, whatever is in scope."""
    history = watched.history
    living = history.workers.living
    return SourceRow(
        key=watched.key,
        number=watched.number,
        link=watched.moment.link,
        pools=tuple(pool_row(history, pool, living) for pool in history.pools.shown),
        pid=None if history.hello is None else history.hello.pid,
        kind=watched.kind,
        title=_title(history),
        is_driven=watched.is_driven,
        playback=watched.playback,
        recording=watched.recording,
    )


def _wake_up(one: Watched) -> WakeUp:
    late_ns = [late for _, _, late in one.history.recent]
    return WakeUp(statistics.median(late_ns) / 1e9, max(late_ns) / 1e9)


def _title(history: History) -> str:
    """Return what a program is called: its script, or its module."""
    argv = [] if history.hello is None else history.hello.argv
    if len(argv) > 1 and argv[0] == "-m":
        return argv[1]
    return PurePath(argv[0]).name if argv else ""


def summed(rows: Sequence[PoolRow]) -> PoolRow:
    """Return several pools as one row, their sum.

    What counts tasks is of all; what is of this moment, of those whose process lives.
    """
    living = [row for row in rows if not row.is_over] or rows
    rates = [row.throughput_per_second for row in living]
    known = [rate for rate in rates if not math.isnan(rate)]
    return PoolRow(
        name="",
        kind="",
        state=min((row.state for row in living), key=_LIVELIEST.index),
        size=sum(row.size for row in living),
        alive=sum(row.alive for row in living),
        busy=sum(row.busy for row in living),
        depth=sum(row.depth for row in living),
        depth_limit=None,
        counts=Counts(
            **{name: sum(getattr(row.counts, name) for row in rows) for name in COUNTS}
        ),
        throughput_per_second=sum(known) if known else math.nan,
        load=_summed_load([row.load for row in rows if row.load is not None]),
        pools=len(rows),
        is_over=all(row.is_over for row in rows),
    )


def _summed_load(loads: Sequence[LoadState]) -> LoadState | None:
    if len(loads) < 2:
        return loads[0] if loads else None
    remaining = [load.remaining for load in loads]
    known = [count for count in remaining if count is not None]
    return LoadState(
        demo=", ".join(dict.fromkeys(load.demo for load in loads)),
        arrivals=tuple(one for load in loads for one in load.arrivals),
        submitted=sum(load.submitted for load in loads),
        remaining=sum(known) if len(known) == len(remaining) else None,
        held_back=sum(load.held_back for load in loads),
    )


def _frames_per_second(watched: Watched) -> float:
    recent, clock_ns = watched.history.recent, watched.moment.clock_ns
    if not recent:
        return math.nan
    return float(sum(came > clock_ns - 1_000_000_000 for came, *_ in recent))


def _agent_cpu_share(history: History) -> float:
    if len(history.recent) < 2:
        return math.nan
    (begin_ns, before_ns, _), (end_ns, after_ns, _) = (
        history.recent[0],
        history.recent[-1],
    )
    if end_ns <= begin_ns:
        return math.nan
    return max(after_ns - before_ns, 0) / (end_ns - begin_ns)


def _rates(one: Watched, pool: int) -> tuple[tuple[int, float], ...]:
    """Return tasks a second by size, as far as resizes have shown it."""
    return tuple(sorted(one.moment.marks.rates(pool).items()))
