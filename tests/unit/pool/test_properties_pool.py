"""The pool against a model: states, sizes and counts, and each task's fate."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)
from pool_support import DEADLINE_SECONDS, until

from pool_gui.pool import LEGAL_MOVES, PoolState, PoolStateError, Task, ThreadPool

NEW, RUNNING, PAUSED = PoolState.NEW, PoolState.RUNNING, PoolState.PAUSED
OPEN = (NEW, RUNNING, PAUSED)


class PoolMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.pool = ThreadPool(2)
        self.state = NEW
        self.size = 2
        self.ran: list[int] = []
        self.accepted = 0
        self.rejected = 0
        self.handed_back: list[Task] = []

    def teardown(self) -> None:
        self.pool.stop()
        assert self.pool.join(DEADLINE_SECONDS)

    def tasks(self, count: int) -> list[Task]:
        first = self.accepted
        return [Task(self.ran.append, first + n) for n in range(count)]

    @rule()
    def put(self) -> None:
        (task,) = self.tasks(1)
        if self.state in OPEN:
            self.pool.put(task)
            self.accepted += 1
        else:
            with pytest.raises(PoolStateError):
                self.pool.put(task)
            self.rejected += 1

    @rule(count=st.integers(0, 30))
    def batch_put(self, count: int) -> None:
        tasks = self.tasks(count)
        if self.state in OPEN:
            self.pool.batch_put(iter(tasks))
            self.accepted += count
        else:
            with pytest.raises(PoolStateError):
                self.pool.batch_put(iter(tasks))
            self.rejected += count

    def move(self, call: str, to: PoolState, *sources: PoolState) -> None:
        if self.state in sources:
            getattr(self.pool, call)()
            assert to is self.state or to in LEGAL_MOVES[self.state]
            self.state = to
        else:
            with pytest.raises(PoolStateError):
                getattr(self.pool, call)()

    @rule()
    def start(self) -> None:
        self.move("start", RUNNING, NEW)

    @rule()
    def pause(self) -> None:
        self.move("pause", PAUSED, RUNNING, PAUSED)

    @rule()
    def resume(self) -> None:
        self.move("resume", RUNNING, RUNNING, PAUSED)

    @rule(size=st.integers(0, 6))
    def resize(self, size: int) -> None:
        if self.state in OPEN:
            self.pool.resize(size)
            self.size = size
        else:
            with pytest.raises(PoolStateError):
                self.pool.resize(size)

    @rule(count=st.integers(0, 4))
    def dismiss(self, count: int) -> None:
        if self.state not in OPEN:
            with pytest.raises(PoolStateError):
                self.pool.dismiss(count)
            return
        told = self.pool.dismiss(count)
        assert len(told) == (0 if self.state is NEW else min(count, self.size))
        self.size -= min(count, self.size)

    @precondition(lambda self: self.state in (RUNNING, PAUSED) and self.size)
    @rule(data=st.data())
    def dismiss_directly(self, data: st.DataObject) -> None:
        active = [w for w in self.pool.workers() if not w.dismiss_flag.is_set()]
        data.draw(st.sampled_from(active)).dismiss()
        self.size -= 1

    @rule()
    def clear(self) -> None:
        self.handed_back += self.pool.clear()

    @precondition(lambda self: self.state is RUNNING and self.size)
    @rule()
    def wait_idle(self) -> None:
        assert self.pool.wait_idle(DEADLINE_SECONDS)
        self.each_task_has_one_fate()

    @precondition(lambda self: self.state in (RUNNING, PAUSED))
    @rule()
    def workers_are_as_many_as_wanted(self) -> None:
        until(lambda: len(self.pool.workers()) == self.size)

    @rule()
    def drain(self) -> None:
        if self.state is NEW and self.pool.task_queue.size():
            self.size = max(self.size, 1)
        elif self.state in (RUNNING, PAUSED) and not self.size:
            # One is hired if tasks wait and no dismissed worker is still there.
            self.size = -1
        self.pool.drain()
        if self.size < 0:
            self.size = self.pool.size()
            assert self.size <= 1
        if self.state in OPEN:
            self.state = PoolState.DRAINING

    @rule()
    def stop(self) -> None:
        self.handed_back += self.pool.stop()
        self.state = PoolState.DRAINING

    @precondition(lambda self: self.state is PoolState.DRAINING)
    @rule()
    def join(self) -> None:
        assert self.pool.join(DEADLINE_SECONDS)
        assert self.pool.join(0)
        self.each_task_has_one_fate()
        assert self.pool.workers() == ()

    def each_task_has_one_fate(self) -> None:
        fates = self.ran + [task.args[0] for task in self.handed_back]
        assert sorted(fates) == list(range(self.accepted))

    @invariant()
    def is_as_the_model_says(self) -> None:
        state = self.pool.state
        if self.state is PoolState.DRAINING:
            assert state in (PoolState.DRAINING, PoolState.STOPPED)
        else:
            assert state is self.state
        assert self.pool.size() == self.size
        counts = self.pool.counts()
        assert counts.submitted == self.accepted
        assert counts.rejected == self.rejected
        assert counts.cancelled == len(self.handed_back)
        assert counts.failed == 0
        if state is PoolState.STOPPED:
            assert counts.done == counts.started == self.accepted - counts.cancelled


TestPool = PoolMachine.TestCase
TestPool.settings = settings(max_examples=100, stateful_step_count=30)
