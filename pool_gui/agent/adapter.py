"""How the agent reads a pool: two protocols, and the adapter for our `ThreadPool`.

Used by the agent thread alone, beside the running pool: nothing here takes a lock that
a worker needs to run tasks. Other kinds of pool come as further adapters.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from pool_gui.wire.protocol import WorkerCode

if TYPE_CHECKING:  # the agent also serves programs that never use our pool
    from pool_gui.pool import ProcessThread, ThreadPool

Span = tuple[
    int,  # task id
    Callable[..., Any],  # Any: a task's function
    int,  # queued, ns
    int,  # started, ns
    int,  # ended, ns
    str | None,  # the error's text, None when it went well
]
"""A finished task as its worker recorded it; queued <= started <= ended."""

SPANS_OFF = -1
"""The mask for a pool that nobody watches."""

_READ_ATTEMPTS = 3


class WorkerReading(NamedTuple):
    """A worker at one moment, in the order of the wire's columns."""

    native_id: int
    """0 while the thread has not begun."""
    code: WorkerCode
    started: int
    done: int
    failed: int
    busy_ns: int
    task: int
    function: Callable[..., Any] | None
    """None when idle. Any: a task's function."""
    queued_ns: int
    since_ns: int


class PoolReading(NamedTuple):
    """A pool at one moment; the counts are exact and since its start."""

    state: str
    """One of protocol.POOL_STATES."""
    size: int
    depth: int
    limit: int | None
    submitted: int
    started: int
    done: int
    failed: int
    cancelled: int
    rejected: int


class WatchedWorker(Protocol):
    """One worker; the same object each time, so that it can be told apart."""

    @property
    def name(self) -> str:
        """The thread's name."""

    @property
    def spans(self) -> deque[Span]:
        """Finished tasks, oldest first; the agent takes from the left.

        A span is in here before its task counts as finished.
        """

    def read(self) -> WorkerReading:
        """Return what it does now; once its code is GONE nothing changes any more."""


class WatchedPool(Protocol):
    """A pool that an agent can watch."""

    @property
    def name(self) -> str:
        """The pool's name."""

    @property
    def type_name(self) -> str:
        """Such as 'pool_gui.ThreadPool'."""

    def read(self) -> PoolReading:
        """Return its state and exact counts."""

    def take_peak(self) -> int:
        """Return the queue's greatest depth since the last call."""

    def workers(self) -> Sequence[WatchedWorker]:
        """Return the workers there are, then a bounded number that ended lately."""

    def watch(self, mask: int) -> None:
        """Let workers record a span when `started & mask` is 0; SPANS_OFF for none."""


class ThreadWorker:
    """A `ProcessThread` as the agent reads it."""

    def __init__(self, thread: "ProcessThread") -> None:
        self.thread = thread
        self.name = thread.name
        self.spans: deque[Span] = thread.record.spans

    def read(self) -> WorkerReading:
        """Return a reading whose parts belong together.

        The worker writes on while it is read. A reading counts when no task began
        meanwhile and every started one is finished or running; after three attempts
        the last is taken, which is then off by one task at the most.
        """
        thread, record = self.thread, self.thread.record
        # Asked first: a thread that has ended has written its last.
        ended = thread.ident is not None and not thread.is_alive()
        for _ in range(_READ_ATTEMPTS):
            started, running = record.started, record.running()
            done, failed, busy_ns = record.done, record.failed, record.busy_ns
            since_ns = running[1] if running else record.started_ns
            finished = started - 1 if running else started
            if record.started == started and done + failed == finished:
                break
        if ended:
            code = WorkerCode.GONE
        elif thread.dismiss_flag.is_set():
            code = WorkerCode.DISMISSED
        else:
            code = WorkerCode.BUSY if running else WorkerCode.IDLE
        task = running[0] if running else None
        return WorkerReading(
            thread.native_id or 0,
            code,
            started,
            done,
            failed,
            busy_ns,
            task.id if task else 0,
            task.callable if task else None,
            task.queued_ns if task else 0,
            since_ns,
        )


class ThreadPoolAdapter:
    """Our own `ThreadPool` as the agent reads it."""

    type_name = "pool_gui.ThreadPool"

    def __init__(self, pool: "ThreadPool") -> None:
        self.pool = pool
        self.name = pool.name
        self._workers: dict[ProcessThread, ThreadWorker] = {}

    def read(self) -> PoolReading:
        """Return its state and exact counts."""
        pool, counts = self.pool, self.pool.counts()
        return PoolReading(
            state=pool.state.value,
            size=pool.size(),
            depth=pool.task_queue.size(),
            limit=pool.queue_limit,
            submitted=counts.submitted,
            started=counts.started,
            done=counts.done,
            failed=counts.failed,
            # Whatever was accepted and never ran is one number on the wire.
            cancelled=counts.cancelled + counts.expired + counts.dropped,
            rejected=counts.rejected,
        )

    def take_peak(self) -> int:
        """Return the queue's greatest depth since the last call."""
        return self.pool.task_queue.take_peak()

    def workers(self) -> Sequence[WatchedWorker]:
        """Return the workers there are, then those that ended lately."""
        # In this order: a worker that leaves in between is in both, never in none.
        threads = (*self.pool.workers(), *self.pool.departed.copy())
        known = self._workers
        self._workers = {
            thread: known.get(thread) or ThreadWorker(thread) for thread in threads
        }
        return tuple(self._workers.values())

    def watch(self, mask: int) -> None:
        """Let workers record a span when `started & mask` is 0."""
        self.pool.watch(mask)
