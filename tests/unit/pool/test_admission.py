import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

import pytest
from pool_support import DEADLINE_SECONDS, MakePool, Stall, counted, until

from pool_gui.pool import (
    Door,
    PoolState,
    PoolStateError,
    PoolStatistics,
    Task,
    TaskState,
    TaskTypeErrorException,
    ThreadPool,
)
from pool_gui.pool.queue import backlog_of


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
    backlog_of(pool.task_queue).items = items = RacingItems()
    return pool, items


@pytest.mark.parametrize("wrong", [None, int, "task", Task])
def test_what_is_no_task_is_refused(make_pool: MakePool, wrong: object) -> None:
    pool = make_pool()
    with pytest.raises(TaskTypeErrorException, match=r"wrap the call as Task\("):
        pool.put(wrong)  # type: ignore[arg-type]  # that is the test
    assert isinstance(TaskTypeErrorException(), TypeError)
    assert counted(pool) == {}


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


def test_a_task_put_again_runs_again_as_a_copy(make_pool: MakePool) -> None:
    pool = make_pool()
    ran: list[int] = []
    task = Task(ran.append, 1)
    queued: list[Task] = []
    for count in (1, 2, 3):
        queued.append(pool.put(task))
        assert pool.wait_idle(DEADLINE_SECONDS)
        assert (queued[-1].id, len(ran)) == (count, count)
    assert queued[0] is task
    assert len(set(map(id, queued))) == 3
    assert (task.id, task.result(0)) == (1, None)


def test_a_task_put_twice_while_queued_runs_twice(make_pool: MakePool) -> None:
    pool = make_pool(start=False)
    ran: list[int] = []
    task = Task(ran.append, 1)
    first, second = pool.put(task), pool.put(task)
    assert first is task is not second
    pool.start()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert ran == [1, 1]
    assert [one.state for one in (first, second)] == [TaskState.DONE] * 2
    assert pool.statistics().done == 2


def test_a_batch_returns_what_was_queued(make_pool: MakePool) -> None:
    """What is in it twice, and what was put before, is queued as a copy."""
    pool = make_pool(start=False)
    ran: list[int] = []
    old, new = Task(ran.append, 1), Task(ran.append, 2)
    pool.put(old)
    queued = pool.batch_put([old, new, new])
    assert [one is two for one, two in zip(queued, (old, new, new), strict=True)] == [
        *(False, True, False)
    ]
    pool.start()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert sorted(ran) == [1, 1, 2, 2]
    assert [task.id for task in queued] == [2, 3, 4]
    assert pool.batch_put([]) == []


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
    assert pool.statistics().submitted == 0
    assert all(one.state is TaskState.NEW for one in batch if isinstance(one, Task))


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
    assert counted(pool) == {"rejected": 3}


@pytest.mark.parametrize("call", [ThreadPool.put, ThreadPool.submit])
def test_a_put_that_the_closing_overtakes_before_its_append_is_refused(
    make_pool: MakePool,
    monkeypatch: pytest.MonkeyPatch,
    call: Callable[[ThreadPool, Task], object],
) -> None:
    pool = make_pool()
    ran: list[int] = []

    def clock() -> int:
        assert pool.join(DEADLINE_SECONDS)
        return 1

    monkeypatch.setattr("pool_gui.pool.pool.perf_counter_ns", clock)
    with pytest.raises(RuntimeError):
        call(pool, Task(ran.append, 1))
    assert not ran
    assert pool.task_queue.size() == 0
    assert counted(pool) == {"rejected": 1}


def test_a_put_that_a_stop_overtakes_after_its_append_is_handed_back() -> None:
    pool, items = racing_pool()
    pool.start()
    handed_back: list[Task] = []
    pool.pause()
    items.then = lambda: handed_back.extend(pool.stop())
    task = Task(int)
    pool.put(task)
    assert handed_back == [task]
    assert counted(pool) == {"submitted": 1, "cancelled": 1}
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
    assert counted(pool) == {"submitted": 1, "started": 1, "done": 1}


def test_a_withdrawal_searches_again_when_the_queue_changes() -> None:
    class Changing(RacingItems):
        failures = 1

        def remove(self, item: object) -> None:
            if self.failures:
                self.failures -= 1
                raise IndexError("deque mutated during remove().")
            super().remove(item)

    pool = ThreadPool(1)
    backlog_of(pool.task_queue).items = items = Changing()

    def close() -> None:
        pool._core.admission.is_closed = True

    pool.start()
    pool.pause()
    items.then = close
    task = Task(int)
    with pytest.raises(RuntimeError):
        pool.put(task)
    assert (task.state, task.id) == (TaskState.NEW, 0)
    assert not items
    assert not items.failures
    pool.stop()
    assert pool.join(DEADLINE_SECONDS)


def test_a_batch_that_the_closing_overtakes_is_refused_as_a_whole(
    make_pool: MakePool,
) -> None:
    pool = make_pool()
    ran: list[int] = []

    def tasks() -> Iterator[Task]:
        yield Task(ran.append, 1)
        pool.drain()
        yield Task(ran.append, 2)

    with pytest.raises(RuntimeError):
        pool.batch_put(tasks())
    assert pool.join(DEADLINE_SECONDS)
    assert not ran
    assert pool.statistics().rejected == 2


def test_clear_hands_back_what_is_queued_and_leaves_what_runs(
    make_pool: MakePool, stall: Stall
) -> None:
    pool = make_pool(1)
    pool.put(Task(stall))
    stall.wait_entered()
    queued = [Task(int) for _ in range(3)]
    pool.batch_put(queued)
    assert pool.clear() == queued
    assert counted(pool) == {"submitted": 4, "started": 1, "cancelled": 3}
    stall.release.set()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.state is PoolState.RUNNING


@pytest.mark.expects_log
def test_counts_tell_done_from_failed(make_pool: MakePool) -> None:
    pool = make_pool(3)
    pool.batch_put(Task(int, "x" if n % 4 == 0 else "1") for n in range(100))
    assert pool.wait_idle(DEADLINE_SECONDS)
    found = counted(pool)
    assert found == {"submitted": 100, "started": 100, "done": 75, "failed": 25}


def test_counts_never_overtake_each_other_while_tasks_run(make_pool: MakePool) -> None:
    pool = make_pool(4)
    seen: list[PoolStatistics] = []
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            seen.append(pool.statistics())

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
    assert pool.statistics().peak_queued == 7
    pool.resume()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.statistics().peak_queued == Door(pool).take_peak_queued() == 7
    assert Door(pool).take_peak_queued() == 0
    assert pool.statistics().peak_queued == 7, "who watches takes nothing away"


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
