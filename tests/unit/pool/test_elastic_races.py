"""Pools that grow on demand while something else happens: races, forced, and failures.

No task is to be left without a worker: elasticsearch#124667, anyio#323.
"""

import functools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from pool_makers import Make, ended_after, until_parked
from pool_support import DEADLINE_SECONDS, NEEDS_GIL, Stall, until

from pool_gui.pool import Door, ProcessThread, Task, ThreadPool, admission, placing
from pool_gui.pool import pool as pool_module
from pool_gui.pool.backlog import Backlog
from pool_gui.pool.core import PoolCore
from pool_gui.pool.waiting import FOREVER, ParkingLot
from pool_gui.pool.workers import Workers

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

    for module in (admission, placing, pool_module):
        monkeypatch.setattr(module, "perf_counter_ns", clock)
    put(pool, Task(ran.set))
    assert any(worker.has_ended() for worker in Door(pool).workers())
    assert ran.wait(DEADLINE_SECONDS)
    assert not any(future.done() for future in first)
    assert pool.size() == 1 + others


class Race:
    """Puts a task, once, just when the only worker of a pool decides to go."""

    def __init__(self, pool: ThreadPool, put: Callable[[], object]) -> None:
        self.pool = pool
        (self.worker,) = pool.workers()
        self._put = put
        self.threads: list[threading.Thread] = []

    def __call__(self) -> None:
        if self.threads or threading.current_thread() is not self.worker:
            return
        self.worker.patience.limit_seconds = 0
        # From another thread, which waits for no lock that is held here.
        self.threads.append(in_thread(self._put))
        self.threads[0].join(DEADLINE_SECONDS)


class ShortLock:
    """A lock to park on whose wait ends at once, its time being up."""

    def __init__(self, race: Race) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()
        self._race = race

    def acquire(self, _blocking: bool = True, _timeout: float = -1) -> bool:  # noqa: FBT001, FBT002 - as locks have it
        is_woken = self._lock.acquire(blocking=False)
        self._race()
        return is_woken

    def release(self) -> None:
        self._lock.release()


def before(patch: pytest.MonkeyPatch, owner: type, name: str, race: Race) -> None:
    """Race just before the worker calls that method."""
    method = getattr(owner, name)

    def racing(*args: Any, **kwargs: Any) -> Any:
        race()
        return method(*args, **kwargs)

    patch.setattr(owner, name, racing)


def race_as_its_time_is_up(_: pytest.MonkeyPatch, race: Race) -> None:
    before_lock = race.worker._parking_lock
    race.worker._parking_lock = cast("Any", ShortLock(race))
    assert race.pool._core.backlog.parked.unpark(before_lock)


def race_before_it_asks(patch: pytest.MonkeyPatch, race: Race) -> None:
    before(patch, Workers, "idles", race)
    race.worker.reconsider(0)


def race_as_it_looks_for_tasks(
    patch: pytest.MonkeyPatch, race: Race, *, late: bool = False
) -> None:
    idles, size = Workers.idles, Backlog.size
    asking: list[ProcessThread] = []

    def racing_size(backlog: Backlog) -> int:
        if asking and not late:
            race()
        found = size(backlog)
        if asking and late:
            race()
        return found

    def racing_idles(workers: Workers, worker: ProcessThread) -> float:
        asking.append(worker)
        try:
            return idles(workers, worker)
        finally:
            asking.clear()

    patch.setattr(Workers, "idles", racing_idles)
    patch.setattr(Backlog, "size", racing_size)
    race.worker.reconsider(0)


def race_as_it_has_found_none(patch: pytest.MonkeyPatch, race: Race) -> None:
    race_as_it_looks_for_tasks(patch, race, late=True)


def race_when_it_has_decided(patch: pytest.MonkeyPatch, race: Race) -> None:
    before(patch, ProcessThread, "retire", race)
    race.worker.reconsider(0)


def race_before_it_leaves(patch: pytest.MonkeyPatch, race: Race) -> None:
    before(patch, Workers, "leaves", race)
    race.worker.reconsider(0)


