"""The limit holds whatever comes in the middle of a put, and every task is counted."""

import contextlib
import gc
import signal
import sys
from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest
from bounded_support import WAYS, Caller, ending, intrude
from pool_support import DEADLINE_SECONDS

from pool_gui.pool import (
    QueueFullError,
    Task,
    TaskDroppedError,
    ThreadPool,
    WhenFull,
    clearing,
)
from pool_gui.pool.backlog import Backlog
from pool_gui.pool.queue import backlog_of
from pool_gui.pool.waiting import Deadline, ParkingLot

PRODUCERS = 8
TASKS_EACH = 250
LIMIT = 5

Interrupting = Callable[[Callable[[], object]], None]


class Hammer:
    """Many threads that add tasks in all ways, each task looking at the depth."""

    def __init__(self, pool: ThreadPool) -> None:
        self.pool = pool
        self.depths: list[int] = []
        self.ran: list[int] = []
        self.dropped: list[int] = []
        self.rejected: list[int] = []

    def task(self, number: int) -> Callable[[], object]:
        def run() -> None:
            self.depths.append(self.pool.task_queue.size())
            self.ran.append(number)

        return run

    def produce(self, first: int) -> None:
        ways = list(WAYS.values())
        results = []
        for number in range(first, first + TASKS_EACH):
            way = ways[number % len(ways)]
            try:
                results.append((number, way(self.pool, self.task(number))))
            except QueueFullError:
                self.rejected.append(number)
        for number, result in results:
            try:
                result()
            except TaskDroppedError:
                self.dropped.append(number)

    def strike(self) -> None:
        producers = [
            Caller(self.produce, number * TASKS_EACH) for number in range(PRODUCERS)
        ]
        for producer in producers:
            producer.result()


@pytest.fixture
def _hasty() -> Iterator[None]:
    """Have the interpreter change threads as often as it can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_hasty")
@pytest.mark.parametrize("when_full", WhenFull)
def test_many_producers_never_exceed_the_limit_and_each_task_is_counted_once(
    when_full: WhenFull,
) -> None:
    with ending(ThreadPool(3, queue_limit=LIMIT, when_full=when_full)) as pool:
        pool.start()
        hammer = Hammer(pool)
        hammer.strike()
        assert pool.join(DEADLINE_SECONDS)
        found = pool.statistics()
        assert max(hammer.depths) <= LIMIT
        assert found.peak_queued <= LIMIT
        fates = hammer.ran + hammer.dropped + hammer.rejected
        assert sorted(fates) == list(range(PRODUCERS * TASKS_EACH))
        assert found.done == len(hammer.ran)
        assert found.dropped == len(hammer.dropped)
        assert found.rejected == len(hammer.rejected)
        assert found.submitted == found.done + found.dropped


@pytest.mark.usefixtures("_hasty")
def test_batches_and_single_puts_never_exceed_the_limit_together() -> None:
    depths: list[int] = []

    def look() -> None:
        depths.append(pool.task_queue.size())

    def produce(count: int) -> None:
        for _ in range(60):
            pool.batch_put(Task(look) for _ in range(count))

    with ending(ThreadPool(2, queue_limit=LIMIT)) as pool:
        pool.start()
        producers = [Caller(produce, number % LIMIT + 1) for number in range(8)]
        for producer in producers:
            producer.result()
        assert pool.join(DEADLINE_SECONDS)
        assert max(depths) <= LIMIT
        assert pool.statistics().peak_queued <= LIMIT
        assert pool.statistics().done == len(depths) == 60 * (15 + 6)


@pytest.fixture(params=["signal handler", "finalizer"])
def interrupting(request: pytest.FixtureRequest) -> Iterator[Interrupting]:
    """Return what calls something as a signal handler or a finalizer does."""
    before = signal.getsignal(signal.SIGINT)

    def by_signal(act: Callable[[], object]) -> None:
        signal.signal(signal.SIGINT, lambda *_: act())
        signal.raise_signal(signal.SIGINT)

    def by_finalizer(act: Callable[[], object]) -> None:
        class Node:
            def __init__(self) -> None:
                self.me = self

            def __del__(self) -> None:
                act()

        Node()
        gc.collect()

    yield by_signal if request.param == "signal handler" else by_finalizer
    signal.signal(signal.SIGINT, before)


OTHERS = [when_full for when_full in WhenFull if when_full is not WhenFull.WAIT]


@pytest.mark.parametrize("call", ["put", "submit", "batch_put"])
@pytest.mark.parametrize("when_full", OTHERS)
def test_a_put_in_the_middle_of_a_put_does_not_exceed_the_limit(
    interrupting: Interrupting, when_full: WhenFull, call: str
) -> None:
    refused: list[BaseException] = []

    def act() -> None:
        try:
            WAYS[call](pool, int)
        except QueueFullError as error:
            refused.append(error)

    with ending(ThreadPool(1, queue_limit=2, when_full=when_full)) as pool:
        pool.start()
        pool.pause()
        pool.put(Task(int))
        intrude(pool, lambda: interrupting(act))
        outer = Task(int)
        WAYS[call](pool, outer.callable)
        assert pool.task_queue.size() == 2
        assert pool.statistics().peak_queued == 2
        assert pool.join(DEADLINE_SECONDS)
        found = pool.statistics()
        fates = found.done + found.dropped + found.rejected
        assert (fates, len(refused)) == (3, found.rejected)
        assert found.done == (3 if when_full is WhenFull.RUN_IN_CALLER else 2)


def test_a_put_in_the_middle_of_a_put_gets_in_where_there_is_room(
    interrupting: Interrupting,
) -> None:
    inner, outer = Task(int), Task(int)
    with ending(ThreadPool(1, queue_limit=2)) as pool:
        intrude(pool, lambda: interrupting(lambda: pool.put(inner)))
        pool.put(outer)
        assert pool.clear() == [inner, outer]
        assert pool.statistics().peak_queued == 2


@pytest.mark.parametrize("close", [ThreadPool.drain, ThreadPool.stop])
def test_an_end_in_the_middle_of_a_put_leaves_no_task_undecided(
    interrupting: Interrupting, close: Callable[[ThreadPool], object]
) -> None:
    task = Task(int)
    with ending(ThreadPool(1, queue_limit=2)) as pool:
        intrude(pool, lambda: interrupting(lambda: close(pool)))
        pool.put(task)
        assert pool.join(DEADLINE_SECONDS)
        assert task.future.done()
        assert pool.statistics().outstanding == 0


def test_a_batch_is_accepted_as_a_whole_though_the_pool_closes_meanwhile() -> None:
    """The other thread's stop comes in the middle, and has to wait for the end."""
    stops: list[Caller] = []

    def stop() -> None:
        stops.append(Caller(pool.stop))
        stops[0].join(0.05)  # if nothing held it up, it would be over by then

    with ending(ThreadPool(1, queue_limit=5)) as pool:
        batch = [Task(int) for _ in range(3)]
        intrude(pool, stop)
        pool.batch_put(batch)
        assert stops[0].result() == batch


