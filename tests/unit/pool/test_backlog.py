import gc
import heapq
import random
import signal
import threading
from collections.abc import Callable, Iterator
from typing import NoReturn

import hypothesis.strategies as st
import pytest
from bounded_support import Caller
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pool_gui.pool import ranks as ranks_module
from pool_gui.pool.ranks import NOTHING, Ranks


def filled(*priorities: int) -> Ranks:
    """Return ranks whose items are numbered in the order in which they went in."""
    ranks = Ranks()
    for number, priority in enumerate(priorities):
        ranks.push(number, priority)
    return ranks


def popped(ranks: Ranks) -> list[object]:
    return list(iter(ranks.pop, NOTHING))


class Touchy:
    """An item that cannot be compared, and does not need to be."""

    def __eq__(self, other: object) -> NoReturn:
        raise AssertionError("two items were compared")

    __lt__ = __gt__ = __eq__
    __hash__ = None  # type: ignore[assignment]  # nor hashed


def test_larger_priorities_come_first_equal_ones_in_their_order() -> None:
    assert popped(filled(1, 3, 2, 3, 1, 9)) == [5, 1, 3, 2, 0, 4]
    assert popped(filled(-1, -3, -2, -3, -1)) == [0, 4, 2, 1, 3]


def test_priorities_may_be_as_large_as_one_likes() -> None:
    assert popped(filled(10**30, -(10**30), 1, 10**30 + 1)) == [3, 0, 2, 1]


def test_nothing_is_told_from_an_item_that_is_none() -> None:
    ranks = Ranks()
    ranks.push(None, 1)
    assert ranks.pop() is None
    assert ranks.pop() is NOTHING
    assert ranks.pop_last() is NOTHING


def test_the_last_is_the_oldest_of_the_least_urgent() -> None:
    ranks = filled(2, 1, 2, 1, 3)
    last = list(iter(ranks.pop_last, NOTHING))
    assert last == [1, 3, 0, 2, 4]
    assert len(ranks) == 0


def test_what_is_left_after_a_removal_is_in_order() -> None:
    for gone in range(7):
        ranks = filled(5, 1, 4, 2, 7, 3, 6)
        assert ranks.remove(gone)
        assert popped(ranks) == [n for n in (4, 6, 0, 2, 5, 3, 1) if n != gone]


@pytest.mark.parametrize("seed", range(30))
def test_what_is_left_after_the_last_was_taken_is_in_order(seed: int) -> None:
    dice = random.Random(seed)
    priorities = [dice.randint(1, 4) for _ in range(20)]
    ranks = filled(*priorities)
    for _ in range(5):
        ranks.pop_last()
    left = [priorities[number] for number in map(int, map(str, popped(ranks)))]
    assert left == sorted(priorities, reverse=True)[:15]


def test_only_the_very_item_is_removed_and_once() -> None:
    ranks = Ranks()
    twins = [[], []]  # type: list[list[object]]
    for twin in twins:
        ranks.push(twin, 1)
    assert not ranks.remove([])
    assert ranks.remove(twins[1])
    assert not ranks.remove(twins[1])
    assert ranks.pop() is twins[0]


def test_items_are_never_compared() -> None:
    ranks = Ranks()
    items = [Touchy() for _ in range(6)]
    for item in items:
        ranks.push(item, 1)
    assert ranks.remove(items[3])
    assert ranks.pop_last() is items[0]
    assert ranks.purge(lambda item: item is items[2]) == 1
    assert len(ranks.listed()) == 3
    assert [ranks.pop() is items[n] for n in (1, 4, 5)] == [True] * 3


def test_a_look_takes_nothing() -> None:
    ranks = filled(1, 2, 1)
    assert ranks.listed() == [1, 0, 2]
    assert len(ranks) == 3
    assert ranks.listed() == popped(ranks)


def test_a_purge_leaves_the_others_in_their_order() -> None:
    ranks = filled(1, 2, 1, 2, 1, 2)
    asked: list[object] = []

    def is_dead(item: object) -> bool:
        asked.append(item)
        return item in (0, 5)

    assert ranks.purge(is_dead) == 2
    assert sorted(map(str, asked)) == list("012345"), "each was asked for once"
    ranks.push(6, 1)
    assert popped(ranks) == [1, 3, 2, 4, 6]
    assert ranks.purge(is_dead) == 0


def test_what_is_pushed_during_a_purge_comes_after_its_equals() -> None:
    ranks = filled(1, 2, 1)

    def is_dead(item: object) -> bool:
        if item == 1:
            ranks.push("new", 1)
        return False

    assert ranks.purge(is_dead) == 0
    assert popped(ranks) == [1, 0, 2, "new"]


def test_a_popped_item_is_kept_alive_by_nothing() -> None:
    class Item:
        alive = 0

        def __init__(self) -> None:
            Item.alive += 1

        def __del__(self) -> None:
            Item.alive -= 1

    ranks = Ranks()
    for _ in range(4):
        ranks.push(Item(), 1)
    ranks.pop()
    ranks.pop_last()
    ranks.purge(lambda _: len(ranks.listed()) == 0)
    assert Item.alive == 0


