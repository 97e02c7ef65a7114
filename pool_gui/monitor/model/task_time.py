"""When workers ran tasks, by their records, joined with the steps of their threads.

Pure functions of arrays; session thread.
"""

from typing import Final

import numpy as np

from pool_gui.monitor.model.steps import Bools, Steps
from pool_gui.monitor.view.snapshot import Floats, Ints

SLOT_BITS: Final = 44
"""Nanoseconds below these bits: one number then orders times by worker."""


def task_time(steps: Steps, spans: Ints) -> tuple[Floats, Bools]:
    """Return how long a task ran in each step, and whether one did at its end.

    Args:
        steps: at least one.
        spans: (3, n) slot, begin and end of tasks. Where one is told twice, or overlaps
            another of its worker, that time counts once.
    """
    base_ns = int((steps.end_ns - steps.length_ns).min())
    spans = spans[:, spans[2] > base_ns]
    starts = spans[0] << SLOT_BITS | np.maximum(spans[1] - base_ns, 0)
    order = np.argsort(starts)
    starts, ends = starts[order], (spans[0] << SLOT_BITS | spans[2] - base_ns)[order]
    # A span that was told twice, or whose end was guessed, must not count twice.
    starts = np.maximum(starts, np.concatenate(([0], np.maximum.accumulate(ends)[:-1])))
    lengths = np.maximum(ends - starts, 0)
    before = np.concatenate(([0], np.cumsum(lengths)))
    end = steps.slot << SLOT_BITS | steps.end_ns - base_ns
    begin = end - steps.length_ns.astype(np.int64)

    def busy_until(times: Ints) -> Ints:
        at = np.searchsorted(starts, times, "right")
        if not len(starts):
            return np.zeros(len(times), np.int64)
        last = np.maximum(at - 1, 0)
        running = np.clip(times - starts[last], 0, lengths[last])
        return np.where(at > 0, before[last] + running, 0)

    at = np.searchsorted(starts, end, "left")
    inside = np.zeros(len(end), np.bool_)
    if len(starts):
        inside = (at > 0) & (end <= ends[np.maximum(at - 1, 0)])
    busy_ns = (busy_until(end) - busy_until(begin)).astype(np.float64)
    return np.clip(busy_ns, 0, steps.length_ns), inside
