"""The kind of thread that the pool starts."""

from __future__ import annotations

import threading

from pool_gui.pool.waiting import await_release, locked_lock


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

    def run(self) -> None:
        """Do what the thread is for, then say that it is over."""
        try:
            self.work()
        finally:
            self._over.release()

    def work(self) -> None:
        """Do what the thread is for."""

    def is_alive(self) -> bool:
        """Return whether the thread runs."""
        if _is_still_known(self):
            return super().is_alive()
        return self.ident is not None and self._over.locked()

    def join(self, timeout: float | None = None) -> None:
        """Wait until the thread has ended."""
        if _is_still_known(self):
            super().join(timeout)
        elif await_release(self._over, timeout):
            self._over.release()


def _is_still_known(thread: object) -> bool:
    return isinstance(thread, threading.Thread)
