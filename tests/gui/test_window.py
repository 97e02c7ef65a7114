"""What a person does and sees in the window, without a process behind it."""

from dataclasses import replace

import pytest
from gui_support import Opened, empty, linked, lost, running
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QSpinBox,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from pool_gui.monitor.view.facts import Link, LinkState, LoadState, LogLine
from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.window.controller import Selection
from pool_gui.window.style.theme import DARK, LIGHT
from pool_gui.wire import commands
from pool_gui.wire.commands import Arrival
from pool_gui.wire.notes import line as said
from pool_gui.wire.notes import note
from pool_gui.wire.protocol import MAX_WORKERS

DEADLINE_MS = 20_000


def test_the_first_start_offers_a_demo_and_one_click_runs_it(opened: Opened) -> None:
    assert opened.window.welcome.isVisible()
    opened.window.welcome.demo_wanted.emit()
    [(what, workers, first, _)] = opened.session.asked
    assert (what, workers) == ("launch_pool", 8)
    assert isinstance(first, tuple)
    [order] = first
    assert isinstance(order, commands.Submit)
    assert order.demo == "mix"
    assert order.arrival is Arrival.IN_FLIGHT
    form = opened.window.toolbar.order
    assert form.order().command() == replace(order, parameters=form.order().parameters)
    opened.show(running(8))
    assert opened.window.lanes.isVisible()


@pytest.mark.parametrize(
    ("action", "command"),
    [
        ("pause", commands.Pause()),
        ("dismiss", commands.Dismiss(1, 0)),
        ("dismiss-half", commands.Dismiss(2, 0)),
        ("end-load", commands.EndLoad()),
        ("clear", commands.Clear()),
        ("drain", commands.Drain()),
    ],
)
def test_a_button_sends_its_command(
    opened: Opened, action: str, command: commands.Command
) -> None:
    load = LoadState("mix", (), 9, None, 0)
    opened.show(replace(running(4), load=load))
    opened.trigger(action)
    assert opened.session.sent == [command]


def test_a_paused_pool_offers_to_resume(opened: Opened) -> None:
    opened.show(running(4, state="paused"))
    assert opened.window.actions_by_name["pause"].text() == "Resume"
    opened.trigger("pause")
    assert opened.session.sent == [commands.Resume()]


def test_submit_sends_what_the_form_says(opened: Opened) -> None:
    opened.show(running(4))
    form = opened.window.toolbar.order
    form.choose("flaky")
    form.arrival.setCurrentIndex(form.arrival.findData(str(Arrival.POISSON)))
    form.amount.setValue(75)
    opened.trigger("submit")
    [order] = opened.session.sent
    assert isinstance(order, commands.Submit)
    assert (order.demo, order.rate_per_second) == ("flaky", 75)
    assert order.parameters == {"milliseconds": 20, "percent": 10}
    form.arrival.setCurrentIndex(0)
    form.amount.setValue(12)
    opened.trigger("submit")
    assert opened.session.sent[1] == commands.Batch(
        "flaky", {"milliseconds": 20, "percent": 10}, 12, 0
    )


def test_another_size_resizes_a_running_pool_once_it_has_settled(
    opened: Opened, qtbot: QtBot
) -> None:
    opened.show(running(4))
    box = opened.window.toolbar.size_box
    for size in (5, 6, 7):
        box.setValue(size)
    qtbot.waitUntil(
        lambda: opened.session.sent == [commands.Resize(7)], timeout=DEADLINE_MS
    )


def test_what_cannot_be_done_is_disabled_and_says_why(opened: Opened) -> None:
    actions = opened.window.actions_by_name
    for name in ("pause", "submit", "dismiss", "stop"):
        assert not actions[name].isEnabled()
        assert "start one first" in actions[name].toolTip()
    opened.show(running(4))
    assert not actions["start"].isEnabled()
    assert "runs already" in actions["start"].toolTip()
    assert actions["submit"].isEnabled()
    opened.show(running(4, state="draining"))
    assert not actions["submit"].isEnabled()
    assert "ending" in actions["submit"].toolTip()


