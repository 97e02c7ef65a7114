import ctypes
import gc
import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator

import pytest
from pool_support import DEADLINE_SECONDS, NEEDS_GIL, MakePool, Stall, until

from pool_gui.pool import ProcessThread, Task, ThreadSafeQueue, WorkerState
from pool_gui.pool.record import MAX_SPANS, WorkerRecord


@pytest.fixture
def queue() -> ThreadSafeQueue:
    return ThreadSafeQueue()


@pytest.fixture
def worker(queue: ThreadSafeQueue, stall: Stall) -> Iterator[ProcessThread]:
    made = ProcessThread(queue, name="worker")
    made.start()
    yield made
    stall.release.set()
    made.dismiss()
    made.join(DEADLINE_SECONDS)
    assert not made.is_alive()


class Thing:
    """Something a weak reference can follow."""


def run_all(queue: ThreadSafeQueue, worker: ProcessThread, *tasks: object) -> None:
    """Put the tasks and wait until the worker idles again."""
    until(lambda: len(queue.waiters) == 1)
    queue.batch_put(tasks)
    until(lambda: queue.size() == 0 and len(queue.waiters) == 1)
    assert worker.record.task is None


def fail(error: BaseException | type[BaseException]) -> None:
    raise error


def test_a_worker_is_a_daemon_thread_that_keeps_the_thread_class_whole(
    queue: ThreadSafeQueue,
) -> None:
    worker = ProcessThread(queue)
    assert isinstance(worker, threading.Thread)
    assert worker.daemon
    plain = vars(threading.Thread(target=int, args=(1,)))
    assert vars(worker)["_args"] == ()
    assert not set(dir(ProcessThread)) & {"_stop", "_bootstrap_inner"} - set(
        dir(threading.Thread)
    )
    assert plain.keys() <= vars(worker).keys()


def test_tasks_run_in_order_with_their_arguments(
    queue: ThreadSafeQueue, worker: ProcessThread
) -> None:
    calls: list[object] = []

    def note(*args: object, **kwargs: object) -> None:
        calls.append((args, kwargs))

    run_all(queue, worker, Task(note), Task(note, 1), Task(note, 2, three=3))
    assert calls == [((), {}), ((1,), {}), ((2,), {"three": 3})]


def test_what_is_no_task_is_ignored(
    queue: ThreadSafeQueue, worker: ProcessThread
) -> None:
    ran: list[int] = []
    run_all(queue, worker, None, "task", int, Task(ran.append, 1), None)
    assert ran == [1]
    assert worker.record.started == 1


def test_what_is_no_task_is_not_kept(
    queue: ThreadSafeQueue, worker: ProcessThread
) -> None:
    thing = Thing()
    gone = weakref.ref(thing)
    items = [thing]
    del thing
    run_all(queue, worker, items.pop())
    until(lambda: gone() is None)


def test_a_subclass_of_task_is_a_task(
    queue: ThreadSafeQueue, worker: ProcessThread
) -> None:
    class Special(Task):
        pass

    ran: list[int] = []
    run_all(queue, worker, Special(ran.append, 1))
    assert ran == [1]


def test_an_idle_worker_notices_its_dismissal_at_once(
    queue: ThreadSafeQueue, worker: ProcessThread
) -> None:
    until(lambda: len(queue.waiters) == 1)
    began = time.perf_counter()
    worker.dismiss()
    worker.join(DEADLINE_SECONDS)
    assert not worker.is_alive()
    assert time.perf_counter() - began < 1, "the promise is 0.2 s, for the median"
    assert not queue.waiters


def test_a_busy_worker_finishes_its_task_and_takes_no_other(
    queue: ThreadSafeQueue, worker: ProcessThread, stall: Stall
) -> None:
    queue.batch_put([Task(stall), Task(int)])
    stall.wait_entered()
    worker.stop()
    assert worker.state is WorkerState.DISMISSED
    stall.release.set()
    worker.join(DEADLINE_SECONDS)
    assert (worker.record.started, worker.record.done) == (1, 1)
    assert queue.size() == 1


def test_a_worker_dismissed_before_its_start_takes_nothing(
    queue: ThreadSafeQueue,
) -> None:
    queue.put(Task(int))
    worker = ProcessThread(queue)
    worker.dismiss()
    worker.start()
    worker.join(DEADLINE_SECONDS)
    assert worker.record.started == 0
    assert queue.size() == 1


