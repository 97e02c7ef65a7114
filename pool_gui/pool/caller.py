"""Runs tasks in the thread that put them, as a worker would.

The future tells the outcome, and the pool counts it. What is no `Exception`
(KeyboardInterrupt, SystemExit) is raised besides, for it is meant for that thread.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from pool_gui.pool.clocks import perf_counter_ns
from pool_gui.pool.events import call_hook, tell_failure
from pool_gui.pool.states import TaskState

if TYPE_CHECKING:
    from collections import deque

    from pool_gui.pool.core import PoolCore
    from pool_gui.pool.task import Task

MAX_DEPTH = 8
"""So many tasks may run inside each other in one thread, each put by the last."""


class Callers:
    """The threads that run what they put, of one pool."""

    def __init__(self, core: PoolCore) -> None:
        self._core = core
        self._own = threading.local()

    def running_here(self) -> list[int]:
        """Return the ids of the tasks that this thread runs, the last one inside."""
        ids: list[int] = self._own.__dict__.setdefault("ids", [])
        return ids

    def may_run(self) -> bool:
        """Whether this thread may run one more task inside those that it runs."""
        return len(self.running_here()) < MAX_DEPTH

    def run_all(self, waiting: deque[Task]) -> None:
        """Run accepted tasks that are in no queue, in their order."""
        if not waiting:
            return
        counters, running = self._core.counters, self.running_here()
        depth = len(running)
        may_exit = not self._core.hosts_current_thread()
        work = counters.begin_work()
        try:
            while waiting:
                del running[depth:]
                running.append(id(waiting[0]))
                self._run(waiting.popleft(), may_exit=may_exit)
        finally:
            del running[depth:]
            for task in waiting:  # one of them raised what ends this thread
                task.refuse(TaskState.CANCELLED, None, counters.cancelled.take)
            work.is_over = True
            self._core.backlog.quiet.unpark_all()

    def _run(self, task: Task, *, may_exit: bool) -> None:
        """Run one; `may_exit`: raise what is no `Exception`, which ends no worker."""
        core, counters, limits = self._core, self._core.counters, task.limits
        hooks = core.hooks
        name, watch = threading.current_thread().name, None
        if not task.begin(perf_counter_ns()):
            task.bury(counters.cancelled.take)
            return
        counters.caller_started.take()
        failure: BaseException | None = None
        result: Any = None
        try:
            if hooks is not None and hooks.before_task is not None:
                call_hook(hooks.before_task, task, counters.hook_errors.take)
            if limits is not None and limits.run_ns:
                watch = core.deadlines.watch_run(task, limits.run_ns, name, counters)
            task.started_ns = perf_counter_ns()
            result = _call(task)
        except BaseException as error:
            failure = error
        try:
            task.ended_ns = perf_counter_ns()
            (counters.caller_done if failure is None else counters.caller_failed).take()
            if task.ends_run():
                task.end(failure, result)
            if watch is not None:
                watch.end(task.ended_ns - task.started_ns)
            self._tell(task, failure, name)
            if may_exit and failure is not None and not isinstance(failure, Exception):
                raise failure
        finally:
            # What was raised holds this frame, which holds neither it nor the task.
            del failure, task, result

    def _tell(self, task: Task, failure: BaseException | None, name: str) -> None:
        hooks = self._core.hooks
        if failure is not None and task.logs_failure:
            tell_failure(task.id, task.callable, name, failure)
        if hooks is not None and hooks.after_task is not None:
            call_hook(hooks.after_task, task, self._core.counters.hook_errors.take)


def _call(task: Task) -> Any:
    limits = task.limits
    if limits is not None and limits.context is not None:
        return limits.context.run(task.callable, *task.args, **task.kwargs)
    return task.callable(*task.args, **task.kwargs)
