"""The lock around a pool's life, for which a finalizer or signal handler never waits.

Who may wait takes it with `with`. Who must not (`submit`, which may run in a finalizer,
in a signal handler, in a thread that the holder just starts and waits for) wishes: what
it wishes is done at once if the lock is free, else by whoever holds it, on leaving.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

MAX_WISHES = 64
"""So many wishes of one kind may wait; they are all of the kind 'look whether …'."""

_logger = logging.getLogger("pool_gui.pool")


class LifeLock:
    """A re-entrant lock that takes wishes."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._depth = 0  # written by the holder alone
        self._wishes: deque[Callable[[], object]] = deque()

    def __enter__(self) -> None:
        self._lock.acquire()
        self._depth += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._depth -= 1
        self._lock.release()
        if self._wishes:
            self._grant()

    def wish(self, act: Callable[[], object]) -> None:
        """Have `act` called under the lock, soon, by some thread; never waits.

        A RuntimeError that it raises is logged, for whoever meets it did not cause it.
        """
        if self._wishes.count(act) < MAX_WISHES:
            self._wishes.append(act)
        self._grant()

    def try_enter(self) -> bool:
        """Take the lock if that needs no waiting, and this thread has it not yet."""
        if not self._lock.acquire(blocking=False):
            return False
        if self._depth:
            self._lock.release()
            return False
        self._depth = 1
        return True

    def enter_if_free(self) -> bool:
        """Take the lock, also once more, unless another thread has it."""
        if not self._lock.acquire(blocking=False):
            return False
        self._depth += 1
        return True

    def leave(self) -> None:
        """Give back what `try_enter` or `enter_if_free` took."""
        self.__exit__(None, None, None)

    def _grant(self) -> None:
        # A wish is noted before the lock is tried, and looked for after it was given
        # back: so either the wisher gets the lock, or its holder sees the wish.
        while self._wishes and self.try_enter():
            try:
                self._wishes.popleft()()
            except IndexError:
                pass  # granted by another thread
            except RuntimeError:
                _logger.exception("A pool could not start a thread that it wants")
            finally:
                self._depth -= 1
                self._lock.release()

    def forget_threads(self) -> None:
        """In a forked child: whoever held it stayed in the parent."""
        self._lock = threading.RLock()
        self._depth = 0
        self._wishes.clear()
