"""Writes what a source tells to a file, in a thread of its own.

Its methods are called from one thread, the session's, and never wait, except `close`.
Invariants: what is not written yet is bounded; half a second after it came it is in the
file; each run of chunks begins with all that a reader must know; once something went
wrong nothing more is written, and `trouble` says why.
"""

import threading
import time
from collections import deque
from pathlib import Path
from typing import Final

from pool_gui.monitor.recording.chunks import ChunkWriter
from pool_gui.monitor.recording.entries import Entry, Names, encode
from pool_gui.monitor.source.messages import FrameMessage
from pool_gui.wire.messages import Hello
from pool_gui.wire.protocol import WorkerCode, WorkerColumn

_WRITE_SECONDS: Final = 0.5
_RUN_SECONDS: Final = 10.0
"""How long a run of chunks is: so much is read, at the most, to begin anywhere."""

_MOST_WAITING: Final = 20_000
_CLOSE_SECONDS: Final = 2.0


class Recorder:
    """See the module."""

    def __init__(
        self, path: Path, hello: tuple[int, Hello], names: Names, now_ns: int
    ) -> None:
        """Begin a file; one of that name is replaced.

        Args:
            path: the file's.
            hello: when it came, and what it said, of the process that is recorded.
            names: of its workers and functions so far.
            now_ns: the session's clock.

        Raises:
            OSError: the file cannot be written.
            RuntimeError: no thread can be started.
        """
        self.path = path
        self.trouble = ""
        """Why it writes no more: the system's words."""
        self._began_ns = self._last_ns = self._written_ns = now_ns
        self._hello = hello
        self._workers = dict(names.workers)
        self._functions = dict(names.functions)
        self._waiting: deque[tuple[int, Entry]] = deque()
        self._wake = threading.Event()
        self._ended = False
        self._has_frame = False
        self._run_ends = 0.0
        self._writer = ChunkWriter(path)
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            self._writer.close()
            raise

    @property
    def size_bytes(self) -> int:
        """How large the file is by now."""
        return self._writer.size_bytes

    @property
    def seconds(self) -> float:
        """How much time it holds."""
        return (self._last_ns - self._began_ns) / 1e9

    def note(self, received_ns: int, entry: Entry) -> None:
        """Have this written; nothing before the first frame."""
        self._has_frame |= isinstance(entry, FrameMessage)
        if self.trouble or not self._has_frame:
            return
        if len(self._waiting) >= _MOST_WAITING:
            self.trouble = "the disk does not keep up"
            return
        self._last_ns = max(self._last_ns, received_ns)
        self._waiting.append((received_ns, entry))

    def close(self) -> bool:
        """Write the rest and close the file; return False if it takes too long."""
        self._ended = True
        self._wake.set()
        self._thread.join(_CLOSE_SECONDS)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._ended:
                self._wake.wait(_WRITE_SECONDS)
                self._write()
            self._write()
        except OSError as error:
            self.trouble = error.strerror or str(error)
        finally:
            if not (self._ended or self.trouble):  # its trace is told as any's
                self.trouble = "the recorder has failed"
            self._writer.close()

    def _write(self) -> None:
        """Write what waits as one chunk."""
        # One popleft after the other: the session may add meanwhile.
        count = len(self._waiting)
        came = [self._waiting.popleft() for _ in range(count)]
        if not came or self.trouble:
            return
        # A frame may have come before looks that were noted earlier.
        first_ns = came[0][0]
        last_ns = self._written_ns = max(self._written_ns, *(ns for ns, _ in came))
        begins = time.monotonic() >= self._run_ends
        content = self._beginning(first_ns) if begins else b""
        if begins:
            self._run_ends = time.monotonic() + _RUN_SECONDS
        for received_ns, entry in came:
            content += encode(received_ns, entry)
            self._learn(received_ns, entry)
        self._writer.add(content, first_ns, last_ns, key=begins)

    def _beginning(self, now_ns: int) -> bytes:
        names = Names(tuple(self._workers.items()), tuple(self._functions.items()))
        return encode(*self._hello) + encode(now_ns, names)

    def _learn(self, received_ns: int, entry: Entry) -> None:
        """Remember what whoever begins to read later must know."""
        if isinstance(entry, Hello):
            self._hello = received_ns, entry
            self._workers.clear()
            self._functions.clear()
        elif isinstance(entry, FrameMessage):
            self._workers.update(entry.header.new_workers)
            self._functions.update(entry.header.new_functions)
            rows = entry.workers
            gone = rows[rows[:, WorkerColumn.STATE] == WorkerCode.GONE]
            for number in gone[:, WorkerColumn.WORKER].tolist():
                self._workers.pop(number, None)
