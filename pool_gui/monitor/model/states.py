"""Joins looks at threads with the workers' own records: where a worker's time goes.

Session thread only. Time on a core and waiting for one are exact (the kernel's totals);
what remains of a task's time was spent waiting, and looks split it by what was waited
for. Time outside of tasks is `idle`, exact from the workers' records, less what the
pool itself took of a core or of the GIL there. So the shares add up to one.

The method is that of a work-sampling study with known totals; against workloads that
measure themselves it is checked in `tests/truth`.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pool_gui.monitor.model.ended import FrameSpans
from pool_gui.monitor.model.rows import Activity
from pool_gui.monitor.model.spans import SpanField
from pool_gui.monitor.model.state_cells import CELL_NS, StateCells
from pool_gui.monitor.model.steps import Bools, Settled, Settler, StepMaker, Steps
from pool_gui.monitor.model.task_time import SLOT_BITS, task_time
from pool_gui.monitor.model.workers import Worker, Workers
from pool_gui.monitor.sampling.look import Look, LookField, Wait
from pool_gui.monitor.states import STATES, State
from pool_gui.monitor.view.snapshot import Floats, Ints

_MOST_PENDING: Final = 200_000
_MIX_KEEPS: Final = 0.8
"""How much of what a worker waited for before counts where no look saw it wait."""

_STATE_OF_WAIT: Final = {
    Wait.GIL: State.GIL,
    Wait.LOCK: State.LOCK,
    Wait.SLEEP: State.SLEEP,
    Wait.NETWORK: State.NETWORK,
    Wait.DISK: State.DISK,
    Wait.OTHER: State.OTHER,
    Wait.UNKNOWN: State.UNKNOWN,
}
_NO_SPANS: Final = np.zeros((3, 0), np.int64)


@dataclass(frozen=True, slots=True)
class Records:
    """What the workers' records tell of the time until a frame."""

    now_ns: int
    slots: Mapping[int, int]
    """The slot of each worker that lives or lived, by key."""
    spans: Ints
    """(3, n) slot, begin and end of each task that a frame told of or that runs."""
    busy_shares: Floats
    """By slot: how busy it was since the frame before, exact."""
    complete: bool
    """Whether `spans` has all tasks."""


def records_of(
    workers: Workers,
    spans: FrameSpans,
    activity: Activity,
    now_ns: int,
    *,
    complete: bool,
) -> Records:
    """Return what a frame tells of its time."""
    slots = {worker.key: worker.slot for worker in workers}
    told = spans.matrix[[SpanField.SLOT, SpanField.STARTED_NS, SpanField.ENDED_NS]]
    runs = [(w.slot, w.since_ns, now_ns) for w in workers.living if w.task]
    running = np.asarray(runs, np.int64).reshape(-1, 3).T
    shares = np.zeros(workers.slots)
    lengths = np.maximum(now_ns - activity.begin_ns, 1)
    shares[activity.slots] = activity.busy_ns / lengths
    both = np.concatenate((told, running), axis=1)
    return Records(now_ns, slots, both, shares, complete)


