import gc
import itertools
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

import pytest
from pool_support import DEADLINE_SECONDS, NEEDS_GIL, MakePool, Stall, until

from pool_gui.pool import (
    PoolCounts,
    PoolState,
    PoolStateError,
    Task,
    TaskTypeErrorException,
    ThreadPool,
    intake,
)


class RacingItems(deque[object]):
    """Items whose next append is followed at once by something else."""

    then: Callable[[], object] | None = None

    def append(self, item: object) -> None:
        super().append(item)
        then, self.then = self.then, None
        if then is not None:
            then()


def racing_pool(size: int = 1) -> tuple[ThreadPool, RacingItems]:
    pool = ThreadPool(size)
    pool.task_queue.items = items = RacingItems()
    return pool, items


@pytest.mark.parametrize("wrong", [None, int, "task", Task])
def test_what_is_no_task_is_refused(make_pool: MakePool, wrong: object) -> None:
    pool = make_pool()
    with pytest.raises(TaskTypeErrorException, match=r"wrap the call as Task\("):
        pool.put(wrong)  # type: ignore[arg-type]  # that is the test
    assert isinstance(TaskTypeErrorException(), TypeError)
    assert pool.counts() == PoolCounts(0, 0, 0, 0, 0, 0)


def test_a_task_gets_its_number_and_its_time(make_pool: MakePool) -> None:
    pool = make_pool(start=False)
    tasks = [Task(int) for _ in range(4)]
    before_ns = time.perf_counter_ns()
    pool.put(tasks[0])
    pool.batch_put(tasks[1:3])
    pool.put(tasks[3])
    after_ns = time.perf_counter_ns()
    assert [task.id for task in tasks] == [1, 2, 3, 4]
    times_ns = [before_ns, *(task.queued_ns for task in tasks), after_ns]
    assert times_ns == sorted(times_ns)


def test_a_task_may_be_put_again_after_it_ran(make_pool: MakePool) -> None:
    pool = make_pool()
    ran: list[int] = []
    task = Task(ran.append, 1)
    for count in (1, 2, 3):
        pool.put(task)
        assert pool.wait_idle(DEADLINE_SECONDS)
        assert (task.id, len(ran)) == (count, count)


def test_a_task_put_twice_while_queued_runs_twice(make_pool: MakePool) -> None:
    pool = make_pool(start=False)
    ran: list[int] = []
    task = Task(ran.append, 1)
    pool.put(task)
    pool.put(task)
    pool.start()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert ran == [1, 1]
    assert pool.counts().done == 2


@pytest.mark.parametrize("wrong_at", [0, 1, 2])
def test_a_batch_with_something_wrong_is_refused_as_a_whole(
    make_pool: MakePool, wrong_at: int
) -> None:
    pool = make_pool(start=False)
    batch: list[object] = [Task(int), Task(int)]
    batch.insert(wrong_at, print)
    with pytest.raises(TaskTypeErrorException):
        pool.batch_put(batch)  # type: ignore[arg-type]  # that is the test
    assert pool.task_queue.size() == 0
    assert pool.counts().submitted == 0


def test_a_batch_may_be_any_iterable_of_tasks_of_any_class(
    make_pool: MakePool,
) -> None:
    class Special(Task):
        pass

    pool = make_pool()
    ran: list[int] = []
    pool.batch_put(Special(ran.append, n) for n in range(10))
    pool.batch_put({Task(ran.append, 10): None})
    pool.batch_put(())
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert sorted(ran) == list(range(11))


def test_a_batch_whose_iterable_fails_is_not_queued(make_pool: MakePool) -> None:
    def tasks() -> Iterator[Task]:
        yield Task(int)
        raise ZeroDivisionError

    pool = make_pool(start=False)
    with pytest.raises(ZeroDivisionError):
        pool.batch_put(tasks())
    assert pool.task_queue.size() == 0


@pytest.mark.parametrize("close", [ThreadPool.join, ThreadPool.stop, ThreadPool.drain])
def test_a_closed_pool_refuses_and_counts_what_it_refused(
    make_pool: MakePool, close: Callable[[ThreadPool], object]
) -> None:
    pool = make_pool()
    close(pool)
    with pytest.raises(PoolStateError, match="takes no more tasks"):
        pool.put(Task(int))
    with pytest.raises(RuntimeError):
        pool.batch_put([Task(int), Task(int)])
    assert pool.counts() == PoolCounts(0, 0, 0, 0, 0, rejected=3)


