"""The end of a pool: drained, stopped, joined, or held by nobody any more."""

import gc
import itertools
import sys
import threading
import weakref
from collections.abc import Callable, Iterator

import pytest
from pool_makers import until_parked
from pool_support import DEADLINE_SECONDS, MakePool, Stall, counted, until

from pool_gui.pool import Door, PoolState, PoolStateError, Task, ThreadPool
from pool_gui.pool.backlog import Backlog


def state_of(pool: ThreadPool) -> PoolState:
    return pool.state  # through a call, since mypy takes it for constant


def dismiss_all(pool: ThreadPool) -> None:
    pool.resize(0)
    until(lambda: not pool.workers())


@pytest.mark.parametrize(
    "prepare",
    [lambda _: None, ThreadPool.pause, dismiss_all],
    ids=["running", "paused", "without workers"],
)
def test_join_runs_all_accepted_tasks_and_leaves_no_thread(
    make_pool: MakePool, prepare: Callable[[ThreadPool], None]
) -> None:
    pool = make_pool(2)
    prepare(pool)
    pool.batch_put(Task(int) for _ in range(1000))
    assert pool.join(DEADLINE_SECONDS)
    assert state_of(pool) is PoolState.STOPPED
    assert counted(pool) == {"submitted": 1000, "started": 1000, "done": 1000}
    assert not [t for t in threading.enumerate() if t.name.startswith(pool.name + "_")]
    assert pool.workers() == ()


def test_join_runs_the_tasks_of_a_pool_that_was_never_started(
    make_pool: MakePool,
) -> None:
    pool = make_pool(2, start=False)
    ran: list[int] = []
    pool.put(Task(ran.append, 1))
    assert pool.join(DEADLINE_SECONDS)
    assert ran == [1]


def test_joining_a_pool_without_work_stops_it(make_pool: MakePool) -> None:
    pool = make_pool(start=False)
    assert pool.join(0)
    assert state_of(pool) is PoolState.STOPPED
    assert not Door(pool).workers()


def test_join_may_time_out_and_be_called_again(
    make_pool: MakePool, stall: Stall
) -> None:
    pool = make_pool(2)
    pool.put(Task(stall))
    stall.wait_entered()
    assert not pool.join(0)
    assert not pool.join(0.01)
    assert state_of(pool) is PoolState.DRAINING
    stall.release.set()
    assert pool.join(DEADLINE_SECONDS)
    assert pool.join(0)
    assert pool.join()


def test_many_threads_may_join(make_pool: MakePool) -> None:
    """Many times over: idents are used again, and is_alive has a race on 3.11."""
    for _ in range(40):
        pool = make_pool(2)
        held = threading.Event()
        pool.put(Task(held.wait, DEADLINE_SECONDS))
        answers: list[bool] = []

        def join(pool: ThreadPool = pool, answers: list[bool] = answers) -> None:
            answers.append(pool.join(DEADLINE_SECONDS))

        threads = [threading.Thread(target=join) for _ in range(8)]
        for thread in threads:
            thread.start()
        held.set()
        for thread in threads:
            thread.join(DEADLINE_SECONDS)
        assert answers == [True] * 8


@pytest.mark.parametrize("call", ["join", "wait_idle"])
def test_a_worker_that_waits_for_its_own_pool_is_told_so(
    make_pool: MakePool, call: str
) -> None:
    pool = make_pool(1)
    errors: list[BaseException] = []

    def wait() -> None:
        try:
            getattr(pool, call)()
        except PoolStateError as error:
            errors.append(error)

    pool.put(Task(wait))
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert f"{call}() was called by a worker" in str(errors[0])
    assert state_of(pool) is PoolState.RUNNING, "nothing has changed"


def test_a_task_may_join_another_pool(make_pool: MakePool) -> None:
    pool, other = make_pool(1), make_pool(1)
    pool.put(Task(other.join, DEADLINE_SECONDS))
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert state_of(other) is PoolState.STOPPED


def test_a_task_may_put_resize_dismiss_pause_and_drain(make_pool: MakePool) -> None:
    pool = make_pool(2)
    ran: list[int] = []

    def act() -> None:
        pool.put(Task(ran.append, 1))
        pool.resize(4)
        pool.dismiss(1)
        pool.pause()
        pool.resume()
        pool.drain()

    pool.put(Task(act))
    until(lambda: state_of(pool) is PoolState.STOPPED)
    assert ran == [1]
    assert pool.size() == 3


def test_a_task_may_stop_its_pool(make_pool: MakePool) -> None:
    pool = make_pool(1)
    handed_back: list[Task] = []
    queued = Task(int)
    pool.pause()
    pool.batch_put([Task(lambda: handed_back.extend(pool.stop())), queued])
    pool.resume()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.join(DEADLINE_SECONDS)
    assert handed_back == [queued]


