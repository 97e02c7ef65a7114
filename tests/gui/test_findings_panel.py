"""Findings as people meet them: sentences, the panel, what a click does."""

from dataclasses import replace

import pytest
from findings_table import TRIGGERS, judge
from gui_support import Opened, running, two_sources
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from pool_gui.monitor.findings.rules import RULES
from pool_gui.monitor.view.facts import FindingRow
from pool_gui.monitor.view.snapshot import Scope
from pool_gui.window.style import finding_words
from pool_gui.window.style.findings_report import say_findings


def row(level: str = "warning", pool: int = 1, workers: int = 8) -> FindingRow:
    evidence = {"gil_share": 0.7, "cores": 1.0, "workers": workers}
    return FindingRow("gil-bound", level, evidence, 3.0, 1, pool)


@pytest.mark.parametrize(("name", "changes"), TRIGGERS)
def test_each_finding_is_said_in_full_sentences(
    name: str, changes: dict[str, object]
) -> None:
    evidence = judge(name, changes).evidence
    said = finding_words.sentence(name, evidence)
    told = finding_words.advice(name, evidence)
    assert finding_words.title(name)
    for text in (said, told):
        assert text.endswith(".")
        assert "{" not in text


def test_each_rule_has_words() -> None:
    assert all(finding_words.title(rule.name) for rule in RULES)


def test_the_panel_says_what_is_wrong_and_what_to_do(opened: Opened) -> None:
    panel = opened.window.findings
    opened.show(running(8))
    assert panel._none.isVisible()
    opened.show(replace(running(8), findings=(row(),)))
    card = panel._cards[0]
    assert card.isVisible()
    assert "GIL-bound" in card.name.whole()
    assert "70" in card.evidence.text()
    assert "processes" in card.advice.text()
    assert not panel._none.isVisible()
    opened.show(running(8))
    assert not card.isVisible()


def test_of_many_findings_the_number_is_told(opened: Opened) -> None:
    rows = tuple(row(workers=n) for n in range(5))
    opened.show(replace(running(8), findings=rows))
    panel = opened.window.findings
    assert panel._more.isVisible()
    assert "2" in panel._more.text()


@pytest.mark.parametrize("way", ["mouse", "key"])
def test_a_finding_leads_to_its_pool(opened: Opened, qtbot: QtBot, way: str) -> None:
    opened.show(replace(two_sources(), findings=(row(pool=2),)))
    card = opened.window.findings._cards[0]
    assert "demo-2" in card.name.whole()
    if way == "mouse":
        qtbot.mouseClick(card, Qt.MouseButton.LeftButton)
    else:
        qtbot.keyClick(card, Qt.Key.Key_Return)
    assert ("set_scope", Scope(1, 2)) in opened.session.asked


def test_the_report_says_findings_in_words_too() -> None:
    evidence = {"gil_share": 0.7, "cores": 1.0, "workers": 8}
    found = {"rule": "gil-bound", "evidence": evidence}
    say_findings({"pools": [{"findings": [found]}]})
    assert "8 workers" in str(found["text"])
    assert "processes" in str(found["advice"])
