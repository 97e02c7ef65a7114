"""What no-op tasks cost in the pool, beside other pools and bare threads in one run.

Each measure runs all its ways once in every round, in an order that turns by one each
round; records are on, as always. The floor is what plain threads on a `SimpleQueue`
reach that only call. The queued tasks' memory is measured in a process made for each
figure, while all workers are held: as tracemalloc counts it, and as the process grows.

    python tests/bench/bench_pool.py [rounds] [tasks] [--only NAME]
"""

import argparse
import gc
import platform
import threading
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import NamedTuple

import pool_ways as ways
import psutil
from figures import line, ratio_of_medians, ratios, verdict

PEER = "ThreadPoolExecutor"
OTHER = "multiprocessing.pool"
FLOOR = "floor: bare threads and SimpleQueue"


class Measure(NamedTuple):
    """Ways that are compared, and the targets of ours beside the peer."""

    title: str
    targets: dict[str, float]
    ways: dict[str, Callable[[int], float]]
    share: int = 1
    """Runs the count divided by this."""
    is_rate: bool = True
    """Its ways return seconds, and more tasks a second are better; else less is."""


def resident_bytes() -> int:
    """Return the memory that this process holds."""
    size: int = psutil.Process().memory_info().rss
    return size


def traced_bytes() -> int:
    """Return the memory that tracemalloc knows of, from the first call on."""
    if not tracemalloc.is_tracing():
        tracemalloc.start()
    return tracemalloc.get_traced_memory()[0]


def bytes_each(
    entrances: ways.Entrances, memory: Callable[[], int], count: int
) -> float:
    """Return what one queued task takes, measured in a process made for it."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_bytes_each, entrances, memory, count).result()


def _bytes_each(
    entrances: ways.Entrances, memory: Callable[[], int], count: int
) -> float:
    """Queue tasks behind held workers, keep what that returns, see what it took."""
    held = threading.Barrier(ways.WORKERS + 1)
    release = threading.Event()

    def hold() -> None:
        held.wait(ways.DEADLINE_SECONDS)
        release.wait(ways.DEADLINE_SECONDS)

    kept: list[object] = [None] * count  # no part of what is measured
    with entrances() as entrance:
        for _ in range(ways.WORKERS):
            entrance.submit(hold)
        held.wait(ways.DEADLINE_SECONDS)
        gc.collect()
        before = memory()
        for index in range(count):
            kept[index] = entrance.submit(ways.noop)
        gc.collect()
        used = memory() - before
        tracemalloc.stop()
        release.set()
    return used / count


def memory_measure(title: str, memory: Callable[[], int]) -> Measure:
    """Return the measure of queued tasks' memory, read in one of two manners."""
    entrances: dict[str, ways.Entrances] = {
        "submit": ways.our_submit,
        "put": ways.our_put,
        PEER: ways.peer_submit,
        OTHER: ways.other_apply,
        FLOOR: ways.bare,
    }
    return Measure(
        title,
        {"submit": 0.6, "put": 0.6},
        {name: partial(bytes_each, one, memory) for name, one in entrances.items()},
        is_rate=False,
    )


