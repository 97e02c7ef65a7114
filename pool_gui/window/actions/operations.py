"""What the actions do: each slot turns a press into a command. GUI thread only.

It also keeps the actions honest: what cannot be done now is disabled and says why.
"""

import itertools

from PySide6.QtCore import QObject, Signal, Slot

from pool_gui.monitor.view.facts import MAX_SOURCES, Link, LinkState
from pool_gui.monitor.view.snapshot import Scope, Snapshot
from pool_gui.window.actions.actions import Actions
from pool_gui.window.actions.new_pool import NewPool, NewPoolForm
from pool_gui.window.actions.toolbar import Toolbar
from pool_gui.window.controller import (
    RUNNING_STATES,
    Controller,
    Selection,
)
from pool_gui.window.style import words
from pool_gui.window.style.sentences import log_sentence
from pool_gui.wire import commands
from pool_gui.wire.catalogue import DEFAULT_DEMO
from pool_gui.wire.commands import Arrival

DEMO_TASKS_PER_WORKER = 2
_ALIVE = (LinkState.LIVE, LinkState.SILENT)


class Operations(QObject):
    """Carries the actions out."""

    refused = Signal(str)
    """Why what a person wanted was not done; empty when something was done since."""
    """One sentence: why an order was not sent."""

    def __init__(
        self, controller: Controller, actions: Actions, toolbar: Toolbar
    ) -> None:
        super().__init__(controller)
        self._controller = controller
        self._actions = actions
        self._toolbar = toolbar
        self._form = NewPoolForm(toolbar)
        self._form.chosen.connect(self.add_pool)
        self._link = LinkState.NONE
        self._links: tuple[tuple[int, LinkState], ...] = ()
        self._heard = 0  # the number of the last line of the log
        self.may_remove = _yes
        """Asks whether work that runs may be ended."""
        self._connect()
        self.update_actions()

    def _connect(self) -> None:
        for name, slot in (
            ("start", self.start),
            ("pause", self.pause_or_resume),
            ("dismiss", self.dismiss_one),
            ("dismiss-selected", self.dismiss_selected),
            ("dismiss-half", self.dismiss_half),
            ("submit", self.submit),
            ("end-load", self.end_load),
            ("clear", self.clear),
            ("drain", self.drain),
            ("restart", self.restart),
            ("new-demo", self.ask_for_pool),
            ("remove", self.remove),
            ("remove-lost", self.remove_lost),
            ("freeze", self.freeze),
        ):
            self._actions[name].triggered.connect(slot)
        self._toolbar.size_wanted.connect(self.resize)
        self._controller.pool_state_changed.connect(self._on_pool_state)
        self._controller.link_changed.connect(self._on_link)
        self._controller.selection_changed.connect(self._on_selection)
        self._controller.scope_changed.connect(self._on_scope)
        self._controller.observed.connect(self._on_snapshot)

    @Slot()
    def start(self) -> None:
        """Start a pool of the chosen size."""
        self._controller.start_pool(self._toolbar.size_box.value())

    @Slot()
    def start_demo(self) -> None:
        """Start a pool and keep it busy with the default demo."""
        size = self._toolbar.size_box.value()
        in_flight = DEMO_TASKS_PER_WORKER * size
        load = commands.Submit(DEFAULT_DEMO, {}, Arrival.IN_FLIGHT, 1, in_flight, 0, 0)
        self._toolbar.order.adopt(load)
        self._controller.start_pool(size, load)

    @Slot()
    def restart(self) -> None:
        """Start the process of a lost or hung source anew; else that in scope."""
        size, broken = self._toolbar.size_box.value(), self._broken_source()
        if broken:
            self._controller.restart(size, broken)
        else:
            self._controller.start_pool(size)

    @Slot()
    def ask_for_pool(self) -> None:
        """Ask which pool is to be started beside the others."""
        snapshot = self._controller.newest
        source = None
        if snapshot is not None:
            source = words.find_source(snapshot, self._controller.scope.source)
        lives = (
            source is not None
            and source.is_driven
            and source.link.state in _ALIVE
            and source.pools
        )
        name = words.source_name(source) if source and lives else ""
        self._form.ask(name, self._toolbar.order.summary())

    @Slot(object)
    def add_pool(self, wanted: NewPool) -> None:
        """Start another pool, and submit the chosen tasks to it if that is wanted."""
        try:
            order = self._toolbar.order.order().command()
        except ValueError as error:
            self.refused.emit(self.tr("Not submitted: {0}.").format(error))
            return
        first = (order,) if wanted.with_order else ()
        if wanted.beside:
            self._controller.add_pool(wanted.workers, *first)
        else:
            self._controller.add_demo(wanted.workers, *first)

    @Slot()
    def remove(self) -> None:
        """End the process in scope and forget it; with work running, ask once."""
        scope = self._controller.scope
        if scope.source and (not self._controller.has_work or self.may_remove()):
            self._controller.remove(scope.source)

    @Slot()
    def remove_lost(self) -> None:
        """Forget a source that was lost."""
        lost = self._lost_source()
        if lost:
            self._controller.remove(lost)

    def _broken_source(self) -> int:
        """Return a source that is lost, or else one that hangs; 0: none."""
        return self._lost_source() or self._lost_source(LinkState.SILENT)

    def _lost_source(self, state: LinkState = LinkState.LOST) -> int:
        """Return the lost source in scope, or else the first of all; 0: none."""
        snapshot = self._controller.newest
        rows = () if snapshot is None else snapshot.sources
        lost = [row.key for row in rows if row.link.state is state]
        in_scope = self._controller.scope.source
        return in_scope if in_scope in lost else lost[0] if lost else 0

    @Slot()
    def pause_or_resume(self) -> None:
        """Pause a running pool, resume a paused one."""
        paused = self._controller.pool_state == "paused"
        self._controller.send(commands.Resume() if paused else commands.Pause())

    @Slot()
    def dismiss_one(self) -> None:
        """Take one worker away."""
        self._controller.send(commands.Dismiss(1, 0))

    @Slot()
    def dismiss_half(self) -> None:
        """Take half of the workers away."""
        snapshot = self._controller.newest
        if snapshot is not None and snapshot.pool is not None:
            count = max(1, snapshot.pool.size // 2)
            self._controller.send(commands.Dismiss(count, 0))

    @Slot()
    def dismiss_selected(self) -> None:
        """Take the selected worker away."""
        selected, snapshot = self._controller.selection.worker, self._controller.newest
        rows = () if snapshot is None else (*snapshot.workers, *snapshot.roster)
        row = next((row for row in rows if row.key == selected), None)
        if row is not None:
            own = Scope(row.source, row.pool)
            self._controller.send(commands.Dismiss(1, row.number), own)

    @Slot()
    def submit(self) -> None:
        """Submit the chosen demo tasks."""
        try:
            self._controller.submit(self._toolbar.order.order())
        except ValueError as error:
            self.refused.emit(self.tr("Not submitted: {0}.").format(error))

    @Slot()
    def end_load(self) -> None:
        """Submit no more."""
        self._controller.send(commands.EndLoad())

    @Slot()
    def clear(self) -> None:
        """Empty the queue."""
        self._controller.send(commands.Clear())

    @Slot()
    def drain(self) -> None:
        """Finish everything, then end the pool."""
        self._controller.send(commands.Drain())

    @Slot()
    def stop(self) -> None:
        """End the pool now."""
        self._controller.send(commands.Stop())

    @Slot(int)
    def resize(self, size: int) -> None:
        """Let a running pool have another size."""
        alone = self._controller.pools == 1
        if alone and self._controller.pool_state in RUNNING_STATES:
            self._controller.send(commands.Resize(size))

    @Slot(bool)
    def freeze(self, paused: bool) -> None:  # noqa: FBT001  # a signal's argument
        """Pause the display, or let it follow again."""
        self._controller.pause_display(paused=paused)

    @Slot(str)
    def _on_pool_state(self, _state: str) -> None:
        self.update_actions()

    @Slot(object)
    def _on_link(self, link: Link) -> None:
        self._link = link.state
        self.update_actions()

    @Slot(object)
    def _on_selection(self, _selection: Selection) -> None:
        self.update_actions()

    @Slot(object)
    def _on_scope(self, _scope: Scope) -> None:
        self.update_actions()

    @Slot(object)
    def _on_snapshot(self, snapshot: Snapshot) -> None:
        self._hear(snapshot)
        links = tuple((row.key, row.link.state) for row in snapshot.sources)
        shown = *links, (snapshot.load is not None, LinkState.NONE)
        if shown != self._links:
            self._links = shown
            self.update_actions()

    def _hear(self, snapshot: Snapshot) -> None:
        """Tell what a pool refused since the last snapshot, and take it back."""
        heard = self._heard
        fresh = itertools.takewhile(lambda one: one.number > heard, snapshot.log[::-1])
        told = next((line for line in fresh if line.source == "pool"), None)
        if snapshot.log:
            self._heard = snapshot.log[-1].number
        if told is None:
            return
        is_refused = told.level == "warning"
        self.refused.emit(log_sentence(told) if is_refused else "")
        pool = snapshot.pool
        if is_refused and pool is not None and pool.pools == 1 and pool.size:
            self._toolbar.take_back(pool.size)

    def update_actions(self) -> None:
        """Disable what cannot be done now, and say why."""
        state = self._controller.pool_state
        starting = self._link is LinkState.STARTING
        runs = state in RUNNING_STATES
        none = self.tr("No pool runs; start one first.")
        ending = self.tr("The pool is ending.")
        busy = self.tr("A pool runs already; File > New demo pool starts another.")
        wait = self.tr("The pool process is starting.")
        start = wait if starting else busy if runs else ""
        needs_pool = self._only_watched() or ("" if runs else none)
        open_pool = needs_pool or (ending if state == "draining" else "")
        allow = self._actions.allow
        several = self._controller.pools > 1
        one = self.tr("Select one pool first.") if several else ""
        self._toolbar.tell_size(several=several)
        start = start or self._only_watched()
        allow("start", start)
        allow("restart", "" if self._broken_source() else start or self._not_begun())
        newest = self._controller.newest
        loaded = newest is not None and newest.load is not None
        allow("end-load", needs_pool or ("" if loaded else self.tr("No load runs.")))
        for name in ("clear", "stop"):
            allow(name, needs_pool)
        for name in ("dismiss", "dismiss-half"):
            allow(name, needs_pool or one)
        for name in ("pause", "submit", "drain"):
            allow(name, open_pool)
        selected = self._controller.selection.worker
        nobody = "" if selected else self.tr("Select a worker first.")
        allow("dismiss-selected", needs_pool or nobody)
        self._allow_sources(wait if starting else "")
        self._name_pause(paused=state == "paused")

    def _not_begun(self) -> str:
        """Say that there is nothing yet that could begin anew, if that is so."""
        snapshot = self._controller.newest
        rows = () if snapshot is None else snapshot.sources
        begun = any(row.link.state is not LinkState.NONE for row in rows)
        return "" if begun else self.tr("Nothing has run yet; start a pool first.")

    def _only_watched(self) -> str:
        """Say that what is in scope takes no commands, if that is so."""
        snapshot, scope = self._controller.newest, self._controller.scope
        rows = () if snapshot is None else snapshot.sources
        chosen = [row for row in rows if scope.source in {0, row.key}]
        if not chosen or any(row.is_driven for row in chosen):
            return ""
        return self.tr("This source is only watched; it takes no commands.")

    def _allow_sources(self, starting: str) -> None:
        """Disable what cannot be done with sources now, and say why."""
        allow, scope = self._actions.allow, self._controller.scope
        snapshot = self._controller.newest
        rows = () if snapshot is None else snapshot.sources
        full = len(rows) >= MAX_SOURCES
        most = self.tr("There are as many sources as can be shown; remove one first.")
        none = self.tr("There is no source yet.") if self._not_begun() else ""
        one = "" if scope.source else self.tr("Select one source first.")
        allow("new-demo", most if full else starting)
        allow("remove", none or one)
        lost = bool(self._lost_source())
        allow("remove-lost", "" if lost else self.tr("No source is lost."))

    def _name_pause(self, *, paused: bool) -> None:
        if paused:
            tip = self.tr("Let the workers take tasks again")
            self._actions.rename("pause", self.tr("Resume"), tip, "resume")
        else:
            tip = self.tr("Workers finish what they run and take nothing more")
            self._actions.rename("pause", self.tr("Pause"), tip, "pause")


def _yes() -> bool:
    """Allow it: nobody is there to be asked."""
    return True
