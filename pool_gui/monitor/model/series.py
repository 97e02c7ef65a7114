"""The charts' curves in intervals of a quarter of a second, from exact counters.

Session thread only. The charts show the last 60 s (240 points); ten minutes are kept.
Invariants: only intervals of which the process was seen have values; memory is fixed.
"""

import enum
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


@dataclass(frozen=True, slots=True)
class Progress:
    """What happened from one frame to the next, over all pools."""

    begin_ns: int
    end_ns: int
    depth: int
    """The queues' peak depth."""
    busy_ns: int
    """Busy time of all workers."""
    available_ns: int
    """The time that all workers were there."""
    finished: int
    failed: int


class SeriesRecorder:
    """Collects progress into intervals."""

    def __init__(self) -> None:
        self._rows = np.full((len(_Row), _KEPT), np.nan)
        self._newest = -1  # the newest interval's number since the clock's zero
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
        last = end_ns // INTERVAL_NS
        for number in range(max(begin_ns // INTERVAL_NS, last - _KEPT + 1), last + 1):
            self._open(number)
            if number <= self._newest - _KEPT:
                continue
            overlap_ns = min(end_ns, (number + 1) * INTERVAL_NS)
            overlap_ns -= max(begin_ns, number * INTERVAL_NS)
            share = overlap_ns / (end_ns - begin_ns) if end_ns > begin_ns else 1.0
            row = self._rows[:, number % _KEPT]
            depth = max(row[_Row.DEPTH], progress.depth)
            row[: _Row.WAIT_P95] += amounts[: _Row.WAIT_P95] * share
            row[_Row.DEPTH] = depth

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
            self._rows[row, end_ns // INTERVAL_NS % _KEPT] = p95

    def curves(self, now_ns: int) -> Series:
        """Return the newest POINTS intervals that are over at `now_ns`."""
        numbers = np.arange(-POINTS, 0) + now_ns // INTERVAL_NS
        rows = self._rows[:, numbers % _KEPT]
        kept = (numbers <= self._newest) & (numbers > self._newest - _KEPT)
        rows[:, ~kept | ~(rows[_Row.SEEN_NS] > 0)] = np.nan
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

    def _open(self, number: int) -> None:
        if number <= self._newest:
            return
        jumped = min(number - self._newest, _KEPT)
        columns = (np.arange(number - jumped, number) + 1) % _KEPT
        self._rows[:, columns] = 0
        self._rows[_Row.WAIT_P95 :, columns] = np.nan
        self._newest = number


def _frozen(values: Floats) -> Floats:
    values.flags.writeable = False
    return values
