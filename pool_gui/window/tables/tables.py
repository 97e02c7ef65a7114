"""The tables of tasks, workers and functions, column by column. GUI thread only."""

from collections.abc import Callable
from typing import Generic

from PySide6.QtCore import QCoreApplication, QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from pool_gui.monitor.view.snapshot import FunctionRow, TaskRow, WorkerRow
from pool_gui.window.style import numbers
from pool_gui.window.style.text import plain, short_function
from pool_gui.window.tables.model import Column, Row, TableModel

translate = QCoreApplication.translate


class Table(QTableView, Generic[Row]):
    """A table whose rows can be selected, sorted, filtered and copied."""

    picked = Signal(object)
    """The row that a person selected."""

    def __init__(self, model: TableModel[Row], name: str) -> None:
        super().__init__()
        self.table = model
        self.setModel(model)
        self.setAccessibleName(name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setCornerButtonEnabled(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(22)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setSectionsMovable(True)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.DescendingOrder)
        self.setSortingEnabled(True)
        for place, column in enumerate(model.columns):
            self.setColumnWidth(place, column.width)
        self.clicked.connect(self._on_clicked)
        self.activated.connect(self._on_clicked)

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        self.picked.emit(self.table.row(index.row()))

    def mark(self, key: tuple[int, ...] | str) -> None:
        """Show the row with this key as selected; none when it is not there."""
        place = self.table.place_of(key)
        if place < 0:
            self.clearSelection()
        elif place != self.currentIndex().row() or not self.selectedIndexes():
            selection = self.selectionModel()
            selection.setCurrentIndex(
                self.table.index(place, 0),
                selection.SelectionFlag.ClearAndSelect | selection.SelectionFlag.Rows,
            )

    def copy(self) -> None:
        """Copy what is shown, as tab-separated lines with the titles on top."""
        titles = "\t".join(column.title for column in self.table.columns)
        lines = [self._line(place) for place in range(self.table.rowCount())]
        QGuiApplication.clipboard().setText("\n".join([titles, *lines]))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """Copy the selected row whole: Qt would copy one cell."""
        rows = self.selectionModel().selectedRows()
        if event.matches(QKeySequence.StandardKey.Copy) and rows:
            lines = (self._line(index.row()) for index in rows)
            QGuiApplication.clipboard().setText("\n".join(lines))
        else:
            super().keyPressEvent(event)

    def _line(self, place: int) -> str:
        row = self.table.row(place)
        return "\t".join(column.text(row) for column in self.table.columns)


def tasks_table() -> Table[TaskRow]:
    """Return the table of running and newly finished tasks."""
    columns: tuple[Column[TaskRow], ...] = (
        _words(
            translate("Tables", "State"),
            translate(
                "Tables", "Running, done, failed, or ended (its detail was lost)."
            ),
            _task_state,
            88,
        ),
        _numbers(
            translate("Tables", "Task"),
            translate("Tables", "The task's number in its pool."),
            _task,
            "#",
        ),
        _words(
            translate("Tables", "Function"),
            translate("Tables", "What the task calls."),
            _function,
            230,
        ),
        _words(
            translate("Tables", "Worker"),
            translate("Tables", "Who ran it."),
            _worker_name,
            96,
        ),
        _times(
            translate("Tables", "Waited"), translate("Tables", "In the queue."), _waited
        ),
        _times(
            translate("Tables", "Ran"),
            translate("Tables", "From its start to its end, or now."),
            _ran,
        ),
        _words(
            translate("Tables", "Outcome"),
            translate("Tables", "What a failed one raised."),
            _error,
            160,
        ),
    )
    model = TableModel(columns, lambda row: (row.worker, row.task, row.started_ns))
    return Table(model, translate("Tables", "Tasks"))


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


def _times(title: str, explanation: str, value: Callable[[Row], float]) -> Column[Row]:
    return Column(
        title,
        explanation,
        lambda row: numbers.duration(value(row)),
        value,
        right=True,
        width=78,
    )


def _words(
    title: str, explanation: str, value: Callable[[Row], str], width: int
) -> Column[Row]:
    return Column(title, explanation, value, value, width=width)


def _numbers(
    title: str, explanation: str, value: Callable[[Row], int], sign: str = ""
) -> Column[Row]:
    return Column(
        title,
        explanation,
        lambda row: sign + numbers.count(value(row)),
        value,
        right=True,
        width=84,
    )


def workers_table() -> Table[WorkerRow]:
    """Return the table of workers."""
    columns = (*_state_columns(), *_work_columns())
    model = TableModel(columns, lambda row: (row.key,))
    return Table(model, translate("Tables", "Workers"))


def _state_columns() -> tuple[Column[WorkerRow], ...]:
    return (
        _words(
            translate("Tables", "Worker"),
            translate("Tables", "The thread's name."),
            lambda r: plain(r.name),
            110,
        ),
        _words(
            translate("Tables", "State"),
            translate("Tables", "Idle, busy, dismissed (finishes its task) or gone."),
            _worker_state,
            84,
        ),
        _times(
            translate("Tables", "Since"),
            translate("Tables", "How long in this state."),
            _since,
        ),
        _words(
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
        _numbers(
            translate("Tables", "Done"),
            translate("Tables", "Tasks that returned. Exact."),
            _done,
        ),
        _numbers(
            translate("Tables", "Failed"),
            translate("Tables", "Tasks that raised. Exact."),
            _failed,
        ),
        _words(
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
        _numbers(
            translate("Tables", "Calls"),
            translate("Tables", "Finished tasks."),
            lambda row: row.calls,
        ),
        _numbers(
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
