"""The right column: all that is known of the selected worker and task. GUI thread."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy

from pool_gui.monitor.states import STATE_NAMES
from pool_gui.monitor.view.facts import Raised, StackGroup
from pool_gui.monitor.view.snapshot import Snapshot, TaskRow, WorkerRow
from pool_gui.window.controller import Selection
from pool_gui.window.panels.pool_facts import PoolPanel
from pool_gui.window.panels.stack_lines import StackLines
from pool_gui.window.style import numbers, words
from pool_gui.window.style.text import plain, short_function
from pool_gui.window.style.widgets import ElidedLabel, Panel, label

_RECENT = 8
_RECENT_BELOW_STACK = 3
_LEAST_SHARE = 0.005
_POOL_FROM_HEIGHT = 620
_ALL_FROM_HEIGHT = 420


class SelectionPanel(Panel):
    """See the module."""

    def __init__(self) -> None:
        super().__init__()
        self.title.setText(self.tr("SELECTION"))
        self.body.addWidget(self.title)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setFixedWidth(236)
        self._selection = Selection()
        self._snapshot: Snapshot | None = None
        self._hint = label(
            self.tr("Click a worker, a task on its lane, or a row to see it here."),
            "dim",
        )
        self._hint.setWordWrap(True)
        self.body.addWidget(self._hint)
        self._name = ElidedLabel("strong")
        self.body.addWidget(self._name)
        self._grid = QGridLayout()
        self._grid.setVerticalSpacing(3)
        self._grid.setHorizontalSpacing(8)
        self._grid.setColumnStretch(1, 1)
        self._facts: list[tuple[QLabel, ElidedLabel]] = []
        self.body.addLayout(self._grid)
        self._stack = StackLines()
        self.body.addWidget(self._stack)
        self._recent_title = label(self.tr("LATEST TASKS"), "title")
        self.body.addSpacing(6)
        self.body.addWidget(self._recent_title)
        self._recent = [ElidedLabel("small") for _ in range(_RECENT)]
        for line in self._recent:
            self.body.addWidget(line)
        self.body.addStretch(1)
        self._pool = PoolPanel()
        self.body.addWidget(self._pool)
        self._show()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """Give the pool's facts up where the selection needs the room."""
        super().resizeEvent(event)
        self._pool.setVisible(self.height() >= _POOL_FROM_HEIGHT)

    @Slot(object)
    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show another snapshot."""
        self._snapshot = snapshot
        if self.isVisible():
            self._show()
            self._pool.show_snapshot(snapshot)

    @Slot(object)
    def show_selection(self, selection: Selection) -> None:
        """Show another selection."""
        self._selection = selection
        self._show()

    def _show(self) -> None:
        worker = self._worker()
        self._hint.setVisible(worker is None)
        self._name.setVisible(worker is not None)
        if worker is None:
            self._set_facts([])
            self._stack.show_group(None)
            self._show_recent([])
            return
        self._name.set_whole(plain(worker.name))
        facts = self._worker_facts(worker)
        task = self._task()
        if task is not None:
            facts += self._task_facts(task)
        elif self._selection.task:
            facts += [(self.tr("task"), f"#{numbers.count(self._selection.task)}")]
            facts += [("", self.tr("its detail is no longer kept"))]
        self._set_facts(facts)
        group, raised = self._group(worker), self._raised()
        most = 6 if self.height() >= _ALL_FROM_HEIGHT else 3
        if raised is not None and raised.lines:
            self._stack.show_raised(raised, most)
        else:
            self._stack.show_group(group, most)
        rows = self._snapshot.tasks if self._snapshot is not None else ()
        recent = _RECENT if group is None else _RECENT_BELOW_STACK
        self._show_recent([row for row in rows if row.worker == worker.key][:recent])

    def _group(self, worker: WorkerRow) -> StackGroup | None:
        groups = self._snapshot.stacks if self._snapshot is not None else ()
        return next((one for one in groups if worker.key in one.workers), None)

    def _raised(self) -> Raised | None:
        """Return what the selected task raised."""
        raised = None if self._snapshot is None else self._snapshot.raised
        wanted = self._selection.worker, self._selection.task
        if raised is not None and (raised.worker, raised.task) == wanted:
            return raised
        return None

    def _worker(self) -> WorkerRow | None:
        snapshot, wanted = self._snapshot, self._selection.worker
        rows = () if snapshot is None else (*snapshot.workers, *snapshot.roster)
        return next((row for row in rows if row.key == wanted), None)

    def _task(self) -> TaskRow | None:
        snapshot, selection = self._snapshot, self._selection
        if snapshot is None:
            return None
        kept = () if snapshot.task is None else (snapshot.task,)
        wanted = selection.worker, selection.task
        rows = (*snapshot.tasks, *kept)
        return next((r for r in rows if (r.worker, r.task) == wanted), None)

    def _worker_facts(self, worker: WorkerRow) -> list[tuple[str, str]]:
        states = {
            "idle": self.tr("idle"),
            "busy": self.tr("busy"),
            "dismissed": self.tr("dismissed"),
            "gone": self.tr("gone"),
        }
        since = numbers.duration(worker.since_seconds)
        facts = [
            *self._home(worker),
            (
                self.tr("state"),
                self.tr("{0} for {1}").format(states[worker.state], since),
            ),
        ]
        if worker.task:
            name = short_function(worker.function)
            facts.append((self.tr("runs"), f"{name} #{numbers.count(worker.task)}"))
        return [
            *facts,
            (self.tr("busy"), numbers.share(worker.busy_share)),
            *_spent(worker),
            (self.tr("done"), numbers.count(worker.done)),
            (self.tr("failed"), numbers.count(worker.failed)),
            (self.tr("thread"), str(worker.native_id or numbers.UNKNOWN)),
        ]

    def _home(self, worker: WorkerRow) -> list[tuple[str, str]]:
        """Say whose worker it is, where there is more than one pool."""
        snapshot = self._snapshot
        if snapshot is None or not words.has_many(snapshot):
            return []
        source = words.find_source(snapshot, worker.source)
        if source is None:
            return []
        pool = next((row for row in source.pools if row.key == worker.pool), None)
        name = words.source_name(source)
        title = name if pool is None else words.pool_title(source, pool)
        return [(self.tr("pool"), title)]

    def _task_facts(self, task: TaskRow) -> list[tuple[str, str]]:
        words = {
            "running": self.tr("running"),
            "done": self.tr("done"),
            "failed": self.tr("failed"),
            "ended": self.tr("ended (its detail was lost)"),
        }
        facts = [
            (self.tr("task"), f"#{numbers.count(task.task)}"),
            (self.tr("calls"), plain(task.function)),
            (self.tr("waited"), numbers.duration(task.wait_seconds)),
            (self.tr("ran"), numbers.duration(task.run_seconds)),
            (self.tr("outcome"), words.get(task.state, task.state)),
        ]
        if task.error:
            facts.append((self.tr("raised"), plain(task.error)))
        return facts

    def _set_facts(self, facts: list[tuple[str, str]]) -> None:
        while len(self._facts) < len(facts):
            pair = label(role="dim"), ElidedLabel()
            row = len(self._facts)
            top = Qt.AlignmentFlag.AlignTop
            self._grid.addWidget(pair[0], row, 0, top)
            self._grid.addWidget(pair[1], row, 1, top)
            self._facts.append(pair)
        for place, (name, value) in enumerate(self._facts):
            there = place < len(facts)
            name.setVisible(there)
            value.setVisible(there)
            if there:
                name.setText(facts[place][0])
                value.set_whole(facts[place][1])

    def _show_recent(self, rows: list[TaskRow]) -> None:
        self._recent_title.setVisible(bool(rows))
        for place, line in enumerate(self._recent):
            line.setVisible(place < len(rows))
            if place < len(rows):
                row = rows[place]
                sign = {"failed": "▲ ", "running": "● "}.get(row.state, "")
                line.set_whole(
                    f"{sign}{short_function(row.function)} #{numbers.count(row.task)}"
                    f"  {numbers.duration(row.run_seconds)}"
                )


def _spent(worker: WorkerRow) -> list[tuple[str, str]]:
    """Return where a worker's time went while the lanes show it, most first."""
    ranked = sorted(zip(worker.shares, STATE_NAMES, strict=False), reverse=True)
    return [
        (words.state(name), numbers.share(share))
        for share, name in ranked
        if share >= _LEAST_SHARE and name != "idle"
    ]
