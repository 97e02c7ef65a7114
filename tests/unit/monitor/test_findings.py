"""Each rule: what must trigger it, and near misses that must not."""

from dataclasses import replace

import pytest
from findings_table import (
    BY_NAME,
    HASHING,
    HEALTHY,
    NEAR_MISSES,
    NOT_APPLICABLE,
    TRIGGERS,
    judge,
)

from pool_gui.monitor.findings.judgements import Judgement
from pool_gui.monitor.findings.keeper import CLEAR_NS, Finding, Keeper
from pool_gui.monitor.findings.rule import Rule, Verdict
from pool_gui.monitor.findings.rules import RULES

SECOND_NS = 1_000_000_000


@pytest.mark.parametrize(("name", "changes"), TRIGGERS)
def test_a_rule_speaks_when_it_must(name: str, changes: dict[str, object]) -> None:
    answer = judge(name, changes)
    assert answer.verdict is Verdict.WARNING
    assert answer.evidence


@pytest.mark.parametrize(("name", "changes"), NEAR_MISSES)
def test_a_rule_is_quiet_at_a_near_miss(name: str, changes: dict[str, object]) -> None:
    assert judge(name, changes).verdict is Verdict.FINE


@pytest.mark.parametrize(("name", "changes"), NOT_APPLICABLE)
def test_a_rule_says_when_it_does_not_apply(
    name: str, changes: dict[str, object]
) -> None:
    assert judge(name, changes).verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_healthy_pool_has_no_findings(rule: Rule) -> None:
    assert rule.judge(HEALTHY, rule.limits).verdict is not Verdict.WARNING


def test_each_rule_has_two_triggers_and_two_near_misses() -> None:
    for table in (TRIGGERS, NEAR_MISSES):
        names = [name for name, _ in table]
        assert all(names.count(rule.name) >= 2 for rule in RULES)


def test_what_is_advised_fits_the_kind_of_work() -> None:
    waiting = judge("undersized", {"always_queued": True, "arrivals_per_second": 100.0})
    assert waiting.evidence["wanted"] == 7
    hashing = {"always_queued": True, "arrivals_per_second": 400.0, "size": 1}
    told = judge("undersized", hashing | {"shares": HASHING | {"network": 0.0}})
    assert told.evidence["wanted"] == HEALTHY.cores, "more cannot run at once"
    big = judge("oversized", {"size": 16, "peak_busy": 3.0})
    assert big.evidence["wanted"] == 4


class Pool:
    """A keeper with one rule, asked twice a second."""

    def __init__(self, **changes: object) -> None:
        self.keeper = Keeper([BY_NAME["saturated"]])
        self.changes = changes
        self.now_ns = 0

    def looks(self, count: int, **changes: object) -> tuple[Finding, ...]:
        for _ in range(count):
            self.now_ns += SECOND_NS // 2
            signs = replace(HEALTHY, **self.changes, **changes)  # type: ignore[arg-type]  # by name
            self.keeper.look(signs, self.now_ns)
        return self.keeper.findings


FULL = {"busy_share": 1.0, "always_queued": True, "depth": 9}
EASY = {"busy_share": 0.5, "always_queued": False, "depth": 0}


def test_a_finding_comes_at_the_second_look_and_goes_when_it_was_long_quiet() -> None:
    pool = Pool()
    assert pool.looks(1, **FULL) == ()
    (found,) = pool.looks(1, **FULL)
    assert found.active
    (found,) = pool.looks(7, **EASY)
    assert found.active, "it does not flicker"
    pool.looks(1, **FULL)
    (known,) = pool.looks(CLEAR_NS * 2 // SECOND_NS, **EASY)
    assert not known.active
    assert known is found, "it stays known"


def test_a_flash_is_no_finding() -> None:
    pool = Pool()
    for _ in range(5):
        assert pool.looks(1, **FULL) == ()
        assert pool.looks(1, **EASY) == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "paused"},
        {"state": "draining"},
        {"finished": 0, "age_seconds": 2.0},
    ],
)
def test_rules_are_quiet_at_the_start_and_while_a_pool_rests(
    changes: dict[str, object],
) -> None:
    assert Pool(**changes).looks(5, **FULL) == ()


def test_a_limit_can_be_set_and_a_rule_silenced() -> None:
    rules = [BY_NAME["saturated"]]
    strict = Keeper(rules, Judgement({"saturated": {"busy_share": 0.3}}))
    signs = replace(HEALTHY, busy_share=0.4, always_queued=True, depth=1)
    for now_ns in (1, 2):
        strict.look(signs, now_ns)
    assert [one.rule for one in strict.findings] == ["saturated"]
    silent = Keeper(rules, Judgement(silenced=frozenset({"saturated"})))
    for now_ns in (1, 2):
        silent.look(replace(signs, busy_share=1.0), now_ns)
    assert silent.findings == ()


def test_all_is_over_when_the_process_is() -> None:
    pool = Pool()
    (found,) = pool.looks(2, **FULL)
    pool.keeper.end()
    assert not found.active
