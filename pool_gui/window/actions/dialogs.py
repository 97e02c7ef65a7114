"""The few dialogs: two questions, two files to save, two texts. GUI thread only."""

import platform
from pathlib import Path

import msgspec
import numpy as np
import psutil
import pyqtgraph
from PySide6 import __version__ as pyside_version
from PySide6.QtCore import QObject, Slot, qVersion
from PySide6.QtGui import QImageWriter
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

import pool_gui
from pool_gui.window.actions.actions import Actions
from pool_gui.window.actions.specs import SPECS
from pool_gui.window.controller import Controller
from pool_gui.window.tables.log_lines import line_text


class Dialogs(QObject):
    """Asks and tells, in front of the main window."""

    def __init__(self, window: QWidget, controller: Controller) -> None:
        super().__init__(window)
        self._window = window
        self._controller = controller

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
    def save_picture(self) -> None:
        """Save what the window shows as a picture that a person names."""
        picture = self._window.grab()  # before the file dialog covers it
        kinds = "PNG (*.png);;JPEG (*.jpg *.jpeg);;WebP (*.webp);;BMP (*.bmp)"
        name = self._ask_name(self.tr("Save picture"), "pool.png", kinds)
        known = {bytes(one.data()) for one in QImageWriter.supportedImageFormats()}
        if name and Path(name).suffix.lower().lstrip(".").encode() not in known:
            name += ".png"  # a file holds what its name says
        if name and not picture.save(name):
            self._complain(
                self.tr("The picture could not be written to {0}.").format(name)
            )

    @Slot()
    def save_log(self) -> None:
        """Save the log as a text file that a person names."""
        name = self._ask_name(self.tr("Save log"), "pool-log.txt", "Text (*.txt)")
        if not name:
            return
        snapshot = self._controller.newest
        lines = () if snapshot is None else snapshot.log
        text = "".join(line_text(line) + "\n" for line in lines)
        try:
            Path(name).write_text(text, encoding="utf-8")
        except OSError as error:
            self._complain(self.tr("The log could not be written: {0}").format(error))

    def _ask_name(self, title: str, name: str, kinds: str) -> str:
        return QFileDialog.getSaveFileName(self._window, title, name, kinds)[0]

    def _complain(self, sentence: str) -> None:
        QMessageBox.warning(self._window, "pool_gui", sentence)

    @Slot()
    def show_keys(self) -> None:
        """List all keys."""
        actions = self._window.findChild(Actions)
        rows = [
            f"{actions[spec.name].shortcut().toString():<16}\t{actions[spec.name].text()}"
            for spec in SPECS
            if actions is not None and spec.keys
        ]
        QMessageBox.information(
            self._window, self.tr("Keyboard shortcuts"), "\n".join(rows)
        )

    @Slot()
    def show_about(self) -> None:
        """Tell versions and licences."""
        text = self.tr(
            "pool_gui {0}, MIT licence\nPython {1}, Qt {2}, PySide6 {3} (LGPL 3), "
            "pyqtgraph {4} (MIT), numpy {5} (BSD), psutil {6} (BSD), msgspec {7} (BSD)"
        ).format(
            pool_gui.__version__,
            platform.python_version(),
            qVersion(),
            pyside_version,
            pyqtgraph.__version__,
            np.__version__,
            psutil.__version__,
            msgspec.__version__,
        )
        QMessageBox.about(self._window, self.tr("About pool_gui"), text)
