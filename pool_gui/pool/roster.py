"""The roster of a pool and its state: one frozen record, replaced in one atomic step.

Whoever reads it needs no lock, and sees numbers and workers that belong together: each
worker either among the living or in what the gone ones left, never in both. Whoever
changes it makes a new record from the latest one and enters it as that one's successor
by `dict.setdefault`, which only one caller gets done; the others begin anew with what
that one has made. So no change is lost, whatever thread, signal handler or finalizer
comes in between.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pool_gui.pool.counters import RunCounts
from pool_gui.pool.errors import PoolStateError
from pool_gui.pool.states import LEGAL_MOVES, PoolState

if TYPE_CHECKING:
    from collections.abc import Callable

    from pool_gui.pool.worker import ProcessThread


_NO_RUNS = RunCounts()


@dataclass(frozen=True, slots=True, eq=False)
class Roster:
    """Where a pool is at one moment, who is there, and how many are to be."""

    state: PoolState = PoolState.NEW
    """DRAINING becomes STOPPED with the last worker, see `PoolCore.state`."""
    size: int = 0
    """How many workers are wanted now."""
    floor: int = 0
    """How many stay however idle they are."""
    ceiling: int = 0
    """How many there are at most; `floor` and `size` in a fixed pool."""
    living: tuple[ProcessThread, ...] = ()
    """Those that have not left, oldest first."""
    wanted: frozenset[int] = frozenset()
    """The ids of those among them that were not told to go."""
    retired: RunCounts = _NO_RUNS
    """What those had done that have left."""
    peak: int = 0
    """Most workers at once."""
    peak_queued: int = 0
    """Most tasks seen in the queue, by those that have left and at other moments."""
    successor: dict[str, Roster] = field(default_factory=dict, init=False)

    @property
    def is_elastic(self) -> bool:
        """Whether the number of workers follows the demand."""
        return self.floor < self.ceiling

    @property
    def may_grow(self) -> bool:
        """Whether a task that finds no worker idle is to bring another."""
        return self.is_elastic and self.size < self.ceiling

    def moved(self, to: PoolState, name: str) -> Roster:
        """Return the roster in another state.

        Raises:
            PoolStateError: that is no legal move.
        """
        if self.state is to:
            return self
        if to not in LEGAL_MOVES[self.state]:
            raise PoolStateError(
                f"Pool {name!r} is {self.state.value} and cannot become {to.value}."
            )
        return replace(self, state=to)

    def with_one(self, worker: ProcessThread, *, is_more: bool) -> Roster:
        """Return the roster with a worker that is about to start."""
        return replace(
            self,
            size=self.size + is_more,
            living=(*self.living, worker),
            wanted=self.wanted | {id(worker)},
        )

    def with_one_if_room(self, worker: ProcessThread, *, is_more: bool) -> Roster:
        """Return the same, if the pool is not at its ceiling.

        A worker that was about to go for being idle may stay at any moment, without the
        lifecycle lock (`larger`): who hires on demand cannot know better than this.
        """
        room = self.size < self.ceiling
        return self.with_one(worker, is_more=is_more) if room else self

    def without(self, worker: ProcessThread, *, counts: bool) -> Roster:
        """Return the roster without a worker, whose counts are kept or not."""
        if worker not in self.living:
            return self
        record = worker.record
        return replace(
            self,
            living=tuple(one for one in self.living if one is not worker),
            wanted=self.wanted - {id(worker)},
            retired=self.retired.plus([record]) if counts else self.retired,
            peak_queued=max(self.peak_queued, record.peak_queued),
        )

    def smaller(self, worker: ProcessThread) -> Roster:
        """Return the roster with one less wanted, if this one may go for being idle."""
        if id(worker) not in self.wanted or self.size <= self.floor:
            return self
        return replace(self, size=self.size - 1)

    def larger(self) -> Roster:
        """Return the roster with one more wanted, if it is not at its ceiling."""
        return self if self.size >= self.ceiling else replace(self, size=self.size + 1)

    def with_less(self, worker: ProcessThread, *, for_good: bool) -> Roster:
        """Return the roster with a worker no longer wanted, and that much smaller.

        Args:
            worker: who is to go.
            for_good: whether the pool stays so much smaller, unless it grows on demand.
        """
        if id(worker) not in self.wanted:
            return self
        size, floor, ceiling = self.size - 1, self.floor, self.ceiling
        if for_good:
            floor = min(floor, size)
            ceiling = ceiling if self.is_elastic else min(ceiling, size)
        wanted = self.wanted - {id(worker)}
        return replace(self, size=size, floor=floor, ceiling=ceiling, wanted=wanted)

    def shrunk(self, worker: ProcessThread, size: int) -> Roster:
        """Return the roster without this one wanted, if more are than `size`."""
        return self.with_less(worker, for_good=True) if self.size > size else self

    def with_queued(self, depth: int) -> Roster:
        """Return the roster that knows of so many queued tasks."""
        if depth <= self.peak_queued:
            return self
        return replace(self, peak_queued=depth)

    def unwanted(self, worker: ProcessThread) -> Roster:
        """Return the roster with a worker no longer wanted, its size as it was."""
        return replace(self, wanted=self.wanted - {id(worker)})


class Rosters:
    """The latest roster of a pool. Any thread may call anything.

    Attributes:
        may_grow: what the latest roster says; for the hot path.
        on_change: called after each change, by who has made it.
    """

    __slots__ = ("__weakref__", "_near", "may_grow", "on_change")

    def __init__(self) -> None:
        self._near = Roster()  # the latest, or one that leads there
        self.may_grow = False
        self.on_change: Callable[[], object] = int

    def latest(self) -> Roster:
        """Return the roster as it is now."""
        roster = self._near
        while roster.successor:
            roster = roster.successor["roster"]
        return roster

    def change(self, make: Callable[[Roster], Roster]) -> bool:
        """Replace the latest roster by what `make` returns, which may be asked again.

        Returns:
            False if it returned the same one, so that nothing has changed.
        """
        while True:
            old = self.latest()
            new = make(old)
            if new is old:
                return False
            if old.successor.setdefault("roster", new) is new:
                break
        self._near = new
        # Until nothing has changed meanwhile: who stores last has looked afterwards.
        while True:
            latest = self.latest()
            self.may_grow = latest.may_grow
            if latest is self.latest():
                break
        self.on_change()
        return True
