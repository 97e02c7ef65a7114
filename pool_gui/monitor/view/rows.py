"""The rows of the window's tables, made from the model.

Session thread only. Reads the model and changes nothing in it.
"""

import math
from collections.abc import Sequence
from typing import Final

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
from pool_gui.wire.messages import Load

MAX_TASK_ROWS: Final = 500
_LOOK_BACK: Final = 16
"""Among so many times the rows that are wanted, those of one pool are looked for."""

_TASK_STATES: Final = {
    Outcome.DONE: "done",
    Outcome.FAILED: "failed",
    Outcome.RUNNING: "running",
    Outcome.ENDED: "ended",
}


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


def task_rows(
    history: History,
    now_ns: int,
    pool: int = 0,
    source: int = 0,
    made: FinishedRows | None = None,
) -> tuple[TaskRow, ...]:
    """Return the running tasks, then the newest finished ones.

    Args:
        history: of a source.
        now_ns: the session's time.
        pool: the key of the pool whose tasks are meant; 0: all.
        source: the key of the source.
        made: the rows of this source that were made before.
    """
    rows = [
        TaskRow(
            task=worker.task,
            worker=worker.key,
            worker_name=worker.name,
            function=history.names.name(worker.function),
            wait_seconds=max(worker.since_ns - worker.queued_ns, 0) / 1e9,
            run_seconds=max(now_ns - worker.since_ns, 0) / 1e9,
            state=_TASK_STATES[Outcome.RUNNING],
            error="",
            started_ns=worker.since_ns,
            ended_ns=now_ns,
            source=source,
            pool=worker.pool,
        )
        for worker in history.workers.living
        if worker.task and pool in {0, worker.pool}
    ][:MAX_TASK_ROWS]
    room = MAX_TASK_ROWS - len(rows)
    finished = history.details.newest(room * _LOOK_BACK if pool else room)
    if pool:
        finished = finished[:, finished[SpanField.POOL] == pool][:, :room]
    made = FinishedRows() if made is None else made
    return (*rows, *made.of(history, finished.T.tolist(), source))


def joined_task_rows(parts: Sequence[tuple[TaskRow, ...]]) -> tuple[TaskRow, ...]:
    """Return the rows of several sources as if they were those of one."""
    if len(parts) == 1:
        return parts[0]
    every = [row for rows in parts for row in rows]
    running = [row for row in every if row.state == _TASK_STATES[Outcome.RUNNING]]
    finished = [row for row in every if row.state != _TASK_STATES[Outcome.RUNNING]]
    finished.sort(key=lambda row: -row.ended_ns)
    return tuple((running + finished)[:MAX_TASK_ROWS])


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
        state=_TASK_STATES[Outcome(span[field.OUTCOME])],
        error=history.errors.get((span[field.POOL], span[field.TASK]), ""),
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
