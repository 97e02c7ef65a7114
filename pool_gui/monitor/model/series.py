"""The charts' curves in intervals of a quarter of a second, from exact counters.

Session thread only. The charts show the last 60 s (240 points); ten minutes are kept.
Invariants: only intervals of which the process was seen have values; memory is fixed.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pool_gui.monitor.model.durations import SlidingHistogram
from pool_gui.monitor.view.snapshot import Floats, Ints, Series

INTERVAL_NS: Final = 250_000_000
POINTS: Final = 240
_KEPT: Final = 2400
_PERCENTILE_SLICES: Final = 4
"""The curves of p95 are over the last second: one interval has too few values."""


class _Row(enum.IntEnum):
    SEEN_NS = 0
    DEPTH = 1
    BUSY_NS = 2
    AVAILABLE_NS = 3
    FINISHED = 4
    FAILED = 5
    WAIT_P95 = 6
    RUN_P95 = 7
    FIRST_NS = 8
    """When it was first seen, from the interval's begin."""
    LAST_NS = 9
    """When it was last seen."""


_P95 = slice(_Row.WAIT_P95, _Row.RUN_P95 + 1)
_AMOUNTS = slice(_Row.SEEN_NS, _Row.FAILED + 1)


_NOTHING = np.zeros((len(_Row), 1))
"""An interval in which nothing was seen."""
_NOTHING[_P95] = np.nan
_NOTHING[_Row.FIRST_NS] = INTERVAL_NS


@dataclass(frozen=True, slots=True)
class Progress:
    """What happened in a pool from one frame to the next."""

    begin_ns: int
    end_ns: int
    depth: int
    """The queue's peak depth."""
    busy_ns: int
    """Busy time of its workers."""
    available_ns: int
    """The time that its workers were there."""
    finished: int
    failed: int


