"""What can be done with tasks that failed: look at the traceback, retry. GUI thread."""

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QMainWindow

from pool_gui.monitor.view.facts import LinkState, Raised
from pool_gui.monitor.view.snapshot import Scope, Snapshot
from pool_gui.window.actions.actions import Actions
from pool_gui.window.actions.traceback_dialog import TracebackDialog
from pool_gui.window.controller import RUNNING_STATES, Controller, Selection
from pool_gui.window.style import words
from pool_gui.wire.commands import Retry

_ALIVE = (LinkState.LIVE, LinkState.SILENT)


class FailedTasks(QObject):
    """Carries out the actions for failed tasks, and says when they cannot be."""

    def __init__(
        self, window: QMainWindow, controller: Controller, actions: Actions
    ) -> None:
        super().__init__(window)
        self._window = window
        self._controller = controller
        self._actions = actions
        self._shown: tuple[object, ...] | None = None
        for name, slot in (
            ("retry", self.retry),
            ("retry-failed", self.retry_all),
            ("traceback", self.show_traceback),
        ):
            actions[name].triggered.connect(slot)
        controller.observed.connect(self._on_snapshot)
        controller.selection_changed.connect(self._on_selection)
        self.update_actions()

    @Slot()
    def retry(self) -> None:
        """Put the selected task's call once more."""
        raised = self._raised()
        if raised is not None:
            own = Scope(raised.source, raised.pool)
            self._controller.send(Retry(raised.task), own)

    @Slot()
    def retry_all(self) -> None:
        """Put the calls of all failed tasks of the pools in scope once more."""
        self._controller.send(Retry(0))

    @Slot()
    def show_traceback(self) -> None:
        """Show where the selected task failed."""
        selection = self._controller.selection
        if selection.task:
            dialog = TracebackDialog(self._window, selection)
            self._controller.observed.connect(dialog.show_snapshot)
            if self._controller.newest is not None:
                dialog.show_snapshot(self._controller.newest)
            dialog.open()

    @Slot(object)
    def _on_snapshot(self, snapshot: Snapshot) -> None:
        failed = snapshot.pool is not None and snapshot.pool.counts.failed > 0
        sources = [(one.key, one.is_driven, one.link.state) for one in snapshot.sources]
        state = self._controller.pool_state
        shown = snapshot.raised, failed, state, snapshot.scope, sources
        if shown != self._shown:
            self._shown = shown
            self.update_actions()

    @Slot(object)
    def _on_selection(self, _selection: Selection) -> None:
        self.update_actions()

    def _raised(self) -> Raised | None:
        """Return what the selected task raised."""
        snapshot, selection = self._controller.newest, self._controller.selection
        raised = None if snapshot is None else snapshot.raised
        if raised is None or (raised.worker, raised.task) != (
            selection.worker,
            selection.task,
        ):
            return None
        return raised

    def update_actions(self) -> None:
        """Disable what cannot be done now, and say why."""
        allow, raised = self._actions.allow, self._raised()
        choose = self.tr("Select a failed task first.")
        allow("traceback", "" if raised is not None else choose)
        allow("retry", choose if raised is None else self._not_driven(raised.source))
        allow("retry-failed", self._none_to_retry())

    def _none_to_retry(self) -> str:
        """Say why nothing in scope can be put once more, if that is so."""
        snapshot = self._controller.newest
        if snapshot is None or self._controller.pool_state not in RUNNING_STATES:
            return self.tr("No pool runs; start one first.")
        sources = [row.key for row in snapshot.sources]
        chosen = [key for key in sources if snapshot.scope.source in {0, key}]
        refusals = [self._not_driven(key) for key in chosen]
        if refusals and all(refusals):
            return refusals[0]
        if snapshot.pool is None or not snapshot.pool.counts.failed:
            return self.tr("No task has failed.")
        return ""

    def _not_driven(self, source: int) -> str:
        """Say that a source takes no commands, if that is so."""
        snapshot = self._controller.newest
        row = None if snapshot is None else words.find_source(snapshot, source)
        if row is None or row.link.state not in _ALIVE:
            return self.tr("Its process is no more.")
        if not row.is_driven:
            return self.tr("This source is only watched; it takes no commands.")
        return ""
