"""Submits demo tasks to a pool over time, from the thread "load".

`start`, `stop` and `header` may be called from any thread. The counters are written by
the load's own thread only. The tasks depend on the seed alone, not on when they come.
A load that the pool or the processor cannot follow does not pile up without bound: what
it left out is counted as held back.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, Protocol

from pool_gui.demo.schedule import Arrivals
from pool_gui.demo.tasks import Maker
from pool_gui.pool import PoolStateError, Task
from pool_gui.wire.commands import Submit
from pool_gui.wire.messages import Load as LoadTold

DEPTH_LIMIT: Final = 100_000
"""With so many tasks in the queue, arrivals are held back."""

CATCH_UP_SECONDS: Final = 1.0
"""After a standstill, the arrivals of so much time are made up for; no more."""

CHUNK: Final = 1000
"""Tasks put at once; between two chunks a load can be stopped."""

MIN_WAIT_SECONDS: Final = 0.001
"""Arrivals that are closer together come in groups."""

JOIN_SECONDS: Final = 1.0


class Target(Protocol):
    """The pool as a load sees it."""

    def batch_put(self, items: Sequence[Task], /) -> object:
        """Put tasks; raises PoolStateError when the pool takes no more."""

    def depth(self) -> int:
        """Return how many tasks are queued."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a load submits."""

    told: Submit | None
    """What frames say of it; None: nothing, for it is a batch."""
    maker: Maker
    arrivals: Arrivals
    count: int
    """How many tasks in all; 0 means without end."""
    seed: int
    depth_limit: int | None = DEPTH_LIMIT
    """None: never hold back."""


class RunningLoad:
    """One plan being carried out."""

    def __init__(
        self,
        plan: Plan,
        target: Target,
        *,
        clock: Callable[[], float] = time.perf_counter,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        """Make a load; `start` begins it.

        Args:
            plan: what to submit.
            target: where to.
            clock: seconds, monotonic.
            wait: waits so many seconds; true when the load was stopped meanwhile.
        """
        self._plan = plan
        self._target = target
        self._clock = clock
        self._stopping = threading.Event()
        self._wait = wait or self._stopping.wait
        self._random = Random(plan.seed)  # noqa: S311  # repeatable, no secret
        self._submitted = 0
        self._held_back = 0
        self._over = False
        self._thread = threading.Thread(target=self.run, name="load", daemon=True)

    @property
    def submitted(self) -> int:
        """How many tasks it has put so far."""
        return self._submitted

    @property
    def remaining(self) -> int:
        """How many tasks it is still to put; 0 for one without end."""
        return max(self._plan.count - self._submitted, 0)

    @property
    def over(self) -> bool:
        """Whether it submits nothing more."""
        return self._over

    def header(self) -> LoadTold | None:
        """Return what frames say of it; None when it is over, or a batch."""
        plan, submitted = self._plan, self._submitted
        if self._over or plan.told is None:
            return None
        return LoadTold(
            demo=plan.told.demo,
            arrival=str(plan.told.arrival),
            rate_per_second=plan.told.rate_per_second,
            in_flight=plan.told.in_flight,
            submitted=submitted,
            remaining=plan.count - submitted if plan.count else None,
            held_back=self._held_back,
        )

    def start(self) -> None:
        """Begin to submit."""
        self._thread.start()

    def stop(self) -> None:
        """Submit no more; returns once the load's thread has seen it (at most 1 s)."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(JOIN_SECONDS)

    def run(self) -> None:
        """Submit until all is done, the load is stopped, or the pool takes no more."""
        last, asked_seconds = self._clock(), 0.0
        try:
            while True:
                now = self._clock()
                if not self._advance(now - last, asked_seconds):
                    break
                last = now
                passed = self._clock() - now
                asked_seconds = self._plan.arrivals.next_seconds()
                if self._wait(max(MIN_WAIT_SECONDS, asked_seconds - passed)):
                    break
        except PoolStateError:
            return  # the pool is draining or stopped: its tasks were not wanted
        finally:
            self._over = True

    def _advance(self, elapsed: float, asked_seconds: float) -> bool:
        """Submit what arrived in the elapsed time; false when nothing is to come.

        Args:
            elapsed: seconds since the last call.
            asked_seconds: how many of them were waited for on purpose.
        """
        arrivals = self._plan.arrivals
        lost = max(0.0, elapsed - asked_seconds - CATCH_UP_SECONDS)
        self._held_back += int(lost * arrivals.rate_per_second)
        due = arrivals.advance(elapsed - lost)
        while due > 0 and not self._is_done():
            chunk = self._next_chunk(due)
            if chunk == 0:
                self._held_back += due
                break
            make, random = self._plan.maker, self._random
            self._target.batch_put([make(random) for _ in range(chunk)])
            self._submitted += chunk
            due -= chunk
        return not self._is_done()

    def _next_chunk(self, due: int) -> int:
        chunk = min(due, CHUNK)
        if self._plan.count:
            chunk = min(chunk, self._plan.count - self._submitted)
        if self._plan.depth_limit is not None:
            chunk = min(chunk, max(0, self._plan.depth_limit - self._target.depth()))
        return chunk

    def _is_done(self) -> bool:
        complete = 0 < self._plan.count <= self._submitted
        return complete or self._stopping.is_set()
