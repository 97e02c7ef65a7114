"""Where a task failed, as Python writes it, to be read and copied. GUI thread only."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.window.controller import Selection
from pool_gui.window.style import numbers, stack_words

_SIZE = (760, 380)


class TracebackDialog(QDialog):
    """Shows one task's traceback; it stays as it is once that is known."""

    def __init__(self, window: QWidget, selection: Selection) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._selection = selection
        self._is_whole = False
        task = numbers.count(selection.task)
        self.setWindowTitle(self.tr("Traceback of task #{0}").format(task))
        self.resize(*_SIZE)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setAccessibleName(self.windowTitle())
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setPlainText(
            self.tr("It is not known where: its detail is no longer kept.")
        )
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton(
            self.tr("Copy"), QDialogButtonBox.ButtonRole.ActionRole
        )
        copy.clicked.connect(self.copy)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self.text)
        column.addWidget(buttons)

    @Slot(object)
    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Take the traceback from a snapshot that knows it."""
        raised, wanted = snapshot.raised, self._selection
        if self._is_whole or raised is None:
            return
        if (raised.worker, raised.task) == (wanted.worker, wanted.task):
            self._is_whole = bool(raised.lines)
            text = stack_words.traceback_text(raised)
            if text != self.text.toPlainText():
                self.text.setPlainText(text)

    @Slot()
    def copy(self) -> None:
        """Copy the whole text."""
        QGuiApplication.clipboard().setText(self.text.toPlainText())