def test_a_dismissal_between_look_and_wait_is_not_missed() -> None:
    """The race of dismiss, forced: the flag comes when the worker has just looked."""

    class Racing(ThreadSafeQueue):
        victim: ProcessThread | None = None

        def take(self) -> object:
            item = super().take()
            if self.victim is not None:
                self.victim.dismiss()
            return item

    queue = Racing()
    worker = ProcessThread(queue)
    queue.victim = worker
    worker.start()
    worker.join(DEADLINE_SECONDS)
    assert not worker.is_alive()


def test_a_dismissed_worker_passes_its_wake_up_on(queue: ThreadSafeQueue) -> None:
    """A put wakes the newest worker, which was dismissed in the same moment."""
    older, newer = ProcessThread(queue), ProcessThread(queue)
    for count, worker in enumerate((older, newer), 1):
        worker.start()
        until(lambda count=count: len(queue.waiters) == count)  # type: ignore[misc]
    newer._must_leave = True
    queue.put(Task(int))
    newer.join(DEADLINE_SECONDS)
    until(lambda: older.record.done == 1)
    older.dismiss()
    older.join(DEADLINE_SECONDS)


def test_a_task_may_dismiss_the_worker_that_runs_it(
    queue: ThreadSafeQueue, worker: ProcessThread
) -> None:
    queue.batch_put([Task(worker.dismiss), Task(int)])
    worker.join(DEADLINE_SECONDS)
    assert worker.record.done == 1
    assert queue.size() == 1


def test_a_worker_ends_when_its_queue_has_ended_and_is_empty(
    queue: ThreadSafeQueue, stall: Stall
) -> None:
    worker = ProcessThread(queue)
    worker.start()
    queue.batch_put([Task(stall), Task(int), Task(int)])
    stall.wait_entered()
    queue.end()
    stall.release.set()
    worker.join(DEADLINE_SECONDS)
    assert worker.record.done == 3


def state_of(worker: ProcessThread) -> WorkerState:
    return worker.state  # through a call, since mypy takes it for constant


def test_the_state_is_what_the_worker_does(
    queue: ThreadSafeQueue, worker: ProcessThread, stall: Stall
) -> None:
    until(lambda: len(queue.waiters) == 1)
    assert state_of(worker) is WorkerState.IDLE
    queue.put(Task(stall))
    stall.wait_entered()
    assert state_of(worker) is WorkerState.BUSY
    worker.dismiss()
    assert state_of(worker) is WorkerState.DISMISSED
    stall.release.set()
    worker.join(DEADLINE_SECONDS)
    assert state_of(worker) is WorkerState.GONE


class BrokenStrError(Exception):
    def __str__(self) -> str:
        raise SystemExit


class BrokenReprError(BaseException):
    def __repr__(self) -> str:
        raise KeyboardInterrupt


class UnboundError(Exception):
    def __init__(self, _: object) -> None: ...


def overflow() -> None:
    overflow()


def chained() -> None:
    try:
        fail(ValueError)
    except ValueError:
        raise KeyError("second") from None


def unmade() -> None:
    raise UnboundError  # type: ignore[call-arg]  # fails while it is made


SHARED = ValueError("one instance for all")

FAILURES: dict[str, Callable[[], object]] = {
    "Exception": lambda: fail(Exception("x")),
    "BaseException": lambda: fail(BaseException("x")),
    "SystemExit": lambda: fail(SystemExit(3)),
    "KeyboardInterrupt": lambda: fail(KeyboardInterrupt),
    "GeneratorExit": lambda: fail(GeneratorExit),
    "StopIteration": lambda: fail(StopIteration(1)),
    "StopAsyncIteration": lambda: fail(StopAsyncIteration),
    "MemoryError": lambda: fail(MemoryError),
    "RecursionError": overflow,
    "broken str": lambda: fail(BrokenStrError()),
    "broken repr": lambda: fail(BrokenReprError("x")),
    "group": lambda: fail(BaseExceptionGroup("g", [SystemExit(), ValueError()])),
    "shared instance": lambda: fail(SHARED),
    "shared instance again": lambda: fail(SHARED),
    "chained": chained,
    "cannot be made": unmade,
    "lone surrogate": lambda: fail(ValueError("\ud800\x00")),
    "huge message": lambda: fail(ValueError("x" * 1_000_000)),
    "wrong call": lambda: int(1, 2, 3),  # type: ignore[call-overload]  # that is it
}


