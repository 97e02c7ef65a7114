"""Each worker's busy share in cells of 50 ms, from its exact busy time.

Where tasks are too many to be told one by one, this keeps the lanes right. Session
thread only. Invariants: ten minutes are kept, two bytes a cell and worker; a cell in
which a worker was not seen is NaN.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pool_gui.monitor.view.snapshot import Floats, Ints

CELL_NS: Final = 50_000_000
CELLS: Final = 12_000
HISTORY_NS: Final = CELL_NS * CELLS
"""How far back anything can be seen: ten minutes."""

_FIRST_SLOTS: Final = 16


class BusyCells:
    """A ring of cells for each slot; a slot belongs to one worker at a time."""

    def __init__(self) -> None:
        self._shares = _empty(_FIRST_SLOTS)
        self._busy_ns = np.zeros(_FIRST_SLOTS)  # in the newest cell
        self._known_ns = np.zeros(_FIRST_SLOTS)
        self._incomplete = np.zeros(CELLS, np.bool_)
        self._newest = -1  # the newest cell's number since the clock's zero

    def reset(self, slot: int) -> None:
        """Give a slot to another worker."""
        have = len(self._shares)
        if slot >= have:
            more = max(have // 4, slot + 1 - have)
            self._shares = np.concatenate((self._shares, _empty(more)))
            self._busy_ns = np.concatenate((self._busy_ns, np.zeros(more)))
            self._known_ns = np.concatenate((self._known_ns, np.zeros(more)))
        self._shares[slot] = np.nan
        self._busy_ns[slot] = self._known_ns[slot] = 0

    def add(
        self, slots: Ints, begin_ns: Ints, end_ns: int, busy_ns: Ints, *, complete: bool
    ) -> None:
        """Add how long workers were busy; what is older than the newest cell is left.

        Args:
            slots: of the workers, (n,), each once.
            begin_ns: for each, since when `busy_ns` was counted.
            end_ns: until when.
            busy_ns: for each.
            complete: whether all tasks of this time were told in detail.
        """
        length_ns = end_ns - begin_ns
        rates = np.clip(busy_ns / np.maximum(length_ns, 1), 0, 1)
        last = (end_ns - 1) // CELL_NS
        first = int(begin_ns.min()) // CELL_NS if begin_ns.size else last
        for cell in range(max(first, self._newest, last - CELLS + 1), last + 1):
            self._open(cell)
            cell_begin_ns = np.maximum(begin_ns, cell * CELL_NS)
            overlap_ns = min(end_ns, (cell + 1) * CELL_NS) - cell_begin_ns
            overlap_ns = np.maximum(overlap_ns, 0)
            self._busy_ns[slots] += rates * overlap_ns
            self._known_ns[slots] += overlap_ns
            known_ns = self._known_ns[slots]
            shares = self._busy_ns[slots] / np.maximum(known_ns, 1)
            column = cell % CELLS
            self._shares[slots, column] = np.where(known_ns > 0, shares, np.nan)
            self._incomplete[column] |= not complete

    def over(
        self, slots: Ints, edges_ns: Ints, incomplete_before_ns: int
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return (workers, pixels) mean busy shares, and the incomplete pixels.

        Args:
            slots: of the workers.
            edges_ns: the pixels' edges, (pixels + 1,), rising.
            incomplete_before_ns: details of what ended before this are gone.
        """
        first, last = edges_ns[:-1] // CELL_NS, (edges_ns[1:] - 1) // CELL_NS
        last = np.maximum(first, last)
        cells = np.arange(int(first[0]), int(last[-1]) + 1)
        kept = (cells <= self._newest) & (cells > self._newest - CELLS)
        incomplete = kept & (
            self._incomplete[cells % CELLS] | (cells * CELL_NS < incomplete_before_ns)
        )
        missing = _means(incomplete[np.newaxis].astype(np.float64), first, last)[0] > 0
        if not missing.any():
            return np.empty((len(slots), 0), np.float32), missing
        shares = self._shares[slots][:, cells % CELLS].astype(np.float64)
        shares[:, ~kept] = np.nan
        return _means(shares, first, last).astype(np.float32), missing

    def means(self, slots: Ints, begin_ns: int, end_ns: int) -> Floats:
        """Return (workers,) mean busy shares over a time; NaN where none is known."""
        newest = min((end_ns - 1) // CELL_NS, self._newest)
        cells = np.arange(
            max(begin_ns // CELL_NS, self._newest - CELLS + 1), newest + 1
        )
        shares = self._shares[slots[:, np.newaxis], cells % CELLS].astype(np.float32)
        known = ~np.isnan(shares)
        counts = known.sum(axis=1)
        sums = np.where(known, shares, 0).sum(axis=1, dtype=np.float64)
        return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)

    def _open(self, cell: int) -> None:
        """Make this the newest cell; cells that were jumped over are not known."""
        if cell <= self._newest:
            return
        jumped = min(cell - self._newest, CELLS)
        columns = (np.arange(cell - jumped, cell) + 1) % CELLS
        self._shares[:, columns] = np.nan
        self._incomplete[columns] = False
        self._busy_ns[:] = self._known_ns[:] = 0
        self._newest = cell


def _empty(slots: int) -> NDArray[np.float16]:
    return np.full((slots, CELLS), np.nan, np.float16)


def _means(values: Floats, first: Ints, last: Ints) -> Floats:
    """Return for each pixel the mean of its cells that are known, else NaN."""
    known = ~np.isnan(values)
    zeros = np.zeros((len(values), 1))
    sums = np.hstack((zeros, np.cumsum(np.where(known, values, 0), axis=1)))
    counts = np.hstack((zeros, np.cumsum(known, axis=1)))
    begin, end = first - first[0], last - first[0] + 1
    total, count = sums[:, end] - sums[:, begin], counts[:, end] - counts[:, begin]
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
