"""The toolbar: the pool's buttons, its size, the order of tasks. GUI thread only."""

from PySide6.QtCore import (
    QCoreApplication,
    QSignalBlocker,
    QSize,
    Qt,
    QTimer,
    Signal,
    Slot,
)
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton, QWidget

from pool_gui.window.actions.actions import Actions
from pool_gui.window.actions.order_form import OrderForm
from pool_gui.window.style.theme import Theme
from pool_gui.window.style.widgets import NumberBox, inset, label
from pool_gui.wire.protocol import MAX_WORKERS

_HEIGHT = 42
"""Fixed: buttons that want a pixel more or less in another state must move nothing."""

_NARROW_BELOW = 1060
"""Below this width, buttons whose icons say it all go without their texts."""

_NARROWEST_BELOW = 940
"""Below this one, the size box goes without the word before it."""

_RECORD_FROM = 1180
"""From this width on there is room for the button that records."""

_SETTLE_MS = 300
"""So that typing '16' does not first resize to 1."""


class _Button(QToolButton):
    """A button that is as wide as the widest text that its action may get."""

    def __init__(self, actions: Actions, name: str, other: str = "") -> None:
        super().__init__()
        self._other = other
        self.setDefaultAction(actions[name])
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)

    def be_narrow(self, *, narrow: bool) -> None:
        """Show the icon alone, or the text beside it."""
        style = Qt.ToolButtonStyle
        wanted = style.ToolButtonIconOnly if narrow else style.ToolButtonTextBesideIcon
        self.setToolButtonStyle(wanted)

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        """Return room for either text."""
        hint = super().sizeHint()
        if self.toolButtonStyle() != Qt.ToolButtonStyle.ToolButtonIconOnly:
            metrics = self.fontMetrics()
            more = metrics.horizontalAdvance(self._other)
            more -= metrics.horizontalAdvance(self.text())
            hint.setWidth(hint.width() + max(more, 0))
        return hint


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
        self._workers = label(self.tr("Workers"), "dim")
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
        resume = QCoreApplication.translate("Operations", "Resume")
        pause, dismiss = _Button(actions, "pause", resume), _Button(actions, "dismiss")
        row.addWidget(_Button(actions, "start"))
        row.addWidget(pause)
        self._spare = pause, dismiss
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
        row.addWidget(self._workers)
        row.addWidget(self.size_box)
        row.addWidget(_separator())
        row.addWidget(self.order, 1)
        record = _Button(actions, "record")
        record.be_narrow(narrow=True)
        self._record = _separator(), record
        for part in self._record:
            row.addWidget(part)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """Give up texts where there is no room for them."""
        super().resizeEvent(event)
        for button in self._spare:
            button.be_narrow(narrow=self.width() < _NARROW_BELOW)
        for part in self._record:
            part.setVisible(self.width() >= _RECORD_FROM)
        self._workers.setVisible(self.width() >= _NARROWEST_BELOW)

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


def _separator() -> QFrame:
    line = QFrame()
    line.setObjectName("separator")
    line.setFixedSize(1, 22)
    return line
