import gc
import itertools
import os
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable

import psutil
import pytest
from pool_support import DEADLINE_SECONDS, MakePool, Stall, until

import pool_gui
from pool_gui.pool import (
    PoolCounts,
    PoolState,
    PoolStateError,
    Task,
    ThreadPool,
    ThreadSafeQueue,
)


def state_of(pool: ThreadPool) -> PoolState:
    return pool.state  # through a call, since mypy takes it for constant


@pytest.mark.parametrize(("cores", "size"), [(3, 6), (None, 2)])
def test_size_zero_means_twice_the_cores(
    monkeypatch: pytest.MonkeyPatch, cores: int | None, size: int
) -> None:
    monkeypatch.setattr(psutil, "cpu_count", lambda: cores)
    assert ThreadPool().size() == size


@pytest.mark.parametrize("wrong", [1.0, "2", None, True, [1]])
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
    assert len(pool.departed) == 2


def test_tasks_run_at_the_same_time(make_pool: MakePool) -> None:
    pool = make_pool(4)
    meeting = threading.Barrier(4)
    pool.batch_put(Task(meeting.wait, DEADLINE_SECONDS) for _ in range(4))
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.counts().done == 4


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
    until(lambda: pool.counts().done == 1)
    until(lambda: len(pool.task_queue.waiters) == 1)
    pool.put(Task(int))
    assert (pool.counts().started, pool.task_queue.size()) == (1, 3)
    pool.resume()
    pool.resume()
    assert state_of(pool) is PoolState.RUNNING
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.counts().done == 4


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
    assert pool.counts().done == 700


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
    assert pool.counts() == PoolCounts(1000, 1000, 1000, 0, 0, 0)
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
    assert not pool.departed


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
    assert pool.counts() == PoolCounts(6, 1, 1, 0, cancelled=5, rejected=0)
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
    assert pool.counts().done == 2


def waiting_for_idle(pool: ThreadPool, then: Callable[[], object]) -> bool:
    """Do something while another thread waits; return whether that ended it."""
    answers: list[bool] = []
    seconds: list[float] = []

    def wait() -> None:
        began = time.monotonic()
        answers.append(pool.wait_idle(DEADLINE_SECONDS))
        seconds.append(time.monotonic() - began)

    thread = threading.Thread(target=wait)
    thread.start()
    until(lambda: len(pool.task_queue.quiet) == 1)
    then()
    thread.join(2 * DEADLINE_SECONDS)
    return answers == [True] and seconds[0] < DEADLINE_SECONDS / 2


def test_wait_idle_waits_for_running_tasks_too(
    make_pool: MakePool, stall: Stall
) -> None:
    pool = make_pool(2)
    assert pool.wait_idle(0)
    pool.put(Task(stall))
    stall.wait_entered()
    assert not pool.wait_idle(0)
    assert waiting_for_idle(pool, stall.release.set)


def test_wait_idle_ends_when_the_last_task_was_a_dismissed_workers(
    make_pool: MakePool, stall: Stall
) -> None:
    pool = make_pool(1)
    pool.put(Task(stall))
    stall.wait_entered()
    pool.dismiss()
    assert waiting_for_idle(pool, stall.release.set)


def test_wait_idle_ends_when_a_paused_pool_has_nothing_left(
    make_pool: MakePool, stall: Stall
) -> None:
    pool = make_pool(1)
    pool.put(Task(stall))
    stall.wait_entered()
    pool.pause()
    assert waiting_for_idle(pool, stall.release.set)


@pytest.mark.parametrize("call", ["clear", "stop"])
def test_wait_idle_ends_when_the_queued_tasks_are_taken_back(
    make_pool: MakePool, call: str
) -> None:
    pool = make_pool(start=False)
    pool.put(Task(int))
    assert waiting_for_idle(pool, getattr(pool, call))


def test_a_draining_pool_keeps_its_workers_while_tasks_are_queued(
    make_pool: MakePool,
) -> None:
    pool = make_pool(4)
    pool.pause()
    until(lambda: len(pool.task_queue.waiters) == 4)
    meeting = threading.Barrier(4)
    pool.batch_put(Task(meeting.wait, DEADLINE_SECONDS) for _ in range(4))
    assert pool.join(DEADLINE_SECONDS)
    assert pool.counts().done == 4


def test_join_waits_for_the_threads_themselves(
    make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that has left the crew may still have a few steps to go."""
    pool = make_pool(1)
    held = threading.Event()
    monkeypatch.setattr(
        ThreadSafeQueue, "pass_on", lambda _: held.wait(DEADLINE_SECONDS)
    )
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


def test_idle_workers_take_no_processor_time(make_pool: MakePool) -> None:
    make_pool(8)
    began = time.process_time()
    threading.Event().wait(0.5)
    assert time.process_time() - began < 0.05


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
        counts = pool.counts()
        assert counts.submitted == counts.done == len(ran)
        assert counts.rejected == 3
