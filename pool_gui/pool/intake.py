"""What a pool accepts, refuses, hands back, and the counts of all that.

Any thread may call anything. `put` takes no lock; the rest takes the lifecycle lock.
"""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING

from pool_gui.pool.counts import PoolCounts
from pool_gui.pool.crew import Crew
from pool_gui.pool.errors import PoolStateError, TaskTypeErrorException
from pool_gui.pool.queue import ThreadSafeQueue
from pool_gui.pool.serial import SerialNumbers
from pool_gui.pool.states import PoolState
from pool_gui.pool.task import Task

if TYPE_CHECKING:
    from collections.abc import Iterable


class Intake:
    """The entrance of a pool; `ThreadPool` adds the life to it."""

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.task_queue = ThreadSafeQueue()
        self._crew = Crew(name, self.task_queue, size)
        self._state = PoolState.NEW
        self._is_closed = False  # set under the lock, read without
        self._ids = SerialNumbers()
        self._take_id = self._ids.take
        self._withdrawn = SerialNumbers()
        self._rejected = SerialNumbers()
        self._cancelled = 0

    @property
    def state(self) -> PoolState:
        """Where the pool is in its life."""
        if self._state is PoolState.DRAINING and self._crew.is_empty():
            return PoolState.STOPPED
        return self._state

    def counts(self) -> PoolCounts:
        """Return the exact counts; see `PoolCounts`."""
        with self._crew.lock:
            # Read last what comes first in a task's life: no count overtakes another.
            ran = self._crew.counts()
            cancelled = self._cancelled
            rejected = self._rejected.taken()
            # A put that raced the closing took an id, then withdrew its task.
            withdrawn = self._withdrawn.taken()
            submitted = self._ids.taken() - withdrawn
        return PoolCounts(
            submitted, ran.started, ran.done, ran.failed, cancelled, rejected
        )

    def put(self, task: Task) -> None:
        """Queue a task. Never blocks and takes no lock.

        So it may also be called from a signal handler or a finalizer. When it races
        the closing of the pool, it either raises, or the task runs or is handed back.

        Raises:
            TaskTypeErrorException: `task` is no Task.
            PoolStateError: the pool takes no more tasks.
        """
        if task.__class__ is not Task and not isinstance(task, Task):
            raise _no_task(task)
        if self._is_closed:
            raise self._refuse(1)
        task.id = self._take_id()
        task.queued_ns = perf_counter_ns()
        # From here on as ThreadSafeQueue.put; the call alone would cost a tenth.
        queue = self.task_queue
        items = queue.items
        items.append(task)
        depth = len(items)
        if depth > queue.peak:  # noqa: PLR1730 - as there
            queue.peak = depth
        if self._is_closed:  # closed since the look at the top
            self._withdraw(task)  # type: ignore[unreachable]  # mypy thinks of one thread
        if queue.waiters:
            queue.wake_one()

    def batch_put(self, tasks: Iterable[Task]) -> None:
        """Queue all tasks in their order, or none of them.

        Raises:
            TaskTypeErrorException: one of them is no Task.
            PoolStateError: the pool takes no more tasks.
        """
        batch = list(tasks)
        if not set(map(type, batch)) <= {Task}:
            for task in batch:
                if not isinstance(task, Task):
                    raise _no_task(task)
        queue = self.task_queue
        # With the lock the pool cannot close between the check and the append, which
        # would leave a part of the batch accepted.
        with self._crew.lock:
            if self._is_closed:
                raise self._refuse(len(batch))
            now_ns = perf_counter_ns()
            for task, number in zip(batch, self._ids.numbers, strict=False):
                task.id = number
                task.queued_ns = now_ns
            queue.items.extend(batch)
            queue.note_depth()
        queue.wake_some(len(batch))

    def clear(self) -> list[Task]:
        """Take what is queued out of the queue and return it, oldest first."""
        with self._crew.lock:
            taken = self._take_back()
        self.task_queue.announce_quiet()
        return taken

    def _refuse(self, count: int) -> PoolStateError:
        for _ in range(count):
            self._rejected.take()
        return PoolStateError(
            f"Pool {self.name!r} is {self.state.value} and takes no more tasks."
        )

    def _withdraw(self, task: Task) -> None:
        """Take back a task that was put while the pool closed, and refuse it.

        If it is no longer queued, it was accepted: a worker has it, or it was handed
        back by `stop`.
        """
        while True:
            try:
                self.task_queue.items.remove(task)
                break
            except ValueError:
                return
            except IndexError:  # the queue changed while it was searched
                continue
        self._withdrawn.take()
        raise self._refuse(1)

    def _take_back(self) -> list[Task]:
        taken = [item for item in self.task_queue.clear() if isinstance(item, Task)]
        self._cancelled += len(taken)
        return taken


def _no_task(item: object) -> TaskTypeErrorException:
    return TaskTypeErrorException(
        f"A pool takes Tasks, and this is {type(item).__name__}; wrap the call as "
        "Task(function, *args)."
    )
