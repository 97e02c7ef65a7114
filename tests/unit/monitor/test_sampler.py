"""The reader and the sampler on real threads of this very process."""

import os
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from pool_gui.monitor.sampling.fallback import PsutilReader
from pool_gui.monitor.sampling.look import CPU_ONLY, Look, Wait
from pool_gui.monitor.sampling.procfs import ProcfsReader
from pool_gui.monitor.sampling.sampler import StateSampler

DEADLINE_SECONDS = 20.0
linux = pytest.mark.skipif(sys.platform != "linux", reason="procfs is Linux's")


class Threads:
    """Threads that wait, each for something else, until they are let go."""

    def __init__(self) -> None:
        self.pair = socket.socketpair()
        self.held = threading.Lock()
        self.held.acquire()
        self.over = threading.Event()
        self.ids: dict[int, int] = {}
        self._threads: list[threading.Thread] = []
        for key, work in enumerate((self._lock, self._timed, self._receive)):
            self._start(key, work)

    def _start(self, key: int, work: Callable[[], object]) -> None:
        begun: queue.SimpleQueue[int] = queue.SimpleQueue()

        def run() -> None:
            begun.put(threading.get_native_id())
            work()

        thread = threading.Thread(target=run, name=f"waits {key}")
        thread.start()
        self._threads.append(thread)
        self.ids[key] = begun.get()

    def _lock(self) -> None:
        with self.held:
            pass

    def _timed(self) -> None:
        self.over.wait(DEADLINE_SECONDS)

    def _receive(self) -> None:
        self.pair[0].recv(1)

    def end(self) -> None:
        self.held.release()
        self.over.set()
        self.pair[1].send(b"x")
        for thread in self._threads:
            thread.join()
        for one in self.pair:
            one.close()


@pytest.fixture
def threads() -> Iterator[Threads]:
    made = Threads()
    yield made
    made.end()


def until(look: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not look():
        assert time.monotonic() < deadline


@linux
def test_threads_are_seen_waiting_for_what_they_wait_for(threads: Threads) -> None:
    reader = ProcfsReader(os.getpid(), time.perf_counter_ns, has_gil=True)
    reader.follow(threads.ids)
    expected = {0: Wait.LOCK, 1: Wait.LOCK, 2: Wait.NETWORK}
    until(lambda: {key: wait for _, key, _, _, wait in reader.look()} == expected)
    assert reader.trouble == ""
    reader.close()


@linux
def test_a_thread_that_ended_is_looked_at_no_more(threads: Threads) -> None:
    reader = ProcfsReader(os.getpid(), time.perf_counter_ns, has_gil=True)
    reader.follow(threads.ids | {9: 2**22 + 5})
    assert {look[1] for look in reader.look()} == {0, 1, 2}
    reader.follow({0: threads.ids[0]})
    assert {look[1] for look in reader.look()} == {0}
    threads.held.release()
    until(lambda: not reader.look())
    threads.held.acquire()
    reader.close()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@linux
def test_no_file_stays_open(threads: Threads) -> None:
    before = open_files()
    reader = ProcfsReader(os.getpid(), time.perf_counter_ns, has_gil=True)
    reader.follow(threads.ids)
    assert open_files() == before + 2 * len(threads.ids)
    reader.close()
    assert open_files() == before


def test_psutil_tells_time_on_a_core_and_that_the_rest_is_unknown(
    threads: Threads,
) -> None:
    reader = PsutilReader(os.getpid(), time.perf_counter_ns)
    reader.follow(threads.ids)
    looks = reader.look()
    assert reader.trouble == CPU_ONLY
    assert {look[1] for look in looks} <= set(threads.ids)
    assert {look[4] for look in looks} <= {Wait.UNKNOWN}


class Counted:
    """A reader that counts, and is closed by whom it belongs to."""

    source = "counted"
    trouble = ""

    def __init__(self) -> None:
        self.followed: list[Mapping[int, int]] = []
        self.looked = threading.Semaphore(0)
        self.closed_by = ""

    def follow(self, threads: Mapping[int, int]) -> None:
        self.followed.append(threads)

    def look(self) -> Sequence[Look]:
        self.looked.release()
        return [(time.perf_counter_ns(), 1, 0, 0, int(Wait.NONE))]

    def close(self) -> None:
        self.closed_by = threading.current_thread().name


def test_a_sampler_looks_on_until_it_is_closed() -> None:
    reader = Counted()
    sampler = StateSampler(reader, least_seconds=0.001)
    sampler.follow({1: 11}, resting=False)
    for _ in range(5):
        assert reader.looked.acquire(timeout=DEADLINE_SECONDS)
    taken = sampler.take()
    assert taken == sorted(taken)
    assert taken
    assert sampler.close()
    assert sampler.close()
    assert reader.closed_by == "state sampler"
    assert {1: 11} in reader.followed


def test_threads_at_rest_are_looked_at_less_often() -> None:
    sampler = StateSampler(Counted())
    sampler.follow({1: 11}, resting=True)
    assert sampler.looks_per_second == pytest.approx(4)
    sampler.follow({1: 11}, resting=False)
    assert sampler.looks_per_second > 20
    assert sampler.close()
