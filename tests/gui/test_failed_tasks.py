"""Failed tasks: where they raised is seen, and they can be tried once more."""

from dataclasses import replace

from gui_support import Opened, lost, running
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QPushButton

from pool_gui.monitor.view.facts import CodeLine, Raised
from pool_gui.monitor.view.snapshot import Scope, Snapshot
from pool_gui.window.actions.traceback_dialog import TracebackDialog
from pool_gui.window.controller import Selection
from pool_gui.wire.commands import Retry

LINES = (
    CodeLine("app.fetch", "/src/app.py", 17),
    CodeLine("app.main", "/src/app.py", 99),
)
TEXT = """Traceback (most recent call last):
  File "/src/app.py", line 99, in app.main
  File "/src/app.py", line 17, in app.fetch
ValueError: no"""


def _failed(lines: tuple[CodeLine, ...] = LINES) -> Snapshot:
    before = running(4, failed=2)
    first, *others = before.tasks
    failed = replace(first, state="failed", error="ValueError: no", source=1, pool=1)
    raised = Raised(1, 1, first.worker, first.task, "ValueError: no", lines)
    return replace(before, tasks=(failed, *others), raised=raised)


def _select(opened: Opened, snapshot: Snapshot) -> Selection:
    task = snapshot.tasks[0]
    opened.show(snapshot)
    selection = Selection(task.worker, task.task)
    opened.controller.select(selection)
    opened.show(snapshot)
    return selection


def test_the_session_is_asked_about_the_task_that_is_selected(opened: Opened) -> None:
    selection = _select(opened, _failed())
    assert opened.session.viewports[-1].task == (selection.worker, selection.task)


def test_the_selection_shows_where_the_task_raised(opened: Opened) -> None:
    _select(opened, _failed())
    shown = opened.window.selection._stack
    assert shown.isVisible()
    assert shown._title.text() == "RAISED AT"
    assert shown._lines[0].text().startswith("fetch")


def test_a_row_clicked_twice_shows_the_traceback_to_be_copied(opened: Opened) -> None:
    _select(opened, _failed())
    table = opened.window.tabs.tasks
    table.doubleClicked.emit(table.table.index(0, 0))
    (dialog,) = opened.window.findChildren(TracebackDialog)
    assert dialog.text.toPlainText() == TEXT
    copy = next(b for b in dialog.findChildren(QPushButton) if b.text() == "Copy")
    copy.click()
    assert QGuiApplication.clipboard().text() == TEXT
    dialog.close()
    QApplication.sendPostedEvents(None, 52)  # DeferredDelete


def test_a_running_task_clicked_twice_shows_the_stacks(opened: Opened) -> None:
    opened.show(_failed())
    tabs = opened.window.tabs
    tabs.tasks.doubleClicked.emit(tabs.tasks.table.index(1, 0))
    assert tabs.shows_stacks
    assert opened.session.viewports[-1].stacks


def test_a_task_that_is_not_in_the_table_any_more_is_told_while_it_is_kept(
    opened: Opened,
) -> None:
    snapshot = _failed()
    _select(opened, snapshot)
    opened.show(replace(snapshot, tasks=(), task=snapshot.tasks[0]))
    told = [value.text() for _, value in opened.window.selection._facts]
    assert "ValueError: no" in told


def test_a_traceback_that_comes_later_is_shown_and_then_stays(opened: Opened) -> None:
    _select(opened, _failed(()))
    opened.trigger("traceback")
    (dialog,) = opened.window.findChildren(TracebackDialog)
    assert dialog.text.toPlainText().startswith("ValueError: no")
    assert "not known" in dialog.text.toPlainText()
    opened.show(_failed())
    assert dialog.text.toPlainText() == TEXT
    opened.show(replace(_failed(), raised=None))
    assert dialog.text.toPlainText() == TEXT
    dialog.close()
    QApplication.sendPostedEvents(None, 52)  # DeferredDelete


def test_the_selected_task_is_tried_again_in_its_own_pool(opened: Opened) -> None:
    selection = _select(opened, _failed())
    opened.trigger("retry")
    assert opened.session.sent == [Retry(selection.task)]
    assert opened.session.scopes == [Scope(1, 1)]
    opened.trigger("retry-failed")
    assert opened.session.sent[-1] == Retry(0)


def _refusal(opened: Opened, name: str) -> str:
    action = opened.window.actions_by_name[name]
    assert not action.isEnabled()
    return action.toolTip().rpartition("\n")[2]


def test_what_cannot_be_tried_again_says_why(opened: Opened) -> None:
    opened.show(running(4))
    assert _refusal(opened, "retry-failed") == "No task has failed."
    assert _refusal(opened, "traceback") == "Select a failed task first."
    snapshot = _failed()
    _select(opened, snapshot)
    watched = tuple(replace(one, is_driven=False) for one in snapshot.sources)
    opened.show(replace(snapshot, sources=watched))
    for name in ("retry", "retry-failed"):
        assert _refusal(opened, name).startswith("This source is only watched")
    assert opened.window.actions_by_name["traceback"].isEnabled()
    opened.show(lost(snapshot))
    assert _refusal(opened, "retry") == "Its process is no more."