def race_when_it_has_left(patch: pytest.MonkeyPatch, race: Race) -> None:
    before(patch, PoolCore, "bid_farewell", race)
    race.worker.reconsider(0)


MOMENTS = [
    race_as_its_time_is_up,
    race_before_it_asks,
    race_as_it_looks_for_tasks,
    race_as_it_has_found_none,
    race_when_it_has_decided,
    race_before_it_leaves,
    race_when_it_has_left,
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
    assert not race.threads[0].is_alive(), "a put waits for no worker"
    assert ran.wait(DEADLINE_SECONDS)
    monkeypatch.undo()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.statistics().done == 2
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
    size = Backlog.size

    def clock() -> int:  # the putter has seen one worker
        looked.set()
        assert going.wait(DEADLINE_SECONDS)
        return time.perf_counter_ns()

    def racing_size(backlog: Backlog) -> int:
        if threading.current_thread() is worker and not pool.size():
            going.set()  # the worker has struck itself off, and looks for tasks
            until(lambda: size(backlog) == 1)  # the putter finds a worker that is free
            worker.patience.limit_seconds = FOREVER  # it is asked but once
        return size(backlog)

    monkeypatch.setattr(pool_module, "perf_counter_ns", clock)
    putter = in_thread(lambda: pool.put(Task(int)))
    assert looked.wait(DEADLINE_SECONDS)
    monkeypatch.setattr(Backlog, "size", racing_size)
    worker.reconsider(0)
    putter.join(DEADLINE_SECONDS)
    monkeypatch.undo()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.statistics().done == 2
    assert pool.size() == 1


def test_growth_that_nobody_needs_any_more_does_not_happen(
    make: Make, stall: Stall
) -> None:
    pool = make(max_workers=3)
    pool.put(Task(stall))
    stall.wait_entered()
    holds, may_leave = threading.Event(), threading.Event()

    def hold() -> None:
        with pool._core.life, pool._core.life.lock:
            holds.set()
            assert may_leave.wait(DEADLINE_SECONDS)

    holder = in_thread(hold)
    assert holds.wait(DEADLINE_SECONDS)
    pool.batch_put([Task(int), Task(int)])
    stall.release.set()
    until_parked(pool, 1)
    may_leave.set()
    holder.join(DEADLINE_SECONDS)
    assert (pool.size(), pool.statistics().done) == (1, 3)


class LateLot(ParkingLot):
    """Stops who parks before it registers, and before it looks again."""

    def __init__(self) -> None:
        super().__init__()
        self.has_come = threading.Event()
        self.may_register = threading.Event()
        self.may_look = threading.Event()

    def __setitem__(self, lock: Any, value: None) -> None:
        self.has_come.set()
        assert self.may_register.wait(DEADLINE_SECONDS)
        super().__setitem__(lock, value)
        assert self.may_look.wait(DEADLINE_SECONDS)


@NEEDS_GIL
def test_a_wake_up_that_its_worker_does_not_need_brings_another_worker(
    make: Make, stall: Stall, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool, late = make(max_workers=2), LateLot()
    first, last = Stall(), threading.Event()
    pool.put(Task(first))
    first.wait_entered()
    pool._core.backlog.parked = late
    first.release.set()
    assert late.has_come.wait(DEADLINE_SECONDS)
    meet_demand = pool._core.staffing._meet_demand

    def late_growth() -> None:  # it finds that somebody is about to wait
        if not late.may_register.is_set():
            late.may_register.set()
            until_parked(pool, 1)
        meet_demand()

    monkeypatch.setattr(pool._core.staffing, "_meet_demand", late_growth)
    pool.put(Task(stall))  # who is about to wait takes this one by itself
    assert pool.size() == 1
    pool.put(Task(last.set))  # and is woken, in vain, for this one
    late.may_look.set()
    stall.wait_entered()
    assert last.wait(DEADLINE_SECONDS), "the only worker is busy, nobody was hired"


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
    assert (pool.statistics().done, pool.size()) == (600, 0)
