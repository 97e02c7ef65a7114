import gc
import signal
import sys
import threading
import time
import weakref
from queue import Empty

import pytest
from pool_support import DEADLINE_SECONDS, until

from pool_gui.pool.queue import NOTHING, ThreadSafeQueue
from pool_gui.pool.watchers import locked_lock


class Popper(threading.Thread):
    """A thread that pops one item and is over."""

    def __init__(self, queue: ThreadSafeQueue, timeout: float | None = None) -> None:
        super().__init__(daemon=True)
        self.queue = queue
        self.timeout = DEADLINE_SECONDS if timeout is None else timeout
        self.item: object = None
        self.start()

    def run(self) -> None:
        try:
            self.item = self.queue.pop(timeout=self.timeout)
        except Empty as error:
            self.item = error

    def result(self) -> object:
        self.join(DEADLINE_SECONDS)
        assert not self.is_alive()
        return self.item


def parked(queue: ThreadSafeQueue, count: int = 1) -> list[Popper]:
    poppers = []
    for number in range(1, count + 1):
        poppers.append(Popper(queue))
        until(lambda number=number: len(queue.waiters) == number)  # type: ignore[misc]
    return poppers


def test_items_come_out_in_the_order_in_which_they_went_in() -> None:
    queue = ThreadSafeQueue()
    queue.put(1)
    queue.batch_put(iter([2, None, "four"]))
    assert [queue.pop() for _ in range(4)] == [1, 2, None, "four"]


def test_an_empty_queue_raises_empty_at_once_when_not_blocking() -> None:
    with pytest.raises(Empty):
        ThreadSafeQueue().pop(block=False)


@pytest.mark.parametrize("timeout", [0, 0.01])
def test_an_empty_queue_raises_empty_when_the_time_is_up(timeout: float) -> None:
    queue = ThreadSafeQueue()
    with pytest.raises(Empty):
        queue.pop(timeout=timeout)
    assert not queue.waiters


def test_a_negative_timeout_is_refused() -> None:
    queue = ThreadSafeQueue()
    queue.put(1)
    with pytest.raises(ValueError, match="non-negative number, not -1"):
        queue.pop(timeout=-1)
    assert queue.pop(block=False, timeout=-1) == 1  # as queue.Queue: not looked at


def test_get_looks_at_an_item_and_leaves_it() -> None:
    queue = ThreadSafeQueue()
    queue.batch_put("ab")
    assert (queue.get(0), queue.get(1), queue.size()) == ("a", "b", 2)
    with pytest.raises(IndexError):
        queue.get(2)


def test_clear_hands_all_items_back() -> None:
    queue = ThreadSafeQueue()
    queue.batch_put("abc")
    assert queue.clear() == ["a", "b", "c"]
    assert queue.size() == 0


def test_clear_ends_when_poppers_are_quicker() -> None:
    queue = ThreadSafeQueue()

    class Shrinking(list[object]):
        def __len__(self) -> int:
            return 3

        popleft = list.pop

    queue.items = Shrinking(["a"])  # type: ignore[assignment]  # a race, forced
    assert queue.clear() == ["a"]


def test_the_peak_is_the_most_since_it_was_read() -> None:
    queue = ThreadSafeQueue()
    queue.batch_put("abc")
    queue.put("d")
    queue.pop()
    assert queue.take_peak() == 4
    assert queue.take_peak() == 3, "what is queued now counts"
    queue.clear()
    assert queue.take_peak() == 0
    queue.put("e")
    queue.pop()
    assert queue.take_peak() == 1


def test_a_parked_popper_gets_what_is_put() -> None:
    queue = ThreadSafeQueue()
    (popper,) = parked(queue)
    queue.put("item")
    assert popper.result() == "item"


def test_a_batch_wakes_a_popper_for_each_item() -> None:
    queue = ThreadSafeQueue()
    poppers = parked(queue, 3)
    queue.batch_put("ab")
    until(lambda: len(queue.waiters) == 1)
    until(lambda: sum(not popper.is_alive() for popper in poppers) == 2)
    queue.put("c")
    assert sorted(str(popper.result()) for popper in poppers) == ["a", "b", "c"]


