"""What becomes of the tasks that a worker had in hand when something was thrown in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pool_gui.pool.clocks import perf_counter_ns
from pool_gui.pool.task import Task, is_task

if TYPE_CHECKING:
    from collections.abc import Callable

    from pool_gui.pool.backlog import Backlog
    from pool_gui.pool.counters import WorkerRecord


def part_from(
    things: list[object],
    record: WorkerRecord,
    backlog: Backlog,
    count_cancelled: Callable[[], object],
    error: BaseException,
) -> None:
    """Put back what has not begun, let fail what has, bury what must not run.

    Args:
        things: tasks, perhaps one twice; entries of the heap, which end with their
            task and were not unpacked yet; or anything else, which is ignored.
        record: of the worker that had them.
        backlog: where they came from.
        count_cancelled: counts a task that was cancelled, and is found by this.
        error: what was thrown in.
    """
    items = [one[-1] if type(one) is tuple else one for one in things]
    for task in {id(one): one for one in items}.values():
        if not is_task(task):
            continue
        if task.started_ns:
            _fail(task, record, error)
        elif task.done():
            task.bury(count_cancelled)
        else:
            limits = task.limits
            backlog.put_back(task, limits.priority if limits else 0, task.id)
            backlog.wake_some(1)


def _fail(task: Task, record: WorkerRecord, error: BaseException) -> None:
    is_counted = task.ended_ns and record.started == record.done + record.failed
    if not is_counted:
        record.started = record.done + record.failed + 1
        record.failed += 1
        record.started_ns = perf_counter_ns()
    if not task.done() and task.ends_run():
        task.end(error)
