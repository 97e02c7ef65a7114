"""The entrance of a pool: what is accepted, refused, bounded, and by what policy.

Any thread may call anything. Without a limit nothing takes a lock but `batch_put`,
which adds several tasks as one. Nobody waits with a lock held.
"""

from __future__ import annotations

import weakref
from collections import deque
from concurrent.futures.thread import BrokenThreadPool
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pool_gui.pool import checks
from pool_gui.pool.caller import Callers
from pool_gui.pool.clocks import perf_counter_ns
from pool_gui.pool.counters import Work
from pool_gui.pool.deadlines import QueueWatch
from pool_gui.pool.errors import (
    REFUSALS,
    PoolStateError,
    QueueFullError,
    TaskDroppedError,
    TaskTypeErrorException,
)
from pool_gui.pool.handback import BROKEN, as_task, count_dead
from pool_gui.pool.limits import Limits
from pool_gui.pool.policy import WhenFull
from pool_gui.pool.room import Room
from pool_gui.pool.shutdown import POOLS
from pool_gui.pool.states import PoolState, TaskState
from pool_gui.pool.task import Task
from pool_gui.pool.waiting import Deadline

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextvars import Context

    from pool_gui.pool.core import PoolCore
    from pool_gui.pool.roster import Rosters

_NO_LIMITS = Limits()


