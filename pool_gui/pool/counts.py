"""The counts of a pool, as one frozen record."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PoolCounts:
    """Tasks since the pool was made; exact, and never ahead of what has happened."""

    submitted: int
    """Accepted by `put` and `batch_put`."""
    started: int
    done: int
    failed: int
    cancelled: int
    """Accepted, and taken back by `clear` or `stop` before they began."""
    rejected: int
    """Refused because the pool was closed; not among the submitted."""

    @property
    def outstanding(self) -> int:
        """Tasks accepted and not over: queued, in a worker's hand, or running."""
        return self.submitted - self.cancelled - self.done - self.failed
