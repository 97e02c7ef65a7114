"""What becomes of pools when the interpreter exits, and in a forked child.

Workers are daemon threads, so nothing but this module makes the interpreter wait for
accepted tasks. It does in two stages: at the end of the main thread, where threads can
still be started; and, if other threads of the program then still run (and may put
tasks), once they have ended. An idle pool delays nothing.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import weakref
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from pool_gui.pool.worker import ProcessThread

Thing = TypeVar("Thing")

_logger = logging.getLogger("pool_gui.pool")


class Ending(Protocol):
    """A pool as this module needs it."""

    def drain(self) -> None:
        """Refuse new tasks and end when the accepted ones have run."""

    def ensure_served(self) -> None:
        """Make sure that queued tasks have a worker."""

    def forget_threads(self) -> None:
        """Be a stopped pool without workers."""


_end_begun = threading.Event()


def has_begun_to_end() -> bool:
    """Whether the interpreter has begun to end its pools."""
    return _end_begun.is_set()


_pools: weakref.WeakSet[Ending] = weakref.WeakSet()
_workers: weakref.WeakSet[ProcessThread] = weakref.WeakSet()


def register(pool: Ending) -> None:
    """Look after this pool."""
    _pools.add(pool)


def guard(worker: ProcessThread) -> None:
    """Wait for this worker at exit, when its queue has ended."""
    _workers.add(worker)


def at_main_thread_end() -> None:
    """First stage: the main thread has ended, others may run and put tasks."""
    # What fails here is tried again, and told, by the second stage.
    if _program_threads_run():
        _each_pool(lambda pool: pool.ensure_served(), logging.DEBUG)
    else:
        _finish(logging.DEBUG)


def at_exit() -> None:
    """Second stage: no other thread of the program is left."""
    _finish(logging.ERROR)


def after_fork_in_child() -> None:
    """Mark all pools as stopped: their workers stayed in the parent."""
    for pool in list(_pools):
        pool.forget_threads()


def _finish(level: int) -> None:
    """End all pools and wait until their accepted tasks have run."""
    _end_begun.set()
    _each_pool(lambda pool: pool.drain(), level)
    # Also workers of pools that nobody holds any more.
    for worker in _living(_workers):
        worker.join()


def _living(things: weakref.WeakSet[Thing]) -> list[Thing]:
    """Return a copy of a set that other threads may change meanwhile."""
    while True:
        try:
            return list(things)
        except RuntimeError:  # it was changed while it was copied
            continue


def _program_threads_run() -> bool:
    own = (threading.main_thread(), threading.current_thread())
    return any(
        not thread.daemon and thread not in own for thread in threading.enumerate()
    )


def _each_pool(act: Callable[[Ending], None], level: int) -> None:
    for pool in _living(_pools):
        try:
            act(pool)
        except RuntimeError as error:
            _logger.log(level, "At exit, %r cannot run its tasks: %s", pool, error)


def _install() -> None:
    try:
        # The only hook that comes before the interpreter stops starting threads.
        threading._register_atexit(at_main_thread_end)  # type: ignore[attr-defined]  # noqa: SLF001 - concurrent.futures uses it too
    except (AttributeError, RuntimeError):
        # Gone in some later Python, or exit has begun: the second stage is left.
        _logger.debug("No early exit hook; pools are ended by atexit alone")
    atexit.register(at_exit)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=after_fork_in_child)


_install()
