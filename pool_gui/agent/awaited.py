"""Which futures a thread waits for, and which workers therefore never go on.

Pure functions of frames and records, in the agent's thread. Nothing is patched: the
stacks are those of `sys._current_frames`, and the functions that wait are known.
"""

import concurrent.futures
from collections.abc import Callable, Collection, Hashable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any, Final, TypeVar

Thread = TypeVar("Thread", bound=Hashable)

_DEEPEST: Final = 200
"""Frames that are looked at: who waits is near the top of its stack."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """What a thread waits for."""

    futures: tuple[Future[Any], ...]
    any_will_do: bool = False
    """Whether one of them is enough."""


NOTHING: Final = Awaited(())


class WaitingCalls:
    """The functions in which threads wait for futures."""

    def __init__(self, *results: Callable[..., object]) -> None:
        """Take the methods, besides the standard ones, that wait for their object."""
        standard = Future.result, Future.exception
        self._results = {_code(one) for one in (*results, *standard)}
        self._wait = _code(concurrent.futures.wait)
        self._as_completed = _code(concurrent.futures.as_completed)

    def awaited(self, frame: FrameType | None) -> Awaited:
        """Return what the thread with this frame waits for."""
        for _ in range(_DEEPEST):
            if frame is None:
                break
            code = frame.f_code
            if code in self._results:
                return Awaited((frame.f_locals["self"],))
            if code is self._wait:
                names = frame.f_locals
                some = names["return_when"] != concurrent.futures.ALL_COMPLETED
                return Awaited(tuple(names["fs"]), some)
            if code is self._as_completed:
                names = frame.f_locals
                return Awaited(tuple(names.get("pending", names["fs"])), True)
            frame = frame.f_back
        return NOTHING


def _code(function: Callable[..., object]) -> CodeType:
    code: CodeType = function.__code__
    return code


def stuck(
    awaited: Mapping[Thread, Awaited],
    queued: Collection[int],
    running: Mapping[int, Thread],
) -> dict[Thread, Future[Any]]:
    """Return the threads that wait for what no thread will ever do, and for what.

    A future that is queued is done by no one while all workers wait; one that runs is
    done if its worker goes on. So, from all who wait, those are taken away who can go
    on, until nobody is.

    Args:
        awaited: what each worker waits for; all workers of the pool.
        queued: the identities of the pool's queued tasks.
        running: who runs the task with this identity.
    """
    left = {thread for thread, what in awaited.items() if what.futures}
    if len(left) < len(awaited):
        return {}  # one at least will come for what is queued
    while True:
        found = {one: _hopeless(awaited[one], queued, running, left) for one in left}
        gone = {one for one, future in found.items() if future is None}
        if not gone:
            return {one: future for one, future in found.items() if future is not None}
        left -= gone
        if queued:
            return {}  # likewise


def _hopeless(
    what: Awaited,
    queued: Collection[int],
    running: Mapping[int, Thread],
    left: Collection[Thread],
) -> Future[Any] | None:
    """Return one that is waited for and never comes; None where the wait may end."""
    pending = [future for future in what.futures if not future.done()]
    hopeless = [
        future
        for future in pending
        if id(future) in queued or running.get(id(future)) in left
    ]
    if what.any_will_do and len(hopeless) < len(pending):
        return None
    return hopeless[0] if hopeless else None
