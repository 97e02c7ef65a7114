"""What a pool does when exceptions are thrown into its workers, and when those die."""

import ctypes
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest
from bounded_support import Caller, ending
from pool_support import DEADLINE_SECONDS, MakePool, until

from pool_gui.pool import Hooks, PoolState, ProcessThread, Task, ThreadPool

PLAIN, BOUNDED, RANKED = "plain", "bounded", "ranked"


def throw(worker: ProcessThread, error: type[BaseException]) -> None:
    assert worker.ident is not None
    thrown = ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(worker.ident), ctypes.py_object(error)
    )
    assert thrown == 1


# --- many of them, in a pool ---------------------------------------------------------


@pytest.fixture
def _brief_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    # Thrown into the midst of logging, one could leave a lock of that module held.
    monkeypatch.setattr("pool_gui.pool.worker.tell_stray", lambda *_: None)
    monkeypatch.setattr("pool_gui.pool.worker._STRAY_PAUSE_SECONDS", 0.001)


def throw_into_all(pool: ThreadPool) -> None:
    for worker in pool._core.workers.roster.living:
        if worker.ident is not None and worker.is_alive():
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(worker.ident), ctypes.py_object(SystemExit)
            )


@pytest.mark.expects_log
@pytest.mark.usefixtures("_brief_pauses")
@pytest.mark.parametrize("kind", [PLAIN, BOUNDED, RANKED, "hooked"])
def test_busy_workers_lose_no_task_whatever_is_thrown_into_them(kind: str) -> None:
    pool = ThreadPool(
        2,
        queue_limit=1000 if kind == BOUNDED else None,
        hooks=Hooks(before_task=id) if kind == "hooked" else None,
    )
    tasks, is_over = [Task(int) for _ in range(500)], threading.Event()
    for number, task in enumerate(tasks):
        task.logs_failure = False
        if kind == RANKED:
            task.with_limits(priority=number % 3 - 1)

    def throw_often() -> None:
        while not is_over.wait(0.0005):
            throw_into_all(pool)

    with ending(pool):
        pool.start()
        thrower = Caller(throw_often)
        pool.batch_put(tasks)
        try:
            until(lambda: all(task.done() for task in tasks))
        finally:
            is_over.set()
            thrower.result()
        assert pool.wait_idle(DEADLINE_SECONDS)
        found = pool.statistics()
        assert found.done + found.failed == found.submitted == len(tasks)
        assert (found.workers, found.size) == (2, 2)
        assert all(worker.is_alive() for worker in pool.workers())


@pytest.mark.expects_log
@pytest.mark.usefixtures("_brief_pauses")
def test_idle_workers_survive_whatever_is_thrown_into_them(
    make_pool: MakePool,
) -> None:
    pool = make_pool(2)
    for _ in range(20):
        throw_into_all(pool)
        pool._core.backlog.parked.rouse()
        with suppress(SystemExit):  # it may hit the call
            assert pool.submit(pow, 2, 3).result(DEADLINE_SECONDS) == 8
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.submit(pow, 2, 3).result(DEADLINE_SECONDS) == 8
    found = pool.statistics()
    assert (found.workers, found.size, found.outstanding) == (2, 2, 0)


# --- a worker that ended all the same -------------------------------------------------


def kill_one(pool: ThreadPool) -> ProcessThread:
    """End the thread of the first worker, as one unlucky exception can do that."""
    worker: ProcessThread = pool._core.workers.roster.living[0]
    until(lambda: len(pool._core.backlog.parked) == len(pool.workers()))
    worker.__dict__["_stint"] = lambda: True
    pool._core.backlog.parked.unpark(worker._parking_lock)
    throw(worker, SystemExit)
    worker.join(DEADLINE_SECONDS)
    assert not worker.is_alive()
    return worker


@pytest.mark.expects_log
def test_a_dead_worker_is_replaced_and_no_longer_counted(make_pool: MakePool) -> None:
    pool = make_pool(2)
    dead = kill_one(pool)
    assert dead not in pool.workers()
    until(lambda: len(pool.workers()) == 2)
    found = pool.statistics()
    assert (found.workers, found.size) == (2, 2)
    meeting = threading.Barrier(2)
    futures = [pool.submit(meeting.wait, DEADLINE_SECONDS) for _ in "ab"]
    assert sorted(one.result(DEADLINE_SECONDS) for one in futures) == [0, 1]


CALLS: dict[str, Callable[[ThreadPool], object]] = {
    "wait_idle": lambda pool: pool.wait_idle(DEADLINE_SECONDS),
    "join": lambda pool: pool.join(DEADLINE_SECONDS),
    "statistics": ThreadPool.statistics,
}


@pytest.mark.expects_log
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_what_is_put_into_a_pool_whose_workers_are_dead_runs(
    make_pool: MakePool, call: Callable[[ThreadPool], object]
) -> None:
    pool = make_pool(1)
    kill_one(pool)
    future = pool.submit(pow, 2, 3)
    call(pool)
    assert future.result(DEADLINE_SECONDS) == 8
    assert pool.join(DEADLINE_SECONDS)
    assert pool.state is PoolState.STOPPED


@pytest.mark.expects_log
def test_a_task_in_the_hand_of_a_worker_that_died_is_run_by_another(
    make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = make_pool(1, start=False)
    task = Task(pow, 2, 3).with_limits(run_seconds=60)

    def begin(*_: object) -> None:
        raise SystemExit

    def die(worker: ProcessThread) -> None:
        with pytest.raises(SystemExit):
            worker._process()

    pool.put(task)
    with monkeypatch.context() as patch:
        patch.setattr("pool_gui.pool.special.begin", begin)
        patch.setattr(ProcessThread, "run", die)
        pool.start()
        (worker,) = pool._core.workers.roster.living
        worker.join(DEADLINE_SECONDS)
    assert worker not in pool.workers()
    assert task.result(DEADLINE_SECONDS) == 8
    assert pool.wait_idle(DEADLINE_SECONDS)
