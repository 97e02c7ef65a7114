"""How long stacks stand, and which are equal."""

import pytest
from unit.monitor.feed import BEGIN, SECOND, Feed, worker_row

from pool_gui.monitor.model.stacks import StackBook
from pool_gui.wire.errors import MalformedMessageError
from pool_gui.wire.messages import Stacks

LINES = [
    ("app.wait", "app.py", 7),
    ("app.run", "app.py", 20),
    ("app.run", "app.py", 21),
]


@pytest.fixture
def feed() -> Feed:
    made = Feed()
    made.tell(100, [worker_row(1, task=5), worker_row(2)])
    return made


def told(seconds: float, *stacks: tuple[list[int], list[int]]) -> Stacks:
    return Stacks(BEGIN + round(seconds * SECOND), LINES, list(stacks))


def book(feed: Feed, *messages: Stacks) -> StackBook:
    for message in messages:
        feed.history.fold_stacks(message, message.now_ns - BEGIN)
    return feed.history.stacks


def test_a_stack_stands_since_it_was_first_seen_so(feed: Feed) -> None:
    same = [1], [0, 1]
    stacks = book(feed, *(told(at, same) for at in (0.2, 0.7, 1.2)))
    key = feed.history.workers.living[0].key
    place = stacks.of(key)
    assert place is not None
    assert [line.line for line in place.lines] == [7, 20]
    assert place.seen_ns - place.since_ns == SECOND
    place = book(feed, told(1.7, ([1], [0, 2]))).of(key)
    assert place is not None
    assert place.seen_ns == place.since_ns


def test_the_same_line_in_another_task_is_news(feed: Feed) -> None:
    same = [1], [0, 1]
    book(feed, told(0.2, same), told(0.7, same))
    feed.tell(1000, [worker_row(1, task=6, since=feed.at(900)), worker_row(2)])
    place = book(feed, told(1.2, same)).of(feed.history.workers.living[0].key)
    assert place is not None
    assert place.seen_ns == place.since_ns


def test_what_was_not_looked_at_for_long_may_have_moved(feed: Feed) -> None:
    same = [1], [0, 1]
    stacks = book(feed, told(0.2, same), told(60.0, same))
    place = stacks.of(feed.history.workers.living[0].key)
    assert place is not None
    assert place.seen_ns == place.since_ns


def test_of_a_process_that_falls_silent_the_last_stack_is_known(feed: Feed) -> None:
    stacks = book(feed, told(0.2, ([1, 2], [0])), told(0.7, ([2], [0])))
    assert all(stacks.of(worker.key) for worker in feed.history.workers.living)
    feed.greet()  # another process
    assert not any(stacks.of(worker.key) for worker in feed.history.workers)


def test_a_worker_that_was_never_named_is_refused(feed: Feed) -> None:
    with pytest.raises(MalformedMessageError, match="never named"):
        book(feed, told(0.2, ([9], [0])))


def test_stacks_of_the_future_are_refused(feed: Feed) -> None:
    with pytest.raises(MalformedMessageError, match="ahead of time"):
        feed.history.fold_stacks(told(60.0, ([1], [0])), 1)


@pytest.mark.parametrize(
    "stacks", [[([1], [3])], [([1], [0]), ([1], [1])], [([0], [0])], [([1], [-1])]]
)
def test_stacks_that_cannot_be_are_refused(
    stacks: list[tuple[list[int], list[int]]],
) -> None:
    with pytest.raises(ValueError, match="stacks"):
        Stacks(BEGIN, LINES, stacks)
