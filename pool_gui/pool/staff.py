"""How many workers a pool has: hired, dismissed, resized, grown on demand.

Any thread may call anything, and so may a running task. The lifecycle lock, under which
threads are started, is never held while a task runs or while a thread's end is waited
for; who asks for growth does not wait for it.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from pool_gui.pool import values
from pool_gui.pool.errors import PoolStateError, WorkerStartError
from pool_gui.pool.executor import ExecutorIntake
from pool_gui.pool.states import LEGAL_MOVES, PoolState
from pool_gui.pool.watchers import FOREVER

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable

    from pool_gui.pool.worker import ProcessThread


class StaffedIntake(ExecutorIntake):
    """An entrance with workers behind it."""

    _is_self_started = False
    _keep_alive_seconds: float | None = None

    @abstractmethod
    def start(self) -> None:
        """Start the workers."""

    @property
    def span_mask(self) -> int:
        """Which tasks leave a span in their worker's record; see `WorkerRecord`."""
        return self._crew.span_mask

    @property
    def departed(self) -> deque[ProcessThread]:
        """The workers that ended lately, at most 256, oldest first."""
        return self._crew.departed

    @property
    def keep_alive_seconds(self) -> float | None:
        """How long workers above the floor stay idle; None: for ever. May be set.

        Raises:
            ValueError: it is negative.
        """
        return self._keep_alive_seconds

    @keep_alive_seconds.setter
    def keep_alive_seconds(self, seconds: float | None) -> None:
        if seconds is not None and not seconds >= 0:
            raise ValueError(
                f"keep_alive_seconds must not be negative, and {seconds} is."
            )
        self._keep_alive_seconds = seconds
        self._crew.set_idle_limit(FOREVER if seconds is None else seconds)

    def size(self) -> int:
        """Return how many workers are wanted."""
        return self._crew.size

    def workers(self) -> tuple[ProcessThread, ...]:
        """Return the workers that have not ended, oldest first."""
        return self._crew.living()

    def watch(self, mask: int) -> None:
        """Let tasks leave spans by this mask; see `WorkerRecord.span_mask`."""
        self._crew.watch(mask)

    def resize(self, size: int, max_workers: int | None = None) -> None:
        """Have `size` workers: start more, or dismiss idle ones first.

        With `max_workers`, have at least `size` and, on demand, up to `max_workers`.
        With 0 workers in a fixed pool, tasks wait until it grows again.

        Raises:
            PoolStateError: the pool is closed.
            TypeError: a number is no whole number.
            ValueError: one is negative, or `max_workers` is less than `size`.
            WorkerStartError: the system refused a thread; the size is as before.
        """
        floor = values.count(size, "size")
        ceiling = floor if max_workers is None else _ceiling(floor, max_workers)
        with self._life:
            self._require_open("its size cannot change")
            crew = self._crew
            before = crew.floor, crew.ceiling
            self._set_bounds(floor, ceiling)
            if self._state is PoolState.NEW:
                crew.size = floor
            elif crew.size > ceiling:
                crew.shrink(ceiling)
            else:
                try:
                    crew.hire(max(0, floor - crew.size))
                    if self._state is PoolState.RUNNING:
                        self._catch_up()
                except WorkerStartError:
                    self._set_bounds(*before)
                    raise
            crew.set_idle_limit(crew.idle_limit_seconds)  # a lower floor lets them go

    def dismiss(self, count: int = 1) -> tuple[ProcessThread, ...]:
        """Tell up to `count` workers to go, idle ones first; return those told.

        A busy one finishes its task. The pool is that much smaller from now on, unless
        it grows on demand.

        Raises:
            PoolStateError: the pool is closed.
            TypeError: `count` is no whole number.
            ValueError: `count` is negative.
        """
        wanted = values.count(count, "count")
        with self._life:
            self._require_open("its workers end by themselves")
            if self._state is PoolState.NEW:
                smaller = max(0, self._crew.size - wanted)
                self._crew.size = smaller
                is_fixed = not self._is_elastic
                self._set_bounds(smaller, smaller if is_fixed else self._crew.ceiling)
                return ()
            return self._crew.dismiss(wanted)

    def dismiss_worker(self, worker: ProcessThread) -> tuple[ProcessThread, ...]:
        """Tell this worker to go; return it, or nothing if it was told before.

        Raises:
            PoolStateError: the pool is closed.
        """
        with self._life:
            self._require_open("its workers end by themselves")
            return (worker,) if self._crew.dismiss_one(worker) else ()

    def _bring_one_worker(self) -> None:
        """Start a new pool, or hire the first worker of an elastic one that runs.

        Raises:
            WorkerStartError: the system refused a thread.
        """
        self._do_soon(self._begin_with_a_worker)

    def _start_by_itself(self) -> None:
        self._do_soon(self._begin)

    def _do_soon(self, act: Callable[[], object]) -> None:
        if not self._life.try_enter():
            # Somebody is at it, perhaps the caller, interrupted by a finalizer.
            self._life.wish(act)
            return
        try:
            act()
        finally:
            self._life.leave()

    def _begin(self) -> None:
        if self._state is PoolState.NEW:
            self.start()
            self._is_self_started = True

    def _begin_with_a_worker(self) -> None:
        self._begin()
        is_empty = self._is_elastic and not self._crew.size
        if is_empty and self._state is PoolState.RUNNING:
            self._crew.grow()

    def demand_rose(self) -> None:
        """Hear from a worker that tasks are queued and nobody waits; grow if meant."""
        if self._is_elastic:
            self._grow()

    def _grow(self) -> None:
        """Hire a worker for a task that found none idle, if there may be more.

        A failure is logged, since there are others; see `_bring_one_worker`.
        """
        crew = self._crew
        if crew.size < crew.ceiling and self._state is PoolState.RUNNING:
            self._life.wish(self._meet_demand)

    def _meet_demand(self) -> None:
        queue, crew = self.task_queue, self._crew
        is_wanted = queue.size() and not queue.waiters
        if is_wanted and self._state is PoolState.RUNNING:
            crew.grow()

    def _catch_up(self) -> None:
        """Hire as many workers as what was queued without any demand asks for."""
        if self._is_elastic:
            crew, queue = self._crew, self.task_queue
            missing = queue.size() - (crew.size - crew.busy())
            crew.hire(max(0, min(missing, crew.ceiling - crew.size)))

    def _set_bounds(self, floor: int, ceiling: int) -> None:
        self._crew.set_bounds(floor, ceiling)
        self._is_elastic = self._crew.is_elastic

    def _require_open(self, consequence: str) -> None:
        if self._is_closed:
            raise PoolStateError(
                f"Pool {self.name!r} is {self.state.value}; {consequence}."
            )

    def _move(self, to: PoolState) -> None:
        while True:
            # A signal handler in the midst of this may move it, too.
            state = self._state
            if state is to:
                return
            if to not in LEGAL_MOVES[state]:
                raise PoolStateError(
                    f"Pool {self.name!r} is {state.value} and cannot become {to.value}."
                )
            self._state = to if self._state is state else self._state  # one step


def bounds(size: int, max_workers: int | None) -> tuple[int, int]:
    """Return between what the number of workers is to move.

    Raises:
        TypeError: a number is no whole number.
        ValueError: one is negative, or `max_workers` is 0 or less than `size`.
    """
    floor = values.count(size, "size")
    if max_workers is not None:
        return floor, _ceiling(floor, max_workers)
    floor = floor or 2 * _cores()
    return floor, floor


def _ceiling(floor: int, max_workers: int) -> int:
    if max_workers <= 0:
        raise ValueError("max_workers must be greater than 0")
    ceiling = values.count(max_workers, "max_workers")
    if ceiling < floor:
        raise ValueError(f"max_workers is {ceiling}, and size is already {floor}.")
    return ceiling


def _cores() -> int:
    # Imported here, so that importing pool_gui stays light.
    import psutil  # noqa: PLC0415

    return psutil.cpu_count() or 1
