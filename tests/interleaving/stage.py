"""What scenes are played with: pools, threads, and waits that must be over soon.

A wait that reaches its limit has failed, and so has one that took suspiciously long:
the work of a scene is microseconds, so whatever took seconds was helped on by some
time-out. How much the machine itself is behind is measured and allowed for.
"""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from random import Random
from time import monotonic
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pool_gui import ThreadPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from interleaving.dice import Dice

T = TypeVar("T")

LIMIT_SECONDS = 8.0
"""A wait that is not over then never ends."""
PATIENCE_SECONDS = 3.0
"""A wait that takes longer was helped on by a time-out; on an idle machine."""
_BEAT_SECONDS = 0.02


class Fault(AssertionError):  # noqa: N818 - it is what the fuzzer looks for
    """The pool has broken a promise."""


class Heart:
    """Measures how far the machine is behind: a thread that wakes at fixed times."""

    def __init__(self) -> None:
        self.seconds_behind = 0.0
        self._end = threading.Event()
        self.thread = threading.Thread(target=self._beat, name="heart", daemon=True)
        self.thread.start()

    def _beat(self) -> None:
        while True:
            began = monotonic()
            if self._end.wait(_BEAT_SECONDS):
                return
            late = monotonic() - began - _BEAT_SECONDS
            # What the tracer costs is no load of the machine.
            if late > _BEAT_SECONDS:
                self.seconds_behind += late


class Actor(threading.Thread, Generic[T]):
    """A call made in a thread of its own."""

    def __init__(self, call: Callable[[], T]) -> None:
        super().__init__(daemon=True)
        self._call = call
        self.answer: T
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        """Make the call."""
        try:
            self.answer = self._call()
        except BaseException as error:  # noqa: BLE001 - raised again by who waits
            self.error = error


