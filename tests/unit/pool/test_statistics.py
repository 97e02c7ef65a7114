"""The statistics of a pool: exact at rest, and never impossible under load."""

import dataclasses
import random
import threading
from collections.abc import Callable, Iterator

import pytest
from pool_makers import Make, ended_after, until_parked
from pool_support import DEADLINE_SECONDS, Stall, until

from pool_gui.pool import (
    Door,
    Hooks,
    PoolState,
    PoolStateError,
    PoolStatistics,
    QueueFullError,
    Task,
    ThreadPool,
    WhenFull,
)

SEED = 20_240_611


@pytest.fixture
def make(stall: Stall) -> Iterator[Make]:
    with ended_after(stall) as made:
        yield made


def fail() -> None:
    raise ZeroDivisionError("on purpose")


def over(said: PoolStatistics) -> int:
    return said.done + said.failed + said.cancelled + said.expired + said.dropped


def busy(pool: ThreadPool, stall: Stall, count: int) -> None:
    for _ in range(count):
        pool.put(Task(stall))
        stall.wait_entered()


def test_they_are_frozen_and_say_what_was_not_what_is(make: Make) -> None:
    pool = make(1)
    before = pool.statistics()
    with pytest.raises(dataclasses.FrozenInstanceError):
        before.done = 1  # type: ignore[misc]  # that is the test
    pool.put(Task(int))
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert (before.done, pool.statistics().done) == (0, 1)


def test_those_of_a_new_pool_say_how_it_was_made(make: Make) -> None:
    pool = make(2, max_workers=5, start=False, name="demo", queue_limit=9)
    expected = dict.fromkeys(
        (field.name for field in dataclasses.fields(PoolStatistics)), 0
    )
    expected |= {"size": 2, "max_workers": 5, "queue_limit": 9}
    assert dataclasses.asdict(pool.statistics()) == {
        **expected,
        "name": "demo",
        "state": PoolState.NEW,
    }


@pytest.mark.expects_log
def test_each_fate_of_a_task_is_counted_once(make: Make) -> None:
    hooks = Hooks(after_task=lambda task: fail() if task.callable is int else None)
    pool = make(
        1, start=False, queue_limit=5, when_full=WhenFull.DROP_NEWEST, hooks=hooks
    )
    cancelled = Task(int)
    for task in (Task(int), Task(fail), cancelled, Task(int)):
        pool.put(task)
    pool.put(Task(int).with_limits(queue_seconds=1e-6))
    pool.put(Task(int))  # dropped
    pool.when_full = WhenFull.RUN_IN_CALLER
    pool.put(Task(fail))
    pool.when_full = WhenFull.RAISE
    with pytest.raises(QueueFullError):
        pool.put(Task(int))
    cancelled.cancel()
    pool.start()
    assert pool.wait_idle(DEADLINE_SECONDS)
    pool.drain()
    with pytest.raises(PoolStateError):
        pool.batch_put([Task(int), Task(int)])
    said = pool.statistics()
    assert (said.submitted, said.started, said.rejected) == (7, 4, 3)
    assert (said.done, said.failed, said.run_by_callers) == (2, 2, 1)
    assert (said.cancelled, said.expired, said.dropped) == (1, 1, 1)
    assert (said.hook_errors, said.overdue) == (2, 0)
    assert (said.queued, said.running) == (0, 0)
    assert over(said) == said.submitted


def test_what_is_held_is_queued_or_running(make: Make, stall: Stall) -> None:
    pool = make(3)
    busy(pool, stall, 3)
    queued = [Task(int) for _ in range(5)]
    pool.batch_put(queued)
    said = pool.statistics()
    assert (said.queued, said.running, said.started) == (5, 3, 3)
    queued[0].cancel()
    assert pool.statistics().queued == 5, "until a worker comes to it"
    assert pool.purge() == 1
    said = pool.statistics()
    assert (said.queued, said.running, said.cancelled) == (4, 3, 1)
    assert said.submitted == over(said) + said.queued + said.running == 8
    pool.clear()
    assert (pool.statistics().queued, pool.statistics().running) == (0, 3)
    stall.release.set()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.statistics().running == 0


