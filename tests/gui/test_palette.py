"""The command palette: what is typed finds a command, and Return does it."""

import pytest
from gui_support import Opened, empty, running
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QPalette
from pytestqt.qtbot import QtBot

from pool_gui.window.actions.palette import CommandPalette
from pool_gui.wire import commands


@pytest.fixture
def asked(opened: Opened) -> CommandPalette:
    opened.show(running(4))
    opened.trigger("palette")
    return opened.window.dialogs.palette


def names(palette: CommandPalette) -> list[str]:
    items = (
        palette.list.topLevelItem(n) for n in range(palette.list.topLevelItemCount())
    )
    return [item.text(0) for item in items if item is not None]


def type_in(palette: CommandPalette, text: str, qtbot: QtBot) -> None:
    palette.line.clear()
    qtbot.keyClicks(palette.line, text)


def test_it_lists_every_command_but_itself(
    opened: Opened, asked: CommandPalette
) -> None:
    texts = {one.text() for one in opened.window.actions_by_name}
    assert set(names(asked)) == texts - {"Commands…"}
    assert len(names(asked)) == len(list(opened.window.actions_by_name)) - 1


def test_a_command_is_found_by_its_menu_and_words_in_any_order(
    asked: CommandPalette, qtbot: QtBot
) -> None:
    type_in(asked, "rate ref low", qtbot)
    assert names(asked) == ["Low"]
    type_in(asked, "theme dark", qtbot)
    assert names(asked) == ["Colours of the system", "Dark"]


def test_what_begins_with_what_is_typed_comes_first(
    asked: CommandPalette, qtbot: QtBot
) -> None:
    type_in(asked, "drain", qtbot)
    assert names(asked)[0] == "Drain"
    type_in(asked, "zoom", qtbot)
    assert names(asked) == ["Zoom in", "Zoom out", "Reset zoom"]


def test_return_does_the_chosen_command_and_closes(
    opened: Opened, asked: CommandPalette, qtbot: QtBot
) -> None:
    type_in(asked, "pause", qtbot)
    assert names(asked)[0] == "Pause"
    qtbot.keyClick(asked.line, Qt.Key.Key_Return)
    assert not asked.isVisible()
    assert opened.session.sent == [commands.Pause()]


def test_the_arrow_keys_choose_while_the_line_has_the_focus(
    opened: Opened, asked: CommandPalette, qtbot: QtBot
) -> None:
    type_in(asked, "zoom", qtbot)
    qtbot.keyClick(asked.line, Qt.Key.Key_Down)
    item = asked.list.currentItem()
    assert item is not None
    assert item.text(0) == "Zoom out"
    before = opened.controller.viewport.span_seconds
    qtbot.keyClick(asked.line, Qt.Key.Key_Return)
    assert opened.controller.viewport.span_seconds > before


def test_what_cannot_be_done_is_dim_says_why_and_is_not_done(
    opened: Opened, asked: CommandPalette, qtbot: QtBot
) -> None:
    opened.show(empty())
    type_in(asked, "clear queue", qtbot)
    item = asked.list.currentItem()
    assert item is not None
    palette = asked.palette()
    faint = palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
    assert item.foreground(0).color() == faint
    tip = opened.window.actions_by_name["clear"].toolTip()
    assert asked._reason.text() == tip.partition("\n")[2] != ""
    qtbot.keyClick(asked.line, Qt.Key.Key_Return)
    assert asked.isVisible()
    assert opened.session.sent == []


def test_it_follows_what_becomes_possible_while_it_is_open(
    opened: Opened, asked: CommandPalette, qtbot: QtBot
) -> None:
    opened.show(empty())
    type_in(asked, "pause", qtbot)
    refusal = asked._reason.text()
    opened.show(running(4))
    assert asked._reason.text() != refusal


def test_nothing_found_is_said(
    opened: Opened, asked: CommandPalette, qtbot: QtBot
) -> None:
    type_in(asked, "xyzzy", qtbot)
    assert names(asked) == []
    assert asked._reason.text() == "No command is called so."
    qtbot.keyClick(asked.line, Qt.Key.Key_Return)
    assert asked.isVisible()
    assert opened.session.sent == []


def test_system_info_tells_versions_and_nothing_of_the_person(opened: Opened) -> None:
    opened.show(running(2))
    opened.trigger("copy-system")
    text = QGuiApplication.clipboard().text()
    for part in (
        "pool_gui ",
        "Python ",
        "PySide6 6",
        "psutil ",
        "screen ",
        "watched: 1",
    ):
        assert part in text
    assert "/" not in text.replace("://", "")
