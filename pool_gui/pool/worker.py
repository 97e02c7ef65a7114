"""The worker: a thread that takes tasks from a queue and runs them.

`run` and what it calls belong to the worker's own thread; the rest may be called from
any. A worker never ends because of what a task does; it ends when it is dismissed, or
when its queue has ended and is empty.
"""

from __future__ import annotations

import threading
from time import perf_counter_ns
from typing import TYPE_CHECKING, Protocol

from pool_gui.pool.failure import error_text, report_failure, report_stray
from pool_gui.pool.queue import NOTHING, locked_lock
from pool_gui.pool.record import WorkerRecord
from pool_gui.pool.states import WorkerState
from pool_gui.pool.task import Task

if TYPE_CHECKING:
    import weakref

    from pool_gui.pool.queue import ThreadSafeQueue


class Owner(Protocol):
    """Whom a worker tells about its dismissal and its end."""

    def worker_dismissed(self, worker: ProcessThread) -> None:
        """Hear that the worker was told to go, from any thread, once."""

    def worker_leaves(self, worker: ProcessThread) -> bool:
        """Say whether the worker, which has nothing more to do, may end now."""


class ProcessThread(threading.Thread):
    """A thread that processes tasks; it is no process of the operating system.

    Attributes:
        task_queue: where it takes tasks from. Items that are no `Task` are ignored.
        dismiss_flag: set once it is dismissed. Read it; `dismiss` sets it.
        record: what it has done and does now.
    """

    def __init__(
        self,
        task_queue: ThreadSafeQueue,
        *,
        name: str | None = None,
        record: WorkerRecord | None = None,
        owner: weakref.ref[Owner] | None = None,
    ) -> None:
        # A daemon, so that an idle one never blocks the interpreter's exit; the pool
        # sees to it that accepted work ends first (see exit.py).
        super().__init__(name=name, daemon=True)
        self.task_queue = task_queue
        self.dismiss_flag = threading.Event()
        self.record = record or WorkerRecord()
        self._owner = owner  # weak, so that an idle worker keeps no lost pool alive
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
        self.dismiss_flag.set()
        self._must_leave = True
        # The flag first, then the wake-up: the worker registers to be woken first and
        # then looks at the flag, so one of the two reaches it.
        self.task_queue.wake(self._parking_lock)
        if self._owner is not None and (owner := self._owner()) is not None:
            owner.worker_dismissed(self)

    def stop(self) -> None:
        """Do the same as `dismiss`."""
        self.dismiss()

    def run(self) -> None:
        """Run tasks until dismissed, or until the queue has ended and is empty."""
        self.record.started_ns = perf_counter_ns()
        while True:
            try:
                self._process()
                if self._may_leave():
                    break
            except BaseException as error:  # noqa: BLE001 - see _settle
                self._settle(error)
        self._left = True

    # The order inside: `id` and `queued_ns` are read first, since a task that puts
    # itself again changes both. The span comes before the count: whoever reads the
    # count finds the span. From the count to `record.task = None` there is no call, so
    # under the GIL nobody sees a half of it; record.running() needs no more than this.
    # Last, nothing of a finished task may live on, least of all while idle; destructors
    # run there, after the end was stamped and counted.
    def _process(self) -> None:
        record, queue = self.record, self.task_queue
        popleft, clock = queue.items.popleft, perf_counter_ns
        started, done, busy_ns = record.started, record.done, record.busy_ns
        failure: BaseException | None = None
        text: str | None = None
        while True:
            if self._must_leave or queue.is_shut:
                task = self._wait_for_task()
            else:
                try:
                    task = popleft()
                except IndexError:
                    task = self._wait_for_task()
            if task.__class__ is not Task and not isinstance(task, Task):
                if task is None and self._has_leave():
                    return
                del task
                continue
            number, queued_ns = task.id, task.queued_ns
            function, args, kwargs = task.callable, task.args, task.kwargs
            started += 1
            record.task = task
            record.started_ns = started_ns = clock()
            record.started = started
            try:
                _result = function(*args, **kwargs) if kwargs else function(*args)
                ended_ns = clock()
            except BaseException as error:  # noqa: BLE001 - a worker outlives SystemExit and all others
                ended_ns = clock()
                failure, text = error, error_text(error)
            if (mask := record.span_mask) >= 0 and (text or not started & mask):
                record.spans.append(
                    (number, function, queued_ns, started_ns, ended_ns, text)
                )
            if failure is None:
                record.done = done = done + 1
            else:
                record.failed += 1
            record.busy_ns = busy_ns = busy_ns + ended_ns - started_ns
            record.started_ns = ended_ns
            record.task = None
            if failure is not None:
                report_failure(number, function, self.name, failure)
                failure = text = None
            del task, function, args, kwargs
            _result = None

    def _wait_for_task(self) -> object:
        """Return the next item; None when the worker need not wait any more."""
        queue, lock = self.task_queue, self._parking_lock
        while not self._has_leave():
            queue.announce_quiet()
            item = queue.park(lock, has_leave=self._has_leave)
            if item is not NOTHING:
                return item
        return None

    def _has_leave(self) -> bool:
        # In this order: after the end was seen, an empty queue stays empty.
        queue = self.task_queue
        return self._must_leave or (queue.has_ended and not queue.items)

    def _may_leave(self) -> bool:
        if self._owner is not None:
            owner = self._owner()
            if owner is None:  # a lost pool: its last tasks are run by who is left
                may_leave = not self.task_queue.items
            else:
                may_leave = owner.worker_leaves(self)
            if not may_leave:
                self._must_leave = False
                return False
        # The wake-up that got us here may have been meant for an item.
        self.task_queue.pass_on()
        self.task_queue.announce_quiet()
        return True

    def _settle(self, error: BaseException) -> None:
        """Bring the record in order after an exception that came from outside.

        Tasks' own exceptions never get here. What does was thrown into the thread by
        `PyThreadState_SetAsyncExc`, or is a MemoryError of the loop itself.
        """
        record = self.record
        self._parking_lock = locked_lock()  # the old one may be used up, see park
        if record.task is not None:
            record.started = record.done + record.failed + 1
            record.failed += 1
            record.started_ns = perf_counter_ns()
            record.task = None
        report_stray(self.name, error)
