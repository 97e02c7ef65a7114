"""A table over a snapshot's rows, sorted and filtered here. GUI thread only.

Sorting and filtering happen on tuples in Python: a QSortFilterProxyModel over a live
Python model costs a hundred times as much (measured in the design's notes).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)

Row = TypeVar("Row")
Index = QModelIndex | QPersistentModelIndex
Holds = Callable[[Row], bool]
"""Whether a row is to be shown."""

_NOWHERE = QModelIndex()


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column: what it shows of a row, and by what it sorts."""

    title: str
    explanation: str
    text: Callable[[Row], str]
    order: Callable[[Row], Any]  # Any: whatever can be compared with itself
    right: bool = False
    width: int = 90
    unit: str = ""
    """Of what it sorts by, where that is a measured value: such as 's'."""


class TableModel(QAbstractTableModel, Generic[Row]):
    """See the module."""

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        key: Callable[[Row], tuple[int, ...] | str],
        parent: QObject | None = None,
        understand: Callable[[str], Holds[Row]] | None = None,
    ) -> None:
        """Make a model without rows.

        Args:
            columns: what it shows of them.
            key: tells rows apart.
            parent: as Qt has it.
            understand: turns what is typed into the filter into what it asks for;
                else any column must hold the text.
        """
        super().__init__(parent)
        self.columns = tuple(columns)
        self.key = key
        self._understand = understand
        self._holds: Holds[Row] = self._matches
        self._all: Sequence[Row] = ()
        self._rows: list[Row] = []
        self._filter = ""
        self._sort: tuple[int, bool] | None = None

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows."""
        self._all = rows
        self._refresh()

    def set_filter(self, text: str) -> None:
        """Show only rows that this text asks for."""
        self._filter = text.casefold().strip()
        if self._understand is not None:
            self._holds = self._understand(text)
        self._refresh()

    def row(self, place: int) -> Row:
        """Return the row shown at this place."""
        return self._rows[place]

    def text(self, place: int, column: int) -> str:
        """Return what a cell says; nothing where there is none any more."""
        if place >= len(self._rows):
            return ""
        return self.columns[column].text(self._rows[place])

    def place_of(self, key: tuple[int, ...] | str) -> int:
        """Return where the row with this key is shown, or -1."""
        keys = (place for place, row in enumerate(self._rows) if self.key(row) == key)
        return next(keys, -1)

    def sort(
        self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder
    ) -> None:
        """Sort by a column; -1 leaves the rows as they come."""
        descending = order == Qt.SortOrder.DescendingOrder
        self._sort = None if column < 0 else (column, descending)
        self._refresh()

    def _refresh(self) -> None:
        rows = list(self._all)
        if self._filter:
            rows = [row for row in rows if self._holds(row)]
        if self._sort is not None:
            column, descending = self._sort
            order = self.columns[column].order
            rows.sort(key=lambda row: _sortable(order(row)), reverse=descending)
        if rows == self._rows:  # the same objects, for the most part: that is quick
            self._rows = rows
            return
        before, now = len(self._rows), len(rows)
        if now > before:
            self.beginInsertRows(_NOWHERE, before, now - 1)
            self._rows = rows
            self.endInsertRows()
        elif now < before:
            self.beginRemoveRows(_NOWHERE, now, before - 1)
            self._rows = rows
            self.endRemoveRows()
        else:
            self._rows = rows
        if rows:
            last = self.index(now - 1, len(self.columns) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def _matches(self, row: Row) -> bool:
        return any(self._filter in c.text(row).casefold() for c in self.columns)

    def rowCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802  # Qt's name
        """Return how many rows are shown."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802  # Qt's name
        """Return how many columns there are."""
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a cell's text or alignment."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        column = self.columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(index.row(), index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(right=column.right)
        return None

    def headerData(  # noqa: N802  # Qt's name
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        """Return a column's title, explanation or alignment."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.explanation
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(right=column.right)
        return None


def _alignment(*, right: bool) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _sortable(value: Any) -> Any:  # Any: see Column.order
    """Return a value that sorts; what is not known comes last when falling."""
    return -math.inf if isinstance(value, float) and math.isnan(value) else value
