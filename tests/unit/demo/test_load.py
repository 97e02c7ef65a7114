"""Loads whose clock the test moves."""

import threading
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest

from pool_gui.demo.load import CATCH_UP_SECONDS, CHUNK, Plan, RunningLoad
from pool_gui.demo.schedule import Arrivals, AtOnce, InFlight, Poisson, Steady
from pool_gui.pool import PoolStateError, Task
from pool_gui.wire.commands import Arrival, Submit
from pool_gui.wire.messages import Load as LoadTold

TOLD = Submit("noop", {}, Arrival.STEADY, 100.0, 1, 0, 7)


def job(number: int) -> int:
    return number


def maker(random: Random) -> Task:
    return Task(job, random.randrange(1_000_000))


class FakePool:
    def __init__(self) -> None:
        self.put: list[Task] = []
        self.sizes: list[int] = []
        self.finished = 0
        self.closed = False
        self.on_put: Callable[[], None] = lambda: None

    def batch_put(self, items: Sequence[Task]) -> None:
        if self.closed:
            raise PoolStateError("the pool takes no more")
        self.put.extend(items)
        self.sizes.append(len(items))
        self.on_put()

    def depth(self) -> int:
        return len(self.put) - self.finished

    def arguments(self) -> list[Any]:
        return [task.args for task in self.put]


class Clock:
    """Time passes when the load waits; it is stopped after so many seconds."""

    def __init__(self, end: float) -> None:
        self.now = 0.0
        self.end = end
        self.waits: list[float] = []
        self.stall_at: float | None = None
        self.stall = 0.0
        self.on_wait: Callable[[], None] = lambda: None

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        if self.stall_at is not None and self.now >= self.stall_at:
            self.now += self.stall
            self.stall_at = None
        self.on_wait()
        return self.now >= self.end


def _run(
    pool: FakePool,
    arrivals: Arrivals,
    clock: Clock,
    count: int = 0,
    depth_limit: int | None = 100_000,
) -> RunningLoad:
    plan = Plan(TOLD, maker, arrivals, count, 7, depth_limit)
    load = RunningLoad(plan, pool, clock=lambda: clock.now, wait=clock.wait)
    load.run()
    return load


@pytest.fixture
def pool() -> FakePool:
    return FakePool()


def test_a_steady_load_puts_so_many_a_second(pool: FakePool) -> None:
    _run(pool, Steady(40), Clock(10))
    assert len(pool.put) == pytest.approx(400, abs=2)


def test_a_fast_load_wakes_a_thousand_times_a_second_at_most(pool: FakePool) -> None:
    clock = Clock(0.5)
    _run(pool, Steady(100_000), clock)
    assert len(pool.put) == pytest.approx(50_000, rel=0.01)
    assert len(clock.waits) <= 501


def test_a_slow_load_sleeps_until_the_next_task(pool: FakePool) -> None:
    clock = Clock(9)
    _run(pool, Steady(0.5), clock)
    assert clock.waits == pytest.approx([2] * 5)


def test_a_load_ends_when_its_count_is_reached(pool: FakePool) -> None:
    load = _run(pool, Steady(1000), Clock(60), count=1234)
    assert len(pool.put) == load.submitted == 1234
    assert load.over
    assert load.header() is None


@pytest.mark.parametrize(
    "make_arrivals",
    [
        lambda: Steady(500),
        lambda: Poisson(300, Random(1)),
        lambda: AtOnce(2500),
        lambda: Steady(1e6),
    ],
)
def test_the_same_seed_submits_the_same_tasks_however_they_arrive(
    pool: FakePool, make_arrivals: Callable[[], Arrivals]
) -> None:
    random = Random(7)
    _run(pool, make_arrivals(), Clock(60), count=2500)
    assert pool.arguments() == [(random.randrange(1_000_000),) for _ in range(2500)]


def test_tasks_are_put_in_chunks_between_which_a_load_can_be_stopped(
    pool: FakePool,
) -> None:
    plan = Plan(None, maker, AtOnce(10_000), 10_000, 7, None)
    load = RunningLoad(plan, pool)
    pool.on_put = load.stop
    load.run()
    assert pool.sizes == [CHUNK]


def test_a_full_queue_holds_arrivals_back_and_counts_them(pool: FakePool) -> None:
    clock = Clock(10)
    headers = []

    def note() -> None:
        headers.append(load.header())

    plan = Plan(TOLD, maker, Steady(100), 0, 7, 300)
    load = RunningLoad(plan, pool, clock=lambda: clock.now, wait=clock.wait)
    clock.on_wait = note
    load.run()
    assert len(pool.put) == 300
    last = headers[-1]
    assert last is not None
    assert last.submitted == 300
    assert last.held_back == pytest.approx(700, abs=2)


def test_what_was_held_back_is_not_made_up_for(pool: FakePool) -> None:
    clock = Clock(4)

    def free() -> None:
        if clock.now >= 2:
            pool.finished = len(pool.put)

    clock.on_wait = free
    _run(pool, Steady(100), clock, depth_limit=50)
    assert len(pool.put) == pytest.approx(50 + 200, abs=3)


def test_a_batch_is_put_whole_into_a_full_queue(pool: FakePool) -> None:
    load = _run(pool, AtOnce(5000), Clock(1), count=5000, depth_limit=None)
    assert len(pool.put) == load.submitted == 5000


def test_after_a_standstill_a_second_is_made_up_for_and_no_more(
    pool: FakePool,
) -> None:
    clock = Clock(21)
    clock.stall_at, clock.stall = 5, 10
    plan = Plan(TOLD, maker, Steady(100), 0, 7)
    load = RunningLoad(plan, pool, clock=lambda: clock.now, wait=clock.wait)
    held = []
    clock.on_wait = lambda: held.append(load.header())
    load.run()
    assert len(pool.put) == pytest.approx(100 * (21 - 10 + CATCH_UP_SECONDS), abs=3)
    assert held[-1] is not None
    assert held[-1].held_back == pytest.approx(900, abs=3)


def test_in_flight_is_kept_up(pool: FakePool) -> None:
    clock = Clock(1)

    def finish_some() -> None:
        assert pool.depth() <= 16
        pool.finished += pool.depth() // 2

    clock.on_wait = finish_some
    _run(pool, InFlight(16, pool.depth), clock)
    assert len(pool.put) > 16 * 100


def test_a_pool_that_takes_no_more_ends_the_load(pool: FakePool) -> None:
    clock = Clock(10)

    def close() -> None:
        pool.closed = clock.now >= 2

    clock.on_wait = close
    load = _run(pool, Steady(100), clock)
    assert load.over
    assert load.submitted == len(pool.put) == pytest.approx(200, abs=2)


def test_a_header_says_what_runs(pool: FakePool) -> None:
    plan = Plan(TOLD, maker, Steady(100), 5, 7)
    load = RunningLoad(plan, pool)
    assert load.header() == LoadTold(
        "noop", "steady", 100.0, 1, 0, remaining=5, held_back=0
    )


def test_an_endless_load_has_no_remainder(pool: FakePool) -> None:
    header = RunningLoad(Plan(TOLD, maker, Steady(100), 0, 7), pool).header()
    assert header is not None
    assert header.remaining is None


def test_a_sleeping_load_stops_at_once(pool: FakePool) -> None:
    first = threading.Event()
    pool.on_put = first.set
    load = RunningLoad(Plan(TOLD, maker, Steady(0.01), 0, 7), pool)
    load.start()
    assert first.wait(10)
    load.stop()
    assert load.over
    assert not load._thread.is_alive()
