"""What a rule is: a small object that looks at signs and answers. Any thread.

In the manner of tokio-console's lints: fine, a warning, or look again; and, as in JDK
Mission Control, not applicable where something is not known.
"""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pool_gui.monitor.findings.signs import Signs

Value = int | float | str | tuple[tuple[str, int, str], ...]
"""A number, a name, or (worker, task, worker) of who waits for what, as in `Signs`."""

Limits = Mapping[str, float]


class Verdict(enum.Enum):
    """What a rule answers."""

    FINE = "fine"
    WARNING = "warning"
    LOOK_AGAIN = "look again"
    """What it said before stands for now."""
    NOT_APPLICABLE = "not applicable"


class Level(enum.StrEnum):
    """How bad it is, as the report names it; in the order of their weight."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict and the values that it rests on."""

    verdict: Verdict
    evidence: Mapping[str, Value] = field(default_factory=dict)


FINE = Answer(Verdict.FINE)
LOOK_AGAIN = Answer(Verdict.LOOK_AGAIN)
NOT_APPLICABLE = Answer(Verdict.NOT_APPLICABLE)


def warning(**evidence: Value) -> Answer:
    """Return a warning with its evidence."""
    return Answer(Verdict.WARNING, evidence)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule."""

    name: str
    """As the report names it."""
    level: Level
    limits: Limits
    """Its thresholds, by name; units in the names."""
    judge: Callable[[Signs, Limits], Answer]
    in_any_state: bool = False
    """Whether it also speaks of a pool that starts up, is paused or drains."""
