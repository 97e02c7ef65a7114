"""A pool as it should be, without a thread: what a property test compares with.

It is exact wherever the pool is: while no worker can take anything, and once all that
was accepted has ended.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from pool_gui.pool import (
    LEGAL_MOVES,
    PoolState,
    PoolStatistics,
    Task,
    TaskDroppedError,
    TaskExpiredError,
    TaskState,
    WhenFull,
)

OPEN = (PoolState.NEW, PoolState.RUNNING, PoolState.PAUSED)


class Life:
    """One put of one task: what is expected of it, and what was seen of it."""

    def __init__(
        self,
        number: int,
        *,
        priority: int = 0,
        fails: bool = False,
        expires: bool = False,
        has_callback: bool = False,
    ) -> None:
        self.number = number
        self.priority = priority
        self.fails = fails
        self.expires = expires
        self.has_callback = has_callback
        self.fate = TaskState.NEW
        self.seen = [TaskState.NEW]
        self.task: Task | None = None
        self.calls: list[object] = []

    def __repr__(self) -> str:
        return f"<Life {self.number} {self.fate.value}>"

    def again(self) -> "Life":
        """Return the life of a copy, or of the same task that was refused before."""
        return Life(
            self.number,
            priority=self.priority,
            fails=self.fails,
            expires=self.expires,
            has_callback=self.has_callback,
        )

    def belongs_to(self, task: Task) -> None:
        if self.has_callback and self.task is None:
            task.add_done_callback(self.calls.append)
        self.task = task

    def takes_over(self, refused: "Life") -> None:
        """Be the life of a task that was refused before."""
        self.task, self.calls = refused.task, refused.calls

    def is_told(self) -> bool:
        """Whether the task is over, and has called back."""
        assert self.task is not None
        return self.task.done() and len(self.calls) == self.has_callback

    def is_over(self) -> bool:
        return self.fate not in (TaskState.NEW, TaskState.QUEUED)

    def see(self, state: TaskState) -> None:
        """Note a state; it must be one to which the last one leads."""
        last = self.seen[-1]
        if state is not last:
            assert state in LEGAL_MOVES[last], (self.seen, state)
            self.seen.append(state)

    def end_run(self) -> None:
        self.see(TaskState.RUNNING)
        self.fate = TaskState.FAILED if self.fails else TaskState.DONE

    def outcome_is_right(self) -> bool:
        """Whether the task holds what the call made, once it is over."""
        task = self.task
        if task is None or self.fate is TaskState.CANCELLED:
            return True
        if self.fate is TaskState.DONE:
            return bool(task.result(0) == self.number)
        if self.fate is TaskState.FAILED:
            error = task.exception(0)
            return isinstance(error, ValueError) and error.args == (self.number,)
        if self.fate in _ERRORS:
            return isinstance(task.exception(0), _ERRORS[self.fate])
        return True


_ERRORS = {TaskState.EXPIRED: TaskExpiredError, TaskState.DROPPED: TaskDroppedError}


class PoolModel:
    """States, sizes, the queue and each task's fate.

    Attributes:
        queue: what is queued, in the order in which it is to come; dead tasks too.
        accepted: all that was accepted; `started` of it have run.
        peak: the most that workers, or who took all back, have seen in the queue.
        most: the most that may have been.
        is_settled: False from the beginning of the end until all threads are gone.
    """

    def __init__(self, size: int, max_workers: int | None) -> None:
        self.state = PoolState.NEW
        self.lo = self.size = size
        self.hi = max_workers or size
        self.is_self_started = False
        self.is_settled = True
        self.limit: int | None = None
        self.policy = WhenFull.WAIT
        self.queue: list[Life] = []
        self.accepted: list[Life] = []
        self.run: list[Life] = []
        self.rejected = self.by_callers = self.peak = self.most = 0

    # Workers.

    def is_elastic(self) -> bool:
        return self.lo < self.hi

    def is_live(self) -> bool:
        """Whether what is put now is run at once."""
        return self.state is PoolState.RUNNING and self.hi > 0

    def resize(self, lo: int, hi: int | None) -> None:
        self.lo, self.hi = lo, lo if hi is None else hi
        if self.state is PoolState.NEW:
            self.size = lo
        self.size = min(max(self.size, self.lo), self.hi)

    def dismiss(self, count: int) -> int:
        """Return how many are dismissed."""
        told = min(count, self.size)
        is_fixed = not self.is_elastic()
        self.size -= told
        self.lo = min(self.lo, self.size)
        if is_fixed:
            self.hi = self.size
        return 0 if self.state is PoolState.NEW else told

    def take_over_size(self, size: int) -> None:
        """Hear how many workers there are; on demand there may be more or fewer."""
        if self.is_elastic() and self.state is not PoolState.NEW:
            assert self.lo <= size <= self.hi or self.state not in OPEN
            self.size = size

    # Tasks.

    def has_room(self, count: int = 1) -> bool:
        return self.limit is None or len(self.queue) + count <= self.limit

    def start_itself(self) -> bool:
        """Hear that something is to be submitted; return whether that starts it."""
        is_new = self.state is PoolState.NEW
        if is_new:
            self.state = PoolState.RUNNING
            self.is_self_started = True
        return is_new

    def is_predictable(self, count: int) -> bool:
        """Whether it is certain what becomes of so many tasks."""
        return (
            not self.is_live()
            or self.has_room(count)
            or self.policy in (WhenFull.WAIT, WhenFull.RAISE)
        )

    def offer(self, lives: Sequence[Life]) -> bool:
        """Put tasks as one; False if they are refused, the queue being full."""
        may_refuse = self.policy in (WhenFull.WAIT, WhenFull.RAISE)
        if may_refuse and not self.has_room(len(lives)):
            self.rejected += len(lives)
            return False
        self.accepted += lives
        for life in lives:
            if self.policy is WhenFull.DROP_OLDEST:
                while not self.has_room():
                    self._drop(self._take_last())
            if self.has_room():
                self._append(life)
            elif self.policy is WhenFull.RUN_IN_CALLER:
                life.end_run()
                self.run.append(life)
                self.by_callers += 1
            else:
                self._drop(life)
        if self.is_live():
            # A worker may begin with the first before the second is queued.
            self.peak = max(self.peak, min(1, len(self.queue)))
            self.run_all(is_seen=False)
        return True

    def cancel(self, life: Life) -> bool:
        if life.fate is TaskState.QUEUED:
            life.fate = TaskState.CANCELLED
        return life.fate is TaskState.CANCELLED

    def purge(self) -> int:
        before = len(self.queue)
        if self.state in OPEN:
            self.queue = [life for life in self.queue if not life.is_over()]
        return before - len(self.queue)

    def clear(self) -> list[Life]:
        """Return what is handed back."""
        taken = [life for life in self.queue if not life.is_over()]
        for life in taken:
            life.fate = TaskState.CANCELLED
        self._see_queue()
        self.queue = []
        return taken

    def take_back(self, lives: Sequence[Life]) -> None:
        """Hear what was handed back, while workers ran the others."""
        for life in lives:
            life.fate = TaskState.CANCELLED
            self.queue.remove(life)

    def run_all(self, *, is_seen: bool = True) -> None:
        """Let workers come to all that is queued, of which the first one sees all."""
        if is_seen:
            self._see_queue()
        for life in self.queue:
            if life.fate is TaskState.QUEUED:
                life.end_run()
                self.run.append(life)
        self.queue = []

    def _append(self, life: Life) -> None:
        life.fate = TaskState.QUEUED
        life.see(TaskState.QUEUED)
        if life.expires:
            life.fate = TaskState.EXPIRED
        self.queue.append(life)
        self.queue.sort(key=lambda one: -one.priority)  # equal ones keep their order
        self.most = max(self.most, len(self.queue))

    def _see_queue(self) -> None:
        self.peak = max(self.peak, len(self.queue))

    def _take_last(self) -> Life:
        least = self.queue[-1].priority
        oldest = next(life for life in self.queue if life.priority == least)
        self.queue.remove(oldest)
        return oldest

    def _drop(self, life: Life) -> None:
        if not life.is_over():
            life.fate = TaskState.DROPPED

    # The end.

    def begin_end(self) -> None:
        """Take no more; what is queued needs somebody who runs it."""
        if self.state in OPEN:
            if self.queue:
                self.size = max(1, self.size)
            self.state = PoolState.DRAINING
            self.is_settled = False

    def end(self) -> None:
        self.run_all()
        self.state = PoolState.STOPPED
        self.is_settled = True

    # What the pool must say.

    def check(self, real: PoolStatistics) -> None:
        """Compare all that the pool says of itself, once all is settled."""
        fates = Counter(life.fate for life in self.accepted)
        waiting = Counter(life.fate for life in self.queue)
        assert real.state is self.state
        assert (real.size, real.max_workers) == (self.size, max(self.size, self.hi))
        assert real.queued == len(self.queue)
        assert real.submitted == len(self.accepted)
        assert real.done == fates[TaskState.DONE]
        assert real.failed == fates[TaskState.FAILED]
        assert real.expired == fates[TaskState.EXPIRED]
        assert real.dropped == fates[TaskState.DROPPED]
        # Counted when somebody comes to it.
        came_to = fates[TaskState.CANCELLED] - waiting[TaskState.CANCELLED]
        assert real.cancelled == came_to
        assert real.started == len(self.run) == real.done + real.failed
        assert (real.rejected, real.running) == (self.rejected, 0)
        assert real.run_by_callers == self.by_callers
        assert real.queue_limit == self.limit
        assert max(self.peak, len(self.queue)) <= real.peak_queued <= self.most
        assert (real.overdue, real.hook_errors) == (0, 0)


def check_pool_moves(moves: Sequence[PoolState]) -> None:
    """Check the states of a pool, one after the other."""
    for before, after in pairwise(moves):
        assert before is after or after in LEGAL_MOVES[before], moves
