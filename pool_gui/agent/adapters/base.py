"""How the agent reads a pool: the protocols that each kind of pool has an adapter for.

Used by the agent thread alone, beside the running pool: nothing here takes a lock that
a worker needs to run tasks.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from pool_gui.raised import RaisedText
from pool_gui.wire.messages import Counts, Load
from pool_gui.wire.protocol import WorkerCode

Span = tuple[
    int,  # task id
    Callable[..., Any],  # Any: a task's function
    int,  # queued, ns
    int,  # started, ns
    int,  # ended, ns
    RaisedText | None,  # the error, None when it went well
]
"""A finished task as its worker recorded it; queued <= started <= ended."""

SPANS_OFF = -1
"""The mask for a pool that nobody watches."""


class WorkerReading(NamedTuple):
    """A worker at one moment, in the order of the wire's columns."""

    native_id: int
    """0 while the thread has not begun."""
    code: WorkerCode
    started: int
    done: int
    failed: int
    busy_ns: int
    task: int
    function: Callable[..., Any] | None
    """None when idle. Any: a task's function."""
    queued_ns: int
    since_ns: int


class PoolReading(NamedTuple):
    """A pool at one moment; the counts are exact and since its start."""

    state: str
    """One of protocol.POOL_STATES."""
    size: int
    depth: int
    limit: int | None
    size_limit: int
    counts: Counts
    untold: int = 0
    """Of the finished: those that leave no span, for their callers ran them."""
    load: Load | None = None
    """What a demo pool is being fed with."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """A worker that will never go on."""

    worker: "WatchedWorker"
    task: int
    """The id of the task of its own pool that it waits for."""
    runs_it: "WatchedWorker | None"
    """None while that task is queued."""


class WatchedWorker(Protocol):
    """One worker; the same object each time, so that it can be told apart."""

    @property
    def name(self) -> str:
        """The thread's name."""

    @property
    def ident(self) -> int | None:
        """The thread's identity, as `threading` gives it; None before it began."""

    @property
    def spans(self) -> deque[Span]:
        """Finished tasks, oldest first; the agent takes from the left.

        A span is in here before its task counts as finished.
        """

    def read(self) -> WorkerReading:
        """Return what it does now; once its code is GONE nothing changes any more."""


class WatchedPool(Protocol):
    """A pool that an agent can watch."""

    @property
    def name(self) -> str:
        """The pool's name."""

    @property
    def type_name(self) -> str:
        """Such as 'pool_gui.ThreadPool'."""

    def read(self) -> PoolReading:
        """Return its state and exact counts."""

    def take_peak(self) -> int:
        """Return the queue's greatest depth since the last call."""

    def workers(self) -> Sequence[WatchedWorker]:
        """Return the workers there are, then a bounded number that ended lately."""

    def stuck(self) -> Sequence[Blocked]:
        """Return the workers that will never go on; certain, not guessed.

        They wait for each other, or for tasks of this very pool that no worker will
        ever come to. All stacks are looked at: to be asked where nothing moves.
        """

    def watch(self, mask: int) -> None:
        """Let workers record a span when `started & mask` is 0; SPANS_OFF for none."""