def test_what_callers_run_is_running_too(make: Make, stall: Stall) -> None:
    pool = make(1, queue_limit=1, when_full=WhenFull.RUN_IN_CALLER)
    busy(pool, stall, 1)
    pool.put(Task(int))
    threads = [threading.Thread(target=pool.put, args=(Task(stall),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    stall.wait_entered(2)
    said = pool.statistics()
    assert (said.queued, said.running, said.run_by_callers) == (1, 3, 2)
    assert said.submitted == 4
    stall.release.set()
    for thread in threads:
        thread.join(DEADLINE_SECONDS)
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert (pool.statistics().done, pool.statistics().running) == (4, 0)


def test_peaks_stay_when_what_made_them_is_gone(make: Make, stall: Stall) -> None:
    pool = make(1)
    busy(pool, stall, 1)
    pool.batch_put(Task(int) for _ in range(6))
    assert Door(pool).take_peak_queued() == 6, "others may have read the queue's peak"
    pool.put(Task(int).with_limits(priority=1))
    pool.put(Task(int).with_limits(priority=-1))
    pool.resize(4)
    stall.release.set()
    assert pool.wait_idle(DEADLINE_SECONDS)
    pool.resize(1)
    until(lambda: len(pool.workers()) == 1)
    pool.put(Task(int))
    assert pool.join(DEADLINE_SECONDS)
    said = pool.statistics()
    assert (said.peak_workers, said.workers) == (4, 0)
    assert said.peak_queued == Door(pool).take_peak_queued() == 8
    assert pool.statistics().peak_queued == 8
    assert said.state is PoolState.STOPPED


@pytest.mark.parametrize("smaller", [3, 2, 1, 0])
def test_a_fixed_pool_has_as_many_workers_at_most_as_it_is_to_have(
    make: Make, smaller: int
) -> None:
    pool = make(4)
    pool.resize(smaller)
    assert (pool.statistics().size, pool.statistics().max_workers) == (smaller,) * 2
    pool.resize(3)
    pool.dismiss(2)
    assert (pool.statistics().size, pool.statistics().max_workers) == (1, 1)


def test_the_most_queued_at_once_is_exact_while_nobody_takes(make: Make) -> None:
    pool = make(1, start=False)
    for count in range(1, 4):
        pool.put(Task(int))
        pool.put(Task(int).with_limits(priority=count - 2))
        pool.batch_put([Task(int)])
        assert pool.statistics().peak_queued == 3 * count
    pool.clear()
    pool.put(Task(int))
    assert pool.statistics().peak_queued == 9


class Load:
    """Puts tasks of all kinds, counts what it did, and stops when told."""

    def __init__(self, pool: ThreadPool, seed: int) -> None:
        self.pool = pool
        self.begun = 0
        self.put = 0
        self.is_over = threading.Event()
        self.dice = random.Random(seed)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self) -> None:
        kinds: list[Callable[[], object]] = [
            lambda: self.pool.put(Task(int)),
            lambda: self.pool.submit(fail),
            lambda: self.pool.submit(int).cancel(),
            lambda: self.pool.put(Task(int).with_limits(queue_seconds=1e-5)),
            lambda: self.pool.put(Task(int).with_limits(priority=1)),
        ]
        while not self.is_over.is_set() and self.begun < 4000:
            self.begun += 1
            self.dice.choice(kinds)()
            self.put += 1


@pytest.mark.parametrize(
    "when_full", [WhenFull.WAIT, WhenFull.DROP_OLDEST, WhenFull.RUN_IN_CALLER]
)
def test_at_random_moments_under_load_they_add_up(
    make: Make, when_full: WhenFull
) -> None:
    """They are held against what the putters had done before, and have done after."""
    pool = make(1, max_workers=3, queue_limit=20, when_full=when_full)
    loads = [Load(pool, SEED + number) for number in range(3)]
    before = pool.statistics()
    looks = 0
    while looks < 400 and any(load.thread.is_alive() for load in loads):
        least = sum(load.put for load in loads)
        said = pool.statistics()
        most = sum(load.begun for load in loads)
        looks += 1
        assert least <= said.submitted <= most
        assert over(said) <= said.submitted
        assert said.done + said.failed <= said.started <= said.submitted
        assert 0 <= said.running <= said.workers + 3
        assert 0 <= said.queued <= 20
        for name in ("submitted", "started", "done", "failed", "cancelled", "expired"):
            assert getattr(before, name) <= getattr(said, name)
        before = said
    for load in loads:
        load.is_over.set()
        load.thread.join(DEADLINE_SECONDS)
    assert pool.wait_idle(DEADLINE_SECONDS)
    said = pool.statistics()
    assert over(said) == said.submitted == sum(load.put for load in loads)
    assert said.running == 0
    # An expired task is over at its moment, and leaves when a worker comes to it.
    until(lambda: pool.statistics().queued == 0)
    assert looks > 10


def test_during_a_pause_what_is_not_over_is_queued(make: Make) -> None:
    """The pool is stopped at random moments of its work; then all must be exact."""
    pool = make(2)
    load = Load(pool, SEED)
    for _ in range(20):
        pool.pause()
        until_parked(pool, 2)
        least, said, most = load.put, pool.statistics(), load.begun
        assert said.running == 0
        outstanding = said.submitted - over(said)
        # What is put while the statistics are made may be in the one and not the other.
        assert outstanding - (most - least) <= said.queued
        pool.resume()
    load.is_over.set()
    load.thread.join(DEADLINE_SECONDS)
    assert pool.wait_idle(DEADLINE_SECONDS)
