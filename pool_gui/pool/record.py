"""A worker's record: what it has done and what it does now.

Only the worker writes (the watcher writes `span_mask`); anybody reads, without a
lock. Counts are exact.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from pool_gui.pool.failure import error_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from pool_gui.pool.task import Task

    Span = tuple[int, Callable[..., object], int, int, int, str | None]

MAX_SPANS = 4096
"""Spans kept until the watcher takes them; the oldest are lost first."""

NO_SPANS = -1
"""The mask while nobody watches."""

_ATTEMPTS = 8


class WorkerRecord:
    """One worker's counts, running task and recent spans.

    Attributes:
        started: tasks begun.
        done: tasks that returned.
        failed: tasks that raised.
        busy_ns: sum of the run times of the finished tasks.
        task: the running task; None between tasks.
        started_ns: when the running task began; between tasks when the last one
            ended; before the first when the thread started, 0 before that.
        span_mask: which tasks leave a span: those whose number `started` has no bit
            of the mask, so 0 is each of them and 2**k - 1 each 2**k-th. Failed ones
            always do. Negative: none.
        spans: (task id, callable, queued_ns, started_ns, ended_ns, error or None) of
            finished tasks, oldest first; take them with `popleft`.
    """

    __slots__ = (
        "busy_ns",
        "done",
        "failed",
        "span_mask",
        "spans",
        "started",
        "started_ns",
        "task",
    )

    def __init__(self, span_mask: int = NO_SPANS) -> None:
        self.started = 0
        self.done = 0
        self.failed = 0
        self.busy_ns = 0
        self.task: Task | None = None
        self.started_ns = 0
        self.span_mask = span_mask
        self.spans: deque[Span] = deque(maxlen=MAX_SPANS)

    def add_span(self, task: Task, failure: BaseException | None) -> None:
        """Keep the span of a task that has just ended; for its worker."""
        text = None if failure is None else error_text(failure)
        self.spans.append(
            (
                task.id,
                task.callable,
                task.queued_ns,
                task.started_ns,
                task.ended_ns,
                text,
            )
        )

    def running(self) -> tuple[Task, int] | None:
        """Return the running task and when it began, as one consistent pair.

        None between tasks, also when the worker changes tasks faster than this
        thread can look.
        """
        # The worker writes, in this order: task, started_ns, started when it begins;
        # done or failed, started_ns, task when it ends. So if `started` was n before
        # the two reads and n - 1 tasks had finished after them, both reads fell into
        # the run of task n.
        for _ in range(_ATTEMPTS):
            number = self.started
            task, started_ns = self.task, self.started_ns
            finished = self.done + self.failed
            if finished == number - 1 and task is not None:
                return task, started_ns
            if finished == number == self.started:
                return None
        return None
