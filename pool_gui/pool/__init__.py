"""The thread pool: tasks, their queue, the workers, the pool. Needs psutil alone."""

from pool_gui.pool.counters import NO_SPANS, PoolStatistics, WorkerRecord
from pool_gui.pool.door import Door
from pool_gui.pool.errors import (
    PoolStateError,
    QueueFullError,
    TaskDroppedError,
    TaskExpiredError,
    TaskTypeErrorException,
    WorkerStartError,
)
from pool_gui.pool.events import Hooks
from pool_gui.pool.policy import WhenFull
from pool_gui.pool.pool import ThreadPool
from pool_gui.pool.queue import ThreadSafeQueue
from pool_gui.pool.states import LEGAL_MOVES, PoolState, TaskState, WorkerState
from pool_gui.pool.task import Task
from pool_gui.pool.worker import ProcessThread

__all__ = [
    "LEGAL_MOVES",
    "NO_SPANS",
    "Door",
    "Hooks",
    "PoolState",
    "PoolStateError",
    "PoolStatistics",
    "ProcessThread",
    "QueueFullError",
    "Task",
    "TaskDroppedError",
    "TaskExpiredError",
    "TaskState",
    "TaskTypeErrorException",
    "ThreadPool",
    "ThreadSafeQueue",
    "WhenFull",
    "WorkerRecord",
    "WorkerStartError",
    "WorkerState",
]
