"""What a process takes of the machine, read once a second (psutil).

Session thread only. What cannot be read is NaN.
"""

import math
from typing import Final

import psutil

from pool_gui.monitor.view.facts import ProcessUse

INTERVAL_NS: Final = 1_000_000_000
UNKNOWN_USE: Final = ProcessUse(math.nan, math.nan, math.nan)


class ProcessMeter:
    """Meters one process from its making on."""

    def __init__(self, pid: int, now_ns: int) -> None:
        self.use = UNKNOWN_USE
        """The newest reading; the last one when the process is gone."""
        self.trouble = ""
        """Why this machine cannot be asked now; empty while it can."""
        self._first: tuple[int, float] | None = None  # time, CPU seconds
        self._last: tuple[int, float] | None = None
        self._due_ns = now_ns
        try:
            self._process: psutil.Process | None = psutil.Process(pid)
        except (psutil.Error, OSError):
            self._process = None
        self.read(now_ns)

    @property
    def mean_cpu_share(self) -> float:
        """Of one core, from the first reading to the last; NaN before two."""
        if self._first is None or self._last is None:
            return math.nan
        return _share(self._first, self._last)

    def read(self, now_ns: int) -> None:
        """Read anew if a second has passed."""
        if self._process is None or now_ns < self._due_ns:
            return
        self._due_ns = now_ns + INTERVAL_NS
        try:
            with self._process.oneshot():
                times = self._process.cpu_times()
                rss_bytes = self._process.memory_info().rss
                threads = self._process.num_threads()
        except psutil.Error:
            return  # it ended, or may not be looked at
        except OSError as error:  # such as no descriptor left
            self.use, self.trouble = UNKNOWN_USE, str(error)
            return
        self.trouble = ""
        before, now = self._last, (now_ns, times.user + times.system)
        self._first, self._last = self._first or now, now
        share = math.nan if before is None else _share(before, now)
        self.use = ProcessUse(share, float(rss_bytes), float(threads))


def _share(before: tuple[int, float], after: tuple[int, float]) -> float:
    seconds = (after[0] - before[0]) / 1e9
    return (after[1] - before[1]) / seconds if seconds > 0 else math.nan
