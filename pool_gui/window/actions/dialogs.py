"""The few dialogs: questions, texts, all commands. GUI thread only."""

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMainWindow, QMessageBox

from pool_gui.window.actions.actions import Actions
from pool_gui.window.actions.palette import CommandPalette
from pool_gui.window.actions.specs import SPECS
from pool_gui.window.actions.system_info import system_info, versions
from pool_gui.window.controller import Controller

_HALF = 0.5
_COPIED_MS = 3000


class Dialogs(QObject):
    """Asks and tells, in front of the main window."""

    def __init__(
        self, window: QMainWindow, controller: Controller, actions: Actions
    ) -> None:
        super().__init__(window)
        self._window = window
        self._controller = controller
        self._actions = actions
        self.palette = CommandPalette(actions, window.menuBar(), window)
        for name, slot in (
            ("palette", self.palette.ask),
            ("keys", self.show_keys),
            ("copy-system", self.copy_system),
            ("about", self.show_about),
        ):
            actions[name].triggered.connect(slot)

    def confirm_close(self) -> bool:
        """Ask whether to leave while tasks run or wait; the safe answer is no."""
        return self._confirm(
            self.tr("Tasks are still running or waiting."),
            self.tr("Leaving ends the pool process; what has not run is lost."),
            self.tr("End the pool and leave"),
        )

    def confirm_stop(self) -> bool:
        """Ask whether to stop the pool while tasks run or wait."""
        return self._confirm(
            self.tr("Tasks are still running or waiting."),
            self.tr("Stopping clears the queue; running tasks finish."),
            self.tr("Stop the pool"),
        )

    def confirm_remove(self) -> bool:
        """Ask whether to end a process while tasks run or wait."""
        return self._confirm(
            self.tr("Tasks are still running or waiting."),
            self.tr("Removing the source ends its process; its history is forgotten."),
            self.tr("Remove the source"),
        )

    def _confirm(self, text: str, more: str, yes: str) -> bool:
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("pool_gui")
        box.setText(text)
        box.setInformativeText(more)
        go = box.addButton(yes, QMessageBox.ButtonRole.DestructiveRole)
        stay = box.addButton(self.tr("Keep running"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        box.exec()
        return box.clickedButton() is go

    @Slot()
    def show_keys(self) -> None:
        """List all keys."""
        actions = self._actions
        rows = [
            f"{actions[spec.name].shortcut().toString():<16}\t{actions[spec.name].text()}"
            for spec in SPECS
            if spec.keys
        ]
        QMessageBox.information(
            self._window, self.tr("Keyboard shortcuts"), "\n".join(rows)
        )

    @Slot()
    def copy_system(self) -> None:
        """Copy what a report of a fault needs to know about the machine."""
        snapshot = self._controller.newest
        watched = 0 if snapshot is None else len(snapshot.sources)
        is_dark = self._window.palette().window().color().lightnessF() < _HALF
        text = system_info("dark" if is_dark else "light", watched)
        QGuiApplication.clipboard().setText(text)
        self._window.statusBar().showMessage(self.tr("Copied."), _COPIED_MS)

    @Slot()
    def show_about(self) -> None:
        """Tell versions and licences."""
        text = self.tr(
            "pool_gui {pool_gui}, MIT licence\nPython {Python}, Qt {Qt}, "
            "PySide6 {PySide6} (LGPL 3), pyqtgraph {pyqtgraph} (MIT), numpy {numpy} "
            "(BSD), psutil {psutil} (BSD), msgspec {msgspec} (BSD), "
            "tomlkit {tomlkit} (MIT)"
        ).format(**versions())
        QMessageBox.about(self._window, self.tr("About pool_gui"), text)
