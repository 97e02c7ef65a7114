"""Tasks that the thread runs that put them: as a worker would, and for that thread."""

import contextvars
import gc
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import wait

import pytest
from bounded_support import WAYS, Caller, Full, Way, full_pool, outlast
from pool_support import DEADLINE_SECONDS, Stall, until

from pool_gui.pool import Hooks, Task, TaskState, WhenFull
from pool_gui.pool.deadlines import Deadlines
from pool_gui.pool.queue import backlog_of

every_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
FOR_THE_CALLER = [KeyboardInterrupt, SystemExit, GeneratorExit]


@pytest.fixture
def full() -> Iterator[Full]:
    with full_pool(WhenFull.RUN_IN_CALLER, limit=1) as made:
        yield made


def failing(error: BaseException | type[BaseException]) -> Callable[[], object]:
    def fail() -> None:
        raise error

    return fail


def test_it_is_run_when_put_returns_and_stamped_as_by_a_worker(full: Full) -> None:
    before_ns = time.perf_counter_ns()
    task = Task(int, "7", base=8)
    full.pool.put(task)
    assert task.state is TaskState.DONE
    assert task.future.result(0) == 7
    stamps = [before_ns, task.queued_ns, task.started_ns, task.ended_ns]
    assert stamps == sorted(stamps)
    assert task.id == 3, "the stall and the queued one were put before"


def test_while_it_runs_it_counts_as_running_and_its_state_says_so(full: Full) -> None:
    seen: list[object] = []

    def look() -> None:
        found = full.statistics()
        seen.append((task.state, found.running, found.run_by_callers, found.started))

    task = Task(look)
    full.pool.put(task)
    assert seen == [(TaskState.RUNNING, 2, 1, 2)]
    found = full.statistics()
    assert (found.running, found.run_by_callers, found.done) == (1, 1, 1)


def test_whoever_waits_elsewhere_is_told(full: Full) -> None:
    task = Task(lambda: "ran")
    told: list[threading.Thread] = []
    elsewhere = Caller(task.future.result, DEADLINE_SECONDS)
    waiting = Caller(wait, [task.future], DEADLINE_SECONDS)
    task.future.add_done_callback(lambda _: told.append(threading.current_thread()))
    full.pool.put(task)
    assert elsewhere.result() == "ran"
    assert waiting.result() == ({task.future}, set())
    assert told == [threading.current_thread()]


@pytest.mark.expects_log
@pytest.mark.parametrize("add", ["put", "batch_put"])
def test_an_error_of_a_put_task_is_logged_and_harms_nobody(
    full: Full, add: str, caplog: pytest.LogCaptureFixture
) -> None:
    error = ZeroDivisionError("divided")
    task = Task(failing(error))
    full.pool.put(task) if add == "put" else full.pool.batch_put([task])
    assert task.state is TaskState.FAILED
    assert task.future.exception(0) is error
    (line,) = caplog.records
    assert "failed on MainThread: ZeroDivisionError: divided" in line.getMessage()
    found = full.finish()
    assert (found.done, found.failed, found.run_by_callers) == (2, 1, 1)


def test_an_error_of_a_submitted_call_is_in_its_future_alone(full: Full) -> None:
    future = full.pool.submit(failing(ZeroDivisionError("divided")))
    with pytest.raises(ZeroDivisionError, match="divided"):
        future.result(0)
    assert full.finish().failed == 1


@pytest.mark.expects_log
@pytest.mark.parametrize("kind", FOR_THE_CALLER)
def test_what_is_meant_for_the_thread_is_raised_and_stored(
    full: Full, kind: type[BaseException]
) -> None:
    error = kind("for you")
    task = Task(failing(error))
    with pytest.raises(kind) as raised:
        full.pool.put(task)
    assert raised.value is error
    assert task.future.exception(0) is error
    assert task.state is TaskState.FAILED
    found = full.finish()
    assert (found.submitted, found.done, found.failed) == (3, 2, 1)


@every_way
@pytest.mark.expects_log
def test_what_is_meant_for_the_thread_is_raised_by_every_way(
    full: Full, way: Way
) -> None:
    with pytest.raises(SystemExit):
        way(full.pool, failing(SystemExit))
    assert full.finish().failed == 1


def test_a_task_that_is_cancelled_before_its_turn_is_not_run_but_counted(
    full: Full,
) -> None:
    second = Task(failing(ZeroDivisionError))
    full.pool.batch_put([Task(second.cancel), second])
    assert second.state is TaskState.CANCELLED
    found = full.finish()
    assert (found.submitted, found.cancelled, found.run_by_callers) == (4, 1, 1)


def test_a_task_may_put_tasks_that_its_caller_runs_too(full: Full) -> None:
    ran: list[tuple[int, threading.Thread]] = []

    def nest(depth: int) -> None:
        ran.append((depth, threading.current_thread()))
        if depth:
            full.pool.put(Task(nest, depth - 1))

    full.pool.put(Task(nest, 3))
    here = threading.current_thread()
    assert ran == [(3, here), (2, here), (1, here), (0, here)]
    assert full.finish().run_by_callers == 4


def test_it_runs_in_whatever_state_the_pool_is_while_it_takes_tasks() -> None:
    with full_pool(WhenFull.RUN_IN_CALLER, limit=1) as full:
        full.pool.pause()
        full.pool.put(task := Task(int))
        assert task.state is TaskState.DONE
        full.pool.drain()
        with pytest.raises(RuntimeError):
            full.pool.put(Task(int))
        assert full.finish().run_by_callers == 1


