"""Takes tasks out of a pool's queue unrun: all of them, or those that never run.

Any thread may call anything. What is taken is ended without a lock held, for that calls
whatever callbacks it has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pool_gui.pool.counters import Work
from pool_gui.pool.handback import count_dead, hand_back
from pool_gui.pool.task import Task, is_task

if TYPE_CHECKING:
    from collections.abc import Callable

    from pool_gui.pool.core import PoolCore


def clear(core: PoolCore) -> list[Task]:
    """Take what is queued out of the queue. See `ThreadPool.clear`."""
    return _hand_back(core, core.backlog.clear)


def stop(core: PoolCore) -> list[Task]:
    """End a pool without running what is queued. See `ThreadPool.stop`."""
    return _hand_back(core, core.end_and_clear)


def break_down(core: PoolCore) -> None:
    """Take no more tasks and fail the queued ones; an initializer has failed."""
    core.admission.is_broken = True
    _hand_back(core, core.end_and_clear, is_broken=True)


def purge(core: PoolCore) -> int:
    """Take what will never run out of the queue; return how many."""
    with core.life, core.life.lock:  # else it could end while it is sorted
        with core.admission.room.lock:
            if core.admission.is_closed:
                return 0
            dead = core.backlog.remove_dead(_is_dead)
        for task in dead:
            if is_task(task):
                count_dead(task, core.counters)
        # A worker that looked meanwhile may have left, and a signal handler may have
        # closed the pool.
        if core.backlog.size():
            core.demand_rose()
    core.life.defer(core.staffing.serve_if_closed)
    core.backlog.quiet.unpark_all()
    return len(dead)


def _hand_back(
    core: PoolCore,
    take: Callable[[list[object]], object],
    *,
    is_broken: bool = False,
) -> list[Task]:
    """End what `take` takes off the queue into the list that it is given."""
    core.workers.peaks.note()
    items: list[object] = []
    work = Work()
    try:
        core.counters.begin(work)
        take(items)
        return hand_back(items, core.counters, is_broken=is_broken)
    finally:
        hand_back(items, core.counters, is_broken=is_broken)  # after a Ctrl-C
        work.is_over = True
        core.backlog.quiet.unpark_all()


def _is_dead(item: object) -> bool:
    """Whether an item will never run."""
    return is_task(item) and Task.done(item)
