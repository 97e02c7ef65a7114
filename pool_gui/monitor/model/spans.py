"""A ring of the newest task spans as numpy columns.

Session thread only. Spans in bulk are int64 matrices of (len(SpanField), n), a row a
field. Invariants: at most `capacity` spans are kept; each has a serial that counts up
and stays its own, so a span can be changed later if it is still there.
"""

import enum
from typing import Final

import numpy as np

from pool_gui.monitor.view.snapshot import Ints

DETAIL_CAPACITY: Final = 200_000
"""The newest spans of all workers."""

COARSE_CAPACITY: Final = 65_536
"""The longest span of each worker and frame, and failed ones: what remains to be seen
on the lanes of a time whose details were pushed out by newer ones."""


class SpanField(enum.IntEnum):
    """The rows of a matrix of spans."""

    SLOT = 0
    """Of its worker, as `workers.Workers` gives them out."""
    WORKER = 1
    """The worker's key."""
    POOL = 2
    """The pool's key."""
    TASK = 3
    FUNCTION = 4
    """Index into the table of names."""
    QUEUED_NS = 5
    STARTED_NS = 6
    ENDED_NS = 7
    OUTCOME = 8


class Outcome(enum.IntEnum):
    """How a task ended, as `snapshot.SpanTable` names it."""

    DONE = 0
    FAILED = 1
    RUNNING = 2
    ENDED = 3
    """It ended, but its detail never came; the end is the latest that it can be."""


class SpanRing:
    """The newest `capacity` spans, in the order of their arrival."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.written = 0
        """How many were ever added: the next serial."""
        self.lost_before_ns = 0
        """Some span that ended by then was pushed out; 0 while none was."""
        # Filled and not only reserved, so that memory does not grow with uptime.
        self._columns = np.full((len(SpanField), capacity), 0, np.int64)

    def __len__(self) -> int:
        return min(self.written, self.capacity)

    def add(self, spans: Ints) -> int:
        """Add spans; return the serial of the first. At most `capacity` at once."""
        first = self.written
        serials = first + np.arange(spans.shape[1])
        places = serials % self.capacity
        pushed_out = places[serials >= self.capacity]
        if pushed_out.size:
            latest_ns = int(self._columns[SpanField.ENDED_NS, pushed_out].max())
            self.lost_before_ns = max(self.lost_before_ns, latest_ns)
        self._columns[:, places] = spans
        self.written += spans.shape[1]
        return first

    def replace(self, serial: int, span: Ints) -> bool:
        """Change one span, (len(SpanField),); return False when it is gone."""
        if not self.written - self.capacity <= serial < self.written:
            return False
        self._columns[:, serial % self.capacity] = span
        return True

    def within(self, begin_ns: int, end_ns: int) -> Ints:
        """Return the places of spans that touch this time, by arrival at a place."""
        known = self._columns[:, : len(self)]
        touches = known[SpanField.ENDED_NS] > begin_ns
        touches &= known[SpanField.STARTED_NS] < end_ns
        return np.flatnonzero(touches)

    def column(self, field: SpanField, places: Ints) -> Ints:
        """Return one field of the spans at these places."""
        values: Ints = self._columns[field].take(places)
        return values

    def newest(self, count: int) -> Ints:
        """Return the newest spans, the newest first."""
        count = min(count, len(self))
        serials = np.arange(self.written - 1, self.written - 1 - count, -1)
        return np.take(self._columns, serials % self.capacity, axis=1)


def longest_of_each(spans: Ints) -> Ints:
    """Return the longest span of each worker, and all failed ones."""
    durations = spans[SpanField.ENDED_NS] - spans[SpanField.STARTED_NS]
    order = np.lexsort((durations, spans[SpanField.SLOT]))
    slots = spans[SpanField.SLOT, order]
    last = np.append(slots[1:] != slots[:-1], True)
    keep = np.zeros(spans.shape[1], np.bool_)
    keep[order[last]] = True
    keep |= spans[SpanField.OUTCOME] == Outcome.FAILED
    return spans[:, keep]
