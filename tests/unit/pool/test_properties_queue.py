"""The queue against a plain list, whatever is called in whatever order."""

from queue import Empty

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pool_gui.pool.queue import NOTHING, ThreadSafeQueue
from pool_gui.pool.watchers import locked_lock


class QueueMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.queue = ThreadSafeQueue()
        self.model: list[int] = []
        self.peak = 0
        self.is_shut = False

    def _grown(self) -> None:
        self.peak = max(self.peak, len(self.model))

    @rule(item=st.integers())
    def put(self, item: int) -> None:
        self.queue.put(item)
        self.model.append(item)
        self._grown()

    @rule(items=st.lists(st.integers()))
    def batch_put(self, items: list[int]) -> None:
        self.queue.batch_put(iter(items))
        self.model += items
        self._grown()

    @rule(timeout=st.sampled_from([None, 0, 0.0]))
    def pop(self, timeout: float | None) -> None:
        def take() -> object:
            return self.queue.pop(block=timeout is not None, timeout=timeout)

        if self.model and not self.is_shut:
            assert take() == self.model.pop(0)
        else:
            with pytest.raises(Empty):
                take()

    @rule()
    def park(self) -> None:
        item = self.queue.park(locked_lock(), timeout=0)
        if self.model and not self.is_shut:
            assert item == self.model.pop(0)
        else:
            assert item is NOTHING

    @rule(index=st.integers(-3, 10))
    def get(self, index: int) -> None:
        if -len(self.model) <= index < len(self.model):
            assert self.queue.get(index) == self.model[index]
        else:
            with pytest.raises(IndexError):
                self.queue.get(index)

    @rule()
    def clear(self) -> None:
        assert self.queue.clear() == self.model
        self.model = []

    @rule()
    def shut(self) -> None:
        self.queue.shut()
        self.is_shut = True

    @rule()
    def open(self) -> None:
        self.queue.open()
        self.is_shut = False

    @rule()
    def take_peak(self) -> None:
        assert self.queue.take_peak() == max(self.peak, len(self.model))
        self.peak = 0

    @rule()
    def wake(self) -> None:
        assert not self.queue.wake_one()
        assert not self.queue.wake(locked_lock())
        self.queue.wake_all()
        self.queue.pass_on()
        self.queue.quiet.announce()

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        assert self.queue.size() == len(self.model)
        assert not self.queue.waiters


TestQueue = QueueMachine.TestCase
TestQueue.settings = settings(max_examples=100, stateful_step_count=40)
