"""Tasks that run beyond their limit: reported, once, in time, and never killed."""

import logging
import weakref
from collections.abc import Callable

import pytest
from bounded_support import Caller, ending, outlast
from pool_support import DEADLINE_SECONDS, MakePool, Stall, until

from pool_gui.pool import Hooks, Task, TaskState, ThreadPool, WhenFull
from pool_gui.pool.counters import Counters
from pool_gui.pool.deadlines import Deadlines, RunWatch

MOMENT = 0.005
"""A time limit, in seconds, that a test waits for."""


def call(function: Callable[[], object]) -> None:
    function()


class Unseen:
    """Something to call that must not be looked at."""

    def __getattribute__(self, name: str) -> object:
        raise KeyboardInterrupt(name)

    def __call__(self) -> str:
        return "called"


class Misnamed:
    """Something to call whose names are none."""

    def __init__(self, stall: Stall) -> None:
        self._stall = stall
        self.__qualname__ = self.__module__ = 3  # type: ignore[assignment]  # as somebody might

    def __call__(self) -> None:
        self._stall()


@pytest.mark.parametrize("when_full", list(WhenFull))
def test_what_must_not_be_looked_at_runs_under_a_limit(when_full: WhenFull) -> None:
    pool = ThreadPool(1, queue_limit=1, when_full=when_full)
    with ending(pool):
        tasks = [Task(Unseen()).with_limits(run_seconds=60) for _ in range(2)]
        pool.put(tasks[0])
        if when_full is WhenFull.RUN_IN_CALLER:
            pool.put(tasks[1])
            assert tasks[1].result(0) == "called"
        pool.start()
        assert tasks[0].result(DEADLINE_SECONDS) == "called"


@pytest.mark.expects_log
def test_whatever_is_called_is_named_in_the_report(
    make_pool: MakePool, stall: Stall, caplog: pytest.LogCaptureFixture
) -> None:
    class Unseen(Misnamed):
        def __getattribute__(self, name: str) -> object:
            if name == "_stall":
                return object.__getattribute__(self, name)
            raise ZeroDivisionError(name)

    pool = make_pool(3)
    for kind in (Misnamed, Unseen):
        pool.put(Task(kind(stall)).with_limits(run_seconds=MOMENT))
    until(lambda: len(caplog.records) == 2)
    assert "(Unseen) on" in caplog.text
    stall.release.set()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.statistics().done == 2


@pytest.mark.expects_log
def test_what_runs_too_long_is_reported_once_and_while_it_runs(
    make_pool: MakePool, stall: Stall, caplog: pytest.LogCaptureFixture
) -> None:
    pool = make_pool(1)
    task = Task(stall).with_limits(run_seconds=MOMENT)
    pool.put(task)
    until(lambda: len(caplog.records) == 1)
    assert task.state is TaskState.RUNNING
    assert pool.statistics().overdue == 1
    (line,) = caplog.records
    assert (line.name, line.levelname) == ("pool_gui.pool", "WARNING")
    text = f"Task 1 (pool_support.Stall) on {pool.name}_0 has run for longer than its"
    assert line.getMessage().startswith(f"{text} limit of 0.005 s; a thread cannot be")
    stall.release.set()
    assert pool.join(DEADLINE_SECONDS)
    found = pool.statistics()
    assert (found.overdue, found.done, len(caplog.records)) == (1, 1, 1)


