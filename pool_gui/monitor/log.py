"""The log: the newest lines that the window and the watched process wrote.

Any thread may add and read. Invariant: at most MAX_LINES lines are kept.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from pool_gui.monitor.view.facts import LogLine
from pool_gui.wire.notes import Note

MAX_LINES: Final = 2000
MAX_CHARACTERS: Final = 2000


class Log:
    """Bounded lines, each with a number that counts up."""

    def __init__(self, wall_clock: Callable[[], float] = time.time) -> None:
        self._wall_clock = wall_clock
        self._lock = threading.Lock()  # guards all below
        self._lines: deque[LogLine] = deque(maxlen=MAX_LINES)
        self._number = 0
        self._frozen: tuple[LogLine, ...] | None = ()

    def add(
        self,
        source: str,
        level: str,
        note: Note,
        about: tuple[str, int] | None = None,
    ) -> None:
        """Add a line; what is too long is cut, and control characters replaced.

        Args:
            source: window, pool, stdout or stderr.
            level: info, warning or error.
            note: what is said.
            about: kind and number of the source that it speaks of.
        """
        shown = Note(
            note.code,
            {
                name: _printable(value) if isinstance(value, str) else value
                for name, value in note.values.items()
            },
        )
        with self._lock:
            self._number += 1
            wall_seconds = self._wall_clock()
            line = LogLine(self._number, wall_seconds, source, level, shown, about)
            self._lines.append(line)
            self._frozen = None

    def lines(self) -> tuple[LogLine, ...]:
        """Return the newest lines; the same tuple while nothing came."""
        with self._lock:
            if self._frozen is None:
                self._frozen = tuple(self._lines)
            return self._frozen


def _printable(text: str) -> str:
    if len(text) > MAX_CHARACTERS:
        text = text[: MAX_CHARACTERS - 1] + "…"
    text = text.expandtabs(4)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


class LineSink(Protocol):
    """Where lines of the log go."""

    def add(self, source: str, level: str, note: Note) -> None:
        """Add a line. Any thread."""


class TaggedLines:
    """Lines that say of which source they speak."""

    def __init__(self, log: Log, about: tuple[str, int]) -> None:
        self._log = log
        self._about = about

    def add(self, source: str, level: str, note: Note) -> None:
        """Add a line. Any thread."""
        self._log.add(source, level, note, self._about)
