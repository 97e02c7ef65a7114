"""The demo tasks: the functions that `wire.catalogue` lists, and who makes the tasks.

A maker takes its decisions (slow or quick, failing or not) from the random numbers it
is given, when the task is made: the same seed makes the same tasks. The functions run
in the pool's workers; makers are called by one thread at a time.
"""

import functools
import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any, Final

from pool_gui.demo.slow_server import SlowPeer
from pool_gui.pool import Task, ThreadPool
from pool_gui.wire.catalogue import DEMOS, check_parameters

Maker = Callable[[Random], Task]
Call = tuple[Callable[..., object], tuple[Any, ...], Mapping[str, Any]]  # Any: a task's

FAILING: Final = frozenset({"flaky", "mix", "peer", "disk"})
"""The demos whose tasks may fail."""

QUICK_SECONDS: Final = 0.005
SLOW_SECONDS: Final = 2.0
"""The two kinds of task in the demo `tail`."""

HELD_SECONDS: Final = 15.0
STUCK_SECONDS: Final = 100_000.0
"""How long slow ones take in the demos `starved` and `stuck`."""

PATIENCE_SECONDS: Final = 10.0
"""How much longer than agreed a task waits for the slow peer."""

_BLOCK: Final = bytes(1 << 20)
_KILOBYTE: Final = bytes(1000)

# What the demo `mix` is made of: how often, of which demo, with which parameters.
_MIX: Final[tuple[tuple[int, str, Mapping[str, float]], ...]] = (
    (20, "primes", {"limit": 8000}),
    (16, "hash", {"megabytes": 4}),
    (14, "sleep", {"milliseconds": 60}),
    (16, "peer", {"milliseconds": 120}),
    (10, "disk", {"kilobytes": 64}),
    (10, "lock", {"milliseconds": 8}),
    (10, "flaky", {"milliseconds": 20, "percent": 10}),
    (4, "tail", {"percent": 2}),
)


def prime_count(limit: int) -> int:
    """Count the primes up to `limit` by trial division: holds the GIL throughout."""
    count = 0
    for candidate in range(2, limit + 1):
        divisor = 2
        while divisor * divisor <= candidate:
            if candidate % divisor == 0:
                break
            divisor += 1
        else:
            count += 1
    return count


def hash_blocks(megabytes: int) -> str:
    """Hash so much data in blocks: the GIL is free meanwhile."""
    digest = hashlib.sha256()
    for _ in range(megabytes):
        digest.update(_BLOCK)
    return digest.hexdigest()


def sleep_for(seconds: float) -> None:
    """Wait for the clock."""
    time.sleep(seconds)


def fetch(peer: SlowPeer, seconds: float) -> bytes:
    """Ask the slow peer, and wait for its answer.

    Raises:
        ConnectionError: it hung up.
    """
    with peer.connect() as link:
        link.settimeout(seconds + PATIENCE_SECONDS)
        link.sendall(f"{seconds}\n".encode())
        answer = link.recv(16)
    if not answer:
        raise ConnectionError("the peer hung up")
    return answer


def write_file(folder: Path, kilobytes: int) -> None:
    """Write a file and wait until the disk has it; it is gone when it is closed."""
    with tempfile.TemporaryFile(dir=folder, prefix="pool-gui-", buffering=0) as file:
        for _ in range(kilobytes):
            file.write(_KILOBYTE)
        os.fsync(file.fileno())


def hold_lock(lock: threading.Lock, seconds: float) -> None:
    """Take the lock that all others want too, and keep it for so long."""
    with lock:
        time.sleep(seconds)


def flaky_call(seconds: float, *, fails: bool, percent: float = 100) -> None:
    """Wait, then fail if it was so decided.

    Args:
        seconds: how long.
        fails: what was decided.
        percent: how probable it was.

    Raises:
        ValueError: `fails` is true.
    """
    time.sleep(seconds)
    if fails:
        raise ValueError(f"this task was chosen to fail, as {percent:g} % are")


def handle_request(seconds: float) -> None:
    """Take so long: mostly little, sometimes very long."""
    time.sleep(seconds)


def ask_inner(pool: ThreadPool, seconds: float) -> None:
    """Put a task into the pool that this very one runs in, and wait for it."""
    pool.submit(time.sleep, seconds).result()


def noop() -> None:
    """Do nothing."""


