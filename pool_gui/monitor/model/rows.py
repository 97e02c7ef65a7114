"""Folds the workers' rows: who does what, and the end of each task seen running.

Session thread only. Invariant: a task is shown as running only while its worker's
newest row says so. When another row comes, or none, it has ended: either its span
tells how, or it is given the latest end that it can have had, until its span comes.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pool_gui.monitor.model.ended import FrameSpans, Tables, TaskKey
from pool_gui.monitor.model.spans import Outcome, SpanField, SpanRing
from pool_gui.monitor.model.workers import Worker
from pool_gui.monitor.view.snapshot import Ints, WorkerState
from pool_gui.wire.errors import MalformedMessageError
from pool_gui.wire.protocol import WorkerCode, WorkerColumn

_MAX_GUESSES: Final = 4096
"""Ends that wait for their span; the oldest are then left as they are."""

_STATES: Final = {
    WorkerCode.IDLE: WorkerState.IDLE,
    WorkerCode.BUSY: WorkerState.BUSY,
    WorkerCode.DISMISSED: WorkerState.DISMISSED,
    WorkerCode.GONE: WorkerState.GONE,
}


@dataclass(frozen=True, slots=True)
class ToldRow:
    """A worker's row in the model's terms."""

    worker: Worker
    pool: int
    native_id: int
    state: WorkerState
    done: int
    failed: int
    busy_ns: int
    task: int
    function: int
    queued_ns: int
    since_ns: int


@dataclass(frozen=True, slots=True)
class Activity:
    """How long each told worker was busy since the frame before; columns of (n,)."""

    slots: Ints
    pools: Ints
    """The keys of their pools."""
    begin_ns: Ints
    busy_ns: Ints
    waits_ns: Ints
    """(m,) of the tasks that were seen to begin."""
    wait_pools: Ints
    """(m,) the keys of their pools."""


class RowFolder:
    """Keeps the workers' facts up to their newest rows."""

    def __init__(self, tables: Tables, details: SpanRing) -> None:
        self._tables = tables
        self._details = details
        self._running: dict[TaskKey, Worker] = {}
        self._guesses: dict[TaskKey, tuple[int, bool]] = {}  # serial, wait counted

    @property
    def busy(self) -> bool:
        """Whether any task runs."""
        return bool(self._running)

    def read(self, rows: Ints, now_ns: int, offset_ns: int) -> list[ToldRow]:
        """Return the rows in the model's terms, without changing anything.

        Raises:
            MalformedMessageError: a worker, pool or function that was never told, or
                a worker that comes back after its end.
        """
        columns = WorkerColumn
        functions = self._tables.names.find(rows[:, columns.FUNCTION]).tolist()
        told = []
        for row, function in zip(rows.tolist(), functions, strict=True):
            worker = self._tables.workers.find(row[columns.WORKER])
            pool = self._tables.pools.find(row[columns.POOL]).key
            state = _STATES[row[columns.STATE]]
            if state is not WorkerState.GONE and (worker is None or worker.told_gone):
                raise MalformedMessageError(
                    f"WORKER: id {row[columns.WORKER]} is used again after its end"
                )
            if worker is None:
                continue  # the last row of one that was dropped already
            since_ns = row[columns.STARTED_NS]
            since_ns = min(since_ns + offset_ns, now_ns) if since_ns else now_ns
            told.append(
                ToldRow(
                    worker,
                    pool,
                    row[columns.NATIVE_ID],
                    state,
                    row[columns.DONE],
                    row[columns.FAILED],
                    row[columns.BUSY_NS],
                    0 if state is WorkerState.GONE else row[columns.TASK],
                    function,
                    row[columns.QUEUED_NS] + offset_ns,
                    since_ns,
                )
            )
        return told

    def match(self, spans: FrameSpans) -> None:
        """Note which of the tasks that were seen running have now been told."""
        for key in self._running.keys() & spans.index.keys():
            worker = self._running.pop(key)
            spans.wait_counted[spans.index[key]] = worker.wait_counted
            worker.task = 0
        for key in self._guesses.keys() & spans.index.keys():
            place = spans.index[key]
            serial, spans.wait_counted[place] = self._guesses.pop(key)
            spans.replaces[place] = self._details.replace(
                serial, spans.matrix[:, place]
            )

    def fold(
        self,
        told: list[ToldRow],
        spans: FrameSpans,
        times_ns: tuple[int, int],
        *,
        complete: bool,
    ) -> Activity:
        """Take in the rows of a frame.

        Args:
            told: from `read`.
            spans: the frame's, after `match`.
            times_ns: of the frame before (or this one, if it is the first), and of
                this one.
            complete: whether all tasks are told in detail.
        """
        before_ns, now_ns = times_ns
        absent = {worker.key: worker for worker in self._tables.workers.living}
        activity: list[tuple[int, int, int]] = []
        waits: list[tuple[int, int]] = []
        for row in told:
            absent.pop(row.worker.key, None)
            activity.append(_busy_since(row, before_ns, now_ns))
            if row.task != row.worker.task or row.pool != row.worker.pool:
                self._end_task(row.worker, row, spans, now_ns)
                if self._begin_task(row, spans) and complete:
                    row.worker.wait_counted = True
                    waits.append((max(row.since_ns - row.queued_ns, 0), row.pool))
            self._update(row, now_ns)
        for worker in absent.values():
            self._end_task(worker, None, spans, now_ns)
            self._tables.workers.bury(worker, now_ns)
        table = np.asarray(activity, np.int64).reshape(-1, 3).T
        slots, begin_ns, busy_ns = table
        pools = np.asarray([row.pool for row in told], np.int64)
        waits_ns, wait_pools = np.asarray(waits, np.int64).reshape(-1, 2).T
        return Activity(slots, pools, begin_ns, busy_ns, waits_ns, wait_pools)

    def end(self, now_ns: int) -> None:
        """End all tasks and workers: their process is no more."""
        for worker in self._tables.workers.living:
            self._end_task(worker, None, None, now_ns)
            self._tables.workers.bury(worker, now_ns)
        self._running.clear()
        self._guesses.clear()

    def _begin_task(self, row: ToldRow, spans: FrameSpans) -> bool:
        """Note a task that runs; return whether it does."""
        worker, key = row.worker, (row.pool, row.task)
        worker.wait_counted = False
        # Told as finished in the same frame: it does not run any more.
        worker.task = row.task if key not in spans.index else 0
        worker.function, worker.queued_ns = row.function, row.queued_ns
        if worker.task:
            self._running[key] = worker
        return worker.task != 0

    def _end_task(
        self,
        worker: Worker,
        row: ToldRow | None,
        spans: FrameSpans | None,
        now_ns: int,
    ) -> None:
        """Give the task that a worker ran the latest end that it can have had."""
        if not worker.task:
            return
        key = (worker.pool, worker.task)
        self._running.pop(key, None)
        started_ns, latest_ns = worker.since_ns, now_ns
        if row is not None:
            in_full_ns = started_ns + max(row.busy_ns - worker.busy_ns, 0)
            latest_ns = min(latest_ns, row.since_ns, in_full_ns)
        if spans is not None:
            starts = spans.matrix[SpanField.STARTED_NS]
            own = spans.matrix[SpanField.SLOT] == worker.slot
            later = starts[own & (starts >= started_ns)]
            latest_ns = min(latest_ns, int(later.min())) if later.size else latest_ns
        span = np.empty((len(SpanField), 1), np.int64)
        span[:, 0] = (
            worker.slot,
            worker.key,
            worker.pool,
            worker.task,
            worker.function,
            worker.queued_ns,
            started_ns,
            max(latest_ns, started_ns),
            Outcome.ENDED,
        )
        self._guesses[key] = self._details.add(span), worker.wait_counted
        if len(self._guesses) > _MAX_GUESSES:
            del self._guesses[next(iter(self._guesses))]
        worker.task = 0

    def _update(self, row: ToldRow, now_ns: int) -> None:
        worker = row.worker
        if row.state is WorkerState.GONE:
            if worker.gone_ns is not None:  # it was absent, or never seen to live
                worker.gone_ns = max(worker.gone_ns, row.since_ns)
            self._tables.workers.bury(worker, now_ns)
            worker.told_gone = True
        else:
            self._tables.workers.revive(worker)
            worker.state = row.state
        worker.pool, worker.native_id = row.pool, row.native_id
        worker.done, worker.failed = row.done, row.failed
        worker.busy_ns, worker.since_ns = row.busy_ns, row.since_ns


def _busy_since(row: ToldRow, before_ns: int, now_ns: int) -> tuple[int, int, int]:
    """Return (slot, begin, busy time since begin) of a worker."""
    worker = row.worker
    total_ns = row.busy_ns + (now_ns - row.since_ns if row.task else 0)
    begin_ns = before_ns
    if not worker.seen:
        lived_ns = row.since_ns if worker.live_from_ns is None else worker.live_from_ns
        worker.live_from_ns = min(lived_ns, row.since_ns)
        begin_ns = min(max(before_ns, worker.live_from_ns), now_ns)
        worker.seen = True
    busy_ns = min(max(total_ns - worker.total_busy_ns, 0), now_ns - begin_ns)
    # A row may be read while a task ends: the sum then dips for one frame.
    worker.total_busy_ns = max(worker.total_busy_ns, total_ns)
    return worker.slot, begin_ns, busy_ns