class StateFolder:
    """Folds looks into cells, as soon as the records of their time have come."""

    def __init__(self) -> None:
        self.cells = StateCells()
        self._pending: deque[Look] = deque(maxlen=_MOST_PENDING)
        self._newest: dict[int, int] = {}  # by key, what it waited for
        self._maker = StepMaker()
        self._settler = Settler()
        self._before = _NO_SPANS  # of the frame before
        self._mix = np.zeros((0, len(Wait)))  # by slot, inside of tasks
        self._between = np.zeros(0)  # by slot: the GIL's share, outside of them

    def reset(self, slot: int) -> None:
        """Give a slot to another worker."""
        self.cells.reset(slot)
        self._settler.reset(slot)
        if slot >= len(self._mix):
            more = np.zeros((slot + 16 - len(self._mix), len(Wait)))
            self._mix = np.concatenate((self._mix, more))
            self._between = np.concatenate((self._between, more[:, 0]))
        self._mix[slot] = self._between[slot] = 0

    def add(self, looks: Sequence[Look]) -> None:
        """Keep looks until the records of their time have come."""
        self._pending.extend(looks)
        for look in looks:
            self._newest[look[LookField.KEY]] = look[LookField.WAIT]

    def seen(self, worker: Worker) -> State | None:
        """Return what a worker was last seen doing; None where none could be seen.

        Unlike the cells this goes on while its process cannot answer.
        """
        wait = self._newest.get(worker.key)
        if wait is None:
            return None
        if not worker.task:
            return State.IDLE
        return _STATE_OF_WAIT.get(Wait(wait), State.CPU)

    def fold(self, records: Records) -> None:
        """Take in the looks until a frame; the worker's slot is known by then."""
        looks: list[Look] = []
        while self._pending and self._pending[0][LookField.TIME_NS] <= records.now_ns:
            looks.append(self._pending.popleft())
        spans = np.concatenate((self._before, records.spans), axis=1)
        self._before = records.spans
        if not looks:
            return
        steps = self._maker.make(looks, records.slots)
        if len(self._newest) > len(records.slots):
            known = records.slots
            self._newest = {k: w for k, w in self._newest.items() if k in known}
        if steps.slot.size:
            busy_ns, inside = _busy(steps, spans, records)
            settled = self._settler.settle(steps, busy_ns, inside)
            if settled.busy_ns.size:
                self._add(settled)

    def _add(self, settled: Settled) -> None:
        steps, inside = settled.steps, settled.inside
        cells = (steps.end_ns - 1) // CELL_NS
        pairs, places = np.unique(steps.slot << SLOT_BITS | cells, return_inverse=True)
        slots, numbers = pairs >> SLOT_BITS, pairs & ((1 << SLOT_BITS) - 1)
        size = len(pairs)

        def summed(values: Floats) -> Floats:
            sums: Floats = np.bincount(places, values, size).astype(np.float64)
            return sums

        lengths = steps.length_ns
        # How long, by the looks, workers waited for each thing inside of tasks …
        kinds = places * len(Wait) + steps.wait
        looked = steps.seen_ns
        flat = np.bincount(kinds, looked * inside, size * len(Wait))
        seen: Floats = flat.astype(np.float64).reshape(size, len(Wait))
        # … and what they did outside.
        gil, runs = steps.wait == Wait.GIL, steps.wait == Wait.NONE
        outside = looked * ~inside
        gil_outside, waits_outside = summed(outside * gil), summed(outside * ~runs)
        run_outside = summed(outside * runs)
        used, ready = summed(steps.used_ns), summed(steps.ready_ns)
        waited = summed(lengths) - used - ready
        on_core_outside = (used + ready) * _ratio(run_outside, summed(looked * runs))
        idle = summed(lengths) - summed(settled.busy_ns) - on_core_outside
        idle = np.clip(idle, 0, waited)
        inside_ns = waited - idle
        # A worker between two tasks may wait for the GIL as well.
        gil_ns = idle * self._gil_shares(slots, gil_outside, waits_outside)
        idle -= gil_ns
        spent = np.zeros((size, STATES))
        spent[:, State.CPU], spent[:, State.READY] = used, ready
        spent[:, State.IDLE], spent[:, State.GIL] = idle, gil_ns
        shares, known = self._shares(slots, seen)
        spent[:, State.UNKNOWN] += inside_ns * ~known
        for wait, state in _STATE_OF_WAIT.items():
            spent[:, state] += inside_ns * shares[:, wait]
        self.cells.add(slots, numbers, spent)

    def _gil_shares(self, slots: Ints, gil_ns: Floats, waits_ns: Floats) -> Floats:
        """Return (n,) how much of the waiting between tasks was for the GIL."""
        shares = _ratio(gil_ns, waits_ns)
        between, kept = self._between, _MIX_KEEPS
        for at, slot in enumerate(slots.tolist()):  # in the order of time
            if waits_ns[at]:
                between[slot] = between[slot] * kept + shares[at] * (1 - kept)
            else:
                shares[at] = between[slot]
        return shares

    def _shares(self, slots: Ints, seen: Floats) -> tuple[Floats, Bools]:
        """Return how waiting divides, (n, kinds of waits), and whether it is known.

        Args:
            slots: (n,) of the workers.
            seen: (n, kinds of waits) how long each was seen.
        """
        seen[:, Wait.NONE] = 0
        totals = seen.sum(axis=1)
        shares = seen / np.maximum(totals, 1)[:, np.newaxis]
        known = totals > 0
        mix, kept = self._mix, _MIX_KEEPS
        for at, slot in enumerate(slots.tolist()):  # in the order of time
            if known[at]:
                mix[slot] = mix[slot] * kept + shares[at] * (1 - kept)
            elif (whole := mix[slot].sum()) > 0:
                shares[at], known[at] = mix[slot] / whole, True
        return shares, known


def _busy(steps: Steps, spans: Ints, records: Records) -> tuple[Floats, Bools]:
    """Return how long a task ran in each step, and whether one did at its end."""
    if records.complete:
        return task_time(steps, spans)
    # Tasks are then so short that a worker who waits for a lock waits for a task, and
    # that most who wait for the GIL do so between two of them.
    busy_ns: Floats = steps.length_ns * records.busy_shares[steps.slot]
    return busy_ns, (steps.wait != Wait.LOCK) & (steps.wait != Wait.GIL)


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.where(whole > 0, part / np.maximum(whole, 1), 0.0)
