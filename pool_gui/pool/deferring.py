"""A lock for which a finalizer, a signal handler or a starting thread never waits.

Who may wait takes it with `with`. Who must not (`submit`, which may run in a finalizer,
in a signal handler, in a thread that the holder just starts and waits for) leaves an
action: it is done at once if the lock is free, else by its holder, on leaving.
"""

from __future__ import annotations

import logging
import operator
import threading
from collections import deque
from typing import TYPE_CHECKING, TypeVar

from pool_gui.pool.events import tell_trouble
from pool_gui.pool.names import error_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import RLock

Result = TypeVar("Result")

MAX_DEFERRED = 64
"""So many actions of one kind may wait; they are all of the kind 'look whether …'."""

# Condition variables ask their lock the same.
_is_mine = operator.methodcaller("_is_owned")


def is_mine(lock: RLock) -> bool:
    """Whether this thread holds a re-entrant lock."""
    return bool(_is_mine(lock))


def hold(lock: RLock, act: Callable[[], Result]) -> Result:
    """Call `act` with a re-entrant lock held; waits for it.

    Unlike `with`, it leaves no lock held when a Ctrl-C comes between the end of the
    block and its release: the outermost of these calls makes sure of that, twice.
    """
    if is_mine(lock):
        with lock:
            return act()
    try:
        try:
            lock.acquire()
            result = act()
        finally:
            _let_go(lock)
    finally:
        _let_go(lock)
    return result


def _let_go(lock: RLock) -> None:
    while is_mine(lock):
        lock.release()


class DeferringLock:
    """A re-entrant lock that takes actions for its holder: `with it, it.lock:`.

    The lock itself is entered and left in C, so that a Ctrl-C does not come between its
    taking and the block. The outer part sees that it was left (a tracer may interrupt
    before that), and does what was deferred, once the lock is free.

    Attributes:
        lock: the lock.
    """

    __slots__ = ("_deferred", "_inner", "lock")

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._deferred: deque[Callable[[], object]] = deque()
        self._inner: dict[int, int] = {}  # blocks of each thread that had the lock

    def __enter__(self) -> None:
        me = threading.get_ident()
        if self.is_mine():
            self._inner[me] = self._inner.get(me, 0) + 1

    def __exit__(self, *_error: object) -> None:
        me = threading.get_ident()
        inner = self._inner.pop(me, 0)
        if inner > 1:
            self._inner[me] = inner - 1
        elif not inner:
            _let_go(self.lock)
        if self._deferred:
            self.run_deferred()

    def is_mine(self) -> bool:
        """Whether this thread holds the lock."""
        return is_mine(self.lock)

    def defer(self, act: Callable[[], object]) -> None:
        """Have `act` called under the lock, soon, by some thread; never waits.

        A RuntimeError that it raises is logged, for whoever meets it did not cause it.
        """
        if self._deferred.count(act) < MAX_DEFERRED:
            self._deferred.append(act)
        self.run_deferred()

    def run_or_defer(self, act: Callable[[], object], *, again: bool = False) -> None:
        """Call `act` under the lock if that needs no waiting, else defer it.

        Args:
            act: what it raises reaches the caller, if it was called at once.
            again: call it at once also where this thread holds the lock already.
        """
        if again and self.is_mine():
            with self.lock:
                act()
            return
        if not self._run_alone(act):
            self.defer(act)
        elif self._deferred:
            self.run_deferred()

    # An action is noted before the lock is tried, and looked for after it was given
    # back: so either who defers it gets the lock, or the holder sees the action.
    def run_deferred(self) -> None:
        """Do what was deferred, unless somebody else holds the lock and will."""
        while self._deferred and self._run_alone(self._run_next):
            pass

    def _run_next(self) -> None:
        try:
            self._deferred.popleft()()
        except IndexError:
            return  # done by another thread
        except RuntimeError as error:
            tell_trouble(
                logging.ERROR,
                f"A pool could not start a thread that it wants: {error_text(error)}",
            )

    def _run_alone(self, act: Callable[[], object]) -> bool:
        """Call `act` under the lock; False if this or another thread has it already."""
        if self.is_mine():
            return False
        is_done = False
        try:
            try:
                if self.lock.acquire(blocking=False):
                    act()
                    is_done = True
            finally:
                _let_go(self.lock)
        finally:
            _let_go(self.lock)  # as in `hold`
        return is_done

    def forget_threads(self) -> None:
        """In a forked child: whoever held it stayed in the parent."""
        self.lock = threading.RLock()
        self._deferred.clear()
        self._inner.clear()
