"""Each worker's time by state, in cells of 100 ms. Session thread only.

Invariants: ten minutes are kept, ten bytes a cell and worker; what does not fill a step
of a cell is carried on, so that sums over time are exact; in a cell of which nothing is
known all states are 0.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pool_gui.monitor.model.busy import HISTORY_NS
from pool_gui.monitor.states import STATES
from pool_gui.monitor.view.snapshot import Floats, Ints, Shares

CELL_NS: Final = 100_000_000
CELLS: Final = HISTORY_NS // CELL_NS
_STEP_NS: Final = CELL_NS // 200
"""A cell holds at most 255 steps of each state, should looks be assigned to it that
began a little before."""

_FIRST_SLOTS: Final = 16


class StateCells:
    """A ring of cells for each slot; a slot belongs to one worker at a time."""

    def __init__(self) -> None:
        self._steps = np.zeros((_FIRST_SLOTS, CELLS, STATES), np.uint8)
        self._rest_ns = np.zeros((_FIRST_SLOTS, STATES))
        self._totals_ns = np.zeros((_FIRST_SLOTS, STATES))
        self._newest = -1  # the newest cell's number since the clock's zero

    def reset(self, slot: int) -> None:
        """Give a slot to another worker."""
        have = len(self._steps)
        if slot >= have:
            more = max(have // 4, slot + 1 - have)
            steps = np.zeros((more, CELLS, STATES), np.uint8)
            self._steps = np.concatenate((self._steps, steps))
            nothing = np.zeros((more, STATES))
            self._rest_ns = np.concatenate((self._rest_ns, nothing))
            self._totals_ns = np.concatenate((self._totals_ns, nothing))
        self._steps[slot] = 0
        self._rest_ns[slot] = self._totals_ns[slot] = 0

    def totals_ns(self, slot: int) -> Floats:
        """Return (STATES,) the worker's time in each state since it was first seen."""
        totals: Floats = self._totals_ns[slot].copy()
        return totals

    def add(self, slots: Ints, cells: Ints, spent_ns: Floats) -> None:
        """Add the time that workers spent in each state.

        Args:
            slots: (n,) of the workers.
            cells: (n,) the cells' numbers since the clock's zero; with `slots` each
                pair once, and each worker's rising.
            spent_ns: (n, STATES).
        """
        if not cells.size:
            return
        self._open(int(cells.max()))
        np.add.at(self._totals_ns, slots, spent_ns)
        for cell in np.unique(cells).tolist():  # few: those of one frame
            if cell <= self._newest - CELLS:
                continue
            here = cells == cell
            which = slots[here]
            whole_ns = spent_ns[here] + self._rest_ns[which]
            steps = np.floor(whole_ns / _STEP_NS)
            self._rest_ns[which] = whole_ns - steps * _STEP_NS
            column = cell % CELLS
            filled = self._steps[which, column] + np.maximum(steps, 0)
            self._steps[which, column] = np.minimum(filled, 255)

    def over(self, slots: Ints, edges_ns: Ints) -> Shares:
        """Return (workers, pixels, STATES) shares of each pixel's time; NaN: unknown.

        Args:
            slots: of the workers.
            edges_ns: the pixels' edges, (pixels + 1,), rising.
        """
        cells, begin, end = _cells_of(edges_ns)
        return _shares(_between(self._of(slots, cells), begin, end))

    def spent(self, slots: Ints, edges_ns: Ints) -> Floats:
        """Return (pixels, STATES) the time of all these workers, in steps of a cell."""
        cells, begin, end = _cells_of(edges_ns)
        steps = self._of(slots, cells).sum(axis=0, dtype=np.uint32, keepdims=True)
        spent: Floats = _between(steps, begin, end)[0]
        return spent

    def _of(self, slots: Ints, cells: Ints) -> NDArray[np.uint8]:
        """Return (workers, cells, STATES) steps; 0 where nothing is known."""
        steps = self._steps[slots[:, np.newaxis], cells % CELLS]
        kept = (cells <= self._newest) & (cells > self._newest - CELLS)
        steps[:, ~kept] = 0
        return steps

    def _open(self, cell: int) -> None:
        """Make this the newest cell; cells that were jumped over are not known."""
        if cell <= self._newest:
            return
        jumped = min(cell - self._newest, CELLS)
        columns = (np.arange(cell - jumped, cell) + 1) % CELLS
        self._steps[:, columns] = 0
        self._newest = cell


def _cells_of(edges_ns: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the cells of these pixels, and which of them each one begins and ends."""
    first, last = edges_ns[:-1] // CELL_NS, (edges_ns[1:] - 1) // CELL_NS
    last = np.maximum(first, last)
    cells = np.arange(int(first[0]), int(last[-1]) + 1)
    return cells, first - first[0], last - first[0] + 1


def _between(steps: NDArray[np.unsignedinteger], begin: Ints, end: Ints) -> Floats:
    """Return (rows, pixels, STATES) sums of (rows, cells, STATES)."""
    rows, cells, states = steps.shape
    sums = np.zeros((rows, cells + 1, states), np.uint32)
    np.cumsum(steps, axis=1, dtype=np.uint32, out=sums[:, 1:])
    return (sums[:, end] - sums[:, begin]).astype(np.float64)


def _shares(spent: Floats) -> Shares:
    with np.errstate(invalid="ignore"):  # nothing known: 0 / 0 is NaN
        shares: Shares = (spent / spent.sum(axis=-1, keepdims=True)).astype(np.float32)
    return shares
