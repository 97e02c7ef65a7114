"""Runs tasks in the thread that put them, as a worker would.

The future tells the outcome, and the pool counts it. What is no `Exception`
(KeyboardInterrupt, SystemExit) is raised besides, for it is meant for that thread.
"""

from __future__ import annotations

import threading
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from pool_gui.pool.clocks import perf_counter_ns
from pool_gui.pool.events import call_hook, tell_failure
from pool_gui.pool.states import TaskState

if TYPE_CHECKING:
    from collections import deque

    from pool_gui.pool.atomic import SerialNumbers
    from pool_gui.pool.core import PoolCore
    from pool_gui.pool.deadlines import RunWatch
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

    def _watches(self) -> dict[int, RunWatch]:
        watches: dict[int, RunWatch] = self._own.__dict__.setdefault("watches", {})
        return watches

    def may_run(self) -> bool:
        """Whether this thread may run one more task inside those that it runs."""
        return len(self.running_here()) < MAX_DEPTH

    def run_all(self, waiting: deque[Task]) -> None:
        """Run accepted tasks that are in no queue, in order, until none is left."""
        work = self._core.counters.begin_work()
        try:
            running = self.running_here()
            depth = len(running)
            may_exit = not self._core.hosts_current_thread()
            try:
                while waiting:
                    del running[depth:]
                    running.append(id(waiting[0]))
                    self._run(waiting[0], may_exit=may_exit)
                    waiting.popleft()
            finally:
                del running[depth:]
        finally:
            count = self._core.counters.cancelled.take
            for task in waiting:  # one of them raised what ends this thread
                task.refuse(TaskState.CANCELLED, None, count)
            waiting.clear()
            work.is_over = True
            self._core.backlog.quiet.unpark_all()

    def _run(self, task: Task, *, may_exit: bool) -> None:
        """Run one; `may_exit`: raise what is no `Exception`, which ends no worker."""
        counters = self._core.counters
        begun, ended = _Count(counters.caller_started), _Count(counters.caller_done)
        name = threading.current_thread().name
        failure: BaseException | None = None
        result: Any = None
        try:
            if not task.begin(perf_counter_ns()):
                task.bury(counters.cancelled.take)
                return
            begun.make_sure()
            result = self._call(task, name)
        except BaseException as error:
            if not task.started_ns:
                raise  # a Ctrl-C before it began
            failure, ended = error, _Count(counters.caller_failed)
        try:
            try:
                _finish(task, result, failure, begun, ended)
            finally:  # again, should a Ctrl-C have come in between
                _finish(task, result, failure, begun, ended)
            self._tell(task, failure, name)
            if may_exit and failure is not None and not isinstance(failure, Exception):
                raise failure
        finally:
            # What was raised holds this frame, which holds neither it nor the task.
            del failure, task, result

    def _call(self, task: Task, name: str) -> Any:
        core, limits = self._core, task.limits
        if core.hooks is not None and core.hooks.before_task is not None:
            call_hook(core.hooks.before_task, task, core.counters.hook_errors.take)
        if limits is not None and limits.run_ns:
            watch = core.deadlines.watch_run(task, limits.run_ns, name, core.counters)
            self._watches()[id(task)] = watch
        task.started_ns = perf_counter_ns()
        call, args, kwargs = task.callable, task.args, task.kwargs
        del task  # what is raised holds this frame
        if limits is not None and limits.context is not None:
            call = partial(limits.context.run, call)
        return call(*args, **kwargs)

    def _tell(self, task: Task, failure: BaseException | None, name: str) -> None:
        hooks = self._core.hooks
        if (watch := self._watches().pop(id(task), None)) is not None:
            watch.end(task.ended_ns - task.started_ns)
        if failure is not None and task.logs_failure:
            tell_failure(task.id, task.callable, name, failure)
        if hooks is not None and hooks.after_task is not None:
            call_hook(hooks.after_task, task, self._core.counters.hook_errors.take)
        task.let_go()


class _Count:
    """Counts once, in one call of C, so that a Ctrl-C finds it counted or not."""

    __slots__ = ("_numbers", "_taken")

    def __init__(self, numbers: SerialNumbers) -> None:
        self._numbers = numbers.numbers
        self._taken: list[int] = []

    def make_sure(self) -> None:
        if not self._taken:
            self._taken.extend(islice(self._numbers, 1))


def _finish(
    task: Task,
    result: Any,
    failure: BaseException | None,
    begun: _Count,
    ended: _Count,
) -> None:
    """Bring a run to its end, as far as that is not done."""
    task.ended_ns = task.ended_ns or perf_counter_ns()
    begun.make_sure()
    ended.make_sure()
    if not task.done() and task.ends_run():
        task.end(failure, result)
