"""A bounded queue: whether there is room for tasks, and what is done when there is not.

Any thread may call anything. Workers take tasks without a lock; only those who put look
for room one after the other, so that the queue never grows beyond its limit.
"""

from __future__ import annotations

import enum
from abc import abstractmethod
from contextvars import copy_context
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from pool_gui.pool import values
from pool_gui.pool.build import HAS_GIL
from pool_gui.pool.caller import run_in_caller
from pool_gui.pool.errors import QueueFullError, TaskDroppedError
from pool_gui.pool.intake import Intake
from pool_gui.pool.kit import count_dead
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


class _Overflow(NamedTuple):
    """What found no room."""

    dropped: list[Task]
    for_caller: list[Task]


class BoundedIntake(Intake):
    """An entrance that may have a limit, and that looks after limits of tasks."""

    def __init__(self, name: str, kit: Kit, *, propagate_context: bool) -> None:
        super().__init__(name, kit)
        self.when_full = WhenFull.WAIT
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
        self.task_queue.room.announce()

    def _queue_limit(self) -> int | None:
        return self._limit

    def _set_direct(self) -> None:
        self._is_direct = (
            HAS_GIL and self._limit is None and not self._propagates_context
        )

    def _admit(self, batch: Sequence[Task], timeout_seconds: float | None) -> None:
        """Queue tasks, whatever limits they or the queue have; all or none."""
        self._note_limits(batch)
        if timeout_seconds is None:
            timeout_seconds = self.full_timeout_seconds
        deadline = None if timeout_seconds is None else monotonic() + timeout_seconds
        while True:
            with self._entrance:
                if self._is_closed:
                    raise self._refuse_again(batch)
                try:
                    overflow = self._place(batch)
                finally:
                    placed, self._placed = self._placed, 0
            # Not under the lock: a thread that is started may run a finalizer that puts.
            self._bring_workers(placed)
            if overflow is not None:
                break
            if self._crew.hosts_current_thread() and self.when_full is WhenFull.WAIT:
                overflow = _Overflow([], list(batch))
                break
            self._await_room(batch, deadline)
        if self._is_closed:  # by a signal handler or finalizer in the midst of it
            self._life.wish(self.ensure_served)  # type: ignore[unreachable]  # mypy thinks of one thread
        for task in overflow.dropped:
            self._drop(task)
        for task in overflow.for_caller:
            task.id = self._take_id()
            run_in_caller(task, self._kit)

    @abstractmethod
    def ensure_served(self) -> None:
        """Make sure that queued tasks have a worker."""

    def _note_limits(self, batch: Sequence[Task]) -> None:
        context = copy_context() if self._propagates_context else None
        is_limited = False
        for task in batch:
            limits = task.limits
            if context is not None:
                own = context if len(batch) == 1 else context.copy()
                task.limits = limits = replace(limits or _NO_LIMITS, context=own)
            is_limited |= limits is not None and bool(limits.queue_ns or limits.run_ns)
        if is_limited and not self._kit.timekeeper.has_begun:
            self._life.wish(self._kit.timekeeper.begin)

    def _place(self, batch: Sequence[Task]) -> _Overflow | None:
        """Queue what has room, under the entrance's lock; None if all have to wait."""
        overflow = _Overflow([], [])
        if self._limit is None or self.when_full in (WhenFull.WAIT, WhenFull.RAISE):
            if not self._reserve(len(batch)):
                return None
            for task in batch:
                self._append(task)
            return overflow
        for task in batch:
            if self.when_full is WhenFull.DROP_OLDEST:
                while not (has_room := self._reserve(1)):
                    oldest = self.task_queue.take_last()
                    if isinstance(oldest, Task):
                        overflow.dropped.append(oldest)
            else:
                has_room = self._reserve(1)
            if has_room:
                self._append(task)
            elif self.when_full is WhenFull.RUN_IN_CALLER:
                overflow.for_caller.append(task)
            else:
                task.id = self._take_id()
                overflow.dropped.append(task)
        return overflow

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

    def _append(self, task: Task) -> None:
        """Queue a task for which room was reserved."""
        task.id = self._take_id()
        limits = task.limits
        self.task_queue.add(task, 0 if limits is None else limits.priority)
        self._reserved -= 1
        self._placed += 1
        if limits is not None and limits.queue_ns:
            self._kit.timekeeper.watch(QueueWatch(task, limits, self._tally))

    def _await_room(self, batch: Sequence[Task], deadline: float | None) -> None:
        """Wait until the batch may fit; raise if it must not, or the time is up."""
        limit, count = self._limit, len(batch)
        can_fit = limit is None or count <= limit
        if self.when_full is WhenFull.WAIT and can_fit:
            left = None if deadline is None else max(0.0, deadline - monotonic())
            if self.task_queue.room.wait(lambda: self._may_fit(count), left):
                return
        for task in batch:
            task.queued_ns = 0
            self._tally.rejected.take()
        tasks = "a task" if count == 1 else f"{count} tasks"
        hint = "put fewer at once" if not can_fit else "wait, or raise queue_limit"
        raise QueueFullError(
            f"The queue of pool {self.name!r} has no room for {tasks}: "
            f"{self.task_queue.size()} of {limit} are queued; {hint}."
        )

    def _may_fit(self, count: int) -> bool:
        limit = self._limit
        if self._is_closed or limit is None or self.when_full is not WhenFull.WAIT:
            return True
        return self.task_queue.size() + count <= limit

    def _drop(self, task: Task) -> None:
        error = TaskDroppedError(
            f"Task {task.id} was dropped: the queue of pool {self.name!r} was full "
            f"({self._limit} tasks; when full: {self.when_full.value})."
        )
        if not task.future.refuse(error, self._tally.dropped.take):
            count_dead(task, self._tally)
        task.id = 0
