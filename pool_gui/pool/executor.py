"""The pool in the standard pool's place: what executors and their users ask for."""

from __future__ import annotations

import itertools
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from queue import Empty
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from pool_gui.pool import checks
from pool_gui.pool.backlog import NOTHING
from pool_gui.pool.clocks import monotonic
from pool_gui.pool.handback import hand_back

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

    from pool_gui.pool.core import PoolCore
    from pool_gui.pool.pool import ThreadPool
    from pool_gui.pool.task import Task
    from pool_gui.pool.worker import ProcessThread

T = TypeVar("T")


def map_over(
    submit: Callable[..., Future[T]],
    fn: Callable[..., T],
    iterables: tuple[Iterable[Any], ...],
    timeout: float | None,
    buffersize: int | None,
) -> Iterator[T]:
    """Submit `fn` of the iterables' items, and iterate over the results in their order.

    Raises:
        TypeError: `buffersize` is no whole number.
        ValueError: it is less than 1.
    """
    deadline = None if timeout is None else timeout + monotonic()
    calls = zip(*iterables, strict=False)
    futures: deque[Future[T]] = deque()
    if buffersize is None:
        _submit_all(submit, fn, calls, futures)
        return _results(futures, deadline, None)
    try:  # in the standard pool's words
        ahead = checks.count(buffersize, "buffersize", 1)
    except TypeError:
        raise TypeError("buffersize must be an integer or None") from None
    except ValueError:
        raise ValueError("buffersize must be None or > 0") from None
    _submit_all(submit, fn, itertools.islice(calls, ahead), futures)

    def refill() -> None:
        for args in itertools.islice(calls, 1):
            futures.append(submit(fn, *args))

    return _results(futures, deadline, refill)


def _submit_all(
    submit: Callable[..., Future[T]],
    fn: Callable[..., T],
    calls: Iterable[tuple[Any, ...]],
    futures: deque[Future[T]],
) -> None:
    """Submit calls, or none of them that has not begun."""
    try:
        for args in calls:
            futures.append(submit(fn, *args))
    except BaseException:
        for future in futures:
            future.cancel()
        raise


def _results(
    futures: deque[Future[T]],
    deadline: float | None,
    refill: Callable[[], None] | None,
) -> Iterator[T]:
    try:
        while futures:
            if refill is not None:
                refill()
            # Popped in the call, so that nothing here holds what was already taken.
            yield _result_or_cancel(futures.popleft(), deadline)
    finally:
        for future in futures:
            future.cancel()


def _result_or_cancel(future: Future[T], deadline: float | None) -> T:
    try:
        return future.result(None if deadline is None else deadline - monotonic())
    except BaseException:
        future.cancel()
        raise
    finally:
        del future  # breaks the cycle with a raised exception


class WorkItem(NamedTuple):
    """A call taken off the queue unrun, with the names of the standard pool's."""

    future: Task
    """Cancelled: whoever took the item off the queue runs it, or nobody does."""
    fn: Callable[..., object]
    args: tuple[Any, ...]
    kwargs: Any


class WorkQueue:
    """`ThreadPoolExecutor._work_queue`, for programs that drain it at their end.

    What is taken from here is handed back: its future is cancelled, and it is counted.
    """

    def __init__(self, core: PoolCore) -> None:
        self._core = core

    def qsize(self) -> int:
        """Return how many calls are queued."""
        return self._core.backlog.size()

    def empty(self) -> bool:
        """Whether no call is queued."""
        return not self.qsize()

    def get_nowait(self) -> WorkItem:
        """Take the next call.

        Raises:
            queue.Empty: there is none.
        """
        while (item := self._core.backlog.take_anyway()) is not NOTHING:
            for task in hand_back([item], self._core.counters):
                self._core.backlog.quiet.unpark_all()
                return WorkItem(task, task.callable, task.args, task.kwargs)
        raise Empty

    def get(self, block: bool = False, timeout: float | None = None) -> WorkItem:
        """Take the next call; never waits, for nobody but workers waits here.

        Raises:
            queue.Empty: there is none.
        """
        del block, timeout
        return self.get_nowait()


class StandardExecutor(ThreadPoolExecutor):
    """A `ThreadPoolExecutor` by its class, whose calls a pool of ours runs.

    For libraries that insist on that class, such as asyncio's `set_default_executor`.
    It has no workers, queue or locks of its own. To shut it down shuts the pool down.
    """

    def __init__(self, pool: ThreadPool) -> None:
        # Without ThreadPoolExecutor.__init__, which would make what is not used.
        self._pool = pool

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Do what the pool's `submit` does."""
        return self._pool.submit(fn, *args, **kwargs)

    def map(
        self,
        fn: Callable[..., T],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,
        **options: Any,
    ) -> Iterator[T]:
        """Do what the pool's `map` does."""
        return self._pool.map(
            fn, *iterables, timeout=timeout, chunksize=chunksize, **options
        )

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Do what the pool's `shutdown` does."""
        self._pool.shutdown(wait, cancel_futures=cancel_futures)

    def __getattr__(self, name: str) -> Any:
        """Return what programs look at, such as `_max_workers` and `_work_queue`."""
        if name == "_pool":
            raise AttributeError(name)
        return getattr(self._pool, name)


class WorkersView:
    """The note's `pool`: the workers of a thread pool, to look at."""

    def __init__(self, core: PoolCore) -> None:
        self._core = core

    def size(self) -> int:
        """Return how many workers there are; of a new pool, how many there will be."""
        return len(self._workers())

    def get(self, index: int) -> ProcessThread:
        """Return the worker at `index`, the oldest first.

        Raises:
            IndexError: there is none.
        """
        return self._workers()[index]

    def _workers(self) -> tuple[ProcessThread, ...]:
        return self._core.workers_or_prepared()
