"""The toolbar: the pool's buttons, its size, the order of tasks. GUI thread only."""

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton, QWidget

from pool_gui.window.actions.actions import Actions
from pool_gui.window.actions.order_form import OrderForm
from pool_gui.window.style.theme import Theme
from pool_gui.window.style.widgets import NumberBox, inset, label
from pool_gui.wire.protocol import MAX_WORKERS

_HEIGHT = 42
"""Fixed: buttons that want a pixel more or less in another state must move nothing."""

_SETTLE_MS = 300
"""So that typing '16' does not first resize to 1."""


class Toolbar(QWidget):
    """See the module."""

    size_wanted = Signal(int)
    """The number of workers that was chosen, once it has settled."""

    def __init__(self, theme: Theme, actions: Actions) -> None:
        super().__init__()
        self.setObjectName("toolbar")
        self.setFixedHeight(_HEIGHT)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.order = OrderForm(theme, actions["submit"])
        self.size_box = NumberBox()
        self._size_tip = self.tr(
            "How many workers the pool has; a running pool is resized."
        )
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._on_settled)
        self._build(actions)
        self.size_box.valueChanged.connect(self._on_size_changed)

    def _build(self, actions: Actions) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 7, 10, 7)
        row.setSpacing(6)
        for name in ("start", "pause"):
            row.addWidget(_button(actions, name))
        dismiss = _button(actions, "dismiss")
        dismiss.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        menu = QMenu(dismiss)
        for name in ("dismiss-selected", "dismiss-half"):
            menu.addAction(actions[name])
        dismiss.setMenu(menu)
        row.addWidget(dismiss)
        row.addWidget(_separator())
        self.size_box.setRange(1, MAX_WORKERS)
        self.size_box.setValue(8)
        self.size_box.setFixedWidth(68)
        inset(self.size_box)
        self.size_box.setAccessibleName(self.tr("Workers"))
        self.size_box.setToolTip(self._size_tip)
        row.addWidget(label(self.tr("Workers"), "dim"))
        row.addWidget(self.size_box)
        row.addWidget(_separator())
        row.addWidget(self.order, 1)

    def show_size(self, size: int) -> None:
        """Show the pool's size, unless a person is just choosing another."""
        box = self.size_box
        if 1 <= size != box.value() and not (self._settle.isActive() or box.hasFocus()):
            with QSignalBlocker(self.size_box):
                self.size_box.setValue(size)

    def take_back(self, size: int) -> None:
        """Show the pool's size again, for it refused another one."""
        self._settle.stop()
        with QSignalBlocker(self.size_box):
            self.size_box.setValue(size)

    def tell_size(self, *, several: bool) -> None:
        """Say what the size is for: one pool, or none of several."""
        tip = self.tr("Select one pool to resize it; this is the size of the next one.")
        self.size_box.setToolTip(tip if several else self._size_tip)

    @Slot(int)
    def _on_size_changed(self, _size: int) -> None:
        self._settle.start()

    @Slot()
    def _on_settled(self) -> None:
        self.size_wanted.emit(self.size_box.value())

    @Slot()
    def follow_theme(self) -> None:
        """Take over the theme's colours."""
        self.order.follow_theme()


def _button(actions: Actions, name: str) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(actions[name])
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    return button


def _separator() -> QFrame:
    line = QFrame()
    line.setObjectName("separator")
    line.setFixedSize(1, 22)
    return line