class Demos:
    """The makers of all demos, and what their tasks share: a peer, a lock, a folder."""

    def __init__(self) -> None:
        self._peer = SlowPeer()
        self._contended = threading.Lock()
        self._folder = disk_folder()
        self._makers: dict[str, Callable[[Mapping[str, float]], Maker]] = {
            "mix": self._mix,
            "primes": lambda p: lambda _: Task(prime_count, int(p["limit"])),
            "hash": lambda p: lambda _: Task(hash_blocks, int(p["megabytes"])),
            "sleep": lambda p: lambda _: Task(sleep_for, _seconds(p)),
            "peer": lambda p: lambda _: Task(fetch, self._peer, _seconds(p)),
            "disk": lambda p: (
                lambda _: Task(write_file, self._folder, int(p["kilobytes"]))
            ),
            "lock": lambda p: lambda _: Task(hold_lock, self._contended, _seconds(p)),
            "flaky": lambda p: functools.partial(_make_flaky, p),
            "tail": functools.partial(_tail_maker, SLOW_SECONDS),
            "starved": functools.partial(_tail_maker, HELD_SECONDS),
            "stuck": functools.partial(_tail_maker, STUCK_SECONDS),
            "undersized": lambda p: lambda _: Task(sleep_for, _seconds(p)),
            "oversized": lambda p: lambda _: Task(sleep_for, _seconds(p)),
            "noop": lambda _: lambda _: Task(noop),
        }

        self._nested: dict[str, Callable[[Mapping[str, float], ThreadPool], Maker]] = {
            "self-deadlock": lambda p, pool: (
                lambda _: Task(ask_inner, pool, _seconds(p))
            ),
        }
        """Whose tasks put others into their own pool."""

    def maker(
        self,
        name: str,
        parameters: Mapping[str, float],
        pool: ThreadPool | None = None,
    ) -> Maker:
        """Return what makes the tasks of a demo.

        Args:
            name: of the demo.
            parameters: those that are not as usual.
            pool: in which the tasks are to run, for those that put others into it.

        Raises:
            ValueError: no such demo, or a parameter out of range; one sentence.
        """
        demo = DEMOS.get(name)
        if demo is None:
            raise ValueError(
                f"there is no demo {name!r} (there are {', '.join(DEMOS)})"
            )
        values = check_parameters(demo, parameters)
        make = self._makers.get(name)
        if make is not None:
            return make(values)
        if pool is None:
            raise ValueError(f"the demo {name!r} needs a pool")
        return self._nested[name](values, pool)

    def close(self) -> None:
        """End the slow peer. Tasks that ask it fail from now on."""
        self._peer.close()

    def _mix(self, _: Mapping[str, float]) -> Maker:
        weights = [weight for weight, _, _ in _MIX]
        makers = [self.maker(name, parameters) for _, name, parameters in _MIX]

        def make(random: Random) -> Task:
            (maker,) = random.choices(makers, weights)
            return maker(random)

        return make


def disk_folder() -> Path:
    """Return a folder for temporary files that is on a disk where there is one.

    /tmp is often memory, where fsync takes no time; /var/tmp outlives a restart.
    """
    folder = Path("/var/tmp")  # noqa: S108  # files in it have no name
    usable = os.name == "posix" and os.access(folder, os.W_OK | os.X_OK)
    return folder if usable else Path(tempfile.gettempdir())


def _make_flaky(parameters: Mapping[str, float], random: Random) -> Task:
    percent = parameters["percent"]
    fails = random.random() * 100 < percent
    return Task(flaky_call, _seconds(parameters), fails=fails, percent=percent)


def again(call: Call, random: Random) -> Task:
    """Return a task that makes a failed call once more; chance decides anew."""
    function, args, kwargs = call
    if function is flaky_call:
        fails = random.random() * 100 < kwargs["percent"]
        kwargs = {**kwargs, "fails": fails}
    return Task(function, *args, **kwargs)


def _tail_maker(slow_seconds: float, parameters: Mapping[str, float]) -> Maker:
    def make(random: Random) -> Task:
        slow = random.random() * 100 < parameters["percent"]
        return Task(handle_request, slow_seconds if slow else QUICK_SECONDS)

    return make


def _seconds(parameters: Mapping[str, float]) -> float:
    return parameters["milliseconds"] / 1000
