"""When the tasks of a load arrive: at once, steadily, at random, or n in flight.

Pure arithmetic on a time that the load advances; used by the load's thread alone. Times
are seconds of the schedule, counted from its start, so that lateness never adds up.
"""

from collections.abc import Callable
from random import Random
from typing import Final, Protocol

from pool_gui.wire.commands import Arrival, Submit

IN_FLIGHT_POLL_SECONDS: Final = 0.002
IN_FLIGHT_SLOW_POLL_SECONDS: Final = 0.02


class Arrivals(Protocol):
    """A schedule of arrivals."""

    rate_per_second: float
    """On average; 0 where time does not decide."""

    def advance(self, seconds: float) -> int:
        """Let time pass; return how many tasks arrived in it."""

    def next_seconds(self) -> float:
        """Return how long it is to the next arrival (or to the next look)."""


class AtOnce:
    """All of them, now."""

    rate_per_second = 0.0

    def __init__(self, count: int) -> None:
        self._left = count

    def advance(self, seconds: float) -> int:  # noqa: ARG002  # they wait for no time
        """Return all, and after that none."""
        count, self._left = self._left, 0
        return count

    def next_seconds(self) -> float:
        """Return 0: nothing is waited for."""
        return 0.0


class Steady:
    """At equal distances, the first at once."""

    def __init__(self, rate_per_second: float) -> None:
        self.rate_per_second = rate_per_second
        self._elapsed = 0.0
        self._arrived = 0

    def advance(self, seconds: float) -> int:
        """Let time pass; return how many tasks arrived in it."""
        self._elapsed += seconds
        due = int(self._elapsed * self.rate_per_second) + 1
        arrived = due - self._arrived
        self._arrived = due
        return arrived

    def next_seconds(self) -> float:
        """Return how long it is to the next arrival."""
        return max(0.0, self._arrived / self.rate_per_second - self._elapsed)


class Poisson:
    """At random, exponentially distributed distances: as people and requests come."""

    def __init__(self, rate_per_second: float, random: Random) -> None:
        self.rate_per_second = rate_per_second
        self._random = random
        self._left = random.expovariate(rate_per_second)

    def advance(self, seconds: float) -> int:
        """Let time pass; return how many tasks arrived in it."""
        arrived = 0
        self._left -= seconds
        while self._left <= 0:
            arrived += 1
            self._left += self._random.expovariate(self.rate_per_second)
        return arrived

    def next_seconds(self) -> float:
        """Return how long it is to the next arrival."""
        return self._left


class InFlight:
    """As many as keep a number of tasks queued or running."""

    rate_per_second = 0.0

    def __init__(self, wanted: int, unfinished: Callable[[], int]) -> None:
        """Make a schedule.

        Args:
            wanted: how many tasks shall be queued or running.
            unfinished: how many the pool has queued or running now.
        """
        self._wanted = wanted
        self._unfinished = unfinished
        self._poll_seconds = IN_FLIGHT_POLL_SECONDS

    def advance(self, seconds: float) -> int:  # noqa: ARG002  # the pool decides
        """Return how many tasks are missing now."""
        missing = max(0, self._wanted - self._unfinished())
        # Long tasks need no quick looks: each in vain doubles the distance.
        self._poll_seconds = (
            IN_FLIGHT_POLL_SECONDS
            if missing
            else min(2 * self._poll_seconds, IN_FLIGHT_SLOW_POLL_SECONDS)
        )
        return missing

    def next_seconds(self) -> float:
        """Return how long to wait before the next look."""
        return self._poll_seconds


def arrivals_of(command: Submit, unfinished: Callable[[], int]) -> Arrivals:
    """Return the schedule that a command asks for; it repeats with the same seed."""
    if command.arrival is Arrival.STEADY:
        return Steady(command.rate_per_second)
    if command.arrival is Arrival.POISSON:
        # Its own random numbers: which tasks come must not depend on when they come.
        random = Random(f"arrivals {command.seed}")  # noqa: S311  # repeatable, no secret
        return Poisson(command.rate_per_second, random)
    return InFlight(command.in_flight, unfinished)
