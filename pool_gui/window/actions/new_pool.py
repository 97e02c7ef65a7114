"""The form for another demo pool: how many workers, where, and with which load.

GUI thread only. It is modal to the window and blocks nobody.
"""

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, Signal, Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from pool_gui.window.style.widgets import NumberBox, inset, label
from pool_gui.wire.protocol import MAX_WORKERS

_FIRST_WORKERS = 16


@dataclass(frozen=True, slots=True)
class NewPool:
    """What was chosen."""

    workers: int
    beside: bool
    """In the process that is in scope; else in one of its own."""
    with_order: bool
    """Whether the tasks that the toolbar has chosen are submitted at once."""


class NewPoolForm(QDialog):
    """See the module."""

    chosen = Signal(object)
    """NewPool."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("New demo pool"))
        self.setModal(True)
        self.workers = NumberBox()
        self.alone = QRadioButton(self.tr("in a process of its own"))
        self.beside = QRadioButton()
        self.order = QCheckBox()
        self._build()
        self.accepted.connect(self._on_accepted)

    def _build(self) -> None:
        self.workers.setRange(1, MAX_WORKERS)
        self.workers.setValue(_FIRST_WORKERS)
        self.workers.setAccessibleName(self.tr("Workers"))
        self.workers.setMinimumWidth(90)
        inset(self.workers)
        self.alone.setChecked(True)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        form.addRow(self.tr("Workers"), self.workers)
        form.addRow(self.tr("Runs"), self.alone)
        form.addRow("", self.beside)
        form.addRow(self.tr("Load"), self.order)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        buttons.button(QDialogButtonBox.StandardButton.Cancel).setIcon(QIcon())
        start = buttons.addButton(
            self.tr("Start"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        start.setProperty("primary", True)
        start.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(14)
        text = label(
            self.tr("It is shown beside the others, on the same time axis."), "dim"
        )
        column.addWidget(text)
        column.addLayout(form)
        column.addWidget(buttons)

    def ask(self, process: str, order: str) -> None:
        """Open the form; `chosen` is emitted when it was filled in.

        Args:
            process: the name of the source in whose process it could run; or empty.
            order: the tasks that the toolbar has chosen, in words.
        """
        translate = QCoreApplication.translate
        where = translate("NewPoolForm", "beside the pools of {0}, in its process")
        self.beside.setText(where.format(process))
        self.beside.setVisible(bool(process))
        if not process:
            self.alone.setChecked(True)
        self.order.setText(translate("NewPoolForm", "submit {0}").format(order))
        self.adjustSize()
        self.open()
        self.workers.setFocus()
        self.workers.selectAll()

    @Slot()
    def _on_accepted(self) -> None:
        beside = self.beside.isChecked()
        with_order = self.order.isChecked()
        self.chosen.emit(NewPool(self.workers.value(), beside, with_order))
