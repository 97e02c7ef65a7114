"""Carries out the window's commands: on the pool, and on the loads that feed it.

`handle` is called by the agent's commands thread, one command at a time; `load_header`
by its frames thread; `close` by the main thread, once the agent has stopped.
"""

from collections.abc import Mapping, Sequence
from functools import singledispatchmethod
from typing import Final, Protocol

from pool_gui.agent import CommandRefusedError
from pool_gui.agent.adapters.base import WatchedPool, WatchedWorker
from pool_gui.agent.adapters.thread_pool import ThreadPoolAdapter, ThreadWorker
from pool_gui.demo.load import Load, Plan
from pool_gui.demo.schedule import AtOnce, arrivals_of, describe
from pool_gui.demo.tasks import Demos, Maker
from pool_gui.pool import (
    PoolState,
    PoolStateError,
    Task,
    ThreadPool,
    WorkerStartError,
)
from pool_gui.wire import commands
from pool_gui.wire.messages import Load as LoadTold

POOL_NAME: Final = "demo"

INLINE_BATCH: Final = 10_000
"""Larger batches are put by a thread of their own, so that commands go on."""

MAX_BATCHES: Final = 8
"""Large batches being put at the same time."""


class Watcher(Protocol):
    """The agent as the service needs it."""

    def watch(self, pool: WatchedPool) -> None:
        """Tell the window about this pool."""

    def release(self, pool: WatchedPool) -> None:
        """Tell of this pool to its end, then no more."""

    def worker(self, number: int) -> WatchedWorker | None:
        """Return the worker with this id."""


class _Target:
    """The pool as a load sees it."""

    def __init__(self, pool: ThreadPool) -> None:
        self._pool = pool

    def batch_put(self, items: Sequence[Task]) -> None:
        self._pool.batch_put(items)

    def depth(self) -> int:
        return self._pool.task_queue.size()

    def unfinished(self) -> int:
        return self._pool.statistics().outstanding


