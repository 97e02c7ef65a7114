"""The demo pools of the pool process: makes them, and gives each its commands.

`handle` is called by the agent's commands thread, one command at a time; `close` by the
main thread, once the agent has stopped. Invariant: at most MAX_POOLS pools that have
not stopped; what has stopped is released once another takes its place.
"""

from collections.abc import Mapping
from typing import Final, Protocol

from pool_gui.agent import CommandRefusedError
from pool_gui.agent.adapters.base import WatchedPool, WatchedWorker
from pool_gui.demo.fed_pool import FedPool, workers_text
from pool_gui.demo.tasks import Demos, Maker
from pool_gui.pool import PoolState, PoolStateError, WorkerStartError
from pool_gui.wire import commands

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

    def handle(self, command: commands.Command, pool: int = 0) -> str:
        """Carry out a command; return what was done, in one sentence.

        Args:
            command: what to do.
            pool: the id of the pool that it is for; 0: the newest.

        Raises:
            CommandRefusedError: why it cannot be done, in one sentence.
        """
        try:
            if isinstance(command, commands.Start):
                return self._start(command)
            return self._do(command, self._pool(pool))
        except (PoolStateError, WorkerStartError) as error:
            raise CommandRefusedError(str(error)) from None

    def _do(self, command: commands.Command, pool: FedPool) -> str:
        if isinstance(command, commands.Submit):
            return pool.submit(command, self._maker(command.demo, command.parameters))
        if isinstance(command, commands.Batch):
            maker = self._maker(command.demo, command.parameters)
            self._check_room(command.count)
            return pool.put_batch(command, maker)
        if isinstance(command, commands.Dismiss) and command.worker:
            agent = self._watcher
            number = command.worker
            return pool.dismiss_one(None if agent is None else agent.worker(number))
        return pool.handle(command)

    def _start(self, command: commands.Start) -> str:
        watcher = self._watcher
        if watcher is None:
            raise CommandRefusedError("This process has no agent yet.")
        if not command.beside:
            self._check_alone()
        running = [one for one in self._pools.values() if not one.is_stopped]
        if len(running) >= MAX_POOLS:
            raise CommandRefusedError(
                f"{MAX_POOLS} pools run already; stop one of them first."
            )
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
        return f"Started a pool of {workers_text(pool.pool.size())}."

    def _check_alone(self) -> None:
        """Refuse a pool that is to be the only one while another has not ended."""
        for pool in self._pools.values():
            if pool.pool.state is PoolState.DRAINING:
                raise CommandRefusedError(
                    "The last pool has not ended yet: its tasks must finish first."
                )
            if not pool.is_stopped:
                raise CommandRefusedError("A pool is running already; stop it first.")

    def _check_room(self, count: int) -> None:
        waiting = sum(pool.waiting for pool in self._pools.values())
        if waiting + count > MAX_WAITING:
            raise CommandRefusedError(
                f"Nothing was submitted: {waiting:,} tasks wait already, and no more "
                f"than {MAX_WAITING:,} may, so that they do not fill the memory."
            )

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
                raise CommandRefusedError("Start the pool first.")
        if pool is None or pool.is_stopped:
            raise CommandRefusedError("The pool has stopped; start a new one.")
        return pool

    def _maker(self, demo: str, parameters: Mapping[str, float]) -> Maker:
        try:
            return self._demos.maker(demo, parameters)
        except ValueError as error:
            raise CommandRefusedError(f"Nothing was submitted: {error}.") from None
