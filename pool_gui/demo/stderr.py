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
        self.said = ""
        self.unsaid = 0


class RateLimitedHandler(logging.Handler):
    """Writes one line a record, but of each kind at most one line a second.

    Records are of one kind when they have the same logger, the same message before its
    arguments are filled in, and, for a failed task, the same function.
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
            account = self._account(record)
            now = self._clock()
            if now < account.next_seconds:
                account.unsaid += 1
                return
            account.next_seconds = now + SECONDS_BETWEEN_LINES
            account.said = _line(record)
            more = f" (and {account.unsaid:,} more like it before)"
            self._write(account.said + (more if account.unsaid else ""))
            account.unsaid = 0
        except Exception:  # noqa: BLE001  # logging's own rule for handlers
            self.handleError(record)

    def flush(self) -> None:
        """Say what was only counted so far."""
        for account in self._accounts.values():
            if not account.unsaid:
                continue
            try:
                self._write(f"{account.said} (and {account.unsaid:,} more after it)")
            except OSError:
                return  # nobody reads standard error any more
            account.unsaid = 0

    def _account(self, record: logging.LogRecord) -> _Account:
        key = (record.name, str(record.msg), _function_of(record))
        if key not in self._accounts and len(self._accounts) >= MAX_KINDS:
            key = ("", "", "")
        return self._accounts.setdefault(key, _Account())

    def _write(self, line: str) -> None:
        stream = self._stream or sys.stderr
        stream.write(line + "\n")
        stream.flush()


def _function_of(record: logging.LogRecord) -> str:
    """Return the name of the function whose failure the pool reports."""
    # The pool's record: task number, function, worker, what happened.
    if isinstance(record.args, tuple) and len(record.args) == 4:
        return str(record.args[1])
    return ""


def _line(record: logging.LogRecord) -> str:
    text = f"{record.levelname.lower()}: {' '.join(record.getMessage().split())}"
    return text[:MAX_LINE_CHARACTERS]


def install() -> RateLimitedHandler:
    """Send everything that pool_gui logs to standard error, within the limit."""
    handler = RateLimitedHandler()
    logger = logging.getLogger("pool_gui")
    logger.addHandler(handler)
    logger.propagate = False
    return handler
