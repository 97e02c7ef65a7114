"""The tables of tasks, workers and functions, column by column. GUI thread only."""

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication

from pool_gui.monitor.view.snapshot import FunctionRow, TaskRow, WorkerRow
from pool_gui.monitor.view.task_query import TaskOrder, parse
from pool_gui.window.style import numbers, words
from pool_gui.window.style.text import plain, short_function
from pool_gui.window.tables.columns import PoolTitles, counts, texts, times
from pool_gui.window.tables.model import Column, Row, TableModel
from pool_gui.window.tables.table import Table

translate = QCoreApplication.translate


TASK_ORDERS = {1: TaskOrder.NUMBER, 5: TaskOrder.WAITED, 6: TaskOrder.RAN}
"""What the table of tasks can be sorted by among all tasks that are kept, by column;
by all other columns those that are shown are sorted."""

POOL_COLUMN = 3
"""Where the tables of tasks and workers say whose a row is, if that must be said."""


def tasks_table(pools: PoolTitles) -> Table[TaskRow]:
    """Return the table of running and newly finished tasks."""
    columns: tuple[Column[TaskRow], ...] = (
        texts(
            translate("Tables", "State"),
            translate(
                "Tables", "Running, done, failed, or ended (its detail was lost)."
            ),
            _task_state,
            88,
        ),
        counts(
            translate("Tables", "Task"),
            translate("Tables", "The task's number in its pool."),
            _task,
            "#",
        ),
        texts(
            translate("Tables", "Function"),
            translate("Tables", "What the task calls."),
            _function,
            210,
        ),
        _pool_column(lambda row: pools.of(row.source, row.pool)),
        texts(
            translate("Tables", "Worker"),
            translate("Tables", "Who ran it."),
            _worker_name,
            80,
        ),
        times(
            translate("Tables", "Waited"), translate("Tables", "In the queue."), _waited
        ),
        times(
            translate("Tables", "Ran"),
            translate("Tables", "From its start to its end, or now."),
            _ran,
        ),
        texts(
            translate("Tables", "Outcome"),
            translate("Tables", "What a failed one raised."),
            _error,
            60,
        ),
    )
    model = TableModel(
        columns, lambda row: (row.worker, row.task, row.started_ns), None, _wanted
    )
    return Table(model, translate("Tables", "Tasks"))


def _wanted(text: str) -> Callable[[TaskRow], bool]:
    return parse(text).holds


def _pool_column(title: Callable[[Row], str]) -> Column[Row]:
    return texts(
        translate("Tables", "Pool"),
        translate("Tables", "Whose it is."),
        title,
        118,
    )


def _task_state(row: TaskRow) -> str:
    words = {
        "running": translate("Tables", "● running"),
        "done": translate("Tables", "done"),
        "failed": translate("Tables", "▲ failed"),
        "ended": translate("Tables", "ended"),
    }
    return words.get(row.state, row.state)


def _task(row: TaskRow) -> int:
    return row.task


def _function(row: TaskRow) -> str:
    return plain(row.function)


def _worker_name(row: TaskRow) -> str:
    return plain(row.worker_name)


def _waited(row: TaskRow) -> float:
    return row.wait_seconds


def _error(row: TaskRow) -> str:
    return plain(row.error) or numbers.UNKNOWN


def _ran(row: TaskRow) -> float:
    return row.run_seconds


def workers_table(pools: PoolTitles) -> Table[WorkerRow]:
    """Return the table of workers."""
    pool: Column[WorkerRow] = _pool_column(lambda row: pools.of(row.source, row.pool))
    before, after = _state_columns()[:POOL_COLUMN], _state_columns()[POOL_COLUMN:]
    columns: tuple[Column[WorkerRow], ...] = (*before, pool, *after, *_work_columns())
    model = TableModel(columns, lambda row: (row.key,))
    return Table(model, translate("Tables", "Workers"))