PATIENCE = 1000
"""Looks for room after which a search for it is held to be endless."""


class Impatient(ParkingLot):
    """Who waits for room, and is not to look for it without an end."""

    looks = 0

    def wait_until(self, is_true: Callable[[], bool], deadline: Deadline) -> bool:
        self.looks += 1
        assert self.looks < PATIENCE, "it looks for room for ever"
        return super().wait_until(is_true, deadline)


@pytest.mark.parametrize("seconds", [0, 0.01])
def test_a_put_in_the_middle_of_a_put_waits_no_longer_than_it_may(
    interrupting: Interrupting, seconds: float
) -> None:
    seen: list[BaseException] = []

    def act() -> None:
        try:
            pool.put(Task(int), seconds)
        except (QueueFullError, AssertionError) as error:
            seen.append(error)

    with ending(ThreadPool(1, queue_limit=1)) as pool:
        backlog_of(pool.task_queue).room = Impatient()
        intrude(pool, lambda: interrupting(act))
        pool.put(Task(int))
        assert isinstance(seen[0], QueueFullError)
        assert pool.task_queue.size() == 1


def test_a_put_in_the_middle_of_a_put_drops_once(
    interrupting: Interrupting, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_least = Backlog.take_least
    looks: list[int] = []
    seen: list[BaseException] = []

    def noted_take_least(backlog: Backlog, into: list[object]) -> object:
        looks.append(1)
        assert len(looks) < PATIENCE, "it looks for ever"
        return take_least(backlog, into)

    def act() -> None:
        try:
            pool.put(Task(int))
        except (QueueFullError, AssertionError) as error:
            seen.append(error)

    monkeypatch.setattr(Backlog, "take_least", noted_take_least)
    with ending(ThreadPool(1, queue_limit=1, when_full=WhenFull.DROP_OLDEST)) as pool:
        intrude(pool, lambda: interrupting(act))
        pool.put(Task(int))
        assert not any(isinstance(error, AssertionError) for error in seen)
        assert pool.task_queue.size() == 1


@pytest.mark.parametrize("when_full", [WhenFull.RAISE, WhenFull.RUN_IN_CALLER])
def test_a_put_interrupted_in_the_middle_gives_its_room_back(
    when_full: WhenFull,
) -> None:
    def interrupt() -> NoReturn:
        raise KeyboardInterrupt

    with ending(ThreadPool(1, queue_limit=1, when_full=when_full)) as pool:
        intrude(pool, interrupt)
        with pytest.raises(KeyboardInterrupt):
            pool.put(Task(int))
        pool.put(Task(int))
        assert pool.task_queue.size() == 1


@pytest.mark.parametrize("priority", [-1, 0, 1])
def test_a_put_in_the_middle_of_a_purge_does_not_exceed_the_limit(
    monkeypatch: pytest.MonkeyPatch, priority: int
) -> None:
    def task() -> Task:
        return Task(int).with_limits(priority=priority)

    with ending(ThreadPool(1, queue_limit=3, when_full=WhenFull.RAISE)) as pool:

        def look(item: object) -> bool:
            try_put(pool)  # as a finalizer may
            return Task.done(item) if isinstance(item, Task) else False

        pool.batch_put([task(), task(), task()])
        monkeypatch.setattr(clearing, "_is_dead", look)
        assert pool.purge() == 0
        assert pool.task_queue.size() == 3


def try_put(pool: ThreadPool) -> None:
    with contextlib.suppress(QueueFullError):
        pool.put(Task(int))