@dataclass(slots=True)
class _Outcome:
    """What became of tasks that were put together."""

    placed: int = 0
    dropped: list[Task] = field(default_factory=list)
    for_caller: list[Task] = field(default_factory=list)
    is_nested: bool = False
    """It happened in the midst of another put of the same thread."""
    context: Context | None = None
    """Where the tasks are to run."""


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
        self._core = weakref.proxy(core)
        self.callers = Callers(self._core)
        self._when_full = WhenFull.WAIT
        self._propagates_context = propagate_context

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
            and not self._propagates_context
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
                self._core.demand_rose()

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
            task = task.fresh_copy()
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
            self._core.life.defer(self._core.serve)
        return batch

    def _extend(self, batch: Sequence[Task]) -> None:
        self._require_open(len(batch))
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
        outcome, waiting = _Outcome(), deque[Task]()
        try:
            self._require_open(len(batch))
            self._core.bring_worker()
            self._admit(batch, timeout_seconds, outcome)
            waiting.extend(self._accept(one, outcome) for one in outcome.for_caller)
            if waiting:
                # What a task raises holds this frame, which is to hold no task.
                batch, outcome.for_caller = (), []
                self.callers.run_all(waiting)
        except REFUSALS:
            self._unclaim(batch)
            raise
        except BaseException:  # Ctrl-C
            self.mend([*batch, *waiting, *outcome.dropped])
            raise

    def _unclaim(self, batch: Sequence[Task]) -> None:
        for task in batch:
            task.unclaim()

    def _admit(
        self,
        batch: Sequence[Task],
        timeout_seconds: float | None,
        outcome: _Outcome,
    ) -> None:
        self._expect_limits(batch)
        if timeout_seconds is None:
            timeout_seconds = self.full_timeout_seconds
        deadline = Deadline(timeout_seconds)
        if self._propagates_context:
            outcome.context = copy_context()
        try:
            while not self._try_to_place(batch, outcome):
                if self._must_not_wait(outcome, timeout_seconds):
                    self._give_to_caller(batch, outcome)
                    self.bring_workers(outcome.placed)
                    break
                self._await_room(batch, deadline)
        finally:
            if outcome.dropped:
                self._drop_all(outcome.dropped)
        if self.is_closed:  # by a signal handler or finalizer in the midst of it
            self._core.life.defer(self._core.serve)

    def _try_to_place(self, batch: Sequence[Task], outcome: _Outcome) -> bool:
        outcome.placed = 0
        try:
            if self.room.limit is None and len(batch) == 1:
                return self._place_alone(batch[0], outcome)
            return self.room.use(lambda: self._place(batch, outcome))
        finally:
            # Without the lock: a thread that is started may run a finalizer that puts.
            self.bring_workers(outcome.placed)

    def _place_alone(self, task: Task, outcome: _Outcome) -> bool:
        """Queue a task where there is no limit, without a lock, as `submit` does."""
        self._require_open(1)
        self._append(task, outcome)
        self.settle(task)
        return True

    def _place(self, batch: Sequence[Task], outcome: _Outcome) -> bool:
        """Queue what has room, under its lock; False if all have to wait."""
        room, policy = self.room, self._when_full
        self._require_open(len(batch))
        outcome.is_nested = room.is_reserved
        if room.limit is None or policy in (WhenFull.WAIT, WhenFull.RAISE):
            if not room.reserve(len(batch)):
                return False
            for task in batch:
                self._append(task, outcome)
                room.give_back(1)
            return True
        for task in batch:
            if room.reserve(1) or (
                policy is WhenFull.DROP_OLDEST and self._make_room(outcome)
            ):
                self._append(task, outcome)
                room.give_back(1)
            elif policy is WhenFull.RUN_IN_CALLER:
                self._give_to_caller([task], outcome)
            else:
                outcome.dropped.append(self._accept(task, outcome))
        return True

    def _give_to_caller(self, batch: Sequence[Task], outcome: _Outcome) -> None:
        """Let the caller run tasks, unless it is deep in such runs already."""
        if self.callers.may_run():
            outcome.for_caller.extend(batch)
            return
        for task in batch:
            self._append(task, outcome)

    def _make_room(self, outcome: _Outcome) -> bool:
        """Drop the oldest until there is room for one; False if that is in vain."""
        while True:
            was_one = self.backlog.take_least(into=outcome.dropped)
            if self.room.reserve(1):
                return True
            if not was_one and not self.backlog.size():
                return False  # all the room is kept for puts that this one interrupts

    def _append(self, task: Task, outcome: _Outcome) -> None:
        """Queue a task for which there is room."""
        limits = self._accept(task, outcome).limits
        self.backlog.add(task, 0 if limits is None else limits.priority, task.id)
        outcome.placed += 1
        if limits is not None and limits.queue_ns:
            core = self._core
            core.deadlines.watch(
                QueueWatch(task, limits.queue_ns, core.counters, self.backlog.quiet)
            )

    def _accept(self, task: Task, outcome: _Outcome) -> Task:
        """Make a task one that the pool has accepted."""
        limits = task.limits
        if outcome.context is not None:
            context = outcome.context.copy()
            task.limits = replace(limits or _NO_LIMITS, context=context)
        elif limits is not None and limits.context is not None:  # another pool's
            task.limits = replace(limits, context=None)
        task.queued_ns = perf_counter_ns()
        for task.id in self.numbers:  # taken and stored without a call in between
            break
        return task

    def _expect_limits(self, batch: Sequence[Task]) -> None:
        """Have somebody watch the time, if one of these tasks needs it."""
        deadlines = self._core.deadlines
        if not deadlines.has_begun and any(
            one.limits and (one.limits.queue_ns or one.limits.run_ns) for one in batch
        ):
            self._core.life.defer(deadlines.begin)

    # --- no room ---------------------------------------------------------------------

    def _must_not_wait(self, outcome: _Outcome, timeout_seconds: float | None) -> bool:
        """Whether waiting for room could be for ever, so that the caller runs it."""
        if self._when_full is not WhenFull.WAIT:
            return False
        is_interruption = outcome.is_nested and timeout_seconds is None
        return is_interruption or self._core.hosts_current_thread()

    def _await_room(self, batch: Sequence[Task], deadline: Deadline) -> None:
        """Wait until the batch may fit; raise if it must not, or the time is up."""
        limit, count, policy = self.room.limit, len(batch), self._when_full
        can_fit = limit is None or count <= limit
        if policy not in (WhenFull.WAIT, WhenFull.RAISE):
            return  # it has just become so
        if policy is WhenFull.WAIT and can_fit:
            lot = self.backlog.room if count == 1 else self.backlog.room_for_many
            if lot.wait_until(lambda: self._should_try(count), deadline):
                return
        for _ in batch:
            self._core.counters.rejected.take()
        tasks = "a task" if count == 1 else f"{count} tasks"
        hint = "put fewer at once" if not can_fit else "wait, or raise queue_limit"
        raise QueueFullError(
            f"The queue of pool {self._core.name!r} has no room for {tasks}: "
            f"{self.backlog.size()} of {limit} are queued; {hint}."
        )

    def _should_try(self, count: int) -> bool:
        limit = self.room.limit
        if self.is_closed or limit is None or count > limit:
            return True
        return self._when_full is not WhenFull.WAIT or self.room.has(count)

    def _drop_all(self, dropped: list[Task]) -> None:
        work = Work()
        try:
            self._core.counters.begin(work)
            for task in dropped:
                self._drop(task)
        finally:
            work.is_over = True

    def _drop(self, task: Task) -> None:
        counters = self._core.counters
        error = TaskDroppedError(
            f"Task {task.id} was dropped: the queue of pool {self._core.name!r} was "
            f"full ({self.room.limit} tasks; when full: {self._when_full.value})."
        )
        if not task.refuse(TaskState.DROPPED, error, counters.dropped.take):
            count_dead(task, counters)

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

    def _require_open(self, count: int) -> None:
        if self.is_closed:
            raise self.refuse(count)

    def refuse(self, count: int) -> RuntimeError:
        """Count so many refused tasks, and return what to raise."""
        for _ in range(count):
            self._core.counters.rejected.take()
        if self.is_broken:
            return BrokenThreadPool(BROKEN)
        return PoolStateError(
            f"Pool {self._core.name!r} is {self._core.state.value} and takes no more "
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
        counters = self._core.counters
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
