"""The charts below the lanes, each a panel around one pyqtgraph plot. GUI thread only.

Fixed "seconds ago" axes, pens of width 1, own scaling in steps of 1, 2, 5, no grid of
pyqtgraph's: see the measurements in the design's ecosystem notes.
"""

import math
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy

from pool_gui.monitor.view.facts import LinkState
from pool_gui.monitor.view.snapshot import Floats, Scope, Snapshot
from pool_gui.window.charts.marks import ChartMarks
from pool_gui.window.style import numbers
from pool_gui.window.style.theme import Colours, Theme, figures
from pool_gui.window.style.widgets import Figure, Panel, label

_AXIS_PIXELS: Final = 40
_OVER: Final = (LinkState.LOST, LinkState.ENDED)
_SHRINK_AFTER: Final = 60
"""Snapshots for which the curve must be low before its axis shrinks."""


def mixed(colour: str, ground: str, share: float) -> QColor:
    """Return an opaque mix: translucent fills cost four times as much."""
    one, other = QColor(colour), QColor(ground)
    return QColor(
        round(one.red() * share + other.red() * (1 - share)),
        round(one.green() * share + other.green() * (1 - share)),
        round(one.blue() * share + other.blue() * (1 - share)),
    )


def colour_axes(plot: Any, colours: Colours, font: QFont) -> None:
    """Give a plot's ground and axes the theme's colours.

    Args:
        plot: pyqtgraph's, which has no types.
        colours: the theme's.
        font: of the ticks.
    """
    plot.setBackground(colours.panel)
    for name in ("left", "bottom"):
        axis = plot.getAxis(name)
        axis.setPen(pg.mkPen(None))
        # A tick of no length is a dot all the same: let it not be seen.
        axis.setTickPen(pg.mkPen(colours.panel))
        axis.setTextPen(pg.mkPen(colours.dim))
        axis.setTickFont(font)


class ChartPanel(Panel):
    """A titled plot with a figure beside the title and a text while it is empty."""

    def __init__(self, title: str, explanation: str, empty: str, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._told = {"": explanation}
        self.setToolTip(explanation)
        self.setMinimumSize(120, 96)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.title.setText(title)
        self.figure = Figure("small")
        head = QHBoxLayout()
        head.setSpacing(4)
        self.body.setContentsMargins(10, 8, 9, 8)
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.figure)
        self.body.addLayout(head)
        self.plot: Any = pg.PlotWidget(enableMenu=False)  # Any: pyqtgraph has no types
        self.plot.setAccessibleName(title)
        self.plot.setMenuEnabled(False)
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.hideButtons()
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.getViewBox().disableAutoRange()
        for name in ("left", "bottom"):
            axis = self.plot.getAxis(name)
            axis.setStyle(
                autoExpandTextSpace=False,
                tickLength=0,
                tickTextOffset=4,
                hideOverlappingLabels=False,
            )
        self.plot.getAxis("left").setWidth(_AXIS_PIXELS)
        self.plot.getAxis("bottom").setStyle(tickTextOffset=7)
        self.plot.getAxis("bottom").setHeight(20)
        # Room for the half of the last label that lies beyond the axis.
        self.plot.getPlotItem().layout.setContentsMargins(0, 2, 14, 0)
        self.body.addWidget(self.plot, 1)
        self._empty = label(empty, "dim")
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.body.addWidget(self._empty, 1)
        self.plot.hide()

    @Slot(object)
    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show another snapshot."""
        if not self.isVisible():
            return
        there = self.has_data(snapshot)
        if there == self._empty.isVisible():
            self.plot.setVisible(there)
            self._empty.setVisible(not there)
        if there:
            self.draw(snapshot)
        else:
            self.figure.setText("")

    def has_data(self, snapshot: Snapshot) -> bool:
        """Return whether there is anything to draw."""
        return snapshot.pool is not None

    def draw(self, snapshot: Snapshot) -> None:
        """Draw what the snapshot holds."""

    @Slot()
    def follow_theme(self) -> None:
        """Take over the theme's colours."""
        colour_axes(self.plot, self._theme.colours, figures(self.font(), 10))

    def tell(self, about: str, text: str) -> None:
        """Say more in the tooltip, below what explains the chart.

        Args:
            about: what is said; it takes the place of what was said of this before.
            text: empty for nothing.
        """
        if self._told.get(about, "") != text:
            self._told[about] = text
            self.setToolTip("\n\n".join(filter(None, self._told.values())))

    def say(self, text: str, wide: str = "") -> None:
        """Show a figure beside the title; screen readers get it too."""
        self.figure.setText(wide if wide and self.width() > 250 else text)
        self.plot.setAccessibleDescription(wide or text)


