"""Many threads at once: nothing is lost, nothing runs twice, every count is exact.

The variable `POOL_GUI_STRESS` may ask for so many times as much, for a longer test.
"""

import os
import random
import sys
import threading
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import (
    CancelledError,
    Future,
    ThreadPoolExecutor,
    as_completed,
    wait,
)
from functools import partial

import pytest
from pool_support import DEADLINE_SECONDS, MakePool, until

from pool_gui.pool import (
    Door,
    QueueFullError,
    Task,
    TaskDroppedError,
    TaskState,
    ThreadPool,
    WhenFull,
)
from pool_gui.pool.atomic import HAS_GIL
from pool_gui.pool.queue import backlog_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("_hasty")]

SEED = 20_240_607
PRODUCERS = 8
ROUND = 250
"""Tasks that a producer adds before it waits for the last of them."""
TIMES = float(os.environ.get("POOL_GUI_STRESS", "1" if HAS_GIL else "0.3"))
ROUNDS = int(20 * TIMES)
PATIENCE_SECONDS = 60.0


@pytest.fixture
def _hasty() -> Iterator[None]:
    """Have the interpreter change threads 500 times as often as usual."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


class Ledger:
    """A byte for each task: what became of it. A second fate would show as a 2."""

    def __init__(self, size: int) -> None:
        self.runs = array("B", bytes(size))
        self.cancels = array("B", bytes(size))

    def mark(self, index: int) -> None:
        self.runs[index] += 1

    def check(self) -> None:
        fates = Counter(zip(self.runs, self.cancels, strict=True))
        assert set(fates) == {(1, 0), (0, 1)}, fates


def produce(pool: ThreadPool, ledger: Ledger, first: int) -> None:
    """Add tasks by all calls there are; in the second half some are urgent."""
    dice = random.Random(SEED + first)
    for round_ in range(ROUNDS):
        begin = first + round_ * ROUND
        third = ROUND // 3
        is_urgent = 2 * round_ >= ROUNDS and not round_ % 4
        for index in range(begin, begin + third):
            task = Task(ledger.mark, index)
            if is_urgent:
                task.with_limits(priority=dice.randint(-1, 1))
            pool.put(task)
        pool.batch_put(
            Task(ledger.mark, n) for n in range(begin + third, begin + 2 * third)
        )
        rest = range(begin + 2 * third, begin + ROUND)
        futures = [pool.submit(ledger.mark, index) for index in rest]
        for index, future in zip(rest[:-1], futures, strict=False):
            if not dice.randrange(8) and future.cancel():
                ledger.cancels[index] += 1
        futures[-1].result(PATIENCE_SECONDS)


def shake(pool: ThreadPool, is_over: Callable[[], bool]) -> int:
    """Let workers come, go and pause; return how often."""
    dice = random.Random(SEED)
    shakes = 0
    while not is_over():
        lo = dice.randint(0, 6)
        pool.resize(lo, dice.choice([None, lo + 2]))
        pool.dismiss(dice.randint(0, 2))
        pool.pause()
        if not dice.randrange(4):
            pool.purge()
        pool.resume()
        for worker in pool.workers()[:1]:
            worker.dismiss()
        shakes += 1
    pool.resize(4)
    return shakes


def test_of_many_tasks_each_runs_once_or_is_cancelled(
    make_pool: MakePool,
) -> None:
    """8 producers; meanwhile workers come, go and pause. The seed is fixed."""
    pool = make_pool(4)
    Door(pool).watch(0)
    total = PRODUCERS * ROUNDS * ROUND
    ledger = Ledger(total)
    with ThreadPoolExecutor(PRODUCERS) as others:
        producers = [
            others.submit(produce, pool, ledger, number * ROUNDS * ROUND)
            for number in range(PRODUCERS)
        ]
        shakes = shake(pool, lambda: all(one.done() for one in producers))
        for producer in producers:
            producer.result()
    assert pool.join(PATIENCE_SECONDS)
    assert shakes > 10
    ledger.check()
    counts = pool.statistics()
    ran = sum(ledger.runs)
    assert (counts.submitted, counts.cancelled) == (total, total - ran)
    assert (counts.started, counts.done) == (ran, ran)
    assert (counts.failed, counts.rejected, counts.outstanding) == (0, 0, 0)
    assert all(len(worker.record.spans) <= 4096 for worker in Door(pool).workers())


Futures = list[Future[int]]
Ends = list[int | None]
Way = Callable[[Futures], Ends]
ASKS = int(1_500 * TIMES)
FUTURES = 30
FUTURE_ROUNDS = int(60 * TIMES)


def outcome(future: Future[int]) -> int | None:
    """Wait for a future; return its result, None if it was cancelled."""
    try:
        assert future.exception(DEADLINE_SECONDS) is None
        return future.result(0)
    except CancelledError:
        return None


def by_result(futures: Futures) -> Ends:
    return [outcome(future) for future in futures]


def by_result_backwards(futures: Futures) -> Ends:
    return by_result(futures[::-1])[::-1]


def impatiently(futures: Futures) -> Ends:
    """Give up at once, and then after a moment, before waiting to the end."""
    for patience in (0, 1e-5):
        for future in futures:
            try:
                assert future.result(patience) >= 0
            except (TimeoutError, CancelledError):
                continue
    return by_result(futures)


def by_wait(futures: Futures) -> Ends:
    assert wait(futures, DEADLINE_SECONDS).not_done == set()
    return by_result(futures)


def by_as_completed(futures: Futures) -> Ends:
    assert set(as_completed(futures, DEADLINE_SECONDS)) == set(futures)
    return by_result(futures)


def by_cancel(futures: Futures) -> Ends:
    for future in futures[::3]:
        assert future.cancel() is future.cancelled()
    return by_result(futures)


def test_whoever_waits_for_a_future_however_hears_of_its_end_once(
    make_pool: MakePool,
) -> None:
    """8 threads wait for the same futures, which end while they begin to wait."""
    pool = make_pool(3)
    calls: list[tuple[int, bool]] = []
    line = threading.Barrier(9)
    together = partial(line.wait, DEADLINE_SECONDS)

    def note(number: int, future: Future[int]) -> None:
        calls.append((number, future.done()))

    def by_callback(futures: Futures) -> Ends:
        for number, future in enumerate(futures):
            future.add_done_callback(partial(note, number))
        return by_result(futures)

    def go(way: Way, futures: Futures) -> Ends:
        together()
        return way(futures)

    ways = (
        *(by_result, by_result_backwards, impatiently, by_callback),
        *(by_wait, by_as_completed, by_cancel, by_callback),
    )
    cancelled = 0
    with ThreadPoolExecutor(len(ways)) as others:
        for _ in range(FUTURE_ROUNDS):
            calls.clear()
            pool.pause()
            futures = [pool.submit(abs, -number) for number in range(FUTURES)]
            waiting = [others.submit(go, way, futures) for way in ways]
            together()
            pool.resume()
            outcomes = [one.result(2 * DEADLINE_SECONDS) for one in waiting]
            assert pool.wait_idle(DEADLINE_SECONDS)
            assert all(one == outcomes[0] for one in outcomes), "they disagree"
            assert sorted(calls) == [(n, True) for n in range(FUTURES) for _ in "ab"]
            results = [n for n in outcomes[0] if n is not None]
            assert set(results) <= set(range(FUTURES))
            cancelled += FUTURES - len(results)
    counts = pool.statistics()
    assert counts.submitted == FUTURES * FUTURE_ROUNDS
    assert counts.cancelled == cancelled
    assert counts.done == counts.started == counts.submitted - cancelled


@pytest.mark.parametrize("size", [1, 0], ids=["fixed", "elastic"])
@pytest.mark.parametrize("priority", [0, 1], ids=["plain", "ranked"])
def test_no_wake_up_is_lost_where_each_is_needed(size: int, priority: int) -> None:
    """4 pools with one task at a time: who misses a wake-up waits for ever."""
    asks = ASKS if size else ASKS // 5  # each starts a thread

    def ask() -> Ends:
        with ThreadPool(size, max_workers=1, keep_alive_seconds=0) as pool:
            pool.put(Task(int).with_limits(priority=priority))
            return [outcome(pool.submit(abs, -number)) for number in range(asks)]

    with ThreadPoolExecutor(4) as others:
        answers = [others.submit(ask) for _ in range(4)]
    assert [answer.result() for answer in answers] == [[*range(asks)]] * 4


# A queue that is full.

OFFERS_EACH = int(400 * TIMES) // 4 * 4
MOST_QUEUED = 12

COUNTED_AS = {
    WhenFull.RAISE: "rejected",
    WhenFull.RUN_IN_CALLER: "run_by_callers",
    WhenFull.DROP_NEWEST: "dropped",
    WhenFull.DROP_OLDEST: "dropped",
}


def has_acted(pool: ThreadPool) -> bool:
    """Whether the full queue has already done what it is to do."""
    if pool.when_full is WhenFull.WAIT:
        return bool(backlog_of(pool.task_queue).room)
    return bool(getattr(pool.statistics(), COUNTED_AS[pool.when_full]))


class Offers:
    """One producer's tasks: by each call, urgent or not, some cancelled."""

    def __init__(self, pool: ThreadPool, ledger: Ledger, first: int) -> None:
        self.accepted: dict[int, Future[None]] = {}
        self.refused: list[int] = []
        self._pool = pool
        self._ledger = ledger
        self._first = first
        self._dice = random.Random(SEED + first)

    def run(self) -> None:
        pool, mark = self._pool, self._ledger.mark
        for index in range(self._first, self._first + OFFERS_EACH, 4):
            tasks = [Task(mark, index + n) for n in range(3)]
            tasks[0].with_limits(priority=self._dice.randint(-1, 1))
            self._offer(tasks[:1], partial(pool.put, tasks[0]))
            self._offer(tasks[1:], partial(pool.batch_put, tasks[1:]))
            try:
                future = pool.submit(mark, index + 3)
            except QueueFullError:
                self.refused.append(index + 3)
                continue
            self.accepted[index + 3] = future
            if not self._dice.randrange(4) and future.cancel():
                self._ledger.cancels[index + 3] += 1

    def _offer(self, tasks: list[Task], put: Callable[[], object]) -> None:
        numbers = [task.args[0] for task in tasks]
        try:
            put()
        except QueueFullError:
            self.refused += numbers
            assert {task.state for task in tasks} == {TaskState.NEW}
        else:
            futures = (task.future for task in tasks)
            self.accepted.update(zip(numbers, futures, strict=True))


