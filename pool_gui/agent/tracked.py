"""What the agent remembers of each pool and worker that it tells about.

Used by the agent thread alone (`TrackedPool.released` is set from others). Numbers are
serial and never used again. A worker is forgotten when its last row has been told, a
pool when it was released and told to its end: nothing grows with the process's age.
"""

import struct
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from pool_gui.agent.adapters.base import PoolReading, Span, WatchedPool, WatchedWorker
from pool_gui.agent.names import NewNames
from pool_gui.agent.spans import take
from pool_gui.wire.codec import clip_name
from pool_gui.wire.messages import Pool
from pool_gui.wire.protocol import WORKER_COLUMNS, WorkerCode

_STILL_NS: Final = 500_000_000
"""So long no task may have begun before stacks are looked at, and between two looks."""

_pack_row: Final = struct.Struct(f"<{WORKER_COLUMNS}q").pack


class TrackedWorker:
    """One worker, its latest reading, and spans taken from it for a later frame."""

    def __init__(self, number: int, watched: WatchedWorker) -> None:
        self.number = number
        self.watched = watched
        self.named = False
        self.listed = True
        """Whether the pool still knows it."""
        self.reading = watched.read()
        self._carried: deque[Span] = deque()  # never more than one frame's budget

    @property
    def gone(self) -> bool:
        """Whether it has ended and will write nothing more."""
        return self.reading.code is WorkerCode.GONE or not self.listed

    def held(self) -> int:
        """Return how many of its spans no frame has told yet."""
        return len(self._carried) + len(self.watched.spans)

    def take(self, most: int) -> list[Span]:
        """Take up to `most` spans, oldest first."""
        carried = self._carried
        spans = [carried.popleft() for _ in range(min(most, len(carried)))]
        return spans + take(self.watched.spans, most - len(spans))

    def put_back(self, spans: list[Span], first: int) -> None:
        """Move spans from index `first` on back to the front of what is held."""
        self._carried.extendleft(reversed(spans[first:]))
        del spans[first:]

    def row(self, pool_number: int, function_id: Callable[[object], int]) -> bytes:
        """Return its row as bytes; `function_id` names what it runs."""
        reading = self.reading
        function = reading.function
        return _pack_row(
            pool_number,
            self.number,
            reading.native_id,
            WorkerCode.GONE if self.gone else reading.code,
            reading.started,
            reading.done,
            reading.failed,
            reading.busy_ns,
            reading.task,
            0 if function is None else function_id(function),
            min(reading.queued_ns, reading.since_ns),
            reading.since_ns,
        )


class TrackedPool:
    """One pool, its latest reading, and its workers."""

    def __init__(self, number: int, watched: WatchedPool, mask: int) -> None:
        self.number = number
        self.watched = watched
        self.reading = watched.read()
        self.told: PoolReading | None = None
        """What the last frame said."""
        self.workers: dict[WatchedWorker, TrackedWorker] = {}
        self.released = False
        # What finished before the agent came is none of its loss.
        self._finished_before = _finished(self.reading)
        self._ended: set[WatchedWorker] = set()  # told to the end, but still listed
        self._mask = mask
        self._started = -1
        self._still_from_ns = 0
        self._stuck: list[tuple[int, int, int]] = []
        watched.watch(mask)

    def set_mask(self, mask: int) -> None:
        """Let its workers record by this mask."""
        if mask != self._mask:
            self._mask = mask
            self.watched.watch(mask)

    def refresh(self, numbers: Iterator[int]) -> list[TrackedWorker]:
        """Read the pool and all its workers; return the workers that are new."""
        # Read first: what finished by now has its span in a deque by now.
        self.reading = self.watched.read()
        listed = dict.fromkeys(self.watched.workers())
        self._ended &= listed.keys()
        met = [
            TrackedWorker(next(numbers), watched)
            for watched in listed
            if watched not in self.workers and watched not in self._ended
        ]
        for worker in met:
            self.workers[worker.watched] = worker
        for watched, worker in self.workers.items():
            worker.listed = watched in listed
            worker.reading = watched.read()
        return met

    def look_for_stuck(self, now_ns: int) -> list[tuple[int, int, int]]:
        """Return which workers will never go on, as `Frame.stuck` tells it.

        Looked for where all workers have been busy and none has begun a task for a
        while, and then twice a second.
        """
        reading = self.reading
        living = [w for w in self.workers.values() if not w.gone]
        busy = all(w.reading.code is not WorkerCode.IDLE for w in living)
        full = reading.depth > 0 and len(living) >= max(reading.size_limit, 1)
        if reading.counts.started != self._started or not (busy and full):
            self._started, self._still_from_ns = reading.counts.started, now_ns
            self._stuck = []
        elif now_ns - self._still_from_ns >= _STILL_NS:
            self._still_from_ns = now_ns
            numbers = {w.watched: w.number for w in living if w.named}
            self._stuck = [
                (numbers[one.worker], one.task, _number_of(numbers, one.runs_it))
                for one in self.watched.stuck()
                if one.worker in numbers
            ]
        return self._stuck

    def forget(self, worker: TrackedWorker) -> None:
        """Say no more of a worker whose last row has been told."""
        del self.workers[worker.watched]
        self._ended.add(worker.watched)

    def name_workers(self, new_names: NewNames, room: int) -> int:
        """Give the frame as many of the untold names as it has room for.

        Args:
            new_names: of the frame.
            room: how many named workers there may be more.

        Returns:
            How many workers of the pool have names.
        """
        named = 0
        for worker in self.workers.values():
            if not worker.named and named < room:
                name = clip_name(worker.watched.name)
                worker.named = new_names.add(worker.number, name)
            named += worker.named
        return named

    def finished(self) -> int:
        """Return how many tasks ended since the agent watches."""
        return _finished(self.reading) - self._finished_before

    def is_over(self) -> bool:
        """Whether the pool is released and everything of it has been told."""
        return self.released and self.reading.state == "stopped" and not self.workers

    def header(self) -> Pool:
        """Return its part of a frame's header; takes the queue's peak."""
        reading = self.reading
        return Pool(
            pool=self.number,
            name=self.watched.name,
            type=self.watched.type_name,
            state=reading.state,
            size=reading.size,
            depth=reading.depth,
            peak=max(reading.depth, self.watched.take_peak()),
            limit=reading.limit,
            size_limit=reading.size_limit,
            counts=reading.counts,
            load=reading.load,
        )


def _number_of(
    numbers: Mapping[WatchedWorker, int], worker: WatchedWorker | None
) -> int:
    return 0 if worker is None else numbers.get(worker, 0)


def _finished(reading: PoolReading) -> int:
    return reading.counts.finished - reading.untold
