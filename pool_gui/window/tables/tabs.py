"""The tabs below: tables, stacks, log, and the filter. GUI thread only."""

from PySide6.QtCore import QModelIndex, Signal, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QStackedWidget,
    QTabBar,
    QTableView,
    QWidget,
)

from pool_gui.monitor.view.facts import FindingRow
from pool_gui.monitor.view.snapshot import Snapshot, TaskRow, WorkerRow
from pool_gui.monitor.view.task_query import TaskOrder, TaskQuery, parse
from pool_gui.window.charts.what_if import WhatIfView
from pool_gui.window.controller import Selection
from pool_gui.window.settings import bytes_of, text_of
from pool_gui.window.style import numbers
from pool_gui.window.style.theme import Theme
from pool_gui.window.style.widgets import Panel, label
from pool_gui.window.tables.columns import PoolTitles
from pool_gui.window.tables.csv_text import csv_text
from pool_gui.window.tables.log_lines import LogView
from pool_gui.window.tables.stacks_view import StacksView
from pool_gui.window.tables.table import Table
from pool_gui.window.tables.tables import (
    POOL_COLUMN,
    TASK_ORDERS,
    functions_table,
    tasks_table,
    workers_table,
)
from pool_gui.window.tables.task_states import TaskStates

_EXPLAINED_BY = {
    "self-deadlock": "stacks",
    "starved": "stacks",
    "stuck-task": "stacks",
    "failing": "tasks",
    "gil-bound": "what_if",
    "saturated": "what_if",
    "long-wait": "what_if",
    "oversized": "what_if",
    "undersized": "what_if",
}
"""The page where a finding's cause is seen."""


