"""Odd sizes, limits and timeouts: taken as ThreadPoolExecutor does, or one clear error.

Endless and huge timeouts wait for ever, what is no number of seconds not at all.
"""

import math
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest
from pool_makers import Make, ended_after
from pool_support import DEADLINE_SECONDS, Stall, until

from pool_gui.pool import QueueFullError, Task, ThreadPool, ThreadSafeQueue

HUGE = 10**30
ENDLESS = pytest.mark.parametrize(
    "timeout", [math.inf, 1e12, 1e300, sys.maxsize, HUGE, None]
)
OVER = pytest.mark.parametrize("timeout", [0, 0.0, math.nan, 1e-300])


@pytest.fixture
def make(stall: Stall) -> Iterator[Make]:
    with ended_after(stall) as made:
        yield made


class Whole:
    """A whole number that is no int, such as numpy has."""

    def __index__(self) -> int:
        return 3


# --- how many ---


def test_no_size_is_the_default_size() -> None:
    cores = psutil.cpu_count()
    assert cores
    assert ThreadPool(None).size() == ThreadPool(0).size() == 2 * cores
    assert ThreadPool(max_workers=None).size() == 2 * cores


def test_a_prefix_may_stand_second_as_in_the_standard_pool(make: Make) -> None:
    with ThreadPool(2, "prefix") as pool:
        assert pool.name == "prefix"
        assert {thread.name for thread in pool.workers()} == {"prefix_0", "prefix_1"}
    assert ThreadPool(2, "").name.startswith("ThreadPool-")
    assert ThreadPool(2, None).name.startswith("ThreadPool-")


@pytest.mark.parametrize("size", [4.0, True, False, "4", "prefix", math.nan, math.inf])
def test_a_size_that_is_no_whole_number_is_refused(make: Make, size: Any) -> None:
    with pytest.raises(TypeError, match="size must be a whole number"):
        ThreadPool(size)
    pool = make(1)
    with pytest.raises(TypeError, match="size must be a whole number"):
        pool.resize(size)
    assert pool.size() == 1
    with pytest.raises(TypeError, match="max_size must be a whole number"):
        ThreadSafeQueue(size)


def test_a_whole_number_need_be_no_int(make: Make) -> None:
    whole: Any = Whole()
    assert ThreadPool(whole).size() == 3
    assert ThreadSafeQueue(whole).max_size == 3
    pool = make(0, start=False, max_workers=3, queue_limit=whole)
    assert pool.queue_limit == 3
    pool.resize(whole, max_workers=3)
    assert pool.size() == 3
    assert list(pool.map(abs, [-1, -2], buffersize=whole)) == [1, 2]
    pool.dismiss(whole)
    assert pool.size() == 0


def test_a_pool_may_be_allowed_to_grow_without_end(make: Make) -> None:
    pool = make(0, start=False, max_workers=HUGE, queue_limit=HUGE)
    assert [pool.submit(abs, -n).result(DEADLINE_SECONDS) for n in range(9)] == list(
        range(9)
    )
    assert pool.statistics().max_workers == HUGE
    assert pool.statistics().peak_workers < 9
    pool.resize(0, max_workers=2 * HUGE)
    assert pool.submit(int).result(DEADLINE_SECONDS) == 0
    assert pool.statistics().queue_limit == HUGE


def test_a_queue_may_be_allowed_to_grow_without_end() -> None:
    line = ThreadSafeQueue(HUGE)
    line.put("a")
    line.batch_put("bc", timeout=0)
    assert line.max_size == HUGE
    assert [line.pop(), line.pop(), line.pop()] == ["a", "b", "c"]


def test_more_workers_than_there_are_may_be_dismissed(make: Make) -> None:
    pool = make(2)
    assert len(pool.dismiss(HUGE)) == 2


@pytest.mark.parametrize("priority", [HUGE, -HUGE, True, Whole()])
def test_a_priority_may_be_any_whole_number(make: Make, priority: Any) -> None:
    pool = make(1, start=False)
    plain, ranked = Task(int), Task(int).with_limits(priority=priority)
    pool.batch_put([plain, ranked])
    is_urgent = ranked.limits is not None and ranked.limits.priority > 0
    assert pool.task_queue.get(0) is (ranked if is_urgent else plain)
    pool.start()
    assert ranked.result(DEADLINE_SECONDS) == 0


@pytest.mark.parametrize("hooks", [3, print, "hooks"])
def test_what_are_no_hooks_is_refused_before_any_worker_dies_of_it(hooks: Any) -> None:
    with pytest.raises(TypeError, match="hooks"):
        ThreadPool(1, hooks=hooks)


# --- how long ---


def waits(pool: ThreadPool, running: Task) -> dict[str, Callable[[Any], object]]:
    """Return calls that wait until the pool's only worker is released."""
    return {
        "join": pool.join,
        "wait_idle": pool.wait_idle,
        "result": running.result,
        "exception": running.exception,
        "map": lambda timeout: list(pool.map(abs, [-1], timeout=timeout)),
        "put": lambda timeout: pool.put(Task(int), timeout),
        "batch_put": lambda timeout: pool.batch_put([Task(int)], timeout),
    }


WAITS = pytest.mark.parametrize("name", list(waits(ThreadPool(1), Task(int))))


