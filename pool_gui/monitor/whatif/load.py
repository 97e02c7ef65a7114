"""Takes from the model what is to be replayed: arrivals, run times, what they used.

Session thread only.
"""

import os
from dataclasses import dataclass
from typing import Final

import numpy as np

from pool_gui.monitor.model.pools import PoolFacts
from pool_gui.monitor.model.program import History
from pool_gui.monitor.model.spans import SpanField
from pool_gui.monitor.states import State
from pool_gui.monitor.view.snapshot import Ints
from pool_gui.monitor.whatif.simulation import SeenLoad, lock_share_of

LAST_NS: Final = 120_000_000_000
"""Of the load, so much is replayed at the most."""

_MOST_TASKS: Final = 1500
_LEAST_TASKS: Final = 30
_NEWEST: Final = 6000
_QUEUED_NS: Final = 200_000
"""Who waited less did not find a queue."""

_ALWAYS_SHARE: Final = 0.95
_LOCKS_FROM: Final = 0.02
"""Waits for locks that take less of the tasks' time are no matter."""

_FREE_BELOW: Final = 0.02
"""Where workers that use a core wait for the GIL for less than this share of that time,
their code runs without it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A load, or why there is none, and from what it was taken."""

    load: SeenLoad | None
    why: str
    """Why there is none: few, sampled, or states; else empty."""
    seconds: float = 0.0
    tasks: int = 0


def take(history: History, pool: PoolFacts) -> Taken:
    """Return the newest part of a pool's load."""
    if history.loss.span_stride > 1:
        return Taken(None, "sampled")
    spans = history.details.newest(_NEWEST)
    spans = spans[:, spans[SpanField.POOL] == pool.key][:, :_MOST_TASKS]
    begin_ns = max(history.now_ns - LAST_NS, history.process_first_ns or 0)
    spans = spans[:, spans[SpanField.QUEUED_NS] >= begin_ns]
    spans = spans[:, np.argsort(spans[SpanField.QUEUED_NS], kind="stable")]
    if spans.shape[1] < _LEAST_TASKS:
        return Taken(None, "few")
    first_ns = int(spans[SpanField.STARTED_NS].min())
    last_ns = int(spans[SpanField.ENDED_NS].max())
    used = _used(history, pool, first_ns, last_ns)
    if used is None:
        return Taken(None, "states")
    seconds = (last_ns - first_ns) / 1e9
    return Taken(_load(history, spans, used), "", seconds, spans.shape[1])


@dataclass(frozen=True, slots=True)
class _Used:
    """Shares of the time in which workers ran tasks."""

    in_the_way: float
    """Waiting for the GIL or for a core."""
    locked_out: float
    """Waiting for locks."""
    on_core: float
    at_work: float
    """How many tasks ran at a time, on average."""


def _used(
    history: History, pool: PoolFacts, first_ns: int, last_ns: int
) -> _Used | None:
    """Return what tasks used in a time; None where it is not known."""
    ours = [w.slot for w in history.workers if w.pool == pool.key]
    slots = np.asarray(ours, np.int64)
    if not slots.size:
        return None
    edges = np.asarray([first_ns, last_ns], np.int64)
    spent = history.states.cells.spent(slots, edges)[0]
    busy = float(spent.sum() - spent[State.IDLE])
    if busy <= 0 or spent[State.UNKNOWN] > busy / 2:
        return None
    in_the_way = float(spent[State.GIL] + spent[State.READY]) / busy
    locked_out = float(spent[State.LOCK]) / busy
    at_work = busy / float(spent.sum()) * _living(history, pool)
    return _Used(in_the_way, locked_out, float(spent[State.CPU]) / busy, at_work)


def _living(history: History, pool: PoolFacts) -> int:
    return sum(worker.pool == pool.key for worker in history.workers.living)


def _load(history: History, spans: Ints, used: _Used) -> SeenLoad:
    queued, started, ended = (
        spans[field]
        for field in (SpanField.QUEUED_NS, SpanField.STARTED_NS, SpanField.ENDED_NS)
    )
    own = max(1 - used.in_the_way - used.locked_out, 1e-6)
    demands = (ended - started) / 1e9 * own
    core_share = min(used.on_core / own, 1.0)
    has_gil = history.hello is None or history.hello.gil
    holds = 0.0
    if has_gil and used.in_the_way > _FREE_BELOW * used.on_core:
        holds = core_share
    lock = 0.0
    if used.locked_out >= _LOCKS_FROM:
        lock = lock_share_of(used.locked_out / own, holds, round(used.at_work))
    always = np.mean(started - queued > _QUEUED_NS) >= _ALWAYS_SHARE
    arrivals = () if always else tuple(((queued - queued[0]) / 1e9).tolist())
    lasted_ns = max(int(ended.max() - started.min()), 1)
    in_pool = float((ended - queued).sum()) / lasted_ns  # mean, by Little's law
    return SeenLoad(
        demands=tuple(demands.tolist()),
        arrivals=arrivals,
        population=max(min(round(in_pool), len(demands) // 2), 1),
        gil_share=holds,
        lock_share=lock,
        core_share=core_share,
        cores=_cores(),
    )


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
