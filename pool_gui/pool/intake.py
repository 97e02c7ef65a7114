"""What a pool accepts, refuses, hands back, and the counts of all that.

Any thread may call anything. `put` and `submit` take no lock unless the queue is
bounded, or the interpreter has no GIL.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import deque
from concurrent.futures.thread import BrokenThreadPool
from time import perf_counter_ns
from typing import TYPE_CHECKING

from pool_gui.pool.counts import PoolCounts, PoolStatistics
from pool_gui.pool.crew import Crew
from pool_gui.pool.errors import PoolStateError, TaskTypeErrorException
from pool_gui.pool.kit import BROKEN, count_dead
from pool_gui.pool.lifelock import LifeLock
from pool_gui.pool.queue import ThreadSafeQueue
from pool_gui.pool.serial import SerialNumbers
from pool_gui.pool.states import PoolState
from pool_gui.pool.task import Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pool_gui.pool.kit import Kit


class Intake(ABC):
    """The entrance of a pool; `ThreadPool` adds the life to it."""

    def __init__(self, name: str, kit: Kit) -> None:
        self.name = name
        self.task_queue = ThreadSafeQueue()
        self._kit = kit
        self._tally = kit.tally
        self._crew = Crew(name, self.task_queue, kit)
        self._life = LifeLock()
        # Held while several tasks are added as one, or room for them is looked for.
        # Never while anything waits. After `_life`, where both are held.
        self._entrance = threading.RLock()
        self._state = PoolState.NEW
        self._is_closed = False  # set under both locks, read without
        self._is_broken = False
        self._is_elastic = False
        self._ids = SerialNumbers()
        self._take_id = self._ids.take

    @property
    def state(self) -> PoolState:
        """Where the pool is in its life."""
        if self._state is PoolState.DRAINING and self._crew.is_empty():
            return PoolState.STOPPED
        return self._state

    def counts(self) -> PoolCounts:
        """Return the exact counts; see `PoolCounts`."""
        # Read last what comes first in a task's life: no count overtakes another.
        tally, ran = self._tally, self._crew.counts()
        here_done, here_failed = tally.caller_done.taken(), tally.caller_failed.taken()
        started = ran.started + tally.caller_started.taken()
        cancelled, expired = tally.cancelled.taken(), tally.expired.taken()
        dropped, rejected = tally.dropped.taken(), tally.rejected.taken()
        # A put that raced the closing took an id, then withdrew its task.
        withdrawn = tally.withdrawn.taken()
        return PoolCounts(
            submitted=self._ids.taken() - withdrawn,
            started=started,
            done=ran.done + here_done,
            failed=ran.failed + here_failed,
            cancelled=cancelled,
            rejected=rejected,
            expired=expired,
            dropped=dropped,
        )

    def statistics(self) -> PoolStatistics:
        """Return all counts, sizes and peaks as they are now; see `PoolStatistics`.

        Takes no lock that a worker needs to run tasks.
        """
        crew, tally, queue = self._crew, self._tally, self.task_queue
        queued, counts = queue.size(), self.counts()
        workers = len(crew.living())
        begun = counts.started - counts.done - counts.failed
        return PoolStatistics(
            name=self.name,
            state=self.state,
            submitted=counts.submitted,
            started=counts.started,
            done=counts.done,
            failed=counts.failed,
            cancelled=counts.cancelled,
            expired=counts.expired,
            dropped=counts.dropped,
            rejected=counts.rejected,
            overdue=tally.overdue.taken(),
            run_by_callers=tally.caller_started.taken(),
            hook_errors=tally.hook_errors.taken(),
            queued=queued,
            # Tasks that began while the workers were counted are not all running.
            running=min(begun, workers + self._callers()),
            workers=workers,
            size=crew.size,
            max_workers=max(crew.size, crew.ceiling),
            queue_limit=self._queue_limit(),
            peak_queued=max(queue.summit(), queued),
            peak_workers=crew.peak,
        )

    def put(self, task: Task, timeout_seconds: float | None = None) -> None:
        """Queue a task.

        Takes no lock and never blocks, so it may also be called from a signal handler
        or a finalizer; except that a bounded queue that is full, under
        `WhenFull.WAIT`, lets the caller wait. When it races the closing of the pool,
        it either raises, or the task runs or is handed back.

        Args:
            task: what to run. One that is over gets a new future; of one that is queued
                or runs a copy is queued.
            timeout_seconds: how long to wait for room; None: as the pool was made.

        Raises:
            TaskTypeErrorException: `task` is no Task.
            PoolStateError: the pool takes no more tasks.
            BrokenThreadPool: an initializer failed.
            QueueFullError: there was no room (in time).
            WorkerStartError: a pool that grows on demand has no worker, and the system
                refused the thread; nothing was queued.
        """
        if task.__class__ is not Task and not isinstance(task, Task):
            raise _no_task(task)
        if self._is_closed:
            raise self._refuse(1)
        if not self._crew.size and self._state is PoolState.RUNNING:
            self._bring_one_worker()
        now_ns = perf_counter_ns()
        if self._is_direct and task.limits is None:
            if task.queued_ns:  # one step with the store: it is not queued twice
                task = task.again()
            task.queued_ns = now_ns
            self._enqueue(task)
        else:
            batch = deque([task])
            del task  # what it raises, if it is run here, holds this frame
            self._admit([batch.pop()], timeout_seconds)

    def batch_put(
        self, tasks: Iterable[Task], timeout_seconds: float | None = None
    ) -> None:
        """Queue all tasks in their order, or none of them.

        In a bounded queue all must fit at once, unless it runs or drops what does not.

        Raises:
            TaskTypeErrorException: one of them is no Task.
            PoolStateError: the pool takes no more tasks.
            BrokenThreadPool: an initializer failed.
            QueueFullError: there was no room for all of them (in time).
            WorkerStartError: as `put`.
        """
        batch = list(tasks)
        _require_tasks(batch)
        if not batch and not self._is_closed:
            return
        if not self._crew.size and self._state is PoolState.RUNNING:
            self._bring_one_worker()
        if not self._is_direct or any(task.limits is not None for task in batch):
            self._admit(batch, timeout_seconds)
            return
        # With the lock the pool cannot close between the check and the append, which
        # would leave a part of the batch accepted.
        with self._entrance:
            if self._is_closed:
                raise self._refuse(len(batch))
            self._stamp(batch)
            self.task_queue.items.extend(batch)
            self.task_queue.note_depth()
        self._bring_workers(len(batch))

    def clear(self) -> list[Task]:
        """Take what is queued out of the queue and return it, oldest first.

        The futures of these tasks are cancelled; the tasks may be put again. Those that
        had been cancelled before, or waited too long, are not among them.
        """
        with self._tally.at_work():
            taken = self._hand_back(self.task_queue.clear())
        self.task_queue.quiet.announce()
        return taken

    def purge(self) -> int:
        """Take cancelled and expired tasks out of the queue; return how many."""
        with self._life:  # else the pool could end while the others are put back
            if self._is_closed:
                return 0
            dead = self.task_queue.purge(self._is_dead, self._bury)
        self.task_queue.quiet.announce()
        return dead

    def _enqueue(self, task: Task) -> None:
        task.id = self._take_id()
        # From here on as ThreadSafeQueue.put; the call alone would cost a tenth.
        queue = self.task_queue
        items = queue.items
        items.append(task)
        depth = len(items)
        if depth > queue.peak:  # noqa: PLR1730 - as there
            queue.peak = depth
        if not queue.is_plain:
            queue.note_depth()
        if self._is_closed:  # closed since the look at the top
            self._withdraw(task)
        if not (queue.waiters and queue.wake_one()) and self._is_elastic:
            self._grow()

    # What the layers above add.

    _is_direct = True
    """Whether tasks without limits go straight to the queue."""

    @abstractmethod
    def _admit(self, batch: Sequence[Task], timeout_seconds: float | None) -> None: ...

    @abstractmethod
    def _bring_one_worker(self) -> None: ...

    @abstractmethod
    def _grow(self) -> None: ...

    @abstractmethod
    def _queue_limit(self) -> int | None: ...

    def _callers(self) -> int:
        """Return how many tasks run in threads that put them."""
        tally = self._tally
        ended = tally.caller_done.taken() + tally.caller_failed.taken()
        return tally.caller_started.taken() - ended

    def _bring_workers(self, count: int) -> None:
        """Wake as many workers, and hire where too few sleep."""
        missing = self.task_queue.wake_some(count)
        if self._is_elastic:
            for _ in range(min(missing, self._crew.ceiling)):
                self._grow()

    def _refuse(self, count: int) -> RuntimeError:
        for _ in range(count):
            self._tally.rejected.take()
        if self._is_broken:
            return BrokenThreadPool(BROKEN)
        return PoolStateError(
            f"Pool {self.name!r} is {self.state.value} and takes no more tasks."
        )

    def _stamp(self, batch: list[Task]) -> None:
        """Say of tasks that they are queued from now on, and number them."""
        now_ns = perf_counter_ns()
        for index, number in zip(range(len(batch)), self._ids.numbers, strict=False):
            task = batch[index]
            if task.queued_ns:
                batch[index] = task = task.again()
            task.queued_ns = now_ns
            task.id = number

    def _withdraw(self, task: Task) -> None:
        """Take back a task that was put while the pool closed, and refuse it.

        If it is no longer queued, it was accepted: a worker has it, or it was handed
        back by `stop`.
        """
        if self.task_queue.remove(task):
            task.id = task.queued_ns = 0
            self._tally.withdrawn.take()
            raise self._refuse(1)

    def _hand_back(self, items: Iterable[object]) -> list[Task]:
        """Cancel what was taken off the queue; return what was not over before."""
        taken = []
        for task in items:
            if isinstance(task, Task):
                if task.future.hand_back(self._tally.cancelled.take):
                    taken.append(task)
                else:
                    count_dead(task, self._tally)
                task.id = 0
        return taken

    def _is_dead(self, item: object) -> bool:
        """Whether an item will never run."""
        return isinstance(item, Task) and item.future.done()

    def _bury(self, item: object) -> None:
        if isinstance(item, Task):
            count_dead(item, self._tally)


def _require_tasks(batch: list[Task]) -> None:
    if not set(map(type, batch)) <= {Task}:
        for task in batch:
            if not isinstance(task, Task):
                raise _no_task(task)


def _no_task(item: object) -> TaskTypeErrorException:
    return TaskTypeErrorException(
        f"A pool takes Tasks, and this is {type(item).__name__}; wrap the call as "
        "Task(function, *args)."
    )
