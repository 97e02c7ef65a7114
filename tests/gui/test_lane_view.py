from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from window_support import NOW_NS, Scene

from pool_gui.monitor.view.snapshot import Lanes
from pool_gui.monitor.view.viewport import Viewport
from pool_gui.window.controller import Selection
from pool_gui.window.lanes.view import LaneView
from pool_gui.window.style.theme import Theme

HOSTILE = "<img src=x onerror=alert(1)>" + "\N{RIGHT-TO-LEFT OVERRIDE}" + "x" * 200


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    made = Theme(qapp, "light")
    yield made
    made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def view(theme: Theme, qtbot: QtBot) -> LaneView:
    made = LaneView(theme)
    qtbot.addWidget(made)
    made.resize(900, 8 * 28 + 18)
    made.show()
    qtbot.waitExposed(made)
    made.follow(Viewport(30.0, None, 600))
    made.show_snapshot(Scene().snapshot())
    return made


def place(view: LaneView, share: float, row: int) -> QPoint:
    track = view._track()
    x = track.left() + round(track.width() * share)
    return QPoint(x, row * view._layout.lane_pixels + view._layout.lane_pixels // 2)


def lanes(view: LaneView) -> Lanes:
    found = view._lanes()
    assert found is not None
    return found


def busy_place(view: LaneView) -> tuple[QPoint, int, int]:
    """Return a point on a task, its row, and its place in the table of spans."""
    owner = lanes(view).owner
    for pixel in range(owner.shape[1] // 2, owner.shape[1]):
        if owner[2, pixel] >= 0 and owner[2, pixel] == owner[2, min(pixel + 3, 599)]:
            share = (pixel + 1.5) / owner.shape[1]
            return place(view, share, 2), 2, int(owner[2, pixel])
    raise AssertionError("the scene has no wide task")


def turn(view: LaneView, at: QPoint, notches: int) -> None:
    event = QWheelEvent(
        QPointF(at),
        QPointF(view.viewport().mapToGlobal(at)),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), event)


def test_a_click_on_a_task_selects_it_with_its_worker(
    view: LaneView, qtbot: QtBot
) -> None:
    at, row, span = busy_place(view)
    with qtbot.waitSignal(view.selected) as selected:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    task = int(lanes(view).spans.task[span])
    assert selected.args == [Selection(row + 1, task)]


def test_a_click_on_a_name_selects_the_worker_alone(
    view: LaneView, qtbot: QtBot
) -> None:
    at = QPoint(8, place(view, 0.5, 4).y())
    with qtbot.waitSignal(view.selected) as selected:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert selected.args == [Selection(5, 0)]


def test_a_click_below_the_lanes_selects_nothing(view: LaneView, qtbot: QtBot) -> None:
    at = QPoint(300, view.viewport().height() - 5)
    with qtbot.waitSignal(view.selected) as selected:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert selected.args == [Selection()]


def test_a_drag_pans_back_and_selects_nothing(view: LaneView, qtbot: QtBot) -> None:
    chosen: list[Selection] = []
    wanted: list[Viewport] = []
    view.selected.connect(chosen.append)
    view.viewport_wanted.connect(wanted.append)
    start = place(view, 0.4, 3)
    left = Qt.MouseButton.LeftButton
    qtbot.mousePress(view.viewport(), left, pos=start)
    qtbot.mouseMove(view.viewport(), start + QPoint(60, 0))
    qtbot.mouseRelease(view.viewport(), left, pos=start + QPoint(60, 0))
    assert chosen == []
    moved_ns = round(60 * 30e9 / view._track().width())
    assert wanted[-1].end_ns == NOW_NS - moved_ns


def test_a_drag_to_the_left_of_now_stays_live(view: LaneView, qtbot: QtBot) -> None:
    wanted: list[Viewport] = []
    view.viewport_wanted.connect(wanted.append)
    start = place(view, 0.6, 3)
    left = Qt.MouseButton.LeftButton
    qtbot.mousePress(view.viewport(), left, pos=start)
    qtbot.mouseMove(view.viewport(), start - QPoint(60, 0))
    qtbot.mouseRelease(view.viewport(), left, pos=start - QPoint(60, 0))
    assert [one.end_ns for one in wanted] == [None]


def test_the_wheel_keeps_the_time_under_the_cursor_in_place(view: LaneView) -> None:
    wanted: list[Viewport] = []
    view.viewport_wanted.connect(wanted.append)
    turn(view, place(view, 0.5, 1), 1)
    [after] = wanted
    assert after.span_seconds == pytest.approx(24.0)
    assert after.end_ns is not None
    middle_ns = after.end_ns - after.span_seconds * 0.5e9
    assert middle_ns == pytest.approx(NOW_NS - 15e9, abs=0.1e9)


def test_the_wheel_at_now_keeps_following_now(view: LaneView) -> None:
    wanted: list[Viewport] = []
    view.viewport_wanted.connect(wanted.append)
    turn(view, place(view, 0.98, 1), 1)
    assert wanted[0].end_ns is None


@pytest.mark.parametrize(("notches", "span"), [(60, 1.0), (-60, 600.0)])
def test_the_wheel_stops_at_one_second_and_at_ten_minutes(
    view: LaneView, notches: int, span: float
) -> None:
    wanted: list[Viewport] = []
    view.viewport_wanted.connect(wanted.append)
    turn(view, place(view, 0.5, 1), notches)
    assert wanted[-1].span_seconds == span


def test_hovering_a_task_tells_function_worker_wait_run_and_outcome(
    view: LaneView,
) -> None:
    at, _, span = busy_place(view)
    told = view.describe(QPointF(at))
    found = lanes(view)
    assert found.functions[int(found.spans.function[span])] in told
    assert f"#{int(found.spans.task[span])}" in told
    assert "demo_2" in told
    assert "waited 12.0\N{NO-BREAK SPACE}ms" in told
    assert "ran" in told
    assert "done" in told or "failed" in told


def test_hovering_an_idle_worker_tells_its_state(view: LaneView) -> None:
    told = view.describe(QPointF(8, place(view, 0.5, 3).y()))
    assert told == "demo_3: idle"


def test_a_hostile_name_is_told_as_it_is(view: LaneView) -> None:
    scene = Scene(names=(HOSTILE,), worker_name=HOSTILE)
    view.show_snapshot(scene.snapshot())
    at, _, _ = busy_place(view)
    told = view.describe(QPointF(at))
    assert "<img src=x" in told
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in told


def test_sixty_four_workers_can_be_scrolled_to(view: LaneView) -> None:
    view.show_snapshot(Scene(workers=64).snapshot())
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
    room = view.viewport().height() - 18
    last = view._place_at(room - 2)
    assert last is not None
    assert last.row == 63


def picture(view: LaneView) -> QImage:
    return view.grab().toImage()


@pytest.mark.parametrize(
    "scene",
    [
        Scene(workers=1, tasks=1),
        Scene(workers=0, tasks=0),
        Scene(workers=64, tasks=300, task_seconds=0.05),
        Scene(pixels=1200),
        Scene(end_ns=NOW_NS - 60_000_000_000),
    ],
)
def test_any_scene_is_painted_in_both_colourings(
    view: LaneView, scene: Scene, qtbot: QtBot
) -> None:
    for colouring in ("function", "outcome"):
        view.colour_by = colouring
        with qtbot.captureExceptions() as exceptions:
            view.show_snapshot(scene.snapshot())
            assert not picture(view).isNull()
        assert exceptions == []


def test_a_selected_task_is_seen_on_its_lane(view: LaneView) -> None:
    _, row, span = busy_place(view)
    before = picture(view)
    view.show_selection(Selection(row + 1, int(lanes(view).spans.task[span])))
    assert picture(view) != before


def test_an_idle_lane_is_told_from_a_time_without_a_worker(
    view: LaneView, theme: Theme
) -> None:
    scene = Scene(workers=8, tasks=0)
    view.show_snapshot(scene.snapshot())
    image, ratio = picture(view), view.devicePixelRatioF()

    def colour_at(at: QPoint) -> str:
        return image.pixelColor(round(at.x() * ratio), round(at.y() * ratio)).name()

    assert colour_at(place(view, 0.9, 7)) == theme.colours.lane
    assert colour_at(place(view, 0.1, 7)) != theme.colours.lane


def test_more_pixels_are_asked_for_when_the_view_grows(
    view: LaneView, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(view.viewport_wanted) as wanted:
        view.resize(1200, 300)
    assert wanted.args is not None
    pixels = wanted.args[0].pixels
    assert pixels == round(view._track().width() * view.devicePixelRatioF())
