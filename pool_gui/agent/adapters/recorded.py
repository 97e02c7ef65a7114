"""Threads that write records, as the agent reads them; what adapters have in common.

Agent thread only.
"""

import threading
import weakref
from collections import deque
from dataclasses import dataclass
from typing import Final

from pool_gui.agent.adapters.base import SPANS_OFF, Span, WorkerReading
from pool_gui.agent.records import ThreadRecord

RECORD: Final = "_pool_gui_record"
"""An attribute of a worker's thread."""

_MOST_GONE: Final = 256


class RecordedWorker:
    """One thread; it is not kept, for its end is nobody else's matter."""

    def __init__(
        self, thread: threading.Thread | None, record: ThreadRecord | None
    ) -> None:
        """Take a thread that lives, or the record of one that may be gone."""
        self._thread = weakref.ref(thread) if thread is not None else lambda: None
        self._record = record
        self._before = ThreadRecord(self._thread)
        self._mask = 0
        self.ident = None if thread is None else thread.ident
        """The thread's identity; None before it began."""
        self.name = _name_of(thread, record)
        self.native_id = 0 if record is None else record.native_id

    @property
    def is_alive(self) -> bool:
        """Whether its thread lives."""
        thread = self._thread()
        return thread is not None and (thread.ident is None or thread.is_alive())

    @property
    def record(self) -> ThreadRecord:
        """Its record; an empty one until it has begun a task."""
        if self._record is None:
            found = getattr(self._thread(), RECORD, None)
            if not isinstance(found, ThreadRecord):
                return self._before
            self._record, self.native_id = found, found.native_id
            found.mask = self._mask
        return self._record

    @property
    def spans(self) -> deque[Span]:
        """Finished tasks, oldest first."""
        return self.record.spans

    def watch(self, mask: int) -> None:
        """Let it record a span when its count `& mask` is 0."""
        self._mask = mask
        self.record.mask = mask

    def read(self) -> WorkerReading:
        """Return what it does now."""
        # Asked first: a thread that has ended has written its last.
        gone = not self.is_alive
        if not self.native_id:
            thread = self._thread()
            if thread is not None:
                self.native_id, self.ident = thread.native_id or 0, thread.ident
        return self.record.read(self.native_id, gone=gone)


def _name_of(thread: threading.Thread | None, record: ThreadRecord | None) -> str:
    if thread is not None:
        return thread.name
    return "" if record is None else record.name


@dataclass(slots=True)
class Sums:
    """Of several workers."""

    begun: int = 0
    done: int = 0
    failed: int = 0
    cancelled: int = 0

    def add(self, record: ThreadRecord) -> None:
        """Add what a record says now."""
        reading = record.read(0, gone=False)
        self.begun += reading.started
        self.done += reading.done
        self.failed += reading.failed
        self.cancelled += record.cancelled


class Workbook:
    """The workers of one pool: those that live, and a bounded number that are gone."""

    def __init__(self) -> None:
        self._workers: dict[object, RecordedWorker] = {}  # by a weak reference
        self._before = Sums()  # of those that were dropped
        self._mask = SPANS_OFF

    def meet(
        self,
        key: object,
        thread: threading.Thread | None,
        record: ThreadRecord | None,
    ) -> None:
        """Take note of a worker, if it is new.

        Args:
            key: a weak reference to its thread.
            thread: while it is there.
            record: its own, if that is at hand.
        """
        if key not in self._workers:
            worker = self._workers[key] = RecordedWorker(thread, record)
            worker.watch(self._mask)

    @property
    def all(self) -> list[RecordedWorker]:
        """Those that live, and those that ended lately."""
        if len(self._workers) > _MOST_GONE:
            self._drop_gone()
        return list(self._workers.values())

    def _drop_gone(self) -> None:
        gone = [key for key, one in self._workers.items() if not one.is_alive]
        for key in gone[: max(len(gone) - _MOST_GONE, 0)]:
            self._before.add(self._workers.pop(key).record)

    @property
    def alive(self) -> int:
        """How many live."""
        return sum(one.is_alive for one in self._workers.values())

    def sums(self) -> Sums:
        """Return what all there ever were have done."""
        before = self._before
        made = Sums(before.begun, before.done, before.failed, before.cancelled)
        for worker in self.all:
            made.add(worker.record)
        return made

    def watch(self, mask: int) -> None:
        """Let them record a span when their count `& mask` is 0."""
        self._mask = mask
        for worker in self._workers.values():
            worker.watch(mask)
