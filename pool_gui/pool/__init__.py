"""The thread pool: tasks, their queue, the workers, the pool. Needs psutil alone."""

from pool_gui.pool.counts import PoolCounts
from pool_gui.pool.errors import (
    PoolStateError,
    TaskTypeErrorException,
    WorkerStartError,
)
from pool_gui.pool.pool import ThreadPool
from pool_gui.pool.queue import ThreadSafeQueue
from pool_gui.pool.record import NO_SPANS, WorkerRecord
from pool_gui.pool.states import LEGAL_MOVES, PoolState, WorkerState
from pool_gui.pool.task import Task
from pool_gui.pool.worker import ProcessThread

__all__ = [
    "LEGAL_MOVES",
    "NO_SPANS",
    "PoolCounts",
    "PoolState",
    "PoolStateError",
    "ProcessThread",
    "Task",
    "TaskTypeErrorException",
    "ThreadPool",
    "ThreadSafeQueue",
    "WorkerRecord",
    "WorkerStartError",
    "WorkerState",
]
