"""Failures of tasks on standard error: one line each, and never a flood.

The handler may be called from any thread; logging serialises the calls. Standard error
is a pipe to the window: a window that stands still would block who writes when the pipe
is full, so little is written: a function's failure at once, then at most a line a
second that says how many more there were.
"""

import logging
import sys
import time
from collections.abc import Callable
from typing import Final, TextIO

SECONDS_BETWEEN_LINES: Final = 1.0
MAX_KINDS: Final = 256
"""Kinds of line that are kept apart; further ones share one account."""

MAX_LINE_CHARACTERS: Final = 500


class _Account:
    """What was said of one kind of failure, and what was not."""

    def __init__(self) -> None:
        self.next_seconds = float("-inf")
        self.unsaid = 0
        self.last_line = ""


class RateLimitedHandler(logging.Handler):
    """Writes one line a record, but of each kind at most one line a second.

    Records are of one kind when they have the same logger, the same message before its
    arguments are filled in, and the same `function` (an attribute of the record).
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._stream = stream
        self._clock = clock
        self._accounts: dict[tuple[str, str, str], _Account] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record's line, or count it."""
        try:
            line = _line(record)
            account = self._account(record)
            now = self._clock()
            if now < account.next_seconds:
                account.unsaid += 1
                account.last_line = line
                return
            if account.unsaid:
                line += f" (and {account.unsaid:,} more like it before)"
            account.unsaid = 0
            account.next_seconds = now + SECONDS_BETWEEN_LINES
            self._write(line)
        except Exception:  # noqa: BLE001  # logging's own rule for handlers
            self.handleError(record)

    def flush(self) -> None:
        """Say what was only counted so far."""
        for account in self._accounts.values():
            if not account.unsaid:
                continue
            try:
                self._write(f"{account.last_line} (the last of {account.unsaid:,})")
            except OSError:
                return  # nobody reads standard error any more
            account.unsaid = 0

    def _account(self, record: logging.LogRecord) -> _Account:
        function = str(getattr(record, "function", ""))
        key = (record.name, str(record.msg), function)
        if key not in self._accounts and len(self._accounts) >= MAX_KINDS:
            key = ("", "", "")
        return self._accounts.setdefault(key, _Account())

    def _write(self, line: str) -> None:
        stream = self._stream or sys.stderr
        stream.write(line + "\n")
        stream.flush()


def _line(record: logging.LogRecord) -> str:
    text = record.getMessage()
    if record.exc_info and record.exc_info[0] is not None:
        text = f"{text} ({record.exc_info[0].__name__})"
    whole = f"{record.levelname.lower()}: {' '.join(text.split())}"
    return whole[:MAX_LINE_CHARACTERS]


def install() -> RateLimitedHandler:
    """Send everything that pool_gui logs to standard error, within the limit."""
    handler = RateLimitedHandler()
    logger = logging.getLogger("pool_gui")
    logger.addHandler(handler)
    logger.propagate = False
    return handler
