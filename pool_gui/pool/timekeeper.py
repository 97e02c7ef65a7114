"""The thread that watches over time limits: one for each pool that has such tasks.

It ends what waited too long in the queue, and reports what runs too long, at that
moment, whether or not a worker ever comes to it. It holds no task and no result.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import weakref
from queue import Empty
from time import perf_counter_ns
from typing import TYPE_CHECKING, Protocol, cast

from pool_gui.pool.errors import TaskExpiredError
from pool_gui.pool.failure import report_overdue, report_stray
from pool_gui.pool.queue import ThreadSafeQueue
from pool_gui.pool.task import function_name

if TYPE_CHECKING:
    from pool_gui.pool.future import TaskFuture
    from pool_gui.pool.record import WorkerRecord
    from pool_gui.pool.tally import Tally
    from pool_gui.pool.task import Limits, Task

_NS = 1_000_000_000
_MIN_SWEEP = 256
_MAX_WAIT_SECONDS = 3600.0  # locks refuse to wait for centuries


class Watch(Protocol):
    """Something to be done at a time, if it is still called for then."""

    due_ns: int
    """By `time.perf_counter_ns`."""

    def is_current(self) -> bool:
        """Whether it is still called for."""

    def act(self) -> None:
        """Do it."""


class QueueWatch:
    """Ends a task that is still queued when its time is up."""

    __slots__ = ("_future", "_tally", "due_ns")

    def __init__(self, task: Task, limits: Limits, tally: Tally) -> None:
        self.due_ns = task.queued_ns + limits.queue_ns
        self._future: weakref.ref[TaskFuture] = weakref.ref(task.future)
        self._tally = tally

    def is_current(self) -> bool:
        """Whether the task's future is there and undecided."""
        future = self._future()
        return future is not None and not (future.done() or future.running())

    def act(self) -> None:
        """Let the future say that its task waited too long."""
        future = self._future()
        if future is not None:
            expire(future, self._tally)


class RunWatch:
    """Reports a task that still runs when its time is up, once."""

    __slots__ = (
        "_function",
        "_number",
        "_record",
        "_run_ns",
        "_tally",
        "_task_id",
        "_turn",
        "_worker_name",
        "due_ns",
    )

    def __init__(
        self,
        task: Task,
        run_ns: int,
        worker_name: str,
        record: WorkerRecord,
        tally: Tally,
    ) -> None:
        self.due_ns = perf_counter_ns() + run_ns
        self._run_ns = run_ns
        self._function = function_name(task.callable)
        self._task_id = task.id
        self._worker_name = worker_name
        self._record = record
        self._tally = tally
        self._number = record.started + 1
        self._turn = [True]  # who takes it reports: worker and timekeeper compete

    def is_current(self) -> bool:
        """Whether the run goes on."""
        record = self._record
        finished = record.done + record.failed
        return bool(self._turn) and finished < self._number

    def act(self) -> None:
        """Report the task that still runs."""
        self._report("has run", "a thread cannot be killed, so it runs on")

    def end(self, ran_ns: int) -> None:
        """Hear from the worker that the run is over."""
        if ran_ns > self._run_ns:
            self._report("ran", "it has ended")
        else:
            self._turn.clear()

    def _report(self, verb: str, remark: str) -> None:
        try:
            self._turn.pop()
        except IndexError:
            return
        self._tally.overdue.take()
        report_overdue(
            f"Task {self._task_id} ({self._function}) on {self._worker_name} {verb} "
            f"for longer than its limit of {self._run_ns / _NS:g} s; {remark}"
        )


class Timekeeper:
    """Lets watches act when they are due. Any thread may call anything."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._inbox = ThreadSafeQueue()
        self._thread: threading.Thread | None = None

    def watch(self, watch: Watch) -> None:
        """Let it act when it is due. Never blocks."""
        self._inbox.put(watch)

    @property
    def has_begun(self) -> bool:
        """Whether `begin` was called."""
        return self._thread is not None

    def begin(self) -> None:
        """Start the thread, once. Under the pool's life lock.

        Raises:
            RuntimeError: the system refused the thread. Then workers alone look after
                the limits: when they come to a task, and when it ends.
        """
        if self._thread is None:
            # The thread holds the inbox and nothing of the pool.
            thread = threading.Thread(
                target=_keep_time, args=(self._inbox,), name=self._name, daemon=True
            )
            thread.start()
            self._thread = thread

    def end(self) -> None:
        """Let the thread end soon; takes no lock."""
        self._inbox.put(None)

    def join(self, timeout: float | None) -> bool:
        """Wait for the thread's end; False if the time was up."""
        if self._thread is not None:
            self._thread.join(timeout)
        return self._thread is None or not self._thread.is_alive()

    def forget_thread(self) -> None:
        """In a forked child: the thread stayed in the parent."""
        self._inbox = ThreadSafeQueue()
        self._thread = None


def expire(future: TaskFuture, tally: Tally) -> None:
    """Let a future say that its task waited too long, unless it is decided."""
    error = TaskExpiredError(
        "The task was not run: it waited in the queue beyond its limit (queue_seconds)."
    )
    future.refuse(error, tally.expired.take)


def _keep_time(inbox: ThreadSafeQueue) -> None:
    heap: list[tuple[int, int, Watch]] = []
    order = itertools.count()
    sweep_at = _MIN_SWEEP
    while True:
        now_ns = perf_counter_ns()
        while heap and heap[0][0] <= now_ns:
            watch = heapq.heappop(heap)[2]
            try:
                if watch.is_current():
                    watch.act()
            except BaseException as error:  # noqa: BLE001 - a callback's SystemExit
                report_stray("A pool's timekeeper", error)
        watch = None  # type: ignore[assignment]  # kept alive by nobody while waiting
        left = min(_MAX_WAIT_SECONDS, (heap[0][0] - now_ns) / _NS) if heap else None
        try:
            news = inbox.pop(timeout=left)
        except Empty:
            continue
        if news is None:
            return
        entry = cast("Watch", news)
        heapq.heappush(heap, (entry.due_ns, next(order), entry))
        del news, entry
        if len(heap) >= sweep_at:  # most tasks are over long before their time is up
            heap = [entry for entry in heap if entry[2].is_current()]
            heapq.heapify(heap)
            sweep_at = max(_MIN_SWEEP, 2 * len(heap))
