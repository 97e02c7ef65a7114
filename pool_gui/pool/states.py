"""The states of pool and worker, and the one table of their legal moves."""

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


class PoolState(enum.StrEnum):
    """Where a pool is in its life."""

    NEW = "new"
    """Made; takes tasks, runs none yet."""
    RUNNING = "running"
    PAUSED = "paused"
    """Takes tasks, begins none."""
    DRAINING = "draining"
    """Takes no tasks; runs what it has accepted."""
    STOPPED = "stopped"
    """No worker is left and no task is queued."""


class WorkerState(enum.StrEnum):
    """What a worker does, as seen from outside."""

    IDLE = "idle"
    BUSY = "busy"
    DISMISSED = "dismissed"
    """Told to go; finishes the task it runs."""
    GONE = "gone"
    """Its thread has left the pool."""


LEGAL_MOVES: Final[
    Mapping[PoolState | WorkerState, frozenset[PoolState | WorkerState]]
] = MappingProxyType(
    {
        PoolState.NEW: frozenset({PoolState.RUNNING, PoolState.STOPPED}),
        PoolState.RUNNING: frozenset({PoolState.PAUSED, PoolState.DRAINING}),
        PoolState.PAUSED: frozenset({PoolState.RUNNING, PoolState.DRAINING}),
        PoolState.DRAINING: frozenset({PoolState.STOPPED}),
        PoolState.STOPPED: frozenset(),
        WorkerState.IDLE: frozenset(
            {WorkerState.BUSY, WorkerState.DISMISSED, WorkerState.GONE}
        ),
        WorkerState.BUSY: frozenset(
            {WorkerState.IDLE, WorkerState.DISMISSED, WorkerState.GONE}
        ),
        WorkerState.DISMISSED: frozenset({WorkerState.GONE}),
        WorkerState.GONE: frozenset(),
    }
)
"""Whatever is not in here does not happen."""
