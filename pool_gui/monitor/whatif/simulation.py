"""Replays a load on a pool of another size. Pure functions; any thread.

A small simulation by events. Workers take tasks in order; the tasks that run share one
interpreter lock and the machine's cores. How much each gets on, with so many at work,
is the exact mean value analysis of a closed network of two queues (the interpreter's
lock, and one of the program's that stands for all it has) and a delay (all else), after
Reiser and Lavenberg, "Mean-value
analysis of closed multichain queuing networks" (1980); the cores only set a bound.
What it assumes is in `SeenLoad`.
"""

import heapq
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

SIZES: Final = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)


@dataclass(frozen=True, slots=True)
class SeenLoad:
    """What is replayed, in seconds."""

    demands: tuple[float, ...]
    """How long each task runs with nobody in its way: as seen, less what it waited for
    the GIL, for a core and for locks."""
    arrivals: tuple[float, ...]
    """When each arrives, rising; empty: `population` tasks are in the pool at any time,
    for the queue was never empty, or tasks were submitted as others ended."""
    population: int
    gil_share: float
    """Of a task's demand, what it holds the interpreter's lock; each task alike."""
    lock_share: float
    """Of a task's demand, what it holds a lock that all others want, too."""
    core_share: float
    """Of a task's demand, what it is on a core."""
    cores: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is to be expected of a pool of this size."""

    size: int
    throughput_per_second: float
    wait_p95: float
    """Seconds in the queue."""
    busy_share: float


def paces(load: SeenLoad, most: int) -> list[float]:
    """Return how fast a task gets on, 1 being alone, with 0, 1, … `most` at work."""
    made = [1.0]
    for at_work, times in enumerate(
        _responses((load.gil_share, load.lock_share), most)
    ):
        pace = 1 / (sum(times) + _rest(load.gil_share, load.lock_share))
        if load.core_share > 0:
            pace = min(pace, load.cores / ((at_work + 1) * load.core_share))
        made.append(pace)
    return made


def _rest(*shares: float) -> float:
    return max(1 - sum(shares), 0.0)


def _responses(shares: tuple[float, ...], most: int) -> list[tuple[float, ...]]:
    """Return how long a task is at each queue, waiting and served, with 1 … at work."""
    waiting, told = [0.0] * len(shares), []
    for at_work in range(1, most + 1):
        times = tuple(s * (1 + q) for s, q in zip(shares, waiting, strict=True))
        rate = at_work / (sum(times) + _rest(*shares))
        waiting = [rate * time for time in times]
        told.append(times)
    return told


def lock_share_of(waited: float, gil_share: float, at_work: int) -> float:
    """Return for what share of its own time a task holds the lock, by what it waits.

    Args:
        waited: for locks, by a task's own time.
        gil_share: of a task's own time.
        at_work: how many tasks ran at a time.
    """
    low, high = 0.0, 1 - gil_share
    if at_work < 2 or waited <= 0:
        return 0.0
    for _ in range(40):
        middle = (low + high) / 2
        times = _responses((gil_share, middle), at_work)[-1]
        low, high = (middle, high) if times[1] - middle < waited else (low, middle)
    return (low + high) / 2


def replay(load: SeenLoad, size: int) -> Forecast:
    """Return what the load would do on a pool of this size."""
    return _Replay(load, size).run()


class _Replay:
    """One run. All tasks at work get on alike, so one clock of work serves them all."""

    def __init__(self, load: SeenLoad, size: int) -> None:
        self._load, self._size = load, size
        self._paces = paces(load, size)
        self._now = self._work = 0.0
        self._busy = 0.0
        self._at_work: list[float] = []  # a heap of the work done when each will end
        self._queue: deque[tuple[float, float]] = deque()  # (arrived, demand)
        self._to_come = deque(zip(load.arrivals, load.demands, strict=False))
        if not load.arrivals:
            self._to_come = deque((0.0, demand) for demand in load.demands)
        self._waits: list[float] = []
        self._ended = 0

    def run(self) -> Forecast:
        """Run to the end of the load, and sum up."""
        closed = not self._load.arrivals
        if closed:
            for _ in range(min(self._load.population, len(self._to_come))):
                self._queue.append((0.0, self._to_come.popleft()[1]))
        self._start()
        while self._at_work or self._to_come:
            if closed and not self._to_come:
                break  # what follows would be a pool that runs empty
            ended = self._advance(closed=closed)
            if closed and ended:
                self._queue.append((self._now, self._to_come.popleft()[1]))
            self._start()
        first = self._load.arrivals[0] if self._load.arrivals else 0.0
        lasted = max(self._now - first, 1e-9)
        return Forecast(
            self._size,
            self._ended / lasted,
            _p95(self._waits),
            self._busy / (lasted * self._size),
        )

    def _advance(self, *, closed: bool) -> bool:
        """Go on to the next end or arrival; return whether a task has ended."""
        count = len(self._at_work)
        pace = self._paces[count]
        ends = math.inf
        if count:
            ends = self._now + max(self._at_work[0] - self._work, 0.0) / pace
        comes = math.inf if closed or not self._to_come else self._to_come[0][0]
        then = max(min(ends, comes), self._now)
        self._work += (then - self._now) * pace
        self._busy += (then - self._now) * count
        self._now = then
        if ends <= comes:
            heapq.heappop(self._at_work)
            self._ended += 1
            return True
        self._queue.append(self._to_come.popleft())
        return False

    def _start(self) -> None:
        while self._queue and len(self._at_work) < self._size:
            arrived, demand = self._queue.popleft()
            self._waits.append(self._now - arrived)
            heapq.heappush(self._at_work, self._work + demand)


def _p95(waits: Sequence[float]) -> float:
    """Return it by nearest rank; NaN where nothing began."""
    if not waits:
        return math.nan
    return float(np.percentile(waits, 95, method="inverted_cdf"))


def best_size(forecasts: Sequence[Forecast], within: float = 0.03) -> int:
    """Return the least size whose throughput is within so much of the best."""
    most = max(one.throughput_per_second for one in forecasts)
    enough = (
        one.size
        for one in forecasts
        if one.throughput_per_second >= most * (1 - within)
    )
    return min(enough)
