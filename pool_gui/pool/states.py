"""The states of pool, worker and task, and the one table of their legal moves."""

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


class TaskState(enum.Enum):
    """Where a task is in its life.

    No strings, unlike the others: "running" is a pool's state already, and equal
    strings would be one key of the table below.
    """

    NEW = "new"
    """Made, and not put yet."""
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    """Has run, and returned."""
    FAILED = "failed"
    """Has run, and raised."""
    CANCELLED = "cancelled"
    """Never runs: cancelled, or handed back by `clear` or `stop`."""
    EXPIRED = "expired"
    """Never runs: it waited in the queue beyond its limit."""
    DROPPED = "dropped"
    """Never runs: the queue was full, or the pool broke."""


State = PoolState | WorkerState | TaskState

LEGAL_MOVES: Final[Mapping[State, frozenset[State]]] = MappingProxyType(
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
        TaskState.NEW: frozenset(
            {
                TaskState.QUEUED,
                TaskState.RUNNING,  # in the caller, the queue being full
                TaskState.CANCELLED,
                TaskState.DROPPED,
                TaskState.DONE,  # its outcome was set by who holds it
                TaskState.FAILED,
            }
        ),
        TaskState.QUEUED: frozenset(
            {
                TaskState.RUNNING,
                TaskState.CANCELLED,
                TaskState.EXPIRED,
                TaskState.DROPPED,
                TaskState.NEW,  # refused, for the pool closed in that moment
                TaskState.DONE,  # its outcome was set by who holds it
                TaskState.FAILED,
            }
        ),
        TaskState.RUNNING: frozenset({TaskState.DONE, TaskState.FAILED}),
        # Put again, a copy of it is queued.
        TaskState.DONE: frozenset(),
        TaskState.FAILED: frozenset(),
        TaskState.CANCELLED: frozenset(),
        TaskState.EXPIRED: frozenset(),
        TaskState.DROPPED: frozenset(),
    }
)
"""Whatever is not in here does not happen."""
