"""What the workers of one pool share: its hooks, limits, initializer and counters.

Called on the workers' own threads, never under a lock.
"""

from __future__ import annotations

import logging
from concurrent.futures.thread import BrokenThreadPool
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from pool_gui.pool.failure import report_hook
from pool_gui.pool.tally import Tally
from pool_gui.pool.task import Task
from pool_gui.pool.timekeeper import RunWatch, Timekeeper

if TYPE_CHECKING:
    import weakref
    from collections.abc import Callable, Iterable

    from pool_gui.pool.hooks import Hooks
    from pool_gui.pool.record import WorkerRecord
    from pool_gui.pool.worker import ProcessThread

Subject = TypeVar("Subject")

BROKEN: Final = "A thread initializer failed, the thread pool is not usable anymore"
"""What `BrokenThreadPool` says, in the standard pool's words."""

# The standard pool's logger: programs that watch for broken pools watch that.
_logger = logging.getLogger("concurrent.futures")


class Owner(Protocol):
    """Whom a worker tells about its dismissal and its end."""

    def worker_begins(self, worker: ProcessThread) -> None:
        """Hear that the worker's thread runs, from that thread."""

    def worker_dismissed(self, worker: ProcessThread) -> None:
        """Hear that the worker was told to go, from any thread, once."""

    def worker_leaves(self, worker: ProcessThread, *, can_run: bool = True) -> bool:
        """Say whether the worker, which has nothing more to do, may end now."""

    def worker_idles(self, worker: ProcessThread) -> float:
        """Say for how many seconds a worker that has been idle for long is to stay."""


class Host(Protocol):
    """Whom a worker tells that its initializer failed."""

    def break_down(self) -> None:
        """Take no more tasks, and fail those that are queued."""

    def demand_rose(self) -> None:
        """Hear that tasks are queued, and no worker may be there for them."""


class Kit:
    """What a worker needs besides its queue. By default: nothing.

    Attributes:
        tally: the pool's counters.
        hooks: what to call around tasks and workers, if anything.
        timekeeper: watches over time limits.
        owner: the crew; weak, so that an idle worker keeps no lost pool alive.
        host: the pool; weak likewise.
    """

    def __init__(
        self,
        name: str = "",
        *,
        hooks: Hooks | None = None,
        initializer: Callable[..., object] | None = None,
        initargs: tuple[object, ...] = (),
    ) -> None:
        self.tally = Tally()
        self.hooks = hooks
        self.timekeeper = Timekeeper(f"{name}_timekeeper")
        self.owner: weakref.ref[Owner] | None = None
        self.host: weakref.ref[Host] | None = None
        self._initializer = initializer
        self._initargs = initargs

    def welcome(self, worker: ProcessThread) -> bool:
        """Prepare a worker that begins; False if its initializer failed."""
        owner = self.crew()
        if owner is not None:
            owner.worker_begins(worker)
        del owner
        if self._initializer is not None:
            try:
                self._initializer(*self._initargs)
            except BaseException:
                _logger.critical("Exception in initializer:", exc_info=True)
                host = None if self.host is None else self.host()
                if host is not None:
                    host.break_down()
                else:
                    fail_tasks(worker.task_queue.clear(), self.tally)
                return False
        if self.hooks is not None:
            self.call_hook(self.hooks.worker_started, worker)
        return True

    def bid_farewell(self, worker: ProcessThread, *, was_welcomed: bool) -> None:
        """Tell who wants to know that a worker has left."""
        if worker.task_queue.size():
            self.tell_demand()
        if self.hooks is not None and was_welcomed:
            self.call_hook(self.hooks.worker_ended, worker)

    def tell_demand(self) -> None:
        """Tell the pool that tasks are queued and no worker may be there for them."""
        host = None if self.host is None else self.host()
        if host is not None:
            host.demand_rose()

    def call_hook(
        self, hook: Callable[[Subject], object] | None, subject: Subject
    ) -> None:
        """Call a hook, if there is one; what it raises is logged and counted."""
        if hook is None:
            return
        try:
            hook(subject)
        except BaseException as error:  # noqa: BLE001 - hooks are the program's own
            self.tally.hook_errors.take()
            report_hook(hook, error)

    def watch_run(
        self, task: Task, run_ns: int, thread_name: str, record: WorkerRecord
    ) -> RunWatch:
        """Have it reported when the task, about to begin, runs too long."""
        watch = RunWatch(task, run_ns, thread_name, record, self.tally)
        if self.timekeeper.has_begun:
            self.timekeeper.watch(watch)
        return watch

    def crew(self) -> Owner | None:
        """Return whom to ask about a worker's stay, unless the pool is lost."""
        return None if self.owner is None else self.owner()


def fail_tasks(tasks: Iterable[object], tally: Tally) -> None:
    """Let the futures of tasks taken off a queue say that the pool is broken."""
    with tally.at_work():
        for task in tasks:
            if not isinstance(task, Task):
                continue
            if task.future.refuse(BrokenThreadPool(BROKEN), tally.dropped.take):
                task.id = 0
            else:
                count_dead(task, tally)


def count_dead(task: Task, tally: Tally) -> None:
    """Count a task that was taken off the queue and must not run.

    One that has ended otherwise than by a cancel was counted when it did.
    """
    future = (
        task.future
    )  # first: without an id the task may be put again, and get another
    task.id = 0
    if future.cancelled():
        tally.cancelled.take()
