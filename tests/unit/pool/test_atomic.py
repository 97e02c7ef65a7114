"""Steps that nobody can divide, with the GIL and without."""

import gc
import heapq
import itertools
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NoReturn

import hypothesis
import hypothesis.strategies as st
import pytest
from future_support import InThread
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pool_gui.pool import atomic
from pool_gui.pool.atomic import Entry, Heap, Once, SerialNumbers, first, take_all


@pytest.fixture(params=[True, False], ids=["with the GIL", "without the GIL"])
def _build(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behave as on the one build of Python, or on the other."""
    monkeypatch.setattr(atomic, "HAS_GIL", request.param and atomic.HAS_GIL)


@pytest.fixture
def numbers(_build: None) -> SerialNumbers:
    return SerialNumbers()


@pytest.fixture
def heap(_build: None) -> Heap:
    return Heap()


def in_threads(*calls: Callable[[], object]) -> list[Any]:
    """Make calls at once, each in its own thread; return what they return."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        start.wait()
        return call()

    answers = [one.answer() for one in [InThread(run, call) for call in calls]]
    assert not [one for one in answers if isinstance(one, BaseException)], answers
    return answers


# Numbers


def test_numbers_begin_with_one_and_are_counted(numbers: SerialNumbers) -> None:
    assert numbers.taken() == 0
    assert [numbers.take() for _ in range(3)] == [1, 2, 3]
    assert numbers.taken() == 3
    assert list(itertools.islice(numbers.numbers, 2)) == [4, 5]
    assert numbers.taken() == 5


def test_no_number_is_given_twice_to_many_threads(numbers: SerialNumbers) -> None:
    taken = in_threads(*[lambda: [numbers.take() for _ in range(2000)]] * 4)
    assert sorted(itertools.chain(*taken)) == list(range(1, 8001))
    assert numbers.taken() == 8000


# The first of several


def test_all_get_the_mark_of_the_first() -> None:
    owner: dict[str, Any] = {}
    assert first(owner, "one", 1) == 1
    assert first(owner, "one", 2) == 1
    assert first(owner, "other", 3) == 3
    assert first(owner, "one", 1) == 1


def test_a_mark_may_be_anything_and_is_not_looked_at() -> None:
    class Touchy:
        def __eq__(self, other: object) -> NoReturn:
            raise AssertionError("two marks were compared")

        __hash__ = None  # type: ignore[assignment]  # nor hashed
        __bool__ = __len__ = __eq__  # nor asked for their truth

    owner: dict[str, Any] = {}
    marks = [Touchy(), Touchy()]
    assert first(owner, "key", marks[0]) is marks[0]
    assert first(owner, "key", marks[1]) is marks[0]


def test_many_threads_agree_on_who_was_first() -> None:
    for _ in range(200):
        owner: dict[str, Any] = {}
        marks = [[number] for number in range(4)]
        answers = in_threads(*[partial(first, owner, "key", mark) for mark in marks])
        assert len({id(answer) for answer in answers}) == 1
        assert answers[0] in marks


# Once


class Owner:
    __slots__ = ("_claim_list",)

    claim = Once("_claim_list")


def test_what_may_be_taken_once_is_taken_once() -> None:
    owner, other = Owner(), Owner()
    with pytest.raises(AttributeError):
        del owner.claim
    owner.claim = other.claim = True
    for one in (owner, other):
        del one.claim
        with pytest.raises(AttributeError):
            del one.claim
    owner.claim = True
    del owner.claim


def test_one_of_many_threads_gets_what_may_be_taken_once() -> None:
    owner = Owner()

    def take() -> bool:
        try:
            del owner.claim
        except AttributeError:
            return False
        return True

    for _ in range(200):
        owner.claim = True
        assert sorted(in_threads(take, take, take)) == [False, False, True]


# All of a deque


def test_all_is_taken_oldest_first_and_the_deque_is_empty() -> None:
    items: deque[object] = deque(range(5))
    into: list[object] = ["before"]
    assert take_all(items, into) == 5
    assert into == ["before", 0, 1, 2, 3, 4]
    assert not items
    assert take_all(items, into=[]) == 0
    items.extend("ab")
    assert take_all(items, into, at_most=1) == 1
    assert (into[-1], list(items)) == ("a", ["b"])


def test_of_several_who_take_all_each_item_comes_to_one() -> None:
    for _ in range(50):
        items: deque[int] = deque(range(300))
        taken: list[list[int]] = [[], []]
        in_threads(
            partial(take_all, items, into=taken[0]),
            partial(take_all, items, into=taken[1]),
            partial(items.extend, range(300, 400)),
        )
        everything = [*taken[0], *taken[1], *items]
        assert sorted(everything) == list(range(400))
        assert all(one == sorted(one) for one in taken[:2])


# The heap


class Touchy:
    """An item that cannot be compared, and does not need to be."""

    def __eq__(self, other: object) -> NoReturn:
        raise AssertionError("two items were compared")

    __lt__ = __gt__ = __eq__
    __hash__ = None  # type: ignore[assignment]  # nor hashed


def fill(heap: Heap, *ranks: int) -> None:
    """Push items, numbered in the order in which they go in."""
    for number, rank in enumerate(ranks):
        heap.push((rank, number, f"item {number}"))


def popped(heap: Heap) -> list[int]:
    """Take all out, one by one; return the numbers."""
    return [entry[1] for entry in iter(heap.pop, None)]


def test_the_least_rank_comes_first_equal_ones_in_their_order(heap: Heap) -> None:
    fill(heap, 3, 1, 2, 1, 3, -9, 10**30, -(10**30))
    assert popped(heap) == [7, 5, 1, 3, 2, 0, 4, 6]
    assert heap.pop() is None


def test_all_that_is_taken_at_once_is_in_order(heap: Heap) -> None:
    fill(heap, 3, 1, 2, 1)
    into: list[Entry] = [(0, 9, "before")]
    assert heap.take_all(into) is into
    assert [number for _, number, _ in into] == [9, 1, 3, 2, 0]
    assert heap.take_all(into=[]) == heap.entries == []


def test_what_is_pushed_back_is_in_order_with_the_others(heap: Heap) -> None:
    fill(heap, 3, 1, 2)
    entries = heap.take_all(into=[])
    heap.push((2, 9, "new"))
    heap.entries.extend(entries[::-1])
    heap.order()
    assert popped(heap) == [1, 2, 9, 0]


def test_what_is_left_after_a_removal_is_in_order(heap: Heap) -> None:
    for gone in range(7):
        fill(heap, 5, 1, 4, 2, 7, 3, 6)
        entry = next(one for one in heap.entries if one[1] == gone)
        assert heap.remove(entry)
        assert not heap.remove(entry)
        assert popped(heap) == [n for n in (1, 3, 5, 2, 0, 6, 4) if n != gone]


def test_items_are_never_compared(heap: Heap) -> None:
    items = [Touchy() for _ in range(6)]
    for number, item in enumerate(items):
        heap.push((1, number, item))
    assert heap.remove((1, 3, items[3]))
    assert heap.remove(heap.entries[-1])
    heap.entries.extend(heap.take_all(into=[])[::-1])
    heap.order()
    entry = heap.pop()
    assert entry is not None
    assert entry[2] is items[0]


def test_a_heap_of_a_forked_child_is_locked_by_nobody(heap: Heap) -> None:
    with heap._guard:
        heap.forget_threads()
        assert InThread(heap.push, (1, 1, "item")).answer() is None
    assert popped(heap) == [1]


@pytest.fixture
def _sigint() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


STEPS: dict[str, Callable[[Heap], object]] = {
    "heappush": lambda heap: heap.push((4, 4, "new")),
    "heappop": Heap.pop,
    "heapify": lambda heap: heap.remove(heap.entries[1]),
}


@pytest.mark.usefixtures("_sigint")
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("how", ["signal handler", "finalizer"])
def test_what_comes_between_two_steps_may_push_and_pop(
    monkeypatch: pytest.MonkeyPatch, heap: Heap, step: str, how: str
) -> None:
    fill(heap, 3, 1, 2, 5)
    taken: list[Any] = []

    def act(*_: object) -> None:
        taken.append(heap.pop())
        heap.push((9, 8, "late"))
        heap.push((0, 9, "early"))

    class Node:
        def __init__(self) -> None:
            self.me = self

        __del__ = act

    class Interrupted:
        def __getattr__(self, name: str) -> object:
            monkeypatch.setattr(atomic, "heapq", heapq)
            if how == "finalizer":
                Node()
                gc.collect()
            else:
                signal.signal(signal.SIGINT, act)
                signal.raise_signal(signal.SIGINT)
            return getattr(heapq, name)

    before = {entry[1] for entry in heap.entries}
    removed = {heap.entries[1][1]} if step == "heapify" else set()
    monkeypatch.setattr(atomic, "heapq", Interrupted())
    answer = STEPS[step](heap)
    if step == "heappop":
        taken.append(answer)
    numbers = [entry[1] for entry in taken]
    rest = heap.entries.copy()
    left = popped(heap)
    assert left == [number for _, number, _ in sorted(rest)]
    new = {4} if step == "heappush" else set()
    assert {*numbers, *left} == (before | {8, 9} | new) - removed
    assert len(numbers) + len(left) == len({*numbers, *left})


class Takers:
    """Ways to take entries out of a heap, in threads, until all are out."""

    def __init__(self, heap: Heap, total: int) -> None:
        self._heap = heap
        self._total = total
        self.out: list[int] = []

    def push(self, begin: int) -> None:
        for number in range(begin, self._total, 2):
            self._heap.push((number % 7, number, None))

    def until_all_are_out(self, take: Callable[[], list[int]]) -> None:
        while len(self.out) < self._total:
            self.out += take()

    def one(self) -> list[int]:
        entry = self._heap.pop()
        return [] if entry is None else [entry[1]]

    def many(self) -> list[int]:
        entries = self._heap.take_all(into=[])
        for entry in entries[1:]:
            self._heap.push(entry)
        return [entry[1] for entry in entries[:1]]

    def last(self) -> list[int]:
        last = self._heap.entries.copy()[-1:]
        return [entry[1] for entry in last if self._heap.remove(entry)]


def test_each_item_comes_out_once_when_many_threads_take(heap: Heap) -> None:
    takers = Takers(heap, 3000)
    ways = (takers.one, takers.one, takers.many, takers.last)
    in_threads(
        *[partial(takers.push, begin) for begin in (0, 1)],
        *[partial(takers.until_all_are_out, way) for way in ways],
    )
    assert sorted(takers.out) == list(range(3000))


class HeapMachine(RuleBasedStateMachine):
    """A heap beside a plain sorted list."""

    def __init__(self) -> None:
        super().__init__()
        self.heap = Heap()
        self.model: list[tuple[int, int, object]] = []
        self.number = 0

    @rule(rank=st.integers(-3, 3))
    def push(self, rank: int) -> None:
        self.number += 1
        self.heap.push((rank, self.number, None))
        self.model = sorted([*self.model, (rank, self.number, None)])

    @rule()
    def pop(self) -> None:
        assert self.heap.pop() == (self.model.pop(0) if self.model else None)

    @rule(index=st.integers(0, 20))
    def remove(self, index: int) -> None:
        entry = self.model.pop(index) if index < len(self.model) else (9, 9, None)
        assert self.heap.remove(entry) is (entry[0] != 9)

    @rule(count=st.integers(0, 20))
    def take_and_push_back(self, count: int) -> None:
        entries = self.heap.take_all(into=[])
        assert entries == self.model
        self.model = self.model[count:]
        self.heap.entries.extend(entries[count:][::-1])
        self.heap.order()

    @invariant()
    def agrees(self) -> None:
        assert sorted(self.heap.entries) == self.model


HeapMachine.TestCase.settings = hypothesis.settings(
    max_examples=40, stateful_step_count=30
)
TestHeap = HeapMachine.TestCase
