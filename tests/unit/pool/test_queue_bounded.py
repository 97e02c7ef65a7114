"""The queue with a limit: who puts waits for room, gives up, or is told so."""

import signal
import sys
import threading
from collections import deque
from queue import Full
from typing import NoReturn

import pytest
from bounded_support import Caller
from pool_support import DEADLINE_SECONDS, until

from pool_gui.pool import ThreadSafeQueue
from pool_gui.pool.queue import backlog_of
from pool_gui.pool.room import Room


def everything(queue: ThreadSafeQueue) -> list[object]:
    """Take all items out of the queue."""
    return [queue.pop(block=False) for _ in range(queue.size())]


def full_queue(max_size: int = 2) -> ThreadSafeQueue:
    queue = ThreadSafeQueue(max_size)
    queue.batch_put(range(max_size))
    return queue


def putters(queue: ThreadSafeQueue, *items: object) -> list[Caller]:
    """Start threads that wait for room, one after the other."""
    lot, made = backlog_of(queue).room, []
    for item in items:
        made.append(Caller(queue.put, item))
        until(lambda: len(lot) == len(made))
    return made


def test_a_queue_knows_its_limit() -> None:
    assert ThreadSafeQueue().max_size == 0
    assert ThreadSafeQueue(0).max_size == 0
    assert ThreadSafeQueue(max_size=3).max_size == 3


@pytest.mark.parametrize("wrong", [1.0, "3", None, True])
def test_a_limit_that_is_no_whole_number_is_refused(wrong: object) -> None:
    with pytest.raises(TypeError, match="max_size must be a whole number"):
        ThreadSafeQueue(wrong)  # type: ignore[arg-type]  # that is the test


def test_a_negative_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="max_size must not be negative, and -1 is"):
        ThreadSafeQueue(-1)


@pytest.mark.parametrize(
    ("block", "timeout"),
    [(False, None), (True, 0), (True, 0.01), (True, float("nan")), (False, -1)],
)
@pytest.mark.parametrize("call", ["put", "batch_put"])
def test_a_full_queue_raises_full_in_time_and_takes_nothing(
    call: str,
    block: bool,  # noqa: FBT001 - a parameter of the test
    timeout: float | None,
) -> None:
    queue = full_queue()
    with pytest.raises(Full):
        getattr(queue, call)("x", block=block, timeout=timeout)
    backlog = backlog_of(queue)
    assert not backlog.room
    assert not backlog.room_for_many
    assert everything(queue) == [0, 1]


@pytest.mark.parametrize("timeout", [None, 1e12, float("inf"), DEADLINE_SECONDS])
@pytest.mark.parametrize("call", ["put", "batch_put"])
def test_who_waits_for_room_puts_when_there_is_some(
    call: str, timeout: float | None
) -> None:
    queue = full_queue()
    caller = Caller(getattr(queue, call), "x", True, timeout)
    until(lambda: len(backlog_of(queue).room) == 1)
    assert queue.pop() == 0
    assert caller.result() is None
    assert everything(queue) == [1, "x"]


def test_each_pop_lets_one_put_and_the_one_that_waits_longest() -> None:
    queue = full_queue(1)
    callers = putters(queue, "a", "b", "c")
    for expected, caller in zip((0, "a", "b"), callers, strict=True):
        assert queue.pop(timeout=DEADLINE_SECONDS) == expected
        caller.result()
    assert everything(queue) == ["c"]


def test_a_batch_is_put_whole_or_not_at_all() -> None:
    queue = full_queue(3)
    assert queue.pop() == 0
    with pytest.raises(Full):
        queue.batch_put("ab", block=False)
    assert queue.size() == 2
    queue.put("fits")
    assert everything(queue) == [1, 2, "fits"]
    queue.batch_put("abc", block=False)
    assert everything(queue) == ["a", "b", "c"]


def test_a_batch_waits_until_there_is_room_for_all_of_it() -> None:
    queue = full_queue(3)
    caller = Caller(queue.batch_put, "ab")
    lot = backlog_of(queue).room_for_many
    until(lambda: len(lot) == 1)
    assert queue.pop() == 0
    until(lambda: len(lot) == 1)
    assert queue.size() == 2, "room for one is not enough"
    assert queue.pop() == 1
    caller.result()
    assert everything(queue) == [2, "a", "b"]


def test_a_single_put_may_overtake_a_batch_that_waits() -> None:
    queue = full_queue(3)
    caller = Caller(queue.batch_put, "ab")
    until(lambda: len(backlog_of(queue).room_for_many) == 1)
    queue.pop()
    queue.put("c", block=False)
    until(lambda: len(backlog_of(queue).room_for_many) == 1)
    assert [queue.pop(), queue.pop()] == [1, 2]
    caller.result()
    assert everything(queue) == ["c", "a", "b"]


