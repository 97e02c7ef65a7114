"""What the thread that watches over time limits decides, tells, and calls."""

import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from bounded_support import Caller, outlast
from pool_support import DEADLINE_SECONDS, MakePool, Stall, until

from pool_gui.pool import Task, TaskExpiredError, TaskState, ThreadPool
from pool_gui.pool.deadlines import QueueWatch

MOMENT = 0.005
"""A time limit, in seconds, that a test waits for."""

Result = TypeVar("Result")


def call(function: Callable[[], Result]) -> Result:
    return function()


def watchers(pool: ThreadPool) -> list[threading.Thread]:
    """Return the threads that watch the time for this pool; not their helpers."""
    return _named(f"{pool.name}_deadlines")


def helpers(pool: ThreadPool) -> list[threading.Thread]:
    return _named(f"{pool.name}_deadlines_helper")


def _named(name: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == name]


def test_an_expiry_that_is_overtaken_by_the_begin_does_nothing(
    make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is held for waiting; before somebody says so, a worker begins it."""
    refuse = Task.refuse
    seen: list[bool] = []

    def late(refused: Task, *args: Any) -> bool:
        assert refused is task
        pool.resume()
        stall.wait_entered()
        seen.append(refuse(refused, *args))
        stall.release.set()
        return seen[0]

    monkeypatch.setattr(Task, "refuse", late)
    monkeypatch.setattr("pool_gui.pool.special.expire", lambda *_: None)
    pool, stall = make_pool(1), Stall()
    pool.pause()
    task = Task(stall).with_limits(queue_seconds=MOMENT)
    pool.put(task)
    assert pool.wait_idle(DEADLINE_SECONDS)
    until(lambda: seen == [False])
    assert task.state is TaskState.DONE
    found = pool.statistics()
    assert (found.expired, found.done) == (0, 1)


@pytest.mark.parametrize("waits", [False, True])
def test_a_begin_that_is_overtaken_by_the_expiry_does_not_run(
    make_pool: MakePool, monkeypatch: pytest.MonkeyPatch, *, waits: bool
) -> None:
    """The worker finds it timely; before it begins it, its time is up."""
    begin, ran = Task.begin, list[int]()

    def late(begun: Task, now_ns: int) -> bool:
        core = pool._core
        QueueWatch(task, 1, core.counters, core.backlog.quiet).act(call)
        return begin(begun, now_ns)

    monkeypatch.setattr(Task, "begin", late)
    pool = make_pool(1, start=False)
    task = Task(ran.append, 1).with_limits(queue_seconds=60)
    waiter = Caller(task.future.exception, DEADLINE_SECONDS if waits else 0)
    pool.put(task)
    pool.start()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert task.state is TaskState.EXPIRED
    assert not ran
    found = pool.statistics()
    assert (found.expired, found.started, found.cancelled) == (1, 0, 0)
    if waits:
        assert isinstance(waiter.result(), TaskExpiredError)
    else:
        waiter.join(DEADLINE_SECONDS)


def test_each_task_either_expires_or_runs(make_pool: MakePool) -> None:
    """Their time is up just when they come to a worker."""
    pool, ran = make_pool(2), list[int]()
    tasks = [
        Task(ran.append, number).with_limits(queue_seconds=1e-6 * number)
        for number in range(1, 1500)
    ]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for task in tasks:
            pool.put(task)
        assert pool.wait_idle(DEADLINE_SECONDS)
    finally:
        sys.setswitchinterval(before)
    expired = [n for n, task in enumerate(tasks, 1) if task.future.exception(0)]
    assert sorted([*ran, *expired]) == list(range(1, 1500))
    found = pool.statistics()
    assert (found.done, found.expired) == (len(ran), len(expired))
    assert found.started == len(ran)


# --- slow callbacks ----------------------------------------------------------------


@pytest.fixture
def slow(stall: Stall) -> Callable[[object], None]:
    """Return a callback that does not come to its end before the test does."""

    def call_back(_: object) -> None:
        stall()

    return call_back


def test_a_slow_callback_delays_neither_another_expiry_nor_its_callback(
    make_pool: MakePool, stall: Stall, slow: Callable[[object], None]
) -> None:
    pool, told = make_pool(1, start=False), list[object]()
    first = Task(int).with_limits(queue_seconds=MOMENT)
    first.add_done_callback(slow)
    first.add_done_callback(told.append)
    others = [Task(int).with_limits(queue_seconds=MOMENT * n) for n in (1, 2, 3)]
    for task in others:
        task.add_done_callback(told.append)
    pool.put(first)
    stall.wait_entered()
    assert isinstance(first.exception(0), TaskExpiredError), "known before it is told"
    pool.batch_put(others)
    for task in others:
        assert isinstance(task.exception(DEADLINE_SECONDS), TaskExpiredError)
    until(lambda: len(told) == 3)
    assert set(map(id, told)) == set(map(id, others))
    assert pool.statistics().expired == 4
    stall.release.set()
    until(lambda: told[3:] == [first])


@pytest.mark.expects_log
def test_a_slow_callback_delays_no_report_of_what_runs_too_long(
    make_pool: MakePool, stall: Stall, slow: Callable[[object], None]
) -> None:
    pool, begun = make_pool(1), Stall()
    pool.pause()
    late = Task(int).with_limits(queue_seconds=MOMENT)
    late.add_done_callback(slow)
    pool.put(late)
    stall.wait_entered()
    pool.resume()
    pool.put(Task(begun).with_limits(run_seconds=MOMENT))
    begun.wait_entered()
    until(lambda: pool.statistics().overdue == 1)
    begun.release.set()


def test_who_waits_for_an_idle_pool_waits_for_the_callbacks(
    make_pool: MakePool, stall: Stall, slow: Callable[[object], None]
) -> None:
    pool = make_pool(1)
    pool.pause()
    task = Task(int).with_limits(queue_seconds=MOMENT)
    task.add_done_callback(slow)
    pool.put(task)
    stall.wait_entered()
    pool.resume()
    assert not pool.wait_idle(MOMENT)
    idle = Caller(pool.wait_idle, DEADLINE_SECONDS)
    stall.release.set()
    assert idle.result()


def test_who_joins_waits_for_the_callbacks_too(
    make_pool: MakePool, stall: Stall, slow: Callable[[object], None]
) -> None:
    pool = make_pool(1, start=False)
    task = Task(int).with_limits(queue_seconds=MOMENT)
    task.add_done_callback(slow)
    pool.put(task)
    stall.wait_entered()
    assert len(helpers(pool)) == 1
    assert helpers(pool)[0].daemon, "it delays no exit"
    assert not pool.join(MOMENT)
    stall.release.set()
    assert pool.join(DEADLINE_SECONDS)
    assert not helpers(pool)
    assert not watchers(pool)


def test_what_has_no_callback_needs_no_helper(make_pool: MakePool) -> None:
    pool = make_pool(1, start=False)
    tasks = [Task(int).with_limits(queue_seconds=MOMENT) for _ in range(20)]
    pool.batch_put(tasks)
    assert tasks[-1].exception(DEADLINE_SECONDS)
    assert not helpers(pool)


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have the system refuse threads that watch the time; return their names."""
    start, names = threading.Thread.start, list[str]()

    def refuse(thread: threading.Thread) -> None:
        if "_deadlines" in thread.name:
            names.append(thread.name)
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    return names


@pytest.mark.expects_log
def test_without_that_thread_the_workers_look_after_the_limits(
    make_pool: MakePool, refused: list[str]
) -> None:
    pool, ran = make_pool(1, start=False), list[int]()
    late = Task(ran.append, 1).with_limits(queue_seconds=1e-9)
    slow = Task(outlast, MOMENT).with_limits(run_seconds=MOMENT)
    pool.put(late)
    pool.batch_put([slow, Task(int)])
    assert refused == [f"{pool.name}_deadlines"] * 2, "each put tries again"
    pool.start()
    assert pool.join(DEADLINE_SECONDS)
    assert not ran
    found = pool.statistics()
    assert (found.expired, found.overdue, found.done) == (1, 1, 2)


@pytest.mark.expects_log
def test_that_it_cannot_be_started_is_logged_once(
    make_pool: MakePool, refused: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    pool = make_pool(1)
    for _ in range(5):
        pool.put(Task(int).with_limits(queue_seconds=60))
    assert len(refused) == 5
    assert len(caplog.records) == 1
    assert "can't start new thread" in caplog.text


@pytest.mark.expects_log
def test_when_it_starts_at_last_it_knows_the_earlier_limits(
    make_pool: MakePool, refused: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = make_pool(1, start=False)
    early = Task(int).with_limits(queue_seconds=MOMENT)
    pool.put(early)
    assert len(refused) == 1
    monkeypatch.undo()
    pool.put(Task(int).with_limits(run_seconds=60))
    assert early.future.exception(DEADLINE_SECONDS)


def test_without_helpers_the_callbacks_are_called_all_the_same(
    make_pool: MakePool, monkeypatch: pytest.MonkeyPatch, refused: list[str]
) -> None:
    pool, told = make_pool(1, start=False), list[object]()
    monkeypatch.undo()
    tasks = [Task(int).with_limits(queue_seconds=MOMENT) for _ in range(3)]
    for task in tasks:
        task.add_done_callback(told.append)
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name.endswith("_helper"):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    pool.batch_put(tasks)
    until(lambda: len(told) == 3)
    assert pool.statistics().expired == 3


def test_who_waits_for_a_paused_pool_to_be_idle_hears_of_the_last_expiry(
    make_pool: MakePool,
) -> None:
    pool = make_pool(1)
    pool.pause()
    pool.put(Task(int).with_limits(queue_seconds=MOMENT * 10))
    idle = Caller(pool.wait_idle)
    until(lambda: bool(pool._core.backlog.quiet))
    until(lambda: pool.statistics().outstanding == 0)
    assert idle.result()


def test_who_waits_for_a_paused_pool_to_be_idle_hears_of_the_last_purge(
    make_pool: MakePool,
) -> None:
    pool, task = make_pool(1), Task(int)
    pool.pause()
    pool.put(task)
    assert task.cancel()
    idle = Caller(pool.wait_idle)
    until(lambda: bool(pool._core.backlog.quiet))
    assert pool.purge() == 1
    assert idle.result()
