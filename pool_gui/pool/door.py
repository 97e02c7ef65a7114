"""The one door through which an agent watches a pool. Nothing else of it is for agents.

Everything may be called from the agent's thread while the pool runs; nothing takes a
lock that a worker needs to run tasks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pool_gui.pool.shutdown import POOLS

if TYPE_CHECKING:
    from pool_gui.pool.core import PoolCore
    from pool_gui.pool.counters import PoolStatistics
    from pool_gui.pool.pool import ThreadPool
    from pool_gui.pool.worker import ProcessThread


class Door:
    """What an agent may read of a pool, and the one thing that it may set."""

    def __init__(self, pool: ThreadPool | None, core: PoolCore | None = None) -> None:
        """Open it: to a pool, or to one of which only the core is at hand."""
        if core is None:
            if pool is None:
                raise TypeError("a door leads to a pool")
            core = pool._core  # noqa: SLF001 - this is the door
        self._core = core

    @property
    def identity(self) -> int:
        """Tells pools apart for as long as both are there."""
        return id(self._core)

    @property
    def name(self) -> str:
        """The pool's name."""
        return self._core.name

    def statistics(self) -> PoolStatistics:
        """Return its state and exact counts."""
        return self._core.statistics()

    def workers(self) -> tuple[ProcessThread, ...]:
        """Return the workers there are, then those that ended lately, at most 256."""
        # In this order: a worker that leaves in between is in both, never in none.
        workers = self._core.workers
        both = (*workers.roster.living, *workers.departed.copy())
        return tuple(dict.fromkeys(both))

    def queued(self) -> list[object]:
        """Return the tasks that are queued, in no certain order."""
        return self._core.backlog.queued()

    def finished_by_callers(self) -> int:
        """Return how many tasks those finished that put them; they leave no spans."""
        counters = self._core.counters
        return counters.caller_done.taken() + counters.caller_failed.taken()

    def take_peak_queued(self) -> int:
        """Return the most tasks queued at once since the last call."""
        workers = self._core.workers
        return workers.peaks.take(workers.departed.copy())

    def watch(self, mask: int) -> None:
        """Let workers record a span when `started & mask` is 0; negative: never."""
        self._core.workers.watch(mask)


def doors() -> list[Door]:
    """Return a door to each pool of this interpreter that is not over."""
    return [Door(None, core) for core in POOLS.all()]
