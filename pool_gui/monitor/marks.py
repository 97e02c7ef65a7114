"""What happened to pools that the time axes mark: resizes, pauses, findings, ends.

Session thread only. A resize is an experiment: the throughput before and after it is
written down once both are known. Invariants: at most `_MOST` marks are kept, the oldest
give way; of a pool some 20 s of counts are kept, and the newest result for each size.
"""

import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pool_gui.monitor.findings.keeper import Finding
from pool_gui.monitor.model.pools import PoolFacts

_MOST: Final = 300
_MOST_SIZES: Final = 16
_STEP_NS: Final = 250_000_000
_SETTLE_NS: Final = 500_000_000
"""So long after a resize workers come and go, which is nobody's throughput."""

_MEASURE_NS: Final = 10_000_000_000
_LEAST_NS: Final = 2_000_000_000
"""A mean over less than that says nothing."""

_AGAIN_NS: Final = 30_000_000_000
"""A finding that goes and comes again sooner is marked once."""

_KEPT: Final = 2 * _MEASURE_NS // _STEP_NS

Value = int | float | str


@dataclass(slots=True)
class Mark:
    """Something that happened to a pool."""

    time_ns: int
    pool: int
    """The pool's key."""
    kind: str
    """resized, paused, resumed, draining, stopped, or finding."""
    values: dict[str, Value] = field(default_factory=dict)
    """resized: before, after, and once known rate_before, rate_after (tasks a second);
    finding: rule, level."""


@dataclass(slots=True)
class _Lately:
    """A pool's size and counts lately."""

    size: int
    state: str
    counts: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=_KEPT))
    """(time, finished tasks), at this size."""
    resized: Mark | None = None
    """The last resize, while its result is not known."""
    rates: dict[int, float] = field(default_factory=dict)
    """Tasks a second by size, the newest result of each."""
    told: set[tuple[str, int]] = field(default_factory=set)
    """(rule, since when) of the findings that are marked."""
    marked: dict[str, int] = field(default_factory=dict)
    """When a rule's finding was marked last."""


class MarkBook:
    """All marks of one source."""

    def __init__(self) -> None:
        self._marks: deque[Mark] = deque(maxlen=_MOST)
        self._pools: dict[int, _Lately] = {}

    @property
    def marks(self) -> tuple[Mark, ...]:
        """In the order of time."""
        return tuple(self._marks)

    def rates(self, pool: int) -> Mapping[int, float]:
        """Return tasks a second by size, as far as resizes have shown it."""
        lately = self._pools.get(pool)
        return {} if lately is None else lately.rates

    def follow(self, pools: Iterable[PoolFacts], now_ns: int) -> list[Mark]:
        """Look at the pools after a frame; return resizes whose result is known now."""
        measured: list[Mark] = []
        kept: dict[int, _Lately] = {}
        for pool in pools:
            lately = self._pools.get(pool.key)
            if lately is None:
                lately = _Lately(pool.header.size, pool.header.state)
            kept[pool.key] = lately
            self._follow_state(lately, pool, now_ns)
            self._follow_size(lately, pool, now_ns)
            done = _measure(lately, pool, now_ns)
            measured += [] if done is None else [done]
        self._pools = kept
        return measured

    def note(self, pool: int, findings: Iterable[Finding]) -> None:
        """Mark findings that have come."""
        lately = self._pools.get(pool)
        if lately is None:
            return
        active = {(one.rule, one.first_ns): one for one in findings if one.active}
        for (rule, first_ns), one in active.items():
            again_ns = lately.marked.get(rule, -_AGAIN_NS) + _AGAIN_NS
            if (rule, first_ns) not in lately.told and first_ns >= again_ns:
                lately.marked[rule] = first_ns
                values: dict[str, Value] = {"rule": rule, "level": one.level.value}
                self._marks.append(Mark(first_ns, pool, "finding", values))
        lately.told = set(active)

    def _follow_state(self, lately: _Lately, pool: PoolFacts, now_ns: int) -> None:
        before, lately.state = lately.state, pool.header.state
        if before == lately.state or "new" in {before, lately.state}:
            return
        resumed = lately.state == "running"
        kind = "resumed" if resumed else lately.state
        self._marks.append(Mark(now_ns, pool.key, kind))
        if lately.counts:  # a pause is not the size's doing
            lately.counts.clear()

    def _follow_size(self, lately: _Lately, pool: PoolFacts, now_ns: int) -> None:
        size = pool.header.size
        if size == lately.size or pool.header.state == "stopped":
            return
        rate = _rate(lately.counts)
        if not math.isnan(rate):
            _keep_rate(lately, lately.size, rate)
        values: dict[str, Value] = {"before": lately.size, "after": size}
        if not math.isnan(rate):
            values["rate_before"] = rate
        last = lately.resized
        if last is not None and now_ns - last.time_ns < _SETTLE_NS:
            # Somebody turns the size step by step: that is one resize.
            last.values["after"] = size
            last.time_ns = now_ns
        else:
            lately.resized = Mark(now_ns, pool.key, "resized", values)
            self._marks.append(lately.resized)
        lately.size = size
        lately.counts.clear()


def _measure(lately: _Lately, pool: PoolFacts, now_ns: int) -> Mark | None:
    """Count on; return the last resize once its result is known."""
    resized, counts = lately.resized, lately.counts
    settling = resized is not None and now_ns - resized.time_ns < _SETTLE_NS
    if settling or pool.header.state != "running":
        return None
    if not counts or now_ns - counts[-1][0] >= _STEP_NS:
        counts.append((now_ns, pool.header.counts.finished))
    if resized is None or now_ns - counts[0][0] < _MEASURE_NS:
        return None
    rate = _rate(counts)
    _keep_rate(lately, lately.size, rate)
    resized.values["rate_after"] = rate
    lately.resized = None
    return resized


def _rate(counts: deque[tuple[int, int]]) -> float:
    """Return tasks a second over the newest counts; NaN where that is too short."""
    if not counts:
        return math.nan
    end_ns, finished = counts[-1]
    begin_ns, before = next(one for one in counts if end_ns - one[0] <= _MEASURE_NS)
    if end_ns - begin_ns < _LEAST_NS:
        return math.nan
    return (finished - before) / (end_ns - begin_ns) * 1e9


def _keep_rate(lately: _Lately, size: int, rate: float) -> None:
    lately.rates.pop(size, None)
    lately.rates[size] = rate
    while len(lately.rates) > _MOST_SIZES:
        del lately.rates[next(iter(lately.rates))]
