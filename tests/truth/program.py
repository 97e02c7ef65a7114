"""A program whose workers measure their own time, watched from outside by a test.

    program.py WORKLOAD SECONDS FILE

It runs the workload on a pool for so long, then writes, as JSON, where each worker's
time went by its own account: the kernel's totals of its thread (schedstat), and its
own clock around whatever it waits for. What a task did neither on a core nor waiting
for a core, and not in what it timed, it waited for the GIL.
"""

import hashlib
import json
import os
import random
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pool_gui.agent import Agent
from pool_gui.agent.adapters.thread_pool import ThreadPoolAdapter
from pool_gui.pool import Task, ThreadPool
from pool_gui.wire.channel import connect
from pool_gui.wire.notes import Note, note

if TYPE_CHECKING:
    from collections.abc import Callable

WORKERS = 4
WAITS = ("lock", "sleep", "network", "disk")


class Account:
    """One worker's time by its own account; its thread alone writes."""

    def __init__(self) -> None:
        self.first_ns = time.perf_counter_ns()
        self.last_ns = self.first_ns
        self.busy_ns = 0
        self.counted_ns = self.first_ns
        self.waits_ns = dict.fromkeys(WAITS, 0)
        self.begin = _schedstat()
        self.end = self.begin

    def shares(self) -> dict[str, float]:
        """Return the shares of its time, which add up to 1."""
        wall = self.last_ns - self.first_ns
        told = {name: ns / wall for name, ns in self.waits_ns.items()}
        told["cpu"] = (self.end[0] - self.begin[0]) / wall
        told["ready"] = (self.end[1] - self.begin[1]) / wall
        told["idle"] = 1 - self.busy_ns / wall
        told["gil"] = 1 - sum(told.values())
        return told


def _schedstat() -> tuple[int, int]:
    used, ready, _ = Path("/proc/thread-self/schedstat").read_text().split()
    return int(used), int(ready)


def _waited_ns(begin_ns: int, begin: tuple[int, int]) -> int:
    """Return how long this thread waited since then: neither on a core nor for one."""
    return time.perf_counter_ns() - begin_ns - sum(_schedstat()) + sum(begin)


