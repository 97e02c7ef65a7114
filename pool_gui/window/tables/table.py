"""A table whose rows can be selected, sorted, filtered and copied. GUI thread only."""

from collections.abc import Sequence
from typing import Generic

from PySide6.QtCore import QEvent, QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QCursor, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from pool_gui.window.tables.cells import CellDelegate
from pool_gui.window.tables.column_menu import ColumnMenu
from pool_gui.window.tables.model import Column, Row, TableModel


class Table(QTableView, Generic[Row]):
    """A table whose rows can be selected, sorted, filtered and copied."""

    picked = Signal(object)
    """The row that a person selected."""
    order_changed = Signal()
    """It is sorted by another column, or the other way round."""

    def __init__(self, model: TableModel[Row], name: str) -> None:
        super().__init__()
        self.table = model
        self.setModel(model)
        self._cells = CellDelegate(model, self)
        self.setItemDelegate(self._cells)
        self.setAccessibleName(name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setTabKeyNavigation(False)  # it leads out of the table
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(22)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setSectionsMovable(True)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.DescendingOrder)
        self.setSortingEnabled(True)
        for place, column in enumerate(model.columns):
            self.setColumnWidth(place, column.width)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self.choose_columns)
        header.sortIndicatorChanged.connect(self.order_changed)
        self.managed: frozenset[int] = frozenset()
        """Columns that come and go by themselves: nobody chooses them."""
        self.clicked.connect(self._on_clicked)
        self.activated.connect(self._on_clicked)

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        self.picked.emit(self.table.row(index.row()))

    @property
    def order(self) -> tuple[int, bool]:
        """The column by which it is sorted, or -1; and whether the least is first."""
        header = self.horizontalHeader()
        column = header.sortIndicatorSection()
        if column >= len(self.table.columns):
            column = -1
        return column, header.sortIndicatorOrder() == Qt.SortOrder.AscendingOrder

    @Slot()
    def choose_columns(self) -> None:
        """Let a person choose the columns that are shown."""
        menu = ColumnMenu(self, self.table, self.managed)
        header = self.horizontalHeader()
        here = header.mapFromGlobal(QCursor.pos())
        at = here if header.rect().contains(here) else header.rect().bottomLeft()
        menu.popup(header.mapToGlobal(at))

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows; whoever has scrolled keeps the row that he reads."""
        bar = self.verticalScrollBar()
        first, model = bar.value(), self.table
        reads = 0 < first < model.rowCount()
        key = model.key(model.row(first)) if reads else None
        model.set_rows(rows)
        if key is not None and (place := model.place_of(key)) >= 0:
            self.updateGeometries()  # else the bar does not know of more rows yet
            bar.setValue(place)

    def mark(self, key: tuple[int, ...] | str) -> None:
        """Show the row with this key as selected; none when it is not there."""
        place = self.table.place_of(key)
        if place < 0:
            self.clearSelection()
        elif place != self.currentIndex().row() or not self.selectedIndexes():
            selection = self.selectionModel()
            self.setAutoScroll(False)  # only keys lead to another part of the table
            selection.setCurrentIndex(
                self.table.index(place, 0),
                selection.SelectionFlag.ClearAndSelect | selection.SelectionFlag.Rows,
            )
            self.setAutoScroll(True)

    def copy(self) -> None:
        """Copy what is shown, as tab-separated lines with the titles on top."""
        titles = "\t".join(column.title for column in self.shown_columns())
        lines = [self._line(place) for place in range(self.table.rowCount())]
        QGuiApplication.clipboard().setText("\n".join([titles, *lines]))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  # Qt's name
        """Measure anew in another font."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}:
            self._cells.metrics = self.fontMetrics()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """Copy the selected row whole: Qt would copy one cell."""
        rows = self.selectionModel().selectedRows()
        if event.matches(QKeySequence.StandardKey.Copy) and rows:
            lines = (self._line(index.row()) for index in rows)
            QGuiApplication.clipboard().setText("\n".join(lines))
        else:
            super().keyPressEvent(event)

    def _line(self, place: int) -> str:
        row = self.table.row(place)
        return "\t".join(column.text(row) for column in self.shown_columns())

    def shown_columns(self) -> list[Column[Row]]:
        """Return the columns that are shown."""
        columns = enumerate(self.table.columns)
        return [one for place, one in columns if not self.isColumnHidden(place)]
