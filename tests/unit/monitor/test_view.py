import math

import pytest
from unit.monitor import feed
from unit.monitor.feed import BUSY, Feed, worker_row

from pool_gui.monitor.log import Log
from pool_gui.monitor.model.usage import UNKNOWN_USE
from pool_gui.monitor.view.facts import Link, LinkState
from pool_gui.monitor.view.maker import Moment, SnapshotMaker, Watched
from pool_gui.monitor.view.snapshot import Scope, Snapshot
from pool_gui.monitor.view.viewport import Viewport
from pool_gui.wire.notes import line as said


class Viewer:
    """Makes snapshots of a feed; times in ms since hello."""

    def __init__(self) -> None:
        self.told = Feed()
        self.log = Log()
        self.maker = SnapshotMaker(self.log)

    def look(
        self,
        ms: float,
        received: float | None = None,
        state: LinkState = LinkState.LIVE,
    ) -> Snapshot:
        received_ns = None if received is None else round(received * feed.MS)
        moment = Moment(
            clock_ns=round(ms * feed.MS),
            received_ns=received_ns,
            link=Link(state, said(""), math.nan),
            process=UNKNOWN_USE,
            monitor=UNKNOWN_USE,
            viewport=Viewport(),
        )
        return self.maker.make([Watched(1, 1, self.told.history, moment)], Scope(1))


@pytest.fixture
def viewer() -> Viewer:
    return Viewer()


def test_time_goes_on_when_no_frame_comes_but_not_at_once(viewer: Viewer) -> None:
    told = viewer.told
    told.tell(0, [worker_row(1), worker_row(2)])
    for clock, moved in ((0, 0), (400, 0), (1500, 1000)):
        lanes = viewer.look(clock, received=0).lanes
        assert lanes is not None
        assert lanes.now_ns == told.at(moved)


def test_time_stands_still_after_the_end(viewer: Viewer) -> None:
    viewer.told.tell(0, [worker_row(1), worker_row(2)])
    viewer.told.history.end()
    lanes = viewer.look(9000, received=0, state=LinkState.LOST).lanes
    assert lanes is not None
    assert lanes.now_ns == viewer.told.at(0)


def test_a_snapshot_is_quiet_when_it_shows_what_the_last_one_did(
    viewer: Viewer,
) -> None:
    rows = [worker_row(1), worker_row(2)]
    viewer.told.tell(0, rows)
    looks = [viewer.look(0, received=0).quiet]
    viewer.told.tell(30, rows)
    looks.append(viewer.look(30, received=30).quiet)
    viewer.log.add("pool", "info", said("news"))
    looks.append(viewer.look(60, received=30).quiet)
    looks.append(viewer.look(90, received=30).quiet)
    looks.append(viewer.look(120, received=30, state=LinkState.SILENT).quiet)
    assert looks == [False, True, False, True, False]


def test_a_running_task_is_never_quiet(viewer: Viewer) -> None:
    told = viewer.told
    running = worker_row(1, state=BUSY, task=3, since=told.at(0), function=1)
    for ms in (0, 30, 60):
        told.tell(ms, [running, worker_row(2)])
        assert not viewer.look(ms, received=ms).quiet


def test_a_lost_process_has_no_running_task_in_its_first_snapshot(
    viewer: Viewer,
) -> None:
    told = viewer.told
    running = worker_row(1, state=BUSY, task=3, since=told.at(0), function=1)
    told.tell(10, [running, worker_row(2)])
    assert viewer.look(10, received=10).tasks[0].state == "running"
    told.history.end()
    lost = viewer.look(11, received=10, state=LinkState.LOST)
    assert [task.state for task in lost.tasks] == ["ended"]


def test_costly_tables_are_made_four_times_a_second_at_the_most(
    viewer: Viewer,
) -> None:
    rows = [worker_row(1), worker_row(2)]
    viewer.told.tell(0, rows)
    before = viewer.look(0, received=0).tasks
    for ms in range(30, 240, 30):
        span = feed.span_row(1, ms, viewer.told.at(ms - 5), viewer.told.at(ms))
        viewer.told.tell(ms, rows, [span])
        assert viewer.look(ms, received=ms).tasks is before
    assert len(viewer.look(260, received=240).tasks) == 7


def test_rates_are_of_the_last_second_and_unknown_before_there_is_any(
    viewer: Viewer,
) -> None:
    empty = viewer.look(0)
    assert math.isnan(empty.frames_per_second)
    assert math.isnan(empty.agent_cpu_share)
    assert math.isnan(empty.uptime_seconds)
    for step in range(1, 21):
        viewer.told.tell(step * 100, agent_cpu_ns=step * feed.MS)
    snapshot = viewer.look(2000, received=2000)
    assert snapshot.frames_per_second == pytest.approx(10, abs=1)
    assert snapshot.agent_cpu_share == pytest.approx(0.01)
    assert snapshot.uptime_seconds == pytest.approx(1.9)
