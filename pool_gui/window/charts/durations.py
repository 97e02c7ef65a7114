"""Wait and run time: two histograms on one axis of time. GUI thread only."""

import math
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Slot
from PySide6.QtGui import QColor, QResizeEvent

from pool_gui.monitor.view.snapshot import Distribution, Floats, Snapshot
from pool_gui.window.charts.time_charts import ChartPanel, mixed
from pool_gui.window.style import numbers
from pool_gui.window.style.theme import Theme
from pool_gui.window.style.widgets import ElidedLabel

_CAPTION_FROM_HEIGHT = 130
_TICK_PIXELS = 56
"""So much room a tick's label needs."""


class DurationChart(ChartPanel):
    """Two histograms on one axis of time: run time upwards, queue wait downwards."""

    def __init__(self, title: str, explanation: str, empty: str, theme: Theme) -> None:
        super().__init__(title, explanation, empty, theme)
        self._range = (math.nan, math.nan)
        self._caption = ElidedLabel("small")
        self.body.insertWidget(1, self._caption)
        self._run: Any = None
        self._wait: Any = None
        self._marks = [pg.InfiniteLine(angle=90, movable=False) for _ in range(3)]
        self.plot.setYRange(-1.15, 1.15, padding=0)
        left = self.plot.getAxis("left")
        left.setTicks([[(0.55, self.tr("run")), (-0.55, self.tr("wait"))]])
        self._middle: Any = pg.InfiniteLine(angle=0, pos=0, movable=False)
        for mark in (*self._marks, self._middle):
            self.plot.addItem(mark)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """Give the percentiles' line up where the bars need its room."""
        super().resizeEvent(event)
        self._caption.setVisible(self.height() >= _CAPTION_FROM_HEIGHT)

    def has_data(self, snapshot: Snapshot) -> bool:
        """Return whether a task has begun or ended."""
        return snapshot.run.count > 0 or snapshot.wait.count > 0

    def draw(self, snapshot: Snapshot) -> None:
        """Draw both histograms and the run time's percentiles."""
        run, wait = snapshot.run, snapshot.wait
        if self._run is None:
            self._add_bars()
        self._scale(run, wait)
        for bars, times, sign in ((self._run, run, 1), (self._wait, wait, -1)):
            edges = np.log10(times.edges)
            bars.setOpts(
                x0=edges[:-1],
                width=np.diff(edges) * 0.86,
                height=sign * _heights(times),
            )
        for mark, value in zip(self._marks, (run.p50, run.p95, run.p99), strict=True):
            mark.setVisible(value > 0)
            if value > 0:
                mark.setPos(math.log10(value))
        self._tell(run, wait)

    def _add_bars(self) -> None:
        nothing = np.zeros(1)
        self._run = pg.BarGraphItem(x0=nothing, width=nothing, height=nothing)
        self._wait = pg.BarGraphItem(x0=nothing, width=nothing, height=nothing)
        self.plot.addItem(self._run)
        self.plot.addItem(self._wait)
        self.follow_theme()

    def _scale(self, run: Distribution, wait: Distribution) -> None:
        lows, highs = [], []
        for times in (run, wait):
            filled = np.flatnonzero(times.histogram)
            if len(filled):
                lows.append(math.log10(times.edges[filled[0]]))
                highs.append(math.log10(times.edges[filled[-1] + 1]))
        low = math.floor(min(lows) + 0.01)
        high = max(math.ceil(max(highs) - 0.01), low + 2)
        if (low, high) != self._range:
            self._range = (low, high)
            self.plot.setXRange(low, high, padding=0.02)
            fits = max(self.plot.width() // _TICK_PIXELS, 2)
            step = math.ceil((high - low) / fits)
            ticks = [
                (power, numbers.axis_duration(10.0**power))
                for power in range(low, high + 1, step)
            ]
            self.plot.getAxis("bottom").setTicks([ticks])

    def _tell(self, run: Distribution, wait: Distribution) -> None:
        sample = "" if run.complete else self.tr(" sampled")
        count, span = (
            numbers.count(run.count),
            numbers.axis_duration(run.window_seconds),
        )
        whole = self.tr("{0}, n = {1}{2}").format(span, count, sample)
        self.say(self.tr("n = {0}{1}").format(count, sample), whole)
        values = (numbers.duration(value) for value in (run.p50, run.p95, run.p99))
        p50, p95, p99 = values
        self._caption.set_widest(
            self.tr("p50 {1} · p95 {2} · p99 {3} in {0}").format(span, p50, p95, p99),
            self.tr("p50 {0} · p95 {1} · p99 {2}").format(p50, p95, p99),
            self.tr("p95 {0} · p99 {1}").format(p95, p99),
        )
        lines = [self.toolTip().partition("\n\n")[0], ""]
        for name, times in ((self.tr("run"), run), (self.tr("wait"), wait)):
            lines.append(
                self.tr("{0}: p50 {1}, p95 {2}, p99 {3}, max {4}; n = {5}").format(
                    name,
                    *(
                        numbers.duration(value)
                        for value in (times.p50, times.p95, times.p99, times.maximum)
                    ),
                    numbers.count(times.count),
                )
            )
        self.setToolTip("\n".join(lines))
        self.plot.setAccessibleDescription("\n".join(lines[2:]))

    @Slot()
    def follow_theme(self) -> None:
        """Take over the theme's colours."""
        super().follow_theme()
        colours = self._theme.colours
        for mark in self._marks:
            mark.setPen(pg.mkPen(colours.dim, width=1))
        self._middle.setPen(pg.mkPen(colours.line, width=1))
        if self._run is not None:
            nothing = pg.mkPen(None)
            self._run.setOpts(brush=QColor(colours.accent), pen=nothing)
            wait = mixed(colours.dim, colours.panel, 0.7)
            self._wait.setOpts(brush=wait, pen=nothing)


def _heights(times: Distribution) -> Floats:
    most = times.histogram.max()
    heights: Floats = times.histogram / max(int(most), 1)
    return heights