@pytest.mark.expects_log
@pytest.mark.parametrize("kind", FAILURES)
def test_a_worker_survives_every_kind_of_failure(
    queue: ThreadSafeQueue,
    worker: ProcessThread,
    caplog: pytest.LogCaptureFixture,
    kind: str,
) -> None:
    ran: list[int] = []
    worker.record.span_mask = 0
    run_all(queue, worker, Task(FAILURES[kind]), Task(ran.append, 1))
    record = worker.record
    assert ran == [1]
    assert (record.started, record.done, record.failed) == (2, 1, 1)
    error = record.spans[0][-1]
    assert error is not None
    assert len(error) <= 200
    assert record.spans[1][-1] is None
    assert len(caplog.records) == 1


@NEEDS_GIL
def test_nothing_of_a_finished_task_is_kept_alive(
    queue: ThreadSafeQueue, worker: ProcessThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A handler may keep what it is given, as pytest's does; ours gets nothing.
    logger = logging.getLogger("pool_gui.pool")
    monkeypatch.setattr(logger, "propagate", False)
    monkeypatch.setattr(logger, "handlers", [logging.NullHandler()])
    alive: list[weakref.ref[object]] = []

    def follow(thing: object) -> object:
        alive.append(weakref.ref(thing))
        return thing

    class FollowedError(Exception):
        pass

    class Function:
        def __call__(self, _: object, *, key: object = None) -> object:
            if key:
                raise follow(FollowedError())  # type: ignore[misc]  # it is one
            return follow(Thing())

    def tasks() -> Iterator[object]:
        for key in (None, Thing()):
            function = Function()
            follow(function)
            argument = follow(Thing())
            if key is not None:
                follow(key)
            yield follow(Task(function, argument, key=key))

    gc.disable()  # to be freed without the collector's help
    try:
        made = tasks()
        for count in (1, 2):
            until(lambda: len(queue.waiters) == 1)
            queue.put(next(made))
            until(
                lambda count=count: (  # type: ignore[misc]
                    worker.record.done + worker.record.failed == count
                    and len(queue.waiters) == 1
                )
            )
        del made
        assert len(alive) == 9
        until(lambda: not [ref for ref in alive if ref() is not None])
    finally:
        gc.enable()


@NEEDS_GIL
def test_a_result_is_destroyed_after_its_task_was_counted(
    queue: ThreadSafeQueue, worker: ProcessThread
) -> None:
    seen: list[tuple[int, object]] = []

    class Result:
        def __del__(self) -> None:
            seen.append((worker.record.done, worker.record.task))

    run_all(queue, worker, Task(Result))
    assert seen == [(1, None)]


def test_the_record_counts_and_times_what_ran(
    queue: ThreadSafeQueue, worker: ProcessThread, stall: Stall
) -> None:
    record = worker.record
    until(lambda: len(queue.waiters) == 1)
    thread_began_ns = record.started_ns
    task = Task(stall)
    task.id, task.queued_ns = 5, time.perf_counter_ns()
    queue.put(task)
    stall.wait_entered()
    running = record.running()
    assert running is not None
    assert running[0] is task
    assert thread_began_ns < task.queued_ns <= running[1] <= time.perf_counter_ns()
    stall.release.set()
    until(lambda: record.done == 1)
    assert record.running() is None
    assert record.busy_ns == record.started_ns - running[1]


def test_without_a_watcher_no_span_is_kept(
    queue: ThreadSafeQueue, worker: ProcessThread
) -> None:
    run_all(queue, worker, *[Task(int) for _ in range(100)])
    assert not worker.record.spans


@pytest.mark.expects_log
@pytest.mark.parametrize(
    ("mask", "numbers"), [(0, [*range(1, 13)]), (3, [4, 6, 8, 12])]
)
def test_the_mask_chooses_the_spans_and_failures_always_leave_one(
    queue: ThreadSafeQueue, worker: ProcessThread, mask: int, numbers: list[int]
) -> None:
    worker.record.span_mask = mask
    tasks = [Task(fail, KeyError(n)) if n == 6 else Task(int) for n in range(1, 13)]
    for number, task in enumerate(tasks, 1):
        task.id, task.queued_ns = number, 10 * number
    run_all(queue, worker, *tasks)
    spans = list(worker.record.spans)
    assert [span[0] for span in spans] == numbers
    for number, function, queued_ns, started_ns, ended_ns, error in spans:
        assert function is (fail if number == 6 else int)
        assert queued_ns == 10 * number
        assert started_ns <= ended_ns
        assert error == ("KeyError: 6" if number == 6 else None)


@pytest.mark.expects_log
def test_without_a_watcher_a_failure_leaves_no_span_either(
    queue: ThreadSafeQueue, worker: ProcessThread
) -> None:
    run_all(queue, worker, Task(fail, ValueError))
    assert not worker.record.spans


def test_spans_that_nobody_takes_are_bounded(
    queue: ThreadSafeQueue, worker: ProcessThread
) -> None:
    worker.record.span_mask = 0
    run_all(queue, worker, *[Task(int) for _ in range(MAX_SPANS + 10)])
    assert len(worker.record.spans) == MAX_SPANS


def test_a_span_is_there_before_its_task_counts_as_done(
    queue: ThreadSafeQueue,
) -> None:
    class Checked(WorkerRecord):
        before: list[int]

        def __setattr__(self, name: str, value: object) -> None:
            if name == "done" and value:
                self.before.append(len(self.spans))
            super().__setattr__(name, value)

    record = Checked(span_mask=0)
    record.before = []
    worker = ProcessThread(queue, record=record)
    queue.batch_put([Task(int), Task(int)])
    queue.end()
    worker.start()
    worker.join(DEADLINE_SECONDS)
    assert record.before == [1, 2]


def test_a_task_that_puts_itself_again_keeps_its_own_span(make_pool: MakePool) -> None:
    pool = make_pool(1, start=False)
    pool.watch(0)
    left = [1, 2]

    def again() -> None:
        if left.pop():
            pool.put(task)  # from its own run: a copy

    left.insert(0, 0)
    task = Task(again)
    pool.put(task)
    pool.start()
    (worker,) = pool.workers()
    assert pool.wait_idle(DEADLINE_SECONDS)
    spans = list(worker.record.spans)
    assert [span[0] for span in spans] == [1, 2, 3]
    assert all(span[2] <= span[3] <= span[4] for span in spans)
    assert spans[0][3] <= spans[1][2] <= spans[0][4], "queued while the first ran"
    assert task.id == 3, "over when it was put last, so it ran itself"


def throw(worker: ProcessThread, error: type[BaseException]) -> None:
    assert worker.ident is not None
    thrown = ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(worker.ident), ctypes.py_object(error)
    )
    assert thrown == 1


