"""Where in their code all workers are, equal stacks together. GUI thread only."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QGuiApplication
from PySide6.QtWidgets import QAbstractItemView, QFrame, QTreeWidget, QTreeWidgetItem

from pool_gui.monitor.view.facts import CodeLine, StackGroup
from pool_gui.window.style import stack_words
from pool_gui.window.style.text import plain
from pool_gui.window.style.theme import Theme
from pool_gui.window.style.widgets import plain_tip

_KEY = Qt.ItemDataRole.UserRole
_OPEN_AT_FIRST = 6
"""Of so many groups all are open; of more, the first alone."""


class StacksView(QTreeWidget):
    """A head for each stack, and below it its calls, the innermost first."""

    worker_wanted = Signal(int)
    """The key of a worker whose stack was clicked."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._groups: Sequence[StackGroup] = ()
        self._filter = ""
        self._made_for: tuple[object, ...] = ()
        self._closed: set[tuple[CodeLine, ...]] = set()
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformRowHeights(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.setAccessibleName(self.tr("Stacks"))
        self.itemClicked.connect(self._on_clicked)
        self.itemCollapsed.connect(self._on_collapsed)
        self.itemExpanded.connect(self._on_expanded)

    def show_groups(self, groups: Sequence[StackGroup]) -> None:
        """Show these stacks; those that are the same stay as they are."""
        self._groups = groups
        self._fill()

    def set_filter(self, text: str) -> None:
        """Show only stacks that hold this text."""
        self._filter = text.casefold().strip()
        self._fill()

    def shown(self) -> list[StackGroup]:
        """Return the groups that the filter lets through."""
        if not self._filter:
            return list(self._groups)
        return [one for one in self._groups if self._filter in _searched(one)]

    def rebuild(self) -> None:
        """Write all anew, in the theme's colours."""
        self._made_for = ()
        self._fill()

    def copy(self) -> None:
        """Copy what is shown, as text."""
        QGuiApplication.clipboard().setText(stack_words.as_text(self.shown()))

    def _fill(self) -> None:
        groups = self.shown()
        made_for = tuple((one.workers, one.lines) for one in groups)
        if made_for != self._made_for:
            self._made_for = made_for
            self._build(groups)
        for row, group in enumerate(groups):
            item, text = self.topLevelItem(row), stack_words.heading(group)
            if item is not None and item.text(0) != text:
                item.setText(0, text)

    def _build(self, groups: Sequence[StackGroup]) -> None:
        bar = self.verticalScrollBar()
        at = bar.value()
        self.blockSignals(True)  # what opens and closes here is no person's wish
        self.clear()
        strong = QFont(self.font())
        strong.setWeight(QFont.Weight.DemiBold)
        for row, group in enumerate(groups):
            head = QTreeWidgetItem(self)
            head.setFirstColumnSpanned(True)
            head.setFont(0, strong)
            head.setData(0, _KEY, group.workers[0])
            for line in group.lines:
                self._add_line(head, line)
            wanted = len(groups) <= _OPEN_AT_FIRST or row == 0
            head.setExpanded(wanted and group.lines not in self._closed)
        self.blockSignals(False)
        self.resizeColumnToContents(0)
        bar.setValue(at)

    def _add_line(self, head: QTreeWidgetItem, line: CodeLine) -> None:
        item = QTreeWidgetItem(head)
        item.setText(0, stack_words.function(line))
        item.setText(1, stack_words.place(line))
        item.setData(0, _KEY, head.data(0, _KEY))
        tip = plain_tip(f"{line.function}\n{plain(line.file)}:{line.line}")
        colours = self._theme.colours
        colour = colours.text if stack_words.is_own(line) else colours.dim
        for column in (0, 1):
            item.setForeground(column, QColor(colour))
            item.setToolTip(column, tip)

    @Slot(QTreeWidgetItem, int)
    def _on_clicked(self, item: QTreeWidgetItem, _column: int) -> None:
        self.worker_wanted.emit(int(item.data(0, _KEY)))

    @Slot(QTreeWidgetItem)
    def _on_collapsed(self, item: QTreeWidgetItem) -> None:
        self._closed.add(self.shown()[self.indexOfTopLevelItem(item)].lines)
        while len(self._closed) > 200:
            self._closed.pop()

    @Slot(QTreeWidgetItem)
    def _on_expanded(self, item: QTreeWidgetItem) -> None:
        self._closed.discard(self.shown()[self.indexOfTopLevelItem(item)].lines)


def _searched(group: StackGroup) -> str:
    lines = (f"{line.function} {line.file}" for line in group.lines)
    return "\n".join((*group.names, *lines)).casefold()
