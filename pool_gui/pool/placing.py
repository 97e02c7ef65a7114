"""One put of tasks that is not plain: limits, contexts, and a queue that may be full.

Lives for one call, on the thread that puts. Nobody waits with a lock held.
"""

from __future__ import annotations

from collections import deque
from contextvars import copy_context
from dataclasses import replace
from typing import TYPE_CHECKING

from pool_gui.pool.clocks import perf_counter_ns
from pool_gui.pool.counters import Work
from pool_gui.pool.deadlines import QueueWatch
from pool_gui.pool.errors import QueueFullError, TaskDroppedError
from pool_gui.pool.handback import count_dead
from pool_gui.pool.limits import Limits
from pool_gui.pool.policy import WhenFull
from pool_gui.pool.states import TaskState
from pool_gui.pool.waiting import Deadline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pool_gui.pool.admission import Admission
    from pool_gui.pool.task import Task

_NO_LIMITS = Limits()


class Placing:
    """Where the tasks of one put go: all of them, or none.

    Attributes:
        batch: the tasks, claimed; none once they are placed.
    """

    def __init__(
        self, door: Admission, batch: Sequence[Task], timeout_seconds: float | None
    ) -> None:
        self.batch = batch
        self._door = door
        self._core = door.core
        self._room = door.room
        self._placed = 0
        self._dropped: list[Task] = []
        self._own: deque[Task] = deque()  # for the caller to run
        self._is_nested = False  # in the midst of another put of this thread
        if timeout_seconds is None:
            timeout_seconds = door.full_timeout_seconds
        self._timeout_seconds = timeout_seconds
        self._context = copy_context() if door.propagates_context else None

    def all_tasks(self) -> list[Task]:
        """Return what the put has in hand, for who mends it after a Ctrl-C."""
        return [*self.batch, *self._own, *self._dropped]

    def place(self) -> None:
        """Queue the tasks, or drop what the policy says, or keep them to run here.

        Raises:
            PoolStateError: the pool takes no more tasks.
            BrokenThreadPool: an initializer failed.
            QueueFullError: there was no room (in time).
            WorkerStartError: a pool that grows on demand has no worker, and the system
                refused the thread.
        """
        door = self._door
        door.require_open(len(self.batch))
        self._core.staffing.bring_worker()
        self._expect_limits()
        deadline = Deadline(self._timeout_seconds)
        try:
            while not self._try():
                if self._must_not_wait():
                    self._keep(self.batch)
                    door.bring_workers(self._placed)
                    break
                self._await_room(deadline)
        finally:
            if self._dropped:
                self._drop_all()
        if door.is_closed:  # by a signal handler or finalizer in the midst of it
            self._core.life.defer(self._core.staffing.serve)
        for task in self._own:
            self._accept(task)

    def run_own(self) -> None:
        """Run what is for the caller to run."""
        if self._own:
            self.batch = ()  # what a task raises holds the frames that hold this
            self._door.callers.run_all(self._own)

    def _try(self) -> bool:
        self._placed = 0
        try:
            if self._room.limit is None and len(self.batch) == 1:
                return self._place_alone(self.batch[0])
            return self._room.use(self._place)
        finally:
            # Without the lock: a thread that is started may run a finalizer that puts.
            self._door.bring_workers(self._placed)

    def _place_alone(self, task: Task) -> bool:
        """Queue a task where there is no limit, without a lock, as `submit` does."""
        self._door.require_open(1)
        self._append(task)
        self._door.settle(task)
        return True

    def _place(self) -> bool:
        """Queue what has room, under its lock; False if all have to wait."""
        batch, room, policy = self.batch, self._room, self._door.when_full
        self._door.require_open(len(batch))
        self._is_nested = room.is_reserved
        if room.limit is None or policy in (WhenFull.WAIT, WhenFull.RAISE):
            if not room.reserve(len(batch)):
                return False
            for task in batch:
                self._append(task)
                room.give_back(1)
            return True
        for task in batch:
            if room.reserve(1) or (
                policy is WhenFull.DROP_OLDEST and self._make_room()
            ):
                self._append(task)
                room.give_back(1)
            elif policy is WhenFull.RUN_IN_CALLER:
                self._keep([task])
            else:
                self._dropped.append(self._accept(task))
        return True

    def _keep(self, tasks: Sequence[Task]) -> None:
        """Let the caller run tasks, unless it is deep in such runs already."""
        if self._door.callers.may_run():
            self._own.extend(tasks)
            return
        for task in tasks:
            self._append(task)

    def _make_room(self) -> bool:
        """Drop the oldest until there is room for one; False if that is in vain."""
        backlog = self._door.backlog
        while True:
            was_one = backlog.take_least(into=self._dropped)
            if self._room.reserve(1):
                return True
            if not was_one and not backlog.size():
                return False  # all the room is kept for puts that this one interrupts

    def _append(self, task: Task) -> None:
        """Queue a task for which there is room."""
        limits, backlog = self._accept(task).limits, self._door.backlog
        backlog.add(task, 0 if limits is None else limits.priority, task.id)
        self._placed += 1
        if limits is not None and limits.queue_ns:
            counters = self._core.counters
            self._core.deadlines.watch(
                QueueWatch(task, limits.queue_ns, counters, backlog.quiet)
            )

    def _accept(self, task: Task) -> Task:
        """Make a task one that the pool has accepted."""
        limits = task.limits
        if self._context is not None:
            task.limits = replace(limits or _NO_LIMITS, context=self._context.copy())
        elif limits is not None and limits.context is not None:  # another pool's
            task.limits = replace(limits, context=None)
        task.queued_ns = perf_counter_ns()
        for task.id in self._door.numbers:  # taken and stored without a call in between
            break
        return task

    def _expect_limits(self) -> None:
        """Have somebody watch the time, if one of these tasks needs it."""
        deadlines = self._core.deadlines
        if not deadlines.has_begun and any(
            one.limits and (one.limits.queue_ns or one.limits.run_ns)
            for one in self.batch
        ):
            self._core.life.defer(deadlines.begin)

    # --- no room ---------------------------------------------------------------------

    def _must_not_wait(self) -> bool:
        """Whether waiting for room could be for ever, so that the caller runs it."""
        if self._door.when_full is not WhenFull.WAIT:
            return False
        is_interruption = self._is_nested and self._timeout_seconds is None
        return is_interruption or self._core.hosts_current_thread()

    def _await_room(self, deadline: Deadline) -> None:
        """Wait until the batch may fit; raise if it must not, or the time is up."""
        limit, count, policy = self._room.limit, len(self.batch), self._door.when_full
        can_fit = limit is None or count <= limit
        if policy not in (WhenFull.WAIT, WhenFull.RAISE):
            return  # it has just become so
        backlog, core = self._door.backlog, self._core
        if policy is WhenFull.WAIT and can_fit:
            lot = backlog.room if count == 1 else backlog.room_for_many
            if lot.wait_until(self._should_try, deadline):
                return
        for _ in self.batch:
            core.counters.rejected.take()
        tasks = "a task" if count == 1 else f"{count} tasks"
        hint = "put fewer at once" if not can_fit else "wait, or raise queue_limit"
        raise QueueFullError(
            f"The queue of pool {core.name!r} has no room for {tasks}: "
            f"{backlog.size()} of {limit} are queued; {hint}."
        )

    def _should_try(self) -> bool:
        limit, count = self._room.limit, len(self.batch)
        if self._door.is_closed or limit is None or count > limit:
            return True
        return self._door.when_full is not WhenFull.WAIT or self._room.has(count)

    def _drop_all(self) -> None:
        work = Work()
        try:
            self._core.counters.begin(work)
            for task in self._dropped:
                self._drop(task)
        finally:
            work.is_over = True

    def _drop(self, task: Task) -> None:
        counters = self._core.counters
        error = TaskDroppedError(
            f"Task {task.id} was dropped: the queue of pool {self._core.name!r} was "
            f"full ({self._room.limit} tasks; when full: {self._door.when_full.value})."
        )
        if not task.refuse(TaskState.DROPPED, error, counters.dropped.take):
            count_dead(task, counters)
