"""The pool from its making to its work: sizes, start, pause and growth."""

import os
import subprocess
import sys
import threading
import time

import psutil
import pytest
from pool_makers import until_parked
from pool_support import DEADLINE_SECONDS, MakePool, Stall, until

import pool_gui
from pool_gui.pool import Door, PoolState, PoolStateError, Task, ThreadPool


def state_of(pool: ThreadPool) -> PoolState:
    return pool.state  # through a call, since mypy takes it for constant


@pytest.mark.parametrize(("cores", "size"), [(3, 6), (None, 2)])
def test_no_size_means_twice_the_cores(
    monkeypatch: pytest.MonkeyPatch, cores: int | None, size: int
) -> None:
    monkeypatch.setattr(psutil, "cpu_count", lambda: cores)
    assert [ThreadPool().size(), ThreadPool(0).size(), ThreadPool(None).size()] == (
        [size] * 3
    )


@pytest.mark.parametrize("wrong", [1.0, "2", True, [1]])
def test_a_size_that_is_no_whole_number_is_refused(
    make_pool: MakePool, wrong: object
) -> None:
    with pytest.raises(TypeError):
        ThreadPool(wrong)  # type: ignore[arg-type]  # that is the test
    pool = make_pool(1)
    for call in (pool.resize, pool.dismiss):
        with pytest.raises(TypeError):
            call(wrong)  # type: ignore[arg-type]  # that is the test
    assert pool.size() == 1


def test_none_is_no_other_size(make_pool: MakePool) -> None:
    pool = make_pool(1)
    for call in (pool.resize, pool.dismiss):
        with pytest.raises(TypeError):
            call(None)  # type: ignore[arg-type]  # that is the test


def test_a_negative_size_is_refused(make_pool: MakePool) -> None:
    with pytest.raises(ValueError, match="size must not be negative, and -1 is"):
        ThreadPool(-1)
    pool = make_pool(1)
    with pytest.raises(ValueError, match="size"):
        pool.resize(-1)
    with pytest.raises(ValueError, match="count"):
        pool.dismiss(-1)


def test_pools_have_names_of_their_own_unless_named() -> None:
    names = {ThreadPool(1).name for _ in range(3)}
    assert len(names) == 3
    assert all(name.startswith("ThreadPool-") for name in names)
    assert ThreadPool(1, name="demo").name == "demo"


def test_the_text_of_a_pool_says_what_it_is(make_pool: MakePool) -> None:
    pool = make_pool(2, start=False)
    pool.put(Task(int))
    assert repr(pool) == f"<ThreadPool {pool.name!r} new, 2 workers, 1 queued>"


