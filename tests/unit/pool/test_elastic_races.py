"""Pools that grow on demand while something else happens: races, forced, and failures.

No task is to be left without a worker: elasticsearch#124667, anyio#323.
"""

import functools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pool_makers import Make, ended_after, until_parked
from pool_support import DEADLINE_SECONDS, NEEDS_GIL, Stall, until

from pool_gui.pool import (
    ProcessThread,
    Task,
    ThreadPool,
    ThreadSafeQueue,
    executor,
    intake,
)
from pool_gui.pool.crew import Crew
from pool_gui.pool.watchers import FOREVER

PUTS: dict[str, Callable[[ThreadPool, Task], object]] = {
    "put": lambda pool, task: pool.put(task),
    "batch_put": lambda pool, task: pool.batch_put([task]),
    "submit": lambda pool, task: pool.submit(task.callable, *task.args),
    "put with limits": lambda pool, task: pool.put(task.with_limits(priority=1)),
}


@pytest.fixture
def make(stall: Stall) -> Iterator[Make]:
    with ended_after(stall) as made:
        yield made


@pytest.fixture(params=PUTS)
def put(request: pytest.FixtureRequest) -> Callable[[ThreadPool, Task], object]:
    return PUTS[request.param]


def in_thread(act: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=act)
    thread.start()
    return thread


@pytest.mark.parametrize("others", [0, 1])
def test_a_worker_that_goes_between_the_putters_look_and_its_put_strands_no_task(
    make: Make,
    stall: Stall,
    monkeypatch: pytest.MonkeyPatch,
    put: Callable[[ThreadPool, Task], object],
    others: int,
) -> None:
    pool = make(max_workers=1 + others)
    ran = threading.Event()
    first = [pool.submit(stall) for _ in range(others)]
    stall.wait_entered(others)
    pool.put(Task(int))
    until_parked(pool, 1)

    def clock() -> int:  # asked for between the look at the workers and the put
        monkeypatch.undo()
        pool.keep_alive_seconds = 0
        until(lambda: len(pool.workers()) == others)
        pool.keep_alive_seconds = None
        return time.perf_counter_ns()

    monkeypatch.setattr(intake, "perf_counter_ns", clock)
    monkeypatch.setattr(executor, "perf_counter_ns", clock)
    put(pool, Task(ran.set))
    assert len(pool.departed) == 1
    assert ran.wait(DEADLINE_SECONDS)
    assert not any(future.done() for future in first)
    assert pool.size() == 1 + others


class Race:
    """Puts a task, once, just when the only worker of a pool decides to go."""

    def __init__(self, pool: ThreadPool, put: Callable[[], object]) -> None:
        self.pool = pool
        (self.worker,) = pool.workers()
        self._put = put
        self._before = pool.counts().submitted
        self.threads: list[threading.Thread] = []

    def __call__(self) -> None:
        if self.threads or threading.current_thread() is not self.worker:
            return
        self.worker.idle_limit_seconds = 0
        # From another thread, which gets as far as the locks that are held here allow.
        self.threads.append(in_thread(self._put))
        until(lambda: self._is_queued() or self.pool._life._depth > 0)

    def _is_queued(self) -> bool:
        return self.pool.counts().submitted > self._before


def race_as_its_time_is_up(patch: pytest.MonkeyPatch, race: Race) -> None:
    park, withdraw = ThreadSafeQueue.park, ThreadSafeQueue._withdraw

    def short_park(
        queue: ThreadSafeQueue, lock: Any, _timeout: float = 0, *rest: Any
    ) -> object:
        return park(queue, lock, 0, *rest)

    def racing_withdraw(queue: ThreadSafeQueue, lock: Any) -> None:
        race()
        withdraw(queue, lock)

    patch.setattr(ThreadSafeQueue, "park", short_park)
    patch.setattr(ThreadSafeQueue, "_withdraw", racing_withdraw)
    race.worker.reconsider(1000)


def race_before_it_asks(patch: pytest.MonkeyPatch, race: Race) -> None:
    idles = Crew.worker_idles

    def racing_idles(crew: Crew, worker: ProcessThread) -> float:
        race()
        return idles(crew, worker)

    patch.setattr(Crew, "worker_idles", racing_idles)
    race.worker.reconsider(0)


def race_as_it_looks_for_tasks(
    patch: pytest.MonkeyPatch, race: Race, *, late: bool = False
) -> None:
    idles, size = Crew.worker_idles, ThreadSafeQueue.size
    asking: list[ProcessThread] = []

    def racing_size(queue: ThreadSafeQueue) -> int:
        if asking and not late:
            race()
        found = size(queue)
        if asking and late:
            race()
        return found

    def racing_idles(crew: Crew, worker: ProcessThread) -> float:
        asking.append(worker)
        try:
            return idles(crew, worker)
        finally:
            asking.clear()

    patch.setattr(Crew, "worker_idles", racing_idles)
    patch.setattr(ThreadSafeQueue, "size", racing_size)
    race.worker.reconsider(0)


def race_as_it_has_found_none(patch: pytest.MonkeyPatch, race: Race) -> None:
    race_as_it_looks_for_tasks(patch, race, late=True)


def race_when_it_has_decided(patch: pytest.MonkeyPatch, race: Race) -> None:
    idles = Crew.worker_idles

    def racing_idles(crew: Crew, worker: ProcessThread) -> float:
        may_stay = idles(crew, worker)
        race()
        return may_stay

    patch.setattr(Crew, "worker_idles", racing_idles)
    race.worker.reconsider(0)


