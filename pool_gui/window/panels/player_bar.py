"""Plays a recording: a button, a place in time, a speed. GUI thread only.

Shown while a recording is in scope.
"""

import math
import time
from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QSizePolicy,
    QSlider,
    QToolButton,
    QWidget,
)

from pool_gui.monitor.source.base import Playing
from pool_gui.monitor.view.facts import Playback
from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.window.style import numbers, words
from pool_gui.window.style.theme import Theme
from pool_gui.window.style.widgets import Figure

_STEPS_PER_SECOND: Final = 10
_MOST_STEPS: Final = 2_000_000_000
_SPEEDS: Final = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0)


class PlayerBar(QWidget):
    """See the module."""

    wanted = Signal(int, object)
    """The key of a source, and how it is to be played (Playing)."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._source = 0
        self._playback: Playback | None = None
        self.button = QToolButton()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setTracking(False)  # a place is looked up when the hand lets go
        self.slider.setAccessibleName(self.tr("Place in the recording"))
        self.slider.setToolTip(self.tr("Drag to another place in the recording."))
        self.speed = QComboBox()
        self.speed.setAccessibleName(self.tr("Speed"))
        self.speed.setToolTip(self.tr("How fast the recording is played."))
        for one in _SPEEDS:
            self.speed.addItem(f"{one:g}\N{MULTIPLICATION SIGN}", one)
        self._place, self._when = Figure(), Figure("dim")
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 0, 2, 0)
        row.setSpacing(8)
        row.addWidget(self.button)
        row.addWidget(self.slider, 1)
        for part in (self._place, self._when, self.speed):
            row.addWidget(part)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.button.clicked.connect(self._on_button)
        self.slider.valueChanged.connect(self._on_place)
        self.speed.activated.connect(self._on_speed)
        self.hide()

    @Slot(object)
    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show where the recording in scope is, if one is."""
        source = words.find_source(snapshot, snapshot.scope.source)
        playback = None if source is None else source.playback
        self.setVisible(playback is not None)
        if source is None or playback is None:
            self._playback = None
            return
        self._source = source.key
        was = self._playback
        if was is None or was.is_playing is not playback.is_playing:
            self._name_button(playing=playback.is_playing)
        if was is None or was.speed != playback.speed:
            self.speed.setCurrentIndex(max(self.speed.findData(playback.speed), 0))
        self._playback = playback
        self._show_place(playback)

    def _show_place(self, playback: Playback) -> None:
        length = numbers.clock(playback.length_seconds)
        place = numbers.clock(playback.position_seconds)
        self._place.setText(self.tr("{0} of {1}").format(place, length))
        at = playback.began_wall_seconds + playback.position_seconds
        known = not math.isnan(at)
        self._when.setText(
            time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at)) if known else ""
        )
        if not self.slider.isSliderDown():
            with QSignalBlocker(self.slider):
                self.slider.setRange(0, _steps(playback.length_seconds))
                self.slider.setValue(_steps(playback.position_seconds))

    def _name_button(self, *, playing: bool) -> None:
        text = self.tr("Pause the recording") if playing else self.tr("Play")
        self.button.setIcon(self._theme.icons.get("pause" if playing else "start"))
        self.button.setToolTip(text)
        self.button.setAccessibleName(text)

    @Slot()
    def follow_theme(self) -> None:
        """Take over the theme's colours."""
        playback = self._playback
        self._name_button(playing=playback is not None and playback.is_playing)

    @Slot()
    def toggle(self) -> None:
        """Play, or stand still; at the end, play from the beginning."""
        now = self._playback
        if now is None:
            return
        at_end = now.position_seconds >= now.length_seconds
        begins = 0.0 if at_end and not now.is_playing else None
        wanted = Playing(begins, now.speed, is_playing=not now.is_playing)
        self.wanted.emit(self._source, wanted)

    @Slot()
    def _on_button(self) -> None:
        self.toggle()

    @Slot(int)
    def _on_place(self, steps: int) -> None:
        now = self._playback
        if now is not None:
            place = steps / _STEPS_PER_SECOND
            self.wanted.emit(self._source, Playing(place, now.speed, now.is_playing))

    @Slot(int)
    def _on_speed(self, _place: int) -> None:
        now = self._playback
        if now is not None:
            speed = float(self.speed.currentData())
            self.wanted.emit(self._source, Playing(None, speed, now.is_playing))


def _steps(seconds: float) -> int:
    return min(round(seconds * _STEPS_PER_SECOND), _MOST_STEPS)
