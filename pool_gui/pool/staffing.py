"""Sees to it that a pool has workers for its tasks, on demand and in place of the dead.

Any thread may call anything. Who must not wait for the lifecycle lock leaves what is to
be done to its holder.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from pool_gui.pool.states import PoolState

if TYPE_CHECKING:
    from pool_gui.pool.core import PoolCore


class Staffing:
    """Hires for one pool."""

    def __init__(self, core: PoolCore) -> None:
        self._core = weakref.proxy(core)
        self._workers = core.workers
        self._backlog = core.backlog
        self._life = core.life

    def demand_rose(self) -> None:
        """Hire a worker for a task that found none idle, if there may be more.

        A failure is logged, since there are others; see `PoolCore.begin_with_worker`.
        """
        if self._workers.rosters.may_grow:
            self._life.defer(self._meet_demand)

    def _meet_demand(self) -> None:
        # Each worker that is free takes one, and not more.
        is_short = self._backlog.size() > self._workers.free()
        if is_short and self._workers.roster.state is PoolState.RUNNING:
            self._workers.catch_up(1)

    def catch_up(self) -> None:
        """Hire as many workers as what was queued without any demand asks for.

        Under the lifecycle lock.
        """
        roster = self._workers.roster
        if roster.is_elastic:
            idle = roster.size - self._workers.busy()
            self._workers.catch_up(self._backlog.size() - idle)

    def bring_worker(self) -> None:
        """Hire the first worker of an elastic pool that runs.

        Raises:
            WorkerStartError: the system refused the thread.
        """
        roster = self._workers.roster
        if roster.state is PoolState.RUNNING and not roster.size:
            self._life.run_or_defer(self.hire_first)

    def hire_first(self) -> None:
        """Do that under the lifecycle lock."""
        roster = self._workers.roster
        is_empty = roster.is_elastic and not roster.size
        if is_empty and roster.state is PoolState.RUNNING:
            self._workers.catch_up(1)

    def replace_dead(self) -> None:
        """Hire for workers whom an exception thrown in has ended all the same."""
        if self._workers.has_dead():
            self._life.defer(self._replace_dead)

    def _replace_dead(self) -> None:
        missing = self._workers.bury_dead()
        if self._workers.roster.state in (PoolState.RUNNING, PoolState.PAUSED):
            self._workers.catch_up(missing)
        elif self._workers.roster.state is PoolState.DRAINING:
            self.serve()

    def serve(self) -> None:
        """Make sure that queued tasks have a worker; for the end of pool or program.

        Raises:
            WorkerStartError: the system refused the thread.
        """
        with self._life, self._life.lock:
            workers = self._workers
            workers.bury_dead()
            if not self._backlog.size():
                return
            if workers.roster.state is PoolState.NEW:
                workers.set_size(max(1, workers.roster.size))
                self._core.start()
                return
            self.catch_up()
            if workers.is_empty():
                workers.hire(1)

    def serve_if_closed(self) -> None:
        """Do that if no more is accepted."""
        if self._core.admission.is_closed:
            self.serve()
