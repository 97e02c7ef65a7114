"""The strong core of a pool: its parts, and its life from start to end.

The workers hold the core, and so does the thin `ThreadPool` that a program uses; when
nobody holds that any more, its finalizer drains the core. Any thread may call anything.
The lifecycle lock is never held while a task runs or a thread's end is waited for.
"""

from __future__ import annotations

import threading
import warnings
from typing import TYPE_CHECKING

from pool_gui.pool import clearing
from pool_gui.pool.admission import Admission
from pool_gui.pool.backlog import Backlog
from pool_gui.pool.census import take_census
from pool_gui.pool.counters import Counters, PoolStatistics
from pool_gui.pool.deadlines import Deadlines
from pool_gui.pool.deferring import DeferringLock
from pool_gui.pool.errors import PoolStateError
from pool_gui.pool.events import call_hook, tell_initializer
from pool_gui.pool.gate import follow_state
from pool_gui.pool.queue import ThreadSafeQueue
from pool_gui.pool.shutdown import POOLS
from pool_gui.pool.staffing import Staffing
from pool_gui.pool.states import PoolState
from pool_gui.pool.waiting import FOREVER
from pool_gui.pool.worker import ProcessThread
from pool_gui.pool.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable

    from pool_gui.pool.events import Hooks


class PoolCore:
    """One pool. See `ThreadPool` for what each call means to a program.

    Attributes:
        name: the pool's name.
        hooks: what to call around tasks and workers, if anything.
        backlog: the queued tasks.
        queue: the same, as a program may look at it.
        counters: what is counted.
        deadlines: watches over time limits.
        life: the lock around what starts and ends.
        workers: who runs the tasks.
        staffing: sees to it that there are enough of them.
        admission: who puts tasks comes through it.
    """

    def __init__(
        self,
        name: str,
        *,
        hooks: Hooks | None,
        initializer: Callable[[], object] | None,
        propagate_context: bool,
    ) -> None:
        self.name = name
        self.hooks = hooks
        self.backlog = Backlog()
        self.queue = ThreadSafeQueue(backlog=self.backlog)
        self.counters = Counters()
        self.deadlines = Deadlines(f"{name}_deadlines")
        self.workers = Workers(name, self.queue, self.backlog, self)
        self.life = DeferringLock()
        self.staffing = Staffing(self)
        self.admission = Admission(
            self, self.workers.rosters, propagate_context=propagate_context
        )
        follow_state(self.workers.rosters, self.backlog, self.admission)
        self._initializer = initializer
        self._is_self_started = False
        POOLS.add(self)

    def __repr__(self) -> str:
        return (
            f"<ThreadPool {self.name!r} {self.state.value}, "
            f"{self.workers.roster.size} workers, {self.backlog.size()} queued>"
        )

    # --- looking -------------------------------------------------------------------

    @property
    def state(self) -> PoolState:
        """Where the pool is in its life."""
        roster = self.workers.roster
        if roster.state is PoolState.DRAINING and not roster.living:
            return PoolState.STOPPED
        return roster.state

    def statistics(self) -> PoolStatistics:
        """Return all counts, sizes and peaks as they are now; takes no lock."""
        self.staffing.replace_dead()
        return take_census(self)

    def hosts_current_thread(self) -> bool:
        """Whether the caller is one of the pool's workers."""
        # Not by comparing idents: the system gives those of ended threads away again.
        me = threading.current_thread()
        return type(me) is ProcessThread and me.task_queue is self.queue

    def threads(self) -> list[threading.Thread]:
        """Return the threads that run: workers, then those that watch the time."""
        return [*self.workers.threads(), *self.deadlines.threads()]

    def workers_or_prepared(self) -> tuple[ProcessThread, ...]:
        """Return the workers; of a new pool, those that will be started."""
        with self.life, self.life.lock:
            if self.workers.roster.state is PoolState.NEW:
                return self.workers.prepared()
            return self.workers.roster.living

    # --- the beginning ---------------------------------------------------------------

    def start(self) -> None:
        """Start the workers. See `ThreadPool.start`."""
        with self.life, self.life.lock:
            if self._is_self_started and self.workers.roster.state is PoolState.RUNNING:
                self._is_self_started = False  # by a submit that came first
                return
            if self.workers.roster.state is not PoolState.NEW:
                raise PoolStateError(
                    f"Pool {self.name!r} is {self.state.value}, and a pool is started "
                    "once; make a new one."
                )
            # In a new pool no worker begins a task before all have started.
            self.workers.hire_all()
            self._run()

    def start_itself(self) -> None:
        """Start a new pool; never waits for another thread's hold on it."""
        self.life.run_or_defer(self._begin)

    def begin_with_worker(self) -> None:
        """Start a new pool, or hire the first worker of an elastic one that runs.

        Raises:
            WorkerStartError: the system refused the thread.
        """
        self.life.run_or_defer(self._begin_with_worker)

    def _begin(self) -> None:
        if self.workers.roster.state is PoolState.NEW and not self.admission.is_closed:
            self.start()
            self._is_self_started = True

    def _begin_with_worker(self) -> None:
        self._begin()
        self.staffing.hire_first()

    # --- in the middle ---------------------------------------------------------------

    def pause(self) -> None:
        """Let workers take nothing more. See `ThreadPool.pause`."""
        with self.life, self.life.lock:
            self.move(PoolState.PAUSED)

    def resume(self) -> None:
        """Let workers take tasks again. See `ThreadPool.resume`."""
        with self.life, self.life.lock:
            if self.workers.roster.state is PoolState.NEW:
                raise PoolStateError(f"Pool {self.name!r} is new; call start().")
            self._run()
            self.staffing.catch_up()

    def _run(self) -> None:
        """Be running, and wake as many workers as there are tasks for."""
        self.move(PoolState.RUNNING)
        self.backlog.wake_some(self.backlog.size())

    def resize(self, floor: int, ceiling: int) -> None:
        """Have between so many workers. See `ThreadPool.resize`."""
        with self.life, self.life.lock:
            self.require_open("its size cannot change")
            workers = self.workers
            before = workers.roster
            workers.set_bounds(floor, ceiling)
            if self.workers.roster.state is PoolState.NEW:
                workers.set_size(floor)
            elif before.size > ceiling:
                workers.shrink(ceiling)
            else:
                try:
                    workers.hire(floor - workers.roster.size, bounded=True)
                    if self.workers.roster.state is PoolState.RUNNING:
                        self.staffing.catch_up()
                except RuntimeError:
                    workers.set_bounds(before.floor, before.ceiling)
                    raise
            # A lower floor lets them go.
            workers.set_idle_limit(workers.idle_limit_seconds)

    def dismiss(self, count: int) -> tuple[ProcessThread, ...]:
        """Tell up to so many workers to go. See `ThreadPool.dismiss`."""
        with self.life, self.life.lock:
            self.require_open("its workers end by themselves")
            workers = self.workers
            if self.workers.roster.state is not PoolState.NEW:
                return workers.dismiss(count)
            roster = workers.roster
            smaller = max(0, roster.size - count)
            ceiling = roster.ceiling if roster.is_elastic else smaller
            workers.set_size(smaller)
            workers.set_bounds(smaller, ceiling)
            return ()

    def set_keep_alive(self, seconds: float | None) -> None:
        """Say after how long an idle worker above the floor goes; None: never."""
        with self.life, self.life.lock:
            self.workers.set_idle_limit(FOREVER if seconds is None else seconds)

    # --- the end ---------------------------------------------------------------------

    def drain(self) -> None:
        """Begin the orderly end. See `ThreadPool.drain`."""
        if self.life.is_mine():
            with self.life.lock:
                self._drain()
            return
        # If another thread holds the lock, it perhaps waits for this very one to start.
        self.life.run_or_defer(self._drain)
        if self.workers.roster.state not in (PoolState.DRAINING, PoolState.STOPPED):
            self.admission.close()

    def _drain(self) -> None:
        if self.workers.roster.state not in (PoolState.DRAINING, PoolState.STOPPED):
            # Closed first: a put that comes after the look at the queue withdraws.
            self.admission.close()
            try:
                self.staffing.serve()
            except BaseException:
                self.admission.reopen()
                raise
            self._end()

    def abandon(self) -> None:
        """Be drained: nobody holds the pool any more. For its finalizer."""
        if self.workers.roster.state is not PoolState.NEW:
            self.drain()
            return
        if tasks := clearing.stop(self):
            warnings.warn(
                f"Pool {self.name!r} was dropped before it was started; {len(tasks)} "
                "tasks that were put are cancelled. Call start(), or stop().",
                ResourceWarning,
                stacklevel=2,
            )

    def move(self, to: PoolState) -> None:
        """Be in another state; under the lifecycle lock.

        Raises:
            PoolStateError: that is no legal move.
        """
        self.workers.rosters.change(lambda old: old.moved(to, self.name))

    def require_open(self, consequence: str) -> None:
        """Raise PoolStateError if the pool is closed."""
        if self.admission.is_closed:
            raise PoolStateError(
                f"Pool {self.name!r} is {self.state.value}; {consequence}."
            )

    def end_and_clear(self, into: list[object]) -> None:
        """Be closed and end, and move what is queued to the end of a list."""
        with self.life, self.life.lock:
            self.admission.close()
            self.backlog.clear(into)
            self._end()

    def _end(self) -> None:
        """Move on to the end; the entrance is closed."""
        if self.workers.roster.state is PoolState.NEW:
            self.move(PoolState.STOPPED)
        elif self.workers.roster.state in (PoolState.RUNNING, PoolState.PAUSED):
            self.move(PoolState.DRAINING)
        self.backlog.end()
        self.backlog.parked.rouse()
        if self.workers.is_empty():
            self.deadlines.end()

    # --- what the entrance and the workers ask and tell ------------------------------

    def demand_rose(self) -> None:
        """Hire a worker for a task that found none idle, if there may be more."""
        self.staffing.demand_rose()

    def welcome(self, worker: ProcessThread) -> bool:
        """Prepare a worker that begins; False if its initializer failed."""
        try:
            if self._initializer is not None:
                self._initializer()
        except BaseException as error:
            tell_initializer(error)
            clearing.break_down(self)
            return False
        if self.hooks is not None and self.hooks.worker_started is not None:
            call_hook(self.hooks.worker_started, worker, self.counters.hook_errors.take)
        return True

    def idles(self, worker: ProcessThread) -> float:
        """Say for how many seconds a worker that has been idle for long is to stay."""
        return self.workers.idles(worker)

    def dismissed(self, worker: ProcessThread) -> None:
        """Hear that a worker was told to go."""
        self.workers.dismissed(worker)

    def leaves(self, worker: ProcessThread, *, can_run: bool) -> bool:
        """Say whether a worker may end now."""
        may_leave = self.workers.leaves(worker, can_run=can_run)
        if may_leave and self.backlog.has_ended and self.workers.is_empty():
            self.deadlines.end()
        return may_leave

    def bid_farewell(self, worker: ProcessThread, *, can_run: bool) -> None:
        """Hear that a worker has left."""
        if self.backlog.size():
            self.demand_rose()
        if can_run and self.hooks is not None and self.hooks.worker_ended is not None:
            call_hook(self.hooks.worker_ended, worker, self.counters.hook_errors.take)
