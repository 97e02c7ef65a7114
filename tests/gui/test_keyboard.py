"""Keys: what the focused widget needs, it gets; the rest are the actions'."""

import pytest
from gui_support import Opened, running
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QComboBox, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from pool_gui.wire import commands


@pytest.fixture
def active(opened: Opened, qtbot: QtBot) -> Opened:
    opened.show(running(4))
    opened.window.activateWindow()
    qtbot.waitUntil(opened.window.isActiveWindow, timeout=20_000)
    return opened


def button_of(opened: Opened, action: str) -> QAbstractButton:
    wanted = opened.window.actions_by_name[action]
    for button in opened.window.toolbar.findChildren(QToolButton):
        if button.defaultAction() is wanted:
            return button
    raise AssertionError(f"the toolbar has no button for {action}")


def focus(widget: QWidget, qtbot: QtBot) -> None:
    widget.setFocus()
    qtbot.waitUntil(widget.hasFocus, timeout=20_000)


def test_space_freezes_the_display(active: Opened, qtbot: QtBot) -> None:
    focus(active.window.lanes.view, qtbot)
    qtbot.keyClick(active.window.lanes.view, Qt.Key.Key_Space)
    assert active.controller.display_paused


def test_space_presses_the_focused_button_instead(active: Opened, qtbot: QtBot) -> None:
    button = button_of(active, "pause")
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    focus(button, qtbot)
    qtbot.keyClick(button, Qt.Key.Key_Space)
    assert not active.controller.display_paused
    assert active.session.sent == [commands.Pause()]


def test_space_in_the_filter_is_a_space(active: Opened, qtbot: QtBot) -> None:
    line = active.window.tabs.filter
    focus(line, qtbot)
    qtbot.keyClicks(line, "a b")
    assert line.text() == "a b"
    assert not active.controller.display_paused


def test_home_in_the_filter_moves_its_cursor(active: Opened, qtbot: QtBot) -> None:
    line = active.window.tabs.filter
    focus(line, qtbot)
    qtbot.keyClicks(line, "abc")
    qtbot.keyClick(line, Qt.Key.Key_Home)
    assert line.cursorPosition() == 0


def test_every_toolbar_widget_can_be_reached_by_tab(active: Opened) -> None:
    for widget in active.window.toolbar.findChildren(QWidget):
        if not widget.isVisible() or not isinstance(
            widget, (QAbstractButton, QComboBox)
        ):
            continue
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, widget.toolTip()


def test_control_return_submits_from_any_place(active: Opened, qtbot: QtBot) -> None:
    focus(active.window.tabs.tasks, qtbot)
    qtbot.keyClick(
        active.window.tabs.tasks,
        Qt.Key.Key_Return,
        Qt.KeyboardModifier.ControlModifier,
    )
    [order] = active.session.sent
    assert isinstance(order, commands.Batch)


def test_control_c_copies_the_selected_row_as_tab_separated_text(
    active: Opened, qtbot: QtBot
) -> None:
    table = active.window.tabs.tasks
    table.selectRow(1)
    focus(table, qtbot)
    control = Qt.KeyboardModifier.ControlModifier
    qtbot.keyClick(table, Qt.Key.Key_C, control)
    cells = QGuiApplication.clipboard().text().split("\t")
    assert cells[1:4] == ["#201", "demo.module.prime_count", "demo_1"]


def test_no_key_belongs_to_two_actions(active: Opened) -> None:
    taken = [
        key.toString()
        for action in active.window.actions_by_name
        for key in action.shortcuts()
    ]
    assert {"Ctrl+Q", "Ctrl+W", "F1", "Ctrl+?"} <= set(taken)
    assert len(taken) == len(set(taken))
