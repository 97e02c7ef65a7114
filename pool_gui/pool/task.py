"""A task: one call, to be made by a worker. Any thread may make and hold one."""

from __future__ import annotations

import copy
import math
import operator
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from pool_gui.pool.errors import TaskExpiredError
from pool_gui.pool.future import FINISHED, PENDING, RUNNING, TaskFuture
from pool_gui.pool.states import TaskState

if TYPE_CHECKING:
    import contextvars
    from collections.abc import Callable, Mapping

NO_KEYWORDS: Mapping[str, Any] = MappingProxyType({})
"""Shared by all tasks without keyword arguments: a dict of its own costs 64 bytes."""

_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What few tasks have, so that the others need no room for it."""

    priority: int = 0
    """Larger is sooner."""
    queue_ns: int = 0
    """How long it may wait in the queue; 0: as long as it takes."""
    run_ns: int = 0
    """How long it should run at most; 0: unlimited."""
    context: contextvars.Context | None = None
    """Where it runs; None: in the worker's own."""


class Task:
    """One call of `callable` with the given arguments, and what became of it.

    A task may be put again once it is over; it then gets a new `future`. Put while it
    is in the queue or runs, a copy of it is queued, with an outcome of its own.

    Attributes:
        callable: what is called.
        args: its positional arguments.
        kwargs: its keyword arguments.
        future: its outcome; a `concurrent.futures.Future`, there from the beginning.
        id: serial number in its pool, given when it is put; 0 before, and again once it
            was taken off the queue without being run.
        queued_ns: when it was put, by `time.perf_counter_ns`; 0 before.
        started_ns: when it began to run, likewise.
        ended_ns: when it ended, likewise.
        limits: its priority and time limits, if it has any; see `with_limits`.
        logs_failure: whether the pool logs what it raises. `submit` clears it, as the
            exception is in the future that it returns.

    Raises:
        TypeError: `callable` cannot be called.
    """

    __slots__ = (
        "__weakref__",
        "args",
        "callable",
        "ended_ns",
        "future",
        "id",
        "kwargs",
        "limits",
        "logs_failure",
        "queued_ns",
        "started_ns",
    )

    def __init__(
        self,
        callable: Callable[..., object],  # noqa: A002 - the seed's name
        /,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        if not _is_callable(callable):
            raise TypeError(
                f"A task needs something to call, and {type(callable).__name__} "
                "cannot be called."
            )
        self.callable = callable
        self.args = args
        self.kwargs: Mapping[str, Any] = kwargs or NO_KEYWORDS
        self.id = 0
        self.queued_ns = 0
        self.started_ns = 0
        self.ended_ns = 0
        self.limits: Limits | None = None
        self.logs_failure = True
        self.future = TaskFuture()

    def __repr__(self) -> str:
        return f"<Task {self.id} {function_name(self.callable)} {self.state.value}>"

    @property
    def state(self) -> TaskState:
        """Where the task is in its life, since it was last put."""
        future = self.future
        state = future._state  # noqa: SLF001 - read once: it may move on meanwhile
        if state == PENDING:
            return TaskState.QUEUED if self.queued_ns else TaskState.NEW
        if state == RUNNING:
            return TaskState.RUNNING
        if state != FINISHED:
            return TaskState.CANCELLED
        error = future.exception()
        if error is None:
            return TaskState.DONE
        if self.started_ns:
            return TaskState.FAILED
        is_expired = isinstance(error, TaskExpiredError)
        return TaskState.EXPIRED if is_expired else TaskState.DROPPED

    def cancel(self) -> bool:
        """Never run, if it has not begun; False if it runs or has run."""
        return self.future.cancel()

    def with_limits(
        self,
        *,
        priority: int = 0,
        queue_seconds: float | None = None,
        run_seconds: float | None = None,
    ) -> Self:
        """Set the task's priority and time limits, and return the task.

        To be called before the task is put.

        Args:
            priority: any whole number; larger ones run first, equal ones in the order
                in which they were put. Tasks without it have 0.
            queue_seconds: how long the task may wait in the queue. Past that it is not
                run, and its future raises `TaskExpiredError`.
            run_seconds: how long it should run. Past that it is logged as a warning and
                counted as overdue; it runs on, for **a thread cannot be killed**.

        Raises:
            TypeError: `priority` is no whole number.
            ValueError: a limit is not positive.
        """
        self.limits = Limits(
            operator.index(priority),
            _nanoseconds(queue_seconds, "queue_seconds"),
            _nanoseconds(run_seconds, "run_seconds"),
        )
        return self

    def again(self) -> Task:
        """Return what to queue for another put: the task made new, or a copy."""
        # One that ended while it was queued may still be in the queue; see `id`.
        if self.future.done() and (self.started_ns or not self.id):
            self.future = TaskFuture()
            self.id = self.queued_ns = self.started_ns = self.ended_ns = 0
            return self
        if self.__class__ is Task:
            twin = Task(self.callable, *self.args, **self.kwargs)
            twin.limits, twin.logs_failure = self.limits, self.logs_failure
            return twin
        twin = copy.copy(self)  # a subclass may have more
        twin.future = TaskFuture()
        twin.id = twin.queued_ns = twin.started_ns = twin.ended_ns = 0
        return twin


_is_callable = callable  # the parameter of Task hides the builtin


def function_name(function: Callable[..., object]) -> str:
    """Return 'module.qualname' of a function, or of a callable object's class."""
    named: object = function if hasattr(function, "__qualname__") else type(function)
    module = getattr(named, "__module__", None)
    name = getattr(named, "__qualname__", "?")
    return f"{module}.{name}" if module else str(name)


def _nanoseconds(seconds: float | None, what: str) -> int:
    if seconds is None:
        return 0
    if not seconds > 0:
        raise ValueError(f"{what} must be more than 0, and {seconds} is not.")
    if seconds == math.inf:
        return 0
    return max(1, round(seconds * _NS))
