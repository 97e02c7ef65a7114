"""Tasks of a pool whose outcome somebody sets who holds them, in each state."""

from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, InvalidStateError
from typing import Any

import pytest
from future_support import ask, is_same
from pool_makers import Make, ended_after
from pool_support import DEADLINE_SECONDS, Stall

from pool_gui.pool import Hooks, Task, TaskState, ThreadPool, WhenFull

ERROR = ValueError("set")

SETS: list[Callable[[Future[Any]], object]] = [
    lambda future: future.set_result("set"),
    lambda future: future.set_exception(ERROR),
]
SET = pytest.mark.parametrize("set_outcome", SETS, ids=["result", "exception"])
PUT = pytest.mark.parametrize("call", ["put", "submit"])


@pytest.fixture
def make(stall: Stall) -> Iterator[Make]:
    with ended_after(stall) as made:
        yield made


def enter(pool: ThreadPool, call: str, function: Callable[[], object]) -> Task:
    """Put or submit a call, and return its task."""
    future = (
        pool.submit(function) if call == "submit" else pool.put(Task(function)).future
    )
    assert isinstance(future, Task)
    return future


def check_set(task: Task, told: list[object]) -> None:
    """Check that the task has the outcome that was set, and keeps it."""
    answer = ask(task.result, 0)
    assert answer == "set" or answer is ERROR
    assert task.state is (TaskState.FAILED if answer is ERROR else TaskState.DONE)
    assert told == [task]
    for act in SETS:
        assert isinstance(ask(act, task), InvalidStateError)
    assert not task.cancel()
    assert is_same(ask(task.result, 0), answer)


def check_goes_on(pool: ThreadPool, before: tuple[object, ...]) -> None:
    """Check that the workers live and work."""
    assert pool.submit(len, "four").result(DEADLINE_SECONDS) == 4
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.workers() == before


@SET
@PUT
def test_what_is_queued_and_was_told_its_outcome_is_passed_by(
    make: Make, call: str, set_outcome: Callable[[Future[Any]], object]
) -> None:
    pool = make(1)
    pool.pause()
    calls: list[str] = []
    told: list[object] = []
    task = enter(pool, call, lambda: calls.append("called"))
    task.add_done_callback(told.append)
    set_outcome(task)
    check_set(task, told)
    before = pool.workers()
    pool.resume()
    check_goes_on(pool, before)
    check_set(task, told)
    assert calls == []
    counts = pool.statistics()
    assert (counts.submitted, counts.started, counts.done) == (2, 1, 1)
    assert (counts.cancelled, counts.outstanding) == (1, 0), "counted as unrun"
    assert (task.started_ns, task.ended_ns) == (0, 0)


@pytest.mark.parametrize("take", ["purge", "clear", "stop", "drop"])
def test_what_was_told_its_outcome_is_counted_once_whoever_takes_it(
    make: Make, take: str
) -> None:
    pool = make(1, start=False, queue_limit=1, when_full=WhenFull.DROP_OLDEST)
    task = pool.put(Task(int))
    task.set_result("set")
    if take == "drop":
        pool.put(Task(int))
    else:
        assert getattr(pool, take)() == (1 if take == "purge" else [])
    counts = pool.statistics()
    assert (counts.cancelled, counts.dropped) == (1, 0)
    assert counts.outstanding == (take == "drop")
    assert task.result(0) == "set"


def fail() -> None:
    raise ZeroDivisionError("on purpose")


@SET
@PUT
@pytest.mark.parametrize("function", [int, fail])
def test_of_a_run_whose_outcome_was_set_the_own_one_is_left_out(
    make: Make,
    stall: Stall,
    call: str,
    function: Callable[[], object],
    set_outcome: Callable[[Future[Any]], object],
) -> None:
    ended: list[Task] = []
    pool = make(1, start=False, hooks=Hooks(after_task=ended.append))
    told: list[object] = []

    def run() -> object:
        stall()
        return function()

    task = enter(pool, call, run)
    task.logs_failure = False
    task.add_done_callback(told.append)
    if call == "put":
        pool.start()
    stall.wait_entered()
    before = pool.workers()
    set_outcome(task)
    check_set(task, told)
    assert not pool.wait_idle(0), "the call goes on"
    stall.release.set()
    check_goes_on(pool, before)
    check_set(task, told)
    counts = pool.statistics()
    assert (counts.submitted, counts.started) == (2, 2)
    fails = function is fail
    assert (counts.done, counts.failed) == (1 + (not fails), int(fails))
    assert counts.outstanding == counts.hook_errors == 0
    assert ended[0] is task
    assert 0 < task.started_ns <= task.ended_ns


@SET
@PUT
def test_what_is_over_cannot_be_told_another_outcome(
    make: Make, call: str, set_outcome: Callable[[Future[Any]], object]
) -> None:
    pool = make(1)
    done = enter(pool, call, int)
    assert done.result(DEADLINE_SECONDS) == 0
    failed = pool.submit(fail)
    assert isinstance(failed.exception(DEADLINE_SECONDS), ZeroDivisionError)
    pool.pause()
    cancelled = enter(pool, call, int)
    assert cancelled.cancel()
    futures: tuple[Future[Any], ...] = (done, failed, cancelled)
    for future in futures:
        with pytest.raises(InvalidStateError):
            set_outcome(future)
    assert done.result(0) == 0
    assert isinstance(failed.exception(0), ZeroDivisionError)
    assert isinstance(ask(cancelled.result, 0), CancelledError)
    pool.resume()
    assert pool.wait_idle(DEADLINE_SECONDS)
    counts = pool.statistics()
    assert (counts.done, counts.failed, counts.cancelled) == (1, 1, 1)


def test_what_somebody_else_runs_no_worker_runs(make: Make) -> None:
    """`set_running_or_notify_cancel` is how an executor says that it runs a call."""
    pool = make(1)
    pool.pause()
    calls: list[str] = []
    task = enter(pool, "submit", lambda: calls.append("called"))
    assert task.set_running_or_notify_cancel()
    assert (task.state, task.running(), task.cancel()) == (
        *(TaskState.RUNNING, True),
        False,
    )
    pool.resume()
    check_goes_on(pool, pool.workers())
    assert (calls, task.done(), task.running()) == ([], False, True)
    task.set_result("set")
    assert task.result(0) == "set"
    counts = pool.statistics()
    assert (counts.done, counts.cancelled, counts.outstanding) == (1, 1, 0)


def test_an_outcome_set_before_the_put_is_kept_and_a_copy_runs(make: Make) -> None:
    pool = make(1)
    task = Task(int)
    task.set_result("set")
    put = pool.put(task)
    assert put is not task
    assert put.result(DEADLINE_SECONDS) == 0
    assert task.result(0) == "set"


@pytest.mark.expects_log
def test_a_failure_that_no_future_tells_is_logged(
    make: Make, stall: Stall, caplog: pytest.LogCaptureFixture
) -> None:
    """The outcome was set, so that the log alone knows of what the call raised."""
    pool = make(1)

    def run() -> None:
        stall()
        fail()

    task = pool.put(Task(run))
    stall.wait_entered()
    task.set_result("set")
    stall.release.set()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert "ZeroDivisionError: on purpose" in caplog.text
