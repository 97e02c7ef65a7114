"""The lanes' panel: title, legend, choice of colours, live mark. GUI thread only."""

import math
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QToolButton

from pool_gui.monitor.states import STATE_NAMES
from pool_gui.monitor.view.snapshot import FunctionRow, Snapshot, WorkerRow
from pool_gui.monitor.view.viewport import Viewport
from pool_gui.window.controller import Selection
from pool_gui.window.lanes.colouring import BY_FUNCTION, BY_OUTCOME, BY_STATE
from pool_gui.window.lanes.findings_line import FindingsLine
from pool_gui.window.lanes.image import colour_places
from pool_gui.window.lanes.view import LaneView
from pool_gui.window.style import numbers, words
from pool_gui.window.style.text import short_function
from pool_gui.window.style.theme import (
    FUNCTION_COLOURS,
    OUTCOME_COLOURS,
    STATE_TABLE,
    Theme,
)
from pool_gui.window.style.widgets import Figure, Panel, label

_LEGEND_ENTRIES = 8
_STAYS_UP_TO = 4.0
"""A function gives way in the legend to one that takes so many times its time."""
_BESIDE_LEGEND_PIXELS = 400
"""What the title and the controls on the right take of the panel's head."""
_STATE_COMES, _STATE_STAYS = 0.005, 0.001
"""A state is in the legend from this share of the time on, and down to that."""
LIVE_COLOUR = "#009E73"


