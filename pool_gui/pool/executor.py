"""The pool as a `concurrent.futures.Executor`: submit, map, shutdown.

Any thread may call anything, and so may a running task, a finalizer and a signal
handler; `shutdown` that waits and `map` with a bounded buffer do wait.
"""

from __future__ import annotations

import itertools
from abc import abstractmethod
from collections import deque
from concurrent.futures import Executor
from time import monotonic, perf_counter_ns
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

from pool_gui.pool import lifetime, values
from pool_gui.pool.bounded import BoundedIntake
from pool_gui.pool.build import HAS_GIL
from pool_gui.pool.errors import PoolStateError
from pool_gui.pool.future import PENDING, TaskFuture
from pool_gui.pool.kit import BROKEN
from pool_gui.pool.states import PoolState
from pool_gui.pool.task import NO_KEYWORDS, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

    from pool_gui.pool.worker import ProcessThread

P = ParamSpec("P")
T = TypeVar("T")

_new_future = TaskFuture.__new__
_new_task = Task.__new__


class ExecutorIntake(BoundedIntake, Executor):
    """An entrance with the interface of `concurrent.futures.ThreadPoolExecutor`."""

    def submit(
        self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> Future[T]:
        """Have `fn(*args, **kwargs)` called by a worker; return the call's future.

        Starts the pool if need be. Takes no lock and never blocks, except in a bounded
        queue that is full. Never waits for another thread's hold on the pool, so it may
        be called from a finalizer or a signal handler, whatever the pool is doing.

        Raises:
            RuntimeError: the pool takes no more tasks.
            BrokenThreadPool: an initializer failed.
            QueueFullError: there was no room (in time).
            WorkerStartError: the system refused the thread that would run the call;
                nothing was queued.
        """
        if self._is_closed:
            raise self._refuse_call()
        if self._state is PoolState.NEW or not self._crew.size:
            self._bring_worker_for_call()
        # Not by calling the classes, whose __init__ costs as much as all this.
        future = _new_future(TaskFuture)
        future._state = PENDING  # noqa: SLF001
        future._result = future._exception = future._made = None  # noqa: SLF001
        task = _new_task(Task)
        task.callable = fn
        task.args = args
        task.kwargs = kwargs or NO_KEYWORDS
        task.id = task.started_ns = task.ended_ns = 0
        task.limits = None
        task.logs_failure = False
        task.future = future
        try:
            if self._is_direct:
                task.queued_ns = perf_counter_ns()
                self._enqueue(task)
            else:
                task.queued_ns = 0
                if not HAS_GIL:
                    task.future = future = TaskFuture()
                self._admit([task], None)
        except PoolStateError:  # closed meanwhile; it was counted there
            raise self._refuse_call(count=0) from None
        try:
            return future
        finally:
            # If it has run here and raised, the error holds this frame.
            del future, task

    def map(
        self,
        fn: Callable[..., T],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,  # noqa: ARG002 - as the standard pool of threads
        buffersize: int | None = None,
    ) -> Iterator[T]:
        """Return an iterator over `fn` of the iterables' items, in their order.

        The calls are submitted at once, not when the iterator is advanced. When the
        iterator is closed, or raises, calls that have not begun are cancelled.

        Args:
            fn: takes as many arguments as there are iterables.
            iterables: where the arguments come from; the shortest decides.
            timeout: how many seconds, from this call on, all results may take.
            chunksize: without effect; for processes it groups calls, threads need none.
            buffersize: at most as many calls submitted ahead of what was taken from
                the iterator, which then takes from `iterables` as it goes; None: all.

        Raises:
            TimeoutError: by the iterator, when the time is up.
            BaseException: by the iterator, what a call raised.
            TypeError: `buffersize` is no whole number.
            ValueError: it is less than 1.
            RuntimeError: as `submit`.
        """
        deadline = None if timeout is None else timeout + monotonic()
        calls = zip(*iterables, strict=False)
        futures: deque[Future[T]] = deque()
        if buffersize is None:
            self._submit_all(fn, calls, futures)
            return _results(futures, deadline, None)
        ahead = values.count(buffersize, "buffersize", 1)
        self._submit_all(fn, itertools.islice(calls, ahead), futures)

        def refill() -> None:
            for args in itertools.islice(calls, 1):
                futures.append(self.submit(fn, *args))

        return _results(futures, deadline, refill)

    def _submit_all(
        self,
        fn: Callable[..., T],
        calls: Iterable[tuple[Any, ...]],
        futures: deque[Future[T]],
    ) -> None:
        """Submit calls, or none of them that has not begun."""
        try:
            for args in calls:
                futures.append(self.submit(fn, *args))
        except BaseException:
            for future in futures:
                future.cancel()
            raise

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - the standard signature
        """Take no more calls and end when the accepted ones have run.

        May be called several times, from several threads.

        Args:
            wait: return only when all has run and no thread of the pool is left.
            cancel_futures: cancel what has not begun. Who waits for it is woken.

        Raises:
            PoolStateError: `wait` was asked for by one of the pool's own workers.
        """
        if wait:
            self._require_other_thread("shutdown")
        if cancel_futures:
            self.stop()
        else:
            self.drain()
        if wait:
            self.join()

    def __enter__(self) -> Self:
        if self._state is PoolState.NEW:
            self._start_by_itself()
        return self

    # What programs that know the standard pool's insides look at.

    @property
    def _max_workers(self) -> int:
        return max(self._crew.size, self._crew.ceiling)

    @property
    def _threads(self) -> set[ProcessThread]:
        return {*self._crew.departed.copy(), *self._crew.living()}

    @property
    def _broken(self) -> str | bool:
        return BROKEN if self._is_broken else False

    # What the pool adds.

    @abstractmethod
    def _start_by_itself(self) -> None: ...

    @abstractmethod
    def drain(self) -> None:
        """Begin the orderly end."""

    @abstractmethod
    def stop(self) -> list[Task]:
        """End without running what is queued."""

    @abstractmethod
    def join(self, timeout: float | None = None) -> bool:
        """Drain and wait."""

    @abstractmethod
    def _require_other_thread(self, call: str) -> None: ...

    def _bring_worker_for_call(self) -> None:
        try:
            self._bring_one_worker()
        except PoolStateError:  # closed meanwhile
            raise self._refuse_call() from None

    def _refuse_call(self, count: int = 1) -> RuntimeError:
        error = self._refuse(count)
        if not isinstance(error, PoolStateError):
            return error
        # The standard pool's words, and its class: programs look for both.
        end = "interpreter shutdown" if lifetime.has_begun_to_end() else "shutdown"
        return RuntimeError(f"cannot schedule new futures after {end}")


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
