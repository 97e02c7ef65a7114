"""What a program has called around tasks and workers."""

import dataclasses
import gc
import logging
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pool_makers import Make, ended_after, until_parked
from pool_support import DEADLINE_SECONDS, NEEDS_GIL, Stall, until

from pool_gui.pool import (
    Door,
    Hooks,
    ProcessThread,
    Task,
    TaskState,
    ThreadPool,
    WhenFull,
    WorkerState,
)
from pool_gui.pool.clocks import perf_counter_ns
from pool_gui.pool.deadlines import Deadlines, RunWatch

KINDS = ("before_task", "after_task", "worker_started", "worker_ended")


@pytest.fixture
def make(stall: Stall) -> Iterator[Make]:
    with ended_after(stall) as made:
        yield made


def fail() -> None:
    raise ZeroDivisionError("on purpose")


def noting(events: list[str]) -> Hooks:
    """Make hooks that note their names."""
    return Hooks(**{kind: lambda _, kind=kind: events.append(kind) for kind in KINDS})


def test_hooks_are_frozen_and_none_by_default() -> None:
    hooks = Hooks()
    assert [getattr(hooks, field.name) for field in dataclasses.fields(hooks)] == (
        [None] * 4
    )
    with pytest.raises(dataclasses.FrozenInstanceError):
        hooks.before_task = print  # type: ignore[misc]  # that is the test


def test_a_worker_calls_them_in_this_order(make: Make) -> None:
    events: list[str] = []
    pool = make(1, hooks=noting(events), initializer=lambda: events.append("init"))
    pool.batch_put([Task(events.append, "one"), Task(events.append, "two")])
    assert pool.join(DEADLINE_SECONDS)
    assert events == [
        *("init", "worker_started"),
        *("before_task", "one", "after_task", "before_task", "two", "after_task"),
        "worker_ended",
    ]


def test_each_is_called_on_the_worker_s_own_thread(make: Make) -> None:
    threads: dict[str, threading.Thread] = {}
    given: dict[str, object] = {}

    def note(kind: str) -> Callable[[object], None]:
        def hook(subject: object) -> None:
            threads[kind], given[kind] = threading.current_thread(), subject

        return hook

    pool = make(1, hooks=Hooks(**{kind: note(kind) for kind in KINDS}))
    (worker,) = pool.workers()
    task = Task(int)
    pool.put(task)
    assert pool.join(DEADLINE_SECONDS)
    assert threads == dict.fromkeys(KINDS, worker)
    assert given == {
        "before_task": task,
        "after_task": task,
        "worker_started": worker,
        "worker_ended": worker,
    }


def test_before_a_task_it_is_running_and_has_not_begun(make: Make) -> None:
    seen: list[object] = []
    looked_ns: list[int] = []

    def look(task: Task) -> None:
        seen.extend([task.state, task.running(), task.done(), task.cancel()])
        seen.extend([task.queued_ns > 0, task.ended_ns, pool.statistics().started])
        looked_ns.append(perf_counter_ns())

    pool = make(1, start=False, hooks=Hooks(before_task=look))
    task = pool.submit(int)
    assert task.result(DEADLINE_SECONDS) == 0
    assert seen == [TaskState.RUNNING, True, False, False, True, 0, 0]
    assert isinstance(task, Task)
    assert task.started_ns >= looked_ns[0], "the hook's time is not the task's"


