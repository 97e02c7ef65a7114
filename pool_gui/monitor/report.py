"""The report: what the window knows, as a JSON object.

Reads the model and changes nothing in it; the caller keeps others from changing it
meanwhile. What is not known is None. Its form is described in REPORT.md of the design;
keys may be added and none is renamed.
"""

import math
from dataclasses import dataclass
from typing import Final

from pool_gui.monitor.model.durations import Percentiles
from pool_gui.monitor.model.pools import FunctionTimes, PoolFacts
from pool_gui.monitor.model.program import History
from pool_gui.monitor.model.usage import ProcessMeter
from pool_gui.monitor.model.workers import Worker
from pool_gui.monitor.source.base import Ending
from pool_gui.monitor.states import STATE_NAMES
from pool_gui.monitor.view.facts import NO_SAMPLING, Sampling
from pool_gui.monitor.view.snapshot import WorkerState
from pool_gui.monitor.view.watched import Found, nothing_found
from pool_gui.wire.messages import COUNTS, Hello

SCHEMA: Final = 1
SHARES: Final = (
    "idle",
    "cpu",
    "ready",
    "gil",
    "lock",
    "sleep",
    "network",
    "disk",
    "other",
    "unknown",
)
"""The thread states, in the report's order."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a report is made from besides the model."""

    ending: Ending | None
    """None while the process runs, or when none was started."""
    process: ProcessMeter | None
    monitor: ProcessMeter
    sampling: Sampling = NO_SAMPLING
    found: Found = nothing_found


def build(history: History, told: Told) -> dict[str, object]:
    """Return the report on the process that is, or was last, watched."""
    seconds = _seconds(history)
    loss = history.loss
    ending = told.ending
    report: dict[str, object] = {
        "schema": SCHEMA,
        "program": _program(history.hello, ending),
        "seconds": _known(seconds),
        "complete": loss.complete and ending is not None and ending.by_itself,
        "dropped": {"frames": loss.frames_dropped, "spans": loss.spans_dropped},
        "monitor": _monitor(history, told),
        "process": _process(told.process),
        "pools": [
            {
                **_pool(history, pool, seconds),
                "findings": _findings(history, told, pool),
            }
            for pool in history.pools.current
        ],
    }
    if ending is not None and not ending.by_itself:
        report["stopped_by"] = "pool-gui"
    return report


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _seconds(history: History) -> float:
    if history.process_first_ns is None:
        return math.nan
    return (history.now_ns - history.process_first_ns) / 1e9


def _program(hello: Hello | None, ending: Ending | None) -> dict[str, object]:
    own_end = ending is not None and ending.by_itself
    return {
        "pid": None if hello is None else hello.pid,
        "python": None if hello is None else hello.python,
        "gil": None if hello is None else hello.gil,
        "argv": None if hello is None else list(hello.argv),
        "exit_code": ending.exit_code if ending is not None and own_end else None,
    }


def _monitor(history: History, told: Told) -> dict[str, object]:
    intervals = history.frame_intervals.percentiles()
    return {
        "cpu_share": _known(told.monitor.mean_cpu_share),
        "frames": history.frames,
        "frame_interval_seconds": {
            "p50": _known(intervals.p50),
            "p99": _known(intervals.p99),
            "max": _known(intervals.maximum),
        },
        "state_samples_per_second": _known(told.sampling.looks_per_second),
        "state_source": told.sampling.source or None,
    }


def _process(meter: ProcessMeter | None) -> dict[str, object]:
    if meter is None:
        return {"cpu_share": None, "rss_bytes": None, "threads": None}
    return {
        "cpu_share": _known(meter.mean_cpu_share),
        "rss_bytes": _whole(meter.use.rss_bytes),
        "threads": _whole(meter.use.threads),
    }


def _whole(value: float) -> int | None:
    return int(value) if math.isfinite(value) else None


def _pool(history: History, pool: PoolFacts, seconds: float) -> dict[str, object]:
    header = pool.header
    finished = header.counts.finished
    return {
        "name": header.name,
        "kind": header.type,
        "state": header.state,
        "size": header.size,
        "size_limit": header.size_limit,
        "queue": {"depth": header.depth, "peak": pool.peak, "limit": header.limit},
        "tasks": {name: getattr(header.counts, name) for name in COUNTS},
        "throughput_per_second": finished / seconds if seconds > 0 else None,
        "wait_seconds": _durations(pool.wait.percentiles(), header.counts.started),
        "run_seconds": _durations(pool.run.percentiles(), finished),
        "workers": [
            _worker(history, worker)
            for worker in history.workers
            if worker.pool == pool.key
        ],
        "functions": [
            _function(row) for row in history.pools.function_times(pool, history.names)
        ],
    }


def _findings(history: History, told: Told, pool: PoolFacts) -> list[dict[str, object]]:
    """Return what was found; the words are the window's, and come later."""
    begin_ns = history.process_first_ns or 0
    return [
        {
            "rule": one.rule,
            "level": one.level.value,
            "active": one.active and not history.ended,
            "first_seconds": (one.first_ns - begin_ns) / 1e9,
            "last_seconds": (one.last_ns - begin_ns) / 1e9,
            "evidence": dict(one.evidence),
        }
        for one in told.found(pool.key)
    ]


def _durations(told: Percentiles, count: int) -> dict[str, object]:
    """Return percentiles of what was told in detail, and the exact count."""
    return {
        "count": count,
        "p50": _known(told.p50),
        "p95": _known(told.p95),
        "p99": _known(told.p99),
        "max": _known(told.maximum),
    }


def _worker(history: History, worker: Worker) -> dict[str, object]:
    return {
        "name": worker.name,
        "native_id": worker.native_id or None,
        "alive": worker.state is not WorkerState.GONE,
        "state": worker.state.value,
        "done": worker.done,
        "failed": worker.failed,
        "shares": _shares(history, worker),
        **_stack(history, worker),
    }


def _stack(history: History, worker: Worker) -> dict[str, object]:
    """Return where a worker was last seen; nothing where stacks were not asked for."""
    last = history.stacks.of(worker.key)
    if last is None:
        return {}
    lines = [
        {"function": one.function, "file": one.file, "line": one.line or None}
        for one in last.lines
    ]
    still_seconds = (last.seen_ns - last.since_ns) / 1e9
    return {"stack": {"lines": lines, "still_seconds": still_seconds}}


def _shares(history: History, worker: Worker) -> dict[str, float | None]:
    """Return where a worker's time went since it was first seen; None: not known."""
    totals_ns = history.states.cells.totals_ns(worker.slot).tolist()
    whole_ns = sum(totals_ns)
    return {
        name: totals_ns[STATE_NAMES.index(name)] / whole_ns if whole_ns else None
        for name in SHARES
    }


def _function(times: FunctionTimes) -> dict[str, object]:
    return {
        "name": times.name,
        "calls": times.calls,
        "failed": times.failed,
        "run_seconds": _durations(times.run, times.calls),
    }
