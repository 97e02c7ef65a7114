"""Reads what a child process writes, line by line, into the log.

One thread a stream. Invariants: a line is cut, a flood is counted instead of shown, so
that neither can fill memory; the child is never held up by the log.
"""

import os
import selectors
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import IO, Final

from pool_gui.monitor.log import LineSink
from pool_gui.wire.notes import line as line_note
from pool_gui.wire.notes import note

MAX_LINE_BYTES: Final = 8000
MAX_LINES_PER_SECOND: Final = 200
_READ_BYTES: Final = 1 << 16


class LineSplitter:
    """Bytes to lines; bounded, whatever comes."""

    def __init__(self) -> None:
        self._rest = b""
        self._cutting = False  # inside a line whose begin was handed out already

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that are whole now, undecodable bytes replaced."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        lines = []
        for line in whole:
            if not self._cutting:
                lines.append(_text(line))
            self._cutting = False
        if self._cutting:
            self._rest = b""
        elif len(self._rest) > MAX_LINE_BYTES:
            lines.append(_text(self._rest) + "…")
            self._rest, self._cutting = b"", True
        return [line for line in lines if line]

    def end(self) -> list[str]:
        """Return the last line, which had no end."""
        line, self._rest = _text(self._rest), b""
        return [line] if line and not self._cutting else []


def _text(line: bytes) -> str:
    return line[:MAX_LINE_BYTES].decode("utf-8", "replace").rstrip()


class OutputReader:
    """The thread that reads one stream until it ends or `stop` is called."""

    def __init__(
        self,
        stream: IO[bytes],
        source: str,
        log: LineSink,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start to read.

        Args:
            stream: the pipe's end; the reader closes it.
            source: stdout or stderr.
            log: where the lines go.
            clock: seconds, monotonic.

        Raises:
            OSError: no descriptor is left.
        """
        self._stream = stream
        self._source = source
        self._level = "warning" if source == "stderr" else "info"
        self._log = log
        self._clock = clock
        self._second = -1
        self._shown = self._hidden = 0
        # A thread that is blocked in read() cannot be woken by closing the pipe.
        self._waker, self._wake = socket.socketpair()
        try:
            self._selector = selectors.DefaultSelector()
        except OSError:
            self._waker.close()
            self._wake.close()
            raise
        self._thread = threading.Thread(target=self._read, name=source, daemon=True)
        self._thread.start()

    def stop(self, seconds: float) -> bool:
        """Wait for the stream's end, then end the reader; return whether it ended."""
        self._thread.join(seconds)
        if self._thread.is_alive():
            self._wake.send(b"\0")
            self._thread.join(seconds)
        if self._thread.is_alive():
            return False
        self._wake.close()
        return True

    def _read(self) -> None:
        splitter = LineSplitter()
        with self._stream, self._waker:
            for data in self._chunks():
                self._show(splitter.feed(data))
            self._show(splitter.end())
        self._tell_hidden()

    def _chunks(self) -> Iterator[bytes]:
        stream = self._stream.fileno()
        if sys.platform == "win32":  # pipes cannot be waited for there
            while data := os.read(stream, _READ_BYTES):
                yield data
            return
        with self._selector as selector:
            selector.register(stream, selectors.EVENT_READ)
            selector.register(self._waker, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _ in selector.select()}
                if stream not in ready:
                    return  # woken, and nothing is left to read
                data = os.read(stream, _READ_BYTES)
                if not data:
                    return
                yield data

    def _show(self, lines: list[str]) -> None:
        second = int(self._clock())
        if second != self._second:
            self._tell_hidden()
            self._second, self._shown = second, 0
        room = max(MAX_LINES_PER_SECOND - self._shown, 0)
        for line in lines[:room]:
            self._log.add(self._source, self._level, line_note(line))
        self._shown += len(lines[:room])
        if lines[room:] and not self._hidden:
            told = note("flood", lines=MAX_LINES_PER_SECOND)
            self._log.add(self._source, "warning", told)
        self._hidden += len(lines[room:])

    def _tell_hidden(self) -> None:
        if self._hidden:
            told = note("hidden", lines=self._hidden)
            self._log.add(self._source, "warning", told)
            self._hidden = 0