def test_a_put_that_the_closing_overtakes_before_its_append_is_refused(
    make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = make_pool()
    ran: list[int] = []

    def clock() -> int:  # put asks for the time just before it appends
        assert pool.join(DEADLINE_SECONDS)
        return 1

    monkeypatch.setattr(intake, "perf_counter_ns", clock)
    with pytest.raises(PoolStateError):
        pool.put(Task(ran.append, 1))
    assert not ran
    assert pool.task_queue.size() == 0
    assert pool.counts() == PoolCounts(0, 0, 0, 0, 0, rejected=1)


def test_a_put_that_a_stop_overtakes_after_its_append_is_handed_back() -> None:
    pool, items = racing_pool()
    pool.start()
    handed_back: list[Task] = []
    pool.pause()
    items.then = lambda: handed_back.extend(pool.stop())
    task = Task(int)
    pool.put(task)
    assert handed_back == [task]
    assert pool.counts() == PoolCounts(1, 0, 0, 0, cancelled=1, rejected=0)
    assert pool.join(DEADLINE_SECONDS)


def test_a_put_that_a_drain_overtakes_after_its_append_is_run() -> None:
    pool, items = racing_pool()
    ran: list[int] = []

    def drain_and_run() -> None:
        pool.drain()
        until(lambda: bool(ran))

    pool.start()
    items.then = drain_and_run
    pool.put(Task(ran.append, 1))
    assert pool.join(DEADLINE_SECONDS)
    assert pool.counts() == PoolCounts(1, 1, 1, 0, 0, 0)


@NEEDS_GIL
def test_a_withdrawal_searches_again_when_the_queue_changes() -> None:
    class Changing(RacingItems):
        failures = 1

        def remove(self, item: object) -> None:
            if self.failures:
                self.failures -= 1
                raise IndexError("deque mutated during remove().")
            super().remove(item)

    pool = ThreadPool(1)
    pool.task_queue.items = items = Changing()

    def close() -> None:
        pool._is_closed = True

    items.then = close
    with pytest.raises(PoolStateError):
        pool.put(Task(int))
    assert not items
    assert not items.failures
    pool.stop()


def test_a_batch_that_the_closing_overtakes_is_refused_as_a_whole(
    make_pool: MakePool,
) -> None:
    pool = make_pool()
    ran: list[int] = []

    def tasks() -> Iterator[Task]:
        yield Task(ran.append, 1)
        pool.drain()
        yield Task(ran.append, 2)

    with pytest.raises(PoolStateError):
        pool.batch_put(tasks())
    assert pool.join(DEADLINE_SECONDS)
    assert not ran
    assert pool.counts().rejected == 2


def test_clear_hands_back_what_is_queued_and_leaves_what_runs(
    make_pool: MakePool, stall: Stall
) -> None:
    pool = make_pool(1)
    pool.put(Task(stall))
    stall.wait_entered()
    queued = [Task(int) for _ in range(3)]
    pool.batch_put(queued)
    assert pool.clear() == queued
    assert pool.counts() == PoolCounts(4, 1, 0, 0, cancelled=3, rejected=0)
    stall.release.set()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.state is PoolState.RUNNING


@pytest.mark.expects_log
def test_counts_tell_done_from_failed(make_pool: MakePool) -> None:
    pool = make_pool(3)
    pool.batch_put(Task(int, "x" if n % 4 == 0 else "1") for n in range(100))
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.counts() == PoolCounts(
        100, 100, done=75, failed=25, cancelled=0, rejected=0
    )


def test_counts_never_overtake_each_other_while_tasks_run(make_pool: MakePool) -> None:
    pool = make_pool(4)
    seen: list[PoolCounts] = []
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            seen.append(pool.counts())

    watcher = threading.Thread(target=look)
    watcher.start()
    for _ in range(5_000):
        pool.put(Task(int))
    assert pool.wait_idle(DEADLINE_SECONDS)
    over.set()
    watcher.join(DEADLINE_SECONDS)
    assert seen
    for counts in seen:
        assert counts.done <= counts.started <= counts.submitted
    for before, after in itertools.pairwise(seen):
        assert before.done <= after.done
        assert before.submitted <= after.submitted


def test_the_peak_counts_what_put_and_batch_put_pile_up(make_pool: MakePool) -> None:
    pool = make_pool(1)
    pool.pause()
    for _ in range(3):
        pool.put(Task(int))
    pool.batch_put([Task(int)] * 4)
    pool.resume()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.task_queue.take_peak() == 7
    assert pool.task_queue.take_peak() == 0


def test_a_signal_handler_in_the_middle_of_a_put_may_use_the_pool(
    make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CPython's executor deadlocks here: cpython#121649."""
    pool = make_pool()
    ran: list[int] = []

    def handle(*_: object) -> None:
        monkeypatch.undo()
        pool.put(Task(ran.append, 1))
        pool.batch_put([Task(ran.append, 2)])
        pool.resize(3)
        pool.drain()

    def clock() -> int:
        signal.raise_signal(signal.SIGINT)
        return time.perf_counter_ns()

    monkeypatch.setattr(intake, "perf_counter_ns", clock)
    before = signal.signal(signal.SIGINT, handle)
    try:
        with pytest.raises(PoolStateError):
            pool.put(Task(ran.append, 3))
    finally:
        signal.signal(signal.SIGINT, before)
    assert pool.join(DEADLINE_SECONDS)
    assert sorted(ran) == [1, 2]


@pytest.mark.parametrize("call", ["put", "batch_put"])
def test_a_finalizer_in_the_middle_of_a_put_may_put(
    make_pool: MakePool, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """CPython's executor deadlocks here: the collector may run anywhere."""
    pool = make_pool()
    ran: list[int] = []

    class Node:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            pool.put(Task(ran.append, 1))
            pool.batch_put([Task(ran.append, 2)])

    def clock() -> int:
        monkeypatch.undo()
        gc.collect()
        return time.perf_counter_ns()

    gc.disable()
    try:
        Node()
        monkeypatch.setattr(intake, "perf_counter_ns", clock)
        task = Task(ran.append, 3)
        pool.put(task) if call == "put" else pool.batch_put([task])
    finally:
        gc.enable()
    assert pool.join(DEADLINE_SECONDS)
    assert sorted(ran) == [1, 2, 3]


def test_tasks_may_put_tasks(make_pool: MakePool) -> None:
    pool = make_pool(2)
    ran: list[int] = []

    def spread(depth: int) -> None:
        ran.append(depth)
        if depth:
            pool.put(Task(spread, depth - 1))
            pool.batch_put([Task(spread, depth - 1)])

    pool.put(Task(spread, 6))
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert len(ran) == 2**7 - 1
