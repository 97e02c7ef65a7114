import gc
import signal
import sys
import threading
import weakref
from queue import Empty
from typing import NoReturn

import pytest
from bounded_support import Caller
from pool_support import DEADLINE_SECONDS, until

from pool_gui.pool import ThreadSafeQueue
from pool_gui.pool.backlog import NOTHING, Backlog
from pool_gui.pool.queue import backlog_of
from pool_gui.pool.waiting import ParkingLot


class Popper(Caller):
    """A thread that pops one item and is over."""

    def __init__(self, queue: ThreadSafeQueue) -> None:
        super().__init__(queue.pop, True, DEADLINE_SECONDS)


def parked(queue: ThreadSafeQueue, count: int = 1) -> list[Popper]:
    """Start threads that wait for an item, and return once all do."""
    lot, poppers = backlog_of(queue).parked, []
    for number in range(1, count + 1):
        poppers.append(Popper(queue))
        until(lambda number=number: len(lot) == number)  # type: ignore[misc]
    return poppers


def everything(queue: ThreadSafeQueue) -> list[object]:
    """Take all items out of the queue."""
    return [queue.pop(block=False) for _ in range(queue.size())]


class Touchy:
    """An item that nobody may compare, hash or test for truth."""

    def __eq__(self, other: object) -> NoReturn:
        raise AssertionError("an item was touched")

    __lt__ = __gt__ = __eq__
    __hash__ = None  # type: ignore[assignment]  # nor hashed

    def __bool__(self) -> NoReturn:
        raise AssertionError("an item was tested")


def test_items_come_out_in_the_order_in_which_they_went_in() -> None:
    queue = ThreadSafeQueue()
    queue.put(1)
    queue.batch_put(iter([2, None, "four"]))
    assert [queue.pop() for _ in range(4)] == [1, 2, None, "four"]


def test_an_empty_queue_raises_empty_at_once_when_not_blocking() -> None:
    with pytest.raises(Empty):
        ThreadSafeQueue().pop(block=False)


@pytest.mark.parametrize("timeout", [0, 0.01, float("nan")])
def test_an_empty_queue_raises_empty_when_the_time_is_up(timeout: float) -> None:
    queue = ThreadSafeQueue()
    with pytest.raises(Empty):
        queue.pop(timeout=timeout)
    assert not backlog_of(queue).parked


@pytest.mark.parametrize("timeout", [1e12, float("inf"), None])
def test_an_endless_wait_ends_with_an_item(timeout: float | None) -> None:
    queue = ThreadSafeQueue()
    popper = Caller(queue.pop, True, timeout)
    until(lambda: len(backlog_of(queue).parked) == 1)
    queue.put("item")
    assert popper.result() == "item"


def test_a_negative_timeout_is_refused() -> None:
    queue = ThreadSafeQueue()
    queue.put(1)
    with pytest.raises(ValueError, match="non-negative number, not -1"):
        queue.pop(timeout=-1)
    with pytest.raises(ValueError, match="non-negative number, not -1"):
        queue.put(2, timeout=-1)
    with pytest.raises(ValueError, match="non-negative number, not -1"):
        queue.batch_put([], timeout=-1)
    # As queue.Queue: where nobody waits it is not looked at.
    queue.put(2, block=False, timeout=-1)
    assert queue.pop(block=False, timeout=-1) == 1
    assert queue.size() == 1


def test_get_looks_at_an_item_and_leaves_it() -> None:
    queue = ThreadSafeQueue()
    queue.batch_put("ab")
    assert (queue.get(0), queue.get(1), queue.size()) == ("a", "b", 2)
    with pytest.raises(IndexError):
        queue.get(2)


def test_a_parked_popper_gets_what_is_put() -> None:
    queue = ThreadSafeQueue()
    (popper,) = parked(queue)
    queue.put("item")
    assert popper.result() == "item"


def test_a_batch_wakes_a_popper_for_each_item() -> None:
    queue = ThreadSafeQueue()
    poppers = parked(queue, 3)
    queue.batch_put("ab")
    until(lambda: len(backlog_of(queue).parked) == 1)
    until(lambda: sum(not popper.is_alive() for popper in poppers) == 2)
    queue.put("c")
    assert sorted(str(popper.result()) for popper in poppers) == ["a", "b", "c"]


def test_a_put_between_look_and_wait_is_not_missed() -> None:
    """The race of waiting.py, forced."""

    class Racing(Backlog):
        looks = 0

        def has_work(self) -> bool:
            has_work = super().has_work()
            self.looks += 1
            if self.looks == 1:  # registered, has looked, does not wait yet
                assert len(self.parked) == 1
                queue.put("late")
            return has_work

    queue = ThreadSafeQueue(backlog=Racing())
    assert queue.pop(timeout=DEADLINE_SECONDS) == "late"