MEASURES = {
    "put": Measure(
        "put of ready tasks, until all have run",
        {"put": 8},
        {
            "put": ways.put,
            "put, a span each": partial(ways.put, mask=0),
            "put, tasks made on the way": partial(ways.submit, ways.our_put),
            PEER: partial(ways.submit, ways.peer_submit),
            OTHER: partial(ways.submit, ways.other_apply),
            FLOOR: partial(ways.submit, ways.bare),
        },
    ),
    "batch_put": Measure(
        "batch_put of an iterable of ready tasks, until all have run",
        {"batch_put": 9},
        {
            "batch_put": ways.batch_put,
            PEER: partial(ways.submit, ways.peer_submit),
            f"{OTHER}, map in chunks": ways.other_batch,
            FLOOR: partial(ways.submit, ways.bare),
        },
    ),
    "submit": Measure(
        "submit, until all have run",
        {"submit": 7},
        {
            "submit": partial(ways.submit, ways.our_submit),
            PEER: partial(ways.submit, ways.peer_submit),
            OTHER: partial(ways.submit, ways.other_apply),
            FLOOR: partial(ways.submit, ways.bare),
        },
    ),
    "results": Measure(
        "submit all, then result() of each",
        {"submit and result": 9},
        {
            "submit and result": partial(ways.results, ways.our_pool),
            PEER: partial(ways.results, ways.peer_pool),
            OTHER: ways.other_results,
            FLOOR: ways.bare_results,
        },
    ),
    "ping-pong": Measure(
        "submit(...).result(), one at a time",
        {"ping-pong": 1.2},
        {
            "ping-pong": partial(ways.pings, ways.our_pool),
            PEER: partial(ways.pings, ways.peer_pool),
            OTHER: ways.other_pings,
            FLOOR: ways.bare_pings,
        },
        share=5,
    ),
    "threads": Measure(
        f"submit from {ways.SUBMITTERS} threads at once, until all have run",
        {"submit": 10},
        {
            "submit": partial(ways.submit_from_threads, ways.our_submit),
            PEER: partial(ways.submit_from_threads, ways.peer_submit),
            OTHER: partial(ways.submit_from_threads, ways.other_apply),
            FLOOR: partial(ways.submit_from_threads, ways.bare),
        },
    ),
    "map": Measure(
        "map, all results taken",
        {"map": 6},
        {
            "map": partial(ways.mapped, ways.our_pool),
            PEER: partial(ways.mapped, ways.peer_pool),
            f"{OTHER}, map in chunks": ways.other_mapped,
            FLOOR: ways.bare_results,
        },
    ),
    "memory": memory_measure("a queued task, by tracemalloc", traced_bytes),
    "memory-rss": memory_measure("a queued task, by resident size", resident_bytes),
}


def run(measure: Measure, rounds: int, count: int) -> dict[str, list[float]]:
    """Run the rounds and return what each way reached in each."""
    order = list(measure.ways)
    reached: dict[str, list[float]] = {name: [] for name in order}
    for _ in range(rounds):
        for name in order:
            value = measure.ways[name](count)
            gc.collect()
            reached[name].append(count / value if measure.is_rate else value)
        order.append(order.pop(0))
    return reached


def report(measure: Measure, reached: dict[str, list[float]], count: int) -> None:
    """Print what was reached, by itself, beside the peer and beside the targets."""
    print(f"\n{measure.title}; {count:,} tasks")
    for name, values in reached.items():
        line(f"  {name}", values, "tasks/s" if measure.is_rate else "bytes a task")
    beside = {n: values for n, values in reached.items() if n != PEER}
    for name, values in beside.items():
        line(f"  {name} / {PEER}", ratios(values, reached[PEER]))
    for name, bound in measure.targets.items():
        verdict(
            f"  {name} / {PEER}, of the medians",
            ratio_of_medians(reached[name], reached[PEER]),
            bound,
            at_least=measure.is_rate,
        )


def main() -> None:
    """Run all measures, or those asked for."""
    parser = argparse.ArgumentParser(description="Measure the pool beside its peers.")
    parser.add_argument("rounds", nargs="?", type=int, default=7)
    parser.add_argument("tasks", nargs="?", type=int, default=100_000)
    parser.add_argument("--only", action="append", choices=MEASURES, metavar="NAME")
    asked = parser.parse_args()
    print(f"Python {platform.python_version()}, {ways.WORKERS} workers, no-ops")
    for name in asked.only or MEASURES:
        measure = MEASURES[name]
        # A whole number of tasks for each of the submitting threads.
        share = asked.tasks // measure.share
        count = max(1, share // ways.SUBMITTERS) * ways.SUBMITTERS
        report(measure, run(measure, asked.rounds, count), count)


if __name__ == "__main__":
    main()
