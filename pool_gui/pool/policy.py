"""What happens to a task for which a full queue has no room."""

import enum


class WhenFull(enum.StrEnum):
    """What happens to a task for which the queue has no room."""

    WAIT = "wait"
    """Whoever puts it waits for room, for a time or for ever. A worker of the pool
    itself does not, since all of them might wait for each other: it runs the task."""
    RAISE = "raise"
    """`QueueFullError`."""
    RUN_IN_CALLER = "run in caller"
    """Whoever puts it runs it, in whatever state the pool is. In the midst of several
    such runs, each begun by the last, the task is queued beyond the limit instead."""
    DROP_NEWEST = "drop newest"
    """It is accepted and dropped: its future raises `TaskDroppedError`."""
    DROP_OLDEST = "drop oldest"
    """The oldest of the least urgent queued tasks is dropped for it."""
