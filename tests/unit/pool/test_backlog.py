"""The items behind the queue: their order, what takes them out, and the gate."""

import random
from collections import deque
from typing import NoReturn

import pytest
from bounded_support import Caller
from pool_support import DEADLINE_SECONDS, until

from pool_gui.pool import Task, ThreadSafeQueue
from pool_gui.pool.backlog import NOTHING, Backlog


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


def listed(backlog: Backlog) -> list[object]:
    return [backlog.get(index) for index in range(backlog.size())]


class Touchy:
    """An item that cannot be compared, and does not need to be."""

    def __eq__(self, other: object) -> NoReturn:
        raise AssertionError("two items were compared")

    __lt__ = __gt__ = __eq__
    __hash__ = None  # type: ignore[assignment]  # nor hashed


class Twin(Task):
    """A task that says that it is equal to any other."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = Task.__hash__


# --- the order --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("priorities", "expected"),
    [
        ((0, 0, 0), [0, 1, 2]),
        ((1, 3, 2, 3, 1, 9), [5, 1, 3, 2, 0, 4]),
        ((-1, -3, -2, -3, -1), [0, 4, 2, 1, 3]),
        ((0, -1, 1, 0, -1, 1), [2, 5, 0, 3, 1, 4]),
        ((10**30, -(10**30), 1, 10**30 + 1, 0), [3, 0, 2, 4, 1]),
    ],
)
def test_larger_priorities_come_first_equal_ones_in_their_order(
    priorities: tuple[int, ...], expected: list[int]
) -> None:
    backlog = filled(*priorities)
    assert backlog.size() == len(expected)
    assert listed(backlog) == expected, "a look takes nothing"
    assert taken(backlog) == expected
    assert filled(*priorities).clear(into=[]) == expected


def test_nothing_is_told_from_an_item_that_is_none() -> None:
    backlog = Backlog()
    for priority in (-1, 0, 1):
        backlog.add(None, priority, 1)
    assert [backlog.take() for _ in range(3)] == [None] * 3
    assert backlog.take() is NOTHING
    assert take_least(backlog) is NOTHING
    assert backlog.clear(into=[]) == []


def test_a_look_beyond_the_end_finds_nothing() -> None:
    for backlog in (filled(0, 0), filled(0, 1)):
        with pytest.raises(IndexError):
            backlog.get(2)


@pytest.mark.parametrize("priority", [-2, 0, 2])
def test_what_is_put_back_comes_before_its_equals(priority: int) -> None:
    backlog = filled(*[priority] * 3)
    item = backlog.take()
    assert item == 0
    backlog.put_back(item, priority, 0)
    assert taken(backlog) == [0, 1, 2]


@pytest.mark.parametrize(
    ("priorities", "expected"),
    [
        ((2, 1, 2, 1, 3), [1, 3, 0, 2, 4]),
        ((0, -1, 1, 0, -1, 1), [1, 4, 0, 3, 2, 5]),
        ((0, 0), [0, 1]),
        ((0, 1, 0), [0, 2, 1]),
    ],
)
def test_the_least_is_the_oldest_of_the_least_urgent(
    priorities: tuple[int, ...], expected: list[int]
) -> None:
    backlog = filled(*priorities)
    assert list(iter(lambda: take_least(backlog), NOTHING)) == expected
    assert backlog.size() == 0


@pytest.mark.parametrize("seed", range(30))
def test_what_is_left_after_the_least_was_taken_is_in_order(seed: int) -> None:
    dice = random.Random(seed)
    priorities = [dice.randint(-2, 2) for _ in range(20)]
    backlog = filled(*priorities)
    for _ in range(5):
        take_least(backlog)
    left = [priorities[number] for number in map(int, map(str, taken(backlog)))]
    assert left == sorted(priorities, reverse=True)[:15]


# --- taking this very item out -----------------------------------------------------


def test_what_is_left_after_a_removal_is_in_order() -> None:
    priorities, items = (5, 0, 4, 0, 7, -3, 6), [object() for _ in range(7)]
    for gone in range(7):
        backlog = Backlog()
        for number, priority in enumerate(priorities):
            backlog.add(items[number], priority, number)
        assert backlog.remove(items[gone])
        assert taken(backlog) == [items[n] for n in (4, 6, 0, 2, 1, 3, 5) if n != gone]


@pytest.mark.parametrize("priority", [-1, 0, 1])
def test_only_the_very_item_is_removed_and_once(priority: int) -> None:
    backlog, twins = Backlog(), [object() for _ in range(3)]
    for number, twin in enumerate(twins):
        backlog.add(twin, priority, number)
    assert not backlog.remove(object())
    assert backlog.remove(twins[1])
    assert not backlog.remove(twins[1])
    assert taken(backlog) == [twins[0], twins[2]]


@pytest.mark.parametrize("priority", [-1, 0, 1])
def test_no_other_task_is_removed_in_its_place_whatever_that_says(
    priority: int,
) -> None:
    backlog, liar, task = Backlog(), Twin(int), Task(int)
    backlog.add(liar, priority, 1)
    backlog.add(task, priority, 2)
    is_removed = backlog.remove(task)  # else it is left to be skipped
    assert backlog.take() is liar
    assert backlog.take() is (NOTHING if is_removed else task)


def test_items_are_never_compared() -> None:
    backlog = Backlog()
    items = [Touchy() for _ in range(9)]
    for number, item in enumerate(items):
        backlog.add(item, number // 3 - 1, number)
    assert backlog.remove(items[7])
    assert backlog.remove(items[1])
    assert take_least(backlog) is items[0]
    assert backlog.remove_dead(lambda item: item is items[4])[0] is items[4]
    assert backlog.size() == 5
    for number in (6, 8, 3, 5, 2):
        assert backlog.take() is items[number]


def test_an_item_among_others_that_would_be_asked_is_left_to_be_skipped() -> None:
    backlog, item = Backlog(), object()
    backlog.add(Touchy(), 0, 1)
    backlog.add(item, 0, 2)
    assert not backlog.remove(item)
    assert backlog.size() == 2


def test_a_removal_begins_anew_when_the_items_change_meanwhile() -> None:
    class Changing(deque[object]):
        changes = 2

        def remove(self, item: object) -> None:
            if self.changes:
                self.changes -= 1
                raise IndexError("deque mutated during remove().")
            super().remove(item)

    backlog, items = Backlog(), [object() for _ in range(3)]
    backlog.items = Changing(items)
    assert backlog.remove(items[1])
    assert taken(backlog) == [items[0], items[2]]


# --- taking out what is dead -----------------------------------------------------


def test_who_removes_the_dead_leaves_the_others_in_their_order() -> None:
    backlog = filled(0, 2, 0, 2, -1, 2, -1)
    asked: list[object] = []

    def is_dead(item: object) -> bool:
        asked.append(item)
        return item in (0, 5, 6)

    assert sorted(map(str, backlog.remove_dead(is_dead))) == list("056")
    assert sorted(map(str, asked)) == list("0123456"), "each was asked for once"
    backlog.add(7, 0, 7)
    assert taken(backlog) == [1, 3, 2, 7, 4]
    assert backlog.remove_dead(is_dead) == []


def test_what_is_added_meanwhile_comes_after_its_equals() -> None:
    backlog = filled(0, 1, 0, -1)

    def is_dead(item: object) -> bool:
        if item == 0:
            backlog.add("new", 0, 4)
            backlog.add("new and late", -1, 5)
        return False

    assert backlog.remove_dead(is_dead) == []
    assert taken(backlog) == [1, 0, 2, "new", 3, "new and late"]


def test_all_items_count_while_they_are_looked_at_and_none_is_taken() -> None:
    backlog = filled(0, 1, 0, -1)
    seen: list[object] = []

    def is_dead(_: object) -> bool:
        seen.append((backlog.size(), backlog.take(), backlog.has_work()))
        return False

    backlog.remove_dead(is_dead)
    assert seen == [(4, NOTHING, False)] * 4
    assert taken(backlog) == [1, 0, 2, 3]


def test_a_look_for_the_dead_in_the_midst_of_another_removes_nothing() -> None:
    backlog, inner = filled(0, 0, 0), []  # type: Backlog, list[list[object]]

    def is_dead(item: object) -> bool:
        inner.append(backlog.remove_dead(lambda _: True))
        return item == 1

    assert backlog.remove_dead(is_dead) == [1]
    assert inner == [[], [], []]
    assert taken(backlog) == [0, 2]


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_a_look_for_the_dead_that_fails_loses_nothing(
    error: type[BaseException],
) -> None:
    backlog = filled(0, 1, 0, -1)

    def is_dead(item: object) -> bool:
        if item == 2:
            raise error
        return True

    with pytest.raises(error):
        backlog.remove_dead(is_dead)
    assert taken(backlog) == [1, 0, 2, 3]
    assert backlog.size() == 0


def test_who_looked_while_the_dead_were_sorted_out_is_woken() -> None:
    backlog = filled(0, 0)
    queue = ThreadSafeQueue(backlog=backlog)
    callers: list[Caller] = []

    def is_dead(item: object) -> bool:
        if not callers:
            callers.append(Caller(queue.pop, True, DEADLINE_SECONDS))
            until(lambda: len(backlog.parked) == 1)
        return item == 0

    assert backlog.remove_dead(is_dead) == [0]
    assert callers[0].result() == 1


def test_a_taken_item_is_kept_alive_by_nothing() -> None:
    class Item:
        alive = 0

        def __init__(self) -> None:
            Item.alive += 1

        def __del__(self) -> None:
            Item.alive -= 1

    backlog = Backlog()
    for number in range(12):
        backlog.add(Item(), number % 3 - 1, number)
    assert Item.alive == 12
    backlog.take()
    take_least(backlog)
    backlog.remove(backlog.get(0))
    backlog.remove(backlog.get(4))
    assert Item.alive == 8
    backlog.remove_dead(lambda _: backlog.size() > 4)
    assert Item.alive == 0