@pytest.mark.expects_log
def test_what_ran_too_long_is_reported_at_its_end_if_the_watch_is_late(
    make_pool: MakePool,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held: list[RunWatch] = []
    monkeypatch.setattr(Deadlines, "watch", lambda _, watch: held.append(watch))
    pool = make_pool(1)
    pool.put(Task(outlast, MOMENT).with_limits(run_seconds=MOMENT))
    pool.put(Task(int).with_limits(run_seconds=60))
    assert pool.wait_idle(DEADLINE_SECONDS)
    for watch in held:
        assert not watch.is_current()
        watch.act(call)  # now it comes, in vain
    (line,) = caplog.records
    assert "ran for longer than its limit" in line.getMessage()
    assert line.getMessage().endswith("it has ended")
    assert pool.statistics().overdue == 1


@pytest.mark.expects_log
def test_of_watch_and_worker_only_one_reports() -> None:
    counters, task = Counters(), Task(int)

    def watch() -> RunWatch:
        return RunWatch(task, 10, "somebody", counters)

    first, second, short = watch(), watch(), watch()
    first.act(call)
    first.end(11)
    assert counters.overdue.taken() == 1
    second.end(11)
    second.act(call)
    assert counters.overdue.taken() == 2
    assert short.is_current()
    short.end(10)
    assert not short.is_current()
    short.act(call)
    assert counters.overdue.taken() == 2


def test_what_has_ended_just_now_is_not_said_to_run() -> None:
    """Its end is stamped, and nobody has told the watch yet."""
    task = Task(int)
    watch = RunWatch(task, 1, "somebody", Counters())
    task.started_ns = 1
    assert watch.is_current()
    task.ended_ns = 2
    assert not watch.is_current()


def test_a_watch_keeps_no_task_alive() -> None:
    task = Task(int)
    watch, gone = RunWatch(task, 1, "somebody", Counters()), weakref.ref(task)
    del task
    assert gone() is None
    assert not watch.is_current()


@pytest.mark.expects_log
def test_what_its_caller_runs_is_watched_too(
    caplog: pytest.LogCaptureFixture, stall: Stall
) -> None:
    pool = ThreadPool(1, queue_limit=1, when_full=WhenFull.RUN_IN_CALLER)
    with ending(pool):
        pool.put(Task(int))  # fills the queue
        caller = Caller(pool.put, Task(stall).with_limits(run_seconds=MOMENT))
        until(lambda: pool.statistics().overdue == 1)
        stall.release.set()
        caller.result()
    (line,) = caplog.records
    assert f"on {caller.name} has run for longer" in line.getMessage()


@pytest.mark.expects_log
def test_a_task_that_fails_too_late_is_failed_and_overdue(make_pool: MakePool) -> None:
    def fail() -> None:
        outlast(MOMENT)
        raise ZeroDivisionError

    pool = make_pool(1)
    for _ in range(2):
        pool.put(Task(fail).with_limits(run_seconds=MOMENT))
    pool.put(Task(outlast, MOMENT))
    assert pool.wait_idle(DEADLINE_SECONDS)
    found = pool.statistics()
    assert (found.failed, found.done, found.overdue) == (2, 1, 2)


@pytest.mark.expects_log
def test_a_slow_hook_makes_no_task_overdue() -> None:
    pool = ThreadPool(1, hooks=Hooks(before_task=lambda _: outlast(MOMENT * 2)))
    with ending(pool):
        pool.submit(int).result(DEADLINE_SECONDS)
        pool.put(Task(int).with_limits(run_seconds=MOMENT))
        assert pool.wait_idle(DEADLINE_SECONDS)
        assert pool.statistics().overdue == 0


@pytest.mark.expects_log
def test_it_survives_what_a_log_handler_raises(
    make_pool: MakePool, stall: Stall
) -> None:
    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise ZeroDivisionError(record)

    handler = Broken()
    logging.getLogger("pool_gui.pool").addHandler(handler)
    try:
        pool = make_pool(1)
        pool.put(Task(stall).with_limits(run_seconds=MOMENT))
        until(lambda: pool.statistics().overdue == 1)
        task = Task(int).with_limits(queue_seconds=MOMENT)
        pool.put(task)
        assert task.future.exception(DEADLINE_SECONDS)
    finally:
        logging.getLogger("pool_gui.pool").removeHandler(handler)


@pytest.mark.expects_log
def test_a_slow_log_handler_delays_no_expiry(make_pool: MakePool, stall: Stall) -> None:
    class Slow(logging.Handler):
        def emit(self, _: logging.LogRecord) -> None:
            stall()

    handler, running = Slow(), Stall()
    logging.getLogger("pool_gui.pool").addHandler(handler)
    try:
        pool = make_pool(1)
        pool.put(Task(running).with_limits(run_seconds=MOMENT))
        stall.wait_entered()
        task = Task(int).with_limits(queue_seconds=MOMENT)
        pool.put(task)
        assert task.exception(DEADLINE_SECONDS)
        running.release.set()
        stall.release.set()
        assert pool.wait_idle(DEADLINE_SECONDS)
    finally:
        logging.getLogger("pool_gui.pool").removeHandler(handler)
