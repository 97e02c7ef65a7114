"""What people decided about the rules: other thresholds, and which are silenced.

Frozen values; any thread. For all pools, and for single ones by their name, which then
goes first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from pool_gui.monitor.findings.rule import Limits
from pool_gui.monitor.findings.rules import RULES

_NO_LIMITS: Final[Mapping[str, Limits]] = MappingProxyType({})
_BY_NAME: Final = {rule.name: rule for rule in RULES}
_MOST: Final = 1e9


@dataclass(frozen=True, slots=True)
class Judgement:
    """For one pool, or for all."""

    limits: Mapping[str, Limits] = field(default_factory=lambda: _NO_LIMITS)
    """Other thresholds than a rule's own, by rule."""
    silenced: frozenset[str] = frozenset()
    """Names of rules that say nothing."""

    def __post_init__(self) -> None:
        """Check it.

        Raises:
            ValueError: a sentence that names what is wrong.
        """
        for name in (*self.silenced, *self.limits):
            if name not in _BY_NAME:
                raise ValueError(f"there is no rule called {name!r}")
        for name, limits in self.limits.items():
            for limit, value in limits.items():
                _check(name, limit, value)


def _check(rule: str, limit: str, value: float) -> None:
    known = _BY_NAME[rule].limits
    if limit not in known:
        names = ", ".join(known) or "none"
        raise ValueError(f"{rule} has no threshold {limit!r}, but: {names}")
    most = 1.0 if limit.endswith("_share") else _MOST
    if type(value) not in {int, float} or not 0 <= value <= most:
        raise ValueError(f"{rule}: {limit} must be a number from 0 to {most:g}")


NO_JUDGEMENT: Final = Judgement()


@dataclass(frozen=True, slots=True)
class Judgements:
    """For all pools, and for single ones by name."""

    all_pools: Judgement = NO_JUDGEMENT
    pools: Mapping[str, Judgement] = field(default_factory=dict)

    def of(self, pool: str) -> Judgement:
        """Return what counts for the pool with this name."""
        own = self.pools.get(pool, NO_JUDGEMENT)
        general = self.all_pools
        limits = {
            rule: {**general.limits.get(rule, {}), **own.limits.get(rule, {})}
            for rule in general.limits.keys() | own.limits.keys()
        }
        return Judgement(limits, general.silenced | own.silenced)

    def with_pool(self, pool: str, judgement: Judgement) -> "Judgements":
        """Return these with another one for a pool; '' stands for all pools."""
        if not pool:
            return Judgements(judgement, self.pools)
        others = {name: one for name, one in self.pools.items() if name != pool}
        if judgement != NO_JUDGEMENT:
            others[pool] = judgement
        return Judgements(self.all_pools, others)

    def silencing(self, rule: str, pool: str) -> "Judgements":
        """Return these with a rule silenced in a pool; '' stands for all pools."""
        now = self.pools.get(pool, NO_JUDGEMENT) if pool else self.all_pools
        return self.with_pool(pool, Judgement(now.limits, now.silenced | {rule}))


NO_JUDGEMENTS: Final = Judgements()
