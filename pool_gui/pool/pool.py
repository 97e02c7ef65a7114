"""The thread pool as a program uses it: a thin face before the core."""

from __future__ import annotations

import itertools
import weakref
from concurrent.futures import Executor, Future
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

from pool_gui.pool import awaiting, checks, clearing, sizes
from pool_gui.pool.clocks import perf_counter_ns
from pool_gui.pool.core import PoolCore
from pool_gui.pool.errors import REFUSALS, PoolStateError
from pool_gui.pool.events import Hooks
from pool_gui.pool.executor import StandardExecutor, WorkersView, WorkQueue, map_over
from pool_gui.pool.handback import BROKEN, as_task
from pool_gui.pool.names import text
from pool_gui.pool.policy import WhenFull
from pool_gui.pool.task import NO_KEYWORDS, PENDING, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pool_gui.pool.counters import PoolStatistics
    from pool_gui.pool.queue import ThreadSafeQueue
    from pool_gui.pool.states import PoolState
    from pool_gui.pool.worker import ProcessThread

P = ParamSpec("P")
T = TypeVar("T")

_pool_numbers = itertools.count(1)
_new_task = Task.__new__


class ThreadPool(Executor):
    """A pool of worker threads that run tasks in the order in which they were put.

    It is a `concurrent.futures.Executor`, and takes the place of ThreadPoolExecutor.
    An exception that a task raises is in its future; if the task was put (and not
    submitted), it is also logged to `pool_gui.pool`. Any thread may call anything, and
    so may a running task, except for `join` and `wait_idle`, which would wait for
    themselves. The workers of a pool that nobody holds any more run what it has
    accepted, then they end.

    Tasks that were put wait for `start`; `submit`, `map` and `with` start the pool.

    Args:
        size: how many workers; 0 or None means twice the number of cores or, with
            `max_workers`, none before there is work.
        name: for people; the workers are called `name_0`, `name_1`, … and no number is
            used twice. By default unique in the process.
        max_workers: grow on demand up to so many workers: whenever a task is added and
            no worker is idle. `size` is then the floor. None: exactly `size` workers.
        thread_name_prefix: the same as `name`, which has precedence.
        initializer: called in each worker's thread before its first task. If it raises,
            the pool is broken: queued tasks fail with
            `concurrent.futures.thread.BrokenThreadPool`, and no more are taken.
        initargs: its arguments.
        keep_alive_seconds: how long workers above the floor stay idle before they go;
            None: for ever.
        queue_limit: how many tasks may be queued; None: as many as memory holds.
        when_full: what happens to a task for which there is no room.
        full_timeout_seconds: how long `WhenFull.WAIT` waits; None: for ever. May be
            set at any time.
        hooks: called around tasks and workers.
        propagate_context: run each task in a copy of the `contextvars` context of who
            submitted it.

    Raises:
        TypeError: a number is no whole number, or `initializer` cannot be called.
        ValueError: a number is negative, or `max_workers` is 0 or less than `size`.
    """

    def __init__(
        self,
        size: int | None = 0,
        name: str | None = None,
        *,
        max_workers: int | None = None,
        thread_name_prefix: str = "",
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
        keep_alive_seconds: float | None = None,
        queue_limit: int | None = None,
        when_full: WhenFull = WhenFull.WAIT,
        full_timeout_seconds: float | None = None,
        hooks: Hooks | None = None,
        propagate_context: bool = False,
    ) -> None:
        floor, ceiling = sizes.bounds(0 if size is None else size, max_workers)
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        run_first = None if initializer is None else partial(initializer, *initargs)
        if hooks is not None and not issubclass(type(hooks), Hooks):
            raise TypeError(f"hooks must be Hooks, not {text(hooks)}")
        self._core = core = PoolCore(
            name or thread_name_prefix or f"ThreadPool-{next(_pool_numbers)}",
            hooks=hooks,
            initializer=run_first,
            propagate_context=propagate_context,
        )
        # What submit and put reach in as few steps as possible.
        self._door, self._backlog = core.admission, core.backlog
        self.queue_limit = queue_limit
        self.when_full = when_full
        self.full_timeout_seconds = full_timeout_seconds
        self.keep_alive_seconds = keep_alive_seconds
        core.workers.set_bounds(floor, ceiling)
        core.workers.set_size(floor)
        weakref.finalize(self, core.abandon).atexit = False

    def __repr__(self) -> str:
        return repr(self._core)

    # --- looking -------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The pool's name."""
        return self._core.name

    @property
    def state(self) -> PoolState:
        """Where the pool is in its life."""
        return self._core.state

    @property
    def task_queue(self) -> ThreadSafeQueue:
        """The queued tasks. To look at; tasks go through `put` and `submit`."""
        return self._core.queue

    @property
    def pool(self) -> WorkersView:
        """The workers, as the lecture note has them: `size()` and `get(i)`."""
        return WorkersView(self._core)

    def size(self) -> int:
        """Return how many workers are wanted."""
        return self._core.workers.roster.size

    def workers(self) -> tuple[ProcessThread, ...]:
        """Return the workers that have not ended, oldest first."""
        self._core.staffing.replace_dead()
        return self._core.workers.roster.living

    def statistics(self) -> PoolStatistics:
        """Return all counts, sizes and peaks as they are now; see `PoolStatistics`.

        Takes no lock.
        """
        return self._core.statistics()

    # --- settings ------------------------------------------------------------------

    @property
    def queue_limit(self) -> int | None:
        """How many tasks the queue takes; None: as many as memory holds.

        May be set at any time. Below what is queued, it lets nothing in until workers
        have come down to it.

        Raises:
            TypeError: it is no whole number.
            ValueError: it is less than 1.
        """
        return self._door.limit

    @queue_limit.setter
    def queue_limit(self, limit: int | None) -> None:
        self._door.limit = limit

    @property
    def when_full(self) -> WhenFull:
        """What happens to a task for which there is no room; may be set at any time.

        Raises:
            ValueError: it is no `WhenFull`.
        """
        return self._door.when_full

    @when_full.setter
    def when_full(self, policy: WhenFull) -> None:
        self._door.when_full = policy

    @property
    def full_timeout_seconds(self) -> float | None:
        """How long `WhenFull.WAIT` waits; None: for ever. May be set at any time."""
        return self._door.full_timeout_seconds

    @full_timeout_seconds.setter
    def full_timeout_seconds(self, seconds: float | None) -> None:
        self._door.full_timeout_seconds = seconds

    @property
    def keep_alive_seconds(self) -> float | None:
        """How long workers above the floor stay idle; None: for ever. May be set.

        Raises:
            ValueError: it is negative.
        """
        return self._keep_alive_seconds

    @keep_alive_seconds.setter
    def keep_alive_seconds(self, seconds: float | None) -> None:
        if seconds is not None and not seconds >= 0:
            raise ValueError(
                f"keep_alive_seconds must not be negative, and {text(seconds)} is."
            )
        self._keep_alive_seconds = seconds
        self._core.set_keep_alive(seconds)

    # --- tasks -----------------------------------------------------------------------

    def submit(
        self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> Future[T]:
        """Have `fn(*args, **kwargs)` called by a worker; return the call's future.

        Starts the pool if need be. Takes no lock and never blocks, except in a bounded
        queue that is full; also for finalizers and signal handlers.

        Raises:
            RuntimeError: the pool takes no more tasks.
            BrokenThreadPool: an initializer failed.
            QueueFullError: there was no room (in time).
            WorkerStartError: the system refused the thread; nothing was queued.
        """
        # Not by calling the class, whose __init__ costs as much as all this.
        task = _new_task(Task)
        task.callable = fn
        task.args = args
        task.kwargs = kwargs or NO_KEYWORDS
        task.limits = task._exception = None
        task.logs_failure = task._awaited = False
        task.is_call = task._untouched = True
        task.started_ns = task.ended_ns = 0
        task._phase = PENDING
        door = self._door
        if not door.is_direct:
            try:
                return self._submit_slowly([task])
            finally:
                del task  # see _admit
        try:
            task.queued_ns = perf_counter_ns()
            for task.id in door.numbers:  # taken and stored without a call in between
                break
            backlog = self._backlog
            backlog.items.append(task)
            if backlog.parked:
                backlog.parked.unpark_newest()
            elif door.rosters.may_grow:
                door.bring_workers(1)
            if door.is_closed:
                door.settle(task)
        except PoolStateError:
            raise door.refuse_call(0) from None
        except REFUSALS:
            raise
        except BaseException:  # Ctrl-C
            door.mend((task,))
            raise
        return task

    def put(self, task: Task, timeout_seconds: float | None = None) -> Task:
        """Queue a task, and return what was queued: the task or, put again, a copy.

        Takes no lock and never blocks, so it may also be called from a signal handler
        or a finalizer; except that a bounded queue that is full, under
        `WhenFull.WAIT`, lets the caller wait. When it races the closing of the pool,
        it either raises, or the task runs or is handed back.

        Args:
            task: what to run. If it was put before, or is over, a copy of it is
                queued, which has an outcome of its own.
            timeout_seconds: how long to wait for room; None: as the pool was made.

        Raises:
            TaskTypeErrorException: `task` is no Task.
            PoolStateError: the pool takes no more tasks.
            BrokenThreadPool: an initializer failed.
            QueueFullError: there was no room (in time).
            WorkerStartError: a pool that grows on demand has no worker, and the system
                refused the thread; nothing was queued.
        """
        door = self._door
        task = door.claim(task)
        if not door.is_direct or task.limits is not None:
            try:
                return self._admit([task], timeout_seconds)
            finally:
                del task
        try:
            task.queued_ns = perf_counter_ns()
            for task.id in door.numbers:
                break
            backlog = self._backlog
            backlog.items.append(task)
            if backlog.parked:
                backlog.parked.unpark_newest()
            elif door.rosters.may_grow:
                door.bring_workers(1)
            if door.is_closed:
                door.settle(task)
        except REFUSALS:
            raise
        except BaseException:  # Ctrl-C
            door.mend((task,))
            raise
        return task

    def batch_put(
        self, tasks: Iterable[Task], timeout_seconds: float | None = None
    ) -> list[Task]:
        """Queue all tasks in their order, or none of them; return what was queued.

        In a bounded queue all must fit at once, unless it runs or drops what does not.

        Raises:
            TaskTypeErrorException: one of them is no Task.
            PoolStateError: the pool takes no more tasks.
            BrokenThreadPool: an initializer failed.
            QueueFullError: there was no room for all of them (in time).
            WorkerStartError: as `put`.
        """
        batch = [as_task(task) for task in tasks]
        if not batch and not self._door.is_closed:
            return batch
        return self._door.admit_all(batch, timeout_seconds)

    def map(
        self,
        fn: Callable[..., T],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,
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
        return map_over(self.submit, fn, iterables, timeout, buffersize)

    def clear(self) -> list[Task]:
        """Take what is queued out of the queue and return it, oldest first.

        These tasks are cancelled; put again, copies of them are queued. Those that had
        been cancelled before, or waited too long, are not among them.
        """
        return clearing.clear(self._core)

    def purge(self) -> int:
        """Take cancelled and expired tasks out of the queue; return how many.

        They never run anyway; this frees their memory, and their room in the queue.
        """
        return clearing.purge(self._core)

    def _submit_slowly(self, batch: list[Task]) -> Task:
        """Queue a call where something is not as plain as mostly."""
        door = self._door
        batch[0].id = batch[0].queued_ns = 0
        if door.is_closed:
            raise door.refuse_call()
        try:
            self._core.begin_with_worker()
            return self._admit(batch, None)
        except PoolStateError:  # closed meanwhile; it was counted there
            raise door.refuse_call(0) from None

    def _admit(self, batch: list[Task], timeout_seconds: float | None) -> Task:
        try:
            self._door.admit(batch, timeout_seconds)
            return batch[0]
        finally:
            # What a task raises that is run here holds all these frames, and is held by
            # the task: none of them is to hold it.
            batch.clear()

    # --- workers ---------------------------------------------------------------------

    def resize(self, size: int, max_workers: int | None = None) -> None:
        """Have `size` workers: start more, or dismiss idle ones first.

        With `max_workers`, have at least `size` and, on demand, up to `max_workers`.
        With 0 workers in a fixed pool, tasks wait until it grows again.

        Raises:
            PoolStateError: the pool is closed.
            TypeError: a number is no whole number.
            ValueError: one is negative, or `max_workers` is less than `size`.
            WorkerStartError: the system refused a thread; the size is as before.
        """
        floor = checks.count(size, "size")
        ceiling = floor if max_workers is None else sizes.ceiling_of(floor, max_workers)
        self._core.resize(floor, ceiling)

    def dismiss(self, count: int = 1) -> tuple[ProcessThread, ...]:
        """Tell up to `count` workers to go, idle ones first; return those told.

        A busy one finishes its task. The pool is that much smaller from now on, unless
        it grows on demand.

        Raises:
            PoolStateError: the pool is closed.
            TypeError: `count` is no whole number.
            ValueError: `count` is negative.
        """
        return self._core.dismiss(checks.count(count, "count"))

    def dismiss_worker(self, worker: ProcessThread) -> tuple[ProcessThread, ...]:
        """Tell this worker to go; return it, or nothing if it was told before.

        Raises:
            PoolStateError: the pool is closed.
        """
        self._core.require_open("its workers end by themselves")
        return (worker,) if self._core.workers.dismiss_one(worker) else ()

    # --- life ------------------------------------------------------------------------

    def start(self) -> None:
        """Start the workers.

        Raises:
            PoolStateError: it was started before.
            WorkerStartError: the system refused a thread. No task has begun, and
                `start` may be called again.
        """
        self._core.start()

    def pause(self) -> None:
        """Let workers finish what they run and take nothing more, until `resume`.

        A task that is put after this has returned is not begun before `resume`.

        Raises:
            PoolStateError: the pool does not run.
        """
        self._core.pause()

    def resume(self) -> None:
        """Let workers take tasks again.

        Raises:
            PoolStateError: the pool neither runs nor pauses.
            WorkerStartError: the system refused a thread that the queued tasks ask for;
                the pool runs with those it has.
        """
        self._core.resume()

    def drain(self) -> None:
        """Begin the orderly end: refuse new tasks, run the accepted ones, then stop.

        Does not wait. Starts a pool that was never started if tasks are queued, and
        resumes a paused one.

        Raises:
            WorkerStartError: tasks are queued, and the system refused the thread to
                run them; nothing has changed.
        """
        self._core.drain()

    def stop(self) -> list[Task]:
        """End without running what is queued, which is handed back, oldest first.

        Does not wait. Running tasks finish. The tasks handed back are cancelled; see
        `clear`.
        """
        return clearing.stop(self._core)

    def join(self, timeout: float | None = None) -> bool:
        """Drain, then wait until all accepted tasks have run and all threads ended.

        Args:
            timeout: how many seconds to wait; None waits for ever.

        Returns:
            False if the time was up; call it again to wait on.

        Raises:
            PoolStateError: called by one of the pool's own workers.
            WorkerStartError: as `drain`.
        """
        return awaiting.join(self._core, timeout)

    def wait_idle(self, timeout: float | None = None) -> bool:
        """Wait until no task is queued or runs; False if the time was up.

        All futures are decided then, and their callbacks and the hooks have run; save
        the callbacks of a future that somebody cancels at this moment.

        Args:
            timeout: how many seconds to wait; None waits for ever.

        Raises:
            PoolStateError: called by one of the pool's own workers.
        """
        return awaiting.wait_idle(self._core, timeout)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls and end when the accepted ones have run.

        May be called several times, from several threads.

        Args:
            wait: return only when all has run and no thread of the pool is left.
            cancel_futures: cancel what has not begun. Who waits for it is woken.

        Raises:
            PoolStateError: `wait` was asked for by one of the pool's own workers.
        """
        if wait:
            awaiting.require_other_thread(self._core, "shutdown")
        if cancel_futures:
            for task in self.stop():
                task.let_go()
        else:
            self.drain()
        if wait:
            self.join()

    def __enter__(self) -> Self:
        self._core.start_itself()
        return self

    # --- for programs that know the standard pool -------------------------------------

    def as_thread_pool_executor(self) -> StandardExecutor:
        """Return a `ThreadPoolExecutor` by its class, whose calls this pool runs.

        For libraries that insist on the class, such as `loop.set_default_executor`.
        """
        return StandardExecutor(self)

    @property
    def _max_workers(self) -> int:
        roster = self._core.workers.roster
        return max(roster.size, roster.ceiling)

    @property
    def _threads(self) -> set[ProcessThread]:
        workers = self._core.workers
        return {*workers.departed.copy(), *workers.roster.living}

    @property
    def _broken(self) -> str | bool:
        return BROKEN if self._door.is_broken else False

    @property
    def _shutdown(self) -> bool:
        return self._door.is_closed

    @property
    def _work_queue(self) -> WorkQueue:
        return WorkQueue(self._core)

    @property
    def _thread_name_prefix(self) -> str:
        return self._core.name
