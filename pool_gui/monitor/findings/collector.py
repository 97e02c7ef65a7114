"""Collects a pool's signs from the model, twice a second. Session thread only.

Memory is bounded: some five minutes of a few numbers a pool.
"""

import itertools
import math
import os
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pool_gui.monitor.findings.signs import Failures, LongRun, Signs
from pool_gui.monitor.model.pools import PoolFacts
from pool_gui.monitor.model.program import History
from pool_gui.monitor.model.spans import Outcome, SpanField
from pool_gui.monitor.model.workers import Worker
from pool_gui.monitor.states import STATE_NAMES

LOOK_NS: Final = 500_000_000
RECENT_SECONDS: Final = 5
_SECOND_NS: Final = 1_000_000_000
_ARRIVAL_NS: Final = 60 * _SECOND_NS
_DEPTH_NS: Final = 10 * _SECOND_NS
_LOSS_NS: Final = 10 * _SECOND_NS
_KEPT: Final = 660
"""Looks: five and a half minutes."""

_NEWEST_SPANS: Final = 2000
_CALLS: Final = 100
"""Of a function, the newest that count."""


@dataclass(frozen=True, slots=True)
class _Look:
    """A pool at one moment."""

    now_ns: int
    depth: int
    least_depth: int
    """The least of the depth now and the one before."""
    begun: int
    submitted: int
    finished: int
    rejected: int
    busy: float
    """Mean since the look before."""
    spans_dropped: int
    gap_ns: int
    """The longest between two frames since the look before."""


