"""What is remembered of the layout, and what is done with nonsense."""

import pytest
from gui_support import Opened, running
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from pytestqt.qtbot import QtBot

from pool_gui.monitor.view.viewport import Rate


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
    opened.window._memory._settings.forget()


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
    opened.window._memory._settings.write("window", nonsense)
    opened.window.restore()
    assert opened.window.size() == size
    assert [opened.window.tabs.tasks.columnWidth(n) for n in range(6)] == widths
    assert opened.window.toolbar.order.demo.currentData() == "mix"
    opened.window._memory._settings.forget()


class Relayouts(QObject):
    """Counts how often a widget is asked to lay itself out anew."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt's name
        self.count += event.type() == QEvent.Type.LayoutRequest
        return False


def test_figures_that_change_move_nothing_in_the_window(
    opened: Opened, qtbot: QtBot
) -> None:
    for depth in (88, 66, 88):  # until what there was at first has settled
        opened.show(running(2, failed=1, depth=depth))
        QCoreApplication.processEvents()
    relayouts = Relayouts()
    opened.window.installEventFilter(relayouts)
    opened.show(running(2, failed=2, depth=77))
    QCoreApplication.processEvents()
    assert opened.window.charts.queue_depth.figure.text() == "77"
    assert opened.window.selection._pool._values["failed"].text() == "2"
    assert relayouts.count == 0
    opened.window.charts.queue_depth.figure.setText("far more than there is room for")
    qtbot.waitUntil(lambda: relayouts.count > 0)  # this one needs more room
    opened.window.removeEventFilter(relayouts)


@pytest.mark.parametrize("rate", list(Rate))
def test_a_refresh_rate_is_asked_for_and_remembered(opened: Opened, rate: Rate) -> None:
    opened.trigger("rate-low" if rate is Rate.NORMAL else "rate-normal")
    opened.trigger(f"rate-{rate.value}")
    assert opened.session.viewports[-1].rate is rate
    opened.window.remember()
    opened.trigger("rate-low" if rate is Rate.NORMAL else "rate-normal")
    opened.window.restore()
    assert opened.controller.viewport.rate is rate
    assert opened.window.actions_by_name[f"rate-{rate.value}"].isChecked()
    opened.window._memory._settings.forget()


def test_no_refresh_is_a_paused_display_and_another_rate_ends_it(
    opened: Opened,
) -> None:
    named = opened.window.actions_by_name

    def state() -> tuple[bool, bool]:
        return opened.controller.display_paused, named["freeze"].isChecked()

    opened.show(running(2))
    opened.trigger("rate-paused")
    assert state() == (True, True)
    opened.trigger("freeze")
    assert state() == (False, False)
    assert named["rate-normal"].isChecked()
    opened.trigger("rate-paused")
    opened.trigger("rate-low")
    assert state() == (False, False)
    assert named["rate-low"].isChecked()


def test_many_lanes_are_drawn_only_where_they_are_in_sight(opened: Opened) -> None:
    opened.show(running(4))
    assert opened.controller.viewport.rows == 0, "few are all drawn"
    opened.show(running(200))
    asked = opened.controller.viewport
    assert asked.first_row == 0
    assert 8 <= asked.rows < 60
    bar = opened.window.lanes.view.verticalScrollBar()
    bar.setValue(bar.maximum())
    asked = opened.controller.viewport
    assert asked.first_row < 200 <= asked.first_row + asked.rows
    assert asked.rows < 60