def test_stop_hands_back_what_did_not_run_and_lets_the_rest_finish(
    make_pool: MakePool, stall: Stall
) -> None:
    pool = make_pool(1)
    pool.put(Task(stall))
    stall.wait_entered()
    queued = [Task(int) for _ in range(5)]
    pool.batch_put(queued)
    assert pool.stop() == queued
    assert state_of(pool) is PoolState.DRAINING
    assert pool.stop() == []
    stall.release.set()
    assert pool.join(DEADLINE_SECONDS)
    found = counted(pool)
    assert found == {"submitted": 6, "started": 1, "done": 1, "cancelled": 5}
    assert pool.size() == 1, "the size is what was wanted last"


@pytest.mark.parametrize(
    "prepare", [lambda _: None, ThreadPool.pause, ThreadPool.drain]
)
def test_stop_ends_idle_workers_in_any_state(
    make_pool: MakePool, prepare: Callable[[ThreadPool], None]
) -> None:
    pool = make_pool(3)
    prepare(pool)
    assert pool.stop() == []
    assert pool.join(DEADLINE_SECONDS)
    assert state_of(pool) is PoolState.STOPPED


def test_stopping_a_new_pool_hands_its_tasks_back(make_pool: MakePool) -> None:
    pool = make_pool(start=False)
    task = Task(int)
    pool.put(task)
    assert pool.stop() == [task]
    assert state_of(pool) is PoolState.STOPPED
    assert pool.wait_idle(0)


def test_drain_does_not_wait(make_pool: MakePool, stall: Stall) -> None:
    pool = make_pool(1)
    pool.batch_put([Task(stall), Task(int)])
    stall.wait_entered()
    pool.drain()
    pool.drain()
    assert state_of(pool) is PoolState.DRAINING
    stall.release.set()
    until(lambda: state_of(pool) is PoolState.STOPPED)
    assert pool.statistics().done == 2


def test_a_draining_pool_keeps_its_workers_while_tasks_are_queued(
    make_pool: MakePool,
) -> None:
    pool = make_pool(4)
    pool.pause()
    until_parked(pool, 4)
    meeting = threading.Barrier(4)
    pool.batch_put(Task(meeting.wait, DEADLINE_SECONDS) for _ in range(4))
    assert pool.join(DEADLINE_SECONDS)
    assert pool.statistics().done == 4


def test_join_waits_for_the_threads_themselves(
    make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that has left the roster may still have a few steps to go."""
    pool = make_pool(1)
    held = threading.Event()
    monkeypatch.setattr(Backlog, "pass_on", lambda _: held.wait(DEADLINE_SECONDS))
    pool.drain()
    until(lambda: state_of(pool) is PoolState.STOPPED)
    assert not pool.join(0.01)
    held.set()
    assert pool.join(DEADLINE_SECONDS)


def test_a_pool_that_nobody_holds_runs_its_tasks_and_ends() -> None:
    pool = ThreadPool(2)
    ran: list[int] = []
    pool.start()
    workers = pool.workers()
    pool.pause()
    pool.batch_put(Task(ran.append, n) for n in range(100))
    lost = weakref.ref(pool)
    gc.disable()
    try:
        del pool
        assert lost() is None, "freed without the collector's help"
    finally:
        gc.enable()
    for worker in workers:
        worker.join(DEADLINE_SECONDS)
        assert not worker.is_alive()
    assert sorted(ran) == list(range(100))


def test_a_dismissed_worker_of_a_lost_pool_runs_what_is_left(stall: Stall) -> None:
    pool = ThreadPool(1)
    ran: list[int] = []
    pool.start()
    (worker,) = pool.workers()
    pool.batch_put([Task(stall), Task(ran.append, 1)])
    stall.wait_entered()
    worker.dismiss()
    del pool
    stall.release.set()
    worker.join(DEADLINE_SECONDS)
    assert ran == [1]


@pytest.fixture
def _hasty() -> Iterator[None]:
    """Have the interpreter change threads often."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_hasty")
def test_putting_and_joining_may_race(make_pool: MakePool) -> None:
    """Each put either raises, or its task runs; twenty-five times over."""
    for _ in range(25):
        pool = make_pool(2)
        ran: list[int] = []
        accepted: list[int] = []
        numbers = itertools.count()

        def put_until_refused(
            pool: ThreadPool = pool,
            ran: list[int] = ran,
            accepted: list[int] = accepted,
            numbers: "itertools.count[int]" = numbers,
        ) -> None:
            for number in numbers:
                try:
                    pool.put(Task(ran.append, number))
                except PoolStateError:
                    return
                accepted.append(number)

        threads = [threading.Thread(target=put_until_refused) for _ in range(3)]
        for thread in threads:
            thread.start()
        until(lambda ran=ran: len(ran) > 100)  # type: ignore[misc]
        assert pool.join(DEADLINE_SECONDS)
        for thread in threads:
            thread.join(DEADLINE_SECONDS)
        assert sorted(ran) == sorted(accepted)
        counts = pool.statistics()
        assert counts.submitted == counts.done == len(ran)
        assert counts.rejected == 3
