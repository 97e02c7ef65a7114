"""Keeps a pool's findings: they come when a rule speaks, and go when it is long quiet.

Session thread only. Invariants: a finding comes only when its rule warned at two looks
in a row, and goes only after `CLEAR_NS` without a warning, so that nothing flickers;
each rule has one finding a pool, which stays known when it is over.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pool_gui.monitor.findings.judgements import NO_JUDGEMENT, Judgement
from pool_gui.monitor.findings.rule import Level, Rule, Value, Verdict
from pool_gui.monitor.findings.rules import RULES
from pool_gui.monitor.findings.signs import Signs

CLEAR_NS: Final = 4_000_000_000
YOUNG_SECONDS: Final = 5.0
"""So long after its begin a pool in which no task has ended is left alone."""

_HITS: Final = 2
_QUIET_STATES: Final = ("paused", "draining", "new")


@dataclass(slots=True)
class Finding:
    """What a rule found in a pool; times are the session's."""

    rule: str
    level: Level
    first_ns: int
    last_ns: int
    evidence: Mapping[str, Value]
    active: bool = True


@dataclass(slots=True)
class _Watch:
    """How one rule stands in one pool."""

    rule: Rule
    hits: int = 0
    warned_ns: int = 0
    finding: Finding | None = field(default=None)


class Keeper:
    """The findings of one pool."""

    def __init__(
        self, rules: Iterable[Rule] = RULES, judgement: Judgement = NO_JUDGEMENT
    ) -> None:
        """Begin without any.

        Args:
            rules: to be asked.
            judgement: what people decided about them; may be set at any time.
        """
        self.judgement = judgement
        self._watches = [_Watch(rule) for rule in rules]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All there were, in the order of their rules."""
        return tuple(w.finding for w in self._watches if w.finding is not None)

    def look(self, signs: Signs, now_ns: int) -> None:
        """Ask all rules."""
        for watch in self._watches:
            self._ask(watch, signs, now_ns)

    def end(self) -> None:
        """Let all be over: the pool, or its process, is no more."""
        for watch in self._watches:
            watch.hits = 0
            if watch.finding is not None:
                watch.finding.active = False

    def _ask(self, watch: _Watch, signs: Signs, now_ns: int) -> None:
        rule, finding = watch.rule, watch.finding
        if rule.name in self.judgement.silenced:
            watch.hits = 0
            if finding is not None:
                finding.active = False
            return
        if not rule.in_any_state and _is_quiet(signs):
            verdict, evidence = Verdict.NOT_APPLICABLE, {}
        else:
            limits = {**rule.limits, **self.judgement.limits.get(rule.name, {})}
            answer = rule.judge(signs, limits)
            verdict, evidence = answer.verdict, dict(answer.evidence)
        if verdict is Verdict.LOOK_AGAIN:
            return
        if verdict is Verdict.WARNING:
            watch.hits += 1
            watch.warned_ns = now_ns
            if finding is not None and finding.active:
                finding.last_ns, finding.evidence = now_ns, evidence
            elif watch.hits >= _HITS:
                watch.finding = Finding(rule.name, rule.level, now_ns, now_ns, evidence)
            return
        watch.hits = 0
        if finding is not None and now_ns - watch.warned_ns >= CLEAR_NS:
            finding.active = False


def _is_quiet(signs: Signs) -> bool:
    """Whether the pool is in a state in which most rules would be wrong."""
    young = signs.finished == 0 and signs.age_seconds < YOUNG_SECONDS
    return young or signs.state in _QUIET_STATES