class Tabs(Panel):
    """See the module."""

    selected = Signal(object)
    """Selection: the row that was clicked."""
    traceback_wanted = Signal()
    """Of the task that is selected: it failed, and was clicked twice."""
    interest_changed = Signal()
    """What is looked at here, or asked for, is another thing."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._pools = PoolTitles()
        self.tasks = tasks_table(self._pools)
        self.workers = workers_table(self._pools)
        self.functions = functions_table()
        self.stacks = StacksView(theme)
        self.what_if = WhatIfView(theme)
        self.log = LogView(theme)
        self.bar = QTabBar()
        self.states = TaskStates()
        self.filter = QLineEdit()
        self._empty = label(role="dim")
        self._stack = QStackedWidget()
        self._selection = Selection()
        self._snapshot: Snapshot | None = None
        self._build()
        self._first_columns = self.column_states()
        self._tell_pools(many=False)
        self.bar.currentChanged.connect(self._on_tab_changed)
        self.filter.textChanged.connect(self._on_filter_changed)
        self.states.currentIndexChanged.connect(self.interest_changed)
        self.tasks.order_changed.connect(self.interest_changed)
        self.tasks.picked.connect(self._on_task_picked)
        self.tasks.doubleClicked.connect(self._on_task_opened)
        self.workers.picked.connect(self._on_worker_picked)
        self.stacks.worker_wanted.connect(self._on_stack_picked)

    def _build(self) -> None:
        names = (self.tr("Tasks"), self.tr("Workers"), self.tr("Functions"))
        self.bar.setDrawBase(False)
        self.bar.setExpanding(False)
        self.bar.setAccessibleName(self.tr("Tables"))
        pages: tuple[QWidget, ...] = (self.tasks, self.workers, self.functions)
        for name, page in zip(
            (*names, self.tr("Stacks"), self.tr("What if"), self.tr("Log")),
            (*pages, self.stacks, self.what_if, self.log),
            strict=True,
        ):
            self.bar.addTab(name)
            self._stack.addWidget(page)
        self.filter.setPlaceholderText(self.tr("Filter…"))
        self.filter.setAccessibleName(self.tr("Filter"))
        self._explain_filter()
        self.filter.setClearButtonEnabled(True)
        self.filter.setMaximumWidth(220)
        head = QHBoxLayout()
        head.addWidget(self.bar)
        head.addWidget(self._empty, 1)
        head.addWidget(self.states)
        head.addWidget(self.filter)
        self.body.addLayout(head)
        self.body.addWidget(self._stack, 1)
        self.setMinimumHeight(96)
        for table in (self.tasks, self.workers):
            table.managed = frozenset({POOL_COLUMN})

    def _explain_filter(self) -> None:
        text = self.tr("Show only rows that hold this text (Ctrl+F).")
        if self._stack.currentWidget() in {self.tasks, None}:
            text = self.tr(
                "Show only tasks that hold all of these words (Ctrl+F): names and "
                "errors, such as fetch or worker:demo-1 or error:timeout; times, such "
                "as >100ms or waited>1s; a number, such as #17."
            )
        self.filter.setToolTip(text)

    def _tables(self) -> dict[str, QTableView]:
        return {
            "tasks": self.tasks,
            "workers": self.workers,
            "functions": self.functions,
        }

    def column_states(self) -> dict[str, object]:
        """Return the columns' widths, order and sorting, to be remembered."""
        return {
            name: text_of(table.horizontalHeader().saveState())
            for name, table in self._tables().items()
        }

    def restore_columns(self, states: object) -> None:
        """Take up what `column_states` returned; what is broken stays as it is."""
        if isinstance(states, dict):
            for name, table in self._tables().items():
                table.horizontalHeader().restoreState(bytes_of(states.get(name)))
            self._tell_pools(many=False)

    @Slot()
    def reset_columns(self) -> None:
        """Give the columns back the widths and order they had at first."""
        self.restore_columns(self._first_columns)

    @Slot(object)
    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show another snapshot."""
        self._snapshot = snapshot
        if self.isVisible():
            self._fill()

    def _fill(self) -> None:
        snapshot = self._snapshot
        if snapshot is None:
            return
        self._pools.follow(snapshot)
        self._tell_pools(many=snapshot.pool is not None and snapshot.pool.pools > 1)
        page = self._stack.currentWidget()
        if page is self.tasks:
            self.tasks.show_rows(snapshot.tasks)
        elif page is self.workers:
            self.workers.show_rows(snapshot.roster or snapshot.workers)
        elif page is self.functions:
            self.functions.show_rows(snapshot.functions)
        elif page is self.stacks:
            self.stacks.show_groups(snapshot.stacks)
        elif page is self.what_if:
            self.what_if.show_snapshot(snapshot)
        else:
            self.log.show_lines(snapshot.log)
        self._tell_empty()
        self._mark()

    def _tell_pools(self, *, many: bool) -> None:
        """Say of each row whose it is, where that is not the same for all."""
        for table in (self.tasks, self.workers):
            if table.isColumnHidden(POOL_COLUMN) is many:
                table.setColumnHidden(POOL_COLUMN, not many)

    def _tell_empty(self) -> None:
        page = self._stack.currentWidget()
        text = ""
        if page is self.tasks and self.tasks.table.rowCount():
            text = self._tell_found()
        if page is self.stacks and not self.stacks.topLevelItemCount():
            text = self.tr("Where in their code the workers are, twice a second.")
        elif isinstance(page, Table) and not page.table.rowCount():
            text = (
                self.tr("Nothing matches the filter.")
                if self.filter.text() or (page is self.tasks and self.states.state)
                else self.tr("Nothing has run yet.")
            )
        self._empty.setText(text)

    def _tell_found(self) -> str:
        """Say of how many tasks the table shows the first, if there are more."""
        found = 0 if self._snapshot is None else self._snapshot.tasks_found
        shown = self.tasks.table.rowCount()
        if found <= shown:
            return ""
        return self.tr("{0} of {1} that are kept").format(
            numbers.count(shown), numbers.count(found)
        )

    @property
    def task_query(self) -> TaskQuery:
        """Which tasks are asked for."""
        column, rising = self.tasks.order
        order = TASK_ORDERS.get(column, TaskOrder.NEWEST)
        rising = rising and order is not TaskOrder.NEWEST
        return TaskQuery(parse(self.filter.text()), self.states.state, order, rising)

    @property
    def table(self) -> QTableView | None:
        """The table that is shown; None where another page is."""
        page = self._stack.currentWidget()
        return page if isinstance(page, QTableView) else None

    def table_csv(self) -> str:
        """Return what the table that is shown says; empty where none is."""
        page = self._stack.currentWidget()
        return csv_text(page) if isinstance(page, Table) else ""

    @Slot()
    def choose_columns(self) -> None:
        """Let a person choose the columns of the table that is shown."""
        page = self._stack.currentWidget()
        if isinstance(page, Table):
            page.choose_columns()

    def _mark(self) -> None:
        page, selection = self._stack.currentWidget(), self._selection
        if page is self.workers:
            self.workers.mark((selection.worker,))
        elif page is self.tasks and selection.task:
            rows = self._snapshot.tasks if self._snapshot else ()
            mine = (
                (row.worker, row.task, row.started_ns)
                for row in rows
                if (row.worker, row.task) == (selection.worker, selection.task)
            )
            self.tasks.mark(next(mine, ()))
        elif page is self.tasks:
            self.tasks.clearSelection()

    @Slot(object)
    def show_selection(self, selection: Selection) -> None:
        """Mark another selection."""
        self._selection = selection
        self._mark()

    @Slot()
    def follow_theme(self) -> None:
        """Write the log anew in the theme's colours."""
        self.log.rebuild()
        self.stacks.rebuild()
        self.what_if.follow_theme()

    @Slot()
    def copy(self) -> None:
        """Copy the table that is shown, or the selected lines of the log."""
        page = self._stack.currentWidget()
        if isinstance(page, Table | StacksView):
            page.copy()
        else:
            self.log.copy()

    @Slot()
    def search(self) -> None:
        """Put the cursor into the filter."""
        self.filter.setFocus()
        self.filter.selectAll()

    @Slot(int)
    def _on_tab_changed(self, place: int) -> None:
        self._stack.setCurrentIndex(place)
        self.states.setVisible(self._stack.currentWidget() is self.tasks)
        self._explain_filter()
        self.interest_changed.emit()
        self._fill()

    @property
    def shows_stacks(self) -> bool:
        """Whether stacks are looked at here."""
        return self._stack.currentWidget() is self.stacks

    @property
    def shows_what_if(self) -> bool:
        """Whether forecasts are looked at here."""
        return self._stack.currentWidget() is self.what_if

    @Slot(object)
    def explain(self, finding: FindingRow) -> None:
        """Show what a finding is best understood by."""
        page = _EXPLAINED_BY.get(finding.rule)
        if page is not None:
            self.bar.setCurrentIndex(self._stack.indexOf(getattr(self, page)))
        if finding.rule == "failing":
            self.states.choose("failed")

    @Slot(str)
    def _on_filter_changed(self, text: str) -> None:
        for page in (self.tasks, self.workers, self.functions):
            page.table.set_filter(text)
        self.stacks.set_filter(text)
        self.log.set_filter(text)
        self.interest_changed.emit()
        self._tell_empty()

    @Slot(object)
    def _on_task_picked(self, row: TaskRow) -> None:
        self.selected.emit(Selection(row.worker, row.task))

    @Slot(QModelIndex)
    def _on_task_opened(self, index: QModelIndex) -> None:
        """Show where a failed task raised, or where a running one is."""
        row = self.tasks.table.row(index.row())
        if row.state == "failed":
            self.traceback_wanted.emit()
        elif row.state == "running":
            self.bar.setCurrentIndex(self._stack.indexOf(self.stacks))

    @Slot(object)
    def _on_worker_picked(self, row: WorkerRow) -> None:
        self.selected.emit(Selection(row.key))

    @Slot(int)
    def _on_stack_picked(self, worker: int) -> None:
        self.selected.emit(Selection(worker))
