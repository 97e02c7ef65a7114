"""The adapter for our own `ThreadPool`, through the pool's one door for agents.

Used by the agent thread alone. Not imported where a program uses no pool of ours.
"""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pool_gui.agent.adapters.base import (
    Blocked,
    PoolReading,
    Span,
    WatchedWorker,
    WorkerReading,
)
from pool_gui.agent.awaited import Awaited, WaitingCalls, stuck
from pool_gui.pool import Door, ProcessThread, Task, ThreadPool
from pool_gui.wire.messages import COUNTS, Counts
from pool_gui.wire.protocol import WorkerCode

if TYPE_CHECKING:
    from collections import deque

_READ_ATTEMPTS = 3
_CALLS = WaitingCalls(Task.result, Task.exception)


class ThreadWorker:
    """A `ProcessThread` as the agent reads it."""

    def __init__(self, thread: ProcessThread) -> None:
        self.thread = thread
        self.name = thread.name
        self.spans: deque[Span] = thread.record.spans

    @property
    def ident(self) -> int | None:
        """The thread's identity; None before it began."""
        return self.thread.ident

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

    def __init__(self, pool: ThreadPool | Door) -> None:
        self._door = pool if isinstance(pool, Door) else Door(pool)
        self.name = self._door.name
        self._workers: dict[ProcessThread, ThreadWorker] = {}

    def read(self) -> PoolReading:
        """Return its state and exact counts."""
        counts = self._door.statistics()
        return PoolReading(
            state=counts.state.value,
            size=counts.size,
            depth=counts.queued,
            limit=counts.queue_limit,
            size_limit=counts.max_workers,
            counts=Counts(**{name: getattr(counts, name) for name in COUNTS}),
            # Read later, so that what is to have a span is never overstated.
            untold=self._door.finished_by_callers(),
        )

    def take_peak(self) -> int:
        """Return the queue's greatest depth since the last call."""
        return self._door.take_peak_queued()

    def workers(self) -> Sequence[WatchedWorker]:
        """Return the workers there are, then those that ended lately."""
        known = self._workers
        self._workers = {
            thread: known.get(thread) or ThreadWorker(thread)
            for thread in self._door.workers()
        }
        return tuple(self._workers.values())

    def stuck(self) -> Sequence[Blocked]:
        """Return the workers that will never go on; see `WatchedPool`."""
        # In this order: a task that begins in between is running, and queued no more.
        queued = {id(task) for task in self._door.queued()}
        frames = sys._current_frames()  # noqa: SLF001  # the documented way in
        awaited: dict[ProcessThread, Awaited] = {}
        running: dict[int, ProcessThread] = {}
        for thread in self._door.workers():
            if not thread.is_alive() or thread.ident is None:
                continue
            awaited[thread] = _CALLS.awaited(frames.get(thread.ident))
            runs = thread.record.running()
            if runs:
                running[id(runs[0])] = thread
        del frames  # they keep alive whatever their functions hold
        known = self._workers
        return [
            Blocked(
                known[thread],
                future.id if isinstance(future, Task) else 0,
                known.get(running[id(future)]) if id(future) in running else None,
            )
            for thread, future in stuck(awaited, queued, running).items()
            if thread in known
        ]

    def watch(self, mask: int) -> None:
        """Let workers record a span when `started & mask` is 0."""
        self._door.watch(mask)
