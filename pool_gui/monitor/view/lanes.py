"""The worker lanes at the resolution of the screen.

Session thread only. Invariants: coverage is busy time by known time in each pixel, NaN
where nothing is known; where details are missing, or too many to be drawn, it comes
from the workers' exact busy time; a task is drawn as running up to the newest frame and
no further; what one picture costs is bounded, however many tasks there are.
"""

from collections.abc import Sequence
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from pool_gui.monitor.model.program import History
from pool_gui.monitor.model.spans import Outcome, SpanField, SpanRing
from pool_gui.monitor.model.workers import Worker
from pool_gui.monitor.view.pixels import Bars, Grid, cover, known_time
from pool_gui.monitor.view.snapshot import NO_SHARES, Floats, Ints, Lanes, SpanTable
from pool_gui.monitor.view.viewport import Viewport

Kind = TypeVar("Kind", bound=np.generic)

MAX_DRAWN: Final = 60_000
"""With more details in sight, the longest of each worker and frame are drawn."""

_MAX_PIXELS: Final = 4096
_MIN_SPAN_NS: Final = 1_000_000
_MAX_SPAN_NS: Final = 3_600_000_000_000


class _Parts:
    """Spans from the rings and the running tasks, field by field as they are needed."""

    def __init__(self, chosen: list[tuple[SpanRing, Ints]], running: Ints) -> None:
        self._chosen = chosen
        self._running = running

    def column(self, field: SpanField) -> Ints:
        columns = [ring.column(field, places) for ring, places in self._chosen]
        return np.concatenate((*columns, self._running[field]))

    def keep(self, which: NDArray[np.bool_]) -> None:
        """Leave out all others."""
        begin = 0
        kept = []
        for ring, places in self._chosen:
            kept.append((ring, places[which[begin : begin + len(places)]]))
            begin += len(places)
        self._chosen = kept
        self._running = self._running[:, which[begin:]]


def in_sight(history: History, viewport: Viewport, now_ns: int) -> tuple[Worker, ...]:
    """Return the workers that a picture of this time can show; living ones first."""
    begin_ns = _grid(viewport, now_ns).begin_ns
    return tuple(
        worker
        for worker in history.workers
        if worker.gone_ns is None
        or (worker.live_from_ns is not None and worker.gone_ns > begin_ns)
    )


def draw(
    history: History, viewport: Viewport, now_ns: int, workers: Sequence[Worker]
) -> tuple[Lanes, Floats]:
    """Return the lanes of these workers, and each one's busy share.

    Args:
        history: the model.
        viewport: what the window wants to see.
        now_ns: the session's time now, at or after the newest frame.
        workers: whose lanes are to be drawn, in their order.
    """
    grid = _grid(viewport, now_ns)
    lives_ns = [_life(worker, history) for worker in workers]
    known_ns = known_time(grid, np.asarray(lives_ns, np.int64).reshape(-1, 2))
    details_ns = _details_from(history, grid)
    rows, parts = _spans_in_sight(history, workers, grid, details_ns)
    bars = Bars(
        rows,
        parts.column(SpanField.STARTED_NS),
        parts.column(SpanField.ENDED_NS),
        parts.column(SpanField.OUTCOME) == Outcome.FAILED,
    )
    covered = cover(grid, bars, known_ns)
    coverage = _mend(covered.coverage, history, workers, grid, details_ns)
    owner, table = _compact(covered.owner, parts, grid.end_ns)
    states = NO_SHARES
    if viewport.by_state:
        slots = np.asarray([worker.slot for worker in workers], np.int64)
        states = history.states.cells.over(slots, grid.edges_ns())
    lanes = Lanes(
        begin_ns=grid.begin_ns,
        end_ns=grid.end_ns,
        live=viewport.end_ns is None,
        now_ns=now_ns,
        begin_known_ns=history.begin_known_ns,
        coverage=_frozen(coverage),
        owner=_frozen(owner),
        failed=_frozen(covered.failed),
        spans=table,
        functions=history.names.names,
        states=_frozen(states),
    )
    return lanes, _busy_shares(coverage, known_ns)


def _grid(viewport: Viewport, now_ns: int) -> Grid:
    span_ns = int(min(max(viewport.span_seconds * 1e9, _MIN_SPAN_NS), _MAX_SPAN_NS))
    end_ns = now_ns if viewport.end_ns is None else min(viewport.end_ns, now_ns)
    return Grid.until(end_ns, span_ns, min(max(viewport.pixels, 1), _MAX_PIXELS))


def _life(worker: Worker, history: History) -> tuple[int, int]:
    """Return from when to when a worker is known; what is too old is not known."""
    end_ns = history.now_ns if worker.gone_ns is None else worker.gone_ns
    begin_ns = end_ns if worker.live_from_ns is None else worker.live_from_ns
    return max(begin_ns, history.begin_known_ns), end_ns