@pytest.mark.expects_log
@pytest.mark.parametrize(
    ("function", "state", "counted"),
    [(int, TaskState.DONE, (1, 0)), (fail, TaskState.FAILED, (0, 1))],
    ids=["done", "failed"],
)
def test_after_a_task_its_future_and_the_counts_tell_of_it(
    make: Make,
    caplog: pytest.LogCaptureFixture,
    function: Callable[[], object],
    state: TaskState,
    counted: tuple[int, int],
) -> None:
    seen: list[object] = []

    def look(task: Task) -> None:
        counts = pool.statistics()
        seen.extend([task.state, task.future.done(), called])
        seen.extend([task.started_ns <= task.ended_ns, (counts.done, counts.failed)])
        logged.extend(caplog.records)

    called: list[object] = []
    logged: list[logging.LogRecord] = []
    pool = make(1, start=False, hooks=Hooks(after_task=look))
    task = Task(function)
    task.future.add_done_callback(called.append)
    pool.put(task)
    pool.start()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert seen == [state, True, [task.future], True, counted]
    assert len(logged) == counted[1], "a failure is logged before"


def test_the_pool_is_not_idle_before_the_hooks_have_run(
    make: Make, stall: Stall
) -> None:
    ended: list[Task] = []

    def hook(task: Task) -> None:
        stall()
        ended.append(task)

    pool = make(1, hooks=Hooks(after_task=hook))
    task = Task(int)
    pool.put(task)
    stall.wait_entered()
    assert task.future.result(0) == 0
    assert not pool.wait_idle(0)
    stall.release.set()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert ended == [task]


def test_for_a_task_that_never_runs_none_is_called(make: Make) -> None:
    events: list[str] = []
    pool = make(
        1,
        start=False,
        hooks=noting(events),
        queue_limit=4,
        when_full=WhenFull.DROP_NEWEST,
    )
    cancelled, handed_back, dropped = Task(int), Task(int), Task(int)
    expired = Task(int).with_limits(queue_seconds=1e-6)
    pool.put(handed_back)
    assert pool.clear() == [handed_back]
    for task in (cancelled, expired, Task(events.append, "run"), Task(int), dropped):
        pool.put(task)
    cancelled.cancel()
    pool.start()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert (dropped.state, expired.state) == (TaskState.DROPPED, TaskState.EXPIRED)
    assert pool.statistics().done == 2
    assert events == [
        *("worker_started", "before_task", "run", "after_task"),
        *("before_task", "after_task"),
    ]


def test_for_a_task_that_its_putter_runs_they_are_called_there(
    make: Make,
) -> None:
    threads: list[threading.Thread] = []
    hooks = Hooks(
        before_task=lambda _: threads.append(threading.current_thread()),
        after_task=lambda _: threads.append(threading.current_thread()),
    )
    pool = make(
        1,
        start=False,
        hooks=hooks,
        queue_limit=1,
        when_full=WhenFull.RUN_IN_CALLER,
    )
    pool.batch_put([Task(int), Task(int)])
    assert threads == [threading.current_thread()] * 2


def test_a_worker_that_starts_is_one_of_the_pool_s_and_idle(make: Make) -> None:
    seen: list[tuple[bool, WorkerState]] = []
    hooks = Hooks(
        worker_started=lambda worker: seen.append(
            (worker in pool.workers(), worker.state)
        )
    )
    pool = make(2, start=False, hooks=hooks)
    pool.start()
    until_parked(pool, 2)
    assert seen == [(True, WorkerState.IDLE)] * 2


def leave_dismissed(pool: ThreadPool) -> None:
    pool.dismiss(3)


def leave_resized(pool: ThreadPool) -> None:
    pool.resize(0)


def leave_retired(pool: ThreadPool) -> None:
    pool.resize(0, 3)
    pool.keep_alive_seconds = 0


def leave_joined(pool: ThreadPool) -> None:
    assert pool.join(DEADLINE_SECONDS)


def leave_stopped(pool: ThreadPool) -> None:
    pool.stop()


LEAVES = [leave_dismissed, leave_resized, leave_retired, leave_joined, leave_stopped]


