"""What is remembered of the layout, and what is done with nonsense."""

import pytest
from gui_support import Opened, running


def test_columns_are_remembered_and_can_be_reset(opened: Opened) -> None:
    opened.show(running(4))
    tabs = opened.window.tabs
    first = tabs.tasks.columnWidth(2)
    tabs.tasks.setColumnWidth(2, first + 60)
    opened.window.remember()
    tabs.tasks.setColumnWidth(2, 40)
    opened.window.restore()
    assert tabs.tasks.columnWidth(2) == first + 60
    opened.trigger("reset-layout")
    assert tabs.tasks.columnWidth(2) == first
    opened.window._settings.forget()


@pytest.mark.parametrize(
    "nonsense",
    [
        {"columns": 3, "geometry": [], "split": None, "theme": {}, "demo": 7},
        {"columns": {"tasks": "ÿ", "workers": "!!!"}, "geometry": "====", "demo": "x"},
        {"selection": "yes", "split": "AAAA", "columns": {"tasks": 5}},
    ],
)
def test_nonsense_in_the_settings_changes_nothing(
    opened: Opened, nonsense: dict[str, object]
) -> None:
    size = opened.window.size()
    widths = [opened.window.tabs.tasks.columnWidth(n) for n in range(6)]
    opened.window._settings.write("window", nonsense)
    opened.window.restore()
    assert opened.window.size() == size
    assert [opened.window.tabs.tasks.columnWidth(n) for n in range(6)] == widths
    assert opened.window.toolbar.order.demo.currentData() == "mix"
    opened.window._settings.forget()
