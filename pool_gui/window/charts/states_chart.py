"""Where the time of all workers goes, by state over the last minute. GUI thread only.

One picture, a column an interval: as filled curves the same costs ten times as much.
Where threads are not looked at, it shows how busy the workers are.
"""

from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Slot

from pool_gui.monitor.states import STATE_NAMES, State
from pool_gui.monitor.view.snapshot import Shares, Snapshot
from pool_gui.window.charts.time_charts import BusyChart
from pool_gui.window.lanes.stacks import stack, state_table
from pool_gui.window.style import numbers, words
from pool_gui.window.style.theme import STATE_TABLE, Theme

_ROWS: Final = 100
"""One for each per cent."""


class StatesChart(BusyChart):
    """See the module."""

    def __init__(self, title: str, explanation: str, empty: str, theme: Theme) -> None:
        super().__init__(title, explanation, empty, theme)
        self._picture: Any = pg.ImageItem(axisOrder="row-major")
        self._picture.setZValue(1)
        self.plot.addItem(self._picture)
        self._shown: Shares | None = None

    def draw(self, snapshot: Snapshot) -> None:
        """Draw the stack where it is known, else how busy the workers are."""
        super().draw(snapshot)
        shares = snapshot.series.states
        known = shares.size > 0
        self._picture.setVisible(known)
        self._curve.setVisible(not known)
        if not known or shares is self._shown:
            return
        self._shown = shares
        ages = snapshot.series.age_seconds
        colours = state_table(STATE_TABLE, self._theme.colours.panel)
        pixels = stack(shares, _ROWS, colours)
        # From 0xAARRGGBB to the four channels that pyqtgraph takes; bottom row first.
        channels = (
            pixels[::-1].view(np.uint8).reshape(*pixels.shape, 4)[..., [2, 1, 0, 3]]
        )
        self._picture.setImage(np.ascontiguousarray(channels), autoLevels=False)
        begin = float(ages[0]) - float(ages[1] - ages[0])
        self._picture.setRect(begin, 0, float(ages[-1]) - begin, 100)
        self._tell(shares)

    def _tell(self, shares: Shares) -> None:
        """Say the last minute's shares in words, for the tooltip and screen readers."""
        with np.errstate(invalid="ignore"):
            means = np.nanmean(shares, axis=0) if not np.isnan(shares).all() else None
        if means is None:
            return
        lines = [
            f"{words.state(name)}: {numbers.share(float(means[State[name.upper()]]))}"
            for name in STATE_NAMES
            if means[State[name.upper()]] >= 0.0005
        ]
        told = "\n".join(lines)
        self.tell("states", told)
        self.plot.setAccessibleDescription(told)

    @Slot()
    def follow_theme(self) -> None:
        """Take over the theme's colours."""
        super().follow_theme()
        self._shown = None  # to be made anew
