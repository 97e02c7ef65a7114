"""The kind of thread that the pool starts."""

from __future__ import annotations

import threading
from functools import partial

from pool_gui.pool.deferring import hold
from pool_gui.pool.waiting import Deadline, await_release, locked_lock


class DaemonThread(threading.Thread):
    """A thread that does not keep the interpreter alive, where there is such.

    A pool sees to it that accepted work ends first (see shutdown.py). In a
    subinterpreter, which has no daemons, it is an ordinary thread. gevent, when it
    patches a program, may put another class in the place of threading.Thread; ours,
    made before, then no more hears of its thread's end, and says so itself.
    """

    def __init__(self, *, name: str | None = None) -> None:
        try:
            super().__init__(name=name, daemon=True)
        except RuntimeError:
            super().__init__(name=name, daemon=False)
        self._over = locked_lock()
        self._asking = threading.RLock()

    def run(self) -> None:
        """Do what the thread is for, then say that it is over."""
        try:
            self.work()
        finally:
            self._over.release()

    def work(self) -> None:
        """Do what the thread is for."""

    # Up to Python 3.12 two who ask for a thread's end at once may trip over each other
    # (an AssertionError, or a lock that is released twice). So one asks at a time.

    def is_alive(self) -> bool:
        """Return whether the thread runs."""
        if not _is_still_known(self):
            return self.ident is not None and self._over.locked()
        return hold(self._asking, super().is_alive)

    def join(self, timeout: float | None = None) -> None:
        """Wait until the thread has ended.

        Raises:
            RuntimeError: it was not started, or is this very thread.
        """
        is_known = _is_still_known(self)
        if is_known and (self.ident is None or self is threading.current_thread()):
            super().join(timeout)
        deadline = Deadline(timeout)
        if not self.is_alive() or not await_release(self._over, timeout):
            return
        self._over.release()
        if is_known:  # what is left of it is a moment
            left = deadline.seconds_left()
            end = partial(super().join, left if left >= 0 else None)
            hold(self._asking, end)


def _is_still_known(thread: object) -> bool:
    return isinstance(thread, threading.Thread)
