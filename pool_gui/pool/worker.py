"""The worker: a thread that takes tasks from a queue and runs them.

`run` and what it calls belong to the worker's own thread; the rest may be called from
any. A worker never ends because of what a task does, nor of an exception that is thrown
into it; it ends when it is dismissed, or when its queue has ended and is empty.
"""

from __future__ import annotations

import threading
from collections import deque
from itertools import repeat
from typing import TYPE_CHECKING, Any

from pool_gui.pool import special
from pool_gui.pool.alone import Alone
from pool_gui.pool.backlog import NOTHING
from pool_gui.pool.clocks import perf_counter_ns
from pool_gui.pool.counters import WorkerRecord
from pool_gui.pool.events import tell_stray
from pool_gui.pool.patience import Patience
from pool_gui.pool.queue import backlog_of
from pool_gui.pool.recovery import part_from
from pool_gui.pool.states import WorkerState
from pool_gui.pool.task import FINISHED, NO_CALL, NO_KEYWORDS, Task, is_task
from pool_gui.pool.thread import DaemonThread
from pool_gui.pool.waiting import locked_lock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pool_gui.pool.core import PoolCore
    from pool_gui.pool.deadlines import RunWatch
    from pool_gui.pool.queue import ThreadSafeQueue

_STRAY_PAUSE_SECONDS = 1.0

_popleft = deque.popleft


