"""What is known of each pool: counts, its course, and durations over its whole life.

Session thread only. Invariants: at most MAX_POOLS pools are kept, those that are told
no more are dropped first; of these the newest few have a course of their own, that of
the others is in one they share, so that many short-lived pools take no memory; at most
MAX_FUNCTION_ROWS functions of all pools have durations of their own, the rest of a
pool's share one row.
"""

import itertools
import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from pool_gui.monitor.model.course import Course
from pool_gui.monitor.model.durations import (
    BUCKETS,
    Histogram,
    Percentiles,
    bucket_of,
    percentiles,
)
from pool_gui.monitor.model.names import OTHER_FUNCTIONS, FunctionNames
from pool_gui.monitor.model.spans import Outcome, SpanField
from pool_gui.monitor.view.snapshot import Ints
from pool_gui.wire.errors import MalformedMessageError
from pool_gui.wire.messages import Pool
from pool_gui.wire.protocol import MAX_POOLS

MAX_FUNCTION_ROWS: Final = 4096
_FIRST_ROWS: Final = 16
_OTHER: Final = -2
"""Stands for the functions that have no row of their own."""

_RATE_SECONDS: Final = 1.0
_ENDED_COURSES: Final = 4
"""So many pools that are told no more keep a course of their own."""


@dataclass(slots=True)
class PoolFacts:
    """A pool as its last header told it, and its durations."""

    key: int
    """Never used twice, over all processes."""
    header: Pool
    first_ns: int
    peak: int = 0
    """The queue's greatest depth."""
    told: bool = True
    """Whether the newest frame told of it."""
    wait: Histogram = field(default_factory=Histogram)
    run: Histogram = field(default_factory=Histogram)
    recent: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=64))
    """(time, finished tasks) of the last second."""
    course: Course | None = field(default_factory=Course)
    """None: it is in the one that pools share which are told no more."""

    def throughput(self) -> float:
        """Return finished tasks a second over the last second; NaN in the first."""
        if self.header.state == "stopped" and not self.told:
            return 0.0
        (begin_ns, before), (end_ns, after) = self.recent[0], self.recent[-1]
        seconds = (end_ns - begin_ns) / 1e9
        if seconds < _RATE_SECONDS:
            return math.nan
        return (after - before) / seconds

    def update(self, header: Pool, now_ns: int) -> tuple[int, int]:
        """Take in a newer header; return how many tasks ended and failed since."""
        before, self.header, self.told = self.header, header, True
        self.peak = max(self.peak, header.peak, header.depth)
        self.recent.append((now_ns, header.counts.finished))
        while len(self.recent) > 2 and self.recent[1][0] <= now_ns - 1_000_000_000:
            self.recent.popleft()
        now, then = header.counts, before.counts
        failed = max(now.failed - then.failed, 0)
        return max(now.done - then.done, 0) + failed, failed


@dataclass(frozen=True, slots=True)
class FunctionTimes:
    """A function's finished tasks in one pool."""

    name: str
    calls: int
    """Where tasks are sampled: for how many those stand that were told."""
    failed: int
    run: Percentiles
    complete: bool
    """False: made from a sample."""
    counts: Ints
    """The histogram of its run times, (BUCKETS,)."""


def joined_times(parts: Sequence[Sequence[FunctionTimes]]) -> list[FunctionTimes]:
    """Return the functions of several pools, each once, as if all were one pool's."""
    by_name: dict[str, list[FunctionTimes]] = {}
    for times in itertools.chain.from_iterable(parts):
        by_name.setdefault(times.name, []).append(times)
    return [_joined(same) if len(same) > 1 else same[0] for same in by_name.values()]


def _joined(same: Sequence[FunctionTimes]) -> FunctionTimes:
    counts = np.sum([times.counts for times in same], axis=0)
    longest = np.nanmax([times.run.maximum for times in same])
    return FunctionTimes(
        same[0].name,
        sum(times.calls for times in same),
        sum(times.failed for times in same),
        percentiles(counts, round(longest * 1e9)),
        all(times.complete for times in same),
        counts,
    )


