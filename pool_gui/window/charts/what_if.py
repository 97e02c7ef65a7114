"""What the pool would do with its load at other sizes: two curves. GUI thread only."""

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from pool_gui.monitor.view.facts import ForecastRow, WhatIf
from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.window.charts.time_charts import colour_axes, nice_ceiling
from pool_gui.window.style import numbers, what_if_words
from pool_gui.window.style.theme import Theme, figures
from pool_gui.window.style.widgets import label, plain_tip

_TICKS: Final = (1, 2, 4, 8, 16, 32, 64)
_MEASURED: Final = "#E69F00"
_WORDS_PIXELS: Final = 300


class _Curve(QWidget):
    """Something over the number of workers, with today's size marked."""

    def __init__(self, title: str, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._top = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(label(title, "small"))
        self.plot: Any = pg.PlotWidget(enableMenu=False)  # Any: pyqtgraph has no types
        self.plot.setAccessibleName(title)
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.hideButtons()
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.setMinimumHeight(40)
        column.addWidget(self.plot, 1)
        for name in ("left", "bottom"):
            axis = self.plot.getAxis(name)
            axis.setStyle(autoExpandTextSpace=False, tickLength=0, tickTextOffset=4)
        self.plot.getAxis("left").setWidth(52)
        self.plot.getAxis("bottom").setHeight(18)
        self.plot.getAxis("bottom").setTicks([[(math.log2(n), str(n)) for n in _TICKS]])
        self.plot.getPlotItem().layout.setContentsMargins(0, 4, 10, 0)
        self.plot.setXRange(0, math.log2(_TICKS[-1]), padding=0.02)
        self._today: Any = pg.InfiniteLine(angle=90, movable=False)
        self._floor: Any = pg.InfiniteLine(angle=0, pos=0, movable=False)
        self._curve: Any = pg.PlotDataItem(symbol="o", symbolSize=5)
        self._seen: Any = pg.ScatterPlotItem(size=9, symbol="d", pen=None)
        for item in (self._floor, self._today, self._curve, self._seen):
            self.plot.addItem(item)

    def show_curve(
        self,
        size: int,
        points: Sequence[tuple[int, float]],
        seen: Sequence[tuple[int, float]],
        text: Any,
    ) -> None:
        """Show it.

        Args:
            size: of the pool now.
            points: (size, value) as forecast.
            seen: (size, value) as measured.
            text: writes a value on the axis.
        """
        xs, ys = _columns(points)
        self._curve.setData(xs, ys)
        self._seen.setData(*_columns(seen))
        self._today.setPos(math.log2(max(size, 1)))
        known = [value for _, value in (*points, *seen) if math.isfinite(value)]
        top = nice_ceiling(max(known, default=1.0) * 1.02 or 1.0)
        if top != self._top:
            self._top = top
            self.plot.setYRange(0, top * 1.05, padding=0)
            ticks = [(value, text(value)) for value in (0.0, top / 2, top)]
            self.plot.getAxis("left").setTicks([ticks])

    def follow_theme(self) -> None:
        """Take over the theme's colours."""
        colours = self._theme.colours
        colour_axes(self.plot, colours, figures(self.font(), 10))
        self._floor.setPen(pg.mkPen(colours.line, width=1))
        self._today.setPen(pg.mkPen(colours.dim, width=1, style=Qt.PenStyle.DashLine))
        self._curve.setPen(pg.mkPen(colours.accent, width=1))
        self._curve.setSymbolBrush(pg.mkBrush(colours.accent))
        self._curve.setSymbolPen(pg.mkPen(None))
        self._seen.setBrush(pg.mkBrush(_MEASURED))


class WhatIfView(QWidget):
    """See the module."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("What if"))
        self.throughput = _Curve(self.tr("tasks a second, by workers"), theme)
        self.wait = _Curve(self.tr("wait p95, by workers"), theme)
        self.words = label()
        self.rests_on = label(role="small")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.throughput, 1)
        row.addWidget(self.wait, 1)
        side = QWidget()
        side.setMaximumWidth(_WORDS_PIXELS)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        for text in (self.words, self.rests_on):
            _wrap(text)
            column.addWidget(text)
        column.addStretch(1)
        row.addWidget(side, 1)
        self._shown: WhatIf | None = None
        self.follow_theme()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show another snapshot's forecast."""
        told, pool = snapshot.what_if, snapshot.pool
        rates = () if pool is None else pool.rates
        if told is None or told != self._shown:
            self._shown = told
            self.words.setText(what_if_words.said(told, rates))
            self.rests_on.setText(what_if_words.rests_on(told))
            told_whole = f"{self.words.text()}\n{self.rests_on.text()}"
            self.setToolTip(plain_tip(told_whole.strip()))
        rows = () if told is None else told.forecasts
        for curve in (self.throughput, self.wait):
            curve.setVisible(bool(rows))
        if told is not None and rows:
            self._draw(told.size, rows, rates)

    def _draw(
        self, size: int, rows: Sequence[ForecastRow], rates: Sequence[tuple[int, float]]
    ) -> None:
        speeds = [(one.size, one.throughput_per_second) for one in rows]
        waits = [(one.size, one.wait_p95) for one in rows]
        self.throughput.show_curve(size, speeds, rates, numbers.axis_count)
        self.wait.show_curve(size, waits, (), numbers.duration)
        lines = (
            f"{numbers.count(one.size)}: {numbers.rate(one.throughput_per_second)}"
            for one in rows
        )
        self.throughput.plot.setAccessibleDescription(", ".join(lines))

    @Slot()
    def follow_theme(self) -> None:
        """Take over the theme's colours."""
        for curve in (self.throughput, self.wait):
            curve.follow_theme()


def _columns(points: Sequence[tuple[int, float]]) -> tuple[Any, Any]:
    sizes = np.asarray([size for size, _ in points], float)
    values = np.asarray([value for _, value in points], float)
    return np.log2(np.maximum(sizes, 1)), values


def _wrap(text: QLabel) -> None:
    text.setWordWrap(True)
    text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
