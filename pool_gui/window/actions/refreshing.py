"""How often the views are brought up to date, as a person chooses. GUI thread only.

To pause is one of the choices: it is the same as *Pause display*.
"""

from dataclasses import replace
from typing import Final

from PySide6.QtCore import QObject, Slot

from pool_gui.monitor.view.viewport import Rate
from pool_gui.window.actions.actions import Actions
from pool_gui.window.controller import Controller

PAUSED: Final = "rate-paused"


class Refreshing(QObject):
    """See the module."""

    def __init__(
        self, controller: Controller, actions: Actions, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._actions = actions
        for name, slot in (
            ("rate-high", self.be_high),
            ("rate-normal", self.be_normal),
            ("rate-low", self.be_low),
            (PAUSED, self.pause),
        ):
            actions[name].triggered.connect(slot)
        controller.display_paused_changed.connect(self._mark)
        controller.viewport_changed.connect(self._mark)
        self._mark()

    @Slot()
    def be_high(self) -> None:
        """Show each pixel by which time moves."""
        self.choose(Rate.HIGH)

    @Slot()
    def be_normal(self) -> None:
        """Show what is new ten times a second."""
        self.choose(Rate.NORMAL)

    @Slot()
    def be_low(self) -> None:
        """Show what is new twice a second."""
        self.choose(Rate.LOW)

    @Slot()
    def pause(self) -> None:
        """Show nothing new."""
        self._controller.pause_display(paused=True)

    def choose(self, rate: Rate) -> None:
        """Bring the views up to date this often, and go on if they stand still."""
        self._controller.pause_display(paused=False)
        self._controller.set_viewport(replace(self._controller.viewport, rate=rate))

    @Slot()
    def _mark(self) -> None:
        """Check the rate that is in force."""
        paused = self._controller.display_paused
        name = PAUSED if paused else f"rate-{self._controller.viewport.rate.value}"
        self._actions[name].setChecked(True)
        self._actions["freeze"].setChecked(paused)
