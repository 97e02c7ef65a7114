"""The most tasks that were queued at once: ever, and since an agent last asked.

Any thread may call anything. A worker notes in its own record how many tasks it saw
when it took one; what a worker may never come to see is noted here.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from pool_gui.pool.atomic import take_all

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pool_gui.pool.backlog import Backlog
    from pool_gui.pool.roster import Rosters
    from pool_gui.pool.worker import ProcessThread


class Peaks:
    """The peaks of one pool's queue."""

    __slots__ = ("_backlog", "_noted", "_rosters")

    def __init__(self, backlog: Backlog, rosters: Rosters) -> None:
        self._backlog = backlog
        self._rosters = rosters
        self._noted: deque[int] = deque(maxlen=64)  # depths of the queue

    def ever(self) -> int:
        """Return the most tasks ever seen in the queue."""
        roster = self._rosters.latest()
        seen = [one.record.peak_queued for one in roster.living]
        noted = self._noted.copy()
        return max(roster.peak_queued, self._backlog.size(), *seen, *noted)

    def take(self, departed: Iterable[ProcessThread]) -> int:
        """Return the most tasks seen since the last call, by the agent."""
        noted: list[int] = []
        take_all(self._noted, into=noted)
        peak = max(*noted, self._backlog.size(), 0)
        for worker in (*self._rosters.latest().living, *departed):
            record = worker.record
            peak, record.peak_queued = max(peak, record.peak_queued), 0
        self._rosters.change(lambda old: old.with_queued(peak))
        return peak

    def note(self) -> None:
        """Remember how many tasks are queued, for no worker may come to take them."""
        self._noted.append(self._backlog.size())
        if len(self._noted) == self._noted.maxlen:  # while no agent takes them
            peak = max(self._noted.copy())
            self._rosters.change(lambda old: old.with_queued(peak))
