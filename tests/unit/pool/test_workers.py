from pathlib import Path

import pytest
from pool_makers import refuse_threads
from pool_support import DEADLINE_SECONDS, MakePool, Stall, until

from pool_gui.pool import (
    NO_SPANS,
    Door,
    PoolState,
    PoolStateError,
    ProcessThread,
    Task,
    WorkerStartError,
    WorkerState,
)
from pool_gui.pool.workers import MAX_DEPARTED


def test_workers_are_numbered_and_no_number_is_used_twice(make_pool: MakePool) -> None:
    pool = make_pool(2)
    pool.dismiss(1)
    pool.resize(3)
    until(lambda: len(pool._core.workers.departed) == 1)
    assert [worker.name for worker in pool.workers()] == [
        f"{pool.name}_{number}" for number in (0, 2, 3)
    ]
    assert pool._core.workers.departed[0].name == f"{pool.name}_1"


def test_idle_workers_are_dismissed_first(make_pool: MakePool, stall: Stall) -> None:
    pool = make_pool(3)
    pool.put(Task(stall))
    stall.wait_entered()
    (busy,) = [w for w in pool.workers() if w.state is WorkerState.BUSY]
    assert busy not in pool.dismiss(2)
    assert pool.dismiss(5) == (busy,)
    assert pool.size() == 0
    assert busy.state is WorkerState.DISMISSED


def test_no_worker_is_dismissed_twice(make_pool: MakePool, stall: Stall) -> None:
    pool = make_pool(1)
    pool.put(Task(stall))
    stall.wait_entered()
    (worker,) = pool.workers()
    assert pool.dismiss_worker(worker) == (worker,)
    assert pool.dismiss_worker(worker) == ()
    assert pool.dismiss(1) == ()
    worker.dismiss()
    assert pool.size() == 0


def test_a_worker_of_another_pool_is_not_dismissed(make_pool: MakePool) -> None:
    pool, other = make_pool(1), make_pool(1)
    assert pool.dismiss_worker(other.workers()[0]) == ()
    assert (pool.size(), other.size()) == (1, 1)


def test_a_worker_that_dismisses_itself_makes_the_pool_smaller(
    make_pool: MakePool,
) -> None:
    pool = make_pool(3)
    worker = pool.workers()[1]
    worker.dismiss()
    assert pool.size() == 2
    worker.join(DEADLINE_SECONDS)
    assert worker not in pool.workers()
    assert list(pool._core.workers.departed) == [worker]


