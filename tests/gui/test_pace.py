"""What comes too soon waits; what a person did, and the newest of all, is shown."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from gui_support import running
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from pytestqt.qtbot import QtBot

from pool_gui.monitor.view.facts import Link, LinkState
from pool_gui.monitor.view.snapshot import Scope, Snapshot
from pool_gui.window.pace import LEAST_LANES_MS, MOST_LANES_MS, LanesPace, Pace
from pool_gui.wire.notes import line as said

HOURS_MS = 3_600_000


@pytest.fixture
def owner(qapp: QCoreApplication) -> Iterator[QObject]:
    made = QObject()
    yield made
    made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def paced(owner: QObject, interval_ms: int) -> tuple[Pace, list[int]]:
    pace, shown = Pace(interval_ms, owner), list[int]()
    pace.due.connect(lambda snapshot: shown.append(snapshot.number))
    return pace, shown


def numbered(number: int) -> Snapshot:
    return replace(running(2), number=number)


def test_the_first_is_shown_at_once_and_others_wait(owner: QObject) -> None:
    pace, shown = paced(owner, HOURS_MS)
    for number in (1, 2, 3):
        pace.offer(numbered(number))
    assert shown == [1]
    pace.flush()
    assert shown == [1, 3], "the newest, and none of those before"
    pace.flush()
    assert shown == [1, 3], "nothing waits any more"


def test_what_waits_is_shown_when_it_is_due(owner: QObject, qtbot: QtBot) -> None:
    pace, shown = paced(owner, 20)
    pace.offer(numbered(1))
    with qtbot.waitSignal(pace.due):
        pace.offer(numbered(2))
    assert shown == [1, 2]


@pytest.mark.parametrize(
    "change",
    [
        {"scope": Scope(2)},
        {"link": Link(LinkState.LOST, said("gone"), 1.0)},
        {"pool": None},
        {"pool": running(2, state="paused").pool},
        {"pool": running(3).pool},
        {"lanes": None},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_about_something_else_is_shown_at_once(
    owner: QObject, change: dict[str, object]
) -> None:
    pace, shown = paced(owner, HOURS_MS)
    pace.offer(numbered(1))
    pace.offer(replace(numbered(2), **change))  # type: ignore[arg-type]  # what is named
    assert shown == [1, 2]


def test_where_a_person_zooms_or_drags_the_lanes_follow_at_once(
    owner: QObject,
) -> None:
    pace, shown = paced(owner, HOURS_MS)
    first = numbered(1)
    lanes = first.lanes
    assert lanes is not None
    pace.offer(first)
    moved = replace(lanes, end_ns=lanes.end_ns + 10, begin_ns=lanes.begin_ns + 10)
    pace.offer(replace(first, number=2, lanes=moved))
    assert shown == [1], "time alone moves them when a pixel has passed"
    zoomed = replace(lanes, begin_ns=lanes.end_ns - 5_000_000_000)
    pace.offer(replace(first, number=3, lanes=zoomed))
    dragged = replace(zoomed, live=False, end_ns=zoomed.end_ns - 10)
    pace.offer(replace(first, number=4, lanes=dragged))
    assert shown == [1, 3, 4]


@pytest.mark.parametrize(
    ("seconds", "interval_ms"),
    [(1, LEAST_LANES_MS), (30, 90), (600, MOST_LANES_MS)],
)
def test_the_lanes_step_as_often_as_time_moves_them_by_a_pixel(
    owner: QObject, seconds: int, interval_ms: int
) -> None:
    pace, snapshot = LanesPace(owner), numbered(1)
    assert snapshot.lanes is not None
    begin_ns = snapshot.lanes.end_ns - seconds * 1_000_000_000
    lanes = replace(snapshot.lanes, begin_ns=begin_ns)
    pace.offer(replace(snapshot, lanes=lanes))
    assert pace.interval_ms == interval_ms
