"""Who waits for room: woken by room, by another limit, by the end; never a worker."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures.thread import BrokenThreadPool

import pytest
from bounded_support import WAYS, Caller, Full, Way, ending, full_pool
from pool_support import DEADLINE_SECONDS, Stall, until

from pool_gui.pool import (
    Hooks,
    PoolStateError,
    QueueFullError,
    Task,
    TaskState,
    ThreadPool,
    WhenFull,
)
from pool_gui.pool.queue import backlog_of

every_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


@pytest.fixture
def full() -> Iterator[Full]:
    with full_pool(WhenFull.WAIT, limit=2) as made:
        yield made


def test_room_is_given_to_who_waits_longest(full: Full) -> None:
    callers = [full.waiter(full.pool.put, Task(int)) for _ in range(3)]
    backlog = backlog_of(full.pool.task_queue)
    for count in (2, 1, 0):
        assert backlog.remove(backlog.get(0))
        backlog.announce_room()
        callers[2 - count].result()
        full.wait_waiting(count)


def test_a_higher_limit_lets_in_as_many_as_then_fit(full: Full) -> None:
    callers = [full.waiter(full.pool.put, Task(int)) for _ in range(4)]
    full.pool.queue_limit = 5
    until(lambda: full.size() == 5)
    full.wait_waiting(1)
    assert sum(caller.is_alive() for caller in callers) == 1
    assert full.finish().peak_queued == 5


def test_no_limit_lets_all_in_batches_too(full: Full) -> None:
    batch = [Task(int) for _ in range(2)]
    callers = [full.waiter(full.pool.put, Task(int)) for _ in range(3)]
    callers.append(full.waiter(full.pool.batch_put, batch))
    full.pool.queue_limit = None
    for caller in callers:
        caller.result()
    assert full.size() == 7
    assert full.finish().done == 8


def test_a_lower_limit_lets_nobody_in_until_workers_came_down_to_it() -> None:
    """Each task is held, so that the test looks at the queue between any two."""
    step = threading.Semaphore(0)
    seen: list[int] = []

    def run() -> None:
        seen.append(bounded.size())
        assert step.acquire(timeout=DEADLINE_SECONDS)

    with full_pool(limit=4) as bounded:
        bounded.pool.clear()
        bounded.pool.batch_put(Task(run) for _ in range(4))
        bounded.pool.queue_limit = 2
        caller = bounded.waiter(bounded.pool.put, Task(run))
        bounded.stall.release.set()
        for count in (1, 2):  # 3, then 2 are queued
            until(lambda count=count: len(seen) == count)  # type: ignore[misc]
            bounded.wait_waiting()
            step.release()
        caller.result()
        step.release(3)
        assert bounded.finish().done == 6
        assert seen[:2] == [3, 2]
        assert max(seen[2:]) <= 2


def test_a_limit_for_a_pool_that_had_none_holds(full: Full) -> None:
    full.pool.queue_limit = None
    full.pool.batch_put(Task(int) for _ in range(4))
    full.pool.queue_limit = 3
    caller = full.waiter(full.pool.put, Task(int))
    with pytest.raises(QueueFullError, match="6 of 3 are queued"):
        full.pool.put(Task(int), 0)
    full.stall.release.set()
    caller.result()
    assert full.finish().done == 8


@pytest.mark.parametrize("make_room", [ThreadPool.clear, ThreadPool.purge])
def test_room_made_by_others_than_workers_counts_too(
    full: Full, make_room: Callable[[ThreadPool], object]
) -> None:
    assert all(task.cancel() for task in full.queued)
    caller = full.waiter(full.pool.put, Task(int))
    assert make_room(full.pool) in ([], 2)
    caller.result()
    assert full.size() == 1


def test_a_pause_makes_no_room_and_a_resume_does(full: Full) -> None:
    full.pool.pause()
    caller = full.waiter(full.pool.put, Task(int))
    full.stall.release.set()
    until(lambda: full.statistics().running == 0)
    assert full.waiting() == 1
    full.pool.resume()
    caller.result()
    assert full.finish().done == 4


CLOSINGS: dict[str, Callable[[ThreadPool], object]] = {
    "drain": ThreadPool.drain,
    "stop": ThreadPool.stop,
    "join": lambda pool: pool.join(0),
    "shutdown": lambda pool: pool.shutdown(wait=False),
    "cancel": lambda pool: pool.shutdown(wait=False, cancel_futures=True),
}


@every_way
@pytest.mark.parametrize("close", CLOSINGS.values(), ids=CLOSINGS)
def test_who_waits_when_the_pool_closes_is_refused(
    full: Full, way: Way, close: Callable[[ThreadPool], object]
) -> None:
    callers = [full.waiter(way, full.pool, int) for _ in range(3)]
    close(full.pool)
    is_put = way in (WAYS["put"], WAYS["batch_put"])
    words = "takes no more tasks" if is_put else "schedule new futures after shut"
    for caller in callers:
        with pytest.raises(RuntimeError, match=words):
            caller.result()
    found = full.finish()
    assert (found.submitted, found.rejected) == (3, 3)


def test_a_task_that_the_closing_refused_is_new_again(full: Full) -> None:
    tasks = [Task(int) for _ in range(2)]
    caller = full.waiter(full.pool.batch_put, tasks)
    full.pool.drain()
    with pytest.raises(PoolStateError):
        caller.result()
    with ending(ThreadPool(1)) as other:
        assert [task.state for task in tasks] == [TaskState.NEW] * 2
        other.batch_put(tasks)
        assert other.join(DEADLINE_SECONDS)
        assert [task.state for task in tasks] == [TaskState.DONE] * 2


def test_who_waits_when_an_initializer_fails_is_refused() -> None:
    calls: list[int] = []

    def initialize() -> None:
        calls.append(1)
        assert len(calls) == 1

    with full_pool(WhenFull.WAIT, initializer=initialize) as full:
        callers = [full.waiter(WAYS[way], full.pool, int) for way in WAYS]
        full.pool.resize(2)
        for caller in callers:
            with pytest.raises(BrokenThreadPool):
                caller.result()
        for task in full.queued:
            with pytest.raises(BrokenThreadPool):
                task.future.result(DEADLINE_SECONDS)
        found = full.finish()
        assert (found.dropped, found.rejected, found.done) == (2, 4, 1)


@pytest.mark.parametrize("when_full", WhenFull)
@pytest.mark.parametrize("size", [1, 3])
@every_way
def test_a_worker_that_adds_to_its_own_full_queue_does_not_wait(
    when_full: WhenFull, way: Way, size: int
) -> None:
    ran: list[int] = []
    refused: list[QueueFullError] = []

    def spread(depth: int) -> None:
        ran.append(depth)
        for _ in range(3 if depth else 0):
            try:
                way(pool, lambda: spread(depth - 1))
            except QueueFullError as error:
                refused.append(error)

    with ending(ThreadPool(size, queue_limit=1, when_full=when_full)) as pool:
        pool.submit(spread, 4)
        assert pool.wait_idle(DEADLINE_SECONDS)
        found = pool.statistics()
        assert len(ran) == found.done == found.submitted - found.dropped
        assert len(refused) == found.rejected
        if when_full in (WhenFull.WAIT, WhenFull.RUN_IN_CALLER):
            assert found.done == sum(3**depth for depth in range(5))
        assert found.peak_queued == 1


@pytest.mark.parametrize("place", ["task", "hook", "initializer", "callback"])
def test_what_runs_on_a_worker_never_waits_for_room(place: str, stall: Stall) -> None:
    ran: list[threading.Thread] = []

    def add(*_: object) -> None:
        pool.batch_put(
            Task(lambda: ran.append(threading.current_thread())) for _ in "abc"
        )

    pool = ThreadPool(
        1,
        queue_limit=2,
        initializer=add if place == "initializer" else None,
        hooks=Hooks(worker_started=add if place == "hook" else None),
    )
    with ending(pool):
        pool.start()
        (worker,) = pool.workers()
        future = pool.submit(stall)
        if place == "callback":
            future.add_done_callback(add)
        elif place == "task":
            pool.submit(add)
        stall.release.set()
        assert pool.wait_idle(DEADLINE_SECONDS)
        assert ran == [worker] * 3, "three do not fit, so it ran them itself"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pthread_kill")
def test_ctrl_c_ends_the_wait_for_room_and_takes_nobodys_turn(full: Full) -> None:
    def interrupt() -> None:
        full.wait_waiting()
        others.extend(full.waiter(full.pool.put, Task(int)) for _ in range(2))
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    others: list[Caller] = []
    interrupter = Caller(interrupt)
    with pytest.raises(KeyboardInterrupt):
        full.pool.put(Task(int))
    interrupter.result()
    full.wait_waiting(2)
    full.stall.release.set()
    for other in others:
        other.result()
    found = full.finish()
    assert (found.submitted, found.done) == (5, 5)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pthread_kill")
def test_a_task_whose_put_was_interrupted_never_runs_and_may_be_put_again(
    full: Full,
) -> None:
    def interrupt() -> None:
        full.wait_waiting()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    task = Task(int)
    interrupter = Caller(interrupt)
    with pytest.raises(KeyboardInterrupt):
        full.pool.put(task)
    interrupter.result()
    assert task.done(), "who waits for it is told"
    full.pool.queue_limit = None
    again = full.pool.put(task)
    found = full.finish()
    assert (found.submitted, found.done) == (4, 4)
    assert task.state is TaskState.CANCELLED
    assert again.result(0) == 0


@pytest.mark.parametrize("policy", [one for one in WhenFull if one != "wait"])
def test_another_policy_reaches_who_waits(full: Full, policy: WhenFull) -> None:
    full.waiter(full.pool.put, Task(int))
    full.pool.when_full = policy
    assert not full.waiting(), "it was told to look again"


def test_a_batch_that_a_lower_limit_makes_too_large_is_refused() -> None:
    with full_pool(limit=3) as full:
        batch = [Task(int) for _ in range(3)]
        caller = full.waiter(full.pool.batch_put, batch)
        full.pool.queue_limit = 2
        full.stall.release.set()
        caller.join(DEADLINE_SECONDS)
        assert not caller.is_alive(), "it waits for what will not come"
        with pytest.raises(QueueFullError, match="put fewer at once"):
            caller.result()


def test_room_too_small_for_a_batch_is_passed_on_to_who_waits_behind(
    full: Full,
) -> None:
    full.waiter(full.pool.batch_put, [Task(int), Task(int)])
    single = full.waiter(full.pool.put, Task(int))
    # As a worker takes one, and then runs it for long.
    assert backlog_of(full.pool.task_queue).remove(full.queued[0])
    backlog_of(full.pool.task_queue).announce_room()
    single.join(DEADLINE_SECONDS)
    assert not single.is_alive(), "there is room for it"
