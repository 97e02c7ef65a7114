"""Users' own classes of tasks, queues and pools, which compare as they like.

The pool tells them apart by identity.
"""

import gc
import warnings
from collections.abc import Iterator
from typing import NoReturn

import pytest
from pool_makers import Make, ended_after
from pool_support import DEADLINE_SECONDS, Stall

from pool_gui.pool import (
    Door,
    ProcessThread,
    Task,
    ThreadPool,
    ThreadSafeQueue,
    WhenFull,
)
from pool_gui.pool.backlog import Backlog


@pytest.fixture
def make(stall: Stall) -> Iterator[Make]:
    with ended_after(stall) as made:
        yield made


class OddTask(Task):
    """It is equal to each other, and to itself it is not; it is empty, and no key."""

    def __eq__(self, other: object) -> bool:
        return other is not self

    __hash__ = None  # type: ignore[assignment]  # as of who defines __eq__ alone

    def __len__(self) -> int:
        return 0


class RaisingTask(Task):
    """It cannot be compared, hashed or tested."""

    def __eq__(self, _other: object) -> NoReturn:
        raise RuntimeError("equal?")

    def __hash__(self) -> NoReturn:
        raise RuntimeError("hash?")

    def __bool__(self) -> NoReturn:
        raise RuntimeError("true?")


TASKS = pytest.mark.parametrize("kind", [OddTask, RaisingTask])


@TASKS
def test_tasks_may_compare_as_they_like(make: Make, kind: type[Task]) -> None:
    pool = make(2, start=False)
    tasks = [kind(pow, number, 2) for number in range(4)]
    tasks[0].with_limits(priority=2)
    tasks[1].with_limits(priority=2, queue_seconds=60, run_seconds=60)
    pool.batch_put(tasks)
    pool.start()
    assert [one.result(DEADLINE_SECONDS) for one in tasks] == [0, 1, 4, 9]
    again = pool.put(tasks[3])
    assert type(again) is kind
    assert again is not tasks[3]
    assert again.result(DEADLINE_SECONDS) == 9
    assert pool.wait_idle(DEADLINE_SECONDS)


@TASKS
@pytest.mark.parametrize("priority", [0, 1, -1])
def test_the_very_task_is_taken_out_and_no_equal_one(
    make: Make, kind: type[Task], priority: int
) -> None:
    pool = make(1, start=False)
    tasks = [kind(int).with_limits(priority=priority) for _ in range(4)]
    plain = Task(int)
    pool.batch_put([*tasks, plain])
    assert tasks[2].cancel()
    assert pool.purge() == 1
    handed_back = pool.clear()
    wanted = [*tasks[:2], tasks[3]]
    wanted.insert(0 if priority < 0 else 3, plain)
    assert [id(one) for one in handed_back] == [id(one) for one in wanted]


@TASKS
def test_a_refused_task_is_taken_back_and_no_equal_one(kind: type[Task]) -> None:
    backlog = Backlog()
    equal, refused = kind(int), Task(int)
    backlog.add(equal, 0, 1)
    backlog.add(refused, 0, 2)
    is_taken_back = backlog.remove(refused)  # if not, it is skipped when its turn comes
    assert backlog.take() is equal
    assert backlog.size() == (0 if is_taken_back else 1)


@TASKS
@pytest.mark.parametrize("policy", list(WhenFull))
def test_a_bounded_queue_takes_any_tasks(
    make: Make, kind: type[Task], policy: WhenFull
) -> None:
    pool = make(1, queue_limit=2, when_full=policy, full_timeout_seconds=60)
    if policy is WhenFull.RAISE:
        pool.queue_limit = 20
    tasks = [kind(int) for _ in range(8)]
    for task in tasks:
        pool.put(task)
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert all([task.done() for task in tasks])  # noqa: C419 - it may hold odd ones
    assert pool.statistics().submitted == 8


class OddPool(ThreadPool):
    """It is equal to all its like, it is empty, and no key."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OddPool)

    __hash__ = None  # type: ignore[assignment]  # as of who defines __eq__ alone

    def __len__(self) -> int:
        return 0


class RaisingPool(ThreadPool):
    """It cannot be compared, hashed, tested or shown."""

    def __eq__(self, _other: object) -> NoReturn:
        raise RuntimeError("equal?")

    def __hash__(self) -> NoReturn:
        raise RuntimeError("hash?")

    def __bool__(self) -> NoReturn:
        raise RuntimeError("true?")

    def __repr__(self) -> NoReturn:
        raise RuntimeError("shown?")

    def __getattr__(self, name: str) -> NoReturn:
        raise RuntimeError(name)


POOLS = pytest.mark.parametrize("kind", [OddPool, RaisingPool])


@POOLS
def test_pools_may_compare_as_they_like(kind: type[ThreadPool]) -> None:
    with kind(1) as one, kind(max_workers=1) as other:
        assert one.submit(pow, 2, 2).result(DEADLINE_SECONDS) == 4
        assert other.submit(pow, 2, 3).result(DEADLINE_SECONDS) == 8
        assert list(one.map(abs, [-1, -2])) == [1, 2]
        assert other.put(Task(int)).result(DEADLINE_SECONDS) == 0
        assert Door(one).statistics().done == 3
        one.resize(2)
        assert one.as_thread_pool_executor().submit(int).result(DEADLINE_SECONDS) == 0
    assert one.statistics().workers == other.statistics().workers == 0


@POOLS
def test_each_of_equal_pools_is_drained_when_it_is_lost(
    kind: type[ThreadPool],
) -> None:
    kept, lost = kind(1), kind(1)
    future = lost.submit(int)
    workers = lost.workers()
    del lost
    gc.collect()
    assert future.result(DEADLINE_SECONDS) == 0
    for worker in workers:
        worker.join(DEADLINE_SECONDS)
        assert not worker.is_alive()
    assert kept.submit(int).result(DEADLINE_SECONDS) == 0
    assert kept.join(DEADLINE_SECONDS)


@POOLS
def test_a_lost_pool_that_never_started_says_so(kind: type[ThreadPool]) -> None:
    lost = kind(1)
    task = lost.put(Task(int))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        del lost
        gc.collect()
    assert task.cancelled()
    assert ResourceWarning in [one.category for one in told]


class OddQueue(ThreadSafeQueue):
    """It cannot be compared, hashed or tested."""

    def __eq__(self, _other: object) -> NoReturn:
        raise RuntimeError("equal?")

    def __hash__(self) -> NoReturn:
        raise RuntimeError("hash?")

    def __bool__(self) -> NoReturn:
        raise RuntimeError("true?")


def test_queues_may_compare_as_they_like() -> None:
    tasks = OddQueue(2)
    thread = ProcessThread(tasks)
    thread.start()
    task = Task(int)
    tasks.put(task)
    assert task.result(DEADLINE_SECONDS) == 0
    assert repr(thread)
    thread.stop()
    thread.join(DEADLINE_SECONDS)
    assert not thread.is_alive()
