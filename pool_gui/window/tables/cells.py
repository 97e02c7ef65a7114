"""Paints the cells of a table from its model's texts. GUI thread only.

Qt asks a model eight times for each cell that it paints, and each question enters
Python: the table of tasks of the mixed demo took 4.9 ms a time, and takes 2.6 this way
(processor time of the GUI thread, means of ten seconds each).
"""

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from pool_gui.window.tables.model import Row, TableModel

_MARGINS: Final = (6, 0, -9, 0)
"""As the titles over them have."""
_ELIDE: Final = Qt.TextElideMode.ElideMiddle


class CellDelegate(QStyledItemDelegate):
    """See the module."""

    def __init__(self, model: TableModel[Row], parent: QWidget) -> None:
        super().__init__(parent)
        self._text = model.text
        self._flags = tuple(_flags(right=column.right) for column in model.columns)
        self.metrics = parent.fontMetrics()
        """Of the table's font."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint a cell: the ground of a selected row, and the text."""
        column, box = index.column(), option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, option.palette.highlight())
        # The pen is the table's own: the style gives selected text no other colour.
        text, box = self._text(index.row(), column), box.adjusted(*_MARGINS)
        shown = self.metrics.elidedText(text, _ELIDE, box.width())
        painter.drawText(box, self._flags[column], shown)


def _flags(*, right: bool) -> int:
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    return (side | Qt.AlignmentFlag.AlignVCenter).value
