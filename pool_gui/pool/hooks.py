"""What a program may have called around tasks and workers. All on the worker's thread.

Whatever a hook raises is logged and counted, and harms nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pool_gui.pool.task import Task
    from pool_gui.pool.worker import ProcessThread


@dataclass(frozen=True, slots=True)
class Hooks:
    """Functions that a pool calls at certain moments; None: not called."""

    before_task: Callable[[Task], object] | None = None
    """Before a task begins; it is RUNNING already, and can be cancelled no more."""
    after_task: Callable[[Task], object] | None = None
    """After a task has ended and its future tells so. Also when it failed, but not for
    a task that never ran."""
    worker_started: Callable[[ProcessThread], object] | None = None
    """Before a worker takes its first task, and after its `initializer`."""
    worker_ended: Callable[[ProcessThread], object] | None = None
    """After a worker's last task; it is no longer among the pool's workers. Not for a
    worker whose `initializer` failed, which never started."""
