"""Runs tasks in the thread that put them, as a worker would.

The future tells the outcome, and the pool counts it. What is no `Exception`
(KeyboardInterrupt, SystemExit) is raised besides, for it is meant for that thread. It
is mostly the main thread, so a Ctrl-C may come at any bytecode: each step is such that
it can be done again, and is, before the exception goes on.
"""

from __future__ import annotations

import sys
import threading
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from pool_gui.pool.clocks import perf_counter_ns
from pool_gui.pool.counters import Work
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

_UNKNOWN: Final = object()


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
        """Run accepted tasks that are in no queue, in order, until none is left."""
        work, running = Work(), self.running_here()
        depth, run = len(running), _Run(self._core)
        try:
            # A call and no more: Python 3.14 leaves the jumps of a loop and an `if` out
            # of the `try` that they stand in (its exception table has gaps there).
            self._run_each(waiting, run, work)
        finally:
            work.is_over = True
            del running[depth:]
            run.finish()
            run.task = None  # what was raised holds all these frames
            for task in waiting:  # one of them raised what ends this thread
                task.refuse(
                    TaskState.CANCELLED, None, self._core.counters.cancelled.take
                )
            waiting.clear()
            self._core.backlog.quiet.unpark_all()

    def _run_each(self, waiting: deque[Task], run: _Run, work: Work) -> None:
        running = self.running_here()
        depth, may_exit = len(running), not self._core.hosts_current_thread()
        self._core.counters.begin(work)
        while waiting:
            del running[depth:]
            running.append(id(waiting[0]))
            run.begin(waiting[0])
            waiting.popleft()
            if run.begun.is_taken():
                run.call()
                run.finish()
                run.tell()
                run.raise_if(may_exit=may_exit)


class _Run:
    """One run of a task in its caller, and then of the next one."""

    task: Task | None = None

    def __init__(self, core: PoolCore) -> None:
        self._core = core
        self._failure: BaseException | None = None
        self._result: object = _UNKNOWN
        self._watch: RunWatch | None = None
        self.begun = _Count(core.counters.caller_started)
        self._done = _Count(core.counters.caller_done)
        self._failed = _Count(core.counters.caller_failed)

    def begin(self, task: Task) -> None:
        """Decide for its run; else it is over, and counted."""
        _Run.__init__(self, self._core)
        self.task = task
        if task.begin(perf_counter_ns()):
            self.begun.take()
        else:
            self.task = None
            task.bury(self._core.counters.cancelled.take)

    def call(self) -> None:
        """Call what the task calls."""
        core, task = self._core, self.task
        call: Any = None
        args = kwargs = call
        try:
            if task is None:
                return
            limits, hooks = task.limits, core.hooks
            if hooks is not None and hooks.before_task is not None:
                call_hook(hooks.before_task, task, core.counters.hook_errors.take)
            if limits is not None and limits.run_ns:
                name = threading.current_thread().name
                self._watch = core.deadlines.watch_run(
                    task, limits.run_ns, name, core.counters
                )
            task.started_ns = perf_counter_ns()
            call, args, kwargs = task.callable, task.args, task.kwargs
            if limits is not None and limits.context is not None:
                call = partial(limits.context.run, call)
            task = None
            self._result = call(*args, **kwargs)
        except BaseException as error:
            self._failure = error
        finally:
            task = call = args = kwargs = None  # what was raised holds this frame

    def finish(self) -> None:
        """Bring the run to its end, as far as that is not done."""
        task = self.task
        if task is None or not task.started_ns:
            return
        if self._result is _UNKNOWN and self._failure is None:
            self._failure = sys.exception()  # it was interrupted
        task.ended_ns = task.ended_ns or perf_counter_ns()
        self.begun.take()
        (self._done if self._failure is None else self._failed).take()
        if not task.done() and task.ends_run():
            result = None if self._result is _UNKNOWN else self._result
            task.end(self._failure, result)

    def tell(self) -> None:
        """Tell who wants to know that the task has ended."""
        task, hooks, failure = self.task, self._core.hooks, self._failure
        if task is None:
            return
        if self._watch is not None:
            self._watch.end(task.ended_ns - task.started_ns)
        if failure is not None and task.logs_failure:
            name = threading.current_thread().name
            tell_failure(task.id, task.callable, name, failure)
        if hooks is not None and hooks.after_task is not None:
            call_hook(hooks.after_task, task, self._core.counters.hook_errors.take)
        task.let_go()

    def raise_if(self, *, may_exit: bool) -> None:
        """Raise what is no `Exception`, but not in a worker, which it would not end."""
        failure, self._failure, self.task, self._result = (
            self._failure,
            None,
            None,
            None,
        )
        try:
            if may_exit and failure is not None and not isinstance(failure, Exception):
                raise failure
        finally:
            del failure


class _Count:
    """Counts once, in one call of C, so that a Ctrl-C finds it counted or not."""

    __slots__ = ("_numbers", "_taken")

    def __init__(self, numbers: SerialNumbers) -> None:
        self._numbers = numbers.numbers
        self._taken: list[int] = []

    def take(self) -> None:
        """Count, if that is not done."""
        if not self._taken:
            self._taken.extend(islice(self._numbers, 1))

    def is_taken(self) -> bool:
        """Whether it is counted."""
        return bool(self._taken)