@pytest.mark.parametrize("size", [5, 6, 7])
def test_a_batch_larger_than_the_queue_is_put_as_room_comes(size: int) -> None:
    queue = full_queue(3)
    batch = [f"item {number}" for number in range(size)]
    caller = Caller(queue.batch_put, iter(batch), True, DEADLINE_SECONDS)
    taken = [queue.pop(timeout=DEADLINE_SECONDS) for _ in range(3 + size)]
    assert taken == [0, 1, 2, *batch]
    caller.result()


def test_the_first_pieces_of_a_batch_stay_in_if_the_time_is_up() -> None:
    queue = ThreadSafeQueue(3)
    with pytest.raises(Full):
        queue.batch_put(range(5), timeout=0.01)
    assert everything(queue) == [0, 1, 2]
    queue.put("x")
    with pytest.raises(Full):
        queue.batch_put(range(5), block=False)
    assert everything(queue) == ["x"], "the first piece has no room"


def test_an_empty_batch_needs_no_room() -> None:
    queue = full_queue(1)
    queue.batch_put([], block=False)
    assert everything(queue) == [0]


def test_a_batch_whose_iterator_fails_puts_nothing() -> None:
    queue = ThreadSafeQueue(3)
    with pytest.raises(ZeroDivisionError):
        queue.batch_put(1 // number for number in (1, 0))
    assert queue.size() == 0


def test_a_putter_whose_time_is_up_passes_its_room_on() -> None:
    """A pop chooses the one that waits longest, which gives up in that moment."""
    queue = ThreadSafeQueue(1)
    lot, behind = backlog_of(queue).room, list[Caller]()

    class Racing(Room):
        looks = 0

        def has(self, count: int) -> bool:
            has_room = super().has(count)
            if threading.current_thread() is threading.main_thread():
                self.looks += 1
                if self.looks == 2:  # the time is up
                    behind.append(Caller(queue.put, "behind"))
                    until(lambda: len(lot) == 2)
                    assert Caller(queue.pop).result() == 0
            return has_room

    queue._room = Racing(backlog_of(queue))
    queue._room.set_limit(1)
    queue.put(0)
    with pytest.raises(Full):
        queue.put("in vain", timeout=0)
    behind[0].result()
    assert everything(queue) == ["behind"]


def test_a_put_in_the_midst_of_a_put_sees_the_room_that_is_taken() -> None:
    """As by a signal handler, or a finalizer: the limit holds, nothing deadlocks."""
    queue, refused = ThreadSafeQueue(2), []  # type: ThreadSafeQueue, list[str]

    class Interrupted(deque[object]):
        is_interrupted = False

        def extend(self, items: object) -> None:
            if not self.is_interrupted:
                self.is_interrupted = True
                for name in ("first", "second"):
                    try:
                        queue.put(name, block=False)
                    except Full:
                        refused.append(name)
            super().extend(items)  # type: ignore[arg-type]  # they are some

    backlog_of(queue).items = Interrupted()
    queue.put("outer")
    assert everything(queue) == ["first", "outer"]
    assert refused == ["second"]
    queue.batch_put("ab", block=False)
    assert queue.size() == 2, "nothing is kept for who has put"


def test_a_put_that_is_interrupted_keeps_no_room() -> None:
    queue = ThreadSafeQueue(1)

    class Interrupted(deque[object]):
        def extend(self, _: object) -> NoReturn:
            raise KeyboardInterrupt

    backlog_of(queue).items = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        queue.put("lost")
    backlog_of(queue).items = deque()
    queue.put("item", block=False)
    assert everything(queue) == ["item"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pthread_kill")
def test_ctrl_c_ends_a_put_that_waits() -> None:
    queue = full_queue(1)

    def interrupt() -> None:
        until(lambda: len(backlog_of(queue).room) == 1)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    interrupter = Caller(interrupt)
    with pytest.raises(KeyboardInterrupt):
        queue.put("x")
    interrupter.result()
    assert not backlog_of(queue).room
    assert everything(queue) == [0]


def test_the_limit_holds_while_many_threads_put() -> None:
    queue, seen = ThreadSafeQueue(3), []  # type: ThreadSafeQueue, list[int]

    def give(number: int) -> None:
        for _ in range(100):
            queue.put(number, timeout=DEADLINE_SECONDS)
            queue.batch_put([number] * 2, timeout=DEADLINE_SECONDS)

    def take() -> None:
        for _ in range(600):
            seen.append(queue.size())
            queue.pop(timeout=DEADLINE_SECONDS)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        callers = [Caller(give, 1), Caller(give, 2), Caller(give, 3), Caller(give, 4)]
        callers += [Caller(take), Caller(take)]
        for caller in callers:
            caller.result()
    finally:
        sys.setswitchinterval(before)
    assert max(seen) <= 3
    assert queue.size() == 0
