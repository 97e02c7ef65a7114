"""Brings the spans of a frame into the model's terms.

Session thread only. Ids become slots, keys and indices; times become the session's.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pool_gui.monitor.model.names import FunctionNames
from pool_gui.monitor.model.pools import Pools
from pool_gui.monitor.model.spans import Outcome, SpanField
from pool_gui.monitor.model.workers import Workers
from pool_gui.monitor.source.messages import FrameMessage
from pool_gui.monitor.view.snapshot import Ints
from pool_gui.wire.protocol import SpanColumn

TaskKey = tuple[int, int]
"""(the pool's key, task)."""


@dataclass(frozen=True, slots=True)
class FrameSpans:
    """The finished tasks that one frame tells."""

    matrix: Ints
    """(len(SpanField), n)."""
    weights: Ints
    """(n,) for how many tasks each stands: failed ones are always told."""
    index: dict[TaskKey, int]
    """The place of each task."""
    wait_counted: NDArray[np.bool_]
    """(n,) whether the wait is among the durations, from when the task began."""
    replaces: NDArray[np.bool_]
    """(n,) whether it took the place of a span that was guessed."""


@dataclass(frozen=True, slots=True)
class Tables:
    """What ids mean."""

    names: FunctionNames
    workers: Workers
    pools: Pools


def translate(message: FrameMessage, tables: Tables, offset_ns: int) -> FrameSpans:
    """Return a frame's spans; those of workers that were dropped are left out.

    Raises:
        MalformedMessageError: a worker, pool or function that was never told.
    """
    rows = message.spans.T
    numbers, places = np.unique(rows[SpanColumn.WORKER], return_inverse=True)
    found = [tables.workers.find(number) for number in numbers.tolist()]
    slots = np.asarray([-1 if w is None else w.slot for w in found], np.int64)
    keys = np.asarray([0 if w is None else w.key for w in found], np.int64)
    matrix = np.empty((len(SpanField), rows.shape[1]), np.int64)
    matrix[SpanField.SLOT] = slots[places]
    matrix[SpanField.WORKER] = keys[places]
    matrix[SpanField.POOL] = _pool_keys(rows[SpanColumn.POOL], tables.pools)
    matrix[SpanField.TASK] = rows[SpanColumn.TASK]
    matrix[SpanField.FUNCTION] = tables.names.find(rows[SpanColumn.FUNCTION])
    for field, column in (
        (SpanField.QUEUED_NS, SpanColumn.QUEUED_NS),
        (SpanField.STARTED_NS, SpanColumn.STARTED_NS),
        (SpanField.ENDED_NS, SpanColumn.ENDED_NS),
    ):
        matrix[field] = rows[column] + offset_ns
    matrix[SpanField.OUTCOME] = rows[SpanColumn.OUTCOME]
    if -1 in slots:
        matrix = matrix[:, matrix[SpanField.SLOT] >= 0]
    _extend_lives(matrix, tables.workers)
    return _frame_spans(matrix, message.header.span_stride)


def _pool_keys(numbers: Ints, pools: Pools) -> Ints:
    distinct, places = np.unique(numbers, return_inverse=True)
    keys = [pools.find(number).key for number in distinct.tolist()]
    return np.asarray(keys, np.int64)[places]


def _extend_lives(matrix: Ints, workers: Workers) -> None:
    """A worker lived when its first task began, even if no row had told of it yet."""
    slots, places = np.unique(matrix[SpanField.SLOT], return_inverse=True)
    starts = np.full(slots.size, np.iinfo(np.int64).max)
    np.minimum.at(starts, places, matrix[SpanField.STARTED_NS])
    for slot, start_ns in zip(slots.tolist(), starts.tolist(), strict=True):
        worker = workers.by_slot(slot)
        if worker is not None:
            lived_ns = worker.live_from_ns
            earlier = lived_ns is None or start_ns < lived_ns
            worker.live_from_ns = start_ns if earlier else lived_ns


def _frame_spans(matrix: Ints, stride: int) -> FrameSpans:
    count = matrix.shape[1]
    pools, tasks = matrix[SpanField.POOL].tolist(), matrix[SpanField.TASK].tolist()
    failed = matrix[SpanField.OUTCOME] == Outcome.FAILED
    return FrameSpans(
        matrix=matrix,
        weights=np.where(failed, 1, stride),
        index={key: place for place, key in enumerate(zip(pools, tasks, strict=True))},
        wait_counted=np.zeros(count, np.bool_),
        replaces=np.zeros(count, np.bool_),
    )