@pytest.mark.parametrize("leave", LEAVES, ids=lambda leave: leave.__name__)
def test_a_worker_that_ended_has_left_the_pool_and_is_told_of_once(
    make: Make, leave: Callable[[ThreadPool], None]
) -> None:
    seen: dict[ProcessThread, tuple[bool, bool, WorkerState, bool]] = {}

    def look(worker: ProcessThread) -> None:
        assert worker not in seen
        here = worker in pool.workers()
        seen[worker] = (
            here,
            worker in Door(pool).workers(),
            worker.state,
            worker.is_alive() and worker is threading.current_thread(),
        )

    pool = make(3, hooks=Hooks(worker_ended=look))
    workers = pool.workers()
    pool.batch_put([Task(int)] * 9)
    assert pool.wait_idle(DEADLINE_SECONDS)
    leave(pool)
    until(lambda: len(seen) == 3)
    assert seen == dict.fromkeys(workers, (False, True, WorkerState.GONE, True))
    assert pool.statistics().hook_errors == 0


class Strange(Exception):  # noqa: N818 - it is no error of anybody's
    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.expects_log
@pytest.mark.parametrize(
    "kind", [ValueError, SystemExit, KeyboardInterrupt, GeneratorExit, Strange]
)
def test_what_hooks_raise_is_logged_and_counted_and_harms_nothing(
    make: Make, caplog: pytest.LogCaptureFixture, kind: type[BaseException]
) -> None:
    def broken(subject: object) -> None:
        raise kind

    pool = make(2, hooks=Hooks(**dict.fromkeys(KINDS, broken)))
    put = [Task(int), Task(int)]
    pool.batch_put(put)
    submitted = [pool.submit(int, str(number)) for number in range(3)]
    assert [future.result(DEADLINE_SECONDS) for future in submitted] == [0, 1, 2]
    assert [task.future.result(DEADLINE_SECONDS) for task in put] == [0, 0]
    assert pool.join(DEADLINE_SECONDS)
    statistics = pool.statistics()
    assert (statistics.done, statistics.failed) == (5, 0)
    assert statistics.hook_errors == 5 * 2 + 2 * 2 == len(caplog.records)
    name = f"{__name__}.{broken.__qualname__}"
    for record in caplog.records:
        assert (record.name, record.levelno) == ("pool_gui.pool", logging.ERROR)
        assert record.message.startswith(f"Hook {name} raised {kind.__name__}")
        assert record.exc_info is not None
        assert record.exc_info[0] is kind


def test_hooks_may_use_the_pool(make: Make) -> None:
    ran: list[int] = []

    def before(task: Task) -> None:
        if task.args != (2,):
            pool.submit(ran.append, 2)
            pool.resize(2)

    def after(task: Task) -> None:
        if task.args != (2,):
            pool.dismiss(1)
            pool.put(Task(ran.append, 2))

    pool = make(1, hooks=Hooks(before_task=before, after_task=after))
    pool.put(Task(ran.append, 1))
    until(lambda: len(ran) == 3)
    assert pool.join(DEADLINE_SECONDS)
    assert sorted(ran) == [1, 2, 2]


@NEEDS_GIL
def test_what_a_finished_task_held_is_not_kept_for_the_hooks(make: Make) -> None:
    class Thing:
        pass

    pool = make(1, hooks=noting([]))
    thing = Thing()
    gone = weakref.ref(thing)
    gc.disable()
    try:
        pool.put(Task(id, thing))
        del thing
        assert pool.wait_idle(DEADLINE_SECONDS)
        until(lambda: gone() is None)
    finally:
        gc.enable()


def test_the_time_that_a_hook_takes_before_a_task_is_not_the_task_s(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    watch_run = Deadlines.watch_run

    def noted(*given: Any) -> RunWatch:
        order.append("the limit's time begins")
        return watch_run(*given)

    monkeypatch.setattr(Deadlines, "watch_run", noted)
    pool = make(1, hooks=noting(order))
    pool.put(Task(int).with_limits(run_seconds=1000))
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert order == [
        *("worker_started", "before_task"),
        *("the limit's time begins", "after_task"),
    ]
