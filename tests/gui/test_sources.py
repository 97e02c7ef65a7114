"""Several sources and pools in one window."""

from dataclasses import replace

import pytest
from gui_support import ALL, Opened, empty, linked, running, two_sources
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pool_gui.monitor.view.facts import Link, LinkState, SourceRow
from pool_gui.monitor.view.snapshot import Scope, Snapshot
from pool_gui.monitor.view.viewport import LaneOrder
from pool_gui.window.controller import Selection
from pool_gui.window.panels.source_lines import entries_of
from pool_gui.window.style import numbers
from pool_gui.wire import commands
from pool_gui.wire.notes import line as said


def lines(opened: Opened) -> list[str]:
    tree = opened.window.sources.tree
    items = (tree.topLevelItem(n) for n in range(tree.topLevelItemCount()))
    return [item.text(0) for item in items if item is not None]


def asked(opened: Opened) -> list[tuple[object, ...]]:
    return [what for what in opened.session.asked if what[0] != "launch_pool"]


def choose(opened: Opened, line: int) -> None:
    item = opened.window.sources.tree.topLevelItem(line)
    assert item is not None
    opened.window.sources.tree.setCurrentItem(item)


def killed(snapshot: Snapshot, source: int) -> Snapshot:
    """Return the same with a source that was lost."""
    link = Link(LinkState.LOST, said("It was ended by signal 9 (SIGKILL)."), 1.0)
    sources = tuple(
        replace(row, link=link) if row.key == source else row
        for row in snapshot.sources
    )
    return replace(snapshot, sources=sources)


def test_before_the_first_pool_the_panel_says_what_will_be_there(
    opened: Opened,
) -> None:
    opened.show(empty())
    assert lines(opened) == []
    assert opened.window.sources._hint.isVisible()


def test_one_pool_is_one_line_with_its_workers_and_queue(opened: Opened) -> None:
    opened.show(running(4, depth=132))
    (entry,) = entries_of(running(4, depth=132))
    assert lines(opened) == ["Demo 1"]
    assert entry.detail == "4 workers · 132 queued"
    assert not opened.window.scope_line.isVisible(), "there is nothing to tell apart"


def test_sources_and_their_pools_are_listed_with_all_on_top(opened: Opened) -> None:
    opened.show(two_sources())
    assert lines(opened) == ["All pools", "Demo 1", "demo", "demo-2", "Demo 2"]
    details = [entry.detail for entry in entries_of(two_sources())]
    assert details == [
        "3 pools · 6 workers",
        "2 pools · 4 workers",
        "2 workers · 1 queued",
        "2 workers · 2 queued",
        "2 workers · 3 queued",
    ]


@pytest.mark.parametrize(
    ("state", "words", "mood"),
    [
        (LinkState.LOST, "lost · 4 workers", "bad"),
        (LinkState.SILENT, "no answer · 4 workers", "warn"),
        (LinkState.ENDED, "ended · 4 workers", "idle"),
    ],
)
def test_what_is_wrong_with_a_source_is_said_in_words_not_by_colour_alone(
    state: LinkState, words: str, mood: str
) -> None:
    (entry,) = entries_of(linked(running(4), Link(state, said(""), 1.0)))
    assert (entry.detail, entry.mood) == (words, mood)
    (paused,) = entries_of(running(1, state="paused"))
    assert (paused.detail, paused.mood) == ("paused · 1 worker", "warn")


def test_a_chosen_line_is_in_scope_and_all_say_so(opened: Opened) -> None:
    opened.show(two_sources())
    choose(opened, 3)
    assert asked(opened) == [("set_scope", Scope(1, 2))]
    opened.show(two_sources(Scope(1, 2)))
    window = opened.window
    assert window.scope_line.name.text() == "Demo 1 · demo-2"
    assert window.windowTitle().startswith("Demo 1 · demo-2: running, 2 workers")
    assert window.status._state.text() == "Demo 1 · demo-2: running"
    opened.show(two_sources(Scope(1)))
    assert window.scope_line.name.text() == "Demo 1, all its pools"
    opened.show(two_sources(Scope(2)))
    assert window.scope_line.name.text() == "Demo 2"
    opened.show(two_sources(ALL))
    assert window.scope_line.name.text() == "All pools"
    assert len(asked(opened)) == 1, "what the session says is not asked for again"


def test_the_scope_that_the_session_chose_is_marked(opened: Opened) -> None:
    opened.show(two_sources(Scope(2)))
    current = opened.window.sources.tree.currentItem()
    assert current is not None
    assert current.text(0) == "Demo 2"
    assert asked(opened) == []