class Collector:
    """Looks at one pool again and again."""

    def __init__(self, history: History, pool: PoolFacts) -> None:
        self._history = history
        self._pool = pool
        self._looks: deque[_Look] = deque(maxlen=_KEPT)
        self._begun_ns = 0
        self._busy_ns = 0
        self._seen_busy: dict[int, int] = {}  # by worker

    def look(self, now_ns: int, gap_ns: int) -> None:
        """Take note of this moment.

        Args:
            now_ns: the session's time.
            gap_ns: the longest between two frames since the last look.
        """
        header, before = self._pool.header, self._looks[-1] if self._looks else None
        counts = header.counts
        busy_ns = self._busy_since()
        seconds_ns = now_ns - before.now_ns if before is not None else 0
        if before is None or counts.started > before.begun:
            self._begun_ns = now_ns
        self._looks.append(
            _Look(
                now_ns,
                max(header.depth, header.peak),
                min(header.depth, header.depth if before is None else before.depth),
                counts.started,
                counts.submitted,
                counts.finished,
                counts.rejected,
                busy_ns / seconds_ns if seconds_ns > 0 else math.nan,
                self._history.loss.spans_dropped,
                gap_ns,
            )
        )

    def _busy_since(self) -> int:
        """Return how long the pool's workers were busy since the last look."""
        now = {w.key: w.total_busy_ns for w in self._history.workers if self._has(w)}
        seen = self._seen_busy
        grown = sum(max(total - seen.get(key, 0), 0) for key, total in now.items())
        self._seen_busy = now
        return grown

    def _has(self, worker: Worker) -> bool:
        return worker.pool == self._pool.key

    def signs(self, sampling_trouble: str) -> Signs:
        """Return the signs of the last look; after `look`."""
        pool, last = self._pool, self._looks[-1]
        header, history = pool.header, self._history
        workers = [w for w in history.workers.living if self._has(w)]
        recent = self._since(RECENT_SECONDS * _SECOND_NS)
        arrived = self._since(_ARRIVAL_NS)
        arrivals = last.submitted - arrived[0].submitted
        course = pool.course
        wait = None if course is None else course.wait
        runs = pool.run if course is None else course.run
        times = runs.percentiles()
        peak = _known(one.busy for one in self._looks)
        return Signs(
            age_seconds=(last.now_ns - pool.first_ns) / 1e9,
            state=header.state,
            size=header.size,
            alive=len(workers),
            busy=sum(w.task != 0 for w in workers),
            depth=header.depth,
            limit=header.limit,
            finished=last.finished,
            busy_share=_mean(_known(o.busy for o in recent[1:])) / len(workers or [0]),
            always_queued=len(recent) > 2 and all(o.least_depth for o in recent),
            depths=self._depths(),
            throughput_per_second=_throughput(recent[0], last),
            arrivals_per_second=_rate(arrivals, last.now_ns - arrived[0].now_ns),
            arrivals=arrivals,
            arrival_seconds=(last.now_ns - arrived[0].now_ns) / 1e9,
            rejected=last.rejected - arrived[0].rejected,
            wait_p95=math.nan if wait is None else wait.percentiles().p95,
            waits=0 if wait is None else wait.told,
            run_p50=times.p50,
            run_p95=times.p95,
            run_mean=self._run_mean(arrived),
            since_taken_seconds=(last.now_ns - self._begun_ns) / 1e9,
            shares=self._shares(workers, last.now_ns),
            has_gil=history.hello is None or history.hello.gil,
            peak_busy=max(peak, default=math.nan),
            peak_seconds=(last.now_ns - self._looks[0].now_ns) / 1e9,
            longest=self._longest(workers, last.now_ns),
            failing=self._failing(),
            held_by=self._held_by(workers),
            waits_for=_waits_for(workers),
            spans_lost=last.spans_dropped - self._since(_LOSS_NS)[0].spans_dropped,
            longest_gap_seconds=max(o.gap_ns for o in self._since(_LOSS_NS)) / 1e9,
            sampling_trouble=sampling_trouble,
            cores=_cores(),
        )

    def _since(self, length_ns: int) -> list[_Look]:
        """Return the looks of the last so many nanoseconds, oldest first."""
        begin_ns = self._looks[-1].now_ns - length_ns
        return [one for one in self._looks if one.now_ns >= begin_ns]

    def _depths(self) -> tuple[int, ...]:
        """Return the depth every ten seconds of the last minute, oldest first."""
        now_ns, depths = self._looks[-1].now_ns, []
        wanted_ns = now_ns
        for one in reversed(self._looks):
            if one.now_ns <= wanted_ns:
                depths.append(one.depth)
                wanted_ns -= _DEPTH_NS
                if len(depths) == 7:
                    break
        return tuple(reversed(depths))

    def _run_mean(self, looks: Sequence[_Look]) -> float:
        """Return the mean run time: busy time by ended tasks, of these looks."""
        ended = looks[-1].finished - looks[0].finished
        if ended <= 0:
            return math.nan
        spent = [
            one.busy * (one.now_ns - before.now_ns)
            for before, one in itertools.pairwise(looks)
            if not math.isnan(one.busy)
        ]
        return sum(spent) / 1e9 / ended

    def _shares(self, workers: Sequence[Worker], now_ns: int) -> dict[str, float]:
        slots = np.asarray([worker.slot for worker in workers], np.int64)
        if not slots.size:
            return {}
        edges_ns = np.asarray([now_ns - RECENT_SECONDS * _SECOND_NS, now_ns], np.int64)
        spent = self._history.states.cells.spent(slots, edges_ns)[0]
        whole = float(spent.sum())
        if whole <= 0:
            return {}
        return dict(zip(STATE_NAMES, (spent / whole).tolist(), strict=True))

    def _longest(self, workers: Sequence[Worker], now_ns: int) -> LongRun | None:
        running = [worker for worker in workers if worker.task]
        if not running:
            return None
        worker = min(running, key=lambda one: one.since_ns)
        name = self._history.names.name(worker.function)
        seconds = (now_ns - worker.since_ns) / 1e9
        usual, calls = math.nan, 0
        if seconds > RECENT_SECONDS:  # shorter ones are nobody's concern
            for row in self._history.pools.functions.rows(
                self._pool.key, self._history.names
            ):
                if row.name == name:
                    usual, calls = row.run.p99, row.calls
        return LongRun(worker.name, name, worker.task, seconds, usual, calls)

    def _held_by(self, workers: Sequence[Worker]) -> tuple[str, int]:
        held = Counter(worker.function for worker in workers if worker.task)
        for function, count in held.most_common(1):
            return self._history.names.name(function), count
        return "", 0

    def _failing(self) -> Failures | None:
        """Return the function that failed most among the newest tasks."""
        spans = self._history.details.newest(_NEWEST_SPANS)
        spans = spans[:, spans[SpanField.POOL] == self._pool.key]
        failed = spans[SpanField.OUTCOME] == Outcome.FAILED
        if not failed.any():
            return None
        worst: Failures | None = None
        functions = spans[SpanField.FUNCTION]
        for function in np.unique(functions[failed]).tolist():
            told = failed[functions == function][:_CALLS]
            row = int(np.argmin(told)) if not told.all() else len(told)
            name = self._history.names.name(function)
            one = Failures(name, int(told.sum()), len(told), row)
            if worst is None or one.failed > worst.failed:
                worst = one
        return worst


def _throughput(first: _Look, last: _Look) -> float:
    return _rate(last.finished - first.finished, last.now_ns - first.now_ns)


def _waits_for(workers: Sequence[Worker]) -> tuple[tuple[str, int, str], ...]:
    names = {worker.key: worker.name for worker in workers}
    return tuple(
        (worker.name, worker.stuck[0], names.get(worker.stuck[1], ""))
        for worker in workers
        if worker.stuck is not None
    )


def _known(values: Iterable[float]) -> list[float]:
    return [value for value in values if not math.isnan(value)]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def _rate(count: int, length_ns: int) -> float:
    return count / length_ns * 1e9 if length_ns > 0 else math.nan


def _cores() -> int:
    """Return how many cores this process may use: those of its child, as a rule."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
