"""What one look at one thread tells, and who can look. Session's and sampler's threads.

A look is a plain row of five integers, for there are hundreds a second.
"""

import enum
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

Look = tuple[int, int, int, int, int]
"""(when, key, cpu_ns, ready_ns, wait): the clock at the look, whose thread it is, its
time on a core and waiting for one since it began, what it waits for now (`Wait`)."""

CPU_ONLY: Final = "cpu-only"
"""The trouble of a system that does not tell what threads wait for."""


class LookField(enum.IntEnum):
    """The columns of looks."""

    TIME_NS = 0
    KEY = 1
    CPU_NS = 2
    READY_NS = 3
    WAIT = 4


class Wait(enum.IntEnum):
    """What a thread waits for."""

    NONE = 0
    """Nothing: it runs, or could if a core were free."""
    GIL = 1
    LOCK = 2
    SLEEP = 3
    NETWORK = 4
    DISK = 5
    OTHER = 6
    UNKNOWN = 7
    """It may run or wait: this cannot be seen here."""


class Reader(Protocol):
    """Looks at the threads of one process. One thread at a time uses it."""

    @property
    def source(self) -> str:
        """Where it looks, such as 'procfs'."""

    @property
    def trouble(self) -> str:
        """Why it does not see all: CPU_ONLY, or the system's words; else empty."""

    def follow(self, threads: Mapping[int, int]) -> None:
        """Look at these threads from now on.

        Args:
            threads: native ids by key. A key never means two threads.
        """

    def look(self) -> Sequence[Look]:
        """Return a look at each thread that lives."""

    def close(self) -> None:
        """Give back what it holds."""
