"""What few tasks have: a priority, time limits, a context to run in."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pool_gui.pool.clocks import NS
from pool_gui.pool.names import text

if TYPE_CHECKING:
    import contextvars
    from typing import SupportsIndex

_LONGEST_SECONDS = 1e8
"""Longer limits are none: nobody waits for three years."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What few tasks have, so that the others need no room for it."""

    priority: int = 0
    """Larger is sooner."""
    queue_ns: int = 0
    """How long it may wait in the queue; 0: as long as it takes."""
    run_ns: int = 0
    """How long it should run at most; 0: unlimited."""
    context: contextvars.Context | None = None
    """Where it runs; None: in the worker's own."""

    @classmethod
    def of(
        cls,
        priority: SupportsIndex,
        queue_seconds: float | None,
        run_seconds: float | None,
    ) -> Limits:
        """Return the limits that a program asks for; see `Task.with_limits`.

        Raises:
            TypeError: `priority` is no whole number.
            ValueError: a limit is not positive.
        """
        return cls(
            int(operator.index(priority)),
            _nanoseconds(queue_seconds, "queue_seconds"),
            _nanoseconds(run_seconds, "run_seconds"),
        )


def _nanoseconds(seconds: float | None, what: str) -> int:
    if seconds is None:
        return 0
    if not seconds > 0:
        raise ValueError(f"{what} must be more than 0, and {text(seconds)} is not.")
    return 0 if seconds > _LONGEST_SECONDS else max(1, round(seconds * NS))
