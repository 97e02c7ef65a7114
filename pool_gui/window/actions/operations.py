"""What the actions do: each slot turns a press into a command. GUI thread only.

It also keeps the actions honest: what cannot be done now is disabled and says why.
"""

from PySide6.QtCore import QObject, Signal, Slot

from pool_gui.monitor.view.facts import Link, LinkState
from pool_gui.window.actions.actions import Actions
from pool_gui.window.actions.toolbar import Toolbar
from pool_gui.window.controller import (
    RUNNING_STATES,
    Controller,
    Order,
    Selection,
)
from pool_gui.wire import commands
from pool_gui.wire.catalogue import DEFAULT_DEMO
from pool_gui.wire.commands import Arrival

DEMO_TASKS_PER_WORKER = 2


class Operations(QObject):
    """Carries the actions out."""

    refused = Signal(str)
    """One sentence: why an order was not sent."""

    def __init__(
        self, controller: Controller, actions: Actions, toolbar: Toolbar
    ) -> None:
        super().__init__(controller)
        self._controller = controller
        self._actions = actions
        self._toolbar = toolbar
        self._link = LinkState.NONE
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
            ("restart", self.start),
            ("freeze", self.freeze),
        ):
            self._actions[name].triggered.connect(slot)
        self._toolbar.size_wanted.connect(self.resize)
        self._controller.pool_state_changed.connect(self._on_pool_state)
        self._controller.link_changed.connect(self._on_link)
        self._controller.selection_changed.connect(self._on_selection)

    @Slot()
    def start(self) -> None:
        """Start a pool of the chosen size."""
        self._controller.start_pool(self._toolbar.size_box.value())

    @Slot()
    def start_demo(self) -> None:
        """Start a pool and keep it busy with the default demo."""
        size = self._toolbar.size_box.value()
        in_flight = DEMO_TASKS_PER_WORKER * size
        order = Order(DEFAULT_DEMO, {}, str(Arrival.IN_FLIGHT), in_flight)
        self._controller.start_pool(size, order.command())

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
        rows = () if snapshot is None else snapshot.workers
        for row in rows:
            if row.key == selected:
                self._controller.send(commands.Dismiss(1, row.number))

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
        if self._controller.pool_state in RUNNING_STATES:
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

    def update_actions(self) -> None:
        """Disable what cannot be done now, and say why."""
        state = self._controller.pool_state
        starting = self._link is LinkState.STARTING
        runs = state in RUNNING_STATES
        none = self.tr("No pool runs; start one first.")
        ending = self.tr("The pool is ending.")
        busy = self.tr("A pool runs already.")
        wait = self.tr("The pool process is starting.")
        start = wait if starting else busy if runs else ""
        needs_pool = "" if runs else none
        open_pool = needs_pool or (ending if state == "draining" else "")
        allow = self._actions.allow
        allow("start", start)
        allow("restart", start)
        for name in ("dismiss", "dismiss-half", "end-load", "clear", "stop"):
            allow(name, needs_pool)
        for name in ("pause", "submit", "drain"):
            allow(name, open_pool)
        selected = self._controller.selection.worker
        nobody = "" if selected else self.tr("Select a worker first.")
        allow("dismiss-selected", needs_pool or nobody)
        self._name_pause(paused=state == "paused")

    def _name_pause(self, *, paused: bool) -> None:
        if paused:
            tip = self.tr("Let the workers take tasks again")
            self._actions.rename("pause", self.tr("Resume"), tip, "resume")
        else:
            tip = self.tr("Workers finish what they run and take nothing more")
            self._actions.rename("pause", self.tr("Pause"), tip, "pause")