def head_point(opened: Opened, group: int, x: int) -> QPoint:
    layout = opened.window.lanes.view._layout
    places = layout.between(0, layout.height)
    place = next(one for one in places if one.group == group and one.row < 0)
    return QPoint(x, place.top + place.height // 2)


def test_a_head_folds_its_lanes_at_the_triangle_and_is_chosen_at_its_name(
    opened: Opened, qtbot: QtBot
) -> None:
    opened.show(two_sources())
    target, left = opened.window.lanes.view.viewport(), Qt.MouseButton.LeftButton
    qtbot.mouseClick(target, left, pos=head_point(opened, 1, 12))
    assert opened.controller.viewport.folded == {2}
    opened.show(two_sources(folded=[2]))
    qtbot.mouseClick(target, left, pos=head_point(opened, 1, 12))
    assert opened.controller.viewport.folded == frozenset()
    qtbot.mouseClick(target, left, pos=head_point(opened, 1, 80))
    assert asked(opened) == [("set_scope", Scope(1, 2))]
    qtbot.mouseClick(target, left, pos=head_point(opened, 2, 80))
    assert asked(opened)[-1] == ("set_scope", Scope(2)), "its only pool: all of it"


def test_a_head_says_whose_lanes_it_has_when_the_cursor_rests_on_it(
    opened: Opened,
) -> None:
    opened.show(two_sources())
    point = head_point(opened, 1, 80)
    text = opened.window.lanes.view.describe(point.toPointF())
    assert "Demo 1 · demo-2" in text
    assert "2 of 2 workers busy" in text


def test_a_click_below_a_head_selects_the_worker_of_that_lane(
    opened: Opened, qtbot: QtBot
) -> None:
    opened.show(two_sources())
    layout = opened.window.lanes.view._layout
    place = layout.of_row(4)
    assert place is not None
    point = QPoint(20, place.top + place.height // 2)
    target = opened.window.lanes.view.viewport()
    qtbot.mouseClick(target, Qt.MouseButton.LeftButton, pos=point)
    assert opened.controller.selection.worker == 14
    facts = opened.window.selection._facts
    assert (facts[0][0].text(), facts[0][1].whole()) == ("pool", "Demo 2 · demo")
    opened.trigger("dismiss-selected")
    assert opened.session.sent == [commands.Dismiss(1, 5)]
    assert opened.session.scopes == [Scope(2, 3)], "whatever else is in scope"


def test_lanes_are_pinned_hidden_and_sorted_by_actions(opened: Opened) -> None:
    opened.show(two_sources())
    actions = opened.window.actions_by_name
    assert not actions["pin"].isEnabled()
    assert "Select a worker" in actions["pin"].toolTip()
    opened.controller.select(Selection(12))
    opened.trigger("pin")
    assert opened.controller.viewport.pinned == {12}
    assert actions["pin"].isChecked()
    opened.controller.select(Selection(13))
    assert not actions["pin"].isChecked()
    opened.trigger("hide")
    assert opened.controller.viewport.hidden == {13}
    opened.controller.select(Selection(12))
    opened.trigger("hide")
    assert opened.controller.viewport.pinned == frozenset(), "hidden is not pinned"
    opened.trigger("show-hidden")
    assert opened.controller.viewport.hidden == frozenset()
    assert not actions["show-hidden"].isEnabled()
    for name, order in (("busy", LaneOrder.BUSY), ("name", LaneOrder.NAME)):
        opened.trigger(f"sort-{name}")
        assert opened.controller.viewport.order is order
    opened.trigger("fold-all")
    assert opened.controller.viewport.folded == {1, 2, 3}
    assert not actions["fold-all"].isEnabled()
    opened.trigger("unfold-all")
    assert opened.controller.viewport.folded == frozenset()


def test_with_all_folded_the_heads_and_the_time_axis_are_painted(
    opened: Opened,
) -> None:
    opened.show(two_sources(folded=[1, 2, 3]))
    layout = opened.window.lanes.view._layout
    assert [place.row for place in layout.between(0, layout.height)] == [-1, -1, -1]
    assert not opened.window.lanes.view.grab().isNull()


def test_a_lost_source_is_named_in_the_bar_and_can_be_started_anew_or_removed(
    opened: Opened,
) -> None:
    before = two_sources(Scope(1))
    opened.show(before)
    opened.show(killed(before, 2))
    bar = opened.window.bars.lost
    assert bar.text.whole() == "Demo 2: It was ended by signal 9 (SIGKILL)."
    assert bar.isVisible()
    for action in ("restart", "remove-lost"):
        opened.trigger(action)
    assert opened.session.asked == [("restart", 8, 2), ("remove", 2)]
    opened.show(before)
    assert not opened.window.bars.isVisible()
    assert not opened.window.actions_by_name["remove-lost"].isEnabled()


def test_a_source_with_work_is_removed_only_when_a_person_says_so(
    opened: Opened,
) -> None:
    opened.show(two_sources(Scope(1)))
    answers = iter((False, True))
    opened.window.operations.may_remove = lambda: next(answers)
    opened.trigger("remove")
    assert asked(opened) == []
    opened.trigger("remove")
    assert asked(opened) == [("remove", 1)]
    opened.show(two_sources(ALL))
    assert not opened.window.actions_by_name["remove"].isEnabled()
    assert "Select one source" in opened.window.actions_by_name["remove"].toolTip()


def test_what_is_meant_for_one_pool_waits_until_one_is_selected(
    opened: Opened,
) -> None:
    opened.show(two_sources(ALL))
    actions = opened.window.actions_by_name
    for name in ("dismiss", "dismiss-half"):
        assert not actions[name].isEnabled()
        assert "Select one pool first" in actions[name].toolTip()
    assert actions["submit"].isEnabled(), "a load can be given to all at once"
    opened.window.toolbar.size_wanted.emit(3)
    assert opened.session.sent == []
    opened.show(two_sources(Scope(2)))
    assert actions["dismiss"].isEnabled()
    opened.window.toolbar.size_wanted.emit(3)
    assert opened.session.sent == [commands.Resize(3)]


def test_a_new_pool_is_asked_for_with_its_size_place_and_load(
    opened: Opened, qtbot: QtBot
) -> None:
    opened.show(two_sources(Scope(1)))
    opened.trigger("new-demo")
    form = opened.window.operations._form
    qtbot.waitUntil(form.isVisible)
    assert "Demo 1" in form.beside.text()
    form.workers.setValue(16)
    form.accept()
    assert asked(opened) == [("add_demo", 16, ())]
    opened.trigger("new-demo")
    form.beside.setChecked(True)
    form.order.setChecked(True)
    form.accept()
    what, workers, first = asked(opened)[-1]
    assert (what, workers) == ("add_pool", 16)
    assert first == (opened.window.toolbar.order.order().command(),)


def test_without_a_process_a_new_pool_can_only_have_its_own(
    opened: Opened, qtbot: QtBot
) -> None:
    opened.show(empty())
    opened.trigger("new-demo")
    form = opened.window.operations._form
    qtbot.waitUntil(form.isVisible)
    assert not form.beside.isVisible()
    form.reject()
    assert asked(opened) == []


def test_the_tables_say_whose_a_row_is_where_there_are_many(opened: Opened) -> None:
    opened.show(two_sources(ALL))
    tabs = opened.window.tabs
    model = tabs.tasks.table
    shown = [str(model.data(model.index(row, 3))) for row in range(model.rowCount())]
    assert shown == [
        *["Demo 1 · demo"] * 2,
        *["Demo 1 · demo-2"] * 2,
        *["Demo 2 · demo"] * 2,
    ]
    assert not tabs.tasks.isColumnHidden(3)
    opened.show(two_sources(Scope(2)))
    assert tabs.tasks.isColumnHidden(3)


def test_of_a_source_that_is_gone_nothing_is_said_about_this_moment(
    opened: Opened,
) -> None:
    opened.show(running(4))
    assert opened.window.charts.throughput.figure.text() != numbers.UNKNOWN
    opened.show(linked(running(4), Link(LinkState.LOST, said("It is gone."), 1.0)))
    for chart in (opened.window.charts.throughput, opened.window.charts.queue_depth):
        assert chart.figure.text() == numbers.UNKNOWN


def test_the_sources_column_gives_way_where_there_is_no_room(opened: Opened) -> None:
    opened.window.resize(1280, 800)
    QApplication.processEvents()
    assert opened.window.sources.isVisible()
    opened.window.resize(900, 640)
    QApplication.processEvents()
    assert not opened.window.sources.isVisible()
    opened.window.resize(1280, 800)
    opened.trigger("sources")
    QApplication.processEvents()
    assert not opened.window.sources.isVisible()
    opened.trigger("reset-layout")
    assert opened.window.sources.isVisible()
    opened.window._memory._settings.forget()


def test_a_source_without_a_pool_yet_is_listed_as_starting() -> None:
    link = Link(LinkState.STARTING, said("It is starting."), 0.0)
    snapshot = replace(empty(), sources=(SourceRow(1, 1, link, (), None),))
    (entry,) = entries_of(snapshot)
    assert (entry.detail, entry.mood) == ("starting", "idle")
