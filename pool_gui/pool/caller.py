"""Runs a task in the thread that put it, as a worker would.

The future tells the outcome, and the pool counts it. What is no `Exception`
(KeyboardInterrupt, SystemExit) is raised besides, for it is meant for that thread.
"""

from __future__ import annotations

import threading
from time import perf_counter_ns
from typing import TYPE_CHECKING

from pool_gui.pool.failure import report_failure
from pool_gui.pool.kit import count_dead
from pool_gui.pool.record import WorkerRecord

if TYPE_CHECKING:
    from pool_gui.pool.kit import Kit
    from pool_gui.pool.task import Task


def run_in_caller(task: Task, kit: Kit, *, may_exit: bool) -> None:
    """Run an accepted task that is in no queue, in this thread.

    Args:
        task: what to run.
        kit: the pool's.
        may_exit: raise what is no `Exception`; not in a worker, which it would not end.
    """
    future, tally, limits = task.future, kit.tally, task.limits
    if not future.begin():
        count_dead(task, tally)
        return
    call, name = task.callable, threading.current_thread().name
    hooks, watch = kit.hooks, None
    if hooks is not None:
        kit.call_hook(hooks.before_task, task)
    if limits is not None and limits.run_ns:
        watch = kit.watch_run(task, limits.run_ns, name, WorkerRecord())
    tally.caller_started.take()
    task.started_ns = perf_counter_ns()
    failure: BaseException | None = None
    try:
        if limits is not None and limits.context is not None:
            future._result = limits.context.run(call, *task.args, **task.kwargs)  # noqa: SLF001
        else:
            future._result = call(*task.args, **task.kwargs)  # noqa: SLF001
    except BaseException as error:  # noqa: BLE001 - it goes where the result would
        failure = future._exception = error  # noqa: SLF001
    try:
        task.ended_ns = perf_counter_ns()
        if watch is not None:
            watch.end(task.ended_ns - task.started_ns)
        (tally.caller_done if failure is None else tally.caller_failed).take()
        future.settle()
        if failure is not None and task.logs_failure:
            report_failure(task.id, task.callable, name, failure)
        if hooks is not None:
            kit.call_hook(hooks.after_task, task)
        if may_exit and failure is not None and not isinstance(failure, Exception):
            raise failure
    finally:
        # What was raised holds this frame, which is to hold neither it nor its future.
        del failure, future, task, call
