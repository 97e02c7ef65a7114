"""A bounded queue: whether there is room for tasks, and what is done when there is not.

Any thread may call anything. Workers take tasks without a lock; only those who put look
for room one after the other, so that the queue never grows beyond its limit.
"""

from __future__ import annotations

import enum
from abc import abstractmethod
from collections import deque
from contextvars import Context, copy_context
from dataclasses import dataclass, replace
from time import monotonic, perf_counter_ns
from typing import TYPE_CHECKING

from pool_gui.pool import values
from pool_gui.pool.build import HAS_GIL
from pool_gui.pool.caller import run_in_caller
from pool_gui.pool.errors import QueueFullError, TaskDroppedError
from pool_gui.pool.intake import Intake
from pool_gui.pool.kit import count_dead
from pool_gui.pool.ranks import NOTHING
from pool_gui.pool.task import Limits, Task
from pool_gui.pool.timekeeper import QueueWatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pool_gui.pool.kit import Kit

_NO_LIMITS = Limits()


class WhenFull(enum.StrEnum):
    """What happens to a task for which the queue has no room."""

    WAIT = "wait"
    """Whoever puts it waits for room, for a time or for ever. A worker of the pool
    itself does not, since all of them might wait for each other: it runs the task."""
    RAISE = "raise"
    """`QueueFullError`."""
    RUN_IN_CALLER = "run in caller"
    """Whoever puts it runs it, in whatever state the pool is."""
    DROP_NEWEST = "drop newest"
    """It is accepted and dropped: its future raises `TaskDroppedError`."""
    DROP_OLDEST = "drop oldest"
    """The oldest of the least urgent queued tasks is dropped for it."""


@dataclass(slots=True)
class _Outcome:
    """What became of tasks that found no room."""

    dropped: list[Task]
    for_caller: list[Task]
    is_nested: bool = False
    """It happened in the midst of another put of the same thread."""
    context: Context | None = None
    """Where the tasks are to run."""


