"""What the pool raises, each with one sentence that says what to do."""

import queue
from concurrent.futures.thread import BrokenThreadPool


class TaskTypeErrorException(TypeError):  # noqa: N818 - the seed's name
    """Something that is no `Task`, or no longer one, was put; nothing was queued."""


class PoolStateError(RuntimeError):
    """The pool's state does not allow the call; nothing was changed."""


class WorkerStartError(RuntimeError):
    """The system refused a thread; pool and queue are as they were before the call."""


class QueueFullError(queue.Full):
    """The queue has reached its limit (and stayed so in time); nothing was queued."""


class TaskExpiredError(TimeoutError):
    """The outcome of a task that waited in the queue beyond its limit; it never ran."""


class TaskDroppedError(RuntimeError):
    """The outcome of a task that was dropped because the queue was full."""


REFUSALS = (PoolStateError, BrokenThreadPool, WorkerStartError, QueueFullError)
"""What a put raises that has accepted nothing; all else has interrupted it."""
