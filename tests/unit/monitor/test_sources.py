"""A session that watches several processes."""

import signal
from collections.abc import Callable, Iterator

import psutil
import pytest
from unit.monitor.test_session import Watch

from pool_gui.monitor.view.facts import MAX_SOURCES, LinkState, SourceRow
from pool_gui.monitor.view.snapshot import Scope, Snapshot
from pool_gui.window.style.sentences import log_sentence
from pool_gui.wire.commands import Pause


@pytest.fixture
def watch() -> Iterator[Callable[[str], Watch]]:
    watches: list[Watch] = []

    def make(scenario: str) -> Watch:
        watches.append(Watch(scenario))
        return watches[-1]

    yield make
    for one in watches:
        assert one.session.close(8) == ()


def live(snapshot: Snapshot, count: int) -> bool:
    """Whether so many sources send frames, and the newest of them is in focus."""
    states = [source.link.state for source in snapshot.sources]
    return states == [LinkState.LIVE] * count and all(
        source.pool is not None for source in snapshot.sources
    )


def two(watch: Callable[[str], Watch]) -> Watch:
    one = watch("live")
    one.session.add_demo(2)
    one.until(lambda s: live(s, 1))
    one.session.add_demo(2)
    one.until(lambda s: live(s, 2))
    return one


def source(snapshot: Snapshot, number: int) -> SourceRow:
    return next(row for row in snapshot.sources if row.number == number)


def test_the_first_demo_is_the_source_that_waits_for_one(
    watch: Callable[[str], Watch],
) -> None:
    one = watch("live")
    (row,) = one.session.take().sources
    assert row.link.state is LinkState.NONE
    one.session.add_demo(2)
    snapshot = one.until(lambda s: live(s, 1))
    assert [row.number for row in snapshot.sources] == [1]


def test_two_processes_are_watched_side_by_side(watch: Callable[[str], Watch]) -> None:
    one = two(watch)
    snapshot = one.until(lambda s: len({row.source for row in s.workers}) == 2)
    assert snapshot.scope == Scope(source(snapshot, 2).key)
    assert len({row.pid for row in snapshot.sources}) == 2
    assert snapshot.lanes is not None
    assert [group.rows for group in snapshot.lanes.groups] == [1, 1]


def test_what_is_in_focus_is_spoken_of_and_commanded(
    watch: Callable[[str], Watch],
) -> None:
    one = two(watch)
    first = source(one.session.take(), 1)
    one.session.set_scope(Scope(first.key))
    snapshot = one.until(lambda s: s.scope.source == first.key and s.program)
    assert snapshot.program is not None
    assert snapshot.program.pid == first.pid
    one.session.send(Pause())
    one.until(lambda s: any(log_sentence(line) == "pause is done." for line in s.log))
    one.session.send(Pause(), Scope(source(one.session.take(), 2).key))
    one.until(
        lambda s: any(log_sentence(line) == "Demo 2: pause is done." for line in s.log)
    )


def test_a_lost_source_stays_beside_one_that_runs_until_it_is_removed(
    watch: Callable[[str], Watch],
) -> None:
    one = two(watch)
    second = source(one.session.take(), 2)
    assert second.pid is not None
    psutil.Process(second.pid).send_signal(signal.SIGKILL)
    snapshot = one.until(lambda s: source(s, 2).link.state is LinkState.LOST)
    assert source(snapshot, 1).link.state is LinkState.LIVE
    assert any(
        "Demo 2: The pool process" in log_sentence(line) for line in snapshot.log
    )
    assert {row.source for row in snapshot.workers} == {1, 2}, "its history stays"
    before = source(snapshot, 1).pool
    assert before is not None
    one.until(lambda s: (p := source(s, 1).pool) and p.counts.done > before.counts.done)
    one.session.remove(second.key)
    snapshot = one.until(lambda s: len(s.sources) == 1)
    assert snapshot.scope == Scope(source(snapshot, 1).key)


def test_the_last_source_that_is_removed_leaves_room_for_a_new_one(
    watch: Callable[[str], Watch],
) -> None:
    one = watch("live")
    one.session.add_demo(2)
    snapshot = one.until(lambda s: live(s, 1))
    one.session.remove(snapshot.scope.source)
    snapshot = one.until(lambda s: s.link.state is LinkState.NONE)
    assert one.children() == set()
    one.session.add_demo(2)
    one.until(lambda s: live(s, 1))


def test_there_are_no_more_sources_than_may_be(watch: Callable[[str], Watch]) -> None:
    one = watch("mute")
    for _ in range(MAX_SOURCES + 1):
        one.session.add_demo(1)
    snapshot = one.until(lambda s: len(s.sources) == MAX_SOURCES)
    one.until(lambda s: s.log and "remove one first" in log_sentence(s.log[-1]))
    for row in snapshot.sources:
        one.session.remove(row.key)
    one.until(lambda s: len(s.sources) == 1)