class Workload:
    """What tasks do, and what they share."""

    def __init__(self, name: str, *, has_gaps: bool) -> None:
        self.has_gaps = has_gaps
        self.accounts: dict[int, Account] = {}
        self.work: Callable[[Account], None] = getattr(self, name)
        self._lock = threading.Lock()
        self._taken = threading.Lock()
        self._taken.acquire()
        self._here = threading.local()
        self._burns = name in {"one_burner", "mixture"}
        self._random = random.Random(1)
        self._folder = "/var/tmp"  # noqa: S108  # on a disk, where /tmp may be memory

    def task(self) -> None:
        """Do the work, and account for it."""
        begin_ns = time.perf_counter_ns()
        key = threading.get_native_id()
        account = self.accounts.get(key)
        if account is None:
            account = self.accounts[key] = Account()
        self.work(account)
        account.last_ns = time.perf_counter_ns()
        account.end = _schedstat()
        if not self.has_gaps:  # then there is always a task for each worker
            begin_ns = account.counted_ns
        account.busy_ns += account.last_ns - max(begin_ns, account.first_ns)
        account.counted_ns = account.last_ns

    def sleepers(self, account: Account) -> None:
        """Wait for the clock."""
        self._sleep(account, 0.02)

    def burners(self, _account: Account) -> None:
        """Run in pure Python."""
        total = 0
        for number in range(300_000):
            total += number

    def one_burner(self, account: Account) -> None:
        """Let one worker run in pure Python, and the others sleep."""
        if min(self.accounts) == threading.get_native_id():
            self.burners(account)
        else:
            self._sleep(account, 0.05)

    def hashing(self, _account: Account) -> None:
        """Run in C, without the GIL."""
        hashlib.sha256(bytes(20_000_000)).digest()

    def convoy(self, account: Account) -> None:
        """Fight for one lock, and hold it for a while."""
        begin_ns, begin = time.perf_counter_ns(), _schedstat()
        with self._lock:
            account.waits_ns["lock"] += _waited_ns(begin_ns, begin)
            self._sleep(account, 0.01)

    def timed_lock(self, account: Account) -> None:
        """Wait in vain for a lock, which only its address tells from the GIL."""
        begin_ns, begin = time.perf_counter_ns(), _schedstat()
        self._taken.acquire(timeout=0.03)
        account.waits_ns["lock"] += _waited_ns(begin_ns, begin)

    def slow_socket(self, account: Account) -> None:
        """Wait for a peer that does not answer in time."""
        self._receive(account, 0.03)

    def storage(self, account: Account) -> None:
        """Write and wait for the disk."""
        begin_ns, begin = time.perf_counter_ns(), _schedstat()
        with tempfile.TemporaryFile(dir=self._folder, buffering=0) as file:
            file.write(bytes(200_000))
            os.fsync(file.fileno())
        account.waits_ns["disk"] += _waited_ns(begin_ns, begin)

    def mixture(self, account: Account) -> None:
        """Do one of all that, then leave a gap."""
        kinds = (self.sleepers, self._burn_a_little, self.timed_lock, self.slow_socket)
        self._random.choice(kinds)(account)

    def bursts(self, account: Account) -> None:
        """Do little; the load comes in bursts."""
        self._sleep(account, 0.01)

    def idle(self, _account: Account) -> None:
        """Do next to nothing."""

    def _burn_a_little(self, _account: Account) -> None:
        total = 0
        for number in range(100_000):
            total += number

    def _sleep(self, account: Account, seconds: float) -> None:
        begin_ns, begin = time.perf_counter_ns(), _schedstat()
        time.sleep(seconds)
        # Where others burn, what is more than asked for is the GIL's.
        waited_ns, asked_ns = _waited_ns(begin_ns, begin), round(seconds * 1e9)
        account.waits_ns["sleep"] += asked_ns if self._burns else waited_ns

    def _receive(self, account: Account, seconds: float) -> None:
        if not hasattr(self._here, "pair"):
            self._here.pair = socket.socketpair()
            self._here.pair[0].settimeout(seconds)
        try:
            self._here.pair[0].recv(1)
        except TimeoutError:
            account.waits_ns["network"] += round(seconds * 1e9)


def run(name: str, seconds: float) -> list[dict[str, object]]:
    """Run a workload; return the account of each worker."""
    ended = threading.Event()
    pool = ThreadPool(WORKERS)
    agent = Agent(connect(os.environ), _refuse, on_link_lost=ended.set)
    agent.watch(ThreadPoolAdapter(pool))
    agent.start()
    pool.start()
    deadline = time.perf_counter() + seconds
    gap = {"bursts": 0.2, "idle": 0.5}.get(name)
    workload = Workload(name, has_gaps=gap is not None)

    def again() -> None:
        workload.task()
        if gap is None:
            pool.put(Task(again))

    while time.perf_counter() < deadline:
        for _ in range(WORKERS if gap is None else 3 * WORKERS):
            pool.put(Task(again))
        if gap is None:
            ended.wait(deadline - time.perf_counter())
            break
        ended.wait(gap)
    # The load goes on to the very end, so that what no frame tells is like the rest.
    return [
        {"native_id": key, "shares": account.shares()}
        for key, account in workload.accounts.items()
    ]


def _refuse(_command: object, _pool: int) -> Note:
    return note("no-agent")


if __name__ == "__main__":
    workload_name, how_long, place = sys.argv[1:]
    accounts = run(workload_name, float(how_long))
    Path(place).write_text(json.dumps(accounts), encoding="utf-8")
    sys.stdout.flush()
    os._exit(0)
