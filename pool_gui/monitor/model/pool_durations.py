"""How long tasks waited and ran, frame by frame, of each pool. Session thread only."""

import numpy as np

from pool_gui.monitor.model.course import Durations
from pool_gui.monitor.model.ended import FrameSpans
from pool_gui.monitor.model.rows import Activity
from pool_gui.monitor.model.spans import SpanField


class PoolDurations:
    """The durations that one frame tells, pool by pool."""

    def __init__(self, activity: Activity, spans: FrameSpans) -> None:
        matrix, fresh = spans.matrix, ~spans.wait_counted
        field = SpanField
        waited_ns = matrix[field.STARTED_NS] - matrix[field.QUEUED_NS]
        begun = np.ones_like(activity.waits_ns)
        self._run_pools = matrix[field.POOL]
        self._wait_pools = np.concatenate((self._run_pools[fresh], activity.wait_pools))
        self._all = Durations(
            np.concatenate((waited_ns[fresh], activity.waits_ns)),
            np.concatenate((spans.weights[fresh], begun)),
            matrix[field.ENDED_NS] - matrix[field.STARTED_NS],
            spans.weights,
        )

    @property
    def pools(self) -> set[int]:
        """The keys of the pools that have some."""
        return {*self._wait_pools.tolist(), *self._run_pools.tolist()}

    def of(self, pool: int) -> Durations:
        """Return those of the pool with this key."""
        waits, runs = self._wait_pools == pool, self._run_pools == pool
        if waits.all() and runs.all():
            return self._all
        return Durations(
            self._all.wait_ns[waits],
            self._all.wait_weights[waits],
            self._all.run_ns[runs],
            self._all.run_weights[runs],
        )
