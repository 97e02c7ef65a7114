"""Another kind of source, which model and window know nothing of: it plays a list."""

import math
from collections.abc import Callable, Iterator

import pytest
from unit.monitor import feed
from unit.monitor.feed import span_row, worker_row
from unit.monitor.test_session import Watch

from pool_gui.monitor.log import LineSink
from pool_gui.monitor.source.base import Clock, Ending, Peer, SourceKind
from pool_gui.monitor.source.child import LaunchError
from pool_gui.monitor.source.messages import Message
from pool_gui.monitor.view.facts import LinkState
from pool_gui.monitor.view.snapshot import Scope, Snapshot
from pool_gui.window.style.sentences import sentence
from pool_gui.wire.commands import Command, Pause
from pool_gui.wire.notes import Note
from pool_gui.wire.notes import line as said


class ListPeer:
    """Says what stands in a list, then that it has come to its end."""

    pid = None

    def __init__(self, messages: list[Message], clock: Clock) -> None:
        self._left = messages
        self._clock = clock
        self.greeted = False
        self.ending: Ending | None = None
        self.closed = False

    @property
    def playback(self) -> None:
        """It is none of the window's own recordings."""

    def age_ns(self, received_ns: int) -> int:
        return self._clock() - received_ns

    def poll(self) -> list[tuple[int, Message]]:
        if not self._left:
            self.ending = Ending(said("The list is at its end."), None, by_itself=True)
            return []
        self.greeted = True
        return [(self._clock(), self._left.pop(0))]

    def send(self, command: Command, pool: int = 0) -> bool:
        raise AssertionError((command, pool))

    def fail(self, why: Note) -> None:
        self.ending = Ending(why, None, by_itself=False)

    def close(self, deadline_seconds: float) -> tuple[str, ...]:
        assert deadline_seconds > 0
        self.closed = True
        return ()


def told(clock_ns: int) -> list[Message]:
    """Return what a program said: it has one pool with two workers, which ran tasks."""
    workers = [worker_row(1, done=1), worker_row(2, done=1)]
    first = feed.frame(
        1,
        clock_ns,
        [worker_row(1), worker_row(2)],
        new_workers=[(1, "w1"), (2, "w2")],
        new_functions=[(1, "app.fetch")],
    )
    spans = [span_row(n, n, clock_ns, clock_ns + 10) for n in (1, 2)]
    pools = [feed.pool(done=2, submitted=2, started=2, name="recorded")]
    second = feed.frame(2, clock_ns + 100, workers, spans, pools=pools)
    hello = feed.hello(clock_ns=clock_ns)
    return [feed.message(hello), feed.message(*first), feed.message(*second)]


class Played:
    """A kind of source that plays a list; it remembers what it opened."""

    def __init__(self, make: Callable[[int], list[Message]] = told) -> None:
        self.peers: list[ListPeer] = []
        self._make = make
        self.kind = SourceKind("list", is_driven=False, open=self._open)

    def _open(self, _log: LineSink, clock: Clock, _wake: Callable[[], None]) -> Peer:
        self.peers.append(ListPeer(self._make(clock()), clock))
        return self.peers[-1]


@pytest.fixture
def watch() -> Iterator[Watch]:
    one = Watch("live")
    yield one
    assert one.session.close(8) == ()


def by_kind(snapshot: Snapshot) -> dict[str, LinkState]:
    return {row.kind: row.link.state for row in snapshot.sources}


def test_a_list_is_watched_as_a_process_is(watch: Watch) -> None:
    played = Played()
    watch.session.add_source(played.kind)
    snapshot = watch.until(lambda s: sentence(s.link.note) == "The list is at its end.")
    row = snapshot.sources[-1]
    assert (row.kind, row.is_driven, row.pid) == ("list", False, 4711)
    assert [(pool.name, pool.counts.done) for pool in row.pools] == [("recorded", 2)]
    assert [worker.name for worker in snapshot.roster] == ["w1", "w2"]
    assert [function.name for function in snapshot.functions] == ["app.fetch"]
    assert {task.task for task in snapshot.tasks} == {1, 2}
    assert math.isnan(snapshot.process.cpu_share), "no process of ours is known"


def test_a_list_stands_beside_a_process_and_takes_no_commands(watch: Watch) -> None:
    watch.session.launch_pool(2)
    watch.until_state(LinkState.LIVE)
    played = Played()
    watch.session.add_source(played.kind)
    snapshot = watch.until(lambda s: by_kind(s).get("list") is LinkState.LOST)
    assert by_kind(snapshot)["demo"] is LinkState.LIVE
    watch.session.set_scope(Scope())
    watch.session.send(Pause())
    watch.until_line("pause is done.")
    watch.session.remove(snapshot.sources[-1].key)
    watch.until(lambda s: "list" not in by_kind(s))
    watch.until(lambda _: played.peers[0].closed)


def test_a_list_that_does_not_fit_the_model_is_ended_and_named(watch: Watch) -> None:
    played = Played(lambda clock_ns: list(reversed(told(clock_ns))))
    watch.session.add_source(played.kind)
    snapshot = watch.until(lambda s: by_kind(s).get("list") is LinkState.LOST)
    assert "before hello" in sentence(snapshot.link.note)


def test_what_cannot_be_opened_says_why(watch: Watch) -> None:
    def broken(_log: LineSink, _clock: Clock, _wake: Callable[[], None]) -> Peer:
        raise LaunchError("line", text="The list cannot be read.")

    watch.session.add_source(SourceKind("list", is_driven=False, open=broken))
    watch.until(lambda s: sentence(s.link.note) == "The list cannot be read.")
