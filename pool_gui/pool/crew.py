"""The workers of one pool: who is there, who was told to go, what those gone had done.

Any thread may call anything; `lock` guards it. It is held for moments only: never while
a task runs, or a thread is started or waited for. Those that start threads (`hire_all`,
`hire`) are called under the pool's life lock, so that they do not cross each other.
"""

from __future__ import annotations

import threading
import weakref
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pool_gui.pool import lifetime
from pool_gui.pool.errors import WorkerStartError
from pool_gui.pool.record import NO_SPANS, WorkerRecord
from pool_gui.pool.watchers import FOREVER
from pool_gui.pool.worker import ProcessThread

if TYPE_CHECKING:
    from pool_gui.pool.kit import Kit
    from pool_gui.pool.queue import ThreadSafeQueue

MAX_DEPARTED = 256
"""Workers remembered after their end."""

_ASK_AGAIN_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class WorkerCounts:
    """Tasks begun, and how they ended, over several workers."""

    started: int = 0
    done: int = 0
    failed: int = 0


class Crew:
    """The workers of one pool.

    Attributes:
        lock: guards what is in here; re-entrant.
        size: how many workers are wanted now.
        floor: how many stay however idle they are.
        ceiling: how many there are at most; `floor` and `size` in a fixed crew.
        peak: most workers at once.
        idle_limit_seconds: after that long idle workers ask whether to stay.
        departed: workers that ended lately, oldest first.
    """

    def __init__(self, name: str, task_queue: ThreadSafeQueue, kit: Kit) -> None:
        self.lock = threading.RLock()
        self.size = 0
        self.floor = 0
        self.ceiling = 0
        self.peak = 0
        self.departed: deque[ProcessThread] = deque(maxlen=MAX_DEPARTED)
        self.span_mask = NO_SPANS
        self._name = name
        self._queue = task_queue
        self._kit = kit
        self.idle_limit_seconds = FOREVER
        self._next_number = 0
        self._begun = 0  # living workers whose threads run
        # Dicts as ordered sets. Active are those not told to go.
        self._living: dict[ProcessThread, None] = {}
        self._active: dict[ProcessThread, None] = {}
        self._ending: list[ProcessThread] = []  # left, but their threads may still run
        self._retired = WorkerCounts()
        kit.owner = weakref.ref(self)

    @property
    def is_elastic(self) -> bool:
        """Whether the number of workers follows the demand."""
        return self.floor < self.ceiling

    def set_bounds(self, floor: int, ceiling: int) -> None:
        """Say between what the number of workers moves; hires and dismisses nobody."""
        with self.lock:
            self.floor, self.ceiling = floor, ceiling

    def living(self) -> tuple[ProcessThread, ...]:
        """Return the workers that have not left, oldest first."""
        with self.lock:
            return tuple(self._living)

    def is_empty(self) -> bool:
        """Whether no worker is left."""
        return not self._living

    def threads(self) -> list[ProcessThread]:
        """Return all workers whose threads run, those just leaving included."""
        with self.lock:
            # One that is just being started cannot be joined; if the pool has ended, it
            # ends at once.
            both = (*self._living, *self._ending)
            return [worker for worker in both if worker.is_alive()]

    def hosts_current_thread(self) -> bool:
        """Whether the caller runs on one of these workers."""
        # Not by comparing idents: the system gives those of ended threads away again.
        me = threading.current_thread()
        return isinstance(me, ProcessThread) and me.task_queue is self._queue

    def hire_all(self) -> None:
        """Start as many workers as are wanted and queued tasks ask for, the first ones.

        Raises:
            WorkerStartError: a thread could not be started; none is kept.
        """
        with self.lock:
            before = self.size, self.floor, self.ceiling
            demand = min(self._queue.size(), self.ceiling)
            self.size = 0
        try:
            self.hire(max(before[0], demand))
        except WorkerStartError:
            with self.lock:
                self.size, self.floor, self.ceiling = before
            raise

    def hire(self, count: int) -> None:
        """Start `count` more workers.

        Raises:
            WorkerStartError: a thread could not be started; those this call had
                started are dismissed again.
        """
        hired: list[ProcessThread] = []
        for _ in range(count):
            worker = self._enlist()
            try:
                self._launch(worker)
            except (RuntimeError, MemoryError) as error:
                for other in hired:
                    other.dismiss()
                raise WorkerStartError(
                    f"Pool {self._name!r} could not start worker "
                    f"{len(hired) + 1} of {count} ({error}); use fewer workers."
                ) from error
            hired.append(worker)

    def grow(self) -> None:
        """Start one more worker, if the ceiling allows it.

        Raises:
            WorkerStartError: the thread could not be started.
        """
        with self.lock:  # where a worker that may go or stay is not seen half gone
            if self.size >= self.ceiling:
                return
            worker = self._enlist()
        try:
            self._launch(worker)
        except (RuntimeError, MemoryError) as error:
            raise WorkerStartError(
                f"Pool {self._name!r} could not start one more worker ({error})."
            ) from error

    def dismiss(self, count: int) -> tuple[ProcessThread, ...]:
        """Tell up to `count` workers to go, idle ones first, newest first."""
        with self.lock:
            newest_first = list(reversed(self._active))
            chosen = sorted(newest_first, key=lambda one: one.record.task is not None)
            dismissed = tuple(chosen[:count])
            for worker in dismissed:
                worker.dismiss()
            return dismissed

    def shrink(self, size: int) -> None:
        """Dismiss workers, if more are wanted than this."""
        with self.lock:  # some may go by themselves just now
            self.dismiss(max(0, self.size - size))

    def nudge(self) -> None:
        """Wake all workers of a queue that has ended, however they sleep.

        A wake-up may be half done, in a frame that a signal handler interrupts which
        now waits for the workers' end.
        """
        for worker in self.living():
            worker.nudge()

    def dismiss_one(self, worker: ProcessThread) -> bool:
        """Tell this worker to go; False if it was told already or has left."""
        with self.lock:
            if worker not in self._active:
                return False
            worker.dismiss()
            return True

    def watch(self, mask: int) -> None:
        """Set the span mask of all workers, and of those to come."""
        with self.lock:
            self.span_mask = mask
            for worker in list(self._living):
                worker.record.span_mask = mask

    def set_idle_limit(self, seconds: float) -> None:
        """Set after how long an idle worker above the floor goes; negative: never."""
        with self.lock:
            self.idle_limit_seconds = seconds
            for worker in list(self._living):
                worker.reconsider(seconds)

    def counts(self) -> WorkerCounts:
        """Return the exact counts over all workers, those gone included."""
        with self.lock:
            # Ends are read before starts, so that no task seems ended and not begun.
            # A copy: a finalizer that runs in here may hire.
            records = [worker.record for worker in list(self._living)]
            ends = [(record.done, record.failed) for record in records]
            started = sum(record.started for record in records)
            return WorkerCounts(
                self._retired.started + started,
                self._retired.done + sum(done for done, _ in ends),
                self._retired.failed + sum(failed for _, failed in ends),
            )

    def busy(self) -> int:
        """Return how many workers have a task in hand, or see to its end."""
        return sum(worker.record.task is not None for worker in self.living())

    def worker_begins(self, worker: ProcessThread) -> None:
        """Count a worker whose thread runs; called by it as its first act."""
        with self.lock:
            if worker in self._living:
                self._begun += 1
                self.peak = max(self.peak, self._begun)

    def worker_idles(self, worker: ProcessThread) -> float:
        """Say for how long a worker that has been idle for long is to stay.

        Called by the worker.

        Returns:
            Seconds, after which it asks again; `FOREVER`: until told to reconsider.
            0: it was struck from the wanted ones, and must go.
        """
        with self.lock:
            if worker not in self._active or self.size <= self.floor:
                return FOREVER
            # The size first, then a look at the queue. A put does it the other way
            # round: it adds its task, and then looks whether the crew may grow. So
            # either that put hires somebody, or this worker sees its task.
            self.size -= 1
            if self._queue.has_ended or self._queue.size():
                self.size += 1
                return _ASK_AGAIN_SECONDS
            del self._active[worker]
            worker.retire()
            return 0.0

    def worker_dismissed(self, worker: ProcessThread) -> None:
        """Lower the wanted size; called by the worker's `dismiss`."""
        with self.lock:
            self._set_inactive(worker)

    def worker_leaves(self, worker: ProcessThread, *, can_run: bool = True) -> bool:
        """Strike a worker off, its counts kept; called by the worker as its last act.

        False: it must go on, for it can run tasks and is the last one, and accepted
        tasks are queued that nobody else would run.
        """
        with self.lock:
            if worker not in self._living:
                return True  # a forked child knows no workers
            is_last = len(self._living) == 1
            has_ended = self._queue.has_ended
            if can_run and is_last and has_ended and self._queue.size():
                return False
            record, retired = worker.record, self._retired
            self._retired = WorkerCounts(
                retired.started + record.started,
                retired.done + record.done,
                retired.failed + record.failed,
            )
            # In this order: a watcher finds it in one of the two, never in none.
            self.departed.append(worker)
            del self._living[worker]
            self._begun -= 1
            # It may be quicker here than its dismissal, told by another thread, is at
            # `worker_dismissed`.
            self._set_inactive(worker)
            self._ending = [one for one in self._ending if one.is_alive()]
            self._ending.append(worker)
            if not self._living and self._queue.has_ended:
                self._kit.timekeeper.end()
            return True

    def forget_threads(self) -> None:
        """In a forked child: the workers stayed in the parent, and so may the lock."""
        self.lock = threading.RLock()
        for worker in self._living:
            task = worker.record.task
            if task is not None:
                task.future.abandon()  # its outcome is the parent's to know
        self._begun = 0
        self._living.clear()
        self._active.clear()
        self._ending.clear()

    def _set_inactive(self, worker: ProcessThread) -> None:
        was_active = self._active.pop(worker, self) is None
        # Once the queue has ended everybody goes, and the size stays as it was.
        if was_active and not self._queue.has_ended:
            was_fixed = not self.is_elastic
            self.size -= 1
            self.floor = min(self.floor, self.size)
            if was_fixed:
                self.ceiling = min(self.ceiling, self.size)

    def _enlist(self) -> ProcessThread:
        with self.lock:
            number, self._next_number = self._next_number, self._next_number + 1
            worker = ProcessThread(
                self._queue,
                name=f"{self._name}_{number}",
                record=WorkerRecord(self.span_mask),
                kit=self._kit,
            )
            worker.idle_limit_seconds = self.idle_limit_seconds
            self._living[worker] = self._active[worker] = None
            self.size += 1
            return worker

    def _launch(self, worker: ProcessThread) -> None:
        """Start a worker's thread; forget the worker if that fails."""
        try:
            worker.start()
        except (RuntimeError, MemoryError):
            self._strike_off(worker)
            raise
        lifetime.guard(worker)

    def _strike_off(self, worker: ProcessThread) -> None:
        """Forget a worker whose thread could not be started."""
        with self.lock:
            del self._living[worker]
            if self._active.pop(worker, self) is None:
                self.size -= 1
