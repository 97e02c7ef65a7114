"""Copies of tasks that are put a second time. Any thread may make one."""

from __future__ import annotations

from pool_gui.pool.task import Task

_COPIED = ("callable", "args", "kwargs", "limits", "logs_failure")
_BOOKKEEPING = frozenset(Task.__slots__) | {
    "_callbacks",
    "_ends",
    "_parked",
    "_standard",
    "_verdicts",
}


def fresh_copy(task: Task) -> Task:
    """Return a new task for the same call, with an outcome of its own."""
    copy: Task = object.__new__(type(task))
    if type(task) is not Task:  # a subclass may have more
        state = object.__getstate__(task)
        own, slots = state if isinstance(state, tuple) else (state, {})
        for name, value in {**(own or {}), **slots}.items():
            if name not in _BOOKKEEPING:
                object.__setattr__(copy, name, value)
    for name in _COPIED:
        setattr(copy, name, getattr(task, name))
    Task.make_new(copy)
    return copy
