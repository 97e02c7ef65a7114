"""The table of tasks: what is asked of the session, its columns, and what is saved."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from gui_support import Opened, running
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMessageBox

from pool_gui.monitor.view.facts import FindingRow
from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.monitor.view.task_query import ALL_TASKS, TaskOrder
from pool_gui.window.tables.column_menu import ColumnMenu


def _failed() -> Snapshot:
    """Return a pool of which one task has failed."""
    before = running(4, failed=1)
    first, *others = before.tasks
    failed = replace(first, state="failed", error="=cmd()", task=7)
    return replace(before, tasks=(failed, *others), tasks_found=123_456)


def test_what_is_typed_chosen_and_sorted_is_asked_of_the_session(
    opened: Opened,
) -> None:
    opened.show(_failed())
    tabs, session = opened.window.tabs, opened.session
    assert opened.controller.viewport.tasks == ALL_TASKS
    tabs.filter.setText("worker:demo_1 >100ms")
    asked = session.viewports[-1].tasks
    assert asked.filter.named == (("worker", "demo_1"),)
    assert [bound.seconds for bound in asked.filter.bounds] == [0.1]
    assert tabs.tasks.table.rowCount() == 1  # at once, of those that are here
    tabs.filter.clear()
    tabs.states.choose("failed")
    assert session.viewports[-1].tasks.state == "failed"
    tabs.tasks.sortByColumn(6, Qt.SortOrder.DescendingOrder)
    asked = session.viewports[-1].tasks
    assert (asked.order, asked.rising) == (TaskOrder.RAN, False)


def test_the_table_says_of_how_many_tasks_it_shows_the_first(opened: Opened) -> None:
    opened.show(_failed())
    told = opened.window.tabs._empty.text()
    assert told.replace("\N{NARROW NO-BREAK SPACE}", "") == "4 of 123456 that are kept"


def test_a_finding_about_failures_leads_to_the_tasks_that_failed(
    opened: Opened,
) -> None:
    opened.show(_failed())
    tabs = opened.window.tabs
    tabs.bar.setCurrentIndex(1)
    tabs.explain(FindingRow("failing", "warning", {}, 1.0, 1, 1))
    assert (tabs.bar.currentIndex(), tabs.states.state) == (0, "failed")


def test_only_the_table_of_tasks_has_states_to_choose_from(opened: Opened) -> None:
    opened.show(_failed())
    tabs = opened.window.tabs
    assert tabs.states.isVisible()
    tabs.bar.setCurrentIndex(1)
    assert not tabs.states.isVisible()


def _menu(opened: Opened) -> ColumnMenu:
    opened.trigger("columns")
    (menu,) = opened.window.tabs.tasks.findChildren(ColumnMenu)
    return menu


def test_a_person_chooses_the_columns_and_one_has_to_stay(opened: Opened) -> None:
    opened.show(_failed())
    table = opened.window.tabs.tasks
    menu = _menu(opened)
    titles = [action.text() for action in menu.actions()]
    assert titles == ["State", "Task", "Function", "Worker", "Waited", "Ran", "Outcome"]
    menu.actions()[3].trigger()
    menu.close()
    QApplication.sendPostedEvents(None, 52)  # DeferredDelete
    assert table.isColumnHidden(4)
    shown = [column.title for column in table.shown_columns()]
    assert shown == ["State", "Task", "Function", "Waited", "Ran", "Outcome"]
    opened.window.remember()
    opened.trigger("reset-layout")
    assert not table.isColumnHidden(4)
    opened.window.restore()
    assert table.isColumnHidden(4)
    for place in (0, 1, 5, 6, 7):
        table.setColumnHidden(place, True)
    menu = _menu(opened)
    enabled = [action.text() for action in menu.actions() if not action.isEnabled()]
    assert enabled == ["Function"]
    menu.close()
    opened.window._memory._settings.forget()


def _save(opened: Opened, name: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    told: list[str] = []
    monkeypatch.setattr(opened.window.exports, "_ask", lambda *_: (str(name), ""))
    monkeypatch.setattr(QMessageBox, "warning", lambda *said: told.append(said[-1]))
    opened.trigger("save-table")
    return told


def test_a_saved_table_holds_values_and_no_formulas(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.show(_failed())
    assert _save(opened, tmp_path / "tasks", monkeypatch) == []
    text = (tmp_path / "tasks.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 4
    assert rows[0]["Task"] == "7"
    assert float(rows[0]["Waited (s)"]) == 0.01
    assert float(rows[0]["Ran (s)"]) == 0.25
    assert rows[0]["Outcome"] == "'=cmd()"
    assert rows[1]["Function"] == "demo.module.prime_count"


def test_where_no_table_is_there_is_none_to_save_and_that_is_said(
    opened: Opened,
) -> None:
    opened.show(_failed())
    tabs, named = opened.window.tabs, opened.window.actions_by_name
    tabs.bar.setCurrentIndex(tabs.bar.count() - 1)
    for name in ("save-table", "columns"):
        assert not named[name].isEnabled()
        assert "No table is shown" in named[name].toolTip()
    tabs.bar.setCurrentIndex(2)
    assert named["save-table"].isEnabled()
