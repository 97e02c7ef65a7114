"""The rows of the window's tables, made from the model.

Session thread only. Reads the model and changes nothing in it.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pool_gui.monitor.model.pools import PoolFacts, joined_times
from pool_gui.monitor.model.program import History
from pool_gui.monitor.model.spans import Outcome, SpanField
from pool_gui.monitor.model.workers import Worker
from pool_gui.monitor.view.facts import ArrivalRow, LoadState, PoolRow
from pool_gui.monitor.view.snapshot import (
    Floats,
    FunctionRow,
    TaskRow,
    WorkerRow,
    WorkerState,
)
from pool_gui.monitor.view.task_query import ALL_TASKS, TaskOrder, TaskQuery
from pool_gui.monitor.view.task_search import OUTCOMES, is_plain, search
from pool_gui.monitor.view.watched import Watched
from pool_gui.wire.messages import Load

MAX_TASK_ROWS: Final = 500
_LOOK_BACK: Final = 16
"""Among so many times the rows that are wanted, those of one pool are looked for."""


def short_name(name: str) -> str:
    """Return the last part of 'module.qualname'."""
    return name.rpartition(".")[2]


def pool_row(history: History, pool: PoolFacts, workers: Sequence[Worker]) -> PoolRow:
    """Return the pool's row, from its header and its workers."""
    ours = [w for w in workers if w.pool == pool.key and w.gone_ns is None]
    header = pool.header
    return PoolRow(
        name=header.name,
        kind=header.type,
        state=header.state,
        size=header.size,
        alive=len(ours),
        busy=sum(_is_busy(worker) for worker in ours),
        depth=header.depth,
        depth_limit=header.limit,
        counts=header.counts,
        throughput_per_second=math.nan if history.ended else pool.throughput(),
        key=pool.key,
        is_over=history.ended,
        load=None if history.ended or not pool.told else _load_state(header.load),
    )


def _is_busy(worker: Worker) -> bool:
    return worker.task != 0 or worker.state is WorkerState.BUSY


def worker_rows(
    history: History,
    workers: Sequence[Worker],
    busy_shares: Floats,
    now_ns: int,
    source: int = 0,
) -> tuple[WorkerRow, ...]:
    """Return a row for each worker of a source, in this order."""
    rows = []
    for worker, busy_share in zip(workers, busy_shares.tolist(), strict=True):
        since_ns = worker.since_ns if worker.gone_ns is None else worker.gone_ns
        function = history.names.name(worker.function) if worker.task else ""
        rows.append(
            WorkerRow(
                key=worker.key,
                name=worker.name,
                native_id=worker.native_id,
                state=worker.state,
                done=worker.done,
                failed=worker.failed,
                busy_share=busy_share,
                task=worker.task,
                function=short_name(function),
                since_seconds=max(now_ns - since_ns, 0) / 1e9,
                source=source,
                number=worker.number,
                pool=worker.pool,
            )
        )
    return tuple(rows)


class FinishedRows:
    """The rows of finished tasks, each made once while it can be shown."""

    def __init__(self) -> None:
        self._rows: dict[tuple[int, ...], TaskRow] = {}

    def of(
        self, history: History, spans: Sequence[Sequence[int]], source: int
    ) -> list[TaskRow]:
        """Return the rows of these spans; those of others are forgotten."""
        known, shown = self._rows, {}
        for span in spans:
            key = tuple(span)
            shown[key] = known.get(key) or _finished_row(history, span, source)
        self._rows = shown
        return list(shown.values())


@dataclass(frozen=True, slots=True)
class TaskRows:
    """The rows of the table of tasks."""

    rows: tuple[TaskRow, ...]
    """At most MAX_TASK_ROWS."""
    found: int
    """How many tasks there are of which these are the first; at least so many."""


def task_rows(
    watched: Watched,
    pool: int = 0,
    query: TaskQuery = ALL_TASKS,
    made: FinishedRows | None = None,
) -> TaskRows:
    """Return the running tasks, then the finished ones, of those that are asked for.

    Args:
        watched: the source.
        pool: the key of the pool whose tasks are meant; 0: all.
        query: which are wanted; in another order than NEWEST running ones, too, stand
            where they belong.
        made: the rows of this source that were made before.
    """
    history = watched.history
    running = _running_rows(watched, pool)
    rows = [row for row in running if query.holds(row)][:MAX_TASK_ROWS]
    made = FinishedRows() if made is None else made
    if is_plain(query):
        room = MAX_TASK_ROWS - len(rows)
        finished = history.details.newest(room * _LOOK_BACK if pool else room)
        if pool:
            finished = finished[:, finished[SpanField.POOL] == pool][:, :room]
        rows += made.of(history, finished.T.tolist(), watched.key)
        return TaskRows(tuple(rows), max(len(history.details), len(rows)))
    finished, found = search(history, pool, query, MAX_TASK_ROWS)
    found += len(rows)
    rows += made.of(history, finished.T.tolist(), watched.key)
    return TaskRows(tuple(_sorted(rows, query)[:MAX_TASK_ROWS]), found)


