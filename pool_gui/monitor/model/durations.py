"""Durations in logarithmic buckets: percentiles over a whole run or a sliding minute.

Buckets grow by 2 %, so a percentile is off by at most 1 %; the maximum is exact.
Session thread only. Invariant: memory depends on the number of slices alone, never on
the number of values. A value may have a weight: where only every n-th task is told in
detail, each stands for n.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pool_gui.monitor.view.snapshot import Distribution, Floats, Ints

RATIO: Final = 1.02
_LOWEST_NS: Final = 100.0
_HIGHEST_NS: Final = 1e14  # a day and more
_LOG_RATIO: Final = math.log(RATIO)
_LOG_LOWEST: Final = math.log(_LOWEST_NS)
BUCKETS: Final = math.ceil(math.log(_HIGHEST_NS / _LOWEST_NS) / _LOG_RATIO)

CHART_BUCKETS: Final = 40
_CHART_GROUPS: Final = (2, 4, 8, 16, 40)
"""How many fine buckets make one of the chart's: the least with which all fit."""
_CHART_CENTRE: Final = round((math.log(1e6) - _LOG_LOWEST) / _LOG_RATIO)  # 1 ms

WINDOW_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Seconds; NaN where there are no values."""

    p50: float
    p95: float
    p99: float
    maximum: float


def bucket_of(values_ns: Ints) -> Ints:
    """Return the bucket of each duration, the outer ones holding what is beyond."""
    logs = np.log(np.maximum(values_ns, _LOWEST_NS))
    buckets = ((logs - _LOG_LOWEST) / _LOG_RATIO).astype(np.int64)
    return np.minimum(buckets, BUCKETS - 1)


def percentiles(counts: Ints, maximum_ns: int) -> Percentiles:
    """Return the percentiles of a histogram (BUCKETS,) by nearest rank."""
    cumulative = np.cumsum(counts)
    total = int(cumulative[-1])
    if total == 0:
        return Percentiles(math.nan, math.nan, math.nan, math.nan)
    ranks = [math.ceil(total * share) for share in (0.5, 0.95, 0.99)]
    middles = np.searchsorted(cumulative, ranks) + 0.5
    values_ns = np.exp(_LOG_LOWEST + middles * _LOG_RATIO)
    p50, p95, p99 = np.minimum(values_ns, maximum_ns) / 1e9
    return Percentiles(float(p50), float(p95), float(p99), maximum_ns / 1e9)


class Histogram:
    """All values since its start."""

    def __init__(self) -> None:
        self.counts = np.zeros(BUCKETS, np.int64)
        self.told = 0
        """How many values were added; their weights sum up to `counts.sum()`."""
        self.maximum_ns = 0

    def add(self, values_ns: Ints, weights: Ints) -> None:
        """Add durations with their weights; both (n,)."""
        if not values_ns.size:
            return
        np.add.at(self.counts, bucket_of(values_ns), weights)
        self.told += values_ns.size
        self.maximum_ns = max(self.maximum_ns, int(values_ns.max()))

    def clear(self) -> None:
        """Forget all values."""
        self.counts[:] = 0
        self.told = self.maximum_ns = 0

    def percentiles(self) -> Percentiles:
        """Return the percentiles of all values."""
        return percentiles(self.counts, self.maximum_ns)


class SlidingHistogram:
    """The values of the last `slices` times `slice_ns`, in slices of that length."""

    def __init__(self, slices: int, slice_ns: int) -> None:
        self._slice_ns = slice_ns
        self._counts = np.zeros((slices, BUCKETS), np.int64)
        self._told = np.zeros(slices, np.int64)
        self._maxima_ns = np.zeros(slices, np.int64)
        self._sampled = np.zeros(slices, np.bool_)
        self._sum = np.zeros(BUCKETS, np.int64)
        self._newest = -1  # number of the newest slice since the clock's zero

    def advance(self, now_ns: int) -> None:
        """Let what is older than the window fall out. Time never goes back."""
        number = now_ns // self._slice_ns
        slices = len(self._told)
        fresh = min(number - self._newest, slices)
        if fresh <= 0:
            return
        for place in (np.arange(number - fresh, number) + 1) % slices:
            if self._told[place]:  # an empty one takes no memory, as long as it is so
                self._sum -= self._counts[place]
                self._counts[place] = 0
            self._told[place] = self._maxima_ns[place] = 0
            self._sampled[place] = False
        self._newest = number

    def add(self, values_ns: Ints, weights: Ints, *, sampled: bool) -> None:
        """Add durations to the newest slice.

        Args:
            values_ns: the durations, (n,).
            weights: for how many tasks each stands.
            sampled: there were more tasks than these.
        """
        place = self._newest % len(self._told)
        self._sampled[place] |= sampled
        if not values_ns.size:
            return
        buckets = bucket_of(values_ns)
        np.add.at(self._counts[place], buckets, weights)
        np.add.at(self._sum, buckets, weights)
        self._told[place] += values_ns.size
        maximum = max(int(self._maxima_ns[place]), int(values_ns.max()))
        self._maxima_ns[place] = maximum

    @property
    def counts(self) -> Ints:
        """How many values lie in each bucket, (BUCKETS,), weighted."""
        return self._sum

    @property
    def newest_ns(self) -> int:
        """When the newest slice began; negative before there is one."""
        return self._newest * self._slice_ns

    @property
    def slices(self) -> tuple[Ints, Ints, Ints, NDArray[np.bool_]]:
        """Counts (slices, BUCKETS), values told, maxima, and whether sampled."""
        return self._counts, self._told, self._maxima_ns, self._sampled

    @property
    def told(self) -> int:
        """How many values were added."""
        return int(self._told.sum())

    @property
    def maximum_ns(self) -> int:
        """The greatest value; 0 where there is none."""
        return int(self._maxima_ns.max())

    @property
    def is_sampled(self) -> bool:
        """Whether there were more values than these."""
        return bool(self._sampled.any())

    @property
    def window_seconds(self) -> float:
        """How long a value is kept."""
        return len(self._told) * self._slice_ns / 1e9

    def percentiles(self) -> Percentiles:
        """Return the percentiles over the window."""
        return percentiles(self._sum, self.maximum_ns)

    def absorb(self, other: "SlidingHistogram") -> None:
        """Take in what another one of the same slices holds."""
        newest_ns = max(self.newest_ns, other.newest_ns)
        for one in (self, other):
            one.advance(newest_ns)
        counts, told, maxima_ns, sampled = other.slices
        self._counts += counts
        self._sum += other.counts
        self._told += told
        np.maximum(self._maxima_ns, maxima_ns, out=self._maxima_ns)
        self._sampled |= sampled

    def distribution(self) -> Distribution:
        """Return all that the window shows of it."""
        return distribution_of([self])


def distribution_of(parts: Sequence[SlidingHistogram]) -> Distribution:
    """Return what the window shows of several of the same slices, as if they were one.

    Args:
        parts: at least one; each was advanced to the same time.
    """
    counts = parts[0].counts
    for part in parts[1:]:
        counts = counts + part.counts
    values = percentiles(counts, max(part.maximum_ns for part in parts))
    edges, histogram = chart_histogram(counts)
    return Distribution(
        count=sum(part.told for part in parts),
        window_seconds=parts[0].window_seconds,
        complete=not any(part.is_sampled for part in parts),
        p50=values.p50,
        p95=values.p95,
        p99=values.p99,
        maximum=values.maximum,
        edges=edges,
        histogram=histogram,
    )


def chart_histogram(counts: Ints) -> tuple[Floats, Ints]:
    """Return (edges in seconds, counts) of CHART_BUCKETS buckets around the values.

    The edges are multiples of the bucket's own width, and change only when values come
    that do not fit, so that the chart stands still.
    """
    used = np.flatnonzero(counts)
    first, last = (used[0], used[-1]) if used.size else (_CHART_CENTRE, _CHART_CENTRE)
    group = next(g for g in _CHART_GROUPS if last // g - first // g < CHART_BUCKETS - 2)
    middle = (first // group + last // group + 1) // 2
    middle -= middle % (CHART_BUCKETS // 4)  # moves in steps
    start = min(middle - CHART_BUCKETS // 2, first // group)
    start = max(start, last // group - CHART_BUCKETS + 1)
    bins = used // group - start
    histogram = np.zeros(CHART_BUCKETS, np.int64)
    np.add.at(histogram, bins, counts[used])
    edge_buckets = (np.arange(CHART_BUCKETS + 1) + start) * group
    edges = np.exp(_LOG_LOWEST + edge_buckets * _LOG_RATIO) / 1e9
    edges.flags.writeable = histogram.flags.writeable = False
    return edges, histogram
