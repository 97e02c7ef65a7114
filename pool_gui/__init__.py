"""pool_gui: the thread-pool console for Python; this module holds the public names.

Importing it imports neither Qt nor numpy, and the pool only when a name of the pool is
asked for: the window's process never loads it.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pool_gui.pool import (
        Hooks,
        PoolState,
        PoolStateError,
        PoolStatistics,
        ProcessThread,
        QueueFullError,
        Task,
        TaskDroppedError,
        TaskExpiredError,
        TaskState,
        TaskTypeErrorException,
        ThreadPool,
        ThreadSafeQueue,
        WhenFull,
        WorkerStartError,
    )

__all__ = [
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
    "WorkerStartError",
    "__version__",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Load the pool when one of its public names is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module("pool_gui.pool"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
