"""The pool's exact counts in the right column."""

from dataclasses import replace

from gui_support import running
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from pool_gui.monitor.view.facts import ProcessUse, WakeUp
from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.window.panels.pool_facts import PoolPanel
from pool_gui.window.style import numbers
from pool_gui.wire.messages import Counts

NBSP = "\N{NO-BREAK SPACE}"


def said(facts: PoolPanel) -> dict[str, str]:
    """Return the captions that can be seen, each with its value."""
    texts = [one.text() for one in facts.findChildren(QLabel) if not one.isHidden()]
    return dict(zip(texts[1::2], texts[2::2], strict=True))


def with_counts(counts: Counts) -> Snapshot:
    snapshot = running(workers=2)
    assert snapshot.pool is not None
    return replace(snapshot, pool=replace(snapshot.pool, counts=counts))


def test_each_fate_of_a_task_is_told_apart(qtbot: QtBot) -> None:
    facts = PoolPanel()
    qtbot.addWidget(facts)
    counts = Counts(99, 50, 40, 2, 3, expired=4, dropped=5, overdue=6, rejected=7)
    facts.show_snapshot(with_counts(replace(counts, run_by_callers=8)))
    told = said(facts)
    assert told["cancelled"] == "3"
    assert told["expired"] == "4"
    assert told["dropped"] == "5"
    assert told["overdue"] == "6"
    assert told["rejected"] == "7"
    assert told["by callers"] == "8"


def test_what_hardly_any_pool_has_is_told_only_where_there_is_some(
    qtbot: QtBot,
) -> None:
    facts = PoolPanel()
    qtbot.addWidget(facts)
    facts.show_snapshot(with_counts(Counts(9, 8, 7)))
    assert not {"expired", "dropped", "overdue", "by callers"} & set(said(facts))
    assert {"cancelled", "rejected"} <= set(said(facts))


def test_how_late_threads_wake_is_told_and_a_dash_where_it_is_not_known(
    qtbot: QtBot,
) -> None:
    facts = PoolPanel()
    qtbot.addWidget(facts)
    process = ProcessUse(0.5, 1e7, 9.0)
    snapshot = replace(with_counts(Counts()), process=process)
    facts.show_snapshot(replace(snapshot, wake_up=WakeUp(0.0049, 0.0123)))
    assert said(facts)["wake-up"] == f"4.90{NBSP}ms late, 12.3{NBSP}ms at most"
    facts.show_snapshot(snapshot)
    assert said(facts)["wake-up"] == numbers.UNKNOWN
