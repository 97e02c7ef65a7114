"""What becomes of the tasks of pools that nobody holds any more."""

import gc
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from typing import Any

import pytest
from future_support import InThread, comers
from pool_support import DEADLINE_SECONDS, Stall, until

from pool_gui.pool import Task, TaskState, ThreadPool


@pytest.fixture(autouse=True)
def _no_collection() -> Iterator[None]:
    """A pool is no part of a cycle: it goes at once when nobody holds it."""
    gc.disable()
    yield
    gc.enable()


def put_some(pool: ThreadPool, call: Callable[[], object] = int) -> list[Task]:
    tasks = [Task(call) for _ in range(3)]
    assert [*pool.batch_put(tasks[:2]), pool.put(tasks[2])] == tasks
    return tasks


@pytest.mark.parametrize(
    "options",
    [
        {"size": 2},
        {"max_workers": 2},
        {"size": 1, "queue_limit": 5},
        {"size": 1, "propagate_context": True},
    ],
    ids=["fixed", "elastic", "bounded", "with contexts"],
)
def test_what_was_put_into_a_pool_dropped_before_its_start_is_cancelled(
    options: dict[str, Any],
) -> None:
    pool = ThreadPool(name="lost", **options)
    tasks = put_some(pool)
    called: list[object] = []
    tasks[0].add_done_callback(called.append)
    with pytest.warns(ResourceWarning, match="'lost' was dropped .* 3 tasks"):
        del pool
    assert {task.state for task in tasks} == {TaskState.CANCELLED}
    assert called == tasks[:1]


def test_who_waits_for_a_task_of_a_pool_dropped_before_its_start_is_woken() -> None:
    pool = ThreadPool(1)
    task = pool.put(Task(int))
    waits = InThread(task.result)
    until(lambda: comers(task) == 1)
    with pytest.warns(ResourceWarning):
        del pool
    assert isinstance(waits.answer(), CancelledError)


@pytest.mark.parametrize("has_cancelled", [False, True])
def test_a_new_pool_without_tasks_to_run_is_dropped_without_a_word(
    *, has_cancelled: bool
) -> None:
    pool = ThreadPool(1)
    if has_cancelled:
        pool.put(Task(int)).cancel()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del pool


def test_a_stopped_pool_is_dropped_without_a_word() -> None:
    pool = ThreadPool(1)
    pool.put(Task(int))
    pool.stop()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del pool


def pause(pool: ThreadPool) -> None:
    pool.pause()


def resize_to_none(pool: ThreadPool) -> None:
    pool.resize(0)
    until(lambda: not pool.workers())


def dismiss_all(pool: ThreadPool) -> None:
    pool.dismiss(pool.size())
    until(lambda: not pool.workers())


def resize_to_none_and_pause(pool: ThreadPool) -> None:
    pool.pause()
    resize_to_none(pool)


def be_elastic_and_empty(pool: ThreadPool) -> None:
    pool.pause()
    pool.resize(0, 3)
    dismiss_all(pool)


STATES = [pause, resize_to_none, dismiss_all, resize_to_none_and_pause]


@pytest.mark.parametrize(
    "prepare", [*STATES, be_elastic_and_empty], ids=lambda one: one.__name__
)
@pytest.mark.parametrize("options", [{}, {"queue_limit": 9}], ids=["plain", "bounded"])
def test_what_a_dropped_pool_has_accepted_is_run(
    prepare: Callable[[ThreadPool], None], options: dict[str, Any]
) -> None:
    pool = ThreadPool(2, **options)
    pool.start()
    prepare(pool)
    tasks = put_some(pool)
    assert {task.state for task in tasks} == {TaskState.QUEUED}
    del pool
    assert [task.result(DEADLINE_SECONDS) for task in tasks] == [0, 0, 0]


def test_the_workers_of_a_dropped_pool_end(stall: Stall) -> None:
    pool = ThreadPool(2)
    first = pool.submit(stall)
    stall.wait_entered()
    last = pool.submit(int)
    workers = pool.workers()
    del pool
    assert last.result(DEADLINE_SECONDS) == 0
    assert not first.done()
    stall.release.set()
    for worker in workers:
        worker.join(DEADLINE_SECONDS)
        assert not worker.is_alive()


def test_a_task_holds_its_pool_no_longer_than_it_runs() -> None:
    pool = ThreadPool(1)
    held = [pool]
    future = pool.submit(held.clear)
    (worker,) = pool.workers()
    del pool
    assert future.result(DEADLINE_SECONDS) is None
    worker.join(DEADLINE_SECONDS)
    assert not worker.is_alive()


class Alike(ThreadPool):
    """Pools that are all equal."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1


class Unhashable(ThreadPool):
    """Pools that cannot be keys."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


class Raising(ThreadPool):
    """Pools that cannot be asked anything."""

    def __eq__(self, other: object) -> bool:
        raise ZeroDivisionError

    def __hash__(self) -> int:
        raise ZeroDivisionError

    def __bool__(self) -> bool:
        raise ZeroDivisionError

    def __len__(self) -> int:
        raise ZeroDivisionError


@pytest.mark.parametrize("kind", [Alike, Unhashable, Raising])
def test_pools_that_compare_as_they_like_are_made_used_and_dropped_as_others(
    kind: type[ThreadPool],
) -> None:
    one, other = kind(1), kind(max_workers=1)
    assert (one.submit(int).result(DEADLINE_SECONDS), one.size()) == (0, 1)
    assert [*other.map(abs, [-1])] == [1]
    one.pause()
    last = one.submit(int)
    del one
    assert last.result(DEADLINE_SECONDS) == 0
    assert other.submit(int).result(DEADLINE_SECONDS) == 0
    other.shutdown()
    assert other.join(DEADLINE_SECONDS)


@pytest.mark.parametrize("kind", [Alike, Unhashable, Raising])
def test_one_of_several_equal_pools_is_dropped_before_its_start(
    kind: type[ThreadPool],
) -> None:
    one, other = kind(1), kind(1)
    lost, kept = one.put(Task(int)), other.put(Task(int))
    with pytest.warns(ResourceWarning):
        del one
    assert (lost.state, kept.state) == (TaskState.CANCELLED, TaskState.QUEUED)
    assert other.join(DEADLINE_SECONDS)
    assert kept.result(0) == 0