class LanesPanel(Panel):
    """See the module."""

    viewport_wanted = Signal(object)
    """Viewport."""

    def __init__(self, theme: Theme, live: QAction) -> None:
        super().__init__()
        self._theme = theme
        self.view = LaneView(theme)
        self._legend = [(QLabel(), label(role="small")) for _ in range(_LEGEND_ENTRIES)]
        self._legend_key: tuple[object, ...] = ()
        self._was_named: set[str] = set()
        self._were_states: set[str] = set()
        self.findings = FindingsLine()
        self._span = Figure("small")
        self._span.setToolTip(self.tr("How much time the lanes show; the wheel zooms."))
        self._by = QComboBox()
        self._by.setAccessibleName(self.tr("Colour by"))
        self._by.addItem(self.tr("state"), BY_STATE)
        self._by.addItem(self.tr("function"), BY_FUNCTION)
        self._by.addItem(self.tr("outcome"), BY_OUTCOME)
        self._live = QToolButton()
        self._live.setProperty("flat", True)
        self._live.setDefaultAction(live)
        self._live.setToolButtonStyle(
            self._live.toolButtonStyle().ToolButtonTextBesideIcon
        )
        self._build()
        self._by.currentIndexChanged.connect(self._on_colour_chosen)

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(6)
        self.title.setText(self.tr("WORKERS"))
        head.addWidget(self.title)
        head.addSpacing(6)
        for swatch, text in self._legend:
            head.addWidget(swatch)
            head.addWidget(text)
        head.addStretch(1)
        head.addWidget(label(self.tr("colour by"), "small"))
        head.addWidget(self._by)
        head.addWidget(self._span)
        head.addWidget(self._live)
        self.body.addLayout(head)
        self.body.addWidget(self.findings)
        self.body.addWidget(self.view, 1)

    @Slot(object)
    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show another snapshot."""
        if self.isVisible():
            self.view.show_snapshot(snapshot)
            self._show_legend(snapshot)
            self.findings.show_snapshot(snapshot)

    @Slot(object)
    def show_selection(self, selection: Selection) -> None:
        """Mark another selection."""
        self.view.show_selection(selection)

    @Slot(object)
    def follow(self, viewport: Viewport) -> None:
        """Take over the viewport that was asked for."""
        self.view.follow(viewport)
        seconds = viewport.span_seconds
        text = (
            numbers.axis_duration(seconds)
            if seconds == round(seconds)
            else numbers.duration(seconds)
        )
        live = viewport.end_ns is None
        words = self.tr("last {0}") if live else self.tr("{0} shown")
        self._span.setText(words.format(text))

    @Slot()
    def follow_theme(self) -> None:
        """Paint anew in the theme's colours."""
        self._legend_key = ()
        self.view.recolour()

    @Slot(int)
    def _on_colour_chosen(self, _index: int) -> None:
        self.view.colour_by = str(self._by.currentData())
        self._legend_key = ()
        self.view.recolour()

    @Slot()
    def zoom_in(self) -> None:
        """Show less time."""
        self.view.zoom(0.8)

    @Slot()
    def zoom_out(self) -> None:
        """Show more time."""
        self.view.zoom(1.25)

    @Slot()
    def reset_zoom(self) -> None:
        """Show half a minute again."""
        self.viewport_wanted.emit(
            replace(self.view._asked, span_seconds=30.0)  # noqa: SLF001  # its own view
        )

    def _show_legend(self, snapshot: Snapshot) -> None:
        entries = self._entries(snapshot)
        if self._legend_key == entries:
            return
        self._legend_key = entries
        for place, (swatch, text) in enumerate(self._legend):
            there = place < len(entries)
            swatch.setVisible(there)
            text.setVisible(there)
            if there:
                name, colour = entries[place]
                swatch.setPixmap(_swatch(colour))
                text.setText(name)

    def _entries(self, snapshot: Snapshot) -> tuple[tuple[str, str], ...]:
        if self.view.colour_by == BY_OUTCOME:
            names = (self.tr("done"), self.tr("failed"), self.tr("running"))
            return tuple(zip(names, OUTCOME_COLOURS, strict=False))
        if snapshot.lanes is None:
            return ()
        if self.view.colour_by == BY_STATE and snapshot.lanes.states.size:
            return self._state_entries(snapshot.workers)
        functions = snapshot.lanes.functions
        places = colour_places(functions, len(FUNCTION_COLOURS))
        colours = dict(zip(functions, places, strict=True))
        named = sorted(self._named(snapshot.functions), key=lambda row: row.name)
        return tuple(
            (short_function(row.name), FUNCTION_COLOURS[colours[row.name]])
            for row in named
            if row.name in colours
        )

    def _state_entries(
        self, workers: Sequence[WorkerRow]
    ) -> tuple[tuple[str, str], ...]:
        """Return the states that can be seen, in their order; nothing flickers."""
        shares = [worker.shares for worker in workers if worker.shares]
        means = [sum(column) / len(shares) for column in zip(*shares, strict=True)]
        shown = []
        for state, mean in zip(STATE_NAMES[:-1], means, strict=False):
            least = _STATE_STAYS if state in self._were_states else _STATE_COMES
            if mean >= least:
                shown.append(state)
        self._were_states = set(shown)
        colours = dict(zip(STATE_NAMES, STATE_TABLE, strict=False))
        return tuple((words.state(name), colours[name]) for name in shown)

    def _named(self, rows: Sequence[FunctionRow]) -> list[FunctionRow]:
        """Return the functions that have room: those that take most of the time.

        The one with the longest bar is always among them. Who is named already stays
        unless another takes far more, so that nothing jumps.
        """
        weights = {row.name: _weight(row) for row in rows}
        for name in self._was_named & weights.keys():
            weights[name] *= _STAYS_UP_TO
        longest = max((row.run_max for row in rows), default=0.0)
        heaviest = sorted(
            rows, key=lambda row: (row.run_max < longest, -weights[row.name])
        )
        named = heaviest[: self._legend_room(heaviest)]
        self._was_named = {row.name for row in named}
        return named

    def _legend_room(self, rows: list[FunctionRow]) -> int:
        """Return for how many of these functions the panel's head has room."""
        room, metrics = self.width() - _BESIDE_LEGEND_PIXELS, self.fontMetrics()
        for place, row in enumerate(rows[:_LEGEND_ENTRIES]):
            room -= metrics.horizontalAdvance(short_function(row.name)) + 22
            if room < 0:
                return max(place, 1)
        return _LEGEND_ENTRIES


def _weight(row: FunctionRow) -> float:
    """Return about how long all its calls took: long bars are to be explained."""
    return 0.0 if math.isnan(row.run_p50) else row.calls * row.run_p50


def _swatch(colour: str) -> QPixmap:
    pixmap = QPixmap(10, 10)
    pixmap.fill(QColor(colour))
    return pixmap


def live_icon(*, live: bool, dim: str) -> QIcon:
    """Return the dot that says whether the lanes follow now."""
    picture = QPixmap(20, 20)
    picture.setDevicePixelRatio(2)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(LIVE_COLOUR if live else dim))
    painter.drawEllipse(1, 1, 8, 8)
    painter.end()
    return QIcon(picture)