class TimeChart(ChartPanel):
    """One curve over the last minute, with an axis that grows at once."""

    def __init__(self, title: str, explanation: str, empty: str, theme: Theme) -> None:
        super().__init__(title, explanation, empty, theme)
        self._top = 0.0
        self._low_for = 0
        self._span = 0, False
        self._scope: Scope | None = None
        self._lines = [
            pg.InfiniteLine(angle=0, movable=False, pen=pg.mkPen(None))
            for _ in range(3)
        ]
        for line in self._lines:
            self.plot.addItem(line)
        self._curve: Any = pg.PlotDataItem(connect="finite", dynamicRangeLimit=None)
        self.plot.addItem(self._curve)
        self._marks = ChartMarks(self.plot)

    def values(self, snapshot: Snapshot) -> Floats:
        """Return the curve's points."""
        return snapshot.series.depth

    def of_now(self, snapshot: Snapshot, text: str) -> str:
        """Return a figure of this moment; of what has ended there is none."""
        return numbers.UNKNOWN if snapshot.link.state in _OVER else text

    def tick(self, value: float) -> str:
        """Return the text of a tick on the left."""
        return numbers.axis_count(value)

    def draw(self, snapshot: Snapshot) -> None:
        """Draw the curve, and scale when it asks for it."""
        if snapshot.scope != self._scope:
            self._scope, self._top = snapshot.scope, 0.0
        ages, values = snapshot.series.age_seconds, self.values(snapshot)
        # Whole seconds: the oldest point's age changes a little all the time, and an
        # axis that changes is the dearest part of a plot.
        seconds = round(-float(ages[0])) if len(ages) else self._span[0]
        span = seconds, snapshot.link.state in _OVER
        if span != self._span:
            self._scale_time(*span)
        known = values[~np.isnan(values)]
        self._scale(float(known.max()) if len(known) else 0.0)
        self._curve.setData(ages, values)
        marks = self._marks.show(snapshot, self._span[0], self._theme.colours)
        self.tell("marks", marks)

    def _scale_time(self, seconds: int, is_over: bool) -> None:  # noqa: FBT001  # a pair
        self._span = seconds, is_over
        end = self.tr("end") if is_over else self.tr("now")
        self.plot.setXRange(-seconds, 0, padding=0)
        ticks = [
            (-seconds * part / 3, numbers.axis_duration(seconds * part / 3))
            for part in (3, 2, 1)
        ]
        self.plot.getAxis("bottom").setTicks([[*ticks, (0.0, end)]])

    def _scale(self, most: float) -> None:
        wanted = max(nice_ceiling(most * 1.05), 1.0)
        self._low_for = self._low_for + 1 if wanted < self._top else 0
        if wanted > self._top or self._low_for > _SHRINK_AFTER:
            self._top, self._low_for = wanted, 0
            self.set_top(wanted)

    def set_top(self, top: float) -> None:
        """Let the axis end here."""
        self.plot.setYRange(0, top * 1.1, padding=0)
        values = (0.0, top / 2, top)
        ticks = [(value, self.tick(value)) for value in values]
        self.plot.getAxis("left").setTicks([ticks])
        for line, value in zip(self._lines, values, strict=True):
            line.setPos(value)

    @Slot()
    def follow_theme(self) -> None:
        """Take over the theme's colours."""
        super().follow_theme()
        colours = self._theme.colours
        for line in self._lines:
            line.setPen(pg.mkPen(colours.line, width=1))
        self._curve.setPen(pg.mkPen(colours.accent, width=1))
        self.colour_fill()

    def colour_fill(self) -> None:
        """Fill below the curve, in an opaque colour."""
        colours = self._theme.colours
        self._curve.setFillLevel(0)
        self._curve.setFillBrush(mixed(colours.accent, colours.panel, 0.18))


def nice_ceiling(value: float) -> float:
    """Return the least of 1, 2, 5 times a power of ten that is not below a value."""
    if not value > 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    fitting = (step * power for step in (1, 2, 5) if value <= step * power)
    return next(fitting, 10 * power)


class DepthChart(TimeChart):
    """Queue depth."""

    def values(self, snapshot: Snapshot) -> Floats:
        """Return the peaks of the queue's depth."""
        return snapshot.series.depth

    def draw(self, snapshot: Snapshot) -> None:
        """Draw, and tell the depth."""
        super().draw(snapshot)
        if snapshot.pool is not None:
            self.say(self.of_now(snapshot, numbers.count(snapshot.pool.depth)))


class BusyChart(TimeChart):
    """Utilisation: the workers' busy share."""

    def __init__(self, title: str, explanation: str, empty: str, theme: Theme) -> None:
        super().__init__(title, explanation, empty, theme)
        self.set_top(100.0)

    def values(self, snapshot: Snapshot) -> Floats:
        """Return busy shares in per cent."""
        return snapshot.series.busy_share * 100

    def tick(self, value: float) -> str:
        """Return a percentage."""
        return f"{value:.0f} %"

    def _scale(self, most: float) -> None:
        """Always show all of it."""

    def draw(self, snapshot: Snapshot) -> None:
        """Draw, and tell the share of the last second or so."""
        super().draw(snapshot)
        shares = snapshot.series.busy_share[-4:]
        known = shares[~np.isnan(shares)]
        share = float(known.mean()) if len(known) else math.nan
        text = numbers.share(share)
        wide = self.tr("{0} busy").format(text)
        self.say(self.of_now(snapshot, text), self.of_now(snapshot, wide))

    def colour_fill(self) -> None:
        """Fill below the curve with the busy colour."""
        colours = self._theme.colours
        self._curve.setFillLevel(0)
        self._curve.setFillBrush(mixed(colours.accent, colours.panel, 0.55))


class ThroughputChart(TimeChart):
    """Finished tasks a second."""

    def values(self, snapshot: Snapshot) -> Floats:
        """Return finished tasks a second."""
        return snapshot.series.throughput

    def draw(self, snapshot: Snapshot) -> None:
        """Draw, and tell the rate."""
        super().draw(snapshot)
        if snapshot.pool is not None:
            rate = numbers.rate(snapshot.pool.throughput_per_second)
            self.say(self.of_now(snapshot, rate))
