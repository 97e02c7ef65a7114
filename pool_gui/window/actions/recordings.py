"""Records what is watched, and opens recordings. GUI thread only."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QSignalBlocker, Slot

from pool_gui.monitor.source.base import Playing
from pool_gui.monitor.source.recorded import recorded
from pool_gui.monitor.view.facts import MAX_SOURCES, LinkState, SourceRow
from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.window.actions.actions import Actions
from pool_gui.window.actions.exports import Exports
from pool_gui.window.controller import Controller
from pool_gui.window.panels.player_bar import PlayerBar
from pool_gui.window.style import words

ENDING = "pgrec"


class Recordings(QObject):
    """Carries out the actions for recordings, and says when they cannot be."""

    def __init__(
        self,
        controller: Controller,
        actions: Actions,
        exports: Exports,
        player: PlayerBar,
    ) -> None:
        super().__init__(controller)
        self._controller = controller
        self._actions = actions
        self._exports = exports
        self._player = player
        self._shown: tuple[object, ...] | None = None
        actions["record"].triggered.connect(self.record)
        actions["open"].triggered.connect(self.open)
        actions["play"].triggered.connect(player.toggle)
        player.wanted.connect(self._on_wanted)
        controller.observed.connect(self._on_snapshot)
        self._update(None, 0)

    @Slot()
    def record(self) -> None:
        """Record what is in scope to a file that a person names; or end that."""
        source = self._source()
        if source is None:
            return
        if source.recording is not None:
            self._controller.end_recording(source.key)
            return
        self._tick(ticked=False)  # until it has begun
        kinds = [(self.tr("Recording"), (ENDING,))]
        name = self._exports.ask_name(self.tr("Record"), "pool", kinds)
        if name:
            self._controller.record(source.key, Path(name))

    @Slot()
    def open(self) -> None:
        """Open a recording that a person chooses."""
        name = self._exports.ask_file(self.tr("Open recording"), f"*.{ENDING}")
        if name:
            self.show_file(Path(name))

    def show_file(self, path: Path) -> None:
        """Show a recording beside what is watched."""
        self._controller.watch(recorded(path))

    @Slot(int, object)
    def _on_wanted(self, source: int, playing: Playing) -> None:
        if playing.position_seconds is not None:  # where the lanes were is no more
            viewport = self._controller.viewport
            self._controller.set_viewport(replace(viewport, end_ns=None))
        self._controller.play(source, playing)

    def _source(self) -> SourceRow | None:
        """Return the source in scope; of several, the only one that is there."""
        snapshot = self._controller.newest
        if snapshot is None:
            return None
        if len(snapshot.sources) == 1:
            return snapshot.sources[0]
        return words.find_source(snapshot, snapshot.scope.source)

    @Slot(object)
    def _on_snapshot(self, snapshot: Snapshot) -> None:
        source, count = self._source(), len(snapshot.sources)
        shown: tuple[object, ...] = (count,)
        if source is not None:
            is_recorded, is_played = source.recording, source.playback
            shown = (
                *(source.key, source.link.state, count, is_recorded is None),
                is_played is None,
            )
        if shown != self._shown:
            self._shown = shown
            self._update(source, count)

    def _update(self, source: SourceRow | None, count: int) -> None:
        allow = self._actions.allow
        allow("record", self._not_recordable(source, count))
        full = self.tr("There are as many sources as can be shown; remove one first.")
        allow("open", full if count >= MAX_SOURCES else "")
        played = source is not None and source.playback is not None
        none = self.tr("No recording is shown; open one first.")
        allow("play", "" if played else none)
        self._tick(ticked=source is not None and source.recording is not None)

    def _not_recordable(self, source: SourceRow | None, count: int) -> str:
        if source is None:
            return self.tr("Select one source first.") if count else self._nothing()
        if source.playback is not None:
            return self.tr("A recording is shown; what lives can be recorded.")
        alive = source.link.state in {LinkState.LIVE, LinkState.SILENT}
        if not alive and source.recording is None:
            return self._nothing()
        return ""

    def _nothing(self) -> str:
        return self.tr("Nothing runs that could be recorded.")

    def _tick(self, *, ticked: bool) -> None:
        with QSignalBlocker(self._actions["record"]):
            self._actions["record"].setChecked(ticked)