class BoundedIntake(Intake):
    """An entrance that may have a limit, and that looks after limits of tasks."""

    def __init__(self, name: str, kit: Kit, *, propagate_context: bool) -> None:
        super().__init__(name, kit)
        self._when_full = WhenFull.WAIT
        self.full_timeout_seconds: float | None = None
        self._limit: int | None = None
        self._propagates_context = propagate_context
        self._reserved = 0
        self._placed = 0  # tasks for which workers are yet to be woken
        self._set_direct()

    @property
    def queue_limit(self) -> int | None:
        """How many tasks the queue takes; None: as many as memory holds.

        May be set at any time. Below what is queued, it lets nothing in until workers
        have come down to it.

        Raises:
            TypeError: it is no whole number.
            ValueError: it is less than 1.
        """
        return self._limit

    @queue_limit.setter
    def queue_limit(self, limit: int | None) -> None:
        wanted = None if limit is None else values.count(limit, "queue_limit", 1)
        with self._entrance:
            self._limit = wanted
            self.task_queue.is_bounded = wanted is not None
            self._set_direct()
        self.task_queue.announce_much_room()

    def _queue_limit(self) -> int | None:
        return self._limit

    def _set_direct(self) -> None:
        self._is_direct = (
            HAS_GIL and self._limit is None and not self._propagates_context
        )

    @property
    def when_full(self) -> WhenFull:
        """What happens to a task for which there is no room; may be set at any time.

        Raises:
            ValueError: it is no `WhenFull`.
        """
        return self._when_full

    @when_full.setter
    def when_full(self, policy: WhenFull) -> None:
        self._when_full = WhenFull(policy)
        self.task_queue.announce_much_room()  # who waits asks what to do now

    def purge(self) -> int:
        """Take cancelled and expired tasks out of the queue; return how many."""
        with self._life, self._entrance:
            # What is out of the queue while it is sorted makes no room for a put by a
            # signal handler or finalizer in the midst of it.
            reserved, self._reserved = self._reserved, self.task_queue.size()
            try:
                return super().purge()
            finally:
                self._reserved = reserved
                self.task_queue.announce_much_room()

    def _admit(self, batch: Sequence[Task], timeout_seconds: float | None) -> None:
        """Queue tasks, whatever limits they or the queue have; all or none."""
        self._expect_limits(batch)
        if timeout_seconds is None:
            timeout_seconds = self.full_timeout_seconds
        deadline = None if timeout_seconds is None else monotonic() + timeout_seconds
        outcome = _Outcome([], [])
        if self._propagates_context:
            outcome.context = copy_context()
        if HAS_GIL and self._limit is None and len(batch) == 1:
            self._add(batch[0], outcome)
            return
        try:
            while not self._try_to_place(batch, outcome):
                if self._must_not_wait(outcome, deadline):
                    outcome.for_caller.extend(batch)
                    break
                self._await_room(batch, deadline)
        finally:
            if outcome.dropped:
                with self._tally.at_work():
                    for task in outcome.dropped:
                        self._drop(task)
        if self._is_closed:  # by a signal handler or finalizer in the midst of it
            self._life.wish(self.ensure_served)
        # What a task raises holds this frame, which is to hold no future.
        waiting = deque(self._accept(one, outcome) for one in outcome.for_caller)
        batch, outcome = (), _Outcome([], [])
        self._run_here(waiting)

    def _try_to_place(self, batch: Sequence[Task], outcome: _Outcome) -> bool:
        placed = 0
        try:
            with self._entrance:
                if self._is_closed:
                    raise self._refuse(len(batch))
                outer_reserved, outer_placed = self._reserved, self._placed
                outcome.is_nested = outer_reserved > 0
                try:
                    return self._place(batch, outcome)
                finally:
                    placed = self._placed - outer_placed
                    self._reserved, self._placed = outer_reserved, outer_placed
        finally:
            # Without the lock: a thread that is started may run a finalizer that puts.
            self._bring_workers(placed)

    def _must_not_wait(self, outcome: _Outcome, deadline: float | None) -> bool:
        """Whether waiting for room could be for ever, so that the caller runs it."""
        if self.when_full is not WhenFull.WAIT:
            return False
        is_interruption = outcome.is_nested and deadline is None
        return is_interruption or self._crew.hosts_current_thread()

    def _run_here(self, waiting: deque[Task]) -> None:
        if not waiting:
            return
        try:
            with self._tally.at_work():
                self._run_all(waiting)
        finally:
            self.task_queue.quiet.announce()

    def _run_all(self, waiting: deque[Task]) -> None:
        may_exit = not self._crew.hosts_current_thread()
        try:
            while waiting:
                run_in_caller(waiting.popleft(), self._kit, may_exit=may_exit)
        finally:
            for task in waiting:  # one of them raised what ends this thread
                if not task.future.refuse(None, self._tally.cancelled.take):
                    count_dead(task, self._tally)

    @abstractmethod
    def ensure_served(self) -> None:
        """Make sure that queued tasks have a worker."""

    def _expect_limits(self, batch: Sequence[Task]) -> None:
        """Have a timekeeper, if one of these tasks needs it."""
        timekeeper = self._kit.timekeeper
        if timekeeper.has_begun:
            return
        if any(
            one.limits and (one.limits.queue_ns or one.limits.run_ns) for one in batch
        ):
            self._life.wish(timekeeper.begin)

    def _accept(self, task: Task, outcome: _Outcome) -> Task:
        """Make a task, or what takes its place, one that the pool has accepted."""
        if task.queued_ns:
            task = task.again()
        task.queued_ns = perf_counter_ns()
        task.id = self._take_id()
        limits = task.limits
        if outcome.context is not None:
            context = outcome.context.copy()
            task.limits = replace(limits or _NO_LIMITS, context=context)
        elif limits is not None and limits.context is not None:  # another pool's
            task.limits = replace(limits, context=None)
        return task

    def _place(self, batch: Sequence[Task], outcome: _Outcome) -> bool:
        """Queue what has room, under the entrance's lock; False if all have to wait."""
        policy = self.when_full
        if self._limit is None or policy in (WhenFull.WAIT, WhenFull.RAISE):
            if not self._reserve(len(batch)):
                return False
            for task in batch:
                self._append(task, outcome)
            return True
        for task in batch:
            if self._reserve(1) or (
                policy is WhenFull.DROP_OLDEST and self._make_room(outcome)
            ):
                self._append(task, outcome)
            elif policy is WhenFull.RUN_IN_CALLER:
                outcome.for_caller.append(task)
            else:
                outcome.dropped.append(self._accept(task, outcome))
        return True

    def _make_room(self, outcome: _Outcome) -> bool:
        """Drop the oldest until there is room for one; False if that is in vain."""
        while True:
            oldest = self.task_queue.take_last()
            if isinstance(oldest, Task):
                outcome.dropped.append(oldest)
            if self._reserve(1):
                return True
            if oldest is NOTHING and not self.task_queue.size():
                return False  # all the room is kept for puts that this one interrupts

    def _reserve(self, count: int) -> bool:
        # First reserve, then look: a put by a signal handler or finalizer in the midst
        # of this sees the reservation.
        self._reserved += count
        if self._limit is None:
            return True
        if self.task_queue.size() + self._reserved <= self._limit:
            return True
        self._reserved -= count
        return False

    def _add(self, task: Task, outcome: _Outcome) -> None:
        """Queue a task where there is no limit, without a lock, as `_enqueue` does."""
        if self._is_closed:
            raise self._refuse(1)
        task = self._accept(task, outcome)
        self._queue_up(task)
        if self._is_closed:  # closed since the look at the top
            self._withdraw(task)  # type: ignore[unreachable]  # mypy thinks of one thread
        self._bring_workers(1)

    def _append(self, task: Task, outcome: _Outcome) -> None:
        """Queue a task for which room was reserved."""
        self._queue_up(self._accept(task, outcome))
        self._reserved -= 1
        self._placed += 1

    def _queue_up(self, task: Task) -> None:
        limits = task.limits
        self.task_queue.add(task, 0 if limits is None else limits.priority)
        if limits is not None and limits.queue_ns:
            quiet = self.task_queue.quiet
            self._kit.timekeeper.watch(QueueWatch(task, limits, self._tally, quiet))

    def _await_room(self, batch: Sequence[Task], deadline: float | None) -> None:
        """Wait until the batch may fit; raise if it must not, or the time is up."""
        limit, count = self._limit, len(batch)
        can_fit = limit is None or count <= limit
        if self.when_full is WhenFull.WAIT and can_fit:
            left = None if deadline is None else max(0.0, deadline - monotonic())
            queue = self.task_queue
            waiters = queue.room if count == 1 else queue.much_room
            if waiters.wait(lambda: self._should_try(count), left):
                return
        for _ in batch:
            self._tally.rejected.take()
        tasks = "a task" if count == 1 else f"{count} tasks"
        hint = "put fewer at once" if not can_fit else "wait, or raise queue_limit"
        raise QueueFullError(
            f"The queue of pool {self.name!r} has no room for {tasks}: "
            f"{self.task_queue.size()} of {limit} are queued; {hint}."
        )

    def _should_try(self, count: int) -> bool:
        limit = self._limit
        if self._is_closed or limit is None or count > limit:
            return True
        if self.when_full is not WhenFull.WAIT:
            return True
        with self._entrance:  # else what others reserve in vain would count
            return self.task_queue.size() + self._reserved + count <= limit

    def _drop(self, task: Task) -> None:
        error = TaskDroppedError(
            f"Task {task.id} was dropped: the queue of pool {self.name!r} was full "
            f"({self._limit} tasks; when full: {self.when_full.value})."
        )
        if not task.future.refuse(error, self._tally.dropped.take):
            count_dead(task, self._tally)
        task.id = 0
