"""What becomes of a pool in a forked child: its workers stayed in the parent.

For the child's one thread, before the program's own code runs there.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from pool_gui.pool.states import PoolState
from pool_gui.pool.task import is_task
from pool_gui.pool.worker import ProcessThread

if TYPE_CHECKING:
    from pool_gui.pool.core import PoolCore


def running_here(core: PoolCore) -> list[int]:
    """Return the ids of the tasks that this thread runs."""
    me = threading.current_thread()
    task = me.record.task if isinstance(me, ProcessThread) else None
    return core.admission.callers.running_here() + [id(task)] * (task is not None)


def forget_threads(core: PoolCore) -> None:
    """Let it be a stopped pool; the parent runs the tasks."""
    core.workers.forget_threads()
    core.life.forget_threads()
    core.admission.forget_threads()
    core.workers.rosters.change(lambda old: replace(old, state=PoolState.STOPPED))
    core.backlog.forget_threads()
    core.deadlines.forget_threads()
    for task in core.backlog.clear([]):
        if is_task(task):
            task.abandon()
            core.counters.cancelled.take()
    core.backlog.end()
