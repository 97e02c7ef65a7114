"""The queue against a sorted list, whatever is called in whatever order."""

from queue import Empty
from typing import NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pool_gui.pool.build import HAS_GIL
from pool_gui.pool.queue import NOTHING, ThreadSafeQueue
from pool_gui.pool.watchers import locked_lock

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
        self.queue = ThreadSafeQueue()
        self.model: list[Entry] = []
        self.gone: list[object] = []
        self.number = 0
        self.peak = self.summit = 0
        self.is_shut = self.is_bounded = self.was_ranked = self.has_ended = False

    def grow(self, priority: int, *items: object) -> None:
        for item in items:
            self.number += 1
            self.model.append(Entry(-priority, self.number, item))
        self.model.sort(key=lambda entry: entry[:2])
        self.peak = max(self.peak, len(self.model))
        self.summit = max(self.summit, len(self.model))

    def items(self) -> list[object]:
        return [entry.item for entry in self.model]

    def shrink(self, entry: Entry) -> object:
        self.model.remove(entry)
        self.gone.append(entry.item)
        return entry.item

    # What adds.

    @rule()
    def put(self) -> None:
        item = object()
        self.queue.put(item)
        self.grow(0, item)

    @rule(count=st.integers(0, 20), as_list=st.booleans())
    def batch_put(self, count: int, *, as_list: bool) -> None:
        items = [object() for _ in range(count)]
        self.queue.batch_put(items if as_list else iter(items))
        self.grow(0, *items)

    @rule(priority=PRIORITIES)
    def put_ranked(self, priority: int) -> None:
        item = object()
        self.queue.put_ranked(item, priority)
        self.grow(priority, item)
        self.was_ranked |= priority != 0

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

    @rule(has_leave=st.sampled_from([None, True, False]))
    def park(self, has_leave: bool | None) -> None:  # noqa: FBT001 - hypothesis passes it by name
        leave = None if has_leave is None else lambda: has_leave
        expected = self.next_item()
        assert self.queue.park(locked_lock(), 0, leave) is expected

    @rule()
    def take(self) -> None:
        assert self.queue.take() is self.next_item()

    # What looks at the gate no more than at the order.

    @rule()
    def take_last(self) -> None:
        expected = NOTHING
        if self.model:
            least = self.model[-1].urgency
            oldest = next(e for e in self.model if e.urgency == least)
            expected = self.shrink(oldest)
        assert self.queue.take_last() is expected

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        item = self.shrink(data.draw(st.sampled_from(self.model)))
        assert self.queue.remove(item) is True

    @rule()
    def remove_what_is_not_there(self) -> None:
        assert not self.queue.remove(object())
        if self.gone:
            assert not self.queue.remove(self.gone[-1])

    @rule(data=st.data(), meanwhile=st.integers(0, 2))
    def purge(self, data: st.DataObject, meanwhile: int) -> None:
        dead = data.draw(st.sets(st.sampled_from(self.model))) if self.model else set()
        dead_items = [entry.item for entry in dead]
        before = len(self.model)
        asked: list[object] = []
        added: list[object] = []

        def is_dead(item: object) -> bool:
            asked.append(item)
            if len(added) < meanwhile:  # as a signal handler may
                added.append(object())
                self.queue.put(added[-1])
            return item in dead_items

        buried: list[object] = []
        assert self.queue.purge(is_dead, buried.append) == len(dead)
        assert len(buried) == len(dead)
        assert set(buried) == set(dead_items)
        assert len(asked) == len(self.model), "each is asked about once"
        assert set(asked) == set(self.items())
        for entry in dead:
            self.shrink(entry)
        self.grow(0, *added)
        self.queue.note_depth()
        # What was put meanwhile may have seen some of the dead, and some not.
        most = max(self.peak, before + len(added))
        assert self.peak <= self.queue.peak <= most
        self.peak = self.queue.peak
        self.summit = max(self.summit, self.peak)

    @rule()
    def clear(self) -> None:
        assert self.queue.clear() == self.items()
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
        self.queue.shut()
        self.is_shut = True

    @rule()
    def open(self) -> None:
        self.queue.open()
        self.is_shut = False

    @rule(value=st.booleans())
    def bound(self, *, value: bool) -> None:
        self.queue.is_bounded = self.is_bounded = value

    @rule()
    def end(self) -> None:
        self.queue.end()
        self.is_shut, self.has_ended = False, True

    @rule()
    def wake(self) -> None:
        assert not self.queue.wake_one()
        assert not self.queue.wake(locked_lock())
        self.queue.wake_all()
        self.queue.pass_on()
        self.queue.quiet.announce()
        self.queue.room.announce()
        assert not self.queue.room.announce_to_one()
        self.queue.forget_threads()

    # What is counted.

    @rule()
    def take_peak(self) -> None:
        assert self.queue.take_peak() == max(self.peak, len(self.model))
        self.peak = 0

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        queue = self.queue
        assert queue.size() == len(self.model)
        assert [queue.get(n) for n in range(len(self.model))] == self.items()
        assert queue.summit() == self.summit, "the most that were ever queued"
        assert not queue.waiters

    @invariant()
    def is_plain_only_while_nothing_is_special(self) -> None:
        is_special = self.is_shut or self.is_bounded or self.was_ranked
        assert self.queue.is_plain is (HAS_GIL and not is_special)
        assert self.queue.is_shut is self.is_shut
        assert self.queue.is_bounded is self.is_bounded
        assert self.queue.has_ended is self.has_ended


TestQueue = QueueMachine.TestCase
TestQueue.settings = settings(max_examples=250, stateful_step_count=50)
