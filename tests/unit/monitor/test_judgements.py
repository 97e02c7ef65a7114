"""What people decide about rules, and the file in which they do."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pool_gui.monitor.findings import rules_file
from pool_gui.monitor.findings.judgements import (
    NO_JUDGEMENTS,
    Judgement,
    Judgements,
)
from pool_gui.monitor.findings.rules import RULES
from pool_gui.monitor.findings.rules_file import RulesFileError

WAITS = Judgement({"long-wait": {"wait_seconds": 2.0}}, frozenset({"saturated"}))
ORDERS = Judgement({"long-wait": {"runs": 5.0}}, frozenset({"gil-bound"}))


def test_a_pools_own_values_go_before_those_of_all() -> None:
    both = Judgements(WAITS, {"orders": ORDERS}).of("orders")
    assert both.limits == {"long-wait": {"wait_seconds": 2.0, "runs": 5.0}}
    assert both.silenced == {"saturated", "gil-bound"}
    assert Judgements(WAITS, {"orders": ORDERS}).of("other") == WAITS


def test_silencing_changes_nothing_else() -> None:
    before = Judgements(WAITS, {"orders": ORDERS})
    here = before.silencing("failing", "orders")
    assert here.pools["orders"].silenced == {"gil-bound", "failing"}
    assert here.all_pools == WAITS
    everywhere = before.silencing("failing", "")
    assert everywhere.all_pools.silenced == {"saturated", "failing"}


@pytest.mark.parametrize(
    ("limits", "silenced", "why"),
    [
        ({}, {"nonsense"}, "no rule called 'nonsense'"),
        ({"nonsense": {}}, set(), "no rule called 'nonsense'"),
        ({"starved": {"wait": 1.0}}, set(), "starved has no threshold 'wait'"),
        ({"starved": {"seconds": -1.0}}, set(), "from 0"),
        ({"starved": {"seconds": float("nan")}}, set(), "from 0"),
        ({"starved": {"seconds": True}}, set(), "from 0"),
        ({"gil-bound": {"gil_share": 25.0}}, set(), "from 0 to 1"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    limits: dict[str, dict[str, float]], silenced: set[str], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        Judgement(limits, frozenset(silenced))


RULE_NAMES = [rule.name for rule in RULES]
LIMITS = st.fixed_dictionaries(
    {},
    optional={
        rule.name: st.fixed_dictionaries(
            {}, optional={name: st.floats(0, 1) for name in rule.limits}
        ).filter(bool)
        for rule in RULES
        if rule.limits
    },
)
JUDGEMENT = st.builds(Judgement, LIMITS, st.frozensets(st.sampled_from(RULE_NAMES)))
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
JUDGEMENTS = st.builds(
    Judgements,
    JUDGEMENT,
    st.dictionaries(NAMES, JUDGEMENT.filter(lambda j: j != Judgement()), max_size=3),
)


@given(JUDGEMENTS, JUDGEMENTS)
def test_what_was_written_down_is_read_again_whatever_stood_there(
    tmp_path_factory: pytest.TempPathFactory, before: Judgements, after: Judgements
) -> None:
    path = tmp_path_factory.mktemp("rules") / "rules.toml"
    rules_file.write(path, before)
    assert rules_file.read(path) == before
    rules_file.write(path, after)
    assert rules_file.read(path) == after


def test_comments_and_order_of_a_person_survive(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    text = (
        "# ours\nsilenced = ['saturated']  # known\n\n"
        "[limits.long-wait]  # agreed in May\nwait_seconds = 2.0\n"
    )
    path.write_text(text)
    told = rules_file.read(path)
    assert told == Judgements(WAITS)
    rules_file.write(path, told)
    assert path.read_text() == text
    rules_file.write(path, told.silencing("failing", "orders"))
    kept = path.read_text()
    assert kept.startswith(text.rstrip("\n"))
    assert "[pools.orders]" in kept


def test_without_a_file_nothing_is_decided(tmp_path: Path) -> None:
    assert rules_file.read(tmp_path / "none.toml") == NO_JUDGEMENTS


@pytest.mark.parametrize(
    "text",
    [
        "silenced = 'x'",
        "silenced = [1]",
        "silence = []",
        "[limits]\nstarved = 3",
        "pools = 3",
        "[pools.a]\nmore = 1",
        "[limits.starved]\nseconds = 'long'",
        "[limits.starved",
        "\x00",
    ],
)
def test_a_file_that_says_what_cannot_be_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(text)
    with pytest.raises(RulesFileError, match=r"rules\.toml: "):
        rules_file.read(path)


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path: Path) -> None:
    with pytest.raises(RulesFileError):
        rules_file.write(tmp_path, Judgements(WAITS))  # a folder stands there
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(RulesFileError):
        rules_file.write(file / "rules.toml", Judgements(WAITS))
    assert list(tmp_path.iterdir()) == [file]
