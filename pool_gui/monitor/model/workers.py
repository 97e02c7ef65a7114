"""What is known of each worker, over all processes that the session watches.

Session thread only. A worker has a key, which is never used twice, and a slot, which is
given to another worker once nothing of it can be seen any more. Invariant: at most
MAX_WORKERS_KEPT workers are kept; gone ones are dropped first, the oldest before.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from pool_gui.monitor.model.names import UNKNOWN
from pool_gui.monitor.view.snapshot import WorkerState
from pool_gui.wire.errors import MalformedMessageError
from pool_gui.wire.protocol import MAX_WORKER_ROWS

MAX_WORKERS_KEPT: Final = MAX_WORKER_ROWS


@dataclass(slots=True)
class Worker:
    """A worker as its last row told it; times are the session's."""

    key: int
    slot: int
    number: int
    """Its id in the process."""
    name: str
    pool: int = 0
    """The pool's key; 0 until a row told it."""
    native_id: int = 0
    state: WorkerState = WorkerState.IDLE
    done: int = 0
    failed: int = 0
    busy_ns: int = 0
    """Of its finished tasks."""
    total_busy_ns: int = 0
    """The running task's time included, when its last row was read."""
    task: int = 0
    """The task it runs, 0 when none is known to run."""
    function: int = UNKNOWN
    queued_ns: int = 0
    since_ns: int = 0
    """Since when it is idle, or runs its task."""
    wait_counted: bool = False
    """Whether the running task's wait is among the durations already."""
    live_from_ns: int | None = None
    """None until its first row or span."""
    seen: bool = False
    """Whether a row of it has come."""
    stuck: tuple[int, int] | None = None
    """The task that it waits for, and the key of the worker that runs that, 0 while it
    is queued; None unless it waits for what no worker of its pool will ever do."""
    gone_ns: int | None = None
    told_gone: bool = False
    """Its last row has come."""


class Slotted(Protocol):
    """What keeps something for each slot."""

    def reset(self, slot: int) -> None:
        """Give a slot to another worker."""


class Workers:
    """All workers that live, or that can still be seen."""

    def __init__(
        self, slotted: Sequence[Slotted], keys: Iterator[int] | None = None
    ) -> None:
        """Begin without any.

        Args:
            slotted: what is kept by slot, and told when one is given away.
            keys: to be given out.
        """
        self._slotted = slotted
        self._keys = itertools.count(1) if keys is None else keys
        self._by_number: dict[int, Worker] = {}
        self._by_slot: list[Worker | None] = []
        self._free_slots: list[int] = []
        self._living: dict[int, Worker] = {}  # by key
        self._gone: dict[int, Worker] = {}  # by key, in the order they went
        self._highest_number = 0

    @property
    def living(self) -> tuple[Worker, ...]:
        """Those that live, the oldest first."""
        return tuple(sorted(self._living.values(), key=_key))

    def __iter__(self) -> Iterator[Worker]:
        """Go through the living ones, then those that are gone; the oldest first."""
        yield from self.living
        yield from sorted(self._gone.values(), key=_key)

    def by_slot(self, slot: int) -> Worker | None:
        """Return the worker that has this slot now."""
        return self._by_slot[slot]

    @property
    def slots(self) -> int:
        """How many slots there are, free ones included."""
        return len(self._by_slot)

    def find(self, number: int) -> Worker | None:
        """Return the worker with this id; None for one that was dropped already.

        Raises:
            MalformedMessageError: it was never named.
        """
        worker = self._by_number.get(number)
        if worker is None and number > self._highest_number:
            raise MalformedMessageError(f"WORKER: id {number} was never named")
        return worker

    def check(self, told: Sequence[tuple[int, str]]) -> None:
        """Refuse an id that is told again with another name.

        Raises:
            MalformedMessageError: it says which id.
        """
        for number, name in told:
            worker = self._by_number.get(number)
            if worker is not None and worker.name != name:
                raise MalformedMessageError(
                    f"new_workers: id {number} has two different names"
                )

    def learn(self, told: Sequence[tuple[int, str]], now_ns: int) -> None:
        """Take in (id, name) pairs; until its first row a worker counts as gone.

        Raises:
            MalformedMessageError: more workers live than can be followed.
        """
        for number, name in told:
            if number in self._by_number:
                continue
            if len(self._living) + len(self._gone) >= MAX_WORKERS_KEPT:
                self._drop_oldest()
            worker = Worker(next(self._keys), self._take_slot(), number, name)
            worker.gone_ns, worker.state = now_ns, WorkerState.GONE
            self._by_slot[worker.slot] = worker
            self._by_number[number] = worker
            self._gone[worker.key] = worker
            self._highest_number = max(self._highest_number, number)

    def revive(self, worker: Worker) -> None:
        """Note that a worker lives; one that was only absent may come back."""
        if worker.gone_ns is not None:
            worker.gone_ns = None
            del self._gone[worker.key]
            self._living[worker.key] = worker

    def bury(self, worker: Worker, now_ns: int) -> None:
        """Note that a worker is gone since `now_ns`. Idempotent."""
        worker.state = WorkerState.GONE
        worker.task, worker.function = 0, UNKNOWN
        if worker.gone_ns is None:
            worker.gone_ns = now_ns
            del self._living[worker.key]
            self._gone[worker.key] = worker

    def note_stuck(self, told: Sequence[tuple[int, int, int]]) -> None:
        """Note which workers wait for what will never come, as `Frame.stuck` tells it.

        Raises:
            MalformedMessageError: one was never named.
        """
        found: dict[int, tuple[int, int]] = {}
        for number, task, by in told:
            worker, runs_it = self.find(number), self.find(by) if by else None
            if worker is not None:
                found[worker.key] = task, 0 if runs_it is None else runs_it.key
        for worker in self._living.values():
            worker.stuck = found.get(worker.key)

    def forget_ids(self) -> None:
        """Prepare for another process: its ids are new."""
        self._by_number.clear()
        self._highest_number = 0

    def drop_before(self, begin_ns: int) -> None:
        """Drop those that went before this time."""
        while self._gone:
            oldest = next(iter(self._gone.values()))
            if oldest.gone_ns is None or oldest.gone_ns >= begin_ns:
                return
            self._drop(oldest)

    def _drop_oldest(self) -> None:
        if not self._gone:
            raise MalformedMessageError(
                f"new_workers: more than {MAX_WORKERS_KEPT} workers at once"
            )
        self._drop(next(iter(self._gone.values())))

    def _drop(self, worker: Worker) -> None:
        del self._gone[worker.key]
        if self._by_number.get(worker.number) is worker:
            del self._by_number[worker.number]
        self._by_slot[worker.slot] = None
        self._free_slots.append(worker.slot)

    def _take_slot(self) -> int:
        if self._free_slots:
            slot = self._free_slots.pop()
        else:
            slot = len(self._by_slot)
            self._by_slot.append(None)
        for one in self._slotted:
            one.reset(slot)
        return slot


def _key(worker: Worker) -> int:
    return worker.key
