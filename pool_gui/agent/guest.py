"""The agent as a guest in a program that knows nothing of it.

`begin` is called before the program's first line, in its main thread. Invariants: the
program goes on whatever happens here; its exit is delayed by `LAST_WORDS_SECONDS` at
the most; a forked child is left alone.
"""

import atexit
import os
import sys
from collections import deque
from collections.abc import Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import TYPE_CHECKING, Final

from pool_gui.agent.adapters import anyio, standard_pool
from pool_gui.agent.adapters.anyio import AnyioHooks
from pool_gui.agent.adapters.executor import ExecutorAdapter
from pool_gui.agent.adapters.executor_hooks import ExecutorHooks
from pool_gui.agent.adapters.standard_pool import (
    StandardPoolAdapter,
    TakenQueue,
    ThreadPoolHooks,
)
from pool_gui.agent.agent import Agent, CommandRefusedError
from pool_gui.agent.import_watch import ImportWatch
from pool_gui.wire.channel import connect
from pool_gui.wire.commands import Command
from pool_gui.wire.notes import Note

if TYPE_CHECKING:
    from pool_gui.agent.adapters.base import WatchedPool

LAST_WORDS_SECONDS: Final = 0.3
"""For the last frame, which makes the counts exact."""

_MOST_FRESH: Final = 4096
_OUR_POOLS: Final = "pool_gui.pool"


class Guest:
    """Finds the program's pools, and lets the agent tell of them."""

    def __init__(self, environment: MutableMapping[str, str]) -> None:
        """Connect to the window; see `begin`."""
        self._hooks = ExecutorHooks(self._meet)
        # The newest that no frame has told of; each append and popleft is one step.
        self._fresh: deque[ExecutorAdapter | StandardPoolAdapter] = deque(
            maxlen=_MOST_FRESH
        )
        self._pools: list[ExecutorAdapter | StandardPoolAdapter] = []
        self._removers: list[Callable[[], None]] = []
        self._watches = (
            ImportWatch(anyio.MODULE, self._meet_anyio),
            ImportWatch(standard_pool.MODULE, self._meet_standard_pools),
        )
        self._ours: dict[int, WatchedPool] = {}
        self._over: set[int] = set()
        self._agent = Agent(
            connect(environment), _refuse, on_tick=self._look_for_pools, is_quiet=True
        )

    def begin(self) -> None:
        """Change the standard library, and begin to tell."""
        self._hooks.install()
        for watch in self._watches:
            watch.install()
        atexit.register(self.end)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)
        self._agent.begin()

    def end(self) -> None:
        """Say the last words, then be gone."""
        self._remove_hooks()
        self._agent.finish(LAST_WORDS_SECONDS)

    def _forget(self) -> None:
        """Be gone in a forked child: the threads and the window are the parent's."""
        atexit.unregister(self.end)
        self._remove_hooks()
        self._agent.abandon()

    def _meet(self, executor: ThreadPoolExecutor, name: str) -> None:
        """Take note of a new executor; in the thread that makes it.

        One that is gone before the next frame is told of all the same.
        """
        self._fresh.append(ExecutorAdapter(executor, name))

    def _look_for_pools(self) -> None:
        """Agent thread only; before each frame."""
        for adapter in [self._fresh.popleft() for _ in range(len(self._fresh))]:
            self._pools.append(adapter)
            self._agent.watch(adapter)
        for adapter in [one for one in self._pools if one.is_over]:
            self._pools.remove(adapter)
            self._agent.release(adapter)
        if _OUR_POOLS in sys.modules:
            self._look_for_ours()

    def _meet_anyio(self, module: ModuleType) -> None:
        """Watch anyio's threads; in the thread that imports it."""
        hooks = AnyioHooks(module)
        if hooks.install():
            self._removers.append(hooks.remove)
            self._agent.watch(hooks.adapter)

    def _meet_standard_pools(self, module: ModuleType) -> None:
        """Watch `multiprocessing.pool.ThreadPool`; in the thread that imports it."""
        hooks = ThreadPoolHooks(module, self._meet_standard)
        if hooks.install():
            self._removers.append(hooks.remove)

    def _meet_standard(self, pool: object, name: str, taken: TakenQueue) -> None:
        """Take note of such a pool; in the thread that makes it."""
        self._fresh.append(StandardPoolAdapter(pool, name, taken))

    def _remove_hooks(self) -> None:
        self._hooks.remove()
        for watch in self._watches:
            watch.remove()
        for remove in self._removers:
            remove()

    def _look_for_ours(self) -> None:
        from pool_gui.agent.adapters.thread_pool import ThreadPoolAdapter  # noqa: PLC0415  # only where the program uses one
        from pool_gui.pool.door import doors  # noqa: PLC0415  # likewise

        found = {door.identity: door for door in doors()}
        self._over &= found.keys()
        for identity, door in found.items():
            # One that was never begun is nobody's but the program's: not held here.
            known = identity in self._ours or identity in self._over
            if not known and door.statistics().state.value != "new":
                adapter = self._ours[identity] = ThreadPoolAdapter(door)
                self._agent.watch(adapter)
        for identity, ours in list(self._ours.items()):
            if ours.read().state == "stopped":
                self._agent.release(self._ours.pop(identity))
                self._over.add(identity)


def _refuse(_command: Command, _pool: int) -> Note:
    raise CommandRefusedError("only-watched")


def begin(environment: MutableMapping[str, str]) -> None:
    """Begin to watch the program that this runs in.

    Args:
        environment: in which the window left its address and key; they are taken out.

    Raises:
        WireError: the window cannot be reached, or does not answer.
    """
    Guest(environment).begin()
