"""Marks of what happened, over the lanes. GUI thread only."""

from typing import Final

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from pool_gui.monitor.view.facts import MarkRow
from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.window.style import mark_words
from pool_gui.window.style.theme import Colours

_NEAR_PIXELS: Final = 5
_FLAG: Final = ((-4.0, 0.0), (4.0, 0.0), (0.0, 5.0))


def places(snapshot: Snapshot, track: QRect) -> list[tuple[float, MarkRow]]:
    """Return the marks in sight, and where each stands from left to right."""
    lanes = snapshot.lanes
    if lanes is None or not snapshot.marks:
        return []
    length_ns = max(lanes.end_ns - lanes.begin_ns, 1)
    return [
        (track.left() + (one.time_ns - lanes.begin_ns) / length_ns * track.width(), one)
        for one in snapshot.marks
        if lanes.begin_ns <= one.time_ns <= lanes.end_ns
    ]


def paint(
    painter: QPainter, snapshot: Snapshot, track: QRect, room: int, colours: Colours
) -> None:
    """Paint a line down the lanes for each mark, with a flag at its top."""
    for x, mark in places(snapshot, track):
        colour = QColor(mark_words.colour(mark, colours))
        pen = QPen(colour, 1, Qt.PenStyle.DotLine)
        painter.setPen(pen)
        at = round(x) + 0.5
        painter.drawLine(QPointF(at, 0), QPointF(at, room))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawPolygon(QPolygonF([QPointF(at + dx, dy) for dx, dy in _FLAG]))


def near(snapshot: Snapshot, track: QRect, x: float) -> str:
    """Return what the marks near a place say; empty where there is none."""
    found = [one for at, one in places(snapshot, track) if abs(at - x) <= _NEAR_PIXELS]
    now_ns = 0 if snapshot.lanes is None else snapshot.lanes.now_ns
    return mark_words.told(found, now_ns)
