"""Paints a line of the Sources panel: a dot, the name, and small letters below it.

GUI thread only.
"""

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from pool_gui.window.panels.source_lines import Entry
from pool_gui.window.style.theme import FAILED, Theme, figures

ENTRY_ROLE: Final = Qt.ItemDataRole.UserRole
"""The item's role that holds its Entry."""

_HEIGHT: Final = 38
_GOOD: Final = "#009E73"


class EntryDelegate(QStyledItemDelegate):
    """See the module."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(  # noqa: N802  # Qt's name
        self,
        option: QStyleOptionViewItem,  # noqa: ARG002
        index: QModelIndex | QPersistentModelIndex,  # noqa: ARG002
    ) -> QSize:
        """Return room for two lines."""
        return QSize(100, _HEIGHT)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint the line."""
        entry = index.data(ENTRY_ROLE)
        if not isinstance(entry, Entry):
            return
        colours = self._theme.colours
        box, state = option.rect, option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = ""
        if state & QStyle.StateFlag.State_Selected:
            ground = colours.selected
        elif state & QStyle.StateFlag.State_MouseOver:
            ground = colours.hover
        if ground:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(ground))
            painter.drawRoundedRect(QRectF(box).adjusted(0, 1, 0, -1), 6, 6)
        left = box.left() + (18 if entry.is_inner else 8)
        if entry.mood:
            self._paint_dot(painter, left, box.top() + 13, entry.mood)
        text = box.adjusted(left - box.left() + 14, 0, -6, 0)
        for colour, pixels, top in (
            (colours.text, 13, box.top() + 4),
            (colours.dim, 11, box.top() + 20),
        ):
            painter.setFont(figures(option.font, pixels))
            painter.setPen(QColor(colour))
            whole = entry.name if pixels == 13 else entry.detail
            metrics = painter.fontMetrics()
            shown = metrics.elidedText(whole, Qt.TextElideMode.ElideRight, text.width())
            painter.drawText(text.left(), top + metrics.ascent(), shown)
        painter.restore()

    def _paint_dot(self, painter: QPainter, left: int, middle: int, mood: str) -> None:
        """Paint a full dot for what runs, a ring for what does not."""
        colours = self._theme.colours
        colour = QColor(
            {"good": _GOOD, "warn": FAILED, "bad": colours.errortext}.get(
                mood, colours.faint
            )
        )
        painter.setPen(colour)
        full = mood in {"good", "bad"}
        painter.setBrush(colour if full else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QRectF(left, middle - 3.5, 7, 7))
