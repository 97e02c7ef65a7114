"""What a foreign worker thread writes down about its tasks, for the agent to read.

Each record is written by its own thread alone (anyio's ends in the event loop's, while
the worker waits). What belongs together is one tuple, which is replaced in one step, so
that no look between two steps finds a task that neither runs nor is counted. A span is
appended before its task counts as finished.
"""

from collections import deque
from collections.abc import Callable
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, Final

from pool_gui.agent.adapters.base import Span, WorkerReading
from pool_gui.raised import with_calls
from pool_gui.wire.protocol import WorkerCode

if TYPE_CHECKING:
    import threading

MOST_SPANS: Final = 4096
_READ_ATTEMPTS: Final = 3
_MOST_ERROR: Final = 300
_CANCELLED: Final = ("CANCELLED", "CANCELLED_AND_NOTIFIED")

Running = tuple[
    int,  # task id
    Callable[..., Any],  # Any: a task's function
    int,  # queued, ns
    int,  # started, ns
]


class ThreadRecord:
    """One worker thread's account."""

    __slots__ = (
        "born_ns",
        "cancelled",
        "future",
        "mask",
        "name",
        "native_id",
        "running",
        "spans",
        "thread",
        "totals",
    )

    def __init__(
        self,
        thread: "Callable[[], threading.Thread | None]",
        name: str = "",
        native_id: int = 0,
    ) -> None:
        """Begin.

        Args:
            thread: a weak reference to the worker's thread.
            name: the thread's.
            native_id: the thread's; 0 where it is not known.
        """
        self.thread = thread
        self.name, self.native_id = name, native_id
        self.born_ns = perf_counter_ns()
        self.totals = 0, 0, 0, 0
        """(done, failed, time spent in both, when the last of them ended)."""
        self.cancelled = 0
        self.mask = 0
        """Written by the agent: a span is recorded when `finished & mask` is 0."""
        self.running: Running | None = None
        self.future: object = None
        """Of the task that runs."""
        self.spans: deque[Span] = deque(maxlen=MOST_SPANS)

    def end(self, ended_ns: int, state: str, error: BaseException | None) -> None:
        """Note that the task has ended; in the worker's thread.

        Args:
            ended_ns: when.
            state: of its future.
            error: what it raised.
        """
        running = self.running
        if running is None:
            return
        if state in _CANCELLED:
            self.running = self.future = None
            self.cancelled += 1
            return
        task, function, queued_ns, started_ns = running
        done, failed, busy_ns, _ = self.totals
        mask = self.mask
        if error is not None:
            self._tell((task, function, queued_ns, started_ns, ended_ns), error)
            failed += 1
        else:
            if not done & mask and mask >= 0:
                told = (task, function, queued_ns, started_ns, ended_ns, None)
                self.spans.append(told)
            done += 1
        # Between these two stores the task is counted and has not gone: `read` tells
        # by its begin, which is before the last end.
        self.totals = done, failed, busy_ns + ended_ns - started_ns, ended_ns
        self.running = self.future = None

    def _tell(
        self,
        times: tuple[int, Callable[..., Any], int, int, int],
        error: BaseException,
    ) -> None:
        """Record a task that failed: each one is told, unless nobody watches."""
        if self.mask >= 0:
            self.spans.append((*times, with_calls(_error_text(error), error)))

    def read(self, native_id: int, *, gone: bool) -> WorkerReading:
        """Return a reading whose parts belong together; agent thread only.

        The worker writes on while it is read. A reading counts when nothing ended or
        began meanwhile; after some attempts the last is taken, which is off by one task
        at the most.
        """
        for _ in range(_READ_ATTEMPTS):
            totals, running = self.totals, self.running
            if self.totals is totals:
                break
        done, failed, busy_ns, ended_ns = totals
        if running is not None and running[3] < ended_ns:  # it has just ended
            running = None
        code = WorkerCode.BUSY if running else WorkerCode.IDLE
        idle = 0, None, 0, ended_ns or self.born_ns
        task, function, queued_ns, since_ns = running or idle
        finished = done + failed
        return WorkerReading(
            native_id,
            WorkerCode.GONE if gone else code,
            finished + (running is not None),
            done,
            failed,
            busy_ns,
            task,
            function,
            queued_ns,
            since_ns,
        )


def _error_text(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {str(error)[:_MOST_ERROR]}"
    except Exception:  # noqa: BLE001  # its __str__ is the program's own code
        return type(error).__name__
