"""Silencing findings and setting thresholds from the window."""

from dataclasses import replace
from pathlib import Path

import pytest
from gui_support import Opened, running
from PySide6.QtWidgets import QDialogButtonBox
from pytestqt.qtbot import QtBot

from pool_gui.monitor.findings import rules_file
from pool_gui.monitor.findings.judgements import NO_JUDGEMENTS, Judgement, Judgements
from pool_gui.monitor.findings.rules import RULES
from pool_gui.monitor.view.facts import FindingRow
from pool_gui.window.findings.rules_form import RulesForm
from pool_gui.window.style import limit_words

EVIDENCE = {"gil_share": 0.7, "cores": 1.0, "workers": 4}
FOUND = FindingRow("gil-bound", "warning", EVIDENCE, 3.0, 1, 1)


def test_each_threshold_has_words() -> None:
    for rule in RULES:
        for name in rule.limits:
            assert limit_words.limit(rule.name, name)


@pytest.fixture
def form(qtbot: QtBot) -> RulesForm:
    made = RulesForm(None)  # type: ignore[arg-type]  # no window is needed
    qtbot.addWidget(made)
    return made


def saved(form: RulesForm) -> Judgements:
    told: list[Judgements] = []
    form.chosen.connect(told.append)
    form.accept()
    return told[-1]


def test_a_form_that_nobody_touched_decides_nothing(form: RulesForm) -> None:
    form.ask(NO_JUDGEMENTS, ("orders",))
    assert saved(form) == NO_JUDGEMENTS


def test_thresholds_and_silence_are_set_for_all_or_for_one(form: RulesForm) -> None:
    form.ask(NO_JUDGEMENTS, ("orders",))
    form.shown["saturated"].setChecked(False)
    form.limits["gil-bound", "gil_share"].setValue(40)
    form.pool.setCurrentIndex(1)
    assert not form.shown["saturated"].isEnabled(), "it is silenced for all"
    assert form.limits["gil-bound", "gil_share"].value() == 40
    form.limits["starved", "seconds"].setValue(5)
    judgements = saved(form)
    assert judgements.all_pools == Judgement(
        {"gil-bound": {"gil_share": 0.4}}, frozenset({"saturated"})
    )
    assert judgements.pools == {"orders": Judgement({"starved": {"seconds": 5.0}})}


def test_defaults_take_back_what_was_decided(form: RulesForm) -> None:
    form.ask(Judgements(Judgement(silenced=frozenset({"failing"}))), ())
    buttons = form.findChild(QDialogButtonBox)
    assert isinstance(buttons, QDialogButtonBox)
    buttons.button(QDialogButtonBox.StandardButton.RestoreDefaults).click()
    assert saved(form) == NO_JUDGEMENTS


def test_a_finding_is_silenced_from_its_menu_and_stays_so(
    opened: Opened, tmp_path: Path
) -> None:
    rules = opened.program.rules
    rules._path = tmp_path / "rules.toml"
    opened.show(replace(running(4), findings=(FOUND,)))
    menu = opened.window.findings.menu_of(FOUND)
    actions = {action.text(): action for action in menu.actions()}
    actions["Silence it in all pools"].trigger()
    everywhere = Judgements(Judgement(silenced=frozenset({"gil-bound"})))
    assert opened.session.asked[-1] == ("judge", everywhere)
    assert rules_file.read(rules._path) == everywhere
    rules.decide(NO_JUDGEMENTS)
    name = running(4).sources[0].pools[0].name
    pool = running(4).sources[0].pools[0].key
    row = replace(FOUND, pool=pool)
    opened.window.findings.menu_of(row).actions()[0].trigger()
    assert rules.judgements.pools[name].silenced == {"gil-bound"}


def test_a_broken_file_is_said_and_the_rules_own_values_are_used(
    opened: Opened, tmp_path: Path
) -> None:
    rules = opened.program.rules
    rules._path = tmp_path / "rules.toml"
    rules._path.write_text("[limits.starved]\nseconds = 'long'\n")
    rules.read()
    assert "rules.toml" in opened.window.bars.refusal.text.whole()
    assert not any(one[0] == "judge" for one in opened.session.asked)


def test_what_cannot_be_written_down_counts_all_the_same(
    opened: Opened, tmp_path: Path
) -> None:
    rules = opened.program.rules
    rules._path = tmp_path  # a folder
    rules.silence(FOUND)
    assert opened.session.asked[-1][0] == "judge"
    assert "could not be written down" in opened.window.bars.refusal.text.whole()
