"""The counts of a pool, as frozen records."""

from dataclasses import dataclass

from pool_gui.pool.states import PoolState


@dataclass(frozen=True, slots=True)
class PoolCounts:
    """Tasks since the pool was made; exact, and never ahead of what has happened."""

    submitted: int
    """Accepted, by whatever call."""
    started: int
    done: int
    failed: int
    cancelled: int
    """Accepted, and cancelled, or taken back by `clear` or `stop`, before they began.

    One whose future was cancelled is counted when a worker comes to it."""
    rejected: int
    """Refused because the pool was closed or full; not among the submitted."""
    expired: int = 0
    """Accepted, and not run, having waited in the queue beyond their limit."""
    dropped: int = 0
    """Accepted, and not run, because the queue was full or the pool broke."""

    @property
    def outstanding(self) -> int:
        """Tasks accepted and not over: queued, in a worker's hand, or running."""
        over = self.cancelled + self.expired + self.dropped + self.done + self.failed
        return self.submitted - over


@dataclass(frozen=True, slots=True)
class PoolStatistics:
    """A pool at one moment. Counts are exact, since the pool was made.

    At every moment `submitted` is `done + failed + cancelled + expired + dropped` and
    what is outstanding; of that, `queued` wait and `running` run.
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
    """See `PoolCounts.cancelled`."""
    expired: int
    """See `PoolCounts.expired`."""
    dropped: int
    """See `PoolCounts.dropped`."""
    rejected: int
    """See `PoolCounts.rejected`."""
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
    """Most tasks queued at once.

    A put that another thread interrupts between adding its task and looking at the
    queue's length may hide what workers take in that moment."""
    peak_workers: int
    """Most workers at once."""
