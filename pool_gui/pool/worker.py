"""The worker: a thread that takes tasks from a queue and runs them.

`run` and what it calls belong to the worker's own thread; the rest may be called from
any. A worker never ends because of what a task does, nor of an exception that is thrown
into it; it ends when it is dismissed, or when its queue has ended and is empty.
"""

from __future__ import annotations

import threading
from collections import deque
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING, Any

from pool_gui.pool.alone import Alone
from pool_gui.pool.backlog import NOTHING
from pool_gui.pool.clocks import NS, perf_counter_ns
from pool_gui.pool.counters import WorkerRecord
from pool_gui.pool.deadlines import expire
from pool_gui.pool.events import call_hook, tell_failure, tell_stray
from pool_gui.pool.queue import backlog_of
from pool_gui.pool.recovery import part_from
from pool_gui.pool.states import WorkerState
from pool_gui.pool.task import FINISHED, NO_CALL, Task, is_task
from pool_gui.pool.thread import DaemonThread
from pool_gui.pool.waiting import FOREVER, locked_lock

if TYPE_CHECKING:
    from collections.abc import Callable

    from pool_gui.pool.core import PoolCore
    from pool_gui.pool.deadlines import RunWatch
    from pool_gui.pool.queue import ThreadSafeQueue

_STRAY_PAUSE_SECONDS = 1.0
_MAX_PATIENCE_SECONDS = 3600.0

_popleft = deque.popleft