def test_a_worker_quicker_to_leave_than_its_dismissal_is_told_counts_once(
    make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = make_pool(3)
    told = pool._core.dismissed

    def told_late(worker: ProcessThread) -> None:
        worker.join(DEADLINE_SECONDS)
        told(worker)

    monkeypatch.setattr(pool._core, "dismissed", told_late)
    pool.workers()[0].dismiss()
    assert pool.size() == 2


def test_a_start_that_fails_leaves_a_new_pool_and_all_tasks(
    make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CPython's executor runs the refused task later: cpython#17615."""
    pool = make_pool(4, start=False)
    ran: list[int] = []
    pool.put(Task(ran.append, 1))
    with monkeypatch.context() as patch:
        refuse_threads(patch, after=2)
        with pytest.raises(WorkerStartError, match="could not start worker 3 of 4"):
            pool.start()
    until(lambda: not pool.workers())
    assert (pool.state, pool.size(), pool.task_queue.size()) == (PoolState.NEW, 4, 1)
    assert not ran
    pool.start()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert ran == [1]


def test_a_resize_that_fails_leaves_the_size_as_it_was(
    make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = make_pool(2)
    with monkeypatch.context() as patch:
        refuse_threads(patch, after=1)
        with pytest.raises(WorkerStartError):
            pool.resize(5)
    assert pool.size() == 2
    until(lambda: len(pool.workers()) == 2)
    assert pool.state is PoolState.RUNNING


def test_a_drain_that_fails_keeps_the_pool_open_and_the_tasks(
    make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = make_pool(1, start=False)
    ran: list[int] = []
    pool.put(Task(ran.append, 1))
    with monkeypatch.context() as patch:
        refuse_threads(patch, after=0)
        with pytest.raises(WorkerStartError):
            pool.join(DEADLINE_SECONDS)
    assert pool.state is PoolState.NEW
    pool.put(Task(ran.append, 2))
    assert pool.join(DEADLINE_SECONDS)
    assert ran == [1, 2]


def test_counts_of_workers_gone_are_kept_and_counted_once(make_pool: MakePool) -> None:
    pool = make_pool(2)
    for round_number in range(1, 6):
        pool.batch_put(Task(int) for _ in range(10))
        assert pool.wait_idle(DEADLINE_SECONDS)
        pool.resize(0)
        until(lambda: not pool.workers())
        assert pool.statistics().done == pool.statistics().started == 10 * round_number
        pool.resize(2)
    assert pool.statistics().done == 50


def test_a_departed_worker_keeps_its_record(make_pool: MakePool) -> None:
    pool = make_pool(1)
    pool.put(Task(int))
    assert pool.wait_idle(DEADLINE_SECONDS)
    pool.dismiss()
    until(lambda: len(pool._core.workers.departed) == 1)
    assert pool._core.workers.departed[0].record.done == 1


def test_departed_workers_are_remembered_up_to_a_bound(make_pool: MakePool) -> None:
    pool = make_pool(1)
    for _ in range(3):
        pool.resize(100)
        pool.resize(0)
        until(lambda: not pool.workers())
    assert len(pool._core.workers.departed) == MAX_DEPARTED
    until(lambda: not pool._core.threads())


def test_the_last_worker_dismissed_while_draining_runs_what_is_left(
    make_pool: MakePool, stall: Stall
) -> None:
    pool = make_pool(1)
    pool.batch_put([Task(stall), *[Task(int) for _ in range(5)]])
    stall.wait_entered()
    (worker,) = pool.workers()
    pool.drain()
    worker.dismiss()
    stall.release.set()
    assert pool.join(DEADLINE_SECONDS)
    assert pool.statistics().done == 6


def test_a_dismissed_worker_runs_what_is_left_when_the_pool_then_drains(
    make_pool: MakePool, stall: Stall
) -> None:
    pool = make_pool(1)
    pool.batch_put([Task(stall), *[Task(int) for _ in range(5)]])
    stall.wait_entered()
    pool.dismiss()
    pool.drain()
    stall.release.set()
    assert pool.join(DEADLINE_SECONDS)
    assert pool.statistics().done == 6


def test_all_workers_of_a_pool_are_watched_and_those_to_come(
    make_pool: MakePool,
) -> None:
    pool = make_pool(1)
    assert {w.record.span_mask for w in pool.workers()} == {NO_SPANS}
    Door(pool).watch(7)
    pool.resize(3)
    assert {w.record.span_mask for w in pool.workers()} == {7}


def test_the_prepared_workers_of_a_new_pool_are_those_that_start(
    make_pool: MakePool,
) -> None:
    pool = make_pool(2, start=False)
    prepared = [pool.pool.get(number) for number in range(2)]
    assert [worker.is_alive() for worker in prepared] == [False] * 2
    Door(pool).watch(7)
    pool.start()
    assert list(pool.workers()) == prepared
    assert {w.record.span_mask for w in prepared} == {7}


def test_the_most_tasks_that_were_queued_are_told_once_to_who_watches(
    make_pool: MakePool,
) -> None:
    pool = make_pool(1, start=False)
    door = Door(pool)
    pool.batch_put(Task(int) for _ in range(4))
    pool.start()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert door.take_peak_queued() == 4
    assert door.take_peak_queued() == 0
    pool.resize(0)
    until(lambda: not pool.workers())
    pool.batch_put(Task(int) for _ in range(2))
    assert [door.take_peak_queued() for _ in range(2)] == [2, 2], "they are still there"
    assert pool.statistics().peak_queued == 4


def test_a_pool_knows_its_own_threads(make_pool: MakePool) -> None:
    pool = make_pool(1)
    answers: list[bool] = []
    pool.put(Task(lambda: answers.append(pool._core.hosts_current_thread())))
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert answers == [True]
    assert not pool._core.hosts_current_thread()


@pytest.mark.parametrize("call", ["resize", "dismiss", "dismiss_worker"])
def test_the_workers_of_a_closed_pool_end_by_themselves(
    make_pool: MakePool, stall: Stall, call: str
) -> None:
    pool = make_pool(1)
    pool.put(Task(stall))
    stall.wait_entered()
    pool.drain()
    argument = pool.workers()[0] if call == "dismiss_worker" else 1
    with pytest.raises(PoolStateError, match="is draining"):
        getattr(pool, call)(argument)
    assert pool.size() == 1


def test_ended_pools_leave_no_descriptors_and_no_threads(make_pool: MakePool) -> None:
    folder = Path("/proc/self/fd")
    before = len(list(folder.iterdir())) if folder.exists() else 0
    for _ in range(50):
        pool = make_pool(4)
        pool.put(Task(int))
        assert pool.join(DEADLINE_SECONDS)
        assert not pool._core.threads()
    after = len(list(folder.iterdir())) if folder.exists() else 0
    assert after <= before + 2


def test_a_worker_that_does_not_start_in_time_of_trouble_is_not_counted(
    make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = make_pool(1)
    with monkeypatch.context() as patch:
        refuse_threads(patch)
        with pytest.raises(WorkerStartError):
            pool.resize(2)
    found = pool.statistics()
    assert (found.workers, found.size, found.peak_workers) == (1, 1, 1)