def test_a_put_between_look_and_wait_is_not_missed() -> None:
    """The race of the module's text, forced."""

    class Racing(ThreadSafeQueue):
        looks = 0

        def take(self) -> object:
            item = super().take()
            self.looks += 1
            if self.looks == 2:  # registered, has looked, does not wait yet
                assert len(self.waiters) == 1
                self.put("late")
            return item

    assert Racing().pop(timeout=DEADLINE_SECONDS) == "late"


def test_a_put_before_registering_is_found_by_the_second_look() -> None:
    class Racing(ThreadSafeQueue):
        looks = 0

        def take(self) -> object:
            item = super().take()
            self.looks += 1
            if self.looks == 1:  # has looked, is not registered yet
                self.put("early")
            return item

    queue = Racing()
    assert queue.pop(timeout=DEADLINE_SECONDS) == "early"
    assert not queue.waiters


def test_a_token_that_comes_when_the_time_is_up_is_passed_on() -> None:
    queue = ThreadSafeQueue()
    (popper,) = parked(queue)

    class LateLock:
        """Its wait ends without success, but by then a put has chosen it."""

        tokens = 0

        def acquire(self, _: bool = True, timeout: float | None = None) -> bool:  # noqa: FBT001, FBT002 - as a lock's
            if timeout is None:
                assert self.tokens == 1
                return True
            queue.put("item")
            return False

        def release(self) -> None:
            self.tokens += 1

    assert queue.park(LateLock(), 0.0) is NOTHING  # type: ignore[arg-type]
    assert popper.result() == "item"


def test_a_token_for_who_found_an_item_by_itself_is_passed_on() -> None:
    class Racing(ThreadSafeQueue):
        racing = False

        def take(self) -> object:
            item = super().take()
            if self.racing and threading.current_thread() is threading.main_thread():
                self.racing = False
                self.put("second")  # wakes the newest waiter: the one that looks now
            return item

    queue = Racing()
    (popper,) = parked(queue)
    queue.items.append("first")  # put, and not yet at waking somebody
    queue.racing = True
    assert queue.park(locked_lock()) == "first"
    assert popper.result() == "second"


def test_who_has_leave_does_not_wait() -> None:
    queue = ThreadSafeQueue()
    assert queue.park(locked_lock(), has_leave=lambda: True) is NOTHING
    assert not queue.waiters


def test_wake_reaches_the_waiter_on_that_lock_and_no_other() -> None:
    queue = ThreadSafeQueue()
    locks = [locked_lock(), locked_lock()]
    woken: list[int] = []

    def wait(number: int) -> None:
        queue.park(locks[number])
        woken.append(number)

    threads = [threading.Thread(target=wait, args=(n,)) for n in (0, 1)]
    for thread in threads:
        thread.start()
    until(lambda: len(queue.waiters) == 2)
    assert queue.wake(locks[0])
    threads[0].join(DEADLINE_SECONDS)
    assert woken == [0]
    assert not queue.wake(locks[0])
    queue.wake_all()
    threads[1].join(DEADLINE_SECONDS)
    assert woken == [0, 1]
    assert not queue.wake_one()


def test_a_closed_gate_lets_nothing_out_until_it_opens() -> None:
    queue = ThreadSafeQueue()
    queue.put("a")
    queue.shut()
    with pytest.raises(Empty):
        queue.pop(timeout=0)
    poppers = parked(queue, 3)
    queue.put("b")
    assert len(queue.waiters) == 3, "a put at a closed gate wakes nobody"
    queue.open()
    until(lambda: sum(not popper.is_alive() for popper in poppers) == 2)
    assert queue.size() == 0
    queue.put("c")
    assert sorted(str(popper.result()) for popper in poppers) == ["a", "b", "c"]


