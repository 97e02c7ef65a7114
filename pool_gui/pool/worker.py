"""The worker: a thread that takes tasks from a queue and runs them.

`run` and what it calls belong to the worker's own thread; the rest may be called from
any. A worker never ends because of what a task does; it ends when it is dismissed, or
when its queue has ended and is empty.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from functools import partial
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from pool_gui.pool.failure import report_failure, report_stray
from pool_gui.pool.future import FINISHED, PENDING, RUNNING
from pool_gui.pool.kit import Kit, count_dead
from pool_gui.pool.queue import NOTHING
from pool_gui.pool.record import WorkerRecord
from pool_gui.pool.states import WorkerState
from pool_gui.pool.task import Task
from pool_gui.pool.timekeeper import expire
from pool_gui.pool.watchers import FOREVER, locked_lock

if TYPE_CHECKING:
    from collections.abc import Callable

    from pool_gui.pool.queue import ThreadSafeQueue
    from pool_gui.pool.timekeeper import RunWatch

_NS = 1_000_000_000
_STRAY_PAUSE_SECONDS = 1.0
_MAX_PATIENCE_SECONDS = 3600.0  # locks refuse to wait for centuries


class ProcessThread(threading.Thread):
    """A thread that processes tasks; it is no process of the operating system.

    Attributes:
        task_queue: where it takes tasks from. Items that are no `Task` are ignored.
        dismiss_flag: set once it is dismissed. Read it; `dismiss` sets it.
        record: what it has done and does now.
        idle_limit_seconds: after that long without a task it asks whether it is still
            wanted; negative: never.
    """

    def __init__(
        self,
        task_queue: ThreadSafeQueue,
        *,
        name: str | None = None,
        record: WorkerRecord | None = None,
        kit: Kit | None = None,
    ) -> None:
        # A daemon, so that an idle one never blocks the interpreter's exit; the pool
        # sees to it that accepted work ends first (see lifetime.py).
        super().__init__(name=name, daemon=True)
        self.task_queue = task_queue
        self.dismiss_flag = threading.Event()
        self.record = record or WorkerRecord()
        self.idle_limit_seconds = FOREVER
        self._kit = kit or Kit()
        self._stay_seconds = 0.0  # how long it is to stay, idle for long as it is
        self._run_watch: RunWatch | None = None
        self._started_at_last_stray = -1
        self._must_leave = False  # what the hot loop reads: faster than the event
        self._left = False
        self._parking_lock = locked_lock()

    @property
    def state(self) -> WorkerState:
        """What the worker does now."""
        if self._left or (self.ident is not None and not self.is_alive()):
            return WorkerState.GONE
        if self.dismiss_flag.is_set():
            return WorkerState.DISMISSED
        return WorkerState.IDLE if self.record.task is None else WorkerState.BUSY

    def dismiss(self) -> None:
        """Tell the worker to go: at once when idle, else when its task ends.

        Does not wait for that, so a task may dismiss the worker that runs it.
        """
        if self.dismiss_flag.is_set():
            return
        self.retire()
        # The flag first, then the wake-up: the worker registers to be woken first and
        # then looks at the flag, so one of the two reaches it.
        self.task_queue.wake(self._parking_lock)
        if (owner := self._kit.crew()) is not None:
            owner.worker_dismissed(self)

    def retire(self) -> None:
        """Take no further task; for a worker that knows it, and for its crew."""
        self.dismiss_flag.set()
        self._must_leave = True

    def nudge(self) -> None:
        """Wake the worker to look at its queue, which has ended; for its crew."""
        with suppress(RuntimeError):  # it is awake
            self._parking_lock.release()

    def stop(self) -> None:
        """Do the same as `dismiss`."""
        self.dismiss()

    def run(self) -> None:
        """Run tasks until dismissed, or until the queue has ended and is empty."""
        self.record.started_ns = perf_counter_ns()
        can_run = self._kit.welcome(self)
        while True:
            try:
                if can_run:
                    self._process()
                if self._may_leave(can_run=can_run):
                    break
            except BaseException as error:  # noqa: BLE001 - see _settle
                self._settle(error)
        self._left = True
        self._kit.bid_farewell(self, was_welcomed=can_run)

    # The order inside. A future that is nobody's yet changes its state in one step with
    # the look at its condition (see future.py), so that no call stands between. The
    # span comes before the count: whoever reads the count finds the span. The count
    # comes before the future's end: whoever has the result finds it counted. From the
    # count to `record.started_ns` there is no call, so under the GIL nobody sees a half
    # of it; record.running() needs no more than this. Last, at the top of the loop,
    # nothing of a finished task may live on, least of all while idle; destructors run
    # there, after the end was stamped and counted.
    def _process(self) -> None:  # noqa: C901, PLR0912 - a call costs a tenth of a task
        record, queue, hooks = self.record, self.task_queue, self._kit.hooks
        items, popleft, clock = queue.items, queue.items.popleft, perf_counter_ns
        task: Any
        failure: BaseException | None = None
        while True:
            task = call = args = kwargs = future = limits = failure = None
            try:
                is_direct = items and queue.is_plain and not self._must_leave
                task = popleft() if is_direct else self._next_task()
            except IndexError:
                task = self._next_task()
            if task.__class__ is not Task and not isinstance(task, Task):
                if task is None and self._has_leave():
                    return
                continue
            call, args, kwargs = task.callable, task.args, task.kwargs
            future, limits = task.future, task.limits
            if limits is None and future._made is None and future._state is PENDING:  # noqa: SLF001
                future._state = RUNNING  # noqa: SLF001
            elif not self._may_begin(task):
                continue
            if hooks is not None or limits is not None:
                call = self._dress(task)
            record.task = task
            task.started_ns = record.started_ns = started_ns = clock()
            record.started += 1
            try:
                future._result = call(*args, **kwargs) if kwargs else call(*args)  # noqa: SLF001
                task.ended_ns = ended_ns = clock()
            except BaseException as error:  # noqa: BLE001 - a worker outlives SystemExit and all others
                task.ended_ns = ended_ns = clock()
                failure = error
            mask = record.span_mask
            if mask >= 0 and (failure is not None or not record.started & mask):
                record.add_span(task, failure)
            if failure is None:
                record.done += 1
            else:
                future._exception = failure  # noqa: SLF001
                record.failed += 1
            record.started_ns = ended_ns
            record.busy_ns += ended_ns - started_ns
            if future._made is None:  # noqa: SLF001
                future._state = FINISHED  # noqa: SLF001
            else:
                future.settle()
            if failure is not None or hooks is not None or limits is not None:
                self._after(task, failure)
            record.task = None

    def _next_task(self) -> object:
        """Return the next item; None when the worker need not wait any more."""
        queue = self.task_queue
        while not self._must_leave:
            item = queue.take()
            if item is NOTHING:
                if queue.quiet:
                    queue.quiet.announce()
                is_patient = self.idle_limit_seconds < 0
                patience = FOREVER if is_patient else self._patience_seconds()
                item = queue.park(self._parking_lock, patience, self._has_leave)
                if queue.is_short:
                    queue.is_short = False
                    self._kit.tell_demand()
            if item is not NOTHING:
                self._stay_seconds = 0.0
                if queue.room or queue.much_room:
                    queue.announce_room()
                return item
            if self._has_leave():
                break
            if not is_patient:
                self._ask_whether_wanted()
        return None

    def _ask_whether_wanted(self) -> None:
        """Ask the crew whether to stay, if this worker has been idle for long."""
        if not self._stay_seconds and self._patience_seconds():
            return
        if (owner := self._kit.crew()) is not None:
            self._stay_seconds = owner.worker_idles(self)

    def _patience_seconds(self) -> float:
        """Return how much longer to stay idle without asking."""
        limit = self.idle_limit_seconds
        if limit < 0:
            return FOREVER
        if self._stay_seconds:
            return self._stay_seconds
        idle_ns = perf_counter_ns() - self.record.started_ns
        return min(_MAX_PATIENCE_SECONDS, max(0.0, limit - idle_ns / _NS))

    def reconsider(self, idle_limit_seconds: float) -> None:
        """Set another idle limit, and let the worker look at it now."""
        self.idle_limit_seconds = idle_limit_seconds
        self._stay_seconds = 0.0
        self.task_queue.wake(self._parking_lock)

    def _may_begin(self, task: Task) -> bool:
        """Claim a task's future for its run; else the task's end is counted."""
        if task.limits is not None and not self._is_timely(task):
            task.id = 0
            return False
        if task.future.begin():
            return True
        count_dead(task, self._kit.tally)
        return False

    def _is_timely(self, task: Task) -> bool:
        """Whether a task has waited no longer than it may; else it is ended."""
        limits = task.limits
        if limits is None or not limits.queue_ns:
            return True
        if perf_counter_ns() <= task.queued_ns + limits.queue_ns:
            return True
        expire(task.future, self._kit.tally)
        return task.future.cancelled()  # that is counted where the others are

    def _dress(self, task: Task) -> Callable[..., object]:
        """Prepare a task's run; return what is to be called with its arguments."""
        kit, limits, call = self._kit, task.limits, task.callable
        if kit.hooks is not None:
            kit.call_hook(kit.hooks.before_task, task)
        if limits is not None:
            if limits.context is not None:
                call = partial(limits.context.run, call)
            if limits.run_ns:
                self._run_watch = kit.watch_run(
                    task, limits.run_ns, self.name, self.record
                )
        return call

    def _after(self, task: Task, failure: BaseException | None) -> None:
        """Do what a task's end asks for, beyond what each task's does."""
        if self._run_watch is not None:
            self._run_watch.end(task.ended_ns - task.started_ns)
            self._run_watch = None
        if failure is not None and task.logs_failure:
            report_failure(task.id, task.callable, self.name, failure)
        if self._kit.hooks is not None:
            self._kit.call_hook(self._kit.hooks.after_task, task)

    def _has_leave(self) -> bool:
        # In this order: after the end was seen, an empty queue stays empty.
        queue = self.task_queue
        return self._must_leave or (queue.has_ended and not queue.items)

    def _may_leave(self, *, can_run: bool) -> bool:
        owner = self._kit.crew()
        if owner is not None:
            may_leave = owner.worker_leaves(self, can_run=can_run)
        else:  # a lost pool: its last tasks are run by who is left
            is_needed = self._kit.owner is not None and self.task_queue.size()
            may_leave = not (can_run and is_needed)
        if not may_leave:
            self._must_leave = False
            return False
        # The wake-up that got us here may have been meant for an item.
        self.task_queue.pass_on()
        self.task_queue.quiet.announce()
        return True

    def _settle(self, error: BaseException) -> None:
        """Bring the record in order after an exception that came from outside.

        Tasks' own exceptions never get here. What does was thrown into the thread by
        `PyThreadState_SetAsyncExc`, or is a MemoryError of the loop itself.
        """
        record = self.record
        self._parking_lock = locked_lock()  # the old one may be used up, see park
        task, record.task = record.task, None
        if task is not None:
            if record.started_ns != task.ended_ns:  # it has not been counted yet
                record.started = record.done + record.failed + 1
                record.failed += 1
                record.started_ns = perf_counter_ns()
            if not task.future.done():
                task.future._exception = error  # noqa: SLF001
                task.future.settle()
        report_stray(self.name, error)
        # A fault that comes at every turn must not fill a disk with log lines.
        is_first = record.started != self._started_at_last_stray
        self._started_at_last_stray = record.started
        if not is_first:
            self.dismiss_flag.wait(_STRAY_PAUSE_SECONDS)
