"""Turns looks at threads into steps: what happened from one look to the next.

Session thread only. The kernel's totals come late: time on a core is added at its ticks
(4 ms here), time waiting for a core when the thread gets one. What is more than a step
is long belongs to the steps before, in which the thread ran or could have; so those are
held back until that is known. A thread that blocks is up to date.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pool_gui.monitor.model.state_cells import CELL_NS
from pool_gui.monitor.sampling.look import Look, LookField, Wait
from pool_gui.monitor.view.snapshot import Floats, Ints

Bools = NDArray[np.bool_]

_HELD: Final = 8
_HELD_STILL: Final = 50
"""So many steps of a thread are held back; more while it waits for a core all along."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Columns of (n,); each worker's in the order of time."""

    slot: Ints
    end_ns: Ints
    length_ns: Floats
    used_ns: Floats
    ready_ns: Floats
    wait: Ints
    """What the look at its end saw."""
    seen_ns: Floats
    """For how long what the look saw stands."""


class StepMaker:
    """Remembers the last look at each thread."""

    def __init__(self) -> None:
        self._last: dict[int, Look] = {}  # by key

    def make(self, looks: Sequence[Look], slots: Mapping[int, int]) -> Steps:
        """Return the steps that end with these looks.

        Args:
            looks: in the order of time.
            slots: of the workers that are known, by key; others are forgotten.
        """
        rows = list(self._rows(looks, slots))
        self._last = {key: look for key, look in self._last.items() if key in slots}
        table = np.asarray(rows, np.int64).reshape(-1, 6).T
        slot, end_ns, wait = table[0], table[1], table[5]
        length, used, ready = np.maximum(table[2:5], 0).astype(np.float64)
        return _cut(Steps(slot, end_ns, length, used, ready, wait, length))

    def _rows(
        self, looks: Sequence[Look], slots: Mapping[int, int]
    ) -> Iterator[tuple[int, ...]]:
        last, time_ns, used, ready = (
            self._last,
            LookField.TIME_NS,
            LookField.CPU_NS,
            LookField.READY_NS,
        )
        for look in looks:
            key = look[LookField.KEY]
            if key not in slots:
                continue
            before, last[key] = last.get(key), look
            if before is not None and look[time_ns] > before[time_ns]:
                yield (
                    slots[key],
                    look[time_ns],
                    look[time_ns] - before[time_ns],
                    look[used] - before[used],
                    look[ready] - before[ready],
                    look[LookField.WAIT],
                )


def _cut(steps: Steps) -> Steps:
    """Cut what is longer than a cell, so that each piece lies in about one."""
    pieces = np.ceil(steps.length_ns / CELL_NS).astype(np.int64)
    if (pieces <= 1).all():
        return steps
    places = np.repeat(np.arange(len(pieces)), pieces)
    parts = pieces[places]
    numbers = np.arange(len(places)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    length = steps.length_ns[places] / parts
    back = ((parts - 1 - numbers) * length).astype(np.int64)
    return Steps(
        steps.slot[places],
        steps.end_ns[places] - back,
        length,
        steps.used_ns[places] / parts,
        steps.ready_ns[places] / parts,
        steps.wait[places],
        # Only where it ends was a look.
        np.where(numbers == parts - 1, length, 0.0),
    )


@dataclass(frozen=True, slots=True)
class Settled:
    """Steps whose totals fit into them, and what their worker did; columns of (n,)."""

    steps: Steps
    busy_ns: Floats
    """How long a task ran."""
    inside: Bools
    """Whether one ran at the step's end."""


_SLOT, _END, _LENGTH, _USED, _READY, _WAIT = range(6)
"""The columns of a row that is held back."""


class Settler:
    """Gives what is more than a step is long to the steps before."""

    def __init__(self) -> None:
        self._held: dict[int, deque[list[float]]] = {}  # by slot

    def reset(self, slot: int) -> None:
        """Give a slot to another worker."""
        self._held.pop(slot, None)

    def settle(self, steps: Steps, busy_ns: Floats, inside: Bools) -> Settled:
        """Return the steps that are settled, some of them from earlier calls."""
        columns = (
            *(steps.slot, steps.end_ns, steps.length_ns, steps.used_ns),
            *(steps.ready_ns, steps.wait, steps.seen_ns, busy_ns, inside),
        )
        rows: list[list[float]] = []
        for row in zip(*(column.tolist() for column in columns), strict=True):
            rows += self._settle(list(row))
        settled = list(zip(*rows, strict=True)) or [()] * len(columns)
        slot, end_ns, wait = (
            np.asarray(settled[at], np.int64) for at in (_SLOT, _END, _WAIT)
        )
        length, used, ready, seen, busy = (
            np.asarray(settled[at], np.float64)
            for at in (_LENGTH, _USED, _READY, _WAIT + 1, _WAIT + 2)
        )
        made = Steps(slot, end_ns, length, used, ready, wait, seen)
        return Settled(made, busy, np.asarray(settled[-1], np.bool_))

    def _settle(self, row: list[float]) -> Iterator[list[float]]:
        held = self._held.setdefault(int(row[_SLOT]), deque())
        moved = row[_USED] > 0 or row[_READY] > 0
        over = row[_USED] - row[_LENGTH]
        if over > 0:
            row[_USED] = row[_LENGTH]
            _give_back(held, _USED, over)
        over = row[_READY] - (row[_LENGTH] - row[_USED])
        if over > 0:
            row[_READY] = row[_LENGTH] - row[_USED]
            _give_back(held, _READY, over)
        held.append(row)
        most = 0
        if row[_WAIT] == Wait.NONE:
            most = _HELD if moved else _HELD_STILL
        while len(held) > most:
            yield held.popleft()


def _give_back(held: deque[list[float]], column: int, over: float) -> None:
    """Add time to the newest steps that have room for it."""
    for row in reversed(held):
        given = min(row[_LENGTH] - row[_USED] - row[_READY], over)
        row[column] += given
        over -= given
        if over <= 0:
            return
