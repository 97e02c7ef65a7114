"""The thread pool and its life: start, pause, resize, end.

Any thread may call anything, and so may a running task, except for `join` and
`wait_idle`, which would wait for themselves. The lifecycle lock is never held while a
task runs or while a thread is waited for.
"""

from __future__ import annotations

import itertools
import operator
import weakref
from time import monotonic
from typing import TYPE_CHECKING

from pool_gui.pool import lifetime
from pool_gui.pool.errors import PoolStateError
from pool_gui.pool.intake import Intake
from pool_gui.pool.states import LEGAL_MOVES, PoolState

if TYPE_CHECKING:
    from collections import deque

    from pool_gui.pool.task import Task
    from pool_gui.pool.worker import ProcessThread

_pool_numbers = itertools.count(1)


class ThreadPool(Intake):
    """A pool of worker threads that run tasks in the order in which they were put.

    Tasks may be put before `start`; they wait for it. An exception that a task raises
    is logged to `pool_gui.pool` and counted. The workers of a pool that nobody holds
    any more run what it has accepted, then they end.

    Args:
        size: how many workers; 0 means twice the number of cores.
        name: for people; the workers are called `name_0`, `name_1`, … and no number is
            used twice. By default unique in the process.

    Attributes:
        name: the pool's name.
        task_queue: the queued tasks. To look at; tasks go through `put`.

    Raises:
        TypeError: `size` is no whole number.
        ValueError: `size` is negative.
    """

    def __init__(self, size: int = 0, *, name: str | None = None) -> None:
        wanted = _count(size, "size")
        unique_name = f"ThreadPool-{next(_pool_numbers)}" if name is None else name
        super().__init__(unique_name, wanted or 2 * _cores())
        # The workers hold the queue and no pool, so that a lost pool can end.
        weakref.finalize(self, self.task_queue.end).atexit = False
        lifetime.register(self)

    def __repr__(self) -> str:
        return (
            f"<ThreadPool {self.name!r} {self.state.value}, {self.size()} workers, "
            f"{self.task_queue.size()} queued>"
        )

    @property
    def departed(self) -> deque[ProcessThread]:
        """The workers that ended lately, at most 256, oldest first."""
        return self._crew.departed

    @property
    def span_mask(self) -> int:
        """Which tasks leave a span in their worker's record; see `WorkerRecord`."""
        return self._crew.span_mask

    def size(self) -> int:
        """Return how many workers are wanted."""
        return self._crew.size

    def workers(self) -> tuple[ProcessThread, ...]:
        """Return the workers that have not ended, oldest first."""
        return self._crew.living()

    def watch(self, mask: int) -> None:
        """Let tasks leave spans by this mask; see `WorkerRecord.span_mask`."""
        self._crew.watch(mask)

    def start(self) -> None:
        """Start the workers.

        Raises:
            PoolStateError: it was started before.
            WorkerStartError: the system refused a thread. No task has begun, and
                `start` may be called again.
        """
        with self._crew.lock:
            if self._state is not PoolState.NEW:
                raise PoolStateError(
                    f"Pool {self.name!r} is {self.state.value}, and a pool is started "
                    "once; make a new one."
                )
            # Behind the closed gate no worker begins a task before all have started.
            self.task_queue.shut()
            try:
                self._crew.hire_all()
                self._move(PoolState.RUNNING)
            finally:
                self.task_queue.open()

    def pause(self) -> None:
        """Let workers finish what they run and take nothing more, until `resume`.

        Raises:
            PoolStateError: the pool does not run.
        """
        with self._crew.lock:
            if self._state is not PoolState.PAUSED:
                self._move(PoolState.PAUSED)
                self.task_queue.shut()

    def resume(self) -> None:
        """Let workers take tasks again.

        Raises:
            PoolStateError: the pool neither runs nor pauses.
        """
        with self._crew.lock:
            if self._state is PoolState.NEW:
                raise PoolStateError(f"Pool {self.name!r} is new; call start().")
            if self._state is not PoolState.RUNNING:
                self._move(PoolState.RUNNING)
                self.task_queue.open()

    def resize(self, size: int) -> None:
        """Have `size` workers: start more, or dismiss idle ones first.

        With 0 workers tasks wait until the pool grows again.

        Raises:
            PoolStateError: the pool is closed.
            TypeError: `size` is no whole number.
            ValueError: `size` is negative.
            WorkerStartError: the system refused a thread; the size is as before.
        """
        wanted = _count(size, "size")
        with self._crew.lock:
            self._require_open("its size cannot change")
            if self._state is PoolState.NEW:
                self._crew.size = wanted
            elif wanted > self._crew.size:
                self._crew.hire(wanted - self._crew.size)
            else:
                self._crew.dismiss(self._crew.size - wanted)

    def dismiss(self, count: int = 1) -> tuple[ProcessThread, ...]:
        """Tell up to `count` workers to go, idle ones first; return those told.

        A busy one finishes its task. The pool is that much smaller from now on.

        Raises:
            PoolStateError: the pool is closed.
            TypeError: `count` is no whole number.
            ValueError: `count` is negative.
        """
        wanted = _count(count, "count")
        with self._crew.lock:
            self._require_open("its workers end by themselves")
            if self._state is PoolState.NEW:
                self._crew.size = max(0, self._crew.size - wanted)
                return ()
            return self._crew.dismiss(wanted)

    def dismiss_worker(self, worker: ProcessThread) -> tuple[ProcessThread, ...]:
        """Tell this worker to go; return it, or nothing if it was told before.

        Raises:
            PoolStateError: the pool is closed.
        """
        with self._crew.lock:
            self._require_open("its workers end by themselves")
            return (worker,) if self._crew.dismiss_one(worker) else ()

    def drain(self) -> None:
        """Begin the orderly end: refuse new tasks, run the accepted ones, then stop.

        Does not wait. Starts a pool that was never started if tasks are queued, and
        resumes a paused one.

        Raises:
            WorkerStartError: tasks are queued, and the system refused the thread to
                run them; nothing has changed.
        """
        with self._crew.lock:
            if self._is_closed:
                return
            # Closed first: a put that comes after the look at the queue withdraws.
            self._is_closed = True
            try:
                self.ensure_served()
            except BaseException:
                self._is_closed = False
                raise
            self._close()

    def stop(self) -> list[Task]:
        """End without running what is queued, which is handed back, oldest first.

        Does not wait. Running tasks finish.
        """
        with self._crew.lock:
            self._is_closed = True
            self.task_queue.shut()
            taken = self._take_back()
            self._close()
        self.task_queue.announce_quiet()
        return taken

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
        self._require_other_thread("join")
        deadline = None if timeout is None else monotonic() + timeout
        self.drain()
        while threads := self._crew.threads():
            left = None if deadline is None else max(0.0, deadline - monotonic())
            threads[0].join(left)
            # Python 3.11 may call an ended thread alive while another thread asks the
            # same, so only the clock decides.
            if left == 0 and threads[0].is_alive():
                return False
        return True

    def wait_idle(self, timeout: float | None = None) -> bool:
        """Wait until no task is queued or runs; False if the time was up.

        Args:
            timeout: how many seconds to wait; None waits for ever.

        Raises:
            PoolStateError: called by one of the pool's own workers.
        """
        self._require_other_thread("wait_idle")
        return self.task_queue.watch_quiet(self._is_idle, timeout)

    def ensure_served(self) -> None:
        """Make sure that queued tasks have a worker; for `drain` and exit.

        Raises:
            WorkerStartError: the system refused the thread.
        """
        with self._crew.lock:
            if not self.task_queue.items or not self._crew.is_empty():
                return
            if self._state is PoolState.NEW:
                self._crew.size = max(1, self._crew.size)
                self.start()
            else:
                self._crew.hire(1)

    def forget_threads(self) -> None:
        """In a forked child: be a stopped pool; the parent runs the tasks."""
        self._crew.forget_threads()
        self._is_closed = True
        self._state = PoolState.STOPPED
        self.task_queue.forget_threads()
        self._take_back()
        self.task_queue.end()

    def _close(self) -> None:
        """Move on to the end; `_is_closed` is set."""
        if self._state is PoolState.NEW:
            self._move(PoolState.STOPPED)
        elif self._state in (PoolState.RUNNING, PoolState.PAUSED):
            self._move(PoolState.DRAINING)
        self.task_queue.end()

    def _move(self, to: PoolState) -> None:
        if to not in LEGAL_MOVES[self._state]:
            raise PoolStateError(
                f"Pool {self.name!r} is {self.state.value} and cannot become "
                f"{to.value}."
            )
        self._state = to

    def _require_open(self, consequence: str) -> None:
        if self._is_closed:
            raise PoolStateError(
                f"Pool {self.name!r} is {self.state.value}; {consequence}."
            )

    def _require_other_thread(self, call: str) -> None:
        if self._crew.hosts_current_thread():
            raise PoolStateError(
                f"{call}() was called by a worker of pool {self.name!r} itself and "
                "would wait for itself; call drain() there, or wait in another thread."
            )

    def _is_idle(self) -> bool:
        return self.state is PoolState.STOPPED or self.counts().outstanding <= 0


def _count(value: int, what: str) -> int:
    if isinstance(value, bool):
        raise TypeError(f"{what} must be a whole number, not {value}.")
    number = operator.index(value)
    if number < 0:
        raise ValueError(f"{what} must not be negative, and {number} is.")
    return number


def _cores() -> int:
    # Imported here, so that importing pool_gui stays light.
    import psutil  # noqa: PLC0415

    return psutil.cpu_count() or 1
