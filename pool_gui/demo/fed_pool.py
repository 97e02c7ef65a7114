"""A demo pool: a ThreadPool with the loads that feed it, as the agent reads both.

`handle` is called by the agent's commands thread, one command at a time; what the agent
reads (`WatchedPool`) by its frames thread; `close` by the main thread, once the agent
has stopped.
"""

from collections.abc import Sequence
from functools import partial, singledispatchmethod
from random import Random
from typing import Final

from pool_gui.agent import CommandRefusedError
from pool_gui.agent.adapters.base import Blocked, PoolReading, WatchedWorker
from pool_gui.agent.adapters.thread_pool import ThreadPoolAdapter, ThreadWorker
from pool_gui.demo.failed import FailedTasks
from pool_gui.demo.load import Plan, RunningLoad
from pool_gui.demo.schedule import AtOnce, arrivals_of
from pool_gui.demo.tasks import Maker, again
from pool_gui.pool import PoolState, Task, ThreadPool
from pool_gui.wire import commands
from pool_gui.wire.notes import Note, Value, note

INLINE_BATCH: Final = 10_000
"""Larger batches are put by a thread of their own, so that commands go on."""

MAX_BATCHES: Final = 8
"""Large batches being put at the same time."""


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


class FedPool:
    """See the module."""

    type_name = ThreadPoolAdapter.type_name

    def __init__(self, size: int, name: str) -> None:
        self.pool = ThreadPool(size, name=name)
        self.name = name
        self._adapter = ThreadPoolAdapter(self.pool)
        self.failed = FailedTasks()
        self._random = Random()  # noqa: S311  # no secret
        self._load: RunningLoad | None = None
        self._batches: list[RunningLoad] = []

    # --- what the agent reads -------------------------------------------------------

    def read(self) -> PoolReading:
        """Return its state, its exact counts, and what it is being fed with."""
        load = self._load
        told = None if load is None else load.header()
        return self._adapter.read()._replace(load=told)

    def take_peak(self) -> int:
        """Return the queue's greatest depth since the last call."""
        return self._adapter.take_peak()

    def workers(self) -> Sequence[WatchedWorker]:
        """Return the workers there are, then those that ended lately."""
        return self._adapter.workers()

    def stuck(self) -> Sequence[Blocked]:
        """Return the workers that will never go on."""
        return self._adapter.stuck()

    def watch(self, mask: int) -> None:
        """Let workers record a span when `started & mask` is 0."""
        self._adapter.watch(mask)

    # --- what the window asks for ---------------------------------------------------

    @property
    def waiting(self) -> int:
        """How many tasks wait, those included that batches are still to put."""
        to_come = sum(load.remaining for load in self._batches if not load.over)
        return self.pool.task_queue.size() + to_come

    @property
    def is_stopped(self) -> bool:
        """Whether it runs no more tasks, ever."""
        return self.pool.state is PoolState.STOPPED

    def close(self) -> None:
        """End its loads, and the pool; does not wait for tasks that run."""
        self._end_loads()
        self.pool.stop()

    def submit(self, command: commands.Submit, maker: Maker) -> Note:
        """Feed it over time, instead of what feeds it now."""
        if self._load is not None:
            self._load.stop()
        target = _Target(self.pool)
        arrivals = arrivals_of(command, target.unfinished)
        plan = Plan(command, maker, arrivals, command.count, command.seed)
        self._load = RunningLoad(plan, target)
        self._load.start()
        how: dict[str, Value] = {
            "demo": command.demo,
            "arrival": str(command.arrival),
            "rate_per_second": command.rate_per_second,
            "in_flight": command.in_flight,
        }
        if command.count:
            return note("submitting", tasks=command.count, **how)
        return note("submitting-on", **how)

    def put_batch(self, command: commands.Batch, maker: Maker) -> Note:
        """Put tasks at once; many of them from a thread of their own.

        Raises:
            CommandRefusedError: too many batches are being put, or it takes no more.
        """
        count = command.count
        self._batches = [batch for batch in self._batches if not batch.over]
        if len(self._batches) >= MAX_BATCHES:
            raise CommandRefusedError("batches-full", batches=MAX_BATCHES)
        plan = Plan(None, maker, AtOnce(count), count, command.seed, None)
        batch = RunningLoad(plan, _Target(self.pool))
        if count > INLINE_BATCH:
            self._batches.append(batch)
            batch.start()
            return note("putting", tasks=count, demo=command.demo)
        batch.run()
        if batch.submitted < count:
            raise CommandRefusedError("pool-closed")
        return note("put", tasks=count, demo=command.demo)

    @singledispatchmethod
    def handle(self, command: commands.Command) -> Note:
        """Carry out a command; return what was done.

        Raises:
            CommandRefusedError: why it cannot be done.
            PoolStateError: likewise.
            WorkerStartError: likewise.
        """
        raise CommandRefusedError("unknown-command", command=command.name)

    @handle.register
    def _(self, _: commands.EndLoad) -> Note:
        ended = self._end_loads()
        if not ended:
            raise CommandRefusedError("no-load")
        return note("load-ended", tasks=sum(load.submitted for load in ended))

    @handle.register
    def _(self, _: commands.Pause) -> Note:
        self.pool.pause()
        return note("paused")

    @handle.register
    def _(self, _: commands.Resume) -> Note:
        self.pool.resume()
        return note("resumed")

    @handle.register
    def _(self, command: commands.Resize) -> Note:
        self.pool.resize(command.size)
        return note("resized", workers=command.size)

    @handle.register
    def _(self, command: commands.Dismiss) -> Note:
        dismissed = len(self.pool.dismiss(command.count))
        if not dismissed:
            raise CommandRefusedError("no-worker-left")
        all_there_were = dismissed < command.count
        code = "dismissed-last" if all_there_were else "dismissed"
        return note(code, workers=dismissed)

    def dismiss_one(self, worker: WatchedWorker | None) -> Note:
        """Take this worker away.

        Raises:
            CommandRefusedError: it has gone, or is going.
        """
        if not isinstance(worker, ThreadWorker):
            raise CommandRefusedError("worker-gone")
        if not self.pool.dismiss_worker(worker.thread):
            raise CommandRefusedError("worker-dismissed", worker=worker.name)
        return note("dismissed-worker", worker=worker.name)

    @handle.register
    def _(self, _: commands.Clear) -> Note:
        return note("cleared", tasks=len(self.pool.clear()))

    @handle.register
    def _(self, command: commands.Retry) -> Note:
        calls = self.failed.take(command.task)
        if not calls:
            raise CommandRefusedError("none-failed")
        makers = [self.failed.watching(partial(again, call)) for call in calls]
        self.pool.batch_put([make(self._random) for make in makers])
        return note("retried", tasks=len(calls))

    @handle.register
    def _(self, _: commands.Drain) -> Note:
        self._end_loads()
        self.pool.drain()
        return note("draining", tasks=self.pool.statistics().outstanding)

    @handle.register
    def _(self, _: commands.Stop) -> Note:
        self._end_loads()
        return note("stopped", tasks=len(self.pool.stop()))

    def _end_loads(self) -> list[RunningLoad]:
        """Stop all loads; return those that were still submitting."""
        loads = [*self._batches, *([self._load] if self._load else [])]
        running = [load for load in loads if not load.over]
        for load in running:
            load.stop()
        self._batches.clear()
        self._load = None
        return running
