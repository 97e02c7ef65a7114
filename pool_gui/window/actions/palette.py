"""The command palette: every command by what it is called, for who knows no menu.

GUI thread only. It lists what the menus and buttons hold and keeps nothing of its own:
a command that cannot be done now is dim, and its reason stands below the list.
"""

from collections.abc import Iterator
from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Slot
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QPalette
from PySide6.QtWidgets import (
    QDialog,
    QHeaderView,
    QLineEdit,
    QMenu,
    QMenuBar,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from pool_gui.window.actions.actions import Actions
from pool_gui.window.style.widgets import label

_WIDTH, _HEIGHT = 560, 380
_ACTION: Final = Qt.ItemDataRole.UserRole
_WALKING: Final = frozenset(
    {Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown}
)
"""Keys that go to the list while the line has the focus."""

_STEP: Final = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "


class CommandPalette(QDialog):
    """See the module."""

    def __init__(self, actions: Actions, bar: QMenuBar, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Commands"))
        self._actions = actions
        self._menus = bar
        self.line = QLineEdit()
        self.line.setPlaceholderText(self.tr("Type what you want to do"))
        self.line.setAccessibleName(self.tr("Search for a command"))
        self.line.setClearButtonEnabled(True)
        self.list = QTreeWidget()
        self._reason = label("", "caption")
        self._build()
        self.line.installEventFilter(self)
        self.line.textEdited.connect(self._narrow)
        self.line.returnPressed.connect(self._run)
        self.list.itemActivated.connect(self._run)
        self.list.currentItemChanged.connect(self._tell)
        for action in actions:
            action.changed.connect(self._on_changed)

    def _build(self) -> None:
        self.list.setObjectName("commands")
        self.list.setColumnCount(3)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setAllColumnsShowFocus(True)
        self.list.setAccessibleName(self.tr("Commands"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the line passes keys on
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self._reason.setWordWrap(True)
        self._reason.setMinimumHeight(2 * self._reason.fontMetrics().lineSpacing())
        self._reason.setAlignment(Qt.AlignmentFlag.AlignTop)
        rows = QVBoxLayout(self)
        rows.setSpacing(8)
        for part in (self.line, self.list, self._reason):
            rows.addWidget(part, 1 if part is self.list else 0)
        self.resize(_WIDTH, _HEIGHT)

    @Slot()
    def ask(self) -> None:
        """Open it with an empty line; whoever chooses a command runs it."""
        self.line.clear()
        self._narrow("")
        self.line.setFocus()
        self.open()

    @Slot(str)
    def _narrow(self, text: str) -> None:
        """List the commands that hold each word, those that begin with it first."""
        words = text.casefold().split()
        found = [
            (_rank(action.text(), text), place, action, path)
            for place, (action, path) in enumerate(self._all())
            if _holds(_telling(action, path), words)
        ]
        self.list.clear()
        for _, _, action, path in sorted(found, key=lambda one: one[:2]):
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            item = QTreeWidgetItem(self.list, [action.text(), path, keys])
            item.setData(0, _ACTION, action.objectName())
        self._dim()
        first = self.list.topLevelItem(0)
        if first is not None:
            self.list.setCurrentItem(first)
        else:
            self._reason.setText(self.tr("No command is called so."))

    def _all(self) -> Iterator[tuple[QAction, str]]:
        """Yield each command once, with the menus that lead to it."""
        paths = dict(_walk(self._menus.actions(), ""))
        places = {name: place for place, name in enumerate(paths)}
        listed = [one for one in self._actions if one.objectName() != "palette"]
        for action in sorted(
            listed, key=lambda one: places.get(one.objectName(), len(places))
        ):
            yield action, paths.get(action.objectName(), "")

    @Slot()
    def _on_changed(self) -> None:
        if self.isVisible():
            self._dim()
            self._tell()

    def _dim(self) -> None:
        """Let commands that cannot be done now look so, and paths stand back."""
        active, role = QPalette.ColorGroup.Active, QPalette.ColorRole
        normal = self.palette().color(active, role.Text)
        dim = self.palette().color(active, role.PlaceholderText)
        faint = self.palette().color(QPalette.ColorGroup.Disabled, role.Text)
        for row in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(row)
            action = self._action(item)
            if item is None or action is None:
                continue
            item.setForeground(0, normal if action.isEnabled() else faint)
            for column in (1, 2):
                item.setForeground(column, dim)

    @Slot()
    def _tell(self) -> None:
        """Say what the chosen command does, or why it cannot be done now."""
        action = self._action(self.list.currentItem())
        if action is not None:
            _, _, refusal = action.toolTip().partition("\n")
            self._reason.setText(refusal or action.statusTip())

    @Slot()
    def _run(self) -> None:
        """Do what is chosen, after closing; what cannot be done keeps it open."""
        action = self._action(self.list.currentItem())
        if action is not None and action.isEnabled():
            self.accept()
            action.trigger()

    def _action(self, item: QTreeWidgetItem | None) -> QAction | None:
        return None if item is None else self._actions[str(item.data(0, _ACTION))]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt's name
        """Let the line's arrow keys walk through the list."""
        walks = isinstance(event, QKeyEvent) and event.key() in _WALKING
        if event.type() == QEvent.Type.KeyPress and walks:
            QCoreApplication.sendEvent(self.list, event)
            return True
        return super().eventFilter(watched, event)


def _walk(actions: list[QAction], path: str) -> Iterator[tuple[str, str]]:
    """Yield (name of a command, titles of the menus that lead to it)."""
    for action in actions:
        menu = action.menu()
        if isinstance(menu, QMenu):
            title = menu.title().replace("&", "")
            yield from _walk(menu.actions(), path + _STEP + title if path else title)
        elif action.objectName():
            yield action.objectName(), path


def _telling(action: QAction, path: str) -> str:
    """Return all by which a command is found; its English name in any language."""
    name = action.objectName().replace("-", " ")
    return f"{action.text()} {path} {action.statusTip()} {name}"


def _holds(text: str, words: list[str]) -> bool:
    folded = text.casefold()
    return all(word in folded for word in words)


def _rank(text: str, typed: str) -> int:
    """Return 0 for what begins with what was typed, 1 for what holds it, else 2."""
    folded, wanted = text.casefold(), typed.strip().casefold()
    return 0 if folded.startswith(wanted) else 1 if wanted in folded else 2