@WAITS
@ENDLESS
def test_an_endless_timeout_waits_for_the_end(
    make: Make, stall: Stall, name: str, timeout: Any
) -> None:
    pool = make(1)
    running = pool.put(Task(stall))
    stall.wait_entered()
    if name.endswith("put"):
        pool.queue_limit = 1
        pool.put(Task(int))
    outcomes: list[object] = []
    begun = threading.Event()

    def wait() -> None:
        begun.set()
        outcomes.append(waits(pool, running)[name](timeout))

    waiter = threading.Thread(target=wait)
    waiter.start()
    assert begun.wait(DEADLINE_SECONDS)
    assert not outcomes
    stall.release.set()
    waiter.join(DEADLINE_SECONDS)
    assert len(outcomes) == 1
    assert outcomes[0] is not False


@WAITS
@OVER
def test_a_timeout_that_is_no_time_is_over_at_once(
    make: Make, stall: Stall, name: str, timeout: Any
) -> None:
    pool = make(1)
    running = pool.put(Task(stall))
    stall.wait_entered()
    if name.endswith("put"):
        pool.queue_limit = 1
        pool.put(Task(int))
    wait = waits(pool, running)[name]
    if name in ("join", "wait_idle"):
        assert wait(timeout) is False
    else:
        with pytest.raises(QueueFullError if name.endswith("put") else TimeoutError):
            wait(timeout)


@ENDLESS
def test_a_queue_waits_without_end(timeout: Any) -> None:
    line = ThreadSafeQueue(1)
    outcomes: list[object] = []
    popper = threading.Thread(target=lambda: outcomes.append(line.pop(timeout=timeout)))
    popper.start()
    line.put("a")
    popper.join(DEADLINE_SECONDS)
    assert outcomes == ["a"]
    line.put("b")
    putter = threading.Thread(target=line.put, args=("c", True, timeout))
    putter.start()
    assert line.pop(timeout=timeout) == "b"
    assert line.pop(timeout=timeout) == "c"
    putter.join(DEADLINE_SECONDS)


@OVER
def test_a_queue_waits_for_no_time(timeout: Any) -> None:
    line = ThreadSafeQueue(1)
    with pytest.raises(queue.Empty):
        line.pop(timeout=timeout)
    line.put("a")
    with pytest.raises(queue.Full):
        line.put("b", timeout=timeout)
    with pytest.raises(queue.Full):
        line.batch_put("bc", timeout=timeout)
    assert line.pop(timeout=timeout) == "a"


@pytest.mark.parametrize("timeout", [-1, -0.5, -math.inf])
def test_a_queue_refuses_a_negative_timeout_as_the_standard_queue(timeout: Any) -> None:
    line = ThreadSafeQueue(1)
    with pytest.raises(ValueError, match="non-negative"):
        line.pop(timeout=timeout)
    with pytest.raises(ValueError, match="non-negative"):
        line.put("a", timeout=timeout)
    with pytest.raises(queue.Empty):
        line.pop(block=False, timeout=timeout)
    assert line.size() == 0


@pytest.mark.parametrize("seconds", [math.inf, 1e12, 1e300, HUGE])
@pytest.mark.parametrize("limit", ["queue_seconds", "run_seconds"])
def test_a_huge_limit_is_none(make: Make, seconds: Any, limit: str) -> None:
    pool = make(1)
    task = pool.put(Task(int).with_limits(**{limit: seconds}))
    assert task.result(DEADLINE_SECONDS) == 0
    assert pool.join(DEADLINE_SECONDS)
    assert pool.statistics().overdue == 0


@pytest.mark.parametrize("seconds", [0, -1, math.nan, -math.inf])
@pytest.mark.parametrize("limit", ["queue_seconds", "run_seconds"])
def test_a_limit_that_is_no_time_is_refused(seconds: Any, limit: str) -> None:
    task = Task(int)
    with pytest.raises(ValueError, match=f"{limit} must be more than 0"):
        task.with_limits(**{limit: seconds})
    assert task.limits is None


@pytest.mark.parametrize("seconds", [math.inf, 1e12, 1e300, HUGE])
def test_workers_may_stay_idle_without_end(make: Make, seconds: Any) -> None:
    pool = make(0, start=False, max_workers=2, keep_alive_seconds=seconds)
    assert pool.submit(int).result(DEADLINE_SECONDS) == 0
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert len(pool.workers()) == 1
    pool.keep_alive_seconds = 0
    until(lambda: not pool.workers())


@pytest.mark.parametrize("seconds", [-1, math.nan, -math.inf])
def test_workers_cannot_stay_for_less_than_no_time(seconds: Any) -> None:
    with pytest.raises(ValueError, match="keep_alive_seconds must not be negative"):
        ThreadPool(1, keep_alive_seconds=seconds)


@pytest.mark.parametrize("seconds", [0, math.nan, -1, -math.inf])
def test_a_put_that_is_to_wait_for_no_time_does_not(
    make: Make, stall: Stall, seconds: Any
) -> None:
    pool = make(1, queue_limit=1, full_timeout_seconds=seconds)
    pool.submit(stall)
    stall.wait_entered()
    pool.submit(int)
    with pytest.raises(QueueFullError):
        pool.submit(int)
    assert pool.statistics().rejected == 1