class Pools:
    """All pools by key and, for the process that is watched now, by id."""

    def __init__(self, keys: Iterator[int] | None = None) -> None:
        self._keys = itertools.count(1) if keys is None else keys
        self._by_key: dict[int, PoolFacts] = {}
        self._by_number: dict[int, PoolFacts] = {}
        self.functions = FunctionDurations()
        self._ended_course = Course()

    @property
    def shown(self) -> tuple[PoolFacts, ...]:
        """The pools that are told now; else the one that was told last."""
        told = tuple(pool for pool in self._by_key.values() if pool.told)
        newest = self.newest
        return told or (() if newest is None else (newest,))

    @property
    def courses(self) -> tuple[Course, ...]:
        """Those of all pools there ever were."""
        own = (pool.course for pool in self._by_key.values())
        return self._ended_course, *(course for course in own if course is not None)

    @property
    def newest(self) -> PoolFacts | None:
        """The pool that came last."""
        return next(reversed(self._by_key.values()), None)

    @property
    def current(self) -> tuple[PoolFacts, ...]:
        """The pools of the process that is, or was last, watched."""
        return tuple(self._by_number.values())

    def get(self, key: int) -> PoolFacts | None:
        """Return a pool by its key."""
        return self._by_key.get(key)

    def find(self, number: int) -> PoolFacts:
        """Return a pool by its id.

        Raises:
            MalformedMessageError: no frame has told of it.
        """
        pool = self._by_number.get(number)
        if pool is None:
            raise MalformedMessageError(f"POOL: id {number} was never told")
        return pool

    def function_times(
        self, pool: PoolFacts, names: FunctionNames
    ) -> tuple[FunctionTimes, ...]:
        """Return a pool's functions, in the order in which they came.

        Where tasks are sampled, the strides only say about how many each stands for;
        the pool's exact count mends their sum.
        """
        rows = self.functions.rows(pool.key, names)
        told = sum(row.calls - row.failed for row in rows)
        if told == 0 or all(row.complete for row in rows):
            return rows
        scale = pool.header.counts.done / told
        return tuple(
            replace(row, calls=round((row.calls - row.failed) * scale) + row.failed)
            for row in rows
        )

    def forget_ids(self) -> None:
        """Prepare for another process: its ids are new."""
        self._by_number.clear()

    def update(
        self, headers: Sequence[Pool], now_ns: int, *, first: bool
    ) -> dict[int, tuple[int, int]]:
        """Take in a frame's pools; return how many tasks of each ended and failed.

        Args:
            headers: each pool once.
            now_ns: when the counts were read.
            first: it is the process's first frame: what was before is not counted.
        """
        for pool in self._by_key.values():
            pool.told = False
        ended: dict[int, tuple[int, int]] = {}
        for header in headers:
            pool = self._by_number.get(header.pool) or self._new(header, now_ns)
            is_new = not pool.recent
            ended[pool.key] = pool.update(header, now_ns)
            if is_new and not first:  # it came since the last frame
                ended[pool.key] = header.counts.finished, header.counts.failed
        self._drop_untold()
        return ended

    def _new(self, header: Pool, now_ns: int) -> PoolFacts:
        pool = PoolFacts(next(self._keys), header, now_ns)
        self._by_key[pool.key] = self._by_number[header.pool] = pool
        return pool

    def _drop_untold(self) -> None:
        untold = [pool for pool in self._by_key.values() if not pool.told]
        excess = max(len(self._by_key) - MAX_POOLS, 0)
        for pool in untold[: max(len(untold) - _ENDED_COURSES, excess)]:
            if pool.course is not None:
                self._ended_course.absorb(pool.course)
                pool.course = None
        for pool in untold[:excess]:
            del self._by_key[pool.key]
            if self._by_number.get(pool.header.pool) is pool:
                del self._by_number[pool.header.pool]
            self.functions.drop(pool.key)


class FunctionDurations:
    """Calls and run times by pool and function."""

    def __init__(self) -> None:
        self._rows: dict[tuple[int, int], int] = {}  # (pool's key, function)
        self._free: list[int] = list(range(_FIRST_ROWS))
        self._histograms = np.zeros((_FIRST_ROWS, BUCKETS), np.int64)
        self._facts = np.zeros((3, _FIRST_ROWS), np.int64)  # failed, max, sampled
        self._shown: dict[int, FunctionTimes] = {}  # by row, until it changes

    def add(self, spans: Ints, weights: Ints, *, sampled: bool) -> None:
        """Add finished tasks, (len(SpanField), n), and for how many each stands."""
        pairs = spans[[SpanField.POOL, SpanField.FUNCTION]].T
        distinct, places = np.unique(pairs, axis=0, return_inverse=True)
        rows = np.asarray([self._row(int(p), int(f)) for p, f in distinct], np.int64)
        of_span = rows[places.reshape(-1)]
        run_ns = spans[SpanField.ENDED_NS] - spans[SpanField.STARTED_NS]
        np.add.at(self._histograms, (of_span, bucket_of(run_ns)), weights)
        failed = spans[SpanField.OUTCOME] == Outcome.FAILED
        np.add.at(self._facts[0], of_span, failed)
        np.maximum.at(self._facts[1], of_span, run_ns)
        if sampled:
            self._facts[2, rows] = 1
        for row in rows.tolist():
            self._shown.pop(row, None)

    def rows(self, pool_key: int, names: FunctionNames) -> tuple[FunctionTimes, ...]:
        """Return a pool's functions, in the order in which they came."""
        shown = []
        for (pool, function), row in self._rows.items():
            if pool == pool_key:
                name = OTHER_FUNCTIONS if function == _OTHER else names.name(function)
                shown.append(self._shown.get(row) or self._show(row, name))
        return tuple(shown)

    def drop(self, pool_key: int) -> None:
        """Forget a pool's functions."""
        for key in [key for key in self._rows if key[0] == pool_key]:
            row = self._rows.pop(key)
            self._histograms[row] = 0
            self._facts[:, row] = 0
            self._shown.pop(row, None)
            self._free.append(row)

    def _show(self, row: int, name: str) -> FunctionTimes:
        failed, maximum_ns, sampled = self._facts[:, row].tolist()
        counts = self._histograms[row].copy()
        values, calls = percentiles(counts, maximum_ns), int(counts.sum())
        shown = FunctionTimes(name, calls, failed, values, not sampled, counts)
        self._shown[row] = shown
        return shown

    def _row(self, pool: int, function: int) -> int:
        row = self._rows.get((pool, function))
        if row is None:
            full = len(self._rows) >= MAX_FUNCTION_ROWS
            if full and function != _OTHER:
                return self._row(pool, _OTHER)
            row = self._rows[pool, function] = self._take()
        return row

    def _take(self) -> int:
        if not self._free:
            have = len(self._histograms)
            added = max(_FIRST_ROWS, have // 4)
            more = np.zeros((added, BUCKETS), np.int64)
            self._histograms = np.concatenate((self._histograms, more))
            empty = np.zeros((len(self._facts), added), np.int64)
            self._facts = np.concatenate((self._facts, empty), axis=1)
            self._free = list(range(have, have + added))
        return self._free.pop()
