"""Lets the gate of a pool's queue, and its entrance, follow what the roster says."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from pool_gui.pool.states import PoolState

if TYPE_CHECKING:
    from pool_gui.pool.admission import Admission
    from pool_gui.pool.backlog import Backlog
    from pool_gui.pool.roster import Rosters

_SHUT = (PoolState.NEW, PoolState.PAUSED)
"""Nothing is taken from the queue in these states."""


def follow_state(rosters: Rosters, backlog: Backlog, admission: Admission) -> None:
    """Have gate and entrance look at the roster, and again after each change of it.

    By weak references: the parts of a pool that has ended make no cycles.
    """
    weak_rosters, weak_admission = weakref.ref(rosters), weakref.ref(admission)

    def is_paused() -> bool:
        now = weak_rosters()
        return now is not None and now.latest().state in _SHUT

    def on_change() -> None:
        backlog.set_plain()
        if (entrance := weak_admission()) is not None:
            entrance.set_direct()

    backlog.is_paused, rosters.on_change = is_paused, on_change