class ProcessThread(DaemonThread):
    """A thread that processes tasks; it is no process of the operating system.

    Attributes:
        task_queue: where it takes tasks from. Items that are no `Task` are ignored.
        dismiss_flag: set once it is dismissed. Read it; `dismiss` sets it.
        record: what it has done and does now.
        idle_limit_seconds: after that long without a task it asks whether it is still
            wanted; negative: never.
        is_free: whether it will look for a task before it does anything else.
        may_have_task: whether it may have one in hand that its record does not show.
    """

    def __init__(
        self,
        task_queue: ThreadSafeQueue,
        *,
        name: str | None = None,
        record: WorkerRecord | None = None,
        core: PoolCore | None = None,
    ) -> None:
        super().__init__(name=name)
        self.task_queue = task_queue
        self.dismiss_flag = threading.Event()
        self.record = WorkerRecord() if record is None else record
        self.idle_limit_seconds = FOREVER
        self.may_have_task = False
        self._backlog = backlog_of(task_queue)
        self._core: PoolCore | Alone = Alone() if core is None else core
        self._has_hooks = self._core.hooks is not None
        self.is_free = True
        self._stay_seconds = 0.0  # how long it is to stay, idle for long as it is
        self._run_watch: RunWatch | None = None
        self._must_leave = False  # what the hot loop reads: faster than the event
        self._can_run = True
        self._left = False
        self._parking_lock = locked_lock()
        # What an exception that was thrown in has left behind; see _recover.
        self._stray: BaseException | None = None
        self._in_hand: object = None
        self._taken: list[Any] = []
        self._started_at_last_stray = -1

    @property
    def state(self) -> WorkerState:
        """What the worker does now."""
        if self.has_ended():
            return WorkerState.GONE
        if self.dismiss_flag.is_set():
            return WorkerState.DISMISSED
        return WorkerState.IDLE if self.record.task is None else WorkerState.BUSY

    def has_ended(self) -> bool:
        """Whether it has left its pool, or its thread has ended otherwise."""
        return self._left or (self.ident is not None and not self.is_alive())

    def dismiss(self) -> None:
        """Tell the worker to go: at once when idle, else when its task ends.

        Does not wait for that, so a task may dismiss the worker that runs it.
        """
        if self.dismiss_flag.is_set():
            return
        self.retire()
        # The flag first, then the wake-up: the worker registers to be woken first and
        # then looks at the flag, so one of the two reaches it.
        self._backlog.parked.unpark(self._parking_lock)
        self._core.dismissed(self)

    def stop(self) -> None:
        """Do the same as `dismiss`."""
        self.dismiss()

    def retire(self) -> None:
        """Take no further task; for a worker that knows it, and for its pool."""
        self.dismiss_flag.set()
        self._must_leave = True

    def reconsider(self, idle_limit_seconds: float) -> None:
        """Set another idle limit, and let the worker look at it now."""
        self.idle_limit_seconds = idle_limit_seconds
        self._stay_seconds = 0.0
        self._backlog.parked.unpark(self._parking_lock)

    # --- its own thread ------------------------------------------------------------

    def work(self) -> None:
        """Run tasks until dismissed, or until the queue has ended and is empty."""
        self.record.started_ns = perf_counter_ns()
        self._can_run = self._core.welcome(self)
        # Two layers, for an exception may be thrown in while another is looked after.
        # In between nothing is called, so that none comes there without a debugger;
        # should one end the thread all the same, the pool finds it dead.
        while True:
            try:
                while True:
                    try:
                        if self._stint():
                            return
                    except BaseException as error:
                        self._stray = error
            except BaseException as error:
                self._stray = error

    def _stint(self) -> bool:
        """Work until there is nothing more to do; True if the worker has left."""
        if self._left:
            return True
        if self._stray is not None:
            self._recover()
        if self._can_run:
            self._process()
        if not self._core.leaves(self, can_run=self._can_run):
            self._must_leave = False
            return False
        self._left = True
        # The wake-up that got us here may have been meant for an item.
        self._backlog.pass_on()
        self._backlog.quiet.unpark_all()
        self._core.bid_farewell(self, can_run=self._can_run)
        self._core = Alone()  # who remembers it shall not hold the pool
        return True

    # A task is popped and stored without a call in between (`for`), so that nothing
    # thrown in comes there. Its start is stamped, then it is looked at; see task.py.
    # Nothing of a finished task may live on, least of all while idle.
    def _process(self) -> None:
        record, backlog, run = self.record, self._backlog, self._run
        items, has_hooks = backlog.items, self._has_hooks
        popping = map(_popleft, repeat(items))
        task: Any = None
        try:
            while self._wait_for_task():
                self.may_have_task = True
                try:
                    for task in popping if backlog.is_plain else self._take_one():
                        if type(task) is not Task and not is_task(task):
                            break
                        if (
                            task.limits is None
                            and not has_hooks
                            and backlog.is_plain
                            and not task.started_ns
                        ):
                            task.started_ns = perf_counter_ns()
                            if not task._untouched and not task.prevails():
                                task.bury(self._core.counters.cancelled.take)
                                break
                            run(task, task.callable)
                        elif (call := self._prepare(task)) is not None:
                            run(task, call)
                            call = None
                        task = None
                        if self._must_leave or not backlog.is_plain:
                            break
                        depth = len(items)
                        if depth > record.peak_queued:
                            record.peak_queued = depth
                except IndexError:  # the queue is empty
                    if task is not None:
                        raise
                task = None
                self._taken.clear()
                self.may_have_task = False
        except BaseException:
            self._in_hand = task
            raise

    # Its end is stamped, then it is looked at. The span comes before the count: whoever
    # reads the count finds the span. The count comes before the task's end: whoever has
    # the result finds it counted. record.running() needs the order of what the record
    # says.
    def _run(self, task: Task, call: Callable[..., object]) -> None:
        record, args, kwargs = self.record, task.args, task.kwargs
        failure: BaseException | None = None
        started_ns = record.started_ns = task.started_ns
        record.task = task
        record.started += 1
        try:
            result = call(*args, **kwargs) if kwargs else call(*args)
            task.ended_ns = ended_ns = perf_counter_ns()
        except BaseException as error:
            task.ended_ns = ended_ns = perf_counter_ns()
            failure = error
        mask = record.span_mask
        if mask >= 0 and (failure is not None or not record.started & mask):
            record.add_span(task, failure)
        if failure is None:
            record.done += 1
        else:
            record.failed += 1
        record.started_ns = ended_ns
        record.busy_ns += ended_ns - started_ns
        if task._untouched or task.ends_run():
            if failure is None:
                task._result = result
            else:
                task._exception = failure
            task._phase = FINISHED
            if task._awaited:
                task.tell()
        if failure is not None or self._has_hooks or task.limits is not None:
            self._after(task, failure)
            del failure  # which holds this frame
        record.task = None
        if task.is_call:
            task.callable, task.args, task.kwargs = NO_CALL
        del task  # what was raised holds this frame, and is held by the task

    def _take_one(self) -> list[Any]:
        """Take one item from a queue that is not plain, if there is one."""
        backlog, taken = self._backlog, self._taken
        if backlog.take_into(taken) and (backlog.room or backlog.room_for_many):
            backlog.announce_room()
        return taken

    def _wait_for_task(self) -> bool:
        """Wait until there is something to take; False when the worker may leave."""
        backlog, record = self._backlog, self.record
        was_parked, self.is_free = False, True
        while not self._has_leave():
            if backlog.has_work():
                self._stay_seconds = 0.0
                depth = backlog.size()
                record.peak_queued = max(record.peak_queued, depth)
                if was_parked and depth > 1 and not backlog.parked.unpark_newest():
                    # Of two that were put, both may have woken this worker, which was
                    # about to take one anyway. It sees both here: it was taken out of
                    # those who wait after the second was added, and before this look.
                    self._core.demand_rose()
                self.is_free = False
                return True
            is_patient = self.idle_limit_seconds < 0
            self._park(FOREVER if is_patient else self._patience_seconds())
            was_parked = True
            if backlog.is_short:
                backlog.is_short = False
                self._core.demand_rose()
            if not is_patient and not backlog.has_work() and not self._has_leave():
                self._ask_whether_wanted()
        return False

    def _park(self, patience_seconds: float) -> None:
        """Register, look again, and wait until woken or for so long."""
        backlog, lock = self._backlog, self._parking_lock
        parked, is_woken = backlog.parked, False
        parked.asleep[lock] = parked[lock] = None
        # From here on a put, a dismissal and an opening gate find us. So look again.
        try:
            if backlog.quiet:
                backlog.quiet.unpark_all()
            if not backlog.has_work() and not self._has_leave():
                is_woken = lock.acquire(True, patience_seconds)
        finally:
            if parked.pop(lock, NOTHING) is NOTHING and not is_woken:
                # Somebody took us out, and is about to release the lock: not this one
                # again. The loop looks whether there is an item for that token.
                self._parking_lock = locked_lock()
            parked.asleep.pop(lock, None)

    def _ask_whether_wanted(self) -> None:
        """Ask the pool whether to stay, if this worker has been idle for long."""
        if self._stay_seconds or not self._patience_seconds():
            self._stay_seconds = self._core.idles(self)

    def _patience_seconds(self) -> float:
        """Return how much longer to stay idle without asking."""
        limit = self.idle_limit_seconds
        if limit < 0:
            return FOREVER
        if self._stay_seconds:
            return self._stay_seconds
        idle_ns = perf_counter_ns() - self.record.started_ns
        return min(_MAX_PATIENCE_SECONDS, max(0.0, limit - idle_ns / NS))

    def _has_leave(self) -> bool:
        # In this order: after the end was seen, an empty queue stays empty.
        backlog = self._backlog
        return self._must_leave or (backlog.has_ended and not backlog.size())

    # --- tasks that are not as plain as most -----------------------------------------

    def _prepare(self, task: Task) -> Callable[..., object] | None:
        """Begin a task's run and return what is to be called; None: it must not run."""
        backlog, core, limits = self._backlog, self._core, task.limits
        if task.started_ns:  # somebody put it twice into a queue of his own
            return None
        if backlog.is_shut() and not backlog.is_bounded:
            # Since we looked before we took it; a bounded queue looks again by itself.
            backlog.put_back(task, 0 if limits is None else limits.priority, task.id)
            return None
        now_ns = perf_counter_ns()
        if limits and limits.queue_ns and now_ns > task.queued_ns + limits.queue_ns:
            expire(task, core.counters)
        if not task.begin(now_ns):
            task.bury(self._core.counters.cancelled.take)
            return None
        if core.hooks is not None and core.hooks.before_task is not None:
            count_error = core.counters.hook_errors.take
            call_hook(core.hooks.before_task, task, count_error)
        call = task.callable
        if limits is not None and limits.context is not None:
            call = partial(limits.context.run, call)
        if limits is not None and limits.run_ns:
            self._run_watch = core.deadlines.watch_run(
                task, limits.run_ns, self.name, core.counters
            )
        task.started_ns = perf_counter_ns()
        return call

    def _after(self, task: Task, failure: BaseException | None) -> None:
        """Do what a task's end asks for, beyond what each task's does."""
        if self._run_watch is not None:
            self._run_watch.end(task.ended_ns - task.started_ns)
            self._run_watch = None
        if failure is not None and task.logs_failure:
            tell_failure(task.id, task.callable, self.name, failure)
        hooks = self._core.hooks
        if hooks is not None and hooks.after_task is not None:
            call_hook(hooks.after_task, task, self._core.counters.hook_errors.take)

    def _recover(self) -> None:
        """Bring all in order after an exception that came from outside.

        Tasks' own exceptions never get here. What does was thrown into the thread by
        `PyThreadState_SetAsyncExc`, or is a MemoryError of the loop itself. A task that
        was in hand and has not begun goes back to the queue; one that has begun fails.
        """
        record, error = self.record, self._stray
        if error is None:
            return
        self.give_up(error)
        record.task = self._run_watch = self._stray = None
        self.may_have_task = False
        tell_stray(self.name, error)
        # A fault that comes at every turn must not fill a disk with log lines.
        is_first = record.started != self._started_at_last_stray
        self._started_at_last_stray = record.started
        if not is_first:
            self.dismiss_flag.wait(_STRAY_PAUSE_SECONDS)

    def give_up(self, error: BaseException) -> None:
        """Part from what the worker has in hand; also for who finds it dead."""
        count = self._core.counters.cancelled.take
        part_from(
            [*self._taken, self._in_hand], self.record, self._backlog, count, error
        )
        self._taken.clear()
        self._in_hand = None