MOMENTS = [
    race_as_its_time_is_up,
    race_before_it_asks,
    race_as_it_looks_for_tasks,
    race_as_it_has_found_none,
    race_when_it_has_decided,
]


@NEEDS_GIL
@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
def test_a_task_put_while_the_only_worker_decides_to_go_is_run(
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
    put: Callable[[ThreadPool, Task], object],
    moment: Callable[[pytest.MonkeyPatch, Race], None],
) -> None:
    pool = make(max_workers=1, keep_alive_seconds=1000)
    pool.put(Task(int))
    until_parked(pool, 1)
    ran = threading.Event()
    race = Race(pool, lambda: put(pool, Task(ran.set)))
    moment(monkeypatch, race)
    until(lambda: bool(race.threads))
    race.threads[0].join(DEADLINE_SECONDS)
    assert ran.wait(DEADLINE_SECONDS)
    monkeypatch.undo()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.counts().done == 2
    assert pool.size() <= 1, "no more than max_workers"


@NEEDS_GIL
def test_a_worker_that_then_stays_leaves_no_room_for_another(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one worker at most, programs rely on no two tasks at a time."""
    pool = make(max_workers=1)
    pool.put(Task(int))
    until_parked(pool, 1)
    (worker,) = pool.workers()
    looked, going = threading.Event(), threading.Event()
    size = ThreadSafeQueue.size

    def clock() -> int:  # the putter has seen one worker
        looked.set()
        assert going.wait(DEADLINE_SECONDS)
        return time.perf_counter_ns()

    def racing_size(queue: ThreadSafeQueue) -> int:
        if threading.current_thread() is worker and not pool.size():
            going.set()  # the worker has struck itself off, and looks for tasks
            until(lambda: pool.counts().submitted == 2 and pool._life._depth > 0)
            worker.idle_limit_seconds = FOREVER  # it is asked but once
        return size(queue)

    monkeypatch.setattr(intake, "perf_counter_ns", clock)
    putter = in_thread(lambda: pool.put(Task(int)))
    assert looked.wait(DEADLINE_SECONDS)
    monkeypatch.setattr(ThreadSafeQueue, "size", racing_size)
    worker.reconsider(0)
    putter.join(DEADLINE_SECONDS)
    monkeypatch.undo()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.counts().done == 2
    assert pool.size() == 1


def test_growth_that_nobody_needs_any_more_does_not_happen(
    make: Make, stall: Stall
) -> None:
    pool = make(max_workers=3)
    pool.put(Task(stall))
    stall.wait_entered()
    holds, may_leave = threading.Event(), threading.Event()

    def hold() -> None:
        with pool._life:
            holds.set()
            assert may_leave.wait(DEADLINE_SECONDS)

    holder = in_thread(hold)
    assert holds.wait(DEADLINE_SECONDS)
    pool.batch_put([Task(int), Task(int)])
    stall.release.set()
    until_parked(pool, 1)
    may_leave.set()
    holder.join(DEADLINE_SECONDS)
    assert (pool.size(), pool.counts().done) == (1, 3)


class LatePark:
    """Stops who parks before it registers as a waiter, and before it looks again."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.has_come = threading.Event()
        self.may_register = threading.Event()
        self.may_look = threading.Event()
        self._park, self._take = ThreadSafeQueue.park, ThreadSafeQueue.take

        def late_park(queue: ThreadSafeQueue, lock: Any, *rest: Any) -> object:
            return self._stop_park(queue, lock, *rest)

        def late_take(queue: ThreadSafeQueue) -> object:
            return self._stop_take(queue)

        patch.setattr(ThreadSafeQueue, "park", late_park)
        patch.setattr(ThreadSafeQueue, "take", late_take)

    def _stop_park(self, queue: ThreadSafeQueue, lock: Any, *rest: Any) -> object:
        self.has_come.set()
        assert self.may_register.wait(DEADLINE_SECONDS)
        return self._park(queue, lock, *rest)

    def _stop_take(self, queue: ThreadSafeQueue) -> object:
        if queue.waiters:
            assert self.may_look.wait(DEADLINE_SECONDS)
        return self._take(queue)


@NEEDS_GIL
def test_a_wake_up_that_its_worker_does_not_need_brings_another_worker(
    make: Make, stall: Stall, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = make(max_workers=2)
    last = threading.Event()
    pool.put(Task(int))
    until_parked(pool, 1)
    late = LatePark(monkeypatch)
    meet_demand = pool._meet_demand

    def late_growth() -> None:  # it finds that somebody is about to wait
        if not late.may_register.is_set():
            late.may_register.set()
            until_parked(pool, 1)
        meet_demand()

    pool.put(Task(int))
    assert late.has_come.wait(DEADLINE_SECONDS)
    monkeypatch.setattr(pool, "_meet_demand", late_growth)
    pool.put(Task(stall))  # the waiter takes this one by itself
    pool.put(Task(last.set))  # and is woken, in vain, for this one
    late.may_look.set()
    stall.wait_entered()
    assert last.wait(3), "the only worker is busy, and nobody was hired"


def test_workers_come_and_go_with_the_tasks_of_many_threads(make: Make) -> None:
    pool = make(max_workers=3, keep_alive_seconds=0)
    wrong: list[object] = []

    def use(number: int) -> None:
        for _ in range(150):
            result = pool.submit(int, number).result(DEADLINE_SECONDS)
            if result != number or pool.size() > 3:
                wrong.append((result, pool.size()))

    threads = [in_thread(functools.partial(use, number)) for number in range(4)]
    for thread in threads:
        thread.join(DEADLINE_SECONDS)
    assert not wrong
    until(lambda: not pool.workers())
    assert (pool.counts().done, pool.size()) == (600, 0)
