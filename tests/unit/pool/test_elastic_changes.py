"""Pools that grow on demand, changed while they work, or refused a thread."""

import itertools
import logging
import threading
from collections.abc import Callable, Iterator

import pytest
from pool_makers import (
    Make,
    ended_after,
    refuse_threads,
    until_parked,
    until_settled,
)
from pool_support import DEADLINE_SECONDS, Stall, until

from pool_gui.pool import PoolState, ProcessThread, Task, ThreadPool, WorkerStartError
from pool_gui.pool.workers import Workers

PUTS: dict[str, Callable[[ThreadPool], object]] = {
    "put": lambda pool: pool.put(Task(int)),
    "batch_put": lambda pool: pool.batch_put([Task(int), Task(int)]),
    "submit": lambda pool: pool.submit(int),
    "put with limits": lambda pool: pool.put(Task(int).with_limits(priority=1)),
    "map": lambda pool: pool.map(int, [1]),
}


@pytest.fixture
def make(stall: Stall) -> Iterator[Make]:
    with ended_after(stall) as made:
        yield made


@pytest.fixture(params=PUTS)
def put(request: pytest.FixtureRequest) -> Callable[[ThreadPool], object]:
    return PUTS[request.param]


def busy(pool: ThreadPool, stall: Stall, count: int) -> None:
    for _ in range(count):
        pool.put(Task(stall))
        stall.wait_entered()


def bounds_of(pool: ThreadPool) -> tuple[int, int]:
    roster = pool._core.workers.roster
    return roster.floor, roster.ceiling


def is_free(pool: ThreadPool) -> bool:
    """Whether another thread gets the pool's lock without waiting."""
    answers: list[bool] = []
    lock = pool._core.life.lock

    def attempt() -> None:
        answers.append(lock.acquire(blocking=False))
        if answers[0]:
            lock.release()

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join(DEADLINE_SECONDS)
    return answers == [True]


def test_bounds_change_both_ways_under_load(make: Make) -> None:
    pool = make(max_workers=2, keep_alive_seconds=0.001)
    ran: list[int] = []
    over = threading.Event()

    def produce(first: int) -> None:
        for number in range(first, first + 1000):
            pool.put(Task(ran.append, number))
        for number in itertools.count(first + 1000):
            if over.is_set():
                return
            pool.submit(ran.append, number).result(DEADLINE_SECONDS)

    producers = [
        threading.Thread(target=produce, args=(number * 1_000_000,))
        for number in range(2)
    ]
    for thread in producers:
        thread.start()
    for low, high in [(2, 6), (0, 1), (4, 4), (0, 8), (1, 2), (3, 3), (0, 3)] * 4:
        pool.resize(low, high)
        assert low <= pool.size() <= high
        done = pool.statistics().done
        until(lambda done=done: pool.statistics().done > done)  # type: ignore[misc]
    over.set()
    for thread in producers:
        thread.join(DEADLINE_SECONDS)
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert (
        len(ran)
        == len(set(ran))
        == pool.statistics().done
        == pool.statistics().submitted
    )
    until(lambda: not pool.workers())


@pytest.mark.parametrize("state", ["new", "running", "paused"])
def test_a_resize_changes_the_bounds_in_any_open_state(
    make: Make, stall: Stall, state: str
) -> None:
    pool = make(1, max_workers=2, start=state != "new")
    if state == "paused":
        pool.pause()
    for low, high in [(2, 5), (0, 3), (3, 3), (1, 4)]:
        pool.resize(low, high)
        assert low <= pool.size() <= high
        assert bounds_of(pool) == (low, high)
        assert pool.statistics().max_workers == high
    pool.start() if state == "new" else None
    pool.resume() if state == "paused" else None
    busy(pool, stall, 4)
    pool.put(Task(int))
    assert (pool.size(), pool.task_queue.size()) == (4, 1)


