"""Pools that grow on demand and shrink again: how many workers there are, and when."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pool_makers import (
    Make,
    ended_after,
    refuse_threads,
    until_parked,
    until_settled,
)
from pool_support import DEADLINE_SECONDS, Stall, until

from pool_gui.pool import (
    Door,
    PoolState,
    ProcessThread,
    Task,
    ThreadPool,
    WorkerStartError,
)
from pool_gui.pool.waiting import FOREVER


@pytest.fixture
def make(stall: Stall) -> Iterator[Make]:
    with ended_after(stall) as made:
        yield made


def busy(pool: ThreadPool, stall: Stall, count: int) -> None:
    """Have `count` workers run the stall."""
    for _ in range(count):
        pool.put(Task(stall))
        stall.wait_entered()


def sizes(pool: ThreadPool) -> tuple[int, int, int, int]:
    """Return the size wanted, the workers there, and both as the statistics say."""
    statistics = pool.statistics()
    return pool.size(), len(pool.workers()), statistics.size, statistics.workers


@pytest.mark.parametrize("floor", [0, 2])
def test_it_begins_with_its_floor(make: Make, floor: int) -> None:
    pool = make(floor, max_workers=5)
    assert sizes(pool) == (floor,) * 4
    assert pool.statistics().max_workers == 5


@pytest.mark.parametrize("floor", [0, 2])
def test_it_grows_with_each_task_that_finds_no_worker_idle_up_to_its_ceiling(
    make: Make, stall: Stall, floor: int
) -> None:
    pool = make(floor, max_workers=4)
    until_parked(pool, floor)
    for count in range(1, 5):
        busy(pool, stall, 1)
        assert sizes(pool) == (max(floor, count),) * 4
    pool.put(Task(int))
    pool.submit(int)
    assert sizes(pool) == (4,) * 4
    assert (pool.task_queue.size(), pool.statistics().peak_workers) == (2, 4)


@pytest.mark.parametrize(
    "options",
    [{}, {"queue_limit": 9}, {"propagate_context": True}],
    ids=["direct", "bounded", "with contexts"],
)
@pytest.mark.parametrize(
    "call", ["put", "batch_put", "submit", "with limits", "several"]
)
def test_it_does_not_grow_while_enough_workers_are_idle(
    make: Make, call: str, options: dict[str, Any]
) -> None:
    idle = 3 if call == "several" else 1
    pool = make(idle, max_workers=8, **options)
    puts: dict[str, Callable[[], object]] = {
        "put": lambda: pool.put(Task(int)),
        "batch_put": lambda: pool.batch_put([Task(int)]),
        "submit": lambda: pool.submit(int),
        "with limits": lambda: pool.put(Task(int).with_limits(priority=1)),
        "several": lambda: pool.batch_put([Task(int), Task(int), Task(int)]),
    }
    for _ in range(20):
        until_parked(pool, idle)
        puts[call]()
        assert pool.wait_idle(DEADLINE_SECONDS)
        assert pool.statistics().peak_workers == idle


def put_batch(pool: ThreadPool, tasks: list[Task]) -> None:
    pool.batch_put(tasks)


def put_each(pool: ThreadPool, tasks: list[Task]) -> None:
    for task in tasks:
        pool.put(task)


def put_while_paused(pool: ThreadPool, tasks: list[Task]) -> None:
    pool.pause()
    put_each(pool, tasks)
    pool.resume()


def put_while_paused_and_drain(pool: ThreadPool, tasks: list[Task]) -> None:
    pool.pause()
    put_each(pool, tasks)
    pool.drain()


PUTS = [put_each, put_batch, put_while_paused, put_while_paused_and_drain]


@pytest.mark.parametrize("options", [{}, {"queue_limit": 9}], ids=["direct", "bounded"])
@pytest.mark.parametrize("put", PUTS, ids=lambda put: put.__name__)
def test_tasks_that_wait_for_each_other_all_get_a_worker(
    make: Make,
    put: Callable[[ThreadPool, list[Task]], None],
    options: dict[str, Any],
) -> None:
    pool = make(max_workers=4, **options)
    meeting = threading.Barrier(4)
    tasks = [Task(meeting.wait, 3) for _ in range(4)]
    put(pool, tasks)
    assert sorted(task.future.result(DEADLINE_SECONDS) for task in tasks) == [*range(4)]
    assert pool.statistics().peak_workers == 4


def test_a_new_pool_brings_workers_for_what_was_queued_before_its_start(
    make: Make,
) -> None:
    pool = make(1, max_workers=3, start=False)
    meeting = threading.Barrier(3)
    pool.batch_put(Task(meeting.wait, DEADLINE_SECONDS) for _ in range(3))
    assert sizes(pool) == (1, 0, 1, 0)
    pool.start()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert sizes(pool) == (3,) * 4
    assert pool.statistics().done == 3


def test_with_brings_no_worker_before_there_is_work(make: Make) -> None:
    with make(max_workers=4, start=False) as pool:
        assert pool.state is PoolState.RUNNING
        assert sizes(pool) == (0,) * 4
        assert pool.submit(int).result(DEADLINE_SECONDS) == 0


@pytest.mark.parametrize("floor", [0, 2])
def test_idle_workers_above_the_floor_go(make: Make, stall: Stall, floor: int) -> None:
    pool = make(floor, max_workers=4, keep_alive_seconds=0.01)
    busy(pool, stall, 4)
    assert sizes(pool) == (4,) * 4
    stall.release.set()
    until(lambda: len(pool.workers()) == floor)
    until_settled(pool)
    assert sizes(pool) == (floor,) * 4
    assert len(Door(pool).workers()) == 4
    assert pool.statistics().done == 4
    assert pool.statistics().peak_workers == 4


def test_a_worker_that_went_makes_room_for_another(make: Make) -> None:
    pool = make(max_workers=1, keep_alive_seconds=0)
    for _ in range(20):
        assert pool.submit(int).result(DEADLINE_SECONDS) == 0
        until(lambda: not pool.workers())
    assert len(Door(pool).workers()) >= 20
    assert pool.statistics().done == 20
    # Where its task comes late, the first worker of a submit may be on its way out
    # while a second one comes.
    assert pool.statistics().peak_workers <= 2


@pytest.mark.parametrize("seconds", [None, 0, 0.01])
def test_an_idle_worker_that_stays_sleeps_for_ever(
    make: Make, stall: Stall, monkeypatch: pytest.MonkeyPatch, seconds: float | None
) -> None:
    """So it takes no processor time: CPython's issue 83738, Java's JDK-8129861."""
    park = ProcessThread._park
    patience: dict[str, float] = {}

    def watched_park(worker: ProcessThread, patience_seconds: float) -> None:
        patience[worker.name] = patience_seconds
        park(worker, patience_seconds)

    monkeypatch.setattr(ProcessThread, "_park", watched_park)
    pool = make(2, max_workers=4, keep_alive_seconds=seconds)
    busy(pool, stall, 4)
    stall.release.set()
    staying = 4 if seconds is None else 2
    until_parked(pool, staying)
    until(lambda: len(pool.workers()) == staying)  # two may be parked on their way out
    until(lambda: {patience[worker.name] for worker in pool.workers()} == {FOREVER})


@pytest.mark.parametrize("before", [None, 1000.0])
def test_a_new_keep_alive_holds_for_workers_that_idle_already(
    make: Make, stall: Stall, before: float | None
) -> None:
    pool = make(1, max_workers=3, keep_alive_seconds=before)
    busy(pool, stall, 3)
    stall.release.set()
    until_parked(pool, 3)
    pool.keep_alive_seconds = 0
    until(lambda: len(pool.workers()) == 1)
    assert pool.keep_alive_seconds == 0
    pool.keep_alive_seconds = before
    more = Stall()
    busy(pool, more, 3)
    more.release.set()
    until_parked(pool, 3)
    assert sizes(pool) == (3,) * 4


@pytest.mark.parametrize("wrong", [-1, -0.001, float("nan")])
def test_a_negative_keep_alive_is_refused(make: Make, wrong: float) -> None:
    with pytest.raises(ValueError, match="keep_alive_seconds must not be negative"):
        ThreadPool(max_workers=1, keep_alive_seconds=wrong)
    pool = make(max_workers=1, keep_alive_seconds=5)
    with pytest.raises(ValueError, match="keep_alive_seconds must not be negative"):
        pool.keep_alive_seconds = wrong
    assert pool.keep_alive_seconds == 5


@pytest.mark.parametrize("seconds", [float("inf"), 1e10, 1e300])
def test_a_keep_alive_longer_than_locks_can_wait_is_for_ever(
    make: Make, seconds: float
) -> None:
    pool = make(max_workers=2, keep_alive_seconds=seconds)
    for _ in range(3):
        assert pool.submit(int).result(DEADLINE_SECONDS) == 0
        until_parked(pool, 1)


def test_the_keep_alive_of_a_fixed_pool_changes_nothing(make: Make) -> None:
    pool = make(3, keep_alive_seconds=0)
    until_settled(pool)
    assert sizes(pool) == (3,) * 4


def test_a_pause_stops_growth_and_keeps_what_is_queued(
    make: Make, stall: Stall
) -> None:
    pool = make(max_workers=4, keep_alive_seconds=0)
    busy(pool, stall, 1)
    pool.pause()
    for _ in range(3):
        pool.put(Task(int))
    pool.batch_put([Task(int)])
    pool.submit(int)
    assert sizes(pool) == (1,) * 4
    stall.release.set()
    until_settled(pool)
    assert (pool.statistics().started, pool.task_queue.size()) == (1, 5)
    pool.resume()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.statistics().done == 6


def test_a_resume_does_not_hire_for_tasks_that_idle_workers_can_take(
    make: Make,
) -> None:
    pool = make(3, max_workers=8)
    for _ in range(20):
        until_parked(pool, 3)
        pool.pause()
        for _ in range(3):
            pool.put(Task(int))
        pool.resume()
        assert pool.wait_idle(DEADLINE_SECONDS)
        assert sizes(pool) == (3,) * 4


@pytest.mark.expects_log
@pytest.mark.parametrize("after", [0, 1])
def test_a_resume_that_is_refused_threads_can_be_repeated(
    make: Make, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """Whether it raises or not: what is queued is run once there are threads again."""
    pool = make(max_workers=4)
    pool.pause()
    tasks = [Task(int) for _ in range(3)]
    pool.batch_put(tasks)
    with monkeypatch.context() as patch, contextlib.suppress(WorkerStartError):
        refuse_threads(patch, after)
        pool.resume()
    pool.resume()
    pool.put(Task(int))
    assert pool.wait_idle(3)
    assert [task.future.result(0) for task in tasks] == [0] * 3


def test_workers_that_idled_too_long_during_a_pause_go_after_it(
    make: Make, stall: Stall
) -> None:
    pool = make(max_workers=3, keep_alive_seconds=0.01)
    busy(pool, stall, 3)
    pool.pause()
    last = pool.submit(int)
    stall.release.set()
    until_parked(pool, 3)
    until_settled(pool)
    pool.resume()
    assert last.result(DEADLINE_SECONDS) == 0
    until(lambda: not pool.workers())