def test_a_put_inside_a_put_is_kept() -> None:
    """What a signal handler does that comes in the middle."""
    queue = ThreadSafeQueue()

    class Nesting(dict[object, None]):
        nested = False

        def __bool__(self) -> bool:
            if not self.nested:
                self.nested = True
                queue.put("inner")
            return False

    queue.waiters = Nesting()  # type: ignore[assignment]  # a signal, forced
    queue.put("outer")
    assert queue.clear() == ["outer", "inner"]


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
    assert queue.clear() == ["from a finalizer", "x"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pthread_kill")
def test_an_interrupted_pop_leaves_no_waiter_and_loses_no_item() -> None:
    queue = ThreadSafeQueue()

    def interrupt() -> None:
        until(lambda: len(queue.waiters) == 1)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        queue.pop(timeout=DEADLINE_SECONDS)
    thread.join()
    assert not queue.waiters


def test_an_interrupt_with_an_item_in_hand_puts_it_back() -> None:
    class Interrupted(ThreadSafeQueue):
        def _withdraw(self, _: object) -> None:
            raise KeyboardInterrupt

    queue = Interrupted()
    queue.batch_put("ab")
    with pytest.raises(KeyboardInterrupt):
        queue.park(locked_lock())
    assert queue.clear() == ["a", "b"]
    assert not queue.waiters


def test_the_queue_keeps_no_reference_to_what_was_popped() -> None:
    class Item:
        pass

    queue = ThreadSafeQueue()
    item = Item()
    gone = weakref.ref(item)
    queue.put(item)
    del item
    queue.pop()
    assert gone() is None


def test_who_watches_for_quiet_is_asked_again_at_each_announcement() -> None:
    queue = ThreadSafeQueue()
    answers = iter([False, False, True])
    asked: list[bool] = []

    def is_quiet() -> bool:
        asked.append(next(answers))
        return asked[-1]

    got: list[bool] = []
    thread = threading.Thread(
        target=lambda: got.append(queue.quiet.wait(is_quiet, DEADLINE_SECONDS))
    )
    thread.start()
    for count in (1, 2):
        until(lambda count=count: len(asked) == count)  # type: ignore[misc]
        queue.quiet.announce()
    thread.join(DEADLINE_SECONDS)
    assert got == [True]


def test_an_announcement_between_asking_and_waiting_is_not_missed() -> None:
    queue = ThreadSafeQueue()
    answers = iter([False, True])

    def is_quiet() -> bool:
        queue.quiet.announce()
        return next(answers)

    began = time.monotonic()
    assert queue.quiet.wait(is_quiet, DEADLINE_SECONDS)
    assert time.monotonic() - began < DEADLINE_SECONDS / 2, "not by the deadline"


def test_watching_for_quiet_ends_when_the_time_is_up() -> None:
    assert not ThreadSafeQueue().quiet.wait(lambda: False, 0.01)


def test_the_end_opens_the_gate_and_wakes_everybody() -> None:
    queue = ThreadSafeQueue()
    queue.shut()
    thread = threading.Thread(target=queue.park, args=(locked_lock(),))
    thread.start()
    until(lambda: len(queue.waiters) == 1)
    queue.end()
    thread.join(DEADLINE_SECONDS)
    assert not thread.is_alive()
    assert queue.has_ended
    assert not queue.is_shut


def test_ten_thousand_items_go_through_many_hands_once() -> None:
    queue = ThreadSafeQueue()
    taken: list[object] = []

    def take() -> None:
        while (item := queue.pop(timeout=DEADLINE_SECONDS)) is not None:
            taken.append(item)

    def give(start: int) -> None:
        for number in range(start, start + 2500):
            queue.put(number)

    takers = [threading.Thread(target=take) for _ in range(4)]
    givers = [
        threading.Thread(target=give, args=(start,)) for start in range(0, 10_000, 2500)
    ]
    for thread in (*takers, *givers):
        thread.start()
    for thread in givers:
        thread.join()
    queue.batch_put([None] * len(takers))
    for thread in takers:
        thread.join()
    assert sorted(taken) == list(range(10_000))  # type: ignore[type-var]