def test_a_resize_to_a_number_makes_it_fixed(make: Make, stall: Stall) -> None:
    pool = make(max_workers=4, keep_alive_seconds=0.01)
    pool.resize(2)
    assert len(pool.workers()) == 2
    until_settled(pool)
    busy(pool, stall, 2)
    pool.put(Task(int))
    assert pool.size() == 2
    pool.resize(2, 3)
    until(lambda: pool.statistics().done == 1)
    assert pool.size() == 3, "the task that was queued brought another worker"


def test_a_higher_ceiling_brings_workers_for_what_is_queued(
    make: Make, stall: Stall
) -> None:
    pool = make(max_workers=1)
    busy(pool, stall, 1)
    meeting = threading.Barrier(3)
    tasks = [Task(meeting.wait, DEADLINE_SECONDS) for _ in range(3)]
    pool.batch_put(tasks)
    pool.resize(0, 4)
    assert {task.future.result(DEADLINE_SECONDS) for task in tasks} == {0, 1, 2}


def test_a_lower_floor_lets_idle_workers_go(make: Make) -> None:
    pool = make(3, max_workers=5, keep_alive_seconds=0.01)
    until_settled(pool)
    pool.resize(1, 5)
    until(lambda: len(pool.workers()) == 1)


@pytest.mark.parametrize(
    ("size", "max_workers", "error", "text"),
    [
        (0, 0, ValueError, "max_workers must be greater than 0"),
        (0, -1, ValueError, "max_workers must be greater than 0"),
        (3, 2, ValueError, "max_workers is 2, and size is already 3"),
        (-1, 2, ValueError, "size must not be negative, and -1 is"),
        (0, 1.5, TypeError, "must be a whole number"),
        (1.0, 2, TypeError, "must be a whole number"),
        (0, True, TypeError, "max_workers must be a whole number, not True"),
    ],
)
def test_wrong_bounds_are_refused_and_change_nothing(
    make: Make, size: int, max_workers: int, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        ThreadPool(size, max_workers=max_workers)
    pool = make(1, max_workers=3)
    with pytest.raises(error, match=text):
        pool.resize(size, max_workers)
    assert bounds_of(pool) == (1, 3)
    assert len(pool.workers()) == 1


def test_workers_that_go_while_a_resize_counts_them_are_not_missed(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four are to become two, and three go by themselves meanwhile."""
    pool = make(0, max_workers=4)
    meeting = threading.Barrier(4)
    for _ in range(4):
        pool.put(Task(meeting.wait, DEADLINE_SECONDS))
    until_parked(pool, 4)
    idle_first = Workers._idle_first

    def late_idle_first(workers: Workers) -> list[ProcessThread]:
        found = idle_first(workers)
        monkeypatch.undo()
        pool.keep_alive_seconds = 0
        until(lambda: len(pool.workers()) == 1)
        return found

    monkeypatch.setattr(Workers, "_idle_first", late_idle_first)
    pool.resize(1, 2)
    until(lambda: len(pool.workers()) == 1)
    assert pool.size() == 1
    assert bounds_of(pool) == (1, 2)


@pytest.mark.parametrize("state", ["new", "idle", "busy"])
def test_a_dismissal_lowers_the_floor_and_not_the_ceiling(
    make: Make, stall: Stall, state: str
) -> None:
    pool = make(2, max_workers=3, start=state != "new")
    if state == "busy":
        busy(pool, stall, 2)
    assert len(pool.dismiss(1)) == (0 if state == "new" else 1)
    assert pool.size() == 1
    assert bounds_of(pool) == (1, 3)
    if state == "new":
        pool.start()
    busy(pool, stall, 2)
    assert pool.statistics().max_workers == 3


@pytest.mark.parametrize("how", ["dismiss", "dismiss_worker", "worker.dismiss"])
def test_what_is_queued_is_run_though_all_workers_are_dismissed(
    make: Make, stall: Stall, how: str
) -> None:
    pool = make(max_workers=2)
    busy(pool, stall, 2)
    queued = [pool.submit(int) for _ in range(3)]
    dismissals: dict[str, Callable[[ProcessThread], object]] = {
        "dismiss": lambda _: pool.dismiss(1),
        "dismiss_worker": pool.dismiss_worker,
        "worker.dismiss": ProcessThread.dismiss,
    }
    for worker in pool.workers():
        dismissals[how](worker)
    assert pool.size() == 0
    stall.release.set()
    assert [future.result(DEADLINE_SECONDS) for future in queued] == [0, 0, 0]


@pytest.mark.expects_log
def test_growth_that_fails_is_logged_and_the_task_is_run_by_the_others(
    make: Make,
    stall: Stall,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    put: Callable[[ThreadPool], object],
) -> None:
    pool = make(max_workers=3)
    busy(pool, stall, 1)
    refuse_threads(monkeypatch)
    put(pool)
    assert caplog.records
    for record in caplog.records:
        assert (record.name, record.levelno) == ("pool_gui.pool", logging.ERROR)
        assert "could not start a thread" in record.message
        assert (
            "could not start worker 1 of 1 (can't start new thread)" in record.message
        )
    assert (pool.size(), len(pool.workers())) == (1, 1)
    assert pool.statistics().started == 1
    stall.release.set()
    assert pool.wait_idle(DEADLINE_SECONDS)
    counts = pool.statistics()
    assert counts.done == counts.submitted > 1


@pytest.mark.parametrize("is_new", [True, False])
def test_without_any_worker_growth_that_fails_is_raised_and_nothing_is_queued(
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
    put: Callable[[ThreadPool], object],
    is_new: bool,  # noqa: FBT001 - a parameter of the test
    request: pytest.FixtureRequest,
) -> None:
    """CPython's executor runs the refused task later: cpython#17615."""
    starts = request.node.callspec.params["put"] in ("submit", "map")
    pool = make(max_workers=3, start=not is_new)
    if is_new and not starts:
        pytest.skip("put does not start a pool")
    with monkeypatch.context() as patch:
        refuse_threads(patch)
        with pytest.raises(WorkerStartError, match="could not start"):
            put(pool)
    assert (pool.task_queue.size(), pool.statistics().submitted) == (0, 0)
    assert (pool.size(), pool.workers()) == (0, ())
    put(pool)
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.statistics().done == pool.statistics().submitted > 0


@pytest.mark.expects_log
def test_a_worker_that_could_not_be_started_was_never_there(
    make: Make, stall: Stall, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = make(max_workers=3)
    busy(pool, stall, 1)
    refuse_threads(monkeypatch)
    pool.put(Task(int))
    assert pool.statistics().peak_workers == 1


def test_a_start_that_fails_keeps_the_bounds(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = make(2, max_workers=4, keep_alive_seconds=0.01, start=False)
    with monkeypatch.context() as patch:
        refuse_threads(patch, after=1)
        with pytest.raises(WorkerStartError):
            pool.start()
    assert bounds_of(pool) == (2, 4)
    pool.start()
    until_settled(pool)
    assert pool.size() == 2


@pytest.mark.parametrize("state", ["running", "paused"])
def test_a_resize_that_fails_keeps_the_bounds(
    make: Make, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    pool = make(1, max_workers=3)
    if state == "paused":
        pool.pause()
    with monkeypatch.context() as patch:
        refuse_threads(patch, after=1)
        with pytest.raises(WorkerStartError):
            pool.resize(4, 6)
    assert bounds_of(pool) == (1, 3)
    assert pool.size() == 1
    until(lambda: len(pool.workers()) == 1)


@pytest.mark.parametrize("after", [0, 2])
def test_a_start_that_fails_for_what_is_queued_can_be_repeated(
    make: Make, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    pool = make(max_workers=4, start=False)
    tasks = [Task(int) for _ in range(4)]
    pool.batch_put(tasks)
    with monkeypatch.context() as patch:
        refuse_threads(patch, after)
        with pytest.raises(WorkerStartError):
            pool.start()
    assert pool.state is PoolState.NEW
    assert pool.statistics().started == 0, "no task has begun"
    pool.start()
    assert [task.future.result(DEADLINE_SECONDS) for task in tasks] == [0] * 4
