"""What becomes of an exception that a task raised: a short text and a log record.

Called by workers, never under a lock. Nothing here raises, whatever the exception,
its class or a log handler does.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from typing import TYPE_CHECKING

from pool_gui.pool.task import function_name

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_TEXT_CHARACTERS = 200

_logger = logging.getLogger("pool_gui.pool")


def error_text(error: BaseException) -> str:
    """Return 'Type: message', cut at 200 characters; 'Type' if it has no message."""
    name = _plain_name(error)
    try:
        message = str(error)
    except BaseException as broken:  # noqa: BLE001 - the task's author wrote __str__
        message = f"(its message cannot be shown: {_plain_name(broken)})"
    text = f"{name}: {message}" if message else name
    if len(text) > MAX_TEXT_CHARACTERS:
        text = text[: MAX_TEXT_CHARACTERS - 1] + "…"
    return text


def report_failure(
    number: int,
    function: Callable[..., object],
    worker_name: str,
    error: BaseException,
) -> None:
    """Log that a task raised, with its traceback.

    If a log handler raises, that is said on standard error; the worker goes on.
    """
    try:
        name = function_name(function)
        _logger.error(
            "Task %d (%s) failed on %s: %s",
            number,
            name,
            worker_name,
            error_text(error),
            exc_info=(type(error), error, error.__traceback__),
        )
    except BaseException as broken:  # noqa: BLE001 - handlers are the program's own
        _say(
            f"pool_gui: task {number} failed with {error_text(error)}, and logging "
            f"that failed with {error_text(broken)}\n"
        )


def report_stray(thread_name: str, error: BaseException) -> None:
    """Log that an exception hit a thread of the pool outside its tasks."""
    _log(logging.ERROR, f"{thread_name} was hit by {error_text(error)} and goes on")


def report_overdue(text: str) -> None:
    """Log that a task runs, or ran, for longer than its limit."""
    _log(logging.WARNING, text)


def report_hook(hook: Callable[..., object], error: BaseException) -> None:
    """Log that a hook raised, with its traceback."""
    try:
        _logger.error(
            "Hook %s raised %s; the pool goes on",
            function_name(hook),
            error_text(error),
            exc_info=(type(error), error, error.__traceback__),
        )
    except BaseException as broken:  # noqa: BLE001 - handlers are the program's own
        _say(
            f"pool_gui: a hook raised {error_text(error)}, and logging that failed "
            f"with {error_text(broken)}\n"
        )


def _log(level: int, text: str) -> None:
    try:
        _logger.log(level, "%s", text)
    except BaseException as broken:  # noqa: BLE001 - handlers are the program's own
        _say(f"pool_gui: {text}, and logging that failed with {error_text(broken)}\n")


def _say(line: str) -> None:
    # Standard error may be closed or missing; then there is nowhere left to speak.
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(line)


def _plain_name(error: BaseException) -> str:
    # Past whatever a metaclass makes of the name.
    return str(type.__dict__["__name__"].__get__(type(error)))
