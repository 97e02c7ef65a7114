"""The time limits of tasks, and the thread that watches over them.

It ends what waited too long in the queue, and reports what runs too long, at that
moment, whether or not a worker ever comes to it. The program's own callbacks and log
handlers may be slow, so each such call gets a short-lived thread of its own. No task is
kept alive.
"""

from __future__ import annotations

import heapq
import itertools
import weakref
from queue import Empty
from typing import TYPE_CHECKING, Any

from pool_gui.pool.clocks import NS, perf_counter_ns
from pool_gui.pool.counters import Work
from pool_gui.pool.errors import TaskExpiredError
from pool_gui.pool.events import tell_overdue, tell_stray
from pool_gui.pool.names import function_name
from pool_gui.pool.queue import ThreadSafeQueue, backlog_of
from pool_gui.pool.states import TaskState
from pool_gui.pool.thread import DaemonThread

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from pool_gui.pool.counters import Counters
    from pool_gui.pool.task import Task
    from pool_gui.pool.waiting import ParkingLot

_MAX_UNREAD = 64
_MIN_SWEEP = 256
_IDLE_SWEEP_SECONDS = 0.1
_MAX_WAIT_SECONDS = 3600.0


class QueueWatch:
    """Ends a task that is still queued when its time is up."""

    __slots__ = ("_counters", "_quiet", "_task", "due_ns")

    def __init__(
        self, task: Task, queue_ns: int, counters: Counters, quiet: ParkingLot
    ) -> None:
        self.due_ns = task.queued_ns + queue_ns
        self._task = weakref.ref(task)
        self._counters = counters
        self._quiet = quiet

    def is_current(self) -> bool:
        """Whether the task is there and has not begun."""
        task = self._task()
        return task is not None and not (task.done() or task.started_ns)

    def act(self, elsewhere: Callable[[Callable[[], object]], object]) -> None:
        """End the task, which waited too long."""
        task = self._task()
        if task is not None:
            work = Work()
            self._counters.begin(work)
            expire(task, self._counters, lambda call: elsewhere(self._calls(call)))
            work.is_over = True
            self._quiet.unpark_all()

    def _calls(self, call_back: Callable[[], object]) -> Callable[[], None]:
        work = Work()  # until it has called back, on its thread
        self._counters.begin(work)

        def run() -> None:
            try:
                call_back()
            finally:
                work.is_over = True
                self._quiet.unpark_all()

        return run


class RunWatch:
    """Reports a task that still runs when its time is up, once."""

    __slots__ = ("_about", "_counters", "_run_ns", "_task", "_turn", "due_ns")

    def __init__(
        self, task: Task, run_ns: int, thread_name: str, counters: Counters
    ) -> None:
        self.due_ns = perf_counter_ns() + run_ns
        self._run_ns = run_ns
        name = function_name(task.callable)
        self._about = f"Task {task.id} ({name}) on {thread_name}"
        self._task = weakref.ref(task)
        self._counters = counters
        self._turn = [True]  # who takes it reports: the runner and the watch compete

    def is_current(self) -> bool:
        """Whether the run goes on."""
        task = self._task()
        return bool(self._turn) and task is not None and not task.ended_ns

    def act(self, elsewhere: Callable[[Callable[[], object]], object]) -> None:
        """Report the task that still runs."""
        if self._is_ours():
            why = "a thread cannot be killed, so it runs on"
            elsewhere(lambda: self._report("has run", why))

    def end(self, ran_ns: int) -> None:
        """Hear from the runner that the run is over."""
        if self._is_ours() and ran_ns > self._run_ns:
            self._report("ran", "it has ended")

    def _is_ours(self) -> bool:
        try:
            return self._turn.pop()
        except IndexError:
            return False

    def _report(self, verb: str, remark: str) -> None:
        self._counters.overdue.take()
        limit = f"longer than its limit of {self._run_ns / NS:g} s"
        tell_overdue(f"{self._about} {verb} for {limit}; {remark}")


