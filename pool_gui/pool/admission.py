"""The entrance of a pool: what is accepted, refused, bounded, and by what policy.

Any thread may call anything. Without a limit nothing takes a lock but `batch_put`,
which adds several tasks as one. Nobody waits with a lock held.
"""

from __future__ import annotations

import weakref
from concurrent.futures.thread import BrokenThreadPool
from typing import TYPE_CHECKING

from pool_gui.pool import checks
from pool_gui.pool.caller import Callers
from pool_gui.pool.clocks import perf_counter_ns
from pool_gui.pool.copies import fresh_copy
from pool_gui.pool.errors import (
    REFUSALS,
    PoolStateError,
    TaskTypeErrorException,
)
from pool_gui.pool.handback import BROKEN, as_task
from pool_gui.pool.placing import Placing
from pool_gui.pool.policy import WhenFull
from pool_gui.pool.room import Room
from pool_gui.pool.shutdown import POOLS
from pool_gui.pool.states import PoolState, TaskState
from pool_gui.pool.task import Task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pool_gui.pool.core import PoolCore
    from pool_gui.pool.roster import Rosters


class Admission:
    """Who puts tasks comes through here.

    Attributes:
        is_direct: the pool is open, has workers, no limit, and keeps no contexts: tasks
            without limits of their own go straight to the queue. `set_direct` says so.
        is_closed: no more is accepted. Set under `room.lock`, read without: who puts
            looks once more when its task is in the queue.
        is_broken: an initializer failed.
        is_uncertain: a put was interrupted (Ctrl-C), and may have taken a number for
            nothing; see `accepted`.
        full_timeout_seconds: how long `WhenFull.WAIT` waits; None: for ever.
        room: the queue's limit.
        core: what the entrance belongs to, by a weak reference.
        propagates_context: tasks run in copies of the contexts of who puts them.
    """

    def __init__(
        self, core: PoolCore, rosters: Rosters, *, propagate_context: bool
    ) -> None:
        self.is_direct = self.is_closed = self.is_broken = self.is_uncertain = False
        self.full_timeout_seconds: float | None = None
        self.room = Room(core.backlog)
        self.numbers = core.counters.ids.numbers
        self.backlog = core.backlog
        self.rosters = rosters
        self.core = weakref.proxy(core)
        self.callers = Callers(self.core)
        self._when_full = WhenFull.WAIT
        self.propagates_context = propagate_context

    # --- settings ------------------------------------------------------------------

    @property
    def limit(self) -> int | None:
        """How many tasks the queue takes; None: as many as memory holds."""
        return self.room.limit

    @limit.setter
    def limit(self, limit: int | None) -> None:
        self.room.set_limit(
            None if limit is None else checks.count(limit, "queue_limit", 1)
        )
        self.set_direct()

    @property
    def when_full(self) -> WhenFull:
        """What happens to a task for which there is no room."""
        return self._when_full

    @when_full.setter
    def when_full(self, policy: WhenFull) -> None:
        self._when_full = WhenFull(policy)
        self.backlog.announce_much_room()  # who waits asks what to do now

    def set_direct(self) -> None:
        """Work out `is_direct` anew, after what it rests on has changed."""
        while True:  # who stores last has looked afterwards, as in Backlog.set_plain
            is_direct = self._may_be_direct()
            self.is_direct = is_direct
            if is_direct == self._may_be_direct():
                return

    def _may_be_direct(self) -> bool:
        roster = self.rosters.latest()
        return (
            not self.is_closed
            and (roster.size > 0 or not roster.is_elastic)
            and roster.state in (PoolState.RUNNING, PoolState.PAUSED)
            and self.room.limit is None
            and not self.propagates_context
        )

    # --- tasks without anything special ----------------------------------------------
    #
    # ThreadPool.submit and put have the same lines in them: a call costs a tenth.

    def settle(self, task: Task) -> None:
        """Look again after a task went straight to a queue that is not direct now.

        Whoever closes the pool says so, then looks at the queue. Here the task was
        added, then this looks: so either it is accepted and run, or taken back.

        Raises:
            PoolStateError: the pool closed meanwhile, and the task is not queued.
            BrokenThreadPool: likewise, for an initializer failed.
        """
        if self.is_closed:
            self._withdraw(task)

    def bring_workers(self, count: int) -> None:
        """Wake as many workers, and ask for more where too few sleep."""
        missing = self.backlog.wake_some(count)
        if self.rosters.may_grow:
            for _ in range(min(missing, self.rosters.latest().ceiling)):
                self.core.demand_rose()

    def mend(self, batch: Sequence[Task]) -> None:
        """Take back what a put has not finished that was interrupted (Ctrl-C).

        Whatever a worker has begun is accepted; the other tasks never run. A worker may
        have been taken out of those that wait and not be woken yet, so all are.
        """
        self.is_uncertain = True
        for task in batch:
            if not task.refuse(TaskState.CANCELLED, None, int) and not task.started_ns:
                task.bury(int)  # decided, and perhaps not concluded
        self.backlog.parked.rouse()

    # --- all others ------------------------------------------------------------------

    def claim(self, item: object) -> Task:
        """Return what to queue for a task that somebody puts: it, or a copy.

        Raises:
            TaskTypeErrorException: it is no Task, or a call that `submit` made and that
                is over, so that there is nothing left to call.
        """
        task = as_task(item)
        if not task.claim():
            if task.has_let_go():
                raise TaskTypeErrorException(
                    "A call that submit made and that is over cannot be put again: "
                    "what it called is let go. Put a Task(function, *args)."
                )
            task = fresh_copy(task)
            task.claim()
        return task

    def admit_all(
        self, tasks: Sequence[Task], timeout_seconds: float | None
    ) -> list[Task]:
        """Queue all tasks in their order, or none; see `admit`."""
        batch: list[Task] = []
        try:
            batch.extend(self.claim(task) for task in tasks)
        except BaseException:
            self._unclaim(batch)
            raise
        if not self.is_direct or any(task.limits is not None for task in batch):
            self.admit(batch, timeout_seconds)
            return batch
        try:
            # With the lock the pool cannot close between the look and the append, which
            # would leave a part of the batch accepted.
            self.room.use(lambda: self._extend(batch))
            self.bring_workers(len(batch))
        except REFUSALS:
            self._unclaim(batch)
            raise
        except BaseException:  # Ctrl-C
            self.mend(batch)
            raise
        if self.is_closed:  # by a signal handler or finalizer in the midst of it
            self.core.life.defer(self.core.staffing.serve)
        return batch

    def _extend(self, batch: Sequence[Task]) -> None:
        self.require_open(len(batch))
        now_ns = perf_counter_ns()
        for task, number in zip(batch, self.numbers, strict=False):
            task.id, task.queued_ns = number, now_ns
        self.backlog.items.extend(batch)

    def admit(self, batch: Sequence[Task], timeout_seconds: float | None) -> None:
        """Queue claimed tasks, whatever limits they or the queue have; all or none.

        What is refused is as it was before it was put.

        Raises:
            PoolStateError: the pool takes no more tasks.
            BrokenThreadPool: an initializer failed.
            QueueFullError: there was no room (in time).
            WorkerStartError: a pool that grows on demand has no worker, and the system
                refused the thread.
        """
        placing = Placing(self, batch, timeout_seconds)
        # What a task raises holds this frame, which is to hold no task.
        batch = ()
        try:
            placing.place()
            placing.run_own()
        except REFUSALS:
            self._unclaim(placing.batch)
            raise
        except BaseException:  # Ctrl-C
            self.mend(placing.all_tasks())
            raise

    def _unclaim(self, batch: Sequence[Task]) -> None:
        for task in batch:
            task.unclaim()

    # --- closing ---------------------------------------------------------------------

    def close(self) -> None:
        """Accept nothing more; who waits for room is told."""
        with self.room.lock:  # else a part of a batch could be accepted
            self.is_closed = True
        self.set_direct()
        self.backlog.announce_much_room()

    def reopen(self) -> None:
        """Accept tasks again: the pool could not be ended in an orderly way."""
        self.is_closed = False
        self.set_direct()

    def require_open(self, count: int) -> None:
        """Refuse so many tasks, if the pool takes no more; see `refuse`."""
        if self.is_closed:
            raise self.refuse(count)

    def refuse(self, count: int) -> RuntimeError:
        """Count so many refused tasks, and return what to raise."""
        for _ in range(count):
            self.core.counters.rejected.take()
        if self.is_broken:
            return BrokenThreadPool(BROKEN)
        return PoolStateError(
            f"Pool {self.core.name!r} is {self.core.state.value} and takes no more "
            "tasks."
        )

    def refuse_call(self, count: int = 1) -> RuntimeError:
        """Do the same for a submit: by the standard pool's words, and its class."""
        error = self.refuse(count)
        if not isinstance(error, PoolStateError):
            return error
        end = "interpreter shutdown" if POOLS.has_end_begun() else "shutdown"
        return RuntimeError(f"cannot schedule new futures after {end}")

    def _withdraw(self, task: Task) -> None:
        """Take back a task that was put while the pool closed, and refuse it.

        If it is no longer queued, it was accepted: a worker has it, or it was handed
        back by `stop`.
        """
        counters = self.core.counters
        if self.backlog.remove(task, Task):
            task.id = task.queued_ns = 0
            task.unclaim()
        elif not task.refuse(TaskState.CANCELLED, None, int):
            return
        counters.withdrawn.take()
        raise self.refuse(1)

    def forget_threads(self) -> None:
        """In a forked child: be closed."""
        self.room.forget_threads()
        self.is_closed = True
        self.is_direct = False
