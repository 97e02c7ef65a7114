"""What a worker without a pool has instead of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pool_gui.pool.counters import Counters
from pool_gui.pool.deadlines import Deadlines
from pool_gui.pool.waiting import FOREVER

if TYPE_CHECKING:
    from pool_gui.pool.events import Hooks
    from pool_gui.pool.worker import ProcessThread


class Alone:
    """Lets its worker begin, stay and go; answers what `PoolCore` answers."""

    hooks: Hooks | None = None

    def __init__(self) -> None:
        self.counters = Counters()
        self.deadlines = Deadlines("")

    def welcome(self, _worker: ProcessThread) -> bool:
        """Let it begin."""
        return True

    def idles(self, _worker: ProcessThread) -> float:
        """Let it stay."""
        return FOREVER

    def demand_rose(self) -> None:
        """There are no others."""

    def dismissed(self, _worker: ProcessThread) -> None:
        """Nobody counts it."""

    def leaves(self, _worker: ProcessThread, *, can_run: bool) -> bool:
        """Let it go."""
        return can_run

    def bid_farewell(self, _worker: ProcessThread, *, can_run: bool) -> None:
        """Nobody asks."""