@pytest.mark.expects_log
def test_an_exception_thrown_into_an_idle_worker_does_not_end_it(
    queue: ThreadSafeQueue, worker: ProcessThread, caplog: pytest.LogCaptureFixture
) -> None:
    until(lambda: len(queue.waiters) == 1)
    lock = worker._parking_lock
    throw(worker, SystemExit)
    queue.put(Task(int))
    until(lambda: worker.record.done == 1)
    assert "worker was hit by SystemExit and goes on" in caplog.text
    assert worker._parking_lock is not lock, "its state was not known any more"
    run_all(queue, worker, Task(int))
    assert (worker.record.done, worker.record.failed) == (2, 0)


@pytest.mark.expects_log
def test_a_task_hit_by_a_thrown_exception_counts_as_failed(
    queue: ThreadSafeQueue, worker: ProcessThread
) -> None:
    begun = threading.Event()

    def spin() -> None:
        begun.set()
        while True:
            pass

    queue.put(Task(spin))
    assert begun.wait(DEADLINE_SECONDS)
    throw(worker, TimeoutError)
    run_all(queue, worker, Task(int))
    record = worker.record
    assert (record.started, record.done, record.failed) == (2, 1, 1)


@pytest.mark.expects_log
def test_an_error_of_the_loop_itself_is_settled(queue: ThreadSafeQueue) -> None:
    class Broken(WorkerRecord):
        broken = True

        def __setattr__(self, name: str, value: object) -> None:
            if name == "done" and value and self.broken:
                type(self).broken = False
                raise MemoryError
            super().__setattr__(name, value)

    worker = ProcessThread(queue, record=Broken())
    queue.batch_put([Task(int), Task(int)])
    queue.end()
    worker.start()
    worker.join(DEADLINE_SECONDS)
    record = worker.record
    assert (record.started, record.done, record.failed) == (2, 1, 1)
    assert record.task is None
