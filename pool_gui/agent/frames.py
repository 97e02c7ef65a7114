"""Builds frames: what all watched pools do now, and what ended since the last frame.

`FrameBuilder.build`, `stacks` and `moved` belong to the agent thread; `watch`,
`release`, `unwatch` and `worker` to any. Invariants: no frame holds a span of a task
that it shows as running; a name is told before or with the first row that uses it; a
worker's last row (GONE) comes after all its spans; finished tasks are delivered,
dropped or held, and the dropped are counted.
"""

import itertools
import threading
import time
from collections.abc import Callable

from pool_gui.agent import stacks
from pool_gui.agent.adapters.base import SPANS_OFF, Span, WatchedPool, WatchedWorker
from pool_gui.agent.names import FunctionIds, NewNames
from pool_gui.agent.spans import (
    DEFAULT_BUDGET,
    Sampler,
    SpanGroup,
    fair_shares,
    pack,
)
from pool_gui.agent.tracebacks import errors, tracebacks
from pool_gui.agent.tracked import TrackedPool, TrackedWorker
from pool_gui.wire.messages import Frame, Stacks, Tracebacks
from pool_gui.wire.protocol import MAX_POOLS, MAX_WORKER_ROWS


class FrameBuilder:
    """Builds the frames of one agent."""

    def __init__(
        self,
        budget: int = DEFAULT_BUDGET,
        clock_ns: Callable[[], int] = time.perf_counter_ns,
        main_name: str | None = None,
    ) -> None:
        self._clock_ns = clock_ns
        self._sampler = Sampler(budget)
        self._functions = FunctionIds(main_name)
        self._lock = threading.Lock()  # guards _pools; held for list operations only
        self._pools: list[TrackedPool] = []
        self._pool_numbers = itertools.count(1)
        self._worker_numbers = itertools.count(1)
        self._by_number: dict[int, WatchedWorker] = {}
        self._finished_by_ended_pools = 0
        self._finished_last = 0
        self._sequence_last = 0
        self._delivered = 0
        self._dropped = 0
        self._pending = False
        self.tracebacks: Tracebacks | None = None
        """Where the failed tasks of the last frame raised. Agent thread only."""

    def watch(self, watched: WatchedPool) -> int:
        """Tell of this pool from the next frame on; return its id. Any thread."""
        pool = TrackedPool(next(self._pool_numbers), watched, self._sampler.mask)
        with self._lock:
            self._pools.append(pool)
        return pool.number

    def set_budget(self, spans: int) -> None:
        """Let a frame tell up to so many spans. Agent thread only."""
        self._sampler.budget = spans

    def release(self, watched: WatchedPool) -> None:
        """Tell of this pool only until it has stopped and all is told. Any thread."""
        for pool in self._watched():
            if pool.watched is watched:
                pool.released = True

    def unwatch(self) -> None:
        """Let no pool record spans any more; the last call. Any thread."""
        for pool in self._watched():
            pool.set_mask(SPANS_OFF)

    def worker(self, number: int) -> WatchedWorker | None:
        """Return the worker with this id; None when there is none. Any thread."""
        return self._by_number.get(number)

    def stacks(self) -> Stacks:
        """Return where in their code the workers are that frames have named."""
        idents = {
            worker.watched.ident: worker.number
            for pool in self._watched()
            for worker in pool.workers.values()
            if worker.named and not worker.gone
        }
        return stacks.collect(idents, self._clock_ns())

    def moved(self) -> bool:
        """Return whether the next frame would say something new."""
        return self._pending or any(
            pool.told != pool.watched.read() for pool in self._watched()
        )

    @property
    def pending(self) -> bool:
        """Whether something is held that no frame has told yet."""
        return self._pending

    def build(
        self, sequence: int, agent_cpu_ns: int, late_ns: int = 0
    ) -> tuple[Frame, bytes]:
        """Return the next frame's header and body.

        Args:
            sequence: counts the frames that were due.
            agent_cpu_ns: CPU time of the agent's threads since its start.
            late_ns: as `Frame` tells it.
        """
        # Of more than can be told, those that came later wait until some are over.
        pools = self._watched()[:MAX_POOLS]
        new_functions = self._functions.begin_frame()
        new_workers = NewNames()
        # Further ones have to wait until some are gone.
        room = MAX_WORKER_ROWS
        for pool in pools:
            room -= self._refresh(pool, new_workers, room)
        rows: list[bytes] = []
        living = sum(self._add_rows(pool, rows) for pool in pools)
        now_ns = self._clock_ns()
        groups, spans = self._take_spans(pools)
        ended = sum(self._add_last_rows(pool, rows) for pool in pools)
        header = Frame(
            sequence=sequence,
            now_ns=now_ns,
            pools=[pool.header() for pool in pools],
            new_workers=new_workers.told,
            new_functions=new_functions.told,
            errors=errors(groups),
            workers=living + ended,
            spans=sum(len(group.spans) for group in groups),
            span_stride=self._sampler.told_stride,
            spans_dropped=self._account(pools, sequence, now_ns),
            agent_cpu_ns=agent_cpu_ns,
            late_ns=late_ns,
            stuck=[number for pool in pools for number in pool.look_for_stuck(now_ns)],
        )
        self.tracebacks = tracebacks(groups)
        self._finish(pools)
        return header, b"".join(rows) + spans

    def _watched(self) -> list[TrackedPool]:
        with self._lock:
            return self._pools.copy()

    def _refresh(self, pool: TrackedPool, new_workers: NewNames, room: int) -> int:
        for worker in pool.refresh(self._worker_numbers):
            self._by_number[worker.number] = worker.watched
        return pool.name_workers(new_workers, room)

    def _add_rows(self, pool: TrackedPool, rows: list[bytes]) -> int:
        told = [w for w in pool.workers.values() if w.named and not w.gone]
        rows.extend(worker.row(pool.number, self._functions.of) for worker in told)
        return len(told)

    def _add_last_rows(self, pool: TrackedPool, rows: list[bytes]) -> int:
        """Tell GONE of workers whose every span is in this frame or an earlier one."""
        told = [
            worker
            for worker in pool.workers.values()
            if worker.named and worker.gone and not worker.held()
        ]
        for worker in told:
            rows.append(worker.row(pool.number, self._functions.of))
            pool.forget(worker)
            del self._by_number[worker.number]
        return len(told)

    def _take_spans(self, pools: list[TrackedPool]) -> tuple[list[SpanGroup], bytes]:
        named = [
            (pool, worker)
            for pool in pools
            for worker in pool.workers.values()
            if worker.named
        ]
        held = [worker.held() for _, worker in named]
        functions: dict[int, int] = {}
        groups: list[SpanGroup] = []
        for (pool, worker), share in zip(
            named, fair_shares(held, self._sampler.budget), strict=True
        ):
            spans = worker.take(share)
            _carry_later(worker, spans)
            self._name_functions(worker, spans, functions)
            if spans:
                groups.append(SpanGroup(pool.number, worker.number, spans))
                self._delivered += len(spans)
        return groups, pack(groups, functions)

    def _name_functions(
        self, worker: TrackedWorker, spans: list[Span], functions: dict[int, int]
    ) -> None:
        """Give the spans' functions their ids; carry over what cannot be named yet.

        `functions` goes by id(), which is sound since the spans keep them alive.
        """
        unnamed = False
        for key, function in {id(span[1]): span[1] for span in spans}.items():
            if not functions.get(key):
                functions[key] = self._functions.of(function)
                unnamed = unnamed or not functions[key]
        if unnamed:
            named = [functions[id(span[1])] > 0 for span in spans]
            worker.put_back(spans, named.index(False))

    def _account(self, pools: list[TrackedPool], sequence: int, now_ns: int) -> int:
        """Update stride and backlog; return how many finished tasks are lost so far.

        The finished were read before the deques: a task that ends in between may be in
        a deque and not among them, never the other way round. So the loss is never
        overstated, and exact when nothing moves.
        """
        workers = [w for pool in pools for w in pool.workers.values()]
        finished = self._finished_by_ended_pools + sum(p.finished() for p in pools)
        due = max(1, sequence - self._sequence_last)
        per_frame = (finished - self._finished_last) / due
        self._finished_last, self._sequence_last = finished, sequence
        held = sum(worker.held() for worker in workers)
        self._sampler.update(per_frame, held, now_ns)
        if held > self._sampler.backlog_limit:
            _trim(workers, self._sampler.backlog_limit)
            held = sum(worker.held() for worker in workers)
        self._pending = held > 0 or not all(worker.named for worker in workers)
        self._dropped = max(self._dropped, finished - self._delivered - held)
        return self._dropped

    def _finish(self, pools: list[TrackedPool]) -> None:
        for pool in pools:
            pool.set_mask(self._sampler.mask)
            pool.told = pool.reading
            if pool.is_over():
                self._finished_by_ended_pools += pool.finished()
                with self._lock:
                    self._pools.remove(pool)


def _carry_later(worker: TrackedWorker, spans: list[Span]) -> None:
    """Leave for the next frame what ended after the worker's row was read."""
    since_ns = worker.reading.since_ns
    first = len(spans)
    while first and spans[first - 1][4] > since_ns:
        first -= 1
    if first < len(spans):
        worker.put_back(spans, first)


def _trim(workers: list[TrackedWorker], limit: int) -> None:
    """Drop the oldest of what is held, so that details are never seconds old."""
    held = [worker.held() for worker in workers]
    for worker, have, keep in zip(workers, held, fair_shares(held, limit), strict=True):
        worker.take(have - keep)
