"""The thread pool and its life: start, pause, resize, end.

Any thread may call anything, and so may a running task, except for `join` and
`wait_idle`, which would wait for themselves. The lifecycle lock is never held while a
task runs or while a thread is waited for.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from time import monotonic
from typing import TYPE_CHECKING, Any

from pool_gui.pool import lifetime
from pool_gui.pool.bounded import WhenFull
from pool_gui.pool.errors import PoolStateError
from pool_gui.pool.kit import Kit, fail_tasks
from pool_gui.pool.staff import StaffedIntake, bounds
from pool_gui.pool.states import PoolState
from pool_gui.pool.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from pool_gui.pool.hooks import Hooks
    from pool_gui.pool.queue import ThreadSafeQueue
    from pool_gui.pool.timekeeper import Timekeeper

_pool_numbers = itertools.count(1)


class ThreadPool(StaffedIntake):
    """A pool of worker threads that run tasks in the order in which they were put.

    It is a `concurrent.futures.Executor`, and takes the place of ThreadPoolExecutor.
    An exception that a task raises is in its future; if the task was put (and not
    submitted), it is also logged to `pool_gui.pool`. The workers of a pool that nobody
    holds any more run what it has accepted, then they end.

    Tasks that were put wait for `start`; `submit`, `map` and `with` start the pool.

    Args:
        size: how many workers; 0 means twice the number of cores or, with
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
        full_timeout_seconds: how long `WhenFull.WAIT` waits; None: for ever.
        hooks: called around tasks and workers.
        propagate_context: run each task in a copy of the `contextvars` context of who
            submitted it.

    Attributes:
        name: the pool's name.
        task_queue: the queued tasks. To look at; tasks go through `put` and `submit`.
        when_full: as above; may be set at any time.
        full_timeout_seconds: likewise.

    Raises:
        TypeError: a number is no whole number, or `initializer` cannot be called.
        ValueError: a number is negative, or `max_workers` is 0 or less than `size`.
    """

    def __init__(  # noqa: PLR0913 - each is an option of its own
        self,
        size: int = 0,
        *,
        name: str | None = None,
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
        floor, ceiling = bounds(size, max_workers)
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        name = name or thread_name_prefix or f"ThreadPool-{next(_pool_numbers)}"
        kit = Kit(name, hooks=hooks, initializer=initializer, initargs=initargs)
        super().__init__(name, kit, propagate_context=propagate_context)
        kit.host = weakref.ref(self)
        self.queue_limit = queue_limit
        self.when_full = WhenFull(when_full)
        self.full_timeout_seconds = full_timeout_seconds
        self.keep_alive_seconds = keep_alive_seconds
        self._set_bounds(floor, ceiling)
        self._crew.size = floor
        # The workers hold the queue and no pool, so that a lost pool can end.
        lost = weakref.finalize(self, _end_lost, self.task_queue, kit.timekeeper)
        lost.atexit = False
        lifetime.register(self)

    def __repr__(self) -> str:
        return (
            f"<ThreadPool {self.name!r} {self.state.value}, {self.size()} workers, "
            f"{self.task_queue.size()} queued>"
        )

    def start(self) -> None:
        """Start the workers.

        Raises:
            PoolStateError: it was started before.
            WorkerStartError: the system refused a thread. No task has begun, and
                `start` may be called again.
        """
        with self._life:
            if self._is_self_started and self._state is PoolState.RUNNING:
                self._is_self_started = False  # by a submit that came first
                return
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
        with self._life:
            if self._state is not PoolState.PAUSED:
                self._move(PoolState.PAUSED)
                self.task_queue.shut()

    def resume(self) -> None:
        """Let workers take tasks again.

        Raises:
            PoolStateError: the pool neither runs nor pauses.
            WorkerStartError: the system refused a thread that the queued tasks ask for;
                the pool runs with those it has.
        """
        with self._life:
            if self._state is PoolState.NEW:
                raise PoolStateError(f"Pool {self.name!r} is new; call start().")
            if self._state is not PoolState.RUNNING:
                self._move(PoolState.RUNNING)
                try:
                    self._catch_up()
                finally:
                    self.task_queue.open()

    def drain(self) -> None:
        """Begin the orderly end: refuse new tasks, run the accepted ones, then stop.

        Does not wait. Starts a pool that was never started if tasks are queued, and
        resumes a paused one.

        Raises:
            WorkerStartError: tasks are queued, and the system refused the thread to
                run them; nothing has changed.
        """
        if not self._life.enter_if_free():
            # Perhaps its holder waits for this very thread to start.
            self._shut_entrance()
            self._life.wish(self._drain_now)
            return
        try:
            self._drain_now()
        finally:
            self._life.leave()

    def _drain_now(self) -> None:
        if self._state not in (PoolState.DRAINING, PoolState.STOPPED):
            # Closed first: a put that comes after the look at the queue withdraws.
            self._shut_entrance()
            try:
                self.ensure_served()
            except BaseException:
                self._is_closed = False
                raise
            self._close()

    def stop(self) -> list[Task]:
        """End without running what is queued, which is handed back, oldest first.

        Does not wait. Running tasks finish. The futures of the tasks handed back are
        cancelled; see `clear`.
        """
        with self._tally.at_work():
            items = self._end_and_clear()
            # Without the lock, for the futures call whatever callbacks they have.
            taken = self._hand_back(items)
        self.task_queue.quiet.announce()
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
        with self._life:
            pass  # if another thread held it, the drain has come about now
        while threads := self._crew.threads():
            left = None if deadline is None else max(0.0, deadline - monotonic())
            threads[0].join(left)
            # Python 3.11 may call an ended thread alive while another thread asks the
            # same, so only the clock decides.
            if left == 0 and threads[0].is_alive():
                return False
        left = None if deadline is None else max(0.0, deadline - monotonic())
        return self._kit.timekeeper.join(left)

    def wait_idle(self, timeout: float | None = None) -> bool:
        """Wait until no task is queued or runs; False if the time was up.

        All futures are decided then, and their callbacks and the hooks have run; save
        the callbacks of a future that somebody cancels at this moment.

        Args:
            timeout: how many seconds to wait; None waits for ever.

        Raises:
            PoolStateError: called by one of the pool's own workers.
        """
        self._require_other_thread("wait_idle")
        return self.task_queue.quiet.wait(self._is_idle, timeout)

    def ensure_served(self) -> None:
        """Make sure that queued tasks have a worker; for `drain` and exit.

        Raises:
            WorkerStartError: the system refused the thread.
        """
        with self._life:
            if not self.task_queue.size():
                return
            if self._state is PoolState.NEW:
                self._crew.size = max(1, self._crew.size)
                self.start()
                return
            self._catch_up()
            if self._crew.is_empty():
                self._crew.hire(1)

    def break_down(self) -> None:
        """Take no more tasks and fail the queued ones; an initializer has failed."""
        with self._tally.at_work():
            self._is_broken = True
            fail_tasks(self._end_and_clear(), self._tally)
        self.task_queue.quiet.announce()

    def forget_threads(self) -> None:
        """In a forked child: be a stopped pool; the parent runs the tasks."""
        self._crew.forget_threads()
        self._life.forget_threads()
        self._entrance = threading.RLock()
        self._is_closed = True
        self._state = PoolState.STOPPED
        self.task_queue.forget_threads()
        self._kit.timekeeper.forget_thread()
        for task in self.task_queue.clear():
            if isinstance(task, Task):
                task.future.abandon()
                self._tally.cancelled.take()
        self.task_queue.end()

    def _end_and_clear(self) -> list[object]:
        with self._life:
            self._shut_entrance()
            self.task_queue.shut()
            items = self.task_queue.clear()
            self._close()
        return items

    def _shut_entrance(self) -> None:
        with self._entrance:
            self._is_closed = True
        self.task_queue.announce_much_room()

    def _close(self) -> None:
        """Move on to the end; `_is_closed` is set."""
        if self._state is PoolState.NEW:
            self._move(PoolState.STOPPED)
        elif self._state in (PoolState.RUNNING, PoolState.PAUSED):
            self._move(PoolState.DRAINING)
        self.task_queue.end()
        self._crew.nudge()
        if self._crew.is_empty():
            self._kit.timekeeper.end()

    def _require_other_thread(self, call: str) -> None:
        if self._crew.hosts_current_thread():
            raise PoolStateError(
                f"{call}() was called by a worker of pool {self.name!r} itself and "
                "would wait for itself; call drain() there, or wait in another thread."
            )

    def _is_idle(self) -> bool:
        # In this order: who decides tasks says so before they leave the outstanding.
        if self.state is not PoolState.STOPPED and self.counts().outstanding > 0:
            return False
        return not (self._tally.is_at_work() or self._crew.busy())


def _end_lost(queue: ThreadSafeQueue, timekeeper: Timekeeper) -> None:
    """Let the workers of a pool that nobody holds run what is queued, and end."""
    queue.end()
    timekeeper.end()
