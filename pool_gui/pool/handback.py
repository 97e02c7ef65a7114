"""What becomes of tasks that are taken off a queue unrun, and what is no task."""

from __future__ import annotations

from concurrent.futures.thread import BrokenThreadPool
from typing import TYPE_CHECKING, Final

from pool_gui.pool.errors import TaskTypeErrorException
from pool_gui.pool.names import type_name
from pool_gui.pool.states import TaskState
from pool_gui.pool.task import Task, is_task

if TYPE_CHECKING:
    from pool_gui.pool.counters import Counters

BROKEN: Final = "A thread initializer failed, the thread pool is not usable anymore"
"""What `BrokenThreadPool` says, in the standard pool's words."""


def as_task(item: object) -> Task:
    """Return a task, if it is one; its true class decides, not what it says.

    Raises:
        TaskTypeErrorException: it is none.
    """
    if is_task(item):
        return item
    raise TaskTypeErrorException(
        f"A pool takes Tasks, and this is {type_name(item)}; wrap the call as "
        "Task(function, *args)."
    )


def count_dead(task: Task, counters: Counters) -> None:
    """Count a task that was taken off the queue and must not run."""
    if not task.started_ns:
        task.bury(counters.cancelled.take)


def hand_back(
    items: list[object], counters: Counters, *, is_broken: bool = False
) -> list[Task]:
    """End what was taken off the queue; return what was not over before.

    Each is taken out of the list once it is decided, so that what a Ctrl-C leaves in it
    can be handed back by another call.
    """
    state = TaskState.DROPPED if is_broken else TaskState.CANCELLED
    count = counters.dropped.take if is_broken else counters.cancelled.take
    taken = []
    while items:
        task = items[0]
        if is_task(task):
            # An error of its own for each, or one would show the traces of all.
            error = BrokenThreadPool(BROKEN) if is_broken else None
            if task.refuse(state, error, count):
                taken.append(task)
            else:
                count_dead(task, counters)
        del items[0]
    return taken
