"""What a person does with lanes: pin, hide, fold, sort. GUI thread only.

Each act asks for another viewport; what cannot be done now is disabled and says why.
"""

from dataclasses import replace
from typing import Final

from PySide6.QtCore import QObject, QPoint, Slot
from PySide6.QtWidgets import QMenu, QWidget

from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.monitor.view.viewport import LaneOrder, Viewport
from pool_gui.window.actions.actions import Actions
from pool_gui.window.actions.menus import LANE_ACTIONS, fill_menu
from pool_gui.window.controller import Controller

_MOST_KEYS: Final = 2048
"""So many lanes can be hidden, pinned and folded; those that came first give way."""


class Arrangement(QObject):
    """See the module."""

    def __init__(
        self, controller: Controller, actions: Actions, lanes: QWidget
    ) -> None:
        super().__init__(lanes)
        self._controller = controller
        self._actions = actions
        self._pools: frozenset[int] = frozenset()
        self._menu = QMenu(lanes)
        fill_menu(self._menu, actions, LANE_ACTIONS)
        for name, slot in (
            ("pin", self.pin),
            ("hide", self.hide),
            ("show-hidden", self.show_hidden),
            ("fold-all", self.fold_all),
            ("unfold-all", self.unfold_all),
            ("sort-age", self.sort_by_age),
            ("sort-name", self.sort_by_name),
            ("sort-busy", self.sort_by_busy_share),
        ):
            actions[name].triggered.connect(slot)
        actions["sort-age"].setChecked(True)
        controller.selection_changed.connect(self.update_actions)
        controller.viewport_changed.connect(self.update_actions)
        controller.snapshot_changed.connect(self.follow_pools)
        self.update_actions()

    @Slot(object)
    def follow_pools(self, snapshot: Snapshot) -> None:
        """Take note of the pools that there are."""
        groups = () if snapshot.lanes is None else snapshot.lanes.groups
        pools = frozenset(group.pool for group in groups if group.pool)
        if pools != self._pools:
            self._pools = pools
            self.update_actions()

    @Slot(object)
    def open_menu(self, position: QPoint) -> None:
        """Offer what can be done with the lanes, there on the screen."""
        self._menu.popup(position)

    @Slot(bool)
    def pin(self, pinned: bool) -> None:  # noqa: FBT001  # a signal's argument
        """Keep the selected worker's lane on top, or no longer."""
        asked, worker = self._controller.viewport, self._controller.selection.worker
        keys = asked.pinned | {worker} if pinned else asked.pinned - {worker}
        self._ask(replace(asked, pinned=_bounded(keys)))

    @Slot()
    def hide(self) -> None:
        """Show the selected worker's lane no longer."""
        asked, worker = self._controller.viewport, self._controller.selection.worker
        hidden = _bounded(asked.hidden | {worker})
        self._ask(replace(asked, hidden=hidden, pinned=asked.pinned - {worker}))

    @Slot()
    def show_hidden(self) -> None:
        """Show all lanes that were hidden."""
        self._ask(replace(self._controller.viewport, hidden=frozenset()))

    @Slot()
    def fold_all(self) -> None:
        """Show one line a pool and no lanes."""
        asked = self._controller.viewport
        self._ask(replace(asked, folded=_bounded(asked.folded | self._pools)))

    @Slot()
    def unfold_all(self) -> None:
        """Show the lanes of all pools."""
        self._ask(replace(self._controller.viewport, folded=frozenset()))

    @Slot()
    def sort_by_age(self) -> None:
        """Sort the lanes of a pool: the oldest worker first."""
        self._ask(replace(self._controller.viewport, order=LaneOrder.AGE))

    @Slot()
    def sort_by_name(self) -> None:
        """Sort the lanes of a pool by name."""
        self._ask(replace(self._controller.viewport, order=LaneOrder.NAME))

    @Slot()
    def sort_by_busy_share(self) -> None:
        """Sort the lanes of a pool: whoever was busy most first."""
        self._ask(replace(self._controller.viewport, order=LaneOrder.BUSY))

    def _ask(self, viewport: Viewport) -> None:
        self._controller.set_viewport(viewport)

    @Slot()
    def update_actions(self) -> None:
        """Disable what cannot be done now, and say why."""
        asked, worker = self._controller.viewport, self._controller.selection.worker
        allow = self._actions.allow
        nobody = "" if worker else self.tr("Select a worker first.")
        none = "" if self._pools else self.tr("There are no lanes yet.")
        folded = self._pools & asked.folded
        all_folded = "" if self._pools - folded else self.tr("All pools are folded.")
        allow("pin", nobody)
        allow("hide", nobody)
        allow("show-hidden", "" if asked.hidden else self.tr("No lane is hidden."))
        allow("fold-all", none or all_folded)
        allow("unfold-all", "" if folded else self.tr("No pool is folded."))
        self._actions["pin"].setChecked(worker in asked.pinned)


def _bounded(keys: frozenset[int]) -> frozenset[int]:
    return frozenset(sorted(keys)[-_MOST_KEYS:])
