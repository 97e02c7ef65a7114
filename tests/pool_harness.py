"""A pool and its model, side by side: what a property test drives and compares."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import pytest
from pool_model import OPEN, Life, PoolModel, check_pool_moves
from pool_support import DEADLINE_SECONDS, until

from pool_gui.pool import (
    Hooks,
    PoolState,
    ProcessThread,
    QueueFullError,
    Task,
    TaskState,
    ThreadPool,
)

AT_ONCE_SECONDS = 1e-9


class PoolBesideModel:
    """Whatever is done to the pool is done to the model, and both are compared.

    Attributes:
        lives: the last life of each task that the test knows.
        ran: the numbers of the tasks, as they ran.
        inside: the states that tasks had while they ran.
        hooked: the states that hooks saw, if there are hooks.
    """

    def __init__(
        self, size: int, ceiling: int, *, has_hooks: bool, **options: Any
    ) -> None:
        self.model = PoolModel(size, ceiling)
        self.lives: dict[Task, Life] = {}
        self.ran: list[int] = []
        self.inside: list[TaskState] = []
        self.hooked: list[TaskState] = []
        self.has_hooks = has_hooks
        self._number = self._checked = 0
        self._is_order_open = False

        def note(task: Task) -> None:
            self.hooked.append(task.state)

        self.pool = ThreadPool(
            size,
            max_workers=None if size == ceiling else ceiling,
            full_timeout_seconds=0,
            hooks=Hooks(before_task=note, after_task=note) if has_hooks else None,
            **options,
        )
        self._first_roster = self.pool._core.workers.roster

    def take_number(self) -> int:
        self._number += 1
        return self._number

    def work(self, number: int, *, fails: bool) -> int:
        thread = threading.current_thread()
        if isinstance(thread, ProcessThread):
            task = thread.record.task
            assert task is not None
            self.inside.append(task.state)
        self.ran.append(number)
        if fails:
            raise ValueError(number)
        return number

    def make_task(self, spec: dict[str, Any]) -> tuple[Life, Task]:
        life = Life(self.take_number(), **spec)
        task = Task(self.work, life.number, fails=life.fails)
        task.logs_failure = False
        if life.expires:
            task.with_limits(priority=life.priority, queue_seconds=AT_ONCE_SECONDS)
        elif life.priority:
            task.with_limits(priority=life.priority)
        self.lives[task] = life
        life.belongs_to(task)
        return life, task

    def offer(self, lives: Sequence[Life], put: Callable[[], object]) -> bool:
        """Put tasks; whether they were, and were to be, accepted."""
        if self.model.state not in OPEN:
            with pytest.raises(RuntimeError):
                put()
            self.model.rejected += len(lives)
        elif self.model.offer(lives):
            # A worker may begin with one before a more urgent one is queued.
            self._is_order_open |= self.model.is_live() and len(lives) > 1
            put()
            self.settle()
            return True
        else:
            with pytest.raises(QueueFullError):
                put()
        return False

    def offer_to_start(self, lives: Sequence[Life], put: Callable[[], object]) -> bool:
        """Offer as `offer` does, by a call that starts a new pool."""
        # What was put before may begin before this is queued.
        self._is_order_open = self.model.start_itself()
        return self.offer(lives, put)

    def settle(self) -> None:
        """Wait until workers have come to all that they may come to."""
        if self.model.is_live():
            assert self.pool.wait_idle(DEADLINE_SECONDS)
            self.model.run_all()
            # Those that have expired are over, and may still lie there.
            until(lambda: not self.pool.task_queue.size())
        for life in self.model.queue:
            if life.fate is TaskState.EXPIRED and life.task is not None:
                # Its callbacks are called by a thread of their own.
                until(life.is_told)

    def belongs(self, life: Life, future: Future[Any] | Task) -> None:
        """Hear which task has that life."""
        assert isinstance(future, Task)
        self.lives[future] = life
        life.belongs_to(future)

    def hear_of_handed_back(self, tasks: Sequence[Task]) -> None:
        if self.model.is_settled:
            expected = self.model.clear()
            assert [task.args[0] for task in tasks] == [one.number for one in expected]
        else:  # workers were quicker with the others
            self.model.take_back([self.lives[task] for task in tasks])

    def let_go(self) -> None:
        """Wait until those that were told to go are gone."""
        if self.model.state is not PoolState.NEW:
            until(lambda: len(self.pool.workers()) == self.pool.size())

    def compare(self) -> None:
        """Compare states, sizes, counts, and each task's fate."""
        if not self.model.is_settled:
            assert self.pool.state in (PoolState.DRAINING, PoolState.STOPPED)
            return
        self.model.take_over_size(self.pool.size())
        self.model.check(self.pool.statistics())
        for life in self.model.accepted:
            assert life.task is not None
            assert life.task.state is life.fate
            assert life.outcome_is_right()
            life.see(life.fate)
            assert len(life.calls) == (life.has_callback and life.is_over())

    def compare_runs(self) -> None:
        """Compare which tasks ran, how often, and in which order."""
        if not self.model.is_settled:
            return
        ran = self.ran[self._checked :]
        expected = [life.number for life in self.model.run[self._checked :]]
        if self.model.hi == 1 and not self._is_order_open:
            assert ran == expected
        assert sorted(ran) == sorted(expected)
        self._checked, self._is_order_open = len(self.ran), False
        assert set(self.inside) <= {TaskState.RUNNING}
        assert len(self.inside) == len(self.ran) - self.model.by_callers
        if self.has_hooks:
            ends = Counter(life.fate for life in self.model.run)
            ends[TaskState.RUNNING] = len(self.model.run)
            assert Counter(self.hooked) == ends

    def compare_at_the_end(self) -> None:
        """Compare when all is over."""
        assert all(life.is_over() for life in self.model.accepted)
        moves, roster = [], self._first_roster
        while roster.successor:  # each has one
            moves.append(roster.state)
            roster = roster.successor["roster"]
        check_pool_moves([*moves, roster.state, self.pool.state])
