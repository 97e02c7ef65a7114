"""The rows of the window's tables, made from the model.

Session thread only. Reads the model and changes nothing in it.
"""

from collections.abc import Sequence
from typing import Final

from pool_gui.monitor.model.pools import PoolFacts
from pool_gui.monitor.model.program import History
from pool_gui.monitor.model.spans import Outcome, SpanField
from pool_gui.monitor.model.workers import Worker
from pool_gui.monitor.view.facts import LoadState, PoolRow
from pool_gui.monitor.view.snapshot import (
    Floats,
    FunctionRow,
    TaskRow,
    WorkerRow,
    WorkerState,
)

MAX_TASK_ROWS: Final = 500
_TASK_STATES: Final = {
    Outcome.DONE: "done",
    Outcome.FAILED: "failed",
    Outcome.RUNNING: "running",
    Outcome.ENDED: "ended",
}


def short_name(name: str) -> str:
    """Return the last part of 'module.qualname'."""
    return name.rpartition(".")[2]


def pool_row(pool: PoolFacts, workers: Sequence[Worker]) -> PoolRow:
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
        throughput_per_second=pool.throughput(),
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
            )
        )
    return tuple(rows)


def task_rows(history: History, now_ns: int) -> tuple[TaskRow, ...]:
    """Return the running tasks, then the newest finished ones."""
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
        )
        for worker in history.workers.living
        if worker.task
    ][:MAX_TASK_ROWS]
    finished = history.details.newest(MAX_TASK_ROWS - len(rows)).T.tolist()
    rows += [_finished_row(history, span) for span in finished]
    return tuple(rows)


def _finished_row(history: History, span: list[int]) -> TaskRow:
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
    )


def load_state(history: History) -> LoadState | None:
    """Return the demo load that runs, if any."""
    load = history.load
    if load is None:
        return None
    return LoadState(
        load.demo, load.text, load.submitted, load.remaining, load.held_back
    )


def function_rows(history: History, pool: PoolFacts) -> tuple[FunctionRow, ...]:
    """Return a pool's functions, in the order in which they came."""
    return tuple(
        FunctionRow(
            times.name,
            times.calls,
            times.failed,
            times.run.p50,
            times.run.p95,
            times.run.maximum,
            times.complete,
        )
        for times in history.pools.function_times(pool, history.names)
    )