class SeriesRecorder:
    """Collects progress into intervals."""

    def __init__(self) -> None:
        self._rows = np.full((len(_Row), _KEPT), np.nan)
        self.newest = -1
        """The newest interval's number since the clock's zero; -1: there is none."""
        self._wait = SlidingHistogram(_PERCENTILE_SLICES, INTERVAL_NS)
        self._run = SlidingHistogram(_PERCENTILE_SLICES, INTERVAL_NS)

    def add(self, progress: Progress) -> None:
        """Spread what happened evenly over the intervals in which it did."""
        begin_ns, end_ns = progress.begin_ns, progress.end_ns
        amounts = np.zeros(len(_Row))
        amounts[_Row.SEEN_NS] = end_ns - begin_ns
        amounts[_Row.BUSY_NS] = progress.busy_ns
        amounts[_Row.AVAILABLE_NS] = progress.available_ns
        amounts[_Row.FINISHED] = progress.finished
        amounts[_Row.FAILED] = progress.failed
        last = _interval(end_ns)
        first = min(begin_ns // INTERVAL_NS, last)
        for number in range(max(first, last - _KEPT + 1), last + 1):
            self._open(number)
            if number <= self.newest - _KEPT:
                continue
            first_ns = max(begin_ns - number * INTERVAL_NS, 0)
            last_ns = min(end_ns - number * INTERVAL_NS, INTERVAL_NS)
            seen_ns = last_ns - first_ns
            share = seen_ns / (end_ns - begin_ns) if end_ns > begin_ns else 1.0
            row = self._rows[:, number % _KEPT]
            depth = max(row[_Row.DEPTH], progress.depth)
            row[_AMOUNTS] += amounts[_AMOUNTS] * share
            row[_Row.DEPTH] = depth
            row[_Row.FIRST_NS] = min(row[_Row.FIRST_NS], first_ns)
            row[_Row.LAST_NS] = max(row[_Row.LAST_NS], last_ns)

    def add_durations(
        self, wait_ns: Ints, run_ns: Ints, weights: tuple[Ints, Ints], end_ns: int
    ) -> None:
        """Add durations told in the frame that ends at `end_ns`; after `add`."""
        for row, sliding, values, weight in (
            (_Row.WAIT_P95, self._wait, wait_ns, weights[0]),
            (_Row.RUN_P95, self._run, run_ns, weights[1]),
        ):
            sliding.advance(end_ns)
            sliding.add(values, weight, sampled=False)
            p95 = sliding.percentiles().p95
            self._rows[row, _interval(end_ns) % _KEPT] = p95

    def absorb(self, other: "SeriesRecorder") -> None:
        """Take in what another one recorded, as if both had been one pool."""
        if other.newest < 0:
            return
        self._open(other.newest)
        numbers = np.arange(other.newest - _KEPT + 1, other.newest + 1)
        numbers = numbers[numbers > self.newest - _KEPT]
        places = numbers % _KEPT
        both = [self.known(numbers), other.known(numbers)]
        self._rows[:, places] = _sum(both)

    def known(self, numbers: Ints) -> Floats:
        """Return the columns of these intervals; nothing seen where nothing is kept."""
        rows: Floats = self._rows[:, numbers % _KEPT]
        kept = (numbers <= self.newest) & (numbers > self.newest - _KEPT)
        unseen = ~kept | ~(rows[_Row.SEEN_NS] > 0)
        rows[:, unseen] = _NOTHING
        return rows

    def _open(self, number: int) -> None:
        if number <= self.newest:
            return
        jumped = min(number - self.newest, _KEPT)
        columns = (np.arange(number - jumped, number) + 1) % _KEPT
        self._rows[:, columns] = _NOTHING
        self.newest = number


def _interval(end_ns: int) -> int:
    """Return in which interval a time lies: the one that it ends, at a boundary."""
    return max(end_ns - 1, 0) // INTERVAL_NS


def curves(recorders: Sequence[SeriesRecorder], now_ns: int) -> Series:
    """Return the newest POINTS intervals that are over at `now_ns`, of all together.

    Depths, workers and rates are sums, the busy share is that of all workers; of
    several percentiles, which cannot be added, each point is the greatest.
    """
    numbers = np.arange(-POINTS, 0) + now_ns // INTERVAL_NS
    nothing = [np.repeat(_NOTHING, POINTS, axis=1)]
    rows = _sum([one.known(numbers) for one in recorders] or nothing)
    rows[:, ~(rows[_Row.SEEN_NS] > 0)] = np.nan
    seen_seconds = rows[_Row.SEEN_NS] / 1e9
    available_ns = rows[_Row.AVAILABLE_NS]
    with np.errstate(divide="ignore", invalid="ignore"):  # no worker: NaN
        busy_share = np.minimum(rows[_Row.BUSY_NS] / available_ns, 1)
    return Series(
        age_seconds=_frozen(((numbers + 1) * INTERVAL_NS - now_ns) / 1e9),
        depth=_frozen(rows[_Row.DEPTH]),
        busy_share=_frozen(busy_share),
        workers=_frozen(available_ns / rows[_Row.SEEN_NS]),
        throughput=_frozen(rows[_Row.FINISHED] / seen_seconds),
        failed_rate=_frozen(rows[_Row.FAILED] / seen_seconds),
        wait_p95=_frozen(rows[_Row.WAIT_P95]),
        run_p95=_frozen(rows[_Row.RUN_P95]),
    )


def _sum(parts: Sequence[Floats]) -> Floats:
    """Return what several recorders saw, interval by interval."""
    if len(parts) == 1:
        return parts[0]
    stacked = np.stack(parts)
    rows: Floats = stacked.sum(axis=0)
    rows[_P95] = np.fmax.reduce(stacked[:, _P95])
    rows[_Row.FIRST_NS] = stacked[:, _Row.FIRST_NS].min(axis=0)
    rows[_Row.LAST_NS] = stacked[:, _Row.LAST_NS].max(axis=0)
    # Pools may be seen at the same time, or one after the other.
    most_ns = rows[_Row.LAST_NS] - rows[_Row.FIRST_NS]
    rows[_Row.SEEN_NS] = np.minimum(rows[_Row.SEEN_NS], np.maximum(most_ns, 0))
    return rows


def _frozen(values: Floats) -> Floats:
    values.flags.writeable = False
    return values