def test_a_lost_process_is_named_keeps_its_history_and_can_be_restarted(
    opened: Opened,
) -> None:
    opened.show(running(4))
    opened.show(lost(running(4)))
    assert "SIGKILL" in opened.window.bars.lost.text.whole()
    assert opened.window.bars.lost.isVisible()
    assert opened.window.lanes.isVisible()
    assert "lost" in opened.window.windowTitle()
    opened.trigger("restart")
    (asked,) = opened.session.asked
    assert asked[:2] == ("restart", 4)
    opened.show(running(4))
    assert not opened.window.bars.isVisible()


def test_a_silent_process_is_said_to_be_silent_since_when(opened: Opened) -> None:
    silent = linked(running(4), Link(LinkState.SILENT, said(""), 3.2))
    opened.show(silent)
    assert "3.2" in opened.window.bars.silent.text.whole()


def test_a_paused_display_stands_still_and_says_how_much_waits(
    opened: Opened,
) -> None:
    opened.show(running(4, depth=3))
    opened.trigger("freeze")
    later = running(4, depth=9)
    assert later.pool is not None
    more = replace(later.pool.counts, done=later.pool.counts.done + 41)
    opened.show(replace(later, pool=replace(later.pool, counts=more)))
    shown = opened.window.charts.queue_depth.figure.text()
    assert shown == "3"
    assert "41 tasks" in opened.window.bars.paused.text.whole()
    opened.trigger("freeze")
    assert opened.window.charts.queue_depth.figure.text() == "9"
    assert not opened.window.bars.isVisible()


def lane_point(opened: Opened, row: int, share: float) -> QPoint:
    view = opened.window.lanes.view
    track = view._track()
    y = round((row + 0.5) * view._layout.lane_pixels)
    return QPoint(round(track.left() + share * track.width()), y)


def test_clicking_a_span_selects_it_everywhere(opened: Opened, qtbot: QtBot) -> None:
    opened.show(running(4))
    target = opened.window.lanes.view.viewport()
    place = lane_point(opened, 2, 0.75)
    qtbot.mouseClick(target, Qt.MouseButton.LeftButton, pos=place)
    assert opened.controller.selection == Selection(12, 202)
    assert opened.window.tabs.tasks.currentIndex().row() == 2
    assert opened.window.selection._name.whole() == "demo_2"
    opened.trigger("dismiss-selected")
    # By what its process calls it: the window's own keys go on where a process ends.
    assert opened.session.sent == [commands.Dismiss(1, 3)]


def test_hovering_names_task_function_wait_run_and_outcome(opened: Opened) -> None:
    opened.show(running(4))
    text = opened.window.lanes.view.describe(QPointF(lane_point(opened, 1, 0.25)))
    for part in ("prime_count", "#101", "demo_1", "1.00", "15.0", "failed"):
        assert part in text


def test_dragging_leaves_now_and_home_follows_it_again(
    opened: Opened, qtbot: QtBot
) -> None:
    opened.show(running(4))
    target = opened.window.lanes.view.viewport()
    qtbot.mousePress(target, Qt.MouseButton.LeftButton, pos=lane_point(opened, 0, 0.5))
    qtbot.mouseMove(target, pos=lane_point(opened, 0, 0.8))
    qtbot.mouseRelease(
        target, Qt.MouseButton.LeftButton, pos=lane_point(opened, 0, 0.8)
    )
    end_ns = opened.controller.viewport.end_ns
    assert end_ns is not None
    assert end_ns == pytest.approx(21e9, rel=0.02)
    opened.trigger("live")
    assert opened.controller.viewport.end_ns is None


def test_zooming_at_the_cursor_keeps_what_is_under_it(opened: Opened) -> None:
    opened.show(running(4))
    opened.window.lanes.view.zoom(0.5, 0.5)
    viewport = opened.controller.viewport
    assert viewport.span_seconds == 15
    assert viewport.end_ns == pytest.approx(22.5e9)
    opened.trigger("live")
    opened.window.lanes.view.zoom(0.5, 1.0)
    assert opened.controller.viewport.end_ns is None, "zooming at now follows now"


def test_a_hostile_name_is_shown_as_plain_text(opened: Opened) -> None:
    name = "<img src=x>\u202egnp.exe, far longer than there is room for it beside"
    opened.show(running(2, names=[name, "x" * 400]))
    opened.window.tabs.bar.setCurrentIndex(1)
    model = opened.window.tabs.workers.table
    shown = str(model.data(model.index(0, 0)))
    assert "<img src=x>" in shown
    assert "\u202e" not in shown
    assert len(str(model.data(model.index(1, 0)))) <= 200
    opened.controller.select(Selection(10))
    label = opened.window.selection._name
    assert label.textFormat() == Qt.TextFormat.PlainText
    assert "&lt;img" in label.toolTip()


