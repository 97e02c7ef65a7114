"""The demo pools of the pool process: makes them, and gives each its commands.

`handle` is called by the agent's commands thread, one command at a time; `close` by the
main thread, once the agent has stopped. Invariant: at most MAX_POOLS pools that have
not stopped; what has stopped is released once another takes its place.
"""

from typing import Final, Protocol

from pool_gui.agent import CommandRefusedError
from pool_gui.agent.adapters.base import WatchedPool, WatchedWorker
from pool_gui.demo.fed_pool import FedPool
from pool_gui.demo.tasks import FAILING, Demos, Maker
from pool_gui.pool import PoolState, PoolStateError, WorkerStartError
from pool_gui.wire import commands
from pool_gui.wire.notes import Note, note

POOL_NAME: Final = "demo"
MAX_POOLS: Final = 16
MAX_WAITING: Final = 2_000_000
"""Tasks that may wait in all pools together; a million of them take some 280 MB."""


class Watcher(Protocol):
    """The agent as the service needs it."""

    def watch(self, pool: WatchedPool) -> int:
        """Tell the window about this pool; return its id."""

    def release(self, pool: WatchedPool) -> None:
        """Tell of this pool to its end, then no more."""

    def worker(self, number: int) -> WatchedWorker | None:
        """Return the worker with this id."""


class Service:
    """See the module."""

    def __init__(self) -> None:
        self._demos = Demos()
        self._watcher: Watcher | None = None
        self._pools: dict[int, FedPool] = {}

    def attach(self, watcher: Watcher) -> None:
        """Say who tells the window; before the first command."""
        self._watcher = watcher

    def close(self) -> None:
        """End loads, pools and slow peer; does not wait for tasks that run."""
        for pool in self._pools.values():
            pool.close()
        self._demos.close()

    def handle(self, command: commands.Command, pool: int = 0) -> Note:
        """Carry out a command; return what was done.

        Args:
            command: what to do.
            pool: the id of the pool that it is for; 0: the newest.

        Raises:
            CommandRefusedError: why it cannot be done.
        """
        try:
            if isinstance(command, commands.Start):
                return self._start(command)
            return self._do(command, self._pool(pool))
        except (PoolStateError, WorkerStartError) as error:
            raise CommandRefusedError("pool-says", reason=str(error)) from None

    def _do(self, command: commands.Command, pool: FedPool) -> Note:
        if isinstance(command, commands.Submit):
            return pool.submit(command, self._maker(command, pool))
        if isinstance(command, commands.Batch):
            maker = self._maker(command, pool)
            self._check_room(command.count)
            return pool.put_batch(command, maker)
        if isinstance(command, commands.Dismiss) and command.worker:
            agent = self._watcher
            number = command.worker
            return pool.dismiss_one(None if agent is None else agent.worker(number))
        return pool.handle(command)

    def _start(self, command: commands.Start) -> Note:
        watcher = self._watcher
        if watcher is None:
            raise CommandRefusedError("no-agent")
        if not command.beside:
            self._check_alone()
        running = [one for one in self._pools.values() if not one.is_stopped]
        if len(running) >= MAX_POOLS:
            raise CommandRefusedError("pools-full", pools=MAX_POOLS)
        pool = FedPool(command.size, self._free_name())
        try:
            pool.pool.start()
        except WorkerStartError:
            pool.pool.stop()
            raise
        stopped = [n for n, one in self._pools.items() if one.is_stopped]
        for number in stopped:
            watcher.release(self._pools.pop(number))
        self._pools[watcher.watch(pool)] = pool
        return note("started", workers=pool.pool.size())

    def _check_alone(self) -> None:
        """Refuse a pool that is to be the only one while another has not ended."""
        for pool in self._pools.values():
            if pool.pool.state is PoolState.DRAINING:
                raise CommandRefusedError("last-draining")
            if not pool.is_stopped:
                raise CommandRefusedError("pool-runs")

    def _check_room(self, count: int) -> None:
        waiting = sum(pool.waiting for pool in self._pools.values())
        if waiting + count > MAX_WAITING:
            raise CommandRefusedError("waiting-full", tasks=waiting, most=MAX_WAITING)

    def _free_name(self) -> str:
        """Return 'demo', or 'demo-2' and so on beside pools that have that name."""
        taken = {pool.name for pool in self._pools.values() if not pool.is_stopped}
        names = (f"{POOL_NAME}-{number}" for number in range(2, MAX_POOLS + 2))
        return next(name for name in (POOL_NAME, *names) if name not in taken)

    def _pool(self, number: int) -> FedPool:
        if number:
            pool = self._pools.get(number)
        else:
            pool = next(reversed(self._pools.values()), None)
            if pool is None:
                raise CommandRefusedError("start-first")
        if pool is None or pool.is_stopped:
            raise CommandRefusedError("pool-stopped")
        return pool

    def _maker(self, command: commands.Submit | commands.Batch, pool: FedPool) -> Maker:
        try:
            maker = self._demos.maker(command.demo, command.parameters, pool.pool)
        except ValueError as error:
            raise CommandRefusedError("bad-demo", reason=str(error)) from None
        return pool.failed.watching(maker) if command.demo in FAILING else maker