class ProcessThread(DaemonThread):
    """A thread that processes tasks; it is no process of the operating system.

    Attributes:
        task_queue: where it takes tasks from. Items that are no `Task` are ignored.
        dismiss_flag: set once it is dismissed. Read it; `dismiss` sets it.
        record: what it has done and does now.
        patience: after how long without a task it asks whether it is still wanted.
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
        self.patience = Patience()
        self.may_have_task = False
        self._backlog = backlog_of(task_queue)
        self._core: PoolCore | Alone = Alone() if core is None else core
        self._has_hooks = self._core.hooks is not None
        self.is_free = True
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
        self.patience.set_limit(idle_limit_seconds)
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

    def _process(self) -> None:
        backlog = self._backlog
        popping = map(_popleft, repeat(backlog.items))
        while self._wait_for_task():
            self.may_have_task = True
            self._run_all(popping if backlog.is_plain else backlog.taken(self._taken))
            self._taken.clear()
            self.may_have_task = False

    # A task is popped and stored without a call in between (`for`), so that nothing
    # thrown in comes there. Its start is stamped, then it is looked at; see task.py.
    # What is plain and returns is concluded right here, as `_conclude` does it for all
    # others: a call is a tenth of what such a task costs. Nothing of a finished task
    # may live on, least of all while idle.
    def _run_all(self, tasks: Iterable[Any]) -> None:
        record, backlog, has_hooks = self.record, self._backlog, self._has_hooks
        items, task, result = backlog.items, None, None
        try:
            for task in tasks:
                is_special = type(task) is not Task or task.limits or has_hooks
                if is_special or task.started_ns or not backlog.is_plain:
                    self._run_special(task)
                else:
                    started_ns = task.started_ns = perf_counter_ns()
                    if not task._untouched and not task.prevails():
                        task.bury(self._core.counters.cancelled.take)
                        return
                    record.started_ns = started_ns
                    record.task = task
                    record.started += 1
                    try:
                        if task.kwargs is NO_KEYWORDS:
                            result = task.callable(*task.args)
                        else:
                            result = task.callable(*task.args, **task.kwargs)
                        task.ended_ns = ended_ns = perf_counter_ns()
                    except BaseException as error:
                        task.ended_ns = perf_counter_ns()
                        self._conclude(task, None, error)
                    else:
                        if not record.started & record.span_mask:
                            record.add_span(task, None)
                        record.done += 1
                        record.started_ns = ended_ns
                        record.busy_ns += ended_ns - started_ns
                        if task._untouched or task.ends_run():
                            task._result, task._phase = result, FINISHED
                            if task._awaited:
                                task.tell()
                        record.task = None
                        if task.is_call:
                            task.callable, task.args, task.kwargs = NO_CALL
                task = result = None
                if self._must_leave or not backlog.is_plain:
                    return
                if len(items) > record.peak_queued:
                    record.peak_queued = len(items)
        except BaseException as error:
            if task is not None or not isinstance(error, IndexError):  # not just empty
                self._in_hand = task
                raise

    def _run_special(self, task: Any) -> None:
        """Run what has limits or hooks, and leave aside what is no task."""
        core, record = self._core, self.record
        if not is_task(task) or not special.begin(task, self._backlog, core):
            return
        call, watch = special.call_of(task), special.watch(task, core, self.name)
        record.started_ns = task.started_ns = perf_counter_ns()
        record.task = task
        record.started += 1
        result, failure = None, None
        try:
            result = call(*task.args, **task.kwargs)
            task.ended_ns = perf_counter_ns()
        except BaseException as error:
            task.ended_ns = perf_counter_ns()
            failure = error
        self._conclude(task, result, failure, watch)
        del task, call, result, failure  # what was raised holds this frame

    # Its end is stamped, then it is looked at. The span comes before the count: whoever
    # reads the count finds the span. The count comes before the task's end: whoever has
    # the result finds it counted. record.running() needs the order of what the record
    # says.
    def _conclude(
        self,
        task: Task,
        result: object,
        failure: BaseException | None,
        watch: RunWatch | None = None,
    ) -> None:
        record, mask = self.record, self.record.span_mask
        if mask >= 0 if failure is not None else not record.started & mask:
            record.add_span(task, failure)
        if failure is None:
            record.done += 1
        else:
            record.failed += 1
        record.started_ns = task.ended_ns
        record.busy_ns += task.ended_ns - task.started_ns
        if task._untouched or task.ends_run():
            if failure is None:
                task._result = result
            else:
                task._exception = failure
            task._phase = FINISHED
            if task._awaited:
                task.tell()
        special.tell_end(task, failure, watch, self._core, self.name)
        record.task = None
        task.let_go()

    def _wait_for_task(self) -> bool:
        """Wait until there is something to take; False when the worker may leave."""
        backlog, record, patience = self._backlog, self.record, self.patience
        was_parked, self.is_free = False, True
        while not self._has_leave():
            if backlog.has_work():
                patience.granted_seconds = 0.0
                depth = backlog.size()
                record.peak_queued = max(record.peak_queued, depth)
                if was_parked and depth > 1 and not backlog.parked.unpark_newest():
                    # Of two that were put, both may have woken this worker, which was
                    # about to take one anyway. It sees both here: it was taken out of
                    # those who wait after the second was added, and before this look.
                    self._core.demand_rose()
                self.is_free = False
                return True
            was_endless = patience.is_endless
            self._park(patience.seconds_left(record.started_ns))
            was_parked = True
            if backlog.is_short:
                backlog.is_short = False
                self._core.demand_rose()
            if was_endless or backlog.has_work() or self._has_leave():
                continue
            if patience.is_over(record.started_ns):
                patience.granted_seconds = self._core.idles(self)
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

    def _has_leave(self) -> bool:
        # In this order: after the end was seen, an empty queue stays empty.
        backlog = self._backlog
        return self._must_leave or (backlog.has_ended and not backlog.size())

    def _recover(self) -> None:
        """Bring all in order after an exception that came from outside, if one did.

        Tasks' own exceptions never get here. What does was thrown into the thread by
        `PyThreadState_SetAsyncExc`, or is a MemoryError of the loop itself. A task that
        was in hand and has not begun goes back to the queue; one that has begun fails.
        """
        record, error = self.record, self._stray
        if error is None:
            return
        self.give_up(error)
        record.task = self._stray = None
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