class Stage:
    """One run of one scene.

    Attributes:
        is_ours: whether the pools are pool_gui's; else the standard library's.
        random: for whatever a scene leaves to chance.
        dice: what switches the threads.
    """

    def __init__(self, *, is_ours: bool, name: str, dice: Dice, heart: Heart) -> None:
        self.is_ours = is_ours
        self.random = Random(f"{name}/stage")
        self.dice = dice
        self._heart = heart
        self._pools: list[Executor] = []

    def executor(self, workers: int = 2) -> Executor:
        """Return a pool of whatever kind: up to so many workers, no bounds."""
        if not self.is_ours:
            pool: Executor = ThreadPoolExecutor(workers)
            self._pools.append(pool)
            return pool
        kinds: list[Callable[[], ThreadPool]] = [
            partial(self.pool, workers),
            partial(self.pool, max_workers=workers),
            partial(self.pool, 1, max_workers=workers, keep_alive_seconds=0.0),
            partial(self.pool, workers, queue_limit=10_000),
            partial(self.pool, workers, propagate_context=True),
        ]
        # Most programs have one of the first two.
        return self.random.choices(kinds, (5, 3, 1, 1, 1))[0]()

    def pool(self, size: int = 0, **options: Any) -> ThreadPool:
        """Return a pool of ours, which the end of the scene shuts down."""
        pool = ThreadPool(size, **options)
        self._pools.append(pool)
        return pool

    def running(self, size: int = 0, **options: Any) -> ThreadPool:
        """Return a pool that was started."""
        pool = self.pool(size, **options)
        pool.start()
        return pool

    def any_of(self, *choices: T) -> T:
        """Leave it to chance."""
        return self.random.choice(choices)

    # --- waits

    @contextmanager
    def soon(self, what: str) -> Iterator[None]:
        """See that what is in the block does not take suspiciously long."""
        began, behind = monotonic(), self._heart.seconds_behind
        error: BaseException | None = None
        try:
            yield
        except BaseException as raised:
            error = raised
            raise
        finally:
            took = monotonic() - began
            allowed = PATIENCE_SECONDS + 3 * (self._heart.seconds_behind - behind)
            if took > allowed:
                raise Fault(f"{what} took {took:.1f} s") from error

    def result(self, future: Future[T]) -> T:
        """Return a future's result, which must come soon."""
        # The future's repr is not asked for: it takes locks, which hides races.
        with self.soon("a result"):
            return future.result(LIMIT_SECONDS)

    def error(self, future: Future[Any]) -> BaseException | None:
        """Return what a call raised, which must come soon."""
        with self.soon("an exception"):
            return future.exception(LIMIT_SECONDS)

    def end_of(self, future: Future[Any]) -> None:
        """Wait for a future's end, whichever it is."""
        with suppress(CancelledError):
            self.error(future)

    def results(self, futures: Iterable[Future[T]]) -> list[T]:
        """Return the results of all."""
        return [self.result(one) for one in futures]

    def await_event(self, event: threading.Event, what: str) -> None:
        """Wait for an event that must come soon."""
        with self.soon(what):
            if not event.wait(LIMIT_SECONDS):
                raise Fault(f"{what} never came")

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for what nobody announces."""
        pause, deadline = threading.Event(), monotonic() + LIMIT_SECONDS
        with self.soon(what):
            while not condition():
                if monotonic() > deadline:
                    raise Fault(f"{what} never came")
                pause.wait(0.002)

    def await_idle(self, pool: ThreadPool) -> None:
        """Wait until the pool has nothing to do, which must come soon."""
        with self.soon("wait_idle"):
            if not pool.wait_idle(LIMIT_SECONDS):
                raise Fault(f"never idle: {pool.statistics()}")

    # --- threads

    def go(self, call: Callable[[], T]) -> Actor[T]:
        """Make a call in a thread of its own."""
        return Actor(call)

    def answers(self, actors: Iterable[Actor[T]]) -> list[T]:
        """Wait for the ends of threads, which come soon; raise what they raised."""
        found = []
        with self.soon("threads of the scene"):
            for actor in actors:
                actor.join(LIMIT_SECONDS)
                if actor.is_alive():
                    raise Fault(f"a thread of the scene never ends: {actor._call}")
                if actor.error is not None:
                    raise actor.error
                found.append(actor.answer)
        return found

    def race(self, *calls: Callable[[], T]) -> list[T]:
        """Make calls at the same time, each in a thread of its own."""
        line = threading.Barrier(len(calls), timeout=LIMIT_SECONDS)

        def run(call: Callable[[], T]) -> T:
            line.wait()
            return call()

        return self.answers([self.go(partial(run, call)) for call in calls])

    def meeting(self, parties: int) -> threading.Barrier:
        """Return a barrier that nobody waits at for ever."""
        return threading.Barrier(parties, timeout=LIMIT_SECONDS)

    # --- the end

    def end(self, pool: Executor) -> None:
        """Shut a pool down, which must be over soon; see that its counts agree."""
        self.answers([self.go(pool.shutdown)])
        if pool in self._pools:
            self._pools.remove(pool)
        if isinstance(pool, ThreadPool):
            check_counts(pool)

    def clear_up(self) -> None:
        """End what the scene has left, and see that no thread is left."""
        while self._pools:
            self.end(self._pools[0])
        mine = {threading.main_thread(), self._heart.thread}
        self.until(
            lambda: {one for one in threading.enumerate() if one.is_alive()} <= mine,
            f"the end of {[one for one in threading.enumerate() if one not in mine]}",
        )


def check_counts(pool: ThreadPool) -> None:
    """See that the statistics of a pool at rest add up."""
    counts = pool.statistics()
    over = counts.done + counts.failed + counts.cancelled
    over += counts.expired + counts.dropped
    is_right = counts.submitted == over and counts.queued == counts.running == 0
    is_right = is_right and counts.started == counts.done + counts.failed
    if not is_right:
        raise Fault(f"the counts of a pool at rest do not agree: {counts}")


@dataclass(frozen=True)
class Scene:
    """Something that pools promise, with the threads that may break it."""

    name: str
    play: Callable[[Stage], None]
    for_peer: bool
    """Whether ThreadPoolExecutor can play it, too."""


SCENES: dict[str, Scene] = {}


def scene(
    *, for_peer: bool = False
) -> Callable[[Callable[[Stage], None]], Callable[[Stage], None]]:
    """Register a function as a scene."""

    def register(play: Callable[[Stage], None]) -> Callable[[Stage], None]:
        name = play.__name__
        if name in SCENES:
            raise ValueError(f"there are two scenes {name}")
        SCENES[name] = Scene(name, play, for_peer)
        return play

    return register
