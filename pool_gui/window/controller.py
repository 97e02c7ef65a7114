"""The controller: turns snapshots into signals, and buttons into commands.

The one QObject between the session and the widgets; lives on the GUI thread. The
session wakes it from its own thread by `wake`, which is the only method another thread
may call; at most one wake-up is in flight. Widgets know the signals, not the session.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from PySide6.QtCore import QElapsedTimer, QObject, Signal, Slot

from pool_gui.monitor.findings.judgements import Judgements
from pool_gui.monitor.source.base import Playing, SourceKind
from pool_gui.monitor.view.facts import FindingRow, Link, LinkState
from pool_gui.monitor.view.snapshot import Scope, Snapshot
from pool_gui.monitor.view.viewport import Viewport
from pool_gui.window.port import SessionPort
from pool_gui.wire import commands
from pool_gui.wire.commands import Arrival, Command

RUNNING_STATES: Final = ("running", "paused", "draining")
_LIVE: Final = (LinkState.LIVE, LinkState.SILENT)
_QUIET_MS: Final = 380
"""While nothing moves but the time, views are painted this seldom: an idle window is
to cost next to nothing."""
_AFTER_SHARE: Final = 0.7
"""Of the lanes' span, what came after the moment that they are to show."""

AT_ONCE: Final = "at-once"
"""The way of arriving that is a batch and no load."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is selected everywhere; 0 means none."""

    worker: int = 0
    task: int = 0


@dataclass(frozen=True, slots=True)
class Order:
    """Demo tasks as a person orders them."""

    demo: str
    parameters: Mapping[str, float]
    arrival: str
    """AT_ONCE or one of commands.Arrival."""
    amount: int
    """Tasks at once, tasks a second, or tasks in flight, as `arrival` says."""
    seed: int = 0

    def command(self) -> Command:
        """Return the command for it.

        Raises:
            ValueError: a number is out of its range.
        """
        if self.arrival == AT_ONCE:
            return commands.Batch(self.demo, self.parameters, self.amount, self.seed)
        in_flight = self.arrival == Arrival.IN_FLIGHT
        return commands.Submit(
            self.demo,
            self.parameters,
            Arrival(self.arrival),
            1.0 if in_flight else float(self.amount),
            self.amount if in_flight else 1,
            0,
            self.seed,
        )


