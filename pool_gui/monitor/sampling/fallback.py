"""Looks at threads by psutil, where there is no procfs. The sampler's thread only.

Only the time on a core is known: what a thread waits for is not, and is told so.
"""

from collections.abc import Callable, Mapping

import psutil

from pool_gui.monitor.sampling.look import CPU_ONLY, Look, Wait


class PsutilReader:
    """See the module."""

    source = "psutil"

    def __init__(self, pid: int, clock: Callable[[], int]) -> None:
        """Prepare to look at the process with this id."""
        self._clock = clock
        self._keys: dict[int, int] = {}  # by native id
        self.trouble = CPU_ONLY
        try:
            self._process: psutil.Process | None = psutil.Process(pid)
        except psutil.Error:
            self._process = None

    def follow(self, threads: Mapping[int, int]) -> None:
        """Look at these threads from now on; see `Reader`."""
        self._keys = {native_id: key for key, native_id in threads.items()}

    def look(self) -> list[Look]:
        """Return a look at each thread that lives and can be seen."""
        if self._process is None or not self._keys:
            return []
        try:
            told = self._process.threads()
        except (psutil.Error, OSError) as error:
            self.trouble = str(error) or CPU_ONLY
            return []
        now_ns = self._clock()
        return [
            (
                now_ns,
                self._keys[one.id],
                round((one.user_time + one.system_time) * 1e9),
                0,
                Wait.UNKNOWN,
            )
            for one in told
            if one.id in self._keys
        ]

    def close(self) -> None:
        """Forget the threads."""
        self._keys = {}
