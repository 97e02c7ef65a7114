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
    from pool_gui.pool.watchers import Watchers

_NS = 1_000_000_000
_MAX_UNREAD = 64
_MIN_SWEEP = 256
_IDLE_SWEEP_SECONDS = 0.1
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

    __slots__ = ("_future", "_quiet", "_tally", "due_ns")

    def __init__(
        self, task: Task, limits: Limits, tally: Tally, quiet: Watchers
    ) -> None:
        self._quiet = quiet
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
            with self._tally.at_work():
                expire(future, self._tally)
            self._quiet.announce()


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
        self._has_complained = False

    def watch(self, watch: Watch) -> None:
        """Let it act when it is due. Never blocks."""
        inbox = self._inbox
        inbox.put(watch)
        # Nobody reads them yet, and perhaps nobody ever will.
        while self._thread is None and inbox.size() > _MAX_UNREAD:
            inbox.take_last()

    @property
    def has_begun(self) -> bool:
        """Whether `begin` was called."""
        return self._thread is not None

    def begin(self) -> None:
        """Start the thread, once. Under the pool's life lock.

        Raises:
            RuntimeError: the system refused the thread, for the first time. Until it
                can be started, workers alone look after the limits: when they come to a
                task, and when it ends.
        """
        if self._thread is None:
            # The thread holds the inbox and nothing of the pool.
            thread = threading.Thread(
                target=_keep_time, args=(self._inbox,), name=self._name, daemon=True
            )
            try:
                thread.start()
            except RuntimeError:
                if self._has_complained:
                    return
                self._has_complained = True
                raise
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
    watches = _Watches()
    while True:
        watches.act_when_due()
        try:
            watch = inbox.pop(timeout=watches.seconds_left())
        except Empty:
            watches.rest()
            continue
        if watch is None:
            return
        watches.add(cast("Watch", watch))
        del watch


class _Watches:
    """The timekeeper's watches; most are out of date long before they are due."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Watch]] = []
        self._order = itertools.count()
        self._sweep_at = _MIN_SWEEP
        self._has_news = False

    def add(self, watch: Watch) -> None:
        heapq.heappush(self._heap, (watch.due_ns, next(self._order), watch))
        self._has_news = True
        if len(self._heap) >= self._sweep_at:
            self._sweep()

    def act_when_due(self) -> None:
        now_ns = perf_counter_ns()
        while self._heap and self._heap[0][0] <= now_ns:
            watch = heapq.heappop(self._heap)[2]
            try:
                if watch.is_current():
                    watch.act()
            except BaseException as error:  # noqa: BLE001 - a callback's SystemExit
                report_stray("A pool's timekeeper", error)

    def seconds_left(self) -> float | None:
        """Return how long nothing is to be done, if no news comes."""
        heap = self._heap
        if not heap:
            return None
        is_large = self._has_news and len(heap) >= _MIN_SWEEP
        longest = _IDLE_SWEEP_SECONDS if is_large else _MAX_WAIT_SECONDS
        return max(0.0, min(longest, (heap[0][0] - perf_counter_ns()) / _NS))

    def rest(self) -> None:
        """Use a pause in the news."""
        if self._has_news and len(self._heap) >= _MIN_SWEEP:
            self._sweep()
        self._has_news = False

    def _sweep(self) -> None:
        self._heap = [entry for entry in self._heap if entry[2].is_current()]
        heapq.heapify(self._heap)
        self._sweep_at = max(_MIN_SWEEP, 2 * len(self._heap))
