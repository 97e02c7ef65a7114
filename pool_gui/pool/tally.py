"""Counts of a pool that many threads raise, without a lock."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pool_gui.pool.serial import SerialNumbers

if TYPE_CHECKING:
    from collections.abc import Iterator


class Tally:
    """One counter for each fate of a task that is no worker's record.

    Attributes:
        rejected: refused, never accepted.
        withdrawn: took a number, then were refused, because the pool closed meanwhile.
        cancelled: accepted, and cancelled or handed back before they began.
        expired: accepted, and waited in the queue beyond their limit.
        dropped: accepted, and dropped from a full queue or a broken pool.
        overdue: ran beyond their limit; also among those done or failed once they end.
        hook_errors: times that a hook raised.
        caller_started: begun in the thread that put them, the queue being full.
        caller_done: of these, those that returned.
        caller_failed: of these, those that raised.
    """

    __slots__ = (
        "_work_begun",
        "_work_over",
        "caller_done",
        "caller_failed",
        "caller_started",
        "cancelled",
        "dropped",
        "expired",
        "hook_errors",
        "overdue",
        "rejected",
        "withdrawn",
    )

    def __init__(self) -> None:
        self.rejected = SerialNumbers()
        self.withdrawn = SerialNumbers()
        self.cancelled = SerialNumbers()
        self.expired = SerialNumbers()
        self.dropped = SerialNumbers()
        self.overdue = SerialNumbers()
        self.hook_errors = SerialNumbers()
        self.caller_started = SerialNumbers()
        self.caller_done = SerialNumbers()
        self.caller_failed = SerialNumbers()
        self._work_begun = SerialNumbers()
        self._work_over = SerialNumbers()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Say that a thread which is no worker decides tasks, and calls back."""
        self._work_begun.take()
        try:
            yield
        finally:
            self._work_over.take()

    def is_at_work(self) -> bool:
        """Whether threads that are no workers decide tasks just now."""
        over = self._work_over.taken()  # first: it cannot overtake what has begun
        return self._work_begun.taken() > over