def test_the_public_names_are_at_the_top() -> None:
    for name in ("ThreadPool", "Task", "ThreadSafeQueue", "ProcessThread"):
        assert getattr(pool_gui, name).__module__.startswith("pool_gui.pool.")
        assert name in dir(pool_gui)
    assert issubclass(pool_gui.TaskTypeErrorException, Exception)
    with pytest.raises(AttributeError, match="'pool_gui' has no attribute 'Pool'"):
        pool_gui.Pool  # noqa: B018 - that is the test


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import pool_gui", ["pool_gui.pool", "threading"]),
        ("from pool_gui import ThreadPool; ThreadPool(1)", ["psutil", "asyncio"]),
    ],
)
def test_importing_is_light(statement: str, absent: list[str]) -> None:
    absent += ["numpy", "PySide6", "msgspec"]
    script = (
        f"{statement}; import sys; print([m for m in {absent} if m in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-S", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert ran.stdout.strip() == "[]"


def test_tasks_wait_for_the_start(make_pool: MakePool) -> None:
    pool = make_pool(start=False)
    ran: list[int] = []
    pool.put(Task(ran.append, 1))
    assert state_of(pool) is PoolState.NEW
    assert not pool.workers()
    assert not pool.wait_idle(0.01)
    pool.start()
    assert state_of(pool) is PoolState.RUNNING
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert ran == [1]
    assert len(pool.workers()) == 2


def test_a_pool_is_started_once(make_pool: MakePool) -> None:
    pool = make_pool()
    with pytest.raises(PoolStateError, match="is running, and a pool is started once"):
        pool.start()
    pool.join(DEADLINE_SECONDS)
    with pytest.raises(PoolStateError, match="is stopped"):
        pool.start()
    assert len(Door(pool).workers()) == 2


def test_tasks_run_at_the_same_time(make_pool: MakePool) -> None:
    pool = make_pool(4)
    meeting = threading.Barrier(4)
    pool.batch_put(Task(meeting.wait, DEADLINE_SECONDS) for _ in range(4))
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.statistics().done == 4


def test_a_paused_pool_accepts_and_begins_nothing_until_it_is_resumed(
    make_pool: MakePool, stall: Stall
) -> None:
    pool = make_pool(1)
    pool.put(Task(stall))
    stall.wait_entered()
    pool.pause()
    pool.pause()
    assert state_of(pool) is PoolState.PAUSED
    pool.batch_put([Task(int), Task(int)])
    stall.release.set()
    until(lambda: pool.statistics().done == 1)
    until_parked(pool, 1)
    pool.put(Task(int))
    assert (pool.statistics().started, pool.task_queue.size()) == (1, 3)
    pool.resume()
    pool.resume()
    assert state_of(pool) is PoolState.RUNNING
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.statistics().done == 4


def test_a_paused_pool_can_be_resized(make_pool: MakePool) -> None:
    pool = make_pool(2)
    pool.pause()
    pool.resize(0)
    until(lambda: not pool.workers())
    pool.put(Task(int))
    pool.resize(3)
    assert len(pool.workers()) == 3
    pool.resume()
    assert pool.wait_idle(DEADLINE_SECONDS)


def test_only_a_running_pool_can_pause_and_only_a_paused_one_resume(
    make_pool: MakePool,
) -> None:
    pool = make_pool(start=False)
    with pytest.raises(PoolStateError, match="is new and cannot become paused"):
        pool.pause()
    with pytest.raises(PoolStateError, match=r"is new; call start\(\)"):
        pool.resume()
    pool.stop()
    for call in (pool.pause, pool.resume):
        with pytest.raises(PoolStateError, match="is stopped and cannot become"):
            call()


def test_a_pool_grows_and_shrinks_while_it_works(make_pool: MakePool) -> None:
    pool = make_pool(1)
    for size in (4, 2, 7, 1, 3, 0, 5):
        pool.batch_put(Task(int) for _ in range(100))
        pool.resize(size)
        assert pool.size() == size
        until(lambda size=size: len(pool.workers()) == size)  # type: ignore[misc]
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.statistics().done == 700


def test_a_new_pool_can_be_resized_before_its_start(make_pool: MakePool) -> None:
    pool = make_pool(3, start=False)
    pool.resize(5)
    assert pool.dismiss(1) == ()
    assert pool.size() == 4
    pool.start()
    assert len(pool.workers()) == 4


def test_without_workers_tasks_wait_for_the_pool_to_grow(make_pool: MakePool) -> None:
    pool = make_pool(1)
    pool.resize(0)
    pool.put(Task(int))
    assert not pool.wait_idle(0.01)
    pool.resize(1)
    assert pool.wait_idle(DEADLINE_SECONDS)


@pytest.mark.skipif(
    not hasattr(time, "pthread_getcpuclockid"), reason="no clock for each thread"
)
def test_idle_workers_take_no_processor_time(make_pool: MakePool) -> None:
    """Their clocks stand still while another pool works."""

    def used_seconds() -> list[float]:
        return [time.clock_gettime(clock) for clock in clocks]

    pool, other = make_pool(8), make_pool(1)
    until_parked(pool, 8)
    idents = [worker.ident for worker in pool.workers()]
    clocks = [time.pthread_getcpuclockid(ident) for ident in idents if ident]
    before = used_seconds()
    other.batch_put(Task(int) for _ in range(20_000))
    assert other.wait_idle(DEADLINE_SECONDS)
    assert sum(used_seconds()) - sum(before) < 0.005
