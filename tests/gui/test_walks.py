"""Walks: over all widgets for texts that clip, and over all actions in all states."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from gui_support import Opened, empty, lost, running, two_sources
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QMessageBox, QWidget
from widget_walk import faults
from window_support import Scene

from pool_gui.monitor.view.facts import FindingRow, LinkState
from pool_gui.monitor.view.snapshot import Scope, Snapshot
from pool_gui.window.controller import Selection
from pool_gui.window.tables.column_menu import ColumnMenu

SIZES = ((860, 560), (1024, 640), (1280, 800), (1920, 1080))


def _busy() -> Snapshot:
    """Return a scene with wide values."""
    return Scene(workers=12, worker_name="ThreadPoolExecutor-12_{0}").snapshot()


def _found() -> tuple[FindingRow, ...]:
    """Return more findings than have room, each with long words."""
    shown = {"self-deadlock": "error", "starved": "warning", "saturated": "info"}
    evidence: dict[str, int | float | str | tuple[tuple[str, int, str], ...]] = {
        "workers": 1024,
        "queued": 1_234_567,
        "seconds": 86_400.0,
        "busy_share": 1.0,
        "held": 1024,
        "function": "a.b.a_function_with_quite_a_long_name",
        "waits_for": tuple(
            (f"ThreadPoolExecutor-12_{n}", 1_234_567, "") for n in range(9)
        ),
    }
    rows = [FindingRow(rule, shown[rule], evidence, 3.0, 1, 1) for rule in shown]
    return (*rows, rows[-1])


STATES: dict[str, Callable[[], Snapshot]] = {
    "nothing": empty,
    "busy": _busy,
    "lost": lambda: lost(running(4, failed=2, depth=1_234_567)),
    "silent": lambda: Scene(link=LinkState.SILENT, silent_seconds=12.5).snapshot(),
    "two sources": two_sources,
    "findings": lambda: replace(_busy(), findings=_found()),
    "paused": lambda: running(64, state="paused"),
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES)
def test_no_text_is_clipped_or_overlaps(opened: Opened, state: str, theme: str) -> None:
    opened.trigger(f"theme-{theme}")
    assert walk(opened, state) == []


SCALED = """
import os, sys
sys.path[:0] = sys.argv[1:3]
from PySide6.QtWidgets import QApplication
application = QApplication([])
from gui_support import Opened
from test_walks import STATES, walk
opened = Opened(application)
opened.program.begin()
print(opened.window.devicePixelRatio(), sum((walk(opened, s) for s in STATES), []))
sys.stdout.flush()
os._exit(0)
"""


@pytest.mark.parametrize("scale", ["1.5", "2.0"])
def test_no_text_is_clipped_or_overlaps_on_a_screen_with_another_scale(
    scale: str,
) -> None:
    tests = Path(__file__).resolve().parent
    command = [sys.executable, "-c", SCALED, str(tests), str(tests.parent)]
    place = os.environ | {"QT_SCALE_FACTOR": scale}
    done = subprocess.run(  # our own
        command, env=place, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"{scale} []"


def walk(opened: Opened, state: str) -> list[str]:
    """Return what is clipped or overlaps in a state, at any size."""
    found = []
    for width, height in SIZES:
        opened.window.resize(width, height)
        opened.show(STATES[state]())
        for _ in range(3):  # until a layout that follows another has settled
            QApplication.processEvents()
        found += [f"{width}x{height}: {one}" for one in faults(opened.window)]
    return found


class Told:
    """Collects which dialogs were opened, instead of opening them."""

    def __init__(self, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
        self.titles: list[str] = []
        dialogs = opened.window.dialogs
        monkeypatch.setattr(dialogs, "_confirm", self._confirm)
        monkeypatch.setattr(opened.window.exports, "_ask", self._ask)
        monkeypatch.setattr(opened.window.exports, "_choose", self._choose)
        for name in ("information", "about", "warning"):
            monkeypatch.setattr(QMessageBox, name, self._tell)

    def _confirm(self, text: str, *_more: str) -> bool:
        self.titles.append(text)
        return True

    def _ask(self, title: str, *_more: str) -> tuple[str, str]:
        self.titles.append(title)
        return "", ""

    def _choose(self, title: str, *_more: str) -> str:
        self.titles.append(title)
        return ""

    def _tell(self, _window: QWidget, title: str, *_more: str) -> None:
        self.titles.append(title)


def _seen(opened: Opened, told: Told) -> tuple[object, ...]:
    """Return all that an action may change: wishes, views, choices, dialogs."""
    window, session = opened.window, opened.session
    controller = opened.controller
    focus = window.focusWidget()
    return (
        tuple(session.sent),
        tuple(session.asked),
        tuple(session.viewports),
        session.closed,
        tuple(told.titles),
        controller.scope,
        controller.display_paused,
        tuple(one.isChecked() for one in window.actions_by_name),
        window.size(),
        window.isEnabled(),
        window.sources.isVisible(),
        window.selection.isVisible(),
        QGuiApplication.clipboard().text(),
        id(focus),
        tuple(one.isVisible() for one in window.findChildren(QDialog)),
        tuple(one.isVisible() for one in window.findChildren(ColumnMenu)),
    )


def _prepare(opened: Opened, name: str, state: str) -> None:
    """Show a state, with something for the action to do."""
    opened.show(STATES[state]())
    snapshot = opened.session.newest
    controller = opened.controller
    if snapshot.workers:
        controller.select(Selection(snapshot.workers[0].key))
    controller.set_viewport(replace(controller.viewport, span_seconds=60.0, end_ns=9))
    if name == "show-hidden":
        opened.trigger("hide")
    if name == "remove" and snapshot.sources:
        controller.select_scope(Scope(snapshot.sources[0].key))
    opened.window.resize(1200, 700)
    QGuiApplication.clipboard().setText("before")
    opened.window.lanes.view.setFocus()
    opened.show(snapshot)


@pytest.mark.parametrize("state", STATES)
def test_each_action_does_something_or_says_why_it_cannot(
    opened: Opened, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told(opened, monkeypatch)
    done, silent = [], []
    for action in list(opened.window.actions_by_name):
        name = action.objectName()
        _prepare(opened, name, state)
        if not action.isEnabled():
            if "\n" not in action.toolTip():
                silent.append(f"{name} is disabled without a reason")
            continue
        if action.isChecked() and action.actionGroup() is not None:
            continue  # it is so already
        before = _seen(opened, told)
        action.trigger()
        QApplication.processEvents()
        if _seen(opened, told) == before:
            silent.append(f"{name} does nothing")
        done.append(name)
        for menu in opened.window.findChildren(QMenu):
            menu.close()
        for dialog in opened.window.findChildren(QDialog):
            dialog.close()
        opened.window.setEnabled(True)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    opened.window._memory._settings.forget()
    assert silent == []
    assert len(done) > 25


def test_the_live_mark_goes_out_when_nothing_lives(opened: Opened) -> None:
    live = opened.window.actions_by_name["live"]

    def mark() -> str:
        return live.icon().pixmap(10, 10).toImage().pixelColor(5, 5).name()

    opened.show(running(2))
    lit = mark()
    opened.show(lost(running(2)))
    assert mark() != lit
    opened.show(running(2))
    assert mark() == lit