class Controller(QObject):
    """See the module."""

    snapshot_changed = Signal(object)
    """Snapshot: the newest one to show; not while the display is paused."""
    observed = Signal(object)
    """Snapshot: every one, also those held back while the display is paused."""
    link_changed = Signal(object)
    """Link: its state or sentence is another."""
    pool_state_changed = Signal(str)
    """One of wire.protocol.POOL_STATES, or '' while there is no pool."""
    selection_changed = Signal(object)
    """Selection."""
    display_paused_changed = Signal(bool)
    held_back_changed = Signal(int)
    """How many tasks ended while the display is paused."""
    viewport_changed = Signal(object)
    """Viewport, as it was asked for."""
    scope_changed = Signal(object)
    """Scope: what all but the lanes speak of; or of how many pools it is."""
    _woken = Signal()

    def __init__(self, session: SessionPort, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._link: Link | None = None
        self._pool_state = ""
        self._shown: Snapshot | None = None
        self._since_shown = QElapsedTimer()
        self._frozen_end_ns: int | None = None
        self.newest: Snapshot | None = None
        """The newest snapshot, shown or held back."""
        self.selection = Selection()
        self.viewport = Viewport()
        self.scope = Scope()
        self.pools = 0
        """How many pools are in scope."""
        self.display_paused = False
        self._woken.connect(self._on_woken)

    def wake(self) -> None:
        """Say that there is a new snapshot. Any thread."""
        self._woken.emit()

    @Slot()
    def _on_woken(self) -> None:
        snapshot = self._session.take()
        self.newest = snapshot
        self._follow_link(snapshot)
        self._follow_scope(snapshot)
        self._follow_pool(snapshot)
        self.observed.emit(snapshot)
        if self.display_paused:
            self.held_back_changed.emit(self._held_back(snapshot))
            self._show_other_lanes(snapshot)
        elif not self._may_wait(snapshot):
            self._show(snapshot)

    def _show_other_lanes(self, snapshot: Snapshot) -> None:
        """Show other lanes on a display that else stands still: a person looks round.

        While it is paused the viewport has a fixed end, so only a person moves it.
        """
        shown = self._shown
        if shown is None or shown.lanes is None or snapshot.lanes is None:
            return
        before, now = shown.lanes, snapshot.lanes
        if (before.begin_ns, before.end_ns) != (now.begin_ns, now.end_ns):
            self._show(replace(shown, lanes=now, workers=snapshot.workers))

    def _may_wait(self, snapshot: Snapshot) -> bool:
        """Return whether this shows nothing new, so soon after the last one."""
        still = self._shown is not None and self._shown.quiet and snapshot.quiet
        return still and self._since_shown.elapsed() < _QUIET_MS

    def _show(self, snapshot: Snapshot) -> None:
        self._shown = snapshot
        self._since_shown.start()
        self.snapshot_changed.emit(snapshot)

    def _follow_link(self, snapshot: Snapshot) -> None:
        before = self._link
        self._link = snapshot.link
        if before is None or (before.state, before.note) != (
            snapshot.link.state,
            snapshot.link.note,
        ):
            self.link_changed.emit(snapshot.link)

    def _follow_scope(self, snapshot: Snapshot) -> None:
        pools = 0 if snapshot.pool is None else snapshot.pool.pools
        if (snapshot.scope, pools) != (self.scope, self.pools):
            self.scope, self.pools = snapshot.scope, pools
            self.scope_changed.emit(snapshot.scope)

    def _follow_pool(self, snapshot: Snapshot) -> None:
        live = snapshot.link.state in _LIVE
        state = snapshot.pool.state if snapshot.pool is not None and live else ""
        if state != self._pool_state:
            self._pool_state = state
            self.pool_state_changed.emit(state)

    def _held_back(self, snapshot: Snapshot) -> int:
        if self._shown is None or self._shown.pool is None or snapshot.pool is None:
            return 0
        if self._shown.scope != snapshot.scope:
            return 0  # of other pools than those that are shown
        now, then = snapshot.pool.counts, self._shown.pool.counts
        return max(0, now.done + now.failed - then.done - then.failed)

    @property
    def pool_state(self) -> str:
        """One of wire.protocol.POOL_STATES, or '' while no pool can be reached."""
        return self._pool_state

    @property
    def has_work(self) -> bool:
        """Whether tasks run or wait, or a load is still submitting some."""
        snapshot = self.newest
        if snapshot is None or snapshot.pool is None:
            return False
        chosen = [
            row for row in snapshot.sources if snapshot.scope.source in {0, row.key}
        ]
        if chosen and not any(row.is_driven for row in chosen):
            return False  # a program's tasks are its own, and go on without us
        pool, loaded = snapshot.pool, snapshot.load is not None
        return self._pool_state in RUNNING_STATES and (
            loaded or pool.busy > 0 or pool.depth > 0
        )

    def start_pool(self, size: int, *first: Command, source: int = 0) -> None:
        """Start a pool (and its process if there is none), then send the commands."""
        self._session.launch_pool(size, first, source)

    def restart(self, size: int, source: int) -> None:
        """Start a source's process anew, with the load that ran; the history stays."""
        self._session.restart(size, source)

    def add_demo(self, size: int, *first: Command) -> None:
        """Start a pool in a process of its own, then send it the commands."""
        self._session.add_demo(size, first)

    def add_pool(self, size: int, *first: Command) -> None:
        """Start a pool beside those of the source in scope, then send the commands."""
        self._session.add_pool(size, first)

    def select_scope(self, scope: Scope) -> None:
        """Let all but the lanes speak of this, and commands be for it.

        The only pool of a source is meant by its source: then the next one is, too.
        """
        sources = () if self.newest is None else self.newest.sources
        for source in sources:
            if source.key == scope.source and len(source.pools) < 2:
                scope = Scope(scope.source)
        if self.newest is None or scope != self.scope:
            self._session.set_scope(scope)

    @Slot(object)
    def show_finding(self, row: FindingRow) -> None:
        """Let all speak of its pool, and the lanes show when it came."""
        self.select_scope(Scope(row.source, row.pool))
        lanes = None if self.newest is None else self.newest.lanes
        if lanes is None or self.display_paused:
            return
        first_ns = lanes.now_ns - round(row.since_seconds * 1e9)
        if not lanes.begin_ns <= first_ns <= lanes.end_ns:
            after_ns = round(self.viewport.span_seconds * 1e9 * _AFTER_SHARE)
            self.set_viewport(replace(self.viewport, end_ns=first_ns + after_ns))

    def remove(self, source: int) -> None:
        """End a source's process if it lives, and forget what is known of it."""
        self._session.remove(source)

    def record(self, source: int, path: Path) -> None:
        """Record a source to this file; the log says what became of it."""
        self._session.record(source, path)

    def end_recording(self, source: int) -> None:
        """Record a source no more."""
        self._session.end_recording(source)

    def play(self, source: int, playing: Playing) -> None:
        """Play a recording in another way, or from another place."""
        self._session.play(source, playing)

    def watch(self, kind: SourceKind) -> None:
        """Begin a source of any kind, and put it in scope."""
        self._session.add_source(kind)

    def judge(self, judgements: Judgements) -> None:
        """Let other thresholds count, and rules be silenced."""
        self._session.judge(judgements)

    def submit(self, order: Order) -> None:
        """Submit demo tasks.

        Raises:
            ValueError: a number is out of its range.
        """
        self._session.send(order.command())

    def send(self, command: Command, scope: Scope | None = None) -> None:
        """Send a command to the pools of a scope; each reply comes into the log.

        Args:
            command: what is to be done.
            scope: for which pools; None: those in scope.
        """
        self._session.send(command, scope)

    def select(self, selection: Selection) -> None:
        """Select a worker and a task everywhere."""
        if selection != self.selection:
            self.selection = selection
            self.selection_changed.emit(selection)

    def set_viewport(self, viewport: Viewport) -> None:
        """Show another part of the lanes; on a paused display, none after its end."""
        if self.display_paused and viewport.end_ns is None:
            viewport = replace(viewport, end_ns=self._frozen_end_ns)
        if viewport != self.viewport:
            self.viewport = viewport
            self._session.set_viewport(viewport)
            self.viewport_changed.emit(viewport)

    def pause_display(self, *, paused: bool) -> None:
        """Freeze the views, or let them follow again; nothing is lost."""
        if paused == self.display_paused:
            return
        self.display_paused = paused
        lanes = self._shown.lanes if self._shown is not None else None
        if paused:
            live = self.viewport.end_ns is None
            now_ns = None if lanes is None else lanes.end_ns if live else lanes.now_ns
            self._frozen_end_ns = now_ns
            self.set_viewport(self.viewport)
        elif self.viewport.end_ns == self._frozen_end_ns:
            self.set_viewport(replace(self.viewport, end_ns=None))
        if not paused and self.newest is not None:
            self._show(self.newest)
        self.display_paused_changed.emit(paused)