def fate(future: Future[None]) -> str:
    if future.cancelled():
        return "cancelled"
    error = future.exception(0)
    return "done" if error is None else type(error).__name__


@pytest.mark.parametrize("policy", WhenFull)
def test_a_full_queue_does_with_each_task_what_it_should(policy: WhenFull) -> None:
    """8 producers; meanwhile the limit moves, and the pool pauses."""
    total = PRODUCERS * OFFERS_EACH
    ledger = Ledger(total)
    dice = random.Random(SEED)
    pool = ThreadPool(2, queue_limit=MOST_QUEUED, when_full=policy)
    pool.start()
    pool.pause()
    offers = [Offers(pool, ledger, n * OFFERS_EACH) for n in range(PRODUCERS)]
    with ThreadPoolExecutor(PRODUCERS) as others:
        producers = [others.submit(one.run) for one in offers]
        until(lambda: has_acted(pool))
        while not all(producer.done() for producer in producers):
            pool.resume()
            pool.queue_limit = dice.randint(2, MOST_QUEUED)  # a batch has 2
            pool.pause()
        pool.resume()
        for producer in producers:
            producer.result()
    assert pool.join(PATIENCE_SECONDS)
    now = pool.statistics()
    fates = {n: fate(future) for one in offers for n, future in one.accepted.items()}
    refused = [number for one in offers for number in one.refused]
    assert sorted([*fates, *refused]) == list(range(total)), "one is lost"
    done = [number for number in sorted(fates) if fates[number] == "done"]
    assert done == [number for number in range(total) if ledger.runs[number]]
    assert max(ledger.runs) == 1, "one ran twice"
    ends = Counter(fates.values())
    assert (now.submitted, now.rejected) == (len(fates), len(refused))
    assert (now.done, now.dropped) == (ends["done"], ends[TaskDroppedError.__name__])
    assert now.cancelled == ends["cancelled"] == sum(ledger.cancels)
    assert now.started == now.done
    assert now.peak_queued <= MOST_QUEUED, "it grew beyond its limit"
    for name in set(COUNTED_AS.values()):
        assert bool(getattr(now, name)) is (COUNTED_AS.get(policy) == name)