class Deadlines:
    """Lets watches act when they are due. Any thread may call anything."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._has_complained = False
        self.forget_threads()

    def forget_threads(self) -> None:
        """In a forked child: the threads stayed in the parent."""
        self._inbox = ThreadSafeQueue()
        self._threads: tuple[threading.Thread, ...] = ()
        self._helpers: dict[threading.Thread, None] = {}

    def watch(self, watch: QueueWatch | RunWatch) -> None:
        """Let it act when it is due. Never blocks."""
        self._inbox.put(watch)
        # Nobody reads them yet, and perhaps nobody ever will.
        if not self._threads and self._inbox.size() > _MAX_UNREAD:
            backlog_of(self._inbox).take()

    def watch_run(
        self, task: Task, run_ns: int, thread_name: str, counters: Counters
    ) -> RunWatch:
        """Have it reported when a task, about to begin, runs too long."""
        watch = RunWatch(task, run_ns, thread_name, counters)
        if self._threads:
            self.watch(watch)
        return watch

    @property
    def has_begun(self) -> bool:
        """Whether `begin` was called."""
        return bool(self._threads)

    def begin(self) -> None:
        """Start the thread, once. Under the pool's lifecycle lock.

        Raises:
            RuntimeError: the system refused the thread, for the first time. Until it
                can be started, workers alone look after the limits: when they come to a
                task, and when it ends.
        """
        if self._threads:
            return
        # The thread holds the inbox and nothing of the pool.
        watching = _Watching(self._inbox, self._name, self._helpers)
        try:
            watching.start()
            self._threads = (watching,)
        except RuntimeError:
            if not self._has_complained:
                self._has_complained = True
                raise

    def end(self) -> None:
        """Let the thread end soon; takes no lock."""
        self._inbox.put(None)

    def threads(self) -> list[threading.Thread]:
        """Return those that run."""
        both = (*self._threads, *list(self._helpers))
        return [thread for thread in both if thread.is_alive()]


def expire(
    task: Task,
    counters: Counters,
    call_back: Callable[[Callable[[], object]], object] | None = None,
) -> None:
    """Let a task say that it waited too long, unless it has begun or is over."""
    error = TaskExpiredError(
        "The task was not run: it waited in the queue beyond its limit (queue_seconds)."
    )
    task.refuse(TaskState.EXPIRED, error, counters.expired.take, call_back)


class _Watching(DaemonThread):
    """The thread that watches; most watches are out of date before they are due."""

    def __init__(
        self, inbox: ThreadSafeQueue, name: str, helpers: dict[threading.Thread, None]
    ) -> None:
        super().__init__(name=name)
        self._inbox = inbox
        self._helpers = helpers
        self._heap: list[tuple[int, int, QueueWatch | RunWatch]] = []
        self._order = itertools.count()
        self._sweep_at = _MIN_SWEEP
        self._has_news = False

    def work(self) -> None:
        """Watch until None comes."""
        while True:
            self._act_when_due()
            try:
                watch: Any = self._inbox.pop(timeout=self._seconds_left())
            except Empty:
                if self._has_news and len(self._heap) >= _MIN_SWEEP:
                    self._sweep()
                self._has_news = False
                continue
            if watch is None:
                self._inbox.put(None)  # a Ctrl-C amid `begin` may have left a second
                return
            heapq.heappush(self._heap, (watch.due_ns, next(self._order), watch))
            self._has_news = True
            if len(self._heap) >= self._sweep_at:
                self._sweep()
            del watch

    def _act_when_due(self) -> None:
        now_ns = perf_counter_ns()
        while self._heap and self._heap[0][0] <= now_ns:
            watch = heapq.heappop(self._heap)[2]
            if watch.is_current():
                watch.act(self._call_elsewhere)

    def _call_elsewhere(self, act: Callable[[], object]) -> None:
        """Call what may be slow on a thread of its own."""
        for helper in [one for one in self._helpers if not one.is_alive()]:
            del self._helpers[helper]
        helper = _Helper(act, name=f"{self.name}_helper")
        try:
            helper.start()
            self._helpers[helper] = None
        except RuntimeError:  # the system is short of threads
            helper.run()

    def _seconds_left(self) -> float | None:
        """Return how long nothing is to be done, if no news comes."""
        heap = self._heap
        if not heap:
            return None
        is_large = self._has_news and len(heap) >= _MIN_SWEEP
        longest = _IDLE_SWEEP_SECONDS if is_large else _MAX_WAIT_SECONDS
        return max(0.0, min(longest, (heap[0][0] - perf_counter_ns()) / NS))

    def _sweep(self) -> None:
        self._heap = [entry for entry in self._heap if entry[2].is_current()]
        heapq.heapify(self._heap)
        self._sweep_at = max(_MIN_SWEEP, 2 * len(self._heap))


class _Helper(DaemonThread):
    """Makes one call that may be slow."""

    def __init__(self, act: Callable[[], object], *, name: str) -> None:
        super().__init__(name=name)
        self._act = act

    def work(self) -> None:
        """Make the call."""
        act, self._act = self._act, int  # who remembers the thread shall not hold it
        try:
            act()
        except BaseException as error:
            tell_stray(self.name, error)
