"""Who comes between two steps of another, the gate, and who waits at it."""

import gc
import heapq
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator

import pytest
from bounded_support import Caller
from pool_support import DEADLINE_SECONDS, until

from pool_gui.pool import ThreadSafeQueue
from pool_gui.pool import atomic as atomic_module
from pool_gui.pool.atomic import Entry, Heap
from pool_gui.pool.backlog import NOTHING, Backlog
from pool_gui.pool.waiting import Deadline

FOREVER = Deadline(None)


def filled(*priorities: int) -> Backlog:
    """Return a backlog of items that are numbered in the order in which they came."""
    backlog = Backlog()
    for number, priority in enumerate(priorities):
        backlog.add(number, priority, number)
    return backlog


def taken(backlog: Backlog) -> list[object]:
    return list(iter(backlog.take, NOTHING))


def take_least(backlog: Backlog) -> object:
    into: list[object] = []
    return into[0] if backlog.take_least(into) else NOTHING


def shut(backlog: Backlog) -> None:
    backlog.is_paused = lambda: True
    backlog.set_plain()


def reopen(backlog: Backlog) -> None:
    backlog.is_paused = bool
    backlog.set_plain()
    backlog.wake_some(backlog.size())


def test_an_item_that_is_taken_while_it_is_looked_for_is_not_taken_twice() -> None:
    """Between the look at a copy and the removal another thread takes the item."""

    def meanwhile(backlog: Backlog, take: Callable[[Backlog], object]) -> list[object]:
        class Racing(list[Entry]):
            def copy(self) -> list[Entry]:
                found = super().copy()
                if not outcome:
                    outcome.append(None)
                    outcome[0] = take(backlog)
                return found

        outcome: list[object] = []
        backlog._heap.entries = Racing(backlog._heap.entries)
        return outcome

    backlog = filled(2, 1, 2)
    outcome = meanwhile(backlog, lambda backlog: backlog.remove(1))
    assert take_least(backlog) == 0, "the next least urgent one"
    assert (outcome, taken(backlog)) == ([True], [2])

    backlog = filled(2, 1)
    outcome = meanwhile(backlog, Backlog.take)
    assert not backlog.remove(0)
    assert (outcome, taken(backlog)) == ([0], [1])

    backlog = filled(2)
    outcome = meanwhile(backlog, Backlog.take)
    assert take_least(backlog) is NOTHING
    assert outcome == [0]


def test_who_clears_ends_when_others_are_quicker() -> None:
    class Shrinking(deque[object]):
        def __len__(self) -> int:
            return super().__len__() + 2

    backlog = Backlog()
    backlog.items = Shrinking("a")
    assert backlog.clear(into=[]) == ["a"]


