"""A bounded queue whose calls cross each other, or are interrupted, at bad moments."""

import contextlib
import threading
from collections.abc import Callable
from typing import NoReturn

import pytest
from bounded_support import Caller, ending, full_pool
from pool_makers import until_parked
from pool_support import DEADLINE_SECONDS

from pool_gui.pool import (
    QueueFullError,
    Task,
    TaskState,
    ThreadPool,
    WhenFull,
    clearing,
)
from pool_gui.pool.backlog import Backlog
from pool_gui.pool.clearing import break_down
from pool_gui.pool.queue import backlog_of
from pool_gui.pool.waiting import ParkingLot

MOMENTS = 10
"""How often a test looks whether what it does not expect has happened by now."""


@pytest.mark.parametrize("priority", [-1, 0, 1])
def test_a_put_by_another_thread_amid_a_purge_does_not_exceed_the_limit(
    monkeypatch: pytest.MonkeyPatch, priority: int
) -> None:
    callers: list[Caller] = []

    def try_put() -> None:
        with contextlib.suppress(QueueFullError):
            pool.put(Task(int))

    def look(item: object) -> bool:
        callers.append(Caller(try_put))
        callers[-1].join(0.02)  # if nothing holds it up, it is over by then
        return isinstance(item, Task) and Task.done(item)

    with ending(ThreadPool(1, queue_limit=3, when_full=WhenFull.RAISE)) as pool:
        pool.batch_put(Task(int).with_limits(priority=priority) for _ in range(3))
        monkeypatch.setattr(clearing, "_is_dead", look)
        assert pool.purge() == 0
        for caller in callers:
            caller.result()
        assert pool.task_queue.size() == 3


@pytest.mark.parametrize("at", range(6))
def test_a_purge_that_is_interrupted_loses_no_task(
    monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    looks: list[object] = []

    def look(item: object) -> bool:
        looks.append(item)
        if len(looks) > at:
            raise KeyboardInterrupt
        return False

    with ending(ThreadPool(1)) as pool:
        tasks = [Task(int).with_limits(priority=n) for n in (1, 1, 0, 0, -1, -1)]
        pool.batch_put(tasks)
        monkeypatch.setattr(clearing, "_is_dead", look)
        with pytest.raises(KeyboardInterrupt):
            pool.purge()
        assert set(pool.clear()) == set(tasks)


def test_who_waits_hears_of_the_room_that_a_purge_has_made() -> None:
    """It is woken, and looks for room, while the purge is not quite over."""

    class Hasty(ParkingLot):
        def unpark_all(self) -> None:
            super().unpark_all()
            for _ in range(MOMENTS):  # unless it got in, or waits for a lock
                if self or not waiter.is_alive():
                    break
                waiter.join(0.005)

    with full_pool(WhenFull.WAIT) as full:
        assert full.queued[0].cancel()
        backlog_of(full.pool.task_queue).room = Hasty()
        waiter = full.waiter(full.pool.put, Task(int))
        assert full.pool.purge() == 1
        waiter.join(DEADLINE_SECONDS / 4)
        assert not waiter.is_alive(), "there is room for it"


def test_who_waits_is_not_deceived_by_a_batch_that_looks_for_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is woken just while the batch has reserved what it will not get."""
    size = Backlog.size

    def intruded_size(backlog: Backlog) -> int:
        if threading.current_thread() is threading.main_thread():
            monkeypatch.undo()
            backlog.announce_room()
            for _ in range(MOMENTS):  # unless it got in, or waits for a lock
                if backlog.room or not waiter.is_alive():
                    break
                waiter.join(0.005)
        return size(backlog)

    with full_pool(WhenFull.WAIT) as full:
        waiter = full.waiter(full.pool.put, Task(int))
        assert backlog_of(full.pool.task_queue).remove(full.queued[0])
        monkeypatch.setattr(Backlog, "size", intruded_size)
        with pytest.raises(QueueFullError):
            full.pool.batch_put([Task(int), Task(int)], timeout_seconds=0)
        waiter.join(DEADLINE_SECONDS / 4)
        assert not waiter.is_alive(), "there is room for it"


class Watched:
    """A re-entrant lock that is asked, before somebody waits for it, whether he may."""

    def __init__(self, may_wait: Callable[[], bool]) -> None:
        self._lock = threading.RLock()
        self._may_wait = may_wait
        self.wrong = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:  # noqa: FBT001, FBT002 - as locks have it
        if blocking and not self._is_owned() and not self._may_wait():
            self.wrong += 1
        return self._lock.acquire(blocking, timeout)

    def release(self) -> None:
        self._lock.release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _is_owned(self) -> bool:
        return bool(self._lock._is_owned())  # type: ignore[attr-defined]  # of RLock


CALLS: dict[str, Callable[[ThreadPool], object]] = {
    "put": lambda pool: pool.put(Task(int).with_limits(run_seconds=60)),
    "batch_put": lambda pool: pool.batch_put([Task(int), Task(int)]),
    "submit": lambda pool: pool.submit(int),
    "queue_limit": lambda pool: setattr(pool, "queue_limit", 9),
    "when_full": lambda pool: setattr(pool, "when_full", WhenFull.RAISE),
    "resize": lambda pool: pool.resize(1, 2),
    "statistics": ThreadPool.statistics,
    "clear": ThreadPool.clear,
    "drain": ThreadPool.drain,
    "stop": ThreadPool.stop,
    "break_down": lambda pool: break_down(pool._core),
}


PURGE = pytest.param(ThreadPool.purge, id="purge")


@pytest.mark.parametrize(
    "call", [*(pytest.param(call, id=name) for name, call in CALLS.items()), PURGE]
)
def test_the_locks_are_always_taken_in_the_same_order(
    call: Callable[[ThreadPool], object],
) -> None:
    """First that of the pool's life, then the entrance's; else two could block."""
    entrance = Watched(lambda: True)
    life = Watched(lambda: not entrance._is_owned())
    with ending(ThreadPool(1, queue_limit=5)) as pool:
        pool.start()
        until_parked(pool, 1)
        pool._core.backlog.lock = entrance  # type: ignore[assignment]  # it is like one
        pool._core.life.lock = life  # type: ignore[assignment]  # it is like one
        call(pool)
    assert not life.wrong


@pytest.mark.parametrize("when_full", [WhenFull.DROP_NEWEST, WhenFull.DROP_OLDEST])
def test_what_a_callback_raises_leaves_no_dropped_task_undecided(
    when_full: WhenFull,
) -> None:
    def leave(_: object) -> NoReturn:
        raise SystemExit

    with full_pool(when_full) as full:
        batch = [Task(int) for _ in range(4)]
        newest = when_full is WhenFull.DROP_NEWEST
        doomed = batch if newest else [*full.queued, *batch[:2]]
        doomed[0].future.add_done_callback(leave)
        with contextlib.suppress(SystemExit):
            full.pool.batch_put(batch)
        assert [task.state for task in doomed] == [TaskState.DROPPED] * 4
        assert full.finish().dropped == 4


@pytest.mark.parametrize(
    "take", [ThreadPool.clear, ThreadPool.stop, CALLS["break_down"]]
)
def test_what_a_callback_raises_leaves_no_taken_task_undecided(
    take: Callable[[ThreadPool], object],
) -> None:
    def leave(_: object) -> NoReturn:
        raise SystemExit

    with full_pool(limit=3) as full:
        full.queued[0].future.add_done_callback(leave)
        with contextlib.suppress(SystemExit):
            take(full.pool)
        assert all(task.future.done() for task in full.queued)
        found = full.finish()
        assert (found.cancelled + found.dropped, found.done) == (3, 1)