def _state_columns() -> tuple[Column[WorkerRow], ...]:
    return (
        texts(
            translate("Tables", "Worker"),
            translate("Tables", "The thread's name."),
            lambda r: plain(r.name),
            110,
        ),
        texts(
            translate("Tables", "State"),
            translate("Tables", "Idle, busy, dismissed (finishes its task) or gone."),
            _worker_state,
            84,
        ),
        times(
            translate("Tables", "Since"),
            translate("Tables", "How long in this state."),
            _since,
        ),
        texts(
            translate("Tables", "Runs"),
            translate("Tables", "The task it runs now."),
            _runs,
            170,
        ),
    )


def _work_columns() -> tuple[Column[WorkerRow], ...]:
    return (
        Column(
            translate("Tables", "Busy"),
            translate(
                "Tables", "Share of the time that the lanes show. From exact run times."
            ),
            lambda row: numbers.share(row.busy_share),
            lambda row: row.busy_share,
            right=True,
            width=64,
        ),
        texts(
            translate("Tables", "Time"),
            translate(
                "Tables",
                "Where its time went, of that which the lanes show: read from outside, "
                "from the system's own totals.",
            ),
            _time,
            200,
        ),
        counts(
            translate("Tables", "Done"),
            translate("Tables", "Tasks that returned. Exact."),
            _done,
        ),
        counts(
            translate("Tables", "Failed"),
            translate("Tables", "Tasks that raised. Exact."),
            _failed,
        ),
        texts(
            translate("Tables", "Thread"),
            translate("Tables", "The operating system's number."),
            _thread,
            80,
        ),
    )


def _worker_state(row: WorkerRow) -> str:
    states = {
        "idle": translate("Tables", "idle"),
        "busy": translate("Tables", "busy"),
        "dismissed": translate("Tables", "dismissed"),
        "gone": translate("Tables", "gone"),
    }
    return states[row.state]


def _runs(row: WorkerRow) -> str:
    if not row.task:
        return numbers.UNKNOWN
    return f"{short_function(row.function)} #{numbers.count(row.task)}"


def _thread(row: WorkerRow) -> str:
    return str(row.native_id or numbers.UNKNOWN)


def _time(row: WorkerRow) -> str:
    return words.shares(row.shares, most=3) if row.shares else numbers.UNKNOWN


def _since(row: WorkerRow) -> float:
    return row.since_seconds


def _done(row: WorkerRow) -> int:
    return row.done


def _failed(row: WorkerRow) -> int:
    return row.failed


def functions_table() -> Table[FunctionRow]:
    """Return the table of functions."""
    sampled = translate("Tables", " Marked ~ when only a sample is known.")
    columns: tuple[Column[FunctionRow], ...] = (
        Column(
            translate("Tables", "Function"),
            translate("Tables", "Module and name."),
            lambda row: plain(row.name),
            lambda row: row.name,
            width=280,
        ),
        counts(
            translate("Tables", "Calls"),
            translate("Tables", "Finished tasks."),
            lambda row: row.calls,
        ),
        counts(
            translate("Tables", "Failed"),
            translate("Tables", "Those that raised."),
            lambda row: row.failed,
        ),
        _sampled(
            "p50",
            translate("Tables", "Half ran no longer.") + sampled,
            lambda row: row.run_p50,
        ),
        _sampled(
            "p95",
            translate("Tables", "95 % ran no longer.") + sampled,
            lambda row: row.run_p95,
        ),
        _sampled(
            "max",
            translate("Tables", "The longest run.") + sampled,
            lambda row: row.run_max,
        ),
    )
    return Table(
        TableModel(columns, lambda row: row.name), translate("Tables", "Functions")
    )


def _sampled(
    title: str, explanation: str, value: Callable[[FunctionRow], float]
) -> Column[FunctionRow]:
    return Column(
        title,
        explanation,
        lambda row: ("" if row.complete else "~ ") + numbers.duration(value(row)),
        value,
        right=True,
        width=84,
    )
