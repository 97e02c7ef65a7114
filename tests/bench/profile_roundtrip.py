"""What bounds calls that are submitted one at a time: who pays for a round trip.

For our pool, the standard one and the floor (a bare thread and two SimpleQueues), each
once in every round: time, user and system time, and context switches per round trip.
Where the system's share dwarfs the user's, the pools differ in the small part only.

    python tests/bench/profile_roundtrip.py [rounds]
"""

import platform
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue

from figures import line

from pool_gui.pool import ThreadPool

WORKERS = 4
ROUND_TRIPS = 8000
UNTIMED = 200

Call = Callable[[], object]


def noop() -> None:
    """Do nothing."""


@contextmanager
def ours() -> Iterator[Call]:
    """Our pool."""
    with ThreadPool(WORKERS) as pool:
        submit = pool.submit
        yield lambda: submit(noop).result()


@contextmanager
def standard() -> Iterator[Call]:
    """The standard pool."""
    with ThreadPoolExecutor(WORKERS) as pool:
        submit = pool.submit
        yield lambda: submit(noop).result()


@contextmanager
def bare() -> Iterator[Call]:
    """One thread between two queues, without records, errors or an orderly end."""
    calls: SimpleQueue[Call | None] = SimpleQueue()
    answers: SimpleQueue[object] = SimpleQueue()

    def work() -> None:
        while (call := calls.get()) is not None:
            answers.put(call())

    def one() -> object:
        calls.put(noop)
        return answers.get()

    thread = threading.Thread(target=work)
    thread.start()
    yield one
    calls.put(None)
    thread.join()


def measure(one: Call) -> tuple[float, float, float, float]:
    """Return microseconds, those of user and system time, and switches of one call."""
    for _ in range(UNTIMED):
        one()
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    for _ in range(ROUND_TRIPS):
        one()
    micro = 1e6 / ROUND_TRIPS
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_SELF)
    switches = after.ru_nvcsw + after.ru_nivcsw - before.ru_nvcsw - before.ru_nivcsw
    return (
        seconds * micro,
        (after.ru_utime - before.ru_utime) * micro,
        (after.ru_stime - before.ru_stime) * micro,
        switches / ROUND_TRIPS,
    )


def main() -> None:
    """Run the rounds and print the medians."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    print(f"Python {platform.python_version()}, {ROUND_TRIPS:,} round trips a round")
    ways = {"ours": ours, "standard": standard, "bare": bare}
    found: dict[str, list[tuple[float, float, float, float]]] = {w: [] for w in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            with way() as one:
                found[name].append(measure(one))
    labels = ("time", "user time", "system time", "context switches")
    for index, label in enumerate(labels):
        for name, rows in found.items():
            unit = "" if index == 3 else "us"
            line(f"{label}: {name}", [row[index] for row in rows], unit)


if __name__ == "__main__":
    main()
