"""What a program hears from its pool: hooks around tasks and workers, and log records.

Hooks are called on the thread that runs the task: a worker's, or, when a full queue
lets the caller run it, the caller's. Nothing here raises, whatever a hook, an exception
of a task or a log handler does; never called under a lock.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pool_gui.pool.names import error_text, function_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from pool_gui.pool.task import Task
    from pool_gui.pool.worker import ProcessThread

Subject = TypeVar("Subject")

_logger = logging.getLogger("pool_gui.pool")
# Programs that watch for broken pools and callbacks watch the standard pool's logger.
_standard_logger = logging.getLogger("concurrent.futures")


@dataclass(frozen=True, slots=True)
class Hooks:
    """Functions that a pool calls at certain moments; None: not called.

    Whatever a hook raises is logged and counted, and harms nothing. The hooks of a task
    run on the thread that runs it, which is the caller's where `WhenFull` says so.
    """

    before_task: Callable[[Task], object] | None = None
    """Before a task begins; it is RUNNING already, and can be cancelled no more."""
    after_task: Callable[[Task], object] | None = None
    """After a task has ended and its future tells so. Also when it failed, but not for
    a task that never ran."""
    worker_started: Callable[[ProcessThread], object] | None = None
    """Before a worker takes its first task, and after its `initializer`; on its
    thread."""
    worker_ended: Callable[[ProcessThread], object] | None = None
    """After a worker's last task; it is no longer among the pool's workers. Not for a
    worker whose `initializer` failed, which never started. On its thread."""


def call_hook(
    hook: Callable[[Subject], object],
    subject: Subject,
    count_error: Callable[[], object],
) -> None:
    """Call a hook; what it raises is counted and logged with its traceback."""
    try:
        hook(subject)
    except BaseException as error:
        count_error()
        _log(
            _logger,
            logging.ERROR,
            f"Hook {function_name(hook)} raised {error_text(error)}; the pool goes on",
            error,
        )


def tell_failure(
    number: int, function: Callable[..., object], thread_name: str, error: BaseException
) -> None:
    """Log that a task raised, with its traceback."""
    _log(
        _logger,
        logging.ERROR,
        f"Task {number} ({function_name(function)}) failed on {thread_name}: "
        f"{error_text(error)}",
        error,
    )


def tell_stray(thread_name: str, error: BaseException) -> None:
    """Log that an exception hit a thread of the pool outside its tasks."""
    text = f"{thread_name} was hit by {error_text(error)} and goes on"
    _log(_logger, logging.ERROR, text)


def tell_overdue(text: str) -> None:
    """Log that a task runs, or ran, for longer than its limit."""
    _log(_logger, logging.WARNING, text)


def tell_callback(future_text: str, error: BaseException) -> None:
    """Log that a callback of a future raised, in the standard pool's words."""
    text = f"exception calling callback for {future_text}"
    _log(_standard_logger, logging.ERROR, text, error)


def tell_initializer(error: BaseException) -> None:
    """Log that an initializer raised, in the standard pool's words."""
    _log(_standard_logger, logging.CRITICAL, "Exception in initializer:", error)


def tell_trouble(level: int, text: str) -> None:
    """Log that the pool could not do what it should."""
    _log(_logger, level, text)


def _log(
    logger: logging.Logger, level: int, text: str, error: BaseException | None = None
) -> None:
    try:
        info = None if error is None else (type(error), error, error.__traceback__)
        logger.log(level, "%s", text, exc_info=info)
    except BaseException as broken:
        line = f"pool_gui: {text}, and logging that failed with {error_text(broken)}\n"
        # Standard error may be closed or missing; then there is nowhere left to speak.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            sys.stderr.write(line)
