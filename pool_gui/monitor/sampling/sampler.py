"""Looks at a process's threads again and again, in a thread of its own.

Its methods are called from one thread, the session's. Invariants: what it takes of a
core stays within a share that is set; what is not fetched is bounded, the oldest looks
give way; the reader is used by its thread alone.
"""

import platform
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from pool_gui.monitor.sampling.fallback import PsutilReader
from pool_gui.monitor.sampling.look import Look, Reader
from pool_gui.monitor.sampling.procfs import ProcfsReader

LEAST_SECONDS: Final = 0.01
"""Between two looks."""

MOST_SECONDS: Final = 0.25
"""Between two looks at threads that are all idle, or where looking is dear."""

_SHARE: Final = 0.015
_SHARE_OF_MANY: Final = 0.03
"""What looking may take of a core: for 8 threads, and for 64 and more."""

_REST_AFTER_SECONDS: Final = 2.0
"""So long after its threads were last at work: bursts come again."""

_MOST_LOOKS: Final = 100_000
_CLOSE_SECONDS: Final = 1.0


def reader_for(pid: int, clock: Callable[[], int], *, has_gil: bool) -> Reader:
    """Return the best reader that this system has."""
    if platform.system() == "Linux":
        return ProcfsReader(pid, clock, has_gil=has_gil)
    return PsutilReader(pid, clock)


class StateSampler:
    """See the module."""

    def __init__(self, reader: Reader, least_seconds: float = LEAST_SECONDS) -> None:
        """Begin; nothing is looked at before `follow`.

        Args:
            reader: its own from now on; closed by `close`.
            least_seconds: between two looks.

        Raises:
            RuntimeError: no thread can be started.
        """
        self._reader = reader
        self._least_seconds = least_seconds
        self._looks: deque[Look] = deque(maxlen=_MOST_LOOKS)
        self._wanted: dict[int, int] = {}
        self._resting = True
        self._rests_from = 0.0
        self._wake = threading.Event()
        self._ended = False
        self._cost_seconds = 0.0
        self._thread = threading.Thread(
            target=self._run, name="state sampler", daemon=True
        )
        self._thread.start()

    @property
    def source(self) -> str:
        """Where it looks."""
        return self._reader.source

    @property
    def trouble(self) -> str:
        """Why it does not see all; empty while it does."""
        return self._reader.trouble

    @property
    def looks_per_second(self) -> float:
        """How often it looks now; a thread that rests is looked at less often."""
        return 1 / self._interval()

    def follow(self, threads: Mapping[int, int], *, resting: bool) -> None:
        """Look at these threads (native ids by key); rarely while all of them rest."""
        # One caller writes; the sampler's thread reads a reference, which is one step.
        news = threads != self._wanted or (self._resting and not resting)
        if threads != self._wanted:
            self._wanted = dict(threads)
        if not resting:
            self._rests_from = time.monotonic() + _REST_AFTER_SECONDS
        self._resting = resting
        if news:
            self._wake.set()

    def take(self) -> list[Look]:
        """Return the looks since the last call, in the order of time."""
        looks: list[Look] = []
        # One popleft after the other: the sampler's thread may add meanwhile.
        for _ in range(len(self._looks)):
            looks.append(self._looks.popleft())  # noqa: PERF401  # see above
        return looks

    def close(self) -> bool:
        """End; return False if it did not in time. Idempotent."""
        self._ended = True
        self._wake.set()
        self._thread.join(_CLOSE_SECONDS)
        return not self._thread.is_alive()

    def _interval(self) -> float:
        many = min(max(len(self._wanted) - 8, 0) / 56, 1)
        share = _SHARE + (_SHARE_OF_MANY - _SHARE) * many
        rests = self._resting and time.monotonic() >= self._rests_from
        if rests or not self._wanted:
            return MOST_SECONDS
        wanted = max(self._cost_seconds / share, self._least_seconds)
        return min(wanted, MOST_SECONDS)

    def _run(self) -> None:
        followed: dict[int, int] = {}
        begun = time.thread_time()
        while not self._ended:
            wanted = self._wanted
            if wanted is not followed:
                followed = wanted
                self._reader.follow(wanted)
            self._looks.extend(self._reader.look())
            self._wake.wait(self._interval())
            self._wake.clear()
            before, begun = begun, time.thread_time()
            self._cost_seconds += (begun - before - self._cost_seconds) * 0.1
        self._reader.close()
