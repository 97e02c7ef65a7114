"""The queue against a sorted list, whatever is called in whatever order."""

import math
from queue import Empty, Full
from typing import NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pool_gui.pool import ThreadSafeQueue
from pool_gui.pool.backlog import NOTHING
from pool_gui.pool.queue import backlog_of
from pool_gui.pool.waiting import Deadline, locked_lock

WAYS: st.SearchStrategy[tuple[bool, float | None]] = st.sampled_from(
    [(False, None), (False, -1), (True, 0), (True, 0.0), (True, math.nan)]
)
"""To put without waiting: whether to block, and for how long."""
PRIORITIES = st.sampled_from([-(10**30), -2, -1, 0, 1, 2, 10**30])


class Entry(NamedTuple):
    """An item as the model knows it; entries sort as they are to come out."""

    urgency: int
    number: int
    item: object


class QueueMachine(RuleBasedStateMachine):
    """Items are plain objects: each is equal to itself alone."""

    def __init__(self) -> None:
        super().__init__()
        self.limit, self.is_shut = 0, False
        self.take_over(ThreadSafeQueue())
        self.model: list[Entry] = []
        self.gone: list[object] = []
        self.number = 0
        self.was_ranked = self.has_ended = False

    def take_over(self, queue: ThreadSafeQueue) -> None:
        self.queue, self.backlog = queue, backlog_of(queue)
        self.backlog.is_paused = lambda: self.is_shut

    def grow(self, priority: int, *items: object) -> None:
        for item in items:
            self.number += 1
            self.model.append(Entry(-priority, self.number, item))
        self.model.sort(key=lambda entry: entry[:2])

    def items(self) -> list[object]:
        return [entry.item for entry in self.model]

    def shrink(self, entry: Entry) -> object:
        self.model.remove(entry)
        self.gone.append(entry.item)
        return entry.item

    # What adds.

    def room(self) -> float:
        return self.limit - len(self.model) if self.limit else math.inf

    @rule(way=WAYS)
    def put(self, way: tuple[bool, float | None]) -> None:
        item = object()
        if self.room() >= 1:
            self.queue.put(item, *way)
            self.grow(0, item)
        else:
            with pytest.raises(Full):
                self.queue.put(item, *way)

    @rule(count=st.integers(0, 20), as_list=st.booleans(), way=WAYS)
    def batch_put(
        self, count: int, way: tuple[bool, float | None], *, as_list: bool
    ) -> None:
        items = [object() for _ in range(count)]
        step, fit = self.limit or count or 1, 0
        while fit < count and min(step, count - fit) <= self.room() - fit:
            fit += min(step, count - fit)
        batch = items if as_list else iter(items)
        if fit == count:
            self.queue.batch_put(batch, *way)
        else:
            with pytest.raises(Full):
                self.queue.batch_put(batch, *way)
        self.grow(0, *items[:fit])

    @rule(priority=PRIORITIES)
    def add(self, priority: int) -> None:
        item = object()
        self.backlog.add(item, priority, self.number + 1)
        self.grow(priority, item)
        self.was_ranked |= priority != 0

    @rule(limit=st.sampled_from([0, 1, 3, 30]))
    def set_limit(self, limit: int) -> None:
        """Another queue with another limit, before the same items."""
        self.limit = limit
        self.take_over(ThreadSafeQueue(limit, backlog=self.backlog))

    # What takes the next item, if the gate is open.

    def next_item(self) -> object:
        if not self.model or self.is_shut:
            return NOTHING
        return self.shrink(self.model[0])

    @rule(timeout=st.sampled_from([None, 0, 0.0]))
    def pop(self, timeout: float | None) -> None:
        def take() -> object:
            return self.queue.pop(block=timeout is not None, timeout=timeout)

        expected = self.next_item()
        if expected is not NOTHING:
            assert take() is expected
        else:
            with pytest.raises(Empty):
                take()

    @rule()
    def take(self) -> None:
        assert self.backlog.take() is self.next_item()

    @precondition(lambda self: self.model and not self.is_shut)
    @rule()
    def take_and_put_back(self) -> None:
        entry = self.model[0]
        assert self.backlog.take() is entry.item
        self.backlog.put_back(entry.item, -entry.urgency, entry.number)

    # What looks at the gate no more than at the order.

    @rule()
    def take_anyway(self) -> None:
        expected = self.shrink(self.model[0]) if self.model else NOTHING
        assert self.backlog.take_anyway() is expected

    @rule()
    def take_least(self) -> None:
        expected = NOTHING
        if self.model:
            least = self.model[-1].urgency
            oldest = next(e for e in self.model if e.urgency == least)
            expected = self.shrink(oldest)
        into: list[object] = []
        assert self.backlog.take_least(into) is (expected is not NOTHING)
        assert into == [one for one in (expected,) if one is not NOTHING]

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        item = self.shrink(data.draw(st.sampled_from(self.model)))
        assert self.backlog.remove(item) is True

    @rule()
    def remove_what_is_not_there(self) -> None:
        assert not self.backlog.remove(object())
        if self.gone:
            assert not self.backlog.remove(self.gone[-1])

    @rule(data=st.data(), meanwhile=st.integers(0, 2))
    def remove_dead(self, data: st.DataObject, meanwhile: int) -> None:
        dead = data.draw(st.sets(st.sampled_from(self.model))) if self.model else set()
        dead_items = [entry.item for entry in dead]
        asked: list[object] = []
        added: list[object] = []

        def is_dead(item: object) -> bool:
            asked.append(item)
            if len(added) < meanwhile:  # as a signal handler may
                added.append(object())
                self.backlog.add(added[-1], 0, self.number + len(added))
            return item in dead_items

        buried = self.backlog.remove_dead(is_dead)
        assert len(buried) == len(dead)
        assert set(buried) == set(dead_items)
        assert len(asked) == len(self.model), "each is asked about once"
        assert set(asked) == set(self.items())
        for entry in dead:
            self.shrink(entry)
        self.grow(0, *added)

    @rule()
    def clear(self) -> None:
        assert self.backlog.clear(into=[]) == self.items()
        self.gone += self.items()
        self.model = []

    @rule(index=st.integers(-3, 10))
    def get(self, index: int) -> None:
        if -len(self.model) <= index < len(self.model):
            assert self.queue.get(index) is self.model[index].item
        else:
            with pytest.raises(IndexError):
                self.queue.get(index)

    # What opens and closes.

    @rule()
    def shut(self) -> None:
        self.is_shut = True
        self.backlog.set_plain()

    @rule()
    def open(self) -> None:
        self.is_shut = False
        self.backlog.set_plain()

    @rule()
    def end(self) -> None:
        self.backlog.end()
        self.has_ended = True

    @rule()
    def wake(self) -> None:
        backlog = self.backlog
        assert not backlog.parked.unpark_newest()
        assert not backlog.parked.unpark(locked_lock())
        assert backlog.wake_some(3) == 3
        backlog.pass_on()
        assert backlog.is_short is (self.model != [] and not self.is_shut)
        backlog.is_short = False
        backlog.announce_room()
        backlog.announce_much_room()
        backlog.quiet.unpark_all()
        assert backlog.parked.wait_until(backlog.has_work, Deadline(0)) is (
            self.model != [] and not self.is_shut
        )
        backlog.forget_threads()

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        queue = self.queue
        assert queue.size() == len(self.model)
        assert [queue.get(n) for n in range(len(self.model))] == self.items()
        assert queue.max_size == self.limit

    @invariant()
    def nobody_is_left_waiting(self) -> None:
        backlog = self.backlog
        for lot in (backlog.parked, backlog.quiet):
            assert not lot
        for lot in (backlog.room, backlog.room_for_many):
            assert not lot

    @invariant()
    def is_plain_only_while_nothing_is_special(self) -> None:
        backlog, is_bounded = self.backlog, self.limit > 0
        is_special = self.is_shut or is_bounded or self.was_ranked
        assert backlog.is_plain is not is_special
        assert backlog.is_shut() is self.is_shut
        assert backlog.is_bounded is is_bounded
        assert backlog.has_ended is self.has_ended


TestQueue = QueueMachine.TestCase
TestQueue.settings = settings(max_examples=40, stateful_step_count=50)
