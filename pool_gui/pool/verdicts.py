"""What somebody means to make of a task, and the marks that decide; see task.py."""

from __future__ import annotations

from operator import call
from typing import TYPE_CHECKING

from pool_gui.pool.states import TaskState

if TYPE_CHECKING:
    from collections.abc import Callable


class Verdict:
    """How somebody means to end a task that has not begun; each is for one use.

    Attributes:
        state: what becomes of the task.
        error: what `result` is to raise; None: `CancelledError`, if it is cancelled.
        count: `next` of it counts the task, once, in one call of C, whoever concludes
            it; None: whoever finds it in a queue counts it.
    """

    __slots__ = ("count", "error", "state")

    def __init__(
        self,
        state: TaskState,
        error: BaseException | None = None,
        count: Callable[[], object] | None = None,
    ) -> None:
        self.state = state
        self.error = error
        self.count = None if count is None else map(call, (count,))


RUNS = Verdict(TaskState.RUNNING)
"""The mark of the runner, and of those who saw that it has begun."""
UNRUN = (TaskState.CANCELLED, TaskState.EXPIRED, TaskState.DROPPED)
RAN = Verdict(TaskState.DONE)
"""The mark of a runner whose call is over, and of those who saw that."""