def test_a_put_before_registering_is_found_by_the_second_look() -> None:
    class Racing(Backlog):
        looks = 0

        def take(self) -> object:
            item = super().take()
            self.looks += 1
            if self.looks == 1:  # has looked, is not registered yet
                queue.put("early")
            return item

    queue = ThreadSafeQueue(backlog=Racing())
    assert queue.pop(timeout=DEADLINE_SECONDS) == "early"
    assert not backlog_of(queue).parked


def test_a_token_that_comes_when_the_time_is_up_is_passed_on() -> None:
    """The put chooses the newest, which has looked for the last time."""

    class Racing(Backlog):
        looks = 0

        def has_work(self) -> bool:
            has_work = super().has_work()
            if threading.current_thread() is threading.main_thread():
                self.looks += 1
                if self.looks == 2:  # the time is up
                    queue.put("item")
            return has_work

    queue = ThreadSafeQueue(backlog=Racing())
    (popper,) = parked(queue)
    with pytest.raises(Empty):
        queue.pop(timeout=0)
    assert popper.result() == "item"


def test_who_finds_an_item_by_itself_leaves_nobody_asleep() -> None:
    """It takes what another thread was about to wake somebody for."""

    class Racing(Backlog):
        is_racing = False

        def has_work(self) -> bool:
            has_work = super().has_work()
            if self.is_racing and threading.current_thread() is main:
                self.is_racing = False
                assert has_work
                queue.put("second")  # wakes the newest: the one that looks now
            return has_work

        def take(self) -> object:
            item = super().take()
            if threading.current_thread() is main and item is NOTHING:
                self.items.append("first")  # put, and not yet at waking somebody
                self.is_racing = True
            return item

    main, backlog = threading.main_thread(), Racing()
    queue = ThreadSafeQueue(backlog=backlog)
    (popper,) = parked(queue)
    assert queue.pop(timeout=DEADLINE_SECONDS) == "first"
    backlog.wake_some(1)  # now it is at that
    assert popper.result() == "second"


def test_a_put_inside_a_put_is_kept() -> None:
    """What a signal handler does that comes in the middle."""
    queue = ThreadSafeQueue()

    class Nesting(ParkingLot):
        is_nested = False

        def __bool__(self) -> bool:
            if not self.is_nested:
                self.is_nested = True
                queue.put("inner")
            return False

    backlog_of(queue).parked = Nesting()
    queue.put("outer")
    assert everything(queue) == ["outer", "inner"]


def test_a_finalizer_may_put() -> None:
    queue = ThreadSafeQueue()

    class Node:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            queue.put("from a finalizer")

    gc.disable()
    try:
        Node()
        queue.batch_put(gc.collect() and "x" for _ in range(1))
    finally:
        gc.enable()
    assert everything(queue) == ["from a finalizer", "x"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pthread_kill")
def test_an_interrupted_pop_leaves_no_waiter_and_loses_no_item() -> None:
    queue = ThreadSafeQueue()

    def interrupt() -> None:
        until(lambda: len(backlog_of(queue).parked) == 1)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    interrupter = Caller(interrupt)
    with pytest.raises(KeyboardInterrupt):
        queue.pop(timeout=DEADLINE_SECONDS)
    interrupter.result()
    assert not backlog_of(queue).parked
    queue.put("item")
    assert queue.pop(block=False) == "item"


def test_the_queue_keeps_no_reference_to_what_was_popped() -> None:
    class Item:
        pass

    queue = ThreadSafeQueue(1)
    item = Item()
    gone = weakref.ref(item)
    queue.put(item)
    del item
    queue.pop()
    assert gone() is None


@pytest.mark.parametrize("max_size", [0, 2])
def test_items_are_never_compared_nor_tested(max_size: int) -> None:
    queue, items = ThreadSafeQueue(max_size), [Touchy(), Touchy()]
    queue.put(items[0])
    queue.batch_put(items[1:])
    assert queue.get(1) is items[1]
    assert queue.pop() is items[0]
    assert queue.pop() is items[1]


def test_a_queue_can_be_referred_to_weakly() -> None:
    queue = ThreadSafeQueue()
    assert weakref.ref(queue)() is queue


@pytest.mark.parametrize("max_size", [0, 1, 64])
def test_all_items_go_through_many_hands_once(max_size: int) -> None:
    queue, total = ThreadSafeQueue(max_size), 4000
    taken: list[object] = []

    def take() -> None:
        while (item := queue.pop(timeout=DEADLINE_SECONDS)) is not None:
            taken.append(item)

    def give(start: int) -> None:
        for number in range(start, start + total // 8):
            queue.put(number)
        middle = start + total // 8
        for first in range(middle, middle + total // 8, 50):
            queue.batch_put(range(first, first + 50), timeout=DEADLINE_SECONDS)

    takers = [Caller(take) for _ in range(4)]
    for giver in [Caller(give, start) for start in range(0, total, total // 4)]:
        giver.result()
    queue.batch_put([None] * len(takers))
    for taker in takers:
        taker.result()
    assert sorted(map(int, map(str, taken))) == list(range(total))
    assert queue.size() == 0
