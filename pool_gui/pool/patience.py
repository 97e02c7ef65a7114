"""How long an idle worker stays before it asks its pool whether it is still wanted."""

from __future__ import annotations

from pool_gui.pool.clocks import NS, perf_counter_ns
from pool_gui.pool.waiting import FOREVER

_MAX_SECONDS = 3600.0


class Patience:
    """One worker's patience. The worker reads it; any thread may set the limit.

    Attributes:
        limit_seconds: it asks after so long without a task; negative: never.
        granted_seconds: how long it is to stay, idle for long as it is; 0: it has not
            asked since it had a task, or since the limit changed.
    """

    __slots__ = ("granted_seconds", "limit_seconds")

    def __init__(self) -> None:
        self.limit_seconds = FOREVER
        self.granted_seconds = 0.0

    @property
    def is_endless(self) -> bool:
        """Whether the worker never asks."""
        return self.limit_seconds < 0

    def set_limit(self, seconds: float) -> None:
        """Have another limit, and forget what was granted under the former."""
        self.limit_seconds = seconds
        self.granted_seconds = 0.0

    def is_over(self, idle_since_ns: int) -> bool:
        """Whether to ask now."""
        return bool(self.granted_seconds) or not self.seconds_left(idle_since_ns)

    def seconds_left(self, idle_since_ns: int) -> float:
        """Return how much longer to wait for a task before it asks."""
        limit = self.limit_seconds
        if limit < 0:
            return FOREVER
        if self.granted_seconds:
            return self.granted_seconds
        idle_ns = perf_counter_ns() - idle_since_ns
        return min(_MAX_SECONDS, max(0.0, limit - idle_ns / NS))
