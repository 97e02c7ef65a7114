"""Marks on the time axes, and the line that counts findings."""

from dataclasses import replace

import pytest
from gui_support import Opened, running
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from pool_gui.monitor.view.facts import FindingRow, MarkRow
from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.window.lanes import marks
from pool_gui.window.style import mark_words

NBSP = "\N{NO-BREAK SPACE}"
RESIZED: dict[str, int | float | str] = {
    "before": 4,
    "after": 8,
    "rate_before": 136.0,
    "rate_after": 128.0,
}


def marked(*rows: tuple[float, str, dict[str, int | float | str]]) -> Snapshot:
    """Return a snapshot with marks, each so many seconds before now."""
    snapshot = running(4)
    assert snapshot.lanes is not None
    now_ns = snapshot.lanes.now_ns
    made = (
        MarkRow(now_ns - round(ago * 1e9), 1, 1, kind, values, in_scope=True)
        for ago, kind, values in rows
    )
    return replace(snapshot, marks=tuple(made))


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        (
            "resized",
            RESIZED,
            f"4 → 8 workers: 136{NBSP}/s → 128{NBSP}/s",
        ),
        ("resized", {"before": 2, "after": 1}, "2 → 1 worker"),
        ("paused", {}, "paused"),
        ("finding", {"rule": "starved", "level": "warning"}, "▲ Starved"),
    ],
)
def test_marks_are_said_in_words(
    kind: str, values: dict[str, int | float | str], said: str
) -> None:
    (row,) = marked((1.0, kind, values)).marks
    assert mark_words.said(row) == said


def test_lanes_and_charts_mark_what_happened(opened: Opened) -> None:
    snapshot = marked((2.0, "resized", RESIZED), (9e5, "paused", {}))
    opened.show(snapshot)
    view = opened.window.lanes.view
    ((x, row),) = marks.places(snapshot, view._track())
    assert row.kind == "resized"
    assert "4 → 8 workers" in view.describe(QPointF(x + 2, 20))
    assert "4 → 8 workers" not in view.describe(QPointF(x + 40, 20))
    chart = opened.window.charts.throughput
    assert [line.value() for line in chart._marks._lines] == [pytest.approx(-2.0)]
    assert "4 → 8 workers" in chart.toolTip()
    opened.show(marked())
    assert not any(line.isVisible() for line in chart._marks._lines)
    assert "workers" not in chart.toolTip()


def test_sizes_that_were_tried_stand_with_the_pool(opened: Opened) -> None:
    snapshot = running(4)
    assert snapshot.pool is not None
    facts = opened.window.selection._pool
    opened.show(snapshot)
    assert facts._values["tried"].isHidden()
    pool = replace(snapshot.pool, rates=((4, 136.0), (8, 128.0)))
    opened.show(replace(snapshot, pool=pool))
    assert facts._values["tried"].whole() == f"4: 136{NBSP}/s · 8: 128{NBSP}/s"


def test_one_line_counts_findings_and_leads_to_the_gravest(
    opened: Opened, qtbot: QtBot
) -> None:
    line = opened.window.lanes.findings
    opened.show(running(4))
    height = line.height()
    assert line.whole() == "Nothing is wrong that can be seen."
    rows = (
        FindingRow("self-deadlock", "error", {"workers": 4, "queued": 4}, 500.0, 1, 1),
        FindingRow("backlog", "warning", {"queued": 9, "limit": 10}, 3.0, 1, 1),
    )
    opened.show(replace(running(4), findings=rows))
    assert line.whole().startswith("2 findings: ■ The pool waits for itself (")
    assert line.height() == height
    qtbot.mouseClick(line, Qt.MouseButton.LeftButton)
    assert opened.window.tabs.shows_stacks
    controller = opened.window.controller
    end_ns, span_ns = controller.viewport.end_ns, controller.viewport.span_seconds * 1e9
    lanes = opened.session.newest.lanes
    assert lanes is not None
    assert end_ns is not None
    first_ns = lanes.now_ns - 500e9
    assert end_ns - span_ns < first_ns < end_ns
