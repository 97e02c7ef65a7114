"""A task: one call, to be made by a worker. Any thread may make and hold one."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_NO_KEYWORDS: Mapping[str, Any] = MappingProxyType({})
"""Shared by all tasks without keyword arguments: a dict of its own costs 64 bytes."""


class Task:
    """One call of `callable` with the given arguments.

    A task may be put again after it has run. Put twice while it waits, it runs twice,
    and both runs carry the later `id` and `queued_ns`.

    Attributes:
        callable: what is called.
        args: its positional arguments.
        kwargs: its keyword arguments.
        id: serial number in its pool, given when it is put; 0 before.
        queued_ns: when it was put, by `time.perf_counter_ns`; 0 before.

    Raises:
        TypeError: `callable` cannot be called.
    """

    __slots__ = ("__weakref__", "args", "callable", "id", "kwargs", "queued_ns")

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
        self.kwargs: Mapping[str, Any] = kwargs or _NO_KEYWORDS
        self.id = 0
        self.queued_ns = 0

    def __repr__(self) -> str:
        return f"<Task {self.id} {function_name(self.callable)}>"


_is_callable = callable  # the parameter of Task hides the builtin


def function_name(function: Callable[..., object]) -> str:
    """Return 'module.qualname' of a function, or of a callable object's class."""
    named: object = function if hasattr(function, "__qualname__") else type(function)
    module = getattr(named, "__module__", None)
    name = getattr(named, "__qualname__", "?")
    return f"{module}.{name}" if module else str(name)