def test_an_item_that_is_taken_while_it_is_looked_for_is_not_taken_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Between the look at a copy and the removal another thread takes the item."""

    def meanwhile(ranks: Ranks, take: Callable[[Ranks], object]) -> list[object]:
        class Racing(list[object]):
            def copy(self) -> list[object]:
                found = super().copy()
                if not taken:
                    taken.append(None)
                    taken[0] = take(ranks)
                return found

        taken: list[object] = []
        ranks._heap = Racing(ranks._heap)  # type: ignore[assignment]  # a race, forced
        return taken

    ranks = filled(2, 1, 2)
    taken = meanwhile(ranks, lambda ranks: ranks.remove(1))
    assert ranks.pop_last() == 0, "the next least urgent one"
    assert (taken, popped(ranks)) == ([True], [2])

    ranks = filled(2, 1)
    taken = meanwhile(ranks, Ranks.pop)
    assert not ranks.remove(0)
    assert (taken, popped(ranks)) == ([0], [1])

    ranks = filled(2)
    taken = meanwhile(ranks, Ranks.pop)
    assert ranks.pop_last() is NOTHING
    assert taken == [0]


@pytest.fixture(params=["push", "pop", "remove", "heapify"])
def step(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def _sigint() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_sigint")
@pytest.mark.parametrize("how", ["signal handler", "finalizer"])
def test_what_comes_between_two_steps_may_push_and_pop(
    monkeypatch: pytest.MonkeyPatch, step: str, how: str
) -> None:
    ranks, out = filled(3, 1, 2, 5), []  # type: Ranks, list[object]

    def act(*_: object) -> None:
        out.append(ranks.pop())
        ranks.push("early", 9)
        ranks.push("late", 0)

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

    monkeypatch.setattr(ranks_module, "heapq", Interrupted())
    calls: dict[str, Callable[[], object]] = {
        "push": lambda: ranks.push("new", 4),
        "pop": lambda: out.append(ranks.pop()),
        "remove": lambda: ranks.remove(1),
        "heapify": lambda: out.append(ranks.pop_last()),
    }
    calls[step]()
    rest = popped(ranks)
    everything = [0, 1, 2, 3, "early", "late", *(["new"] if step == "push" else [])]
    if step == "remove":
        everything.remove(1)
    assert sorted(map(str, [*out, *rest])) == sorted(map(str, everything))
    rank: dict[object, int] = {0: 3, 1: 1, 2: 2, 3: 5, "early": 9, "late": 0, "new": 4}
    assert [rank[item] for item in rest] == sorted(
        (rank[item] for item in rest), reverse=True
    )


def test_each_item_comes_out_once_when_many_threads_take() -> None:
    ranks, total = Ranks(), 4000
    start = threading.Barrier(6)
    out: list[object] = []

    def push(first: int) -> None:
        start.wait()
        for number in range(first, total, 2):
            ranks.push(number, number % 7)

    def take(pop: Callable[[], object]) -> None:
        start.wait()
        while len(out) < total:
            if (item := pop()) is not NOTHING:
                out.append(item)

    takers = [Caller(take, pop) for pop in (ranks.pop, ranks.pop, ranks.pop_last)]
    pushers = [Caller(push, first) for first in (0, 1)]
    start.wait()
    for thread in (*pushers, *takers):
        thread.result()
    assert sorted(map(int, map(str, out))) == list(range(total))


class RanksMachine(RuleBasedStateMachine):
    """Ranks beside a plain sorted list."""

    def __init__(self) -> None:
        super().__init__()
        self.ranks = Ranks()
        self.model: list[tuple[int, int]] = []  # (-priority, number)
        self.number = 0

    @rule(priority=st.integers(-3, 3))
    def push(self, priority: int) -> None:
        self.number += 1
        self.ranks.push(self.number, priority)
        self.model.append((-priority, self.number))
        self.model.sort()

    @rule()
    def pop(self) -> None:
        expected = self.model.pop(0)[1] if self.model else NOTHING
        assert self.ranks.pop() == expected

    @rule()
    def pop_last(self) -> None:
        expected: object = NOTHING
        if self.model:
            lowest = self.model[-1][0]
            entry = next(one for one in self.model if one[0] == lowest)
            self.model.remove(entry)
            expected = entry[1]
        assert self.ranks.pop_last() == expected

    @rule(number=st.integers(0, 20))
    def remove(self, number: int) -> None:
        left = [entry for entry in self.model if entry[1] != number]
        # The number is made anew, as small ones are the very same object anyway.
        assert self.ranks.remove(number) is (len(left) < len(self.model))
        self.model = left

    @rule(divisor=st.integers(1, 4))
    def purge(self, divisor: int) -> None:
        left = [entry for entry in self.model if entry[1] % divisor]
        dead = self.ranks.purge(lambda item: int(str(item)) % divisor == 0)
        assert dead == len(self.model) - len(left)
        self.model = left

    @invariant()
    def agrees(self) -> None:
        assert len(self.ranks) == len(self.model)
        assert self.ranks.listed() == [number for _, number in self.model]


TestRanks = RanksMachine.TestCase
