import gc
import logging
import threading
import time
import weakref
from collections.abc import Iterator

import pytest
from pool_support import DEADLINE_SECONDS, NEEDS_GIL, Stall, until

from pool_gui.pool import ProcessThread, Task, ThreadSafeQueue, WorkerState
from pool_gui.pool.backlog import Backlog
from pool_gui.pool.queue import backlog_of


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
    until(lambda: len(backlog_of(queue).parked) == 1)
    queue.batch_put(tasks)
    until(lambda: queue.size() == 0 and len(backlog_of(queue).parked) == 1)
    assert worker.record.task is None


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


def test_what_only_says_that_it_is_a_task_is_none(
    queue: ThreadSafeQueue, worker: ProcessThread
) -> None:
    class Liar:
        @property  # type: ignore[misc]  # as somebody might
        def __class__(self) -> type:
            raise AssertionError("it was asked for its class")

        def __eq__(self, other: object) -> bool:
            raise AssertionError("it was compared")

        __hash__ = None  # type: ignore[assignment]  # nor hashed

        def __bool__(self) -> bool:
            raise AssertionError("it was tested")

    ran: list[int] = []
    run_all(queue, worker, Liar(), Task(ran.append, 1))
    assert ran == [1]


def test_a_task_that_lies_about_itself_runs(
    queue: ThreadSafeQueue, worker: ProcessThread
) -> None:
    class Liar(Task):
        @property  # type: ignore[misc]  # as somebody might
        def __class__(self) -> type:
            return int

        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = Task.__hash__

        def __bool__(self) -> bool:
            return False

    ran: list[int] = []
    run_all(queue, worker, *[Liar(ran.append, number) for number in range(3)])
    assert ran == [0, 1, 2]


def test_a_task_that_is_twice_in_a_queue_of_ones_own_runs_once(
    queue: ThreadSafeQueue, worker: ProcessThread
) -> None:
    ran: list[int] = []
    task = Task(ran.append, 1)
    run_all(queue, worker, task, task, Task(ran.append, 2), task)
    assert ran == [1, 2]
    assert worker.record.started == 2


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
    until(lambda: len(backlog_of(queue).parked) == 1)
    began = time.perf_counter()
    worker.dismiss()
    worker.join(DEADLINE_SECONDS)
    assert not worker.is_alive()
    assert time.perf_counter() - began < 1, "the promise is 0.2 s, for the median"
    assert not backlog_of(queue).parked


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

    class Racing(Backlog):
        looks = 0

        def has_work(self) -> bool:
            has_work = super().has_work()
            self.looks += 1
            if self.looks == 2:  # registered, and about to wait
                assert len(self.parked) == 1
                mine.dismiss()
            return has_work

    mine = ProcessThread(ThreadSafeQueue(backlog=Racing()))
    mine.start()
    mine.join(DEADLINE_SECONDS)
    assert not mine.is_alive()


@pytest.mark.parametrize("look", [1, 2])
def test_a_put_between_look_and_wait_is_not_missed(look: int) -> None:
    class Racing(Backlog):
        looks = 0

        def has_work(self) -> bool:
            has_work = super().has_work()
            self.looks += 1
            if self.looks == look:
                items.put(Task(mine.dismiss))
            return has_work

    items = ThreadSafeQueue(backlog=Racing())
    mine = ProcessThread(items)
    mine.start()
    mine.join(DEADLINE_SECONDS)
    assert mine.record.done == 1


def test_a_dismissed_worker_passes_its_wake_up_on(queue: ThreadSafeQueue) -> None:
    """A put wakes the newest worker, which was dismissed in the same moment."""
    older, newer = ProcessThread(queue), ProcessThread(queue)
    for count, worker in enumerate((older, newer), 1):
        worker.start()
        until(lambda count=count: len(backlog_of(queue).parked) == count)  # type: ignore[misc]
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
    backlog_of(queue).end()
    stall.release.set()
    worker.join(DEADLINE_SECONDS)
    assert worker.record.done == 3


def state_of(worker: ProcessThread) -> WorkerState:
    return worker.state  # through a call, since mypy takes it for constant


def test_the_state_is_what_the_worker_does(
    queue: ThreadSafeQueue, worker: ProcessThread, stall: Stall
) -> None:
    until(lambda: len(backlog_of(queue).parked) == 1)
    assert state_of(worker) is WorkerState.IDLE
    queue.put(Task(stall))
    stall.wait_entered()
    assert state_of(worker) is WorkerState.BUSY
    worker.dismiss()
    assert state_of(worker) is WorkerState.DISMISSED
    stall.release.set()
    worker.join(DEADLINE_SECONDS)
    assert state_of(worker) is WorkerState.GONE


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
            until(lambda: len(backlog_of(queue).parked) == 1)
            queue.put(next(made))
            until(
                lambda count=count: (  # type: ignore[misc]
                    worker.record.done + worker.record.failed == count
                    and len(backlog_of(queue).parked) == 1
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
