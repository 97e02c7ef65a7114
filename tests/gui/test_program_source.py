"""A program that is watched, in the window."""

from dataclasses import replace

import pytest
from gui_support import Opened, empty, running

from pool_gui.monitor.view.facts import Link, LinkState, SourceRow
from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.window.style import words
from pool_gui.wire.notes import note


def program(state: LinkState, title: str = "app.py") -> Snapshot:
    link = Link(state, note("connected", pid=7), 0.1)
    row = SourceRow(1, 1, link, (), 7, "program", is_driven=False, title=title)
    return replace(empty(), link=link, sources=(row,))


@pytest.mark.parametrize(
    ("state", "head"),
    [(LinkState.LIVE, "app.py runs"), (LinkState.ENDED, "app.py has ended")],
)
def test_a_program_without_a_pool_is_awaited_and_no_demo_offered(
    opened: Opened, state: LinkState, head: str
) -> None:
    panel = opened.window.welcome
    opened.show(program(state))
    assert panel.head.text() == head
    assert not any(button.isVisible() for button in panel._buttons)
    opened.show(empty())
    assert all(button.isVisible() for button in panel._buttons)


def test_a_program_is_called_by_its_script() -> None:
    (row,) = program(LinkState.LIVE).sources
    assert words.source_name(row) == "app.py"
    assert words.source_name(replace(row, title="")) == "Program 1"


def test_leaving_a_programs_tasks_asks_nothing(opened: Opened) -> None:
    busy = running(4, depth=3)
    opened.show(busy)
    assert opened.window.controller.has_work
    (row,) = program(LinkState.LIVE).sources
    watched = replace(row, pools=busy.sources[0].pools, key=busy.sources[0].key)
    opened.show(replace(busy, sources=(watched,)))
    assert not opened.window.controller.has_work
