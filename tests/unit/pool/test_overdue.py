"""Tasks that run beyond their limit: reported, once, in time, and never killed."""

import logging

import pytest
from bounded_support import ending, outlast
from pool_support import DEADLINE_SECONDS, MakePool, Stall, until

from pool_gui.pool import Hooks, Task, TaskState, ThreadPool, WorkerRecord
from pool_gui.pool.tally import Tally
from pool_gui.pool.timekeeper import RunWatch, Timekeeper

MOMENT = 0.005
"""A time limit, in seconds, that a test waits for."""


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
def test_what_ran_too_long_is_reported_at_its_end_if_the_timekeeper_is_late(
    make_pool: MakePool,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held: list[RunWatch] = []
    monkeypatch.setattr(Timekeeper, "watch", lambda _, watch: held.append(watch))
    pool = make_pool(1)
    pool.put(Task(outlast, MOMENT).with_limits(run_seconds=MOMENT))
    pool.put(Task(int).with_limits(run_seconds=60))
    assert pool.wait_idle(DEADLINE_SECONDS)
    for watch in held:
        assert not watch.is_current()
        watch.act()  # now it comes, in vain
    (line,) = caplog.records
    assert "ran for longer than its limit" in line.getMessage()
    assert line.getMessage().endswith("it has ended")
    assert pool.statistics().overdue == 1


@pytest.mark.expects_log
def test_of_timekeeper_and_worker_only_one_reports() -> None:
    tally, record = Tally(), WorkerRecord()

    def watch() -> RunWatch:
        return RunWatch(Task(int), 10, "somebody", record, tally)

    first, second, short = watch(), watch(), watch()
    first.act()
    first.end(11)
    assert tally.overdue.taken() == 1
    second.end(11)
    second.act()
    assert tally.overdue.taken() == 2
    assert short.is_current()
    short.end(10)
    assert not short.is_current()
    short.act()
    assert tally.overdue.taken() == 2


def test_what_has_ended_just_now_is_not_said_to_run() -> None:
    """The worker has counted it, and has not told the watch yet."""
    record = WorkerRecord()
    watch = RunWatch(Task(int), 1, "somebody", record, Tally())
    record.started = 1
    assert watch.is_current()
    record.failed = 1
    assert not watch.is_current()


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