def test_who_missed_a_late_item_that_was_out_for_a_moment_is_woken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To take one of priority 0, a less urgent one is taken and put back."""
    backlog = filled(0, -1)
    queue = ThreadSafeQueue(backlog=backlog)
    callers: list[Caller] = []
    push = Heap.push

    def late_push(heap: Heap, entry: Entry) -> None:
        if not callers:
            assert queue.pop(block=False) == 0
            callers.append(Caller(queue.pop, True, DEADLINE_SECONDS))
            until(lambda: len(backlog.parked) == 1)
        push(heap, entry)

    monkeypatch.setattr(Heap, "push", late_push)
    assert backlog.take() is NOTHING
    assert callers[0].result() == 1


@pytest.fixture
def _sigint() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_sigint")
@pytest.mark.parametrize("step", ["add", "take", "remove", "take_least", "remove_dead"])
@pytest.mark.parametrize("how", ["signal handler", "finalizer"])
def test_what_comes_between_two_steps_may_add_and_take(
    monkeypatch: pytest.MonkeyPatch, step: str, how: str
) -> None:
    backlog, out = filled(3, 1, 2, 5), []  # type: Backlog, list[object]

    def act(*_: object) -> None:
        out.append(backlog.take())
        backlog.add("early", 9, 10)
        backlog.add("plain", 0, 11)
        backlog.add("late", -1, 12)

    class Node:
        def __init__(self) -> None:
            self.me = self

        __del__ = act

    def interrupt() -> None:
        monkeypatch.undo()
        if how == "finalizer":
            Node()
            gc.collect()
        else:
            signal.signal(signal.SIGINT, act)
            signal.raise_signal(signal.SIGINT)

    class Interrupted:
        def __getattr__(self, name: str) -> object:
            interrupt()
            return getattr(heapq, name)

    monkeypatch.setattr(atomic_module, "heapq", Interrupted())
    calls: dict[str, Callable[[], object]] = {
        "add": lambda: backlog.add("new", 4, 4),
        "take": lambda: out.append(backlog.take()),
        "remove": lambda: out.extend([1] if backlog.remove(1) else []),
        "take_least": lambda: out.append(take_least(backlog)),
        "remove_dead": lambda: out.extend(backlog.remove_dead(lambda one: one == 1)),
    }
    calls[step]()
    out = [item for item in out if item is not NOTHING]  # the gate was closed then
    rest = taken(backlog)
    everything = [0, 1, 2, 3, "early", "plain", "late"]
    everything += ["new"] if step == "add" else []
    assert sorted(map(str, [*out, *rest])) == sorted(map(str, everything))
    rank: dict[object, int] = {0: 3, 1: 1, 2: 2, 3: 5, "new": 4}
    rank |= {"early": 9, "plain": 0, "late": -1}
    left = [rank[item] for item in rest]
    assert left == sorted(left, reverse=True)


def test_each_item_comes_out_once_when_many_threads_take() -> None:
    backlog, total = Backlog(), 3000
    start = threading.Barrier(6)
    out: list[object] = []

    def add(first: int) -> None:
        start.wait()
        for number in range(first, total, 2):
            backlog.add(number, number % 7 - 3, number)

    def take(take: Callable[[], object]) -> None:
        start.wait()
        while len(out) < total:
            if (item := take()) is not NOTHING:
                out.append(item)

    takes = (backlog.take, backlog.take, lambda: take_least(backlog))
    takers = [Caller(take, one) for one in takes]
    adders = [Caller(add, first) for first in (0, 1)]
    start.wait()
    for thread in (*adders, *takers):
        thread.result()
    assert sorted(map(int, map(str, out))) == list(range(total))


# --- the gate ------------------------------------------------------------------------


def poppers(backlog: Backlog, count: int) -> list[Caller]:
    queue, made = ThreadSafeQueue(backlog=backlog), list[Caller]()
    for _ in range(count):
        made.append(Caller(queue.pop, True, DEADLINE_SECONDS))
        until(lambda: len(backlog.parked) == len(made))
    return made


@pytest.mark.parametrize("priority", [-1, 0, 1])
def test_a_closed_gate_lets_nothing_out_until_it_opens(priority: int) -> None:
    backlog = filled(priority)
    shut(backlog)
    assert backlog.is_shut()
    assert (backlog.take(), backlog.has_work()) == (NOTHING, False)
    callers = poppers(backlog, 3)
    backlog.add(1, priority, 1)
    assert backlog.wake_some(1) == 1, "at a closed gate nobody is woken"
    assert len(backlog.parked) == 3
    reopen(backlog)
    until(lambda: sum(not one.is_alive() for one in callers) == 2)
    assert backlog.size() == 0
    backlog.add(2, priority, 2)
    assert backlog.wake_some(1) == 0
    assert sorted(str(one.result()) for one in callers) == ["0", "1", "2"]


def test_a_closed_gate_hinders_none_of_those_who_take_out_for_good() -> None:
    backlog, items = Backlog(), [object() for _ in range(6)]
    for number, priority in enumerate((0, 1, -1, 0, 1, 0)):
        backlog.add(items[number], priority, number)
    shut(backlog)
    assert backlog.take_anyway() is items[1]
    assert take_least(backlog) is items[2]
    assert backlog.remove(items[5])
    assert backlog.remove_dead(lambda item: item is items[0]) == [items[0]]
    assert backlog.is_shut(), "it is still closed"
    assert backlog.clear(into=[]) == [items[4], items[3]]


def test_the_end_wakes_everybody() -> None:
    backlog = Backlog()
    lots = (backlog.parked, backlog.room, backlog.room_for_many)
    ended = [Caller(lot.wait_until, lambda: backlog.has_ended, FOREVER) for lot in lots]
    for lot in lots:
        until(lambda lot=lot: len(lot) == 1)  # type: ignore[misc]
    backlog.end()
    assert [one.result() for one in ended] == [True] * 3
    assert backlog.has_ended


def test_the_gate_asks_whoever_knows_whether_it_is_closed() -> None:
    backlog, is_closed = filled(0), [False]
    backlog.is_paused = lambda: is_closed[0]
    for is_closed[0] in (False, True, False):
        backlog.set_plain()
        seen = backlog.is_shut(), backlog.is_plain, backlog.has_work()
        assert seen == (is_closed[0], not is_closed[0], not is_closed[0])


@pytest.mark.parametrize("half", [[], ["before"]])
def test_who_clears_adds_to_a_list_that_is_there(half: list[object]) -> None:
    backlog, into = filled(0, 1, -1), [*half]
    assert backlog.clear(into=into) is into
    assert into == [*half, 1, 0, 2]


def test_who_passes_a_wake_up_on_says_so_if_nobody_is_there_to_take_it() -> None:
    backlog = Backlog()
    backlog.pass_on()
    assert not backlog.is_short, "there is nothing to take"
    (caller,) = poppers(backlog, 1)
    backlog.add(0, 0, 0)
    backlog.pass_on()
    assert caller.result() == 0
    assert not backlog.is_short
    backlog.add(1, 0, 1)
    backlog.pass_on()
    assert backlog.is_short


def test_one_that_takes_tells_all_who_need_room_for_many_and_one_other() -> None:
    backlog, asked = Backlog(), {"one": 0, "many": 0}

    def wait(lot: str) -> bool:
        asked[lot] += 1
        return asked[lot] > 3

    lots = {"one": backlog.room, "many": backlog.room_for_many}
    callers = [
        Caller(lots[name].wait_until, lambda name=name: wait(name), FOREVER)
        for name in lots
    ]
    for _ in range(3):
        for lot in lots.values():
            until(lambda lot=lot: len(lot) == 1)  # type: ignore[misc]
        backlog.announce_room()
    for caller in callers:
        assert caller.result()


def test_a_forked_child_is_rid_of_all_who_wait() -> None:
    backlog = filled(0, 1)
    shut(backlog)
    (caller,) = poppers(backlog, 1)
    (lock,) = backlog.parked
    backlog.forget_threads()
    assert not backlog.parked
    reopen(backlog)
    lock.release()  # for the thread that there would not be
    assert caller.result() == 1
    assert taken(backlog) == [0]


def test_a_heap_without_the_gil_locks_and_keeps_the_same_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(atomic_module, "HAS_GIL", False)
    heap = Heap()
    for number in range(20):
        heap.push((number % 3, number, None))
    assert heap.remove((0, 6, None))
    assert not heap.remove((0, 6, None))
    first, rest = heap.pop(), heap.take_all(into=[])
    assert first == (0, 0, None)
    assert rest == sorted(rest)
    assert len(rest) == 18
    heap.entries.extend(reversed(rest))
    heap.order()
    assert heap.take_all(into=[]) == rest
    assert heap.pop() is None
