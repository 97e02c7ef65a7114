"""The Sources panel: what is watched, with its state, workers and queue. GUI thread.

The line that is selected is in scope: cards, charts, tables and buttons are about it.
"""

from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
)

from pool_gui.monitor.view.snapshot import Scope, Snapshot
from pool_gui.window.actions.actions import Actions
from pool_gui.window.actions.menus import fill_menu
from pool_gui.window.panels.source_lines import Entry, entries_of
from pool_gui.window.panels.source_painter import ENTRY_ROLE, EntryDelegate
from pool_gui.window.style.text import tool_tip
from pool_gui.window.style.theme import Theme
from pool_gui.window.style.widgets import Panel, label

WIDTH: Final = 178
_MENU: Final = ("new-demo", "", "restart", "remove")


class SourcesPanel(Panel):
    """See the module."""

    scope_wanted = Signal(object)
    """Scope: of the line that was chosen."""

    def __init__(self, theme: Theme, actions: Actions) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setFixedWidth(WIDTH)
        self.tree = QTreeWidget()
        self._menu = QMenu(self)
        fill_menu(self._menu, actions, _MENU)
        self._hint = label(
            self.tr("What is being watched will be here, such as a demo pool."), "dim"
        )
        self._stack = QStackedWidget()
        self._shown: tuple[Entry, ...] = ()
        self._build(theme, actions)
        self.tree.currentItemChanged.connect(self._on_chosen)
        self.tree.customContextMenuRequested.connect(self._on_menu)

    def _build(self, theme: Theme, actions: Actions) -> None:
        self.title.setText(self.tr("SOURCES"))
        add = QToolButton()
        add.setProperty("flat", True)
        add.setObjectName("add")
        add.setDefaultAction(actions["new-demo"])
        add.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        head = QHBoxLayout()
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(add)
        self.body.setContentsMargins(6, 2, 6, 6)
        head.setContentsMargins(6, 0, 0, 0)
        self.body.addLayout(head)
        self._hint.setWordWrap(True)
        self._hint.setContentsMargins(6, 4, 6, 0)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.tree.setObjectName("sources")
        self.tree.setHeaderHidden(True)
        self.tree.setRootIsDecorated(False)
        self.tree.setIndentation(0)
        self.tree.setItemDelegate(EntryDelegate(theme, self.tree))
        self.tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tree.setAccessibleName(self.tr("Sources"))
        self.tree.setTabKeyNavigation(False)
        self._stack.addWidget(self._hint)
        self._stack.addWidget(self.tree)
        self.body.addWidget(self._stack, 1)

    @Slot(object)
    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show another snapshot."""
        if self.isVisible():
            self._show(snapshot)

    def _show(self, snapshot: Snapshot) -> None:
        entries = entries_of(snapshot)
        before = self._shown
        self._shown = entries
        self._stack.setCurrentIndex(1 if entries else 0)
        with QSignalBlocker(self.tree):
            if [one.scope for one in entries] != [one.scope for one in before]:
                self.tree.clear()
                self.tree.addTopLevelItems([_item(one) for one in entries])
            else:
                for place, (old, new) in enumerate(zip(before, entries, strict=True)):
                    item = self.tree.topLevelItem(place)
                    if old != new and item is not None:
                        _fill(item, new)
            self._mark(snapshot.scope)

    def _mark(self, scope: Scope) -> None:
        """Select the line that is in scope; a source's where its pools have none."""
        scopes = [one.scope for one in self._shown]
        for wanted in (scope, Scope(scope.source)):
            if wanted in scopes:
                item = self.tree.topLevelItem(scopes.index(wanted))
                if item is not None and item is not self.tree.currentItem():
                    self.tree.setCurrentItem(item)
                return

    @Slot(QTreeWidgetItem)
    def _on_chosen(self, item: QTreeWidgetItem | None) -> None:
        entry = None if item is None else item.data(0, ENTRY_ROLE)
        if isinstance(entry, Entry):
            self.scope_wanted.emit(entry.scope)

    @Slot(object)
    def _on_menu(self, position: object) -> None:
        self._menu.popup(self.tree.viewport().mapToGlobal(position))  # type: ignore[call-overload]  # Qt hands a QPoint over

    @Slot()
    def follow_theme(self) -> None:
        """Paint anew in the theme's colours."""
        self.tree.viewport().update()


def _item(entry: Entry) -> QTreeWidgetItem:
    made = QTreeWidgetItem()
    _fill(made, entry)
    return made


def _fill(item: QTreeWidgetItem, entry: Entry) -> None:
    item.setData(0, ENTRY_ROLE, entry)
    item.setText(0, entry.name)
    told = f"{entry.name}: {entry.detail}"
    item.setData(0, Qt.ItemDataRole.AccessibleTextRole, told)
    item.setToolTip(0, tool_tip("\n".join(filter(None, (told, entry.tip)))))