def test_tables_sort_filter_and_copy(opened: Opened) -> None:
    opened.show(running(4))
    tasks = opened.window.tabs.tasks
    opened.window.tabs.filter.setText("demo_3")
    assert tasks.table.rowCount() == 1
    opened.window.tabs.filter.clear()
    tasks.table.sort(1, Qt.SortOrder.DescendingOrder)
    assert tasks.table.row(0).task == 203
    opened.trigger("copy")
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].split("\t")[:2] == ["State", "Task"]
    assert len(lines) == 5


def test_the_models_keep_qts_rules(opened: Opened, qtmodeltester: object) -> None:
    tabs = opened.window.tabs
    for snapshot in (running(6), empty(), running(2), running(9)):
        tabs.tasks.table.set_rows(snapshot.tasks)
        tabs.workers.table.set_rows(snapshot.workers)
        tabs.functions.table.set_rows(snapshot.functions)
        for table in (tabs.tasks, tabs.workers, tabs.functions):
            qtmodeltester.check(table.table)  # type: ignore[attr-defined]  # pytest-qt has no types


def test_both_themes_reach_what_is_painted(opened: Opened) -> None:
    opened.show(running(4))
    for action, colours in (("theme-dark", DARK), ("theme-light", LIGHT)):
        opened.trigger(action)
        QApplication.processEvents()
        picture = opened.window.grab().toImage()
        assert picture.pixelColor(4, 120).name() == colours.page
        chart = opened.window.charts.queue_depth.grab().toImage()
        assert chart.pixelColor(20, chart.height() - 6).name() == colours.panel


@pytest.mark.parametrize("size", [(1280, 800), (1024, 640)])
@pytest.mark.parametrize(
    "snapshot", [empty(), running(4), running(64), lost(running(4))]
)
def test_nothing_is_clipped_or_without_a_name(
    opened: Opened, size: tuple[int, int], snapshot: Snapshot
) -> None:
    opened.window.resize(*size)
    opened.show(snapshot)
    QApplication.processEvents()
    assert (opened.window.width(), opened.window.height()) == size
    for widget in opened.window.findChildren(QWidget):
        if not widget.isVisible() or widget.window() is not opened.window:
            continue
        if isinstance(widget, QToolButton) and widget.text():
            assert widget.width() >= widget.minimumSizeHint().width(), widget.text()
        focusable = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        inner = isinstance(widget.parent(), QAbstractScrollArea | QSpinBox)
        if focusable and not inner and not isinstance(widget, QAbstractButton):
            named = widget.accessibleName() or widget.objectName()
            assert named, f"{widget} has no name for a screen reader"


def test_every_action_has_a_text_a_tooltip_and_a_key_of_its_own(
    opened: Opened,
) -> None:
    keys = set()
    for action in opened.window.actions_by_name:
        assert action.text()
        assert action.toolTip()
        key = action.shortcut().toString()
        assert key not in keys or not key, f"{key} is taken twice"
        keys.add(key)


def test_closing_without_work_ends_the_session_first(
    opened: Opened, qtbot: QtBot
) -> None:
    opened.show(empty())
    looks = opened.program._look.timeout  # each asks whether the session has ended
    opened.session.may_end.clear()
    try:
        opened.window.close()
        with qtbot.waitSignals([looks, looks], timeout=DEADLINE_MS):
            pass
        assert opened.window.isVisible(), "the window went before its session"
    finally:
        opened.session.may_end.set()
    with qtbot.waitSignal(opened.program.ended, timeout=DEADLINE_MS):
        pass
    assert opened.session.closed
    assert not opened.window.isVisible()


@pytest.mark.parametrize("answer", [False, True])
def test_closing_with_work_asks_once(
    opened: Opened, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, *, answer: bool
) -> None:
    asked = []

    def confirm() -> bool:
        asked.append(True)
        return answer

    monkeypatch.setattr(opened.window.dialogs, "confirm_close", confirm)
    opened.show(running(4))
    opened.window.close()
    assert asked == [True]
    if answer:
        qtbot.waitUntil(lambda: opened.session.closed, timeout=DEADLINE_MS)
        qtbot.waitUntil(lambda: not opened.window.isVisible(), timeout=DEADLINE_MS)
    else:
        assert not opened.session.closed
        assert opened.window.isVisible()