def test_hooks_are_called_around_it_in_this_thread() -> None:
    calls: list[tuple[str, Task, TaskState, threading.Thread]] = []

    def note(what: str) -> Callable[[Task], object]:
        return lambda task: calls.append(
            (what, task, task.state, threading.current_thread())
        )

    hooks = Hooks(before_task=note("before"), after_task=note("after"))
    with full_pool(WhenFull.RUN_IN_CALLER, limit=1, hooks=hooks) as full:
        calls.clear()
        task = Task(int)
        full.pool.put(task)
        here = threading.current_thread()
        assert calls == [
            ("before", task, TaskState.RUNNING, here),
            ("after", task, TaskState.DONE, here),
        ]
        calls.clear()
        cancelled = Task(int)
        full.pool.batch_put([Task(cancelled.cancel), cancelled])
        assert len(calls) == 2, "a task that never runs has no hooks"
        assert cancelled.state is TaskState.CANCELLED
        assert full.finish().hook_errors == 0


@pytest.mark.expects_log
def test_hooks_that_raise_harm_neither_it_nor_the_caller() -> None:
    hooks = Hooks(before_task=failing_hook, after_task=failing_hook)
    with full_pool(WhenFull.RUN_IN_CALLER, limit=1, hooks=hooks) as full:
        task = Task(lambda: "ran")
        full.pool.put(task)
        assert task.future.result(0) == "ran"
        found = full.finish()
        assert (found.done, found.hook_errors) == (3, 6)


def failing_hook(task: Task) -> None:
    raise SystemExit(task.id)


VARIABLE = contextvars.ContextVar("VARIABLE", default="none")


@pytest.mark.parametrize(("propagates", "left"), [(True, "mine"), (False, "its own")])
def test_it_runs_in_a_copy_of_the_context_if_that_is_propagated(
    *, propagates: bool, left: str
) -> None:
    def look() -> str:
        seen = VARIABLE.get()
        VARIABLE.set("its own")
        return seen

    def put() -> None:
        VARIABLE.set("mine")
        tasks = [Task(look), Task(look)]
        pool.put(tasks[0])
        assert VARIABLE.get() == left
        VARIABLE.set("mine")
        queued = pool.batch_put(tasks)
        assert VARIABLE.get() == left
        assert queued[0].result(0) == "mine"
        assert queued[1].result(0) == ("mine" if propagates else "its own")

    options = {"limit": 1, "propagate_context": propagates}
    with full_pool(WhenFull.RUN_IN_CALLER, **options) as made:
        pool = made.pool
        contextvars.copy_context().run(put)
        assert VARIABLE.get() == "none"
        assert made.finish().run_by_callers == 3


@pytest.mark.expects_log
def test_it_is_reported_when_it_runs_too_long_while_it_does(
    full: Full, caplog: pytest.LogCaptureFixture
) -> None:
    task = Task(lambda: until(lambda: full.statistics().overdue == 1))
    full.pool.put(task.with_limits(run_seconds=0.001))
    until(lambda: len(caplog.records) > 0)  # it is counted first, and then told
    (line,) = caplog.records
    assert "on MainThread has run for longer than its limit" in line.getMessage()
    assert full.finish().overdue == 1


@pytest.mark.expects_log
def test_it_is_reported_at_its_end_if_who_watches_is_late(
    full: Full, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Deadlines, "watch", lambda *_: None)
    full.pool.put(Task(outlast, 0.001).with_limits(run_seconds=0.001))
    (line,) = caplog.records
    assert "on MainThread ran for longer than its limit" in line.getMessage()
    assert full.finish().overdue == 1


def test_it_is_not_reported_when_it_keeps_to_its_limit(full: Full) -> None:
    full.pool.put(Task(int).with_limits(run_seconds=60, queue_seconds=60))
    found = full.finish()
    assert (found.overdue, found.expired, found.run_by_callers) == (0, 0, 1)


@pytest.mark.parametrize("raises", [False, True])
def test_nothing_of_it_is_kept_afterwards(full: Full, *, raises: bool) -> None:
    """At once, without the collector: no cycle holds an argument or a result."""

    class Thing:
        pass

    def use(thing: Thing) -> Thing:
        if raises:
            raise ValueError(thing)
        return thing

    gc.disable()
    try:
        thing = Thing()
        gone = weakref.ref(thing)
        future = full.pool.submit(use, thing)
        assert future.done()
        del thing, future
        assert gone() is None
    finally:
        gc.enable()


def test_many_callers_run_their_own_at_once(full: Full) -> None:
    stalls = [Stall() for _ in range(4)]
    callers = [Caller(full.pool.put, Task(stall)) for stall in stalls]
    for stall in stalls:
        stall.wait_entered()
    found = full.statistics()
    assert (found.running, found.run_by_callers, found.queued) == (5, 4, 1)
    for stall in stalls:
        stall.release.set()
    for caller in callers:
        caller.result()
    assert full.finish().done == 6


def test_who_waits_for_the_pool_to_be_idle_hears_of_its_end(full: Full) -> None:
    stall = Stall()
    caller = Caller(full.pool.put, Task(stall))
    stall.wait_entered()
    full.stall.release.set()
    until(lambda: full.statistics().running == 1)
    quiet = backlog_of(full.pool.task_queue).quiet
    idle = Caller(full.pool.wait_idle)
    until(lambda: len(quiet) == 1)
    stall.release.set()
    caller.result()
    assert idle.result()


@pytest.mark.expects_log
def test_an_exit_leaves_nothing_of_its_batch_undecided(full: Full) -> None:
    batch = [Task(int), Task(failing(SystemExit)), Task(int), Task(int)]
    with pytest.raises(SystemExit):
        full.pool.batch_put(batch)
    full.finish()
    assert all(task.done() for task in batch)