class Service:
    """The one pool of the pool process, and its loads."""

    def __init__(self) -> None:
        self._demos = Demos()
        self._watcher: Watcher | None = None
        self._adapter: ThreadPoolAdapter | None = None
        self._load: Load | None = None
        self._batches: list[Load] = []

    def attach(self, watcher: Watcher) -> None:
        """Say who tells the window; before the first command."""
        self._watcher = watcher

    def load_header(self) -> LoadTold | None:
        """Return what frames say of the load that runs, if any."""
        load = self._load
        return None if load is None else load.header()

    def close(self) -> None:
        """End loads, pool and slow peer; does not wait for tasks that run."""
        self._end_loads()
        if self._adapter is not None:
            self._adapter.pool.stop()
        self._demos.close()

    def handle(self, command: commands.Command) -> str:
        """Carry out a command; return what was done, in one sentence.

        Raises:
            CommandRefusedError: why it cannot be done, in one sentence.
        """
        try:
            return self._do(command)
        except (PoolStateError, WorkerStartError) as error:
            raise CommandRefusedError(str(error)) from None

    @singledispatchmethod
    def _do(self, command: commands.Command) -> str:
        raise CommandRefusedError(f"This process does not know {command.name}.")

    @_do.register
    def _(self, command: commands.Start) -> str:
        watcher = self._watcher
        if watcher is None:
            raise CommandRefusedError("This process has no agent yet.")
        old = self._adapter
        if old is not None and old.pool.state is PoolState.DRAINING:
            raise CommandRefusedError(
                "The last pool has not ended yet: its tasks must finish first."
            )
        if old is not None and old.pool.state is not PoolState.STOPPED:
            raise CommandRefusedError("A pool is running already; stop it first.")
        pool = ThreadPool(command.size, name=POOL_NAME)
        adapter = ThreadPoolAdapter(pool)
        try:
            pool.start()
        except WorkerStartError:
            pool.stop()
            raise
        if old is not None:
            watcher.release(old)
        self._adapter = adapter
        watcher.watch(adapter)
        return f"Started a pool of {_workers(pool.size())}."

    @_do.register
    def _(self, command: commands.Submit) -> str:
        pool = self._pool()
        maker = self._maker(command.demo, command.parameters)
        if self._load is not None:
            self._load.stop()
        target = _Target(pool)
        text = describe(command)
        arrivals = arrivals_of(command, target.unfinished)
        plan = Plan(command.demo, text, maker, arrivals, command.count, command.seed)
        self._load = Load(plan, target)
        self._load.start()
        many = _tasks(command.count) if command.count else "tasks"
        return f"Submitting {many} of {command.demo}: {text}."

    @_do.register
    def _(self, command: commands.Batch) -> str:
        pool = self._pool()
        maker = self._maker(command.demo, command.parameters)
        count = command.count
        self._batches = [batch for batch in self._batches if not batch.over]
        if len(self._batches) >= MAX_BATCHES:
            raise CommandRefusedError(
                f"{MAX_BATCHES} large batches are being put; wait for one to finish."
            )
        plan = Plan(
            command.demo, "at once", maker, AtOnce(count), count, command.seed, None
        )
        batch = Load(plan, _Target(pool))
        if count > INLINE_BATCH:
            self._batches.append(batch)
            batch.start()
            return f"Putting {_tasks(count)} of {command.demo}."
        batch.run()
        if batch.submitted < count:
            raise CommandRefusedError("The pool takes no more tasks; start a new one.")
        return f"Put {_tasks(count)} of {command.demo}."

    @_do.register
    def _(self, _: commands.EndLoad) -> str:
        ended = self._end_loads()
        if not ended:
            raise CommandRefusedError("No load is running.")
        submitted = sum(load.submitted for load in ended)
        return f"The load has ended after {_tasks(submitted)}."

    @_do.register
    def _(self, _: commands.Pause) -> str:
        self._pool().pause()
        return "Paused: workers finish what they run and take nothing more."

    @_do.register
    def _(self, _: commands.Resume) -> str:
        self._pool().resume()
        return "Resumed."

    @_do.register
    def _(self, command: commands.Resize) -> str:
        self._pool().resize(command.size)
        return f"Resized to {_workers(command.size)}."

    @_do.register
    def _(self, command: commands.Dismiss) -> str:
        pool = self._pool()
        if command.worker:
            worker = self._watcher and self._watcher.worker(command.worker)
            if not isinstance(worker, ThreadWorker):
                raise CommandRefusedError("That worker has already gone.")
            if not pool.dismiss_worker(worker.thread):
                raise CommandRefusedError(f"{worker.name} was dismissed already.")
            return f"Dismissed {worker.name}."
        dismissed = len(pool.dismiss(command.count))
        if not dismissed:
            raise CommandRefusedError("There is no worker left to dismiss.")
        rest = "" if dismissed == command.count else "; there were no more"
        return f"Dismissed {_workers(dismissed)}{rest}."

    @_do.register
    def _(self, _: commands.Clear) -> str:
        return f"Took {_tasks(len(self._pool().clear()))} out of the queue."

    @_do.register
    def _(self, _: commands.Drain) -> str:
        pool = self._pool()
        self._end_loads()
        pool.drain()
        left = _tasks(pool.statistics().outstanding)
        return f"Draining: {left} to finish, then the pool ends."

    @_do.register
    def _(self, _: commands.Stop) -> str:
        pool = self._pool()
        self._end_loads()
        cleared = _tasks(len(pool.stop()))
        return f"Stopped: {cleared} taken out of the queue; running ones finish."

    def _pool(self) -> ThreadPool:
        if self._adapter is None:
            raise CommandRefusedError("Start the pool first.")
        if self._adapter.pool.state is PoolState.STOPPED:
            raise CommandRefusedError("The pool has stopped; start a new one.")
        return self._adapter.pool

    def _maker(self, demo: str, parameters: Mapping[str, float]) -> Maker:
        try:
            return self._demos.maker(demo, parameters)
        except ValueError as error:
            raise CommandRefusedError(f"Nothing was submitted: {error}.") from None

    def _end_loads(self) -> list[Load]:
        """Stop all loads; return those that were still submitting."""
        loads = [*self._batches, *([self._load] if self._load else [])]
        running = [load for load in loads if not load.over]
        for load in running:
            load.stop()
        self._batches.clear()
        self._load = None
        return running


def _workers(count: int) -> str:
    return f"{count:,} worker" if count == 1 else f"{count:,} workers"


def _tasks(count: int) -> str:
    return f"{count:,} task" if count == 1 else f"{count:,} tasks"
