"""What a run may ask for beyond its call: limits, hooks, a context, a line in the log.

For the thread of the worker that took the task.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pool_gui.pool.clocks import perf_counter_ns
from pool_gui.pool.deadlines import expire
from pool_gui.pool.events import call_hook, tell_failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from pool_gui.pool.alone import Alone
    from pool_gui.pool.backlog import Backlog
    from pool_gui.pool.core import PoolCore
    from pool_gui.pool.deadlines import RunWatch
    from pool_gui.pool.task import Task


def begin(task: Task, backlog: Backlog, core: PoolCore | Alone) -> bool:
    """Begin a task's run; False: it must not run (now)."""
    limits = task.limits
    if task.started_ns:  # somebody put it twice into a queue of his own
        return False
    if backlog.is_shut() and not backlog.is_bounded:
        # Since we looked before we took it; a bounded queue looks again by itself.
        backlog.put_back(task, 0 if limits is None else limits.priority, task.id)
        return False
    now_ns = perf_counter_ns()
    if limits and limits.queue_ns and now_ns > task.queued_ns + limits.queue_ns:
        expire(task, core.counters)
    if not task.begin(now_ns):
        task.bury(core.counters.cancelled.take)
        return False
    if core.hooks is not None and core.hooks.before_task is not None:
        call_hook(core.hooks.before_task, task, core.counters.hook_errors.take)
    return True


def watch(task: Task, core: PoolCore | Alone, worker_name: str) -> RunWatch | None:
    """Have it reported when the task runs beyond its limit, if it has one."""
    limits = task.limits
    if limits is None or not limits.run_ns:
        return None
    return core.deadlines.watch_run(task, limits.run_ns, worker_name, core.counters)


def call_of(task: Task) -> Callable[..., object]:
    """Return what is to be called, in the task's context if it has one."""
    limits = task.limits
    if limits is None or limits.context is None:
        return task.callable
    return partial(limits.context.run, task.callable)


def tell_end(
    task: Task,
    failure: BaseException | None,
    watch: RunWatch | None,
    core: PoolCore | Alone,
    worker_name: str,
) -> None:
    """Tell the watch, log a failure that no future tells, and call the hook."""
    if watch is not None:
        watch.end(task.ended_ns - task.started_ns)
    if failure is not None and task.logs_failure:
        tell_failure(task.id, task.callable, worker_name, failure)
    if core.hooks is not None and core.hooks.after_task is not None:
        call_hook(core.hooks.after_task, task, core.counters.hook_errors.take)
