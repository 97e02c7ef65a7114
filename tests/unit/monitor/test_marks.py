"""What the time axes mark, and what resizes show."""

import pytest
from unit.monitor.feed import Feed, pool

from pool_gui.monitor.findings.keeper import Finding
from pool_gui.monitor.findings.rule import Level
from pool_gui.monitor.marks import Mark, MarkBook

MS = 1_000_000


class Played:
    """A book that follows a pool, of which the test says what it does."""

    def __init__(self) -> None:
        self.feed, self.book = Feed(), MarkBook()
        self.ms, self.finished = 0.0, 0.0
        self.measured: list[Mark] = []

    def run(
        self, seconds: float, size: int, rate: float, state: str = "running"
    ) -> None:
        """Let time go, in frames of 100 ms."""
        for _ in range(round(seconds * 10)):
            self.ms += 100
            self.finished += rate / 10
            done = round(self.finished)
            told = pool(size=size, state=state, submitted=done, started=done, done=done)
            self.feed.tell(self.ms, pools=[told])
            shown = self.feed.history.pools.shown
            self.measured += self.book.follow(shown, self.feed.history.now_ns)

    @property
    def key(self) -> int:
        return self.feed.history.pools.shown[0].key

    def kinds(self) -> list[str]:
        return [mark.kind for mark in self.book.marks]


@pytest.fixture
def played() -> Played:
    return Played()


def test_a_resize_is_an_experiment_whose_result_is_written_down(played: Played) -> None:
    played.run(12, 4, 136)
    played.run(12, 8, 128)
    (mark,) = played.measured
    assert mark.kind == "resized"
    assert (mark.values["before"], mark.values["after"]) == (4, 8)
    assert mark.values["rate_before"] == pytest.approx(136, rel=0.01)
    assert mark.values["rate_after"] == pytest.approx(128, rel=0.01)
    rates = played.book.rates(played.key)
    assert rates == pytest.approx({4: 136, 8: 128}, rel=0.01)


def test_a_size_that_was_left_at_once_shows_nothing(played: Played) -> None:
    played.run(12, 4, 100)
    played.run(3, 8, 50)
    played.run(12, 2, 70)
    (mark,) = played.measured
    assert (mark.values["before"], mark.values["after"]) == (8, 2)
    first = played.book.marks[0]
    assert "rate_after" not in first.values


def test_steps_of_one_hand_are_one_resize(played: Played) -> None:
    played.run(12, 4, 100)
    for size in (5, 6, 7):
        played.run(0.2, size, 100)
    played.run(12, 8, 100)
    (mark,) = played.measured
    assert (mark.values["before"], mark.values["after"]) == (4, 8)
    assert played.kinds() == ["resized"]


def test_a_pause_is_marked_and_counts_for_no_size(played: Played) -> None:
    played.run(12, 4, 100)
    played.run(1, 8, 100)
    played.run(5, 8, 0, "paused")
    played.run(12, 8, 100)
    assert played.kinds() == ["resized", "paused", "resumed"]
    assert played.measured[0].values["rate_after"] == pytest.approx(100, rel=0.01)


def test_a_finding_is_marked_each_time_it_comes(played: Played) -> None:
    played.run(1, 4, 100)
    first = Finding("starved", Level.WARNING, 5 * MS, 6 * MS, {})
    for _ in range(3):
        played.book.note(played.key, [first])
    first.active = False
    played.book.note(played.key, [first])
    for ms in (9, 40_000):  # too soon to be of interest, and later
        again = Finding("starved", Level.WARNING, ms * MS, ms * MS, {})
        played.book.note(played.key, [again])
    assert [mark.time_ns for mark in played.book.marks] == [5 * MS, 40_000 * MS]
    assert played.book.marks[0].values == {"rule": "starved", "level": "warning"}


def test_marks_and_sizes_do_not_grow_without_bound(played: Played) -> None:
    played.run(1, 1, 10)
    for number in range(400):
        when_ns = number * 31_000 * MS
        came = Finding("starved", Level.WARNING, when_ns, when_ns, {})
        played.book.note(played.key, [came])
    assert len(played.book.marks) == 300
    for size in range(2, 30):
        played.run(3, size, 10)
    assert len(played.book.rates(played.key)) <= 16
