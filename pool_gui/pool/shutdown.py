"""What becomes of pools when the interpreter exits, and in a forked child.

Workers are daemon threads, so nothing but this module makes the interpreter wait for
accepted tasks. It does in two stages: at the end of the main thread, where threads can
still be started; and, if other threads of the program then still run (and may put
tasks), once they have ended. An idle pool delays nothing, and one Ctrl-C is enough.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import weakref
from typing import TYPE_CHECKING

from pool_gui.pool.events import tell_trouble
from pool_gui.pool.forking import forget_threads, running_here
from pool_gui.pool.names import error_text
from pool_gui.pool.task import note_fork

if TYPE_CHECKING:
    from collections.abc import Callable

    from pool_gui.pool.core import PoolCore


class Pools:
    """All pools of the interpreter that are not over, as long as anybody holds them.

    Their workers do, and so does who uses them. Keyed by identity.
    """

    def __init__(self) -> None:
        self._pools: dict[int, weakref.ref[PoolCore]] = {}
        self._has_end_begun = threading.Event()
        self._was_interrupted = False

    def add(self, pool: PoolCore) -> None:
        """Look after this pool."""
        pools, key = self._pools, id(pool)

        def forget(gone: weakref.ref[PoolCore]) -> None:
            if pools.get(key) is gone:  # no other can have its id before this ran
                pools.pop(key, None)

        pools[key] = weakref.ref(pool, forget)

    def all(self) -> list[PoolCore]:
        """Return those that are there."""
        while True:
            try:
                pools = [reference() for reference in list(self._pools.values())]
            except RuntimeError:  # it changed while it was copied
                continue
            return [pool for pool in pools if pool is not None]

    def has_end_begun(self) -> bool:
        """Whether the interpreter has begun to end its pools."""
        return self._has_end_begun.is_set()

    def at_main_thread_end(self) -> None:
        """First stage: the main thread has ended, others may run and put tasks."""
        # What fails here is tried again, and told, by the second stage.
        try:
            if self._program_threads_run():
                self._each(lambda pool: pool.staffing.serve(), logging.DEBUG)
            else:
                self._finish(logging.DEBUG)
        except BaseException:  # Ctrl-C: who wants to leave is not asked twice
            self._was_interrupted = True
            raise

    def at_exit(self) -> None:
        """Second stage: no other thread of the program is left."""
        # While others run it comes only after a Ctrl-C has ended the wait for them.
        if not (self._was_interrupted or self._program_threads_run()):
            self._finish(logging.ERROR)

    def after_fork_in_child(self) -> None:
        """Mark all pools as stopped: their workers stayed in the parent."""
        pools = self.all()
        note_fork(frozenset(one for pool in pools for one in running_here(pool)))
        for pool in pools:
            forget_threads(pool)

    def _finish(self, level: int) -> None:
        """End all pools and wait until their accepted tasks have run."""
        self._has_end_begun.set()
        self._each(lambda pool: pool.drain(), level)
        for pool in self.all():
            while threads := pool.threads():
                threads[0].join()

    def _program_threads_run(self) -> bool:
        own = [threading.main_thread(), threading.current_thread()]
        for pool in self.all():  # in a subinterpreter these are no daemons
            own += pool.threads()
        return any(
            not thread.daemon and thread not in own for thread in threading.enumerate()
        )

    def _each(self, act: Callable[[PoolCore], None], level: int) -> None:
        for pool in self.all():
            try:
                act(pool)
            except RuntimeError as error:
                text = f"At exit, {pool!r} cannot run its tasks: {error_text(error)}"
                tell_trouble(level, text)


def _install() -> Pools:
    pools = Pools()
    try:
        # The only hook that comes before the interpreter stops starting threads.
        register = vars(threading)["_register_atexit"]  # concurrent.futures uses it too
        register(pools.at_main_thread_end)
    except (KeyError, RuntimeError):
        # Gone in some later Python, or exit has begun: the second stage is left.
        tell_trouble(logging.DEBUG, "No early exit hook; atexit alone ends the pools")
    atexit.register(pools.at_exit)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=pools.after_fork_in_child)
    return pools


POOLS = _install()