def _details_from(history: History, grid: Grid) -> int:
    """Return the time from which on details are drawn."""
    kept_ns = history.details.lost_before_ns
    from_ns = max(grid.begin_ns, kept_ns)
    if len(history.details.within(from_ns, grid.end_ns)) > MAX_DRAWN:
        return grid.end_ns
    return kept_ns


def _spans_in_sight(
    history: History, workers: Sequence[Worker], grid: Grid, details_ns: int
) -> tuple[Ints, _Parts]:
    """Return (rows, spans): coarse ones where details are not drawn, then details."""
    begin_ns, end_ns = grid.begin_ns, grid.end_ns
    details, coarse = history.details, history.coarse
    chosen = [(details, details.within(max(begin_ns, details_ns), end_ns))]
    if details_ns > begin_ns:
        places = coarse.within(begin_ns, min(details_ns, end_ns))
        # Those that ended later are among the details as well.
        ended_ns = coarse.column(SpanField.ENDED_NS, places)
        chosen.insert(0, (coarse, places[ended_ns <= details_ns]))
    parts = _Parts(chosen, _running(workers, history.now_ns, grid))
    rows_of_slots = np.full(history.workers.slots + 1, -1, np.int64)
    keys_of_slots = np.zeros(history.workers.slots + 1, np.int64)
    for row, worker in enumerate(workers):
        rows_of_slots[worker.slot], keys_of_slots[worker.slot] = row, worker.key
    slots = parts.column(SpanField.SLOT)
    rows = rows_of_slots[slots]
    # A slot may have been given to another worker since.
    ours = keys_of_slots[slots] == parts.column(SpanField.WORKER)
    if not ours.all():
        parts.keep(ours)
        rows = rows[ours]
    return rows, parts


def _running(workers: Sequence[Worker], seen_ns: int, grid: Grid) -> Ints:
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
        if worker.task and worker.since_ns < grid.end_ns and seen_ns > grid.begin_ns
    ]
    return np.asarray(running, np.int64).reshape(-1, len(SpanField)).T


def _mend(
    coverage: NDArray[np.float32],
    history: History,
    workers: Sequence[Worker],
    grid: Grid,
    details_ns: int,
) -> NDArray[np.float32]:
    """Take coverage from exact busy time where details are missing or not drawn."""
    slots = np.asarray([worker.slot for worker in workers], np.int64)
    shares, missing = history.cells.over(slots, grid.edges_ns(), details_ns)
    if missing.any():
        mended = np.fmax(coverage[:, missing], shares[:, missing])
        known = ~np.isnan(coverage[:, missing])
        coverage[:, missing] = np.where(known, mended, np.nan)
    return coverage


def _compact(
    owner: NDArray[np.int32], parts: _Parts, end_ns: int
) -> tuple[NDArray[np.int32], SpanTable]:
    """Keep the spans that own a pixel, by lane and time; number the owners anew."""
    flat = owner.ravel()
    before = np.concatenate((np.full(1, -1, np.int32), flat[:-1]))
    begins = (flat != before) & (flat >= 0)
    numbers = np.cumsum(begins, dtype=np.int32) - 1
    compact = np.where(flat >= 0, numbers, -1).astype(np.int32)
    chosen = flat[begins]
    columns = {
        name: parts.column(field)[chosen]
        for name, field in (
            ("worker", SpanField.WORKER),
            ("task", SpanField.TASK),
            ("function", SpanField.FUNCTION),
            ("queued_ns", SpanField.QUEUED_NS),
            ("started_ns", SpanField.STARTED_NS),
            ("ended_ns", SpanField.ENDED_NS),
            ("outcome", SpanField.OUTCOME),
        )
    }
    columns["ended_ns"][columns["outcome"] == Outcome.RUNNING] = end_ns
    for column in columns.values():
        column.flags.writeable = False
    return compact.reshape(owner.shape), SpanTable(**columns)


def _busy_shares(coverage: NDArray[np.float32], known_ns: Floats) -> Floats:
    """Return (rows,) busy by known time; NaN where nothing is known."""
    busy_ns = np.nansum(coverage * known_ns, axis=1)
    with np.errstate(invalid="ignore"):
        shares: Floats = busy_ns / known_ns.sum(axis=1)
    return shares


def state_shares(
    history: History, viewport: Viewport, now_ns: int, workers: Sequence[Worker]
) -> list[tuple[float, ...]]:
    """Return where each worker's time went over the visible span; (): not known."""
    if not workers:
        return []
    grid = _grid(viewport, now_ns)
    edges_ns = np.asarray([grid.begin_ns, grid.end_ns], np.int64)
    slots = np.asarray([worker.slot for worker in workers], np.int64)
    shares = history.states.cells.over(slots, edges_ns)[:, 0]
    return [() if row[0] != row[0] else tuple(row) for row in shares.tolist()]


def _frozen(values: NDArray[Kind]) -> NDArray[Kind]:
    if values is NO_SHARES:
        return values
    values.flags.writeable = False
    return values
