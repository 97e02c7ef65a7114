"""Looks at threads through Linux's procfs. The sampler's thread only.

`schedstat` has exact totals of the time on a core and waiting for one; `syscall` says
what a thread waits for. Files are kept open and read again: 1 and 3 us each here. A
file belongs to its thread, not to the number: when a thread has ended, reading fails
although another one may have its number.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from pool_gui.monitor.sampling.look import CPU_ONLY, Look, Wait
from pool_gui.monitor.sampling.syscalls import (
    Calls,
    calls_here,
    classify,
    kind_of_link,
    runtime_areas,
)

_CLOSED: Final = -1


class _Thread:
    """One thread's files, and what the last look saw."""

    __slots__ = ("key", "last", "ready", "schedstat", "syscall", "used", "wait")

    def __init__(self, key: int, schedstat: int, syscall: int) -> None:
        self.key = key
        self.schedstat = schedstat
        self.syscall = syscall
        self.last = b""
        self.used = self.ready = 0
        self.wait = Wait.NONE

    def close(self) -> None:
        for descriptor in (self.schedstat, self.syscall):
            if descriptor != _CLOSED:
                os.close(descriptor)


class ProcfsReader:
    """See the module."""

    source = "procfs"

    def __init__(self, pid: int, clock: Callable[[], int], *, has_gil: bool) -> None:
        """Prepare to look.

        Args:
            pid: the process.
            clock: nanoseconds, that of the records.
            has_gil: whether its interpreter has one.
        """
        self._place = f"/proc/{pid}"
        self._clock = clock
        self._has_gil = has_gil
        self._gil: list[tuple[int, int]] = []
        self._threads: dict[int, _Thread] = {}
        self._calls: Calls | None = calls_here()
        self.trouble = "" if self._calls else CPU_ONLY

    def follow(self, threads: Mapping[int, int]) -> None:
        """Look at these threads from now on; see `Reader`."""
        for key in self._threads.keys() - threads.keys():
            self._threads.pop(key).close()
        for key in threads.keys() - self._threads.keys():
            opened = self._open(key, threads[key])
            if opened is not None:
                self._threads[key] = opened
        if self._has_gil and not self._gil:
            self._gil = self._find_gil()

    def look(self) -> list[Look]:
        """Return a look at each thread that lives."""
        looks: list[Look] = []
        ended: list[int] = []
        for thread in self._threads.values():
            try:
                told = os.pread(thread.schedstat, 80, 0)
                now_ns = self._clock()
                # One that did not run since waits for the same as before.
                if told != thread.last or thread.wait is Wait.NONE:
                    used, ready = told.split()[:2]
                    thread.used, thread.ready = int(used), int(ready)
                    thread.last, thread.wait = told, self._wait(thread)
            except (OSError, ValueError):  # it has ended
                ended.append(thread.key)
                continue
            looks.append((now_ns, thread.key, thread.used, thread.ready, thread.wait))
        for key in ended:
            self._threads.pop(key).close()
        return looks

    def close(self) -> None:
        """Close all files."""
        for thread in self._threads.values():
            thread.close()
        self._threads.clear()

    def _open(self, key: int, native_id: int) -> _Thread | None:
        place = f"{self._place}/task/{native_id}"
        try:
            schedstat = os.open(f"{place}/schedstat", os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None  # it has ended
        except OSError as error:
            self.trouble = str(error)
            return None
        try:
            syscall = os.open(f"{place}/syscall", os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            self.trouble, syscall = str(error), _CLOSED
        return _Thread(key, schedstat, syscall)

    def _wait(self, thread: _Thread) -> Wait:
        if thread.syscall == _CLOSED or self._calls is None:
            return Wait.UNKNOWN
        try:
            told = os.pread(thread.syscall, 200, 0)
        except PermissionError as error:
            os.close(thread.syscall)
            self.trouble, thread.syscall = str(error), _CLOSED
            return Wait.UNKNOWN
        return classify(told, self._calls, self._gil, self._kind_of)

    def _kind_of(self, descriptor: int) -> Wait:
        try:
            return kind_of_link(str(Path(f"{self._place}/fd/{descriptor}").readlink()))
        except OSError:  # it was closed just now
            return Wait.OTHER

    def _find_gil(self) -> list[tuple[int, int]]:
        place = Path(self._place)
        try:
            program = str((place / "exe").readlink())
            maps = (place / "maps").read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            self.trouble = str(error)
            return []
        return runtime_areas(maps, program)