def test_layout_and_theme_are_remembered_and_broken_ones_fall_back(
    opened: Opened,
) -> None:
    opened.window.toolbar.order.choose("tail")
    opened.trigger("theme-dark")
    opened.window.remember()
    settings = opened.window._memory._settings
    assert settings.read("window")["theme"] == "dark"
    opened.window.toolbar.order.choose("mix")
    opened.window.restore()
    assert opened.window.toolbar.order.demo.currentData() == "tail"
    settings._store.setValue("window", "{broken")
    assert settings.read("window") == {}
    opened.window.restore()
    settings.forget()


def test_the_log_follows_its_end_and_can_be_filtered(opened: Opened) -> None:
    opened.show(running(4))
    opened.window.tabs.bar.setCurrentIndex(5)
    assert "Started a pool" in opened.window.tabs.log.toPlainText()
    opened.window.tabs.filter.setText("no such line")
    assert opened.window.tabs.log.toPlainText() == ""


def logged(snapshot: Snapshot, *lines: tuple[str, str]) -> Snapshot:
    log = tuple(
        LogLine(number, 0.0, "pool", level, note(code, tasks=3))
        for number, (level, code) in enumerate(lines, 1000)
    )
    return replace(snapshot, log=log)


def test_a_refused_command_is_said_in_a_bar_and_its_control_taken_back(
    opened: Opened,
) -> None:
    size, bar = opened.window.toolbar.size_box, opened.window.bars.refusal
    opened.show(running(4))
    size.setFocus()
    size.setValue(900)
    opened.show(logged(running(4), ("warning", "pool-runs")))
    assert "is running already" in bar.text.whole()
    assert bar.isVisible()
    assert size.value() == 4
    done = logged(running(4), ("warning", "pool-runs"), ("info", "cleared"))
    opened.show(done)
    assert not bar.isVisible(), "something was done since"


def test_a_hung_process_can_be_restarted_from_its_bar(opened: Opened) -> None:
    opened.show(running(4))
    assert not opened.window.actions_by_name["restart"].isEnabled()
    assert "runs already" in opened.window.actions_by_name["restart"].toolTip()
    hung = Link(LinkState.SILENT, note("silent", seconds=3.0), 3.0)
    snapshot = running(4)
    sources = tuple(replace(one, link=hung) for one in snapshot.sources)
    opened.show(replace(snapshot, link=hung, sources=sources))
    assert opened.window.bars.silent.isVisible()
    opened.trigger("restart")
    assert opened.session.asked == [("restart", 4, sources[0].key)]


def test_what_cannot_be_ended_or_begun_anew_says_why(opened: Opened) -> None:
    named = opened.window.actions_by_name
    assert "Nothing has run yet" in named["restart"].toolTip()
    opened.show(running(4))
    assert "No load runs" in named["end-load"].toolTip()


def test_who_types_more_than_a_box_takes_gets_the_most(
    opened: Opened, qtbot: QtBot
) -> None:
    box = opened.window.toolbar.size_box
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, "9999")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert box.value() == MAX_WORKERS


def test_another_demo_keeps_the_seed_and_an_unknown_one_changes_nothing(
    opened: Opened,
) -> None:
    order = opened.window.toolbar.order
    order._seed.setValue(77)
    order.choose("sleep")
    order.choose("no such demo")
    assert (order.order().demo, order.order().seed) == ("sleep", 77)


def test_who_reads_further_down_a_table_keeps_the_row_and_a_choice_moves_nothing(
    opened: Opened,
) -> None:
    opened.show(running(40))
    opened.window.tabs.bar.setCurrentIndex(1)
    table = opened.window.tabs.workers
    bar = table.verticalScrollBar()
    QApplication.processEvents()
    bar.setValue(5)
    read = table.table.key(table.table.row(5))
    snapshot = running(40)
    later = replace(snapshot, workers=snapshot.workers[2:], roster=())
    opened.show(later)
    assert table.table.key(table.table.row(bar.value())) == read
    opened.controller.select(Selection(snapshot.workers[-1].key))
    assert table.table.key(table.table.row(bar.value())) == read


def test_tab_leads_out_of_a_table(opened: Opened) -> None:
    assert not opened.window.tabs.tasks.tabKeyNavigation()
