"""What the pool raises, each with one sentence that says what to do."""


class TaskTypeErrorException(TypeError):  # noqa: N818 - the seed's name
    """Something that is no `Task` was put; nothing was queued."""


class PoolStateError(RuntimeError):
    """The pool's state does not allow the call; nothing was changed."""


class WorkerStartError(RuntimeError):
    """The system refused a thread; pool and queue are as they were before the call."""
