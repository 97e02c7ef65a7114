"""The worker lanes at the resolution of the screen.

Session thread only. Invariants: coverage is busy time by known time in each pixel, NaN
where nothing is known; where details are missing, it comes from the workers' exact busy
time; a task is drawn as running up to the newest frame and no further.
"""

from collections.abc import Sequence
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from pool_gui.monitor.cover import cover, edges_of, known_time
from pool_gui.monitor.history import History
from pool_gui.monitor.snapshot import Floats, Ints, Lanes, SpanTable, Viewport
from pool_gui.monitor.spans import Outcome, SpanField
from pool_gui.monitor.workers import Worker

Kind = TypeVar("Kind", bound=np.generic)

_MAX_PIXELS: Final = 4096
_MIN_SPAN_NS: Final = 1_000_000
_MAX_SPAN_NS: Final = 3_600_000_000_000


def draw(
    history: History, viewport: Viewport, now_ns: int
) -> tuple[Lanes, tuple[Worker, ...], Floats]:
    """Return the lanes, the workers of their rows, and each one's busy share.

    Args:
        history: the model.
        viewport: what the window wants to see.
        now_ns: the session's time now, at or after the newest frame.
    """
    live = viewport.end_ns is None
    span_ns = int(min(max(viewport.span_seconds * 1e9, _MIN_SPAN_NS), _MAX_SPAN_NS))
    end_ns = now_ns if viewport.end_ns is None else min(viewport.end_ns, now_ns)
    begin_ns = end_ns - span_ns
    pixels = min(max(viewport.pixels, 1), _MAX_PIXELS)
    edges_ns = edges_of(begin_ns, end_ns, pixels)
    workers = _in_sight(history, begin_ns)
    lives_ns = np.asarray(
        [_life(worker, history) for worker in workers], np.int64
    ).reshape(-1, 2)
    known_ns = known_time(edges_ns, lives_ns)
    rows, spans = _spans_in_sight(history, workers, begin_ns, end_ns)
    covered = cover(edges_ns, rows, spans, known_ns)
    coverage = _mend(covered.coverage, history, workers, edges_ns)
    owner, table = _compact(covered.owner, spans, end_ns)
    lanes = Lanes(
        begin_ns=begin_ns,
        end_ns=end_ns,
        live=live,
        now_ns=now_ns,
        begin_known_ns=history.begin_known_ns,
        coverage=_frozen(coverage),
        owner=_frozen(owner),
        failed=_frozen(covered.failed),
        spans=table,
        functions=history.names.names,
    )
    return lanes, workers, _busy_shares(coverage, known_ns)


def _in_sight(history: History, begin_ns: int) -> tuple[Worker, ...]:
    return tuple(
        worker
        for worker in history.workers
        if worker.gone_ns is None
        or (worker.live_from_ns is not None and worker.gone_ns > begin_ns)
    )


def _life(worker: Worker, history: History) -> tuple[int, int]:
    """Return from when to when a worker is known; what is too old is not known."""
    end_ns = history.now_ns if worker.gone_ns is None else worker.gone_ns
    begin_ns = end_ns if worker.live_from_ns is None else worker.live_from_ns
    return max(begin_ns, history.begin_known_ns), end_ns


def _spans_in_sight(
    history: History, workers: Sequence[Worker], begin_ns: int, end_ns: int
) -> tuple[Ints, Ints]:
    """Return (rows, spans): coarse ones where details are gone, details, running."""
    details_ns = history.details.lost_before_ns
    parts = [
        history.details.within(max(begin_ns, details_ns + 1), end_ns),
        _running(workers, history.now_ns, begin_ns, end_ns),
    ]
    if details_ns >= begin_ns:
        coarse = history.coarse.within(begin_ns, min(details_ns, end_ns))
        # Those that ended later are among the details as well.
        parts.append(coarse[:, coarse[SpanField.ENDED_NS] <= details_ns])
    spans = np.concatenate(parts, axis=1)
    rows_of_slots = np.full(history.workers.slots + 1, -1, np.int64)
    keys_of_slots = np.zeros(history.workers.slots + 1, np.int64)
    for row, worker in enumerate(workers):
        rows_of_slots[worker.slot], keys_of_slots[worker.slot] = row, worker.key
    rows = rows_of_slots[spans[SpanField.SLOT]]
    # A slot may have been given to another worker since.
    ours = keys_of_slots[spans[SpanField.SLOT]] == spans[SpanField.WORKER]
    if ours.all():
        return rows, spans
    return rows[ours], np.compress(ours, spans, axis=1)


def _running(
    workers: Sequence[Worker], seen_ns: int, begin_ns: int, end_ns: int
) -> Ints:
    """Return the tasks that run, until the newest frame."""
    running = [
        (
            worker.slot,
            worker.key,
            worker.pool,
            worker.task,
            worker.function,
            worker.queued_ns,
            worker.since_ns,
            max(seen_ns, worker.since_ns),
            Outcome.RUNNING,
        )
        for worker in workers
        if worker.task and worker.since_ns <= end_ns and seen_ns >= begin_ns
    ]
    return np.asarray(running, np.int64).reshape(-1, len(SpanField)).T


def _mend(
    coverage: NDArray[np.float32],
    history: History,
    workers: Sequence[Worker],
    edges_ns: Ints,
) -> NDArray[np.float32]:
    """Take coverage from exact busy time where details are missing."""
    slots = np.asarray([worker.slot for worker in workers], np.int64)
    shares, missing = history.cells.over(
        slots, edges_ns, history.details.lost_before_ns
    )
    if missing.any():
        mended = np.fmax(coverage[:, missing], shares[:, missing])
        known = ~np.isnan(coverage[:, missing])
        coverage[:, missing] = np.where(known, mended, np.nan)
    return coverage


def _compact(
    owner: NDArray[np.int32], spans: Ints, end_ns: int
) -> tuple[NDArray[np.int32], SpanTable]:
    """Keep the spans that own a pixel, by lane and time; number the owners anew."""
    flat = owner.ravel()
    before = np.concatenate((np.full(1, -1, np.int32), flat[:-1]))
    begins = (flat != before) & (flat >= 0)
    compact = np.where(flat >= 0, np.cumsum(begins) - 1, -1).astype(np.int32)
    chosen = np.take(spans, flat[begins], axis=1)
    running = chosen[SpanField.OUTCOME] == Outcome.RUNNING
    chosen[SpanField.ENDED_NS][running] = end_ns
    chosen.flags.writeable = False
    table = SpanTable(
        worker=chosen[SpanField.WORKER],
        task=chosen[SpanField.TASK],
        function=chosen[SpanField.FUNCTION],
        queued_ns=chosen[SpanField.QUEUED_NS],
        started_ns=chosen[SpanField.STARTED_NS],
        ended_ns=chosen[SpanField.ENDED_NS],
        outcome=chosen[SpanField.OUTCOME],
    )
    return compact.reshape(owner.shape), table


def _busy_shares(coverage: NDArray[np.float32], known_ns: Floats) -> Floats:
    """Return (rows,) busy by known time; NaN where nothing is known."""
    busy_ns = np.nansum(coverage * known_ns, axis=1)
    with np.errstate(invalid="ignore"):
        shares: Floats = busy_ns / known_ns.sum(axis=1)
    return shares


def _frozen(values: NDArray[Kind]) -> NDArray[Kind]:
    values.flags.writeable = False
    return values