def task_row(watched: Watched, worker: int, task: int) -> TaskRow | None:
    """Return one task, running or finished, if it is still kept.

    Args:
        watched: the source.
        worker: the key of its worker.
        task: its id.
    """
    for row in _running_rows(watched, 0):
        if (row.worker, row.task) == (worker, task):
            return row
    history = watched.history
    for ring in (history.details, history.coarse):
        spans = ring.newest(len(ring))
        wanted = (spans[SpanField.TASK] == task) & (spans[SpanField.WORKER] == worker)
        places = np.flatnonzero(wanted)
        if places.size:
            return _finished_row(history, spans[:, places[0]].tolist(), watched.key)
    return None


def _sorted(rows: list[TaskRow], query: TaskQuery) -> list[TaskRow]:
    order = _ORDERS.get(query.order)
    return rows if order is None else sorted(rows, key=order, reverse=not query.rising)


_ORDERS: Final[Mapping[TaskOrder, Callable[[TaskRow], float]]] = {
    TaskOrder.NUMBER: lambda row: row.task,
    TaskOrder.RAN: lambda row: row.run_seconds,
    TaskOrder.WAITED: lambda row: row.wait_seconds,
}


def _running_rows(watched: Watched, pool: int) -> list[TaskRow]:
    history, now_ns = watched.history, watched.now_ns
    return [
        TaskRow(
            task=worker.task,
            worker=worker.key,
            worker_name=worker.name,
            function=history.names.name(worker.function),
            wait_seconds=max(worker.since_ns - worker.queued_ns, 0) / 1e9,
            run_seconds=max(now_ns - worker.since_ns, 0) / 1e9,
            state=OUTCOMES[Outcome.RUNNING],
            error="",
            started_ns=worker.since_ns,
            ended_ns=now_ns,
            source=watched.key,
            pool=worker.pool,
        )
        for worker in history.workers.living
        if worker.task and pool in {0, worker.pool}
    ]


def joined_task_rows(
    parts: Sequence[TaskRows], query: TaskQuery = ALL_TASKS
) -> TaskRows:
    """Return the rows of several sources as if they were those of one."""
    if len(parts) == 1:
        return parts[0]
    every = [row for part in parts for row in part.rows]
    if query.order is TaskOrder.NEWEST:
        is_running = OUTCOMES[Outcome.RUNNING].__eq__
        every.sort(key=lambda row: (not is_running(row.state), -row.ended_ns))
    every = _sorted(every, query)[:MAX_TASK_ROWS]
    return TaskRows(tuple(every), sum(part.found for part in parts))


def _finished_row(history: History, span: Sequence[int], source: int) -> TaskRow:
    field = SpanField
    worker = history.workers.by_slot(span[field.SLOT])
    known = worker is not None and worker.key == span[field.WORKER]
    started_ns, ended_ns = span[field.STARTED_NS], span[field.ENDED_NS]
    return TaskRow(
        task=span[field.TASK],
        worker=span[field.WORKER],
        worker_name=worker.name if worker is not None and known else "",
        function=history.names.name(span[field.FUNCTION]),
        wait_seconds=max(started_ns - span[field.QUEUED_NS], 0) / 1e9,
        run_seconds=(ended_ns - started_ns) / 1e9,
        state=OUTCOMES[Outcome(span[field.OUTCOME])],
        error=history.failures.text(span[field.POOL], span[field.TASK]),
        started_ns=started_ns,
        ended_ns=ended_ns,
        source=source,
        pool=span[field.POOL],
    )


def _load_state(load: Load | None) -> LoadState | None:
    if load is None:
        return None
    return LoadState(
        load.demo,
        (ArrivalRow(load.arrival, load.rate_per_second, load.in_flight),),
        load.submitted,
        load.remaining,
        load.held_back,
    )


def function_rows(
    pools: Sequence[tuple[History, PoolFacts]],
) -> tuple[FunctionRow, ...]:
    """Return the functions of pools, in the order in which they came."""
    times = [
        history.pools.function_times(pool, history.names) for history, pool in pools
    ]
    shown = times[0] if len(times) == 1 else joined_times(times)
    return tuple(
        FunctionRow(
            one.name,
            one.calls,
            one.failed,
            one.run.p50,
            one.run.p95,
            one.run.maximum,
            one.complete,
        )
        for one in shown
    )
