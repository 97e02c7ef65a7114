"""A recording of the real pool process shows what was seen while it was made."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pool_gui.monitor.session import Session
from pool_gui.monitor.source.base import Playing
from pool_gui.monitor.source.child import pool_process
from pool_gui.monitor.source.recorded import recorded
from pool_gui.monitor.states import State
from pool_gui.monitor.view.facts import LinkState, Playback
from pool_gui.monitor.view.snapshot import Scope, Snapshot
from pool_gui.window.style.sentences import log_sentence
from pool_gui.wire.commands import Arrival, Batch, Drain, Submit

SECONDS = 30.0


class Watch:
    """A session, and what it shows."""

    def __init__(self) -> None:
        self._news = threading.Semaphore(0)
        self.session = Session(pool_process(), notify=self._news.release)
        self.session.start()

    def until(self, claim: Callable[[Snapshot], object]) -> Snapshot:
        deadline = time.monotonic() + SECONDS
        while True:
            snapshot = self.session.take()
            if claim(snapshot):
                return snapshot
            assert time.monotonic() < deadline, [*map(log_sentence, snapshot.log)]
            self._news.acquire(timeout=0.5)


@pytest.fixture
def watch() -> Iterator[Watch]:
    one = Watch()
    yield one
    assert one.session.close(8) == ()


def _counts(snapshot: Snapshot) -> tuple[int, int]:
    pool = snapshot.pool
    return (0, 0) if pool is None else (pool.counts.done, pool.counts.failed)


def _shown(playback: Playback | None) -> bool:
    return playback is not None and playback.position_seconds > 0


def _record(watch: Watch, path: Path) -> Snapshot:
    """Record 200 tasks to their end; return what was seen then."""
    session = watch.session
    session.launch_pool(3)
    watch.until(lambda s: s.link.state is LinkState.LIVE and s.pool)
    session.send(Batch("sleep", {"milliseconds": 1}, 20, 1))
    watch.until(lambda s: _counts(s) == (20, 0))
    session.record(1, path)
    session.send(Batch("flaky", {"milliseconds": 4, "percent": 20}, 200, 5))
    watch.until(lambda s: (r := s.sources[0].recording) and r.seconds > 1.2)
    before = watch.until(lambda s: sum(_counts(s)) == 220 and len(s.tasks) == 220)
    session.end_recording(1)
    watch.until(lambda s: "Recorded " in log_sentence(s.log[-1]))
    return before


def test_what_was_recorded_is_seen_again(watch: Watch, tmp_path: Path) -> None:
    path = tmp_path / "a.pgrec"
    before = _record(watch, path)
    assert watch.session.take().sources[0].recording is None
    watch.session.add_source(recorded(path))
    again = watch.until(
        lambda s: s.scope.source == 2 and sum(_counts(s)) == 220 and len(s.tasks) >= 200
    )
    assert _counts(again) == _counts(before)
    assert [row.name for row in again.roster] == [row.name for row in before.roster]
    # Of what ended before, the counts are known and the details are not.
    seen = {(t.task, t.state, t.error, round(t.run_seconds, 9)) for t in again.tasks}
    told = {(t.task, t.state, t.error, round(t.run_seconds, 9)) for t in before.tasks}
    assert seen <= told
    assert len(seen) == 200
    assert again.functions[0].name == "pool_gui.demo.tasks.flaky_call"
    row = again.sources[-1]
    assert (row.kind, row.is_driven) == ("recording", False)
    assert row.playback is not None
    assert row.playback.position_seconds == row.playback.length_seconds > 0
    assert abs(row.playback.began_wall_seconds - time.time()) < 600
    watch.session.send(Drain(), Scope(1))
    watch.until(lambda s: s.sources[0].pools[0].state == "stopped")


def test_a_recording_goes_on_over_a_restart(watch: Watch, tmp_path: Path) -> None:
    session, path = watch.session, tmp_path / "a.pgrec"
    session.launch_pool(2)
    watch.until(lambda s: s.link.state is LinkState.LIVE and s.pool)
    session.record(1, path)
    session.restart(3, 1)
    watch.until(lambda s: s.pool and s.pool.size == 3 and s.pool.alive == 3)
    watch.until(lambda s: (r := s.sources[0].recording) and r.seconds > 1)
    session.end_recording(1)
    lines = len(watch.until(lambda s: "Recorded " in log_sentence(s.log[-1])).log)
    session.add_source(recorded(path))
    again = watch.until(lambda s: s.scope.source == 2 and s.pool and s.pool.alive == 3)
    assert [row.gone for row in again.roster].count(False) == 3
    assert len(again.log) == lines, "what happened once is not told again"


def test_states_are_recorded_with_the_tasks(watch: Watch, tmp_path: Path) -> None:
    session, path = watch.session, tmp_path / "a.pgrec"
    session.launch_pool(2, (Submit("sleep", {}, Arrival.IN_FLIGHT, 1, 2, 0, 1),))
    watch.until(lambda s: s.sampling.source and s.pool and s.pool.counts.done > 5)
    session.record(1, path)
    watch.until(lambda s: (r := s.sources[0].recording) and r.seconds > 2)
    session.end_recording(1)
    session.add_source(recorded(path))
    again = watch.until(
        lambda s: s.scope.source == 2 and any(row.shares for row in s.workers)
    )
    rows = [row for row in again.roster if row.source == 2 and row.shares]
    assert len(rows) == 2
    for row in rows:
        assert row.shares[State.SLEEP] > 0.6
    assert again.sampling.source == "procfs"


def test_a_recording_is_played_from_any_place_at_any_speed(
    watch: Watch, tmp_path: Path
) -> None:
    path = tmp_path / "a.pgrec"
    _record(watch, path)
    session = watch.session
    session.add_source(recorded(path, Playing(0.0)))
    first = watch.until(lambda s: s.scope.source == 2 and s.pool is not None)
    assert sum(_counts(first)) < 220
    playback = first.sources[-1].playback
    assert playback is not None
    assert (playback.position_seconds, playback.is_playing) == (0.0, False)
    session.play(2, Playing(None, speed=50.0, is_playing=True))
    over = watch.until(lambda s: s.scope.source == 2 and sum(_counts(s)) == 220)
    assert over.pool is not None
    last = watch.until(lambda s: (p := s.sources[-1].playback) and not p.is_playing)
    assert _shown(last.sources[-1].playback)
    session.play(2, Playing(0.0))
    back = watch.until(lambda s: s.pool is not None and sum(_counts(s)) < 220)
    assert back.scope == Scope(2)
    session.play(2, Playing(math.inf))
    watch.until(lambda s: sum(_counts(s)) == 220)


def test_what_cannot_be_opened_is_said(watch: Watch, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("dear diary")
    watch.session.add_source(recorded(path))
    lost = watch.until(lambda s: s.link.state is LinkState.LOST)
    assert log_sentence(lost.log[-1]) == f"{path} is no recording of pool_gui."
    watch.session.record(1, tmp_path / "absent" / "a.pgrec")
    watch.until(lambda s: "nothing to record" in log_sentence(s.log[-1]))


def test_a_file_that_is_cut_off_is_shown_up_to_there(
    watch: Watch, tmp_path: Path
) -> None:
    path = tmp_path / "a.pgrec"
    _record(watch, path)
    path.write_bytes(path.read_bytes()[:-20])
    watch.session.add_source(recorded(path))
    watch.until(lambda s: any("cut off" in log_sentence(line) for line in s.log))
    shown = watch.until(lambda s: s.scope.source == 2 and s.pool is not None)
    row = shown.sources[-1]
    assert row.link.state is LinkState.LIVE
    assert row.playback is not None
    assert row.playback.is_damaged
