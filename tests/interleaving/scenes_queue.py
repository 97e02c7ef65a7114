"""Scenes: the queue alone, without a pool."""

from __future__ import annotations

import queue
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from interleaving.stage import LIMIT_SECONDS, Stage, scene

from pool_gui import ThreadSafeQueue

if TYPE_CHECKING:
    from collections.abc import Callable

    Call = Callable[[], list[object]]

END = -1


def rest(items: ThreadSafeQueue) -> list[object]:
    """Return what is left in a queue that nobody else uses."""
    return [items.pop(block=False) for _ in range(items.size())]


@scene()
def queue_gives_each_once(stage: Stage) -> None:
    """To those who wait for ever."""
    items = ThreadSafeQueue()

    def put(first: int) -> list[object]:
        for number in range(first, first + 8):
            items.put(number)
        items.batch_put(range(first + 8, first + 12))
        return []

    def pop() -> list[object]:
        found = []
        while (item := items.pop(timeout=LIMIT_SECONDS)) != END:
            found.append(item)
        items.put(END)  # for the next one
        return found

    poppers = [stage.go(pop) for _ in range(3)]
    stage.race(*[partial(put, first) for first in (0, 12, 24)])
    items.put(END)
    found = [one for some in stage.answers(poppers) for one in some]
    assert sorted(map(str, found)) == sorted(map(str, range(36)))
    assert items.pop(block=False) == END


@scene()
def queue_one_at_a_time(stage: Stage) -> None:
    """Two threads pass a ball: every wake-up counts."""
    there, back = ThreadSafeQueue(), ThreadSafeQueue()

    def play(mine: ThreadSafeQueue, others: ThreadSafeQueue) -> None:
        for number in range(20):
            with stage.soon("the ball"):
                assert mine.pop(timeout=LIMIT_SECONDS) == number
            others.put(number)

    there.put(0)

    def serve() -> None:
        for number in range(20):
            with stage.soon("the ball back"):
                assert back.pop(timeout=LIMIT_SECONDS) == number
            there.put(number + 1)

    stage.race(partial(play, there, back), serve)


@scene()
def queue_wakes_one_for_each_item(stage: Stage) -> None:
    """As many sleep as items come, one after the other: all wake."""
    items = ThreadSafeQueue()
    pop = partial(items.pop, timeout=LIMIT_SECONDS)
    for _ in range(5):
        poppers = [stage.go(pop) for _ in range(3)]
        for number in range(3):
            items.put(number)
        assert sorted(map(str, stage.answers(poppers))) == ["0", "1", "2"]


@scene()
def queue_waits_that_give_up(stage: Stage) -> None:
    """Who gives up takes neither an item nor a wake-up."""
    items = ThreadSafeQueue()

    def pop_impatiently() -> list[object]:
        found = []
        for _ in range(12):
            with suppress(queue.Empty):
                found.append(items.pop(timeout=stage.any_of(0.0, 1e-6, 1e-4)))
        return found

    def pop() -> list[object]:
        with stage.soon("items"):
            return [items.pop(timeout=LIMIT_SECONDS) for _ in range(6)]

    def put() -> list[object]:
        for number in range(36):  # twelve to each who gives up, and six to others
            items.put(number)
        return []

    calls = [pop_impatiently, pop_impatiently, pop, pop, put]
    found = [one for some in stage.race(*calls) for one in some]
    left = rest(items)
    assert sorted(map(str, found + left)) == sorted(map(str, range(36)))


@scene()
def queue_looked_at(stage: Stage) -> None:
    """Who looks at what is queued takes nothing, and never sees what was popped."""
    items = ThreadSafeQueue()

    def put() -> list[object]:
        for number in range(24):
            items.put(number)
        return []

    def pop() -> list[object]:
        found = []
        for _ in range(12):
            with suppress(queue.Empty):
                found.append(items.pop(block=False))
        return found

    def look() -> list[object]:
        for _ in range(12):
            assert 0 <= items.size() <= 24
        return []

    found = [one for some in stage.race(put, pop, pop, look) for one in some]
    assert sorted(map(str, found + rest(items))) == sorted(map(str, range(24)))


def passed_through(
    stage: Stage, items: ThreadSafeQueue, *puts: Call
) -> tuple[list[object], list[object]]:
    """Let two threads pop all that others put; return it, and what the puts return."""

    def pop() -> list[object]:
        found = []
        while (item := items.pop(timeout=LIMIT_SECONDS)) != END:
            found.append(item)
        return found

    poppers = [stage.go(pop) for _ in range(2)]
    refused = [one for some in stage.race(*puts) for one in some]
    for _ in poppers:
        items.put(END, timeout=LIMIT_SECONDS)
    return [one for some in stage.answers(poppers) for one in some], refused


@scene()
def queue_with_bounds(stage: Stage) -> None:
    """Who puts waits for room, or gives up; who pops makes room."""
    items = ThreadSafeQueue(stage.any_of(1, 2, 3))

    def put(first: int) -> list[object]:
        for number in range(first, first + 6):
            items.put(number, timeout=LIMIT_SECONDS)
        return []

    def put_impatiently() -> list[object]:
        refused: list[object] = []
        for number in range(12, 18):
            try:
                items.put(number, timeout=stage.any_of(0.0, 1e-5))
            except queue.Full:
                refused.append(number)
        return refused

    puts: list[Call] = [partial(put, 0), partial(put, 6), put_impatiently]
    found, refused = passed_through(stage, items, *puts)
    assert sorted(map(str, found + refused)) == sorted(map(str, range(18)))
    assert not items.size()


@scene()
def queue_wakes_one_for_each_room(stage: Stage) -> None:
    """As many wait for room as items are popped, one after the other: all wake."""
    items = ThreadSafeQueue(3)
    items.batch_put(range(3))
    put = partial(items.put, 3, timeout=LIMIT_SECONDS)
    for _ in range(5):
        putters = [stage.go(put) for _ in range(3)]
        for _ in range(3):
            items.pop(timeout=LIMIT_SECONDS)
        stage.answers(putters)
    assert rest(items) == [3, 3, 3]


@scene()
def queue_batches_within_bounds(stage: Stage) -> None:
    """A batch is put as a whole, or not at all."""
    items = ThreadSafeQueue(4)

    def put(first: int) -> list[object]:
        for start in range(first, first + 9, 3):
            items.batch_put(range(start, start + 3), timeout=LIMIT_SECONDS)
        return []

    def put_impatiently() -> list[object]:
        refused: list[object] = []
        for start in range(18, 27, 3):
            try:
                items.batch_put(range(start, start + 3), timeout=0.0)
            except queue.Full:
                refused.extend(range(start, start + 3))
        return refused

    puts: list[Call] = [partial(put, 0), partial(put, 9), put_impatiently]
    found, refused = passed_through(stage, items, *puts)
    assert sorted(map(str, found + refused)) == sorted(map(str, range(27)))
    assert not items.size()
