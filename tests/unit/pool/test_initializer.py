"""What is called in each worker's thread first, and what becomes of a pool if it fails.

A pool whose initializer has failed is broken: what is queued fails, nothing is taken.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from concurrent.futures.thread import BrokenThreadPool
from typing import Any

import pytest
from pool_makers import Make, ended_after
from pool_support import DEADLINE_SECONDS, Stall, until

from pool_gui.pool import (
    Hooks,
    PoolState,
    ProcessThread,
    Task,
    TaskState,
    ThreadPool,
)
from pool_gui.pool.handback import BROKEN
from pool_gui.pool.queue import backlog_of
from pool_gui.pool.workers import Workers

FAILURES = [ZeroDivisionError, SystemExit, KeyboardInterrupt]


@pytest.fixture
def make(stall: Stall) -> Iterator[Make]:
    with ended_after(stall) as made:
        yield made


class Initializer:
    """Works for the first workers, and fails for the others."""

    def __init__(
        self, works: int = 0, kind: type[BaseException] = ZeroDivisionError
    ) -> None:
        self.works = works
        self.kind = kind
        self.threads: list[threading.Thread] = []

    def __call__(self) -> None:
        self.threads.append(threading.current_thread())
        if len(self.threads) > self.works:
            raise self.kind("on purpose")


def test_it_is_called_once_in_each_worker_s_thread_before_its_tasks(make: Make) -> None:
    local = threading.local()
    threads: list[threading.Thread] = []

    def prepare(value: int) -> None:
        local.value = value
        threads.append(threading.current_thread())

    pool = make(2, start=False, max_workers=4, initializer=prepare, initargs=(7,))
    meeting = threading.Barrier(4)

    def use() -> int:
        meeting.wait(DEADLINE_SECONDS)
        return int(local.value)

    pool.start()
    tasks = [Task(use) for _ in range(4)]
    for task in tasks:
        pool.put(task)
    assert [task.future.result(DEADLINE_SECONDS) for task in tasks] == [7] * 4
    assert set(threads) == set(pool.workers())
    pool.resize(5)
    until(lambda: len(threads) == 5)
    assert set(threads) == set(pool.workers())


@pytest.mark.parametrize("wrong", [3, "print", [int]])
def test_it_must_be_something_to_call(wrong: object) -> None:
    with pytest.raises(TypeError, match="initializer must be a callable"):
        ThreadPool(1, initializer=wrong)  # type: ignore[arg-type]  # that is the test


REFUSED: dict[str, Callable[[ThreadPool], object]] = {
    "submit": lambda pool: pool.submit(int),
    "put": lambda pool: pool.put(Task(int)),
    "batch_put": lambda pool: pool.batch_put([Task(int)]),
    "map": lambda pool: pool.map(int, [1]),
}


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("kind", FAILURES)
def test_if_it_fails_what_is_queued_fails_and_nothing_more_is_taken(
    make: Make,
    caplog: pytest.LogCaptureFixture,
    kind: type[BaseException],
    size: int,
) -> None:
    initializer = Initializer(kind=kind)
    pool = make(size, start=False, initializer=initializer)
    tasks = [Task(int) for _ in range(3)]
    pool.batch_put(tasks)
    tasks[1].cancel()
    future = pool.submit(int)
    for queued in (tasks[0].future, tasks[2].future, future):
        with pytest.raises(BrokenThreadPool, match=BROKEN):
            queued.result(DEADLINE_SECONDS)
    with pytest.raises(CancelledError):
        tasks[1].future.result(0)
    assert [task.state for task in tasks[:2]] == [
        TaskState.DROPPED,
        TaskState.CANCELLED,
    ]
    assert pool.join(DEADLINE_SECONDS)
    assert pool.state is PoolState.STOPPED
    for call in REFUSED.values():
        with pytest.raises(BrokenThreadPool, match=BROKEN):
            call(pool)
    counts = pool.statistics()
    assert (counts.submitted, counts.dropped, counts.cancelled) == (4, 3, 1)
    assert (counts.started, counts.rejected, counts.outstanding) == (0, 4, 0)
    assert len(caplog.records) == len(initializer.threads) == size
    for record in caplog.records:
        assert (record.name, record.levelno) == ("concurrent.futures", logging.CRITICAL)
        assert record.exc_info is not None
        assert record.exc_info[0] is kind


@pytest.mark.parametrize("how", ["growth", "resize"])
def test_if_it_fails_for_a_later_worker_what_runs_ends_well(
    make: Make, stall: Stall, how: str
) -> None:
    initializer = Initializer(works=1)
    pool = make(1, max_workers=2, initializer=initializer)
    running = pool.submit(stall)
    stall.wait_entered()
    if how == "growth":
        pool.pause()
        queued = pool.submit(int)
        pool.resume()
    else:
        pool.resize(1)
        queued = pool.submit(int)
        pool.resize(2)
    with pytest.raises(BrokenThreadPool):
        queued.result(DEADLINE_SECONDS)
    with pytest.raises(BrokenThreadPool):
        pool.submit(int)
    assert pool.state is PoolState.DRAINING
    assert running.running()
    stall.release.set()
    assert running.result(DEADLINE_SECONDS) is None
    assert pool.join(DEADLINE_SECONDS)
    assert (pool.statistics().done, pool.statistics().dropped) == (1, 1)


def test_who_waits_for_the_pool_to_be_idle_is_told_of_its_end(make: Make) -> None:
    may_fail = threading.Event()

    def prepare() -> None:
        may_fail.wait(DEADLINE_SECONDS)
        raise ZeroDivisionError

    pool = make(1, start=False, initializer=prepare)
    pool.put(Task(int))
    pool.start()
    answers: list[bool] = []
    waiter = threading.Thread(
        target=lambda: answers.append(pool.wait_idle(DEADLINE_SECONDS))
    )
    waiter.start()
    until(lambda: bool(backlog_of(pool.task_queue).quiet))
    may_fail.set()
    waiter.join(DEADLINE_SECONDS)
    assert answers == [True]


def test_a_broken_pool_can_be_left_and_ended_as_any_other(make: Make) -> None:
    with make(1, start=False, initializer=Initializer()) as pool:
        with pytest.raises(BrokenThreadPool):
            pool.submit(int).result(DEADLINE_SECONDS)
        assert pool.stop() == []
        pool.shutdown(cancel_futures=True)
    assert pool.workers() == ()


def test_a_worker_whose_initializer_failed_is_told_to_the_hooks_in_pairs_or_not(
    make: Make,
) -> None:
    """What a program sets up in the one hook it takes down in the other."""
    told: list[str] = []
    hooks = Hooks(
        worker_started=lambda _: told.append("started"),
        worker_ended=lambda _: told.append("ended"),
    )
    pool = make(2, start=False, initializer=Initializer(works=1), hooks=hooks)
    pool.start()
    until(lambda: pool.state is PoolState.STOPPED)
    assert pool.join(DEADLINE_SECONDS)
    assert told == ["started", "ended"]


def test_a_worker_whose_initializer_failed_never_runs_a_task(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor one whose putter looked before the pool broke, and now takes it back."""
    may_fail, looked = threading.Event(), threading.Event()
    ran: list[int] = []
    left: list[ProcessThread] = []

    def prepare() -> None:
        assert may_fail.wait(DEADLINE_SECONDS)
        raise ZeroDivisionError

    pool = make(1, initializer=prepare)
    door, leaves = pool._core.admission, Workers.leaves
    withdraw = door._withdraw

    def clock() -> int:
        looked.set()
        until(lambda: door.is_broken and pool.state is PoolState.DRAINING)
        return time.perf_counter_ns()

    def late_leaves(workers: Workers, worker: ProcessThread, **rest: Any) -> bool:
        if workers is pool._core.workers and not left:
            left.append(worker)
            until(lambda: pool.task_queue.size() == 1)
        return leaves(workers, worker, **rest)

    def late_withdraw(task: Task) -> None:
        until(lambda: bool(ran) or pool.state is PoolState.STOPPED)
        withdraw(task)

    def put() -> None:
        with pytest.raises(BrokenThreadPool):
            pool.put(Task(ran.append, 1))

    monkeypatch.setattr("pool_gui.pool.pool.perf_counter_ns", clock)
    monkeypatch.setattr(Workers, "leaves", late_leaves)
    monkeypatch.setattr(door, "_withdraw", late_withdraw)
    putter = ThreadPool(1)
    outcome = putter.submit(put)
    assert looked.wait(DEADLINE_SECONDS)
    may_fail.set()
    error = outcome.exception(DEADLINE_SECONDS)
    putter.join(DEADLINE_SECONDS)
    assert not ran
    assert error is None, "it was refused"
    assert (pool.statistics().submitted, pool.statistics().rejected) == (0, 1)
