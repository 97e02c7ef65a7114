"""What a pool counts, and the one record in which it tells it.

Workers write only to their own records; what many threads count are serial numbers.
Nobody locks to count, and anybody may read at any time.
"""

from __future__ import annotations

import weakref
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pool_gui.pool.atomic import SerialNumbers
from pool_gui.pool.names import error_text
from pool_gui.raised import with_calls

if TYPE_CHECKING:
    from collections.abc import Callable

    from pool_gui.pool.states import PoolState
    from pool_gui.pool.task import Task
    from pool_gui.raised import RaisedText

    Span = tuple[int, Callable[..., object], int, int, int, RaisedText | None]

MAX_SPANS = 4096
"""Spans kept until the watcher takes them; the oldest are lost first."""

NO_SPANS = -1
"""The mask while nobody watches: it has a bit of every number."""

_ATTEMPTS = 8


class WorkerRecord:
    """One worker's counts, running task and recent spans.

    Only the worker writes (the watcher writes `span_mask`, and resets `peak_queued`).

    Attributes:
        started: tasks begun.
        done: tasks that returned.
        failed: tasks that raised.
        busy_ns: sum of the run times of the finished tasks.
        task: the running task; None between tasks.
        started_ns: when the running task began; between tasks when the last one
            ended; before the first when the thread started, 0 before that.
        peak_queued: most tasks that the worker saw in the queue when it took one.
        span_mask: which tasks leave a span: those whose number `started` has no bit
            of the mask, so 0 is each of them and 2**k - 1 each 2**k-th. Failed ones
            always do. `NO_SPANS`: none.
        spans: (task id, callable, queued_ns, started_ns, ended_ns, error or None) of
            finished tasks, oldest first; take them with `popleft`.
    """

    __slots__ = (
        "busy_ns",
        "done",
        "failed",
        "peak_queued",
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
        self.peak_queued = 0
        self.span_mask = span_mask
        self.spans: deque[Span] = deque(maxlen=MAX_SPANS)

    def add_span(self, task: Task, failure: BaseException | None) -> None:
        """Keep the span of a task that has just ended; for its worker."""
        text = None if failure is None else with_calls(error_text(failure), failure)
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


@dataclass(frozen=True, slots=True)
class RunCounts:
    """Tasks begun, and how they ended, over several workers."""

    started: int = 0
    done: int = 0
    failed: int = 0

    def plus(self, records: list[WorkerRecord]) -> RunCounts:
        """Return these counts and those of the records."""
        # Ends are read before starts, so that no task seems ended and not begun.
        ends = [(record.done, record.failed) for record in records]
        return RunCounts(
            self.started + sum(record.started for record in records),
            self.done + sum(done for done, _ in ends),
            self.failed + sum(failed for _, failed in ends),
        )


@dataclass(slots=True, eq=False)
class Counters:
    """What many threads count: one counter for each fate that is in no record."""

    ids: SerialNumbers = field(default_factory=SerialNumbers)
    """The numbers of accepted tasks, and of some that were refused after all."""
    withdrawn: SerialNumbers = field(default_factory=SerialNumbers)
    """Took a number, then were refused, because the pool closed meanwhile."""
    rejected: SerialNumbers = field(default_factory=SerialNumbers)
    """Refused, never accepted."""
    cancelled: SerialNumbers = field(default_factory=SerialNumbers)
    """Accepted, and cancelled or handed back before they began."""
    expired: SerialNumbers = field(default_factory=SerialNumbers)
    """Accepted, and waited in the queue beyond their limit."""
    dropped: SerialNumbers = field(default_factory=SerialNumbers)
    """Accepted, and dropped from a full queue or a broken pool."""
    overdue: SerialNumbers = field(default_factory=SerialNumbers)
    """Ran beyond their limit; also among those done or failed once they end."""
    hook_errors: SerialNumbers = field(default_factory=SerialNumbers)
    """Times that a hook raised."""
    caller_started: SerialNumbers = field(default_factory=SerialNumbers)
    """Begun in the thread that put them, the queue being full."""
    caller_done: SerialNumbers = field(default_factory=SerialNumbers)
    """Of these, those that returned."""
    caller_failed: SerialNumbers = field(default_factory=SerialNumbers)
    """Of these, those that raised."""
    _works: dict[weakref.ref[Work], None] = field(default_factory=dict)

    def begin(self, work: Work) -> None:
        """Say that a thread which is no worker decides tasks, and calls back."""
        self._works[weakref.ref(work, self._works.pop)] = None

    def is_at_work(self) -> bool:
        """Whether threads that are no workers decide tasks just now."""
        works = [one() for one in list(self._works)]
        return any(work is not None and not work.is_over for work in works)


class Work:
    """Lasts until `is_over` is set, or nobody holds it any more.

    Made before a `try` that sets it, and begun inside: so a Ctrl-C at any bytecode does
    not let it last for ever.
    """

    __slots__ = ("__weakref__", "is_over")

    def __init__(self) -> None:
        self.is_over = False


@dataclass(frozen=True, slots=True)
class PoolStatistics:
    """A pool at one moment. Counts are exact, since the pool was made.

    At every moment `submitted` is `done + failed + cancelled + expired + dropped` and
    what is `outstanding`; of that, `queued` wait and `running` run.
    """

    name: str
    state: PoolState
    submitted: int
    """Tasks accepted, by whatever call."""
    started: int
    done: int
    """Tasks that returned."""
    failed: int
    """Tasks that raised."""
    cancelled: int
    """Accepted, and cancelled, or taken back by `clear` or `stop`, before they began.

    One that was cancelled is counted when a worker or `purge` comes to it."""
    expired: int
    """Accepted, and not run, having waited in the queue beyond their limit."""
    dropped: int
    """Accepted, and not run, because the queue was full or the pool broke."""
    rejected: int
    """Refused because the pool was closed or full; not among the submitted."""
    overdue: int
    """Tasks that ran, or run, beyond their limit; see `Task.with_limits`."""
    run_by_callers: int
    """Tasks begun in the thread that put them, the queue being full."""
    hook_errors: int
    """Times that a hook raised."""
    queued: int
    """Tasks in the queue; cancelled and expired ones are in it until a worker comes."""
    running: int
    """Tasks being run at this moment."""
    workers: int
    """Workers whose threads have not left the pool."""
    size: int
    """Workers wanted."""
    max_workers: int
    """Workers to which the pool grows on demand; `size` if it does not."""
    queue_limit: int | None
    """Tasks that the queue takes; None: as many as memory holds."""
    peak_queued: int
    """Most tasks queued at once, as workers saw it when they took one.

    What was put and taken between a worker's look and its taking may hide in it."""
    peak_workers: int
    """Most workers at once."""

    @property
    def outstanding(self) -> int:
        """Tasks accepted and not over: queued, in a worker's hand, or running."""
        over = self.cancelled + self.expired + self.dropped + self.done + self.failed
        return self.submitted - over
