"""Marks of what happened, on a chart's time axis. GUI thread only."""

from typing import Any, Final

import pyqtgraph as pg
from PySide6.QtCore import Qt

from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.window.style import mark_words
from pool_gui.window.style.theme import Colours

_MOST: Final = 12
"""So many lines, those of the newest marks; each costs as much as a curve."""


class ChartMarks:
    """The lines of one plot, each moved as time goes."""

    def __init__(self, plot: Any) -> None:
        """Begin without any.

        Args:
            plot: pyqtgraph's, which has no types.
        """
        self._plot = plot
        self._lines: list[Any] = []

    def show(self, snapshot: Snapshot, seconds: float, colours: Colours) -> str:
        """Show the marks of these last seconds; return them as text."""
        now_ns = 0 if snapshot.lanes is None else snapshot.lanes.now_ns
        first_ns = now_ns - seconds * 1e9
        marks = [
            one for one in snapshot.marks if one.in_scope and one.time_ns > first_ns
        ][-_MOST:]
        while len(self._lines) < len(marks):
            line = pg.InfiniteLine(angle=90, movable=False)
            line.setZValue(2)
            self._plot.addItem(line)
            self._lines.append(line)
        for place, line in enumerate(self._lines):
            there = place < len(marks)
            if line.isVisible() is not there:
                line.setVisible(there)
            if there:
                mark = marks[place]
                line.setPos((mark.time_ns - now_ns) / 1e9)
                colour = mark_words.colour(mark, colours)
                if getattr(line, "shown_colour", "") != colour:
                    line.shown_colour = colour
                    line.setPen(pg.mkPen(colour, width=1, style=Qt.PenStyle.DotLine))
        return mark_words.told(marks, now_ns)
