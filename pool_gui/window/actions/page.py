"""The window as a PDF page of its own size, in lines and letters, not in pixels.

GUI thread only. What is seen is recorded at once and written when its name is known.
"""

from PySide6.QtCore import QIODevice, QMarginsF, QPoint, QSaveFile, QSizeF
from PySide6.QtGui import QPageSize, QPainter, QPdfWriter, QPicture
from PySide6.QtWidgets import QWidget

_DOTS_PER_INCH = 96
_POINTS_PER_INCH = 72


class Page:
    """What a widget showed when this was made."""

    def __init__(self, widget: QWidget) -> None:
        self._size = widget.size()
        self._strokes = QPicture()
        painter = QPainter(self._strokes)
        widget.render(painter, QPoint())
        painter.end()

    def save(self, name: str) -> bool:
        """Write it, wholly or not at all; return whether that could be done."""
        file = QSaveFile(name)
        if not file.open(QSaveFile.OpenModeFlag.WriteOnly):
            return False
        return self._write(file) and file.commit()

    def _write(self, file: QIODevice) -> bool:
        writer = QPdfWriter(file)
        writer.setResolution(_DOTS_PER_INCH)
        size = QSizeF(self._size) * (_POINTS_PER_INCH / _DOTS_PER_INCH)
        match = QPageSize.SizeMatchPolicy.ExactMatch
        writer.setPageSize(QPageSize(size, QPageSize.Unit.Point, "", match))
        writer.setPageMargins(QMarginsF(0, 0, 0, 0))
        writer.setTitle("pool_gui")
        painter = QPainter()
        return painter.begin(writer) and self._strokes.play(painter) and painter.end()
