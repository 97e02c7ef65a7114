"""The adapter for `concurrent.futures.ThreadPoolExecutor` and its subclasses.

Agent thread only, but for the making, which is in the thread that makes the executor.
It holds neither executor nor threads, for their ends must be nobody else's matter; the
queue and the threads' records tell what became of those that are gone.
"""

import sys
import weakref
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from pool_gui.agent.adapters.base import (
    Blocked,
    PoolReading,
    WatchedWorker,
)
from pool_gui.agent.adapters.recorded import RecordedWorker, Workbook
from pool_gui.agent.awaited import WaitingCalls, stuck
from pool_gui.wire.messages import Counts

if TYPE_CHECKING:
    from pool_gui.agent.adapters.executor_hooks import CountingQueue

_CALLS: Final = WaitingCalls()


class ExecutorAdapter:
    """An executor as the agent reads it."""

    type_name = "concurrent.futures.ThreadPoolExecutor"

    def __init__(self, executor: ThreadPoolExecutor, name: str) -> None:
        self.name = name
        kind = type(executor)
        if kind is not ThreadPoolExecutor:
            self.type_name = f"{kind.__module__}.{kind.__qualname__}"
        self._executor = weakref.ref(executor)
        inside: Any = executor
        self._queue: CountingQueue = inside._work_queue  # noqa: SLF001  # set by `note`
        self._most = int(inside._max_workers)  # noqa: SLF001  # likewise
        self._book = Workbook()

    @property
    def is_over(self) -> bool:
        """Whether nothing more can happen to it."""
        executor: Any = self._executor()
        return not self._refresh().alive and (executor is None or executor._shutdown)  # noqa: SLF001  # no public way

    def read(self) -> PoolReading:
        """Return its state and exact counts."""
        executor: Any = self._executor()
        ending = executor is None or executor._shutdown  # noqa: SLF001  # no public way
        # Read in this order, a task is never in fewer places than it is.
        accepted = self._queue.accepted
        book = self._refresh()
        alive = book.alive
        # Once it is shut down, one of these at least wakes workers and is no task.
        waiting = max(self._queue.qsize() - ending, 0) if alive or not ending else 0
        sums = book.sums()
        cancelled = sums.cancelled
        state = "running"
        if ending:
            state = "draining" if alive else "stopped"
            # What `shutdown(cancel_futures=True)` took out of the queue.
            gone = accepted - waiting - sums.begun - cancelled
            cancelled += max(gone, 0) if not alive else 0
        counts = Counts(accepted, sums.begun, sums.done, sums.failed, cancelled)
        return PoolReading(state, alive, waiting, None, self._most, counts)

    def _refresh(self) -> Workbook:
        executor: Any = self._executor()
        threads = [] if executor is None else list(executor._threads)  # noqa: SLF001  # no public way
        del executor
        for thread in threads:
            self._book.meet(weakref.ref(thread), thread, None)
        for record in list(self._queue.records):
            self._book.meet(record.thread, record.thread(), record)
        return self._book

    def take_peak(self) -> int:
        """Return the depth now: what was between two looks is not known here."""
        return self._queue.qsize()

    def workers(self) -> Sequence[WatchedWorker]:
        """Return all threads that it ever had: they are no more than its limit."""
        return self._refresh().all

    def stuck(self) -> Sequence[Blocked]:
        """Return the workers that will never go on; see `WatchedPool`."""
        frames = sys._current_frames()  # noqa: SLF001  # the documented way in
        workers = [w for w in self._refresh().all if w.is_alive and w.ident]
        awaited = {w: _CALLS.awaited(frames.get(w.ident or 0)) for w in workers}
        del frames  # they keep alive whatever their functions hold
        running = {
            id(future): w for w in workers if (future := w.record.future) is not None
        }
        queued = {
            id(future)
            for what in awaited.values()
            for future in what.futures
            if id(future) in self._queue.pending
        }
        return [
            Blocked(worker, self._task_of(future, running), running.get(id(future)))
            for worker, future in stuck(awaited, queued, running).items()
        ]

    def _task_of(
        self, future: Future[Any], running: Mapping[int, RecordedWorker]
    ) -> int:
        """Return the id of a task that is queued or runs; 0 where it is over."""
        told = self._queue.pending.get(id(future))
        worker = running.get(id(future))
        runs = None if worker is None else worker.record.running
        return told[0] if told else runs[0] if runs else 0

    def watch(self, mask: int) -> None:
        """Let workers record a span when their count `& mask` is 0."""
        self._refresh().watch(mask)
