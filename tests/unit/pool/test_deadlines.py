"""The thread that watches over time limits: races, reports, its end, its memory."""

import gc
import sys
import threading
import weakref
from collections.abc import Callable

import pytest
from bounded_support import Caller, ending, outlast
from pool_support import DEADLINE_SECONDS, MakePool, Stall, until

from pool_gui.pool import (
    Task,
    TaskExpiredError,
    TaskFuture,
    TaskState,
    ThreadPool,
)
from pool_gui.pool.timekeeper import QueueWatch, RunWatch, Timekeeper

MOMENT = 0.005
"""A time limit, in seconds, that a test waits for."""


def timekeepers(pool: ThreadPool) -> list[threading.Thread]:
    name = f"{pool.name}_timekeeper"
    return [thread for thread in threading.enumerate() if thread.name == name]


def watches() -> int:
    """Return how many limits are being watched, or were and are still remembered."""
    kinds = (QueueWatch, RunWatch)
    return sum(type(one) in kinds for one in gc.get_objects())


def test_an_expiry_that_is_overtaken_by_the_begin_does_nothing(
    make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The timekeeper holds it for waiting; before it says so, a worker begins it."""
    refuse = TaskFuture.refuse
    seen: list[bool] = []

    def late(
        future: TaskFuture, error: BaseException | None, count: Callable[[], object]
    ) -> bool:
        assert task.future is future
        pool.resume()
        stall.wait_entered()
        seen.append(refuse(future, error, count))
        stall.release.set()
        return seen[0]

    monkeypatch.setattr(TaskFuture, "refuse", late)
    monkeypatch.setattr("pool_gui.pool.worker.ProcessThread._is_timely", lambda *_: 1)
    pool, stall = make_pool(1), Stall()
    pool.pause()
    task = Task(stall).with_limits(queue_seconds=MOMENT)
    pool.put(task)
    assert pool.wait_idle(DEADLINE_SECONDS)
    until(lambda: seen == [False])
    assert task.state is TaskState.DONE
    assert (pool.counts().expired, pool.counts().done) == (0, 1)


@pytest.mark.parametrize("waits", [False, True])
def test_a_begin_that_is_overtaken_by_the_expiry_does_not_run(
    make_pool: MakePool, monkeypatch: pytest.MonkeyPatch, *, waits: bool
) -> None:
    """The worker finds it timely; before it begins it, its time is up."""
    begin, ran = TaskFuture.begin, []  # type: Callable[[TaskFuture], bool], list[int]

    def late(future: TaskFuture) -> bool:
        quiet = pool.task_queue.quiet
        QueueWatch(task, task.limits, pool._tally, quiet).act()  # type: ignore[arg-type]  # it has some
        return begin(future)

    monkeypatch.setattr(TaskFuture, "begin", late)
    pool = make_pool(1, start=False)
    task = Task(ran.append, 1).with_limits(queue_seconds=60)
    waiter = Caller(task.future.exception, DEADLINE_SECONDS if waits else 0)
    pool.put(task)
    pool.start()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert task.state is TaskState.EXPIRED
    assert not ran
    counts = pool.counts()
    assert (counts.expired, counts.started, counts.cancelled) == (1, 0, 0)
    if waits:
        assert isinstance(waiter.result(), TaskExpiredError)


def test_each_task_either_expires_or_runs(make_pool: MakePool) -> None:
    """Their time is up just when they come to a worker."""
    pool, ran = make_pool(2), []  # type: ThreadPool, list[int]
    tasks = [
        Task(ran.append, number).with_limits(queue_seconds=1e-6 * number)
        for number in range(1, 1500)
    ]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for task in tasks:
            pool.put(task)
        assert pool.wait_idle(DEADLINE_SECONDS)
    finally:
        sys.setswitchinterval(before)
    expired = [n for n, task in enumerate(tasks, 1) if task.future.exception(0)]
    assert sorted([*ran, *expired]) == list(range(1, 1500))
    counts = pool.counts()
    assert (counts.done, counts.expired) == (len(ran), len(expired))
    assert counts.started == len(ran)


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have the system refuse threads for timekeepers; return their names."""
    start, names = threading.Thread.start, []  # type: Callable[..., None], list[str]

    def refuse(thread: threading.Thread) -> None:
        if thread.name.endswith("_timekeeper"):
            names.append(thread.name)
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    return names


@pytest.mark.expects_log
def test_without_a_timekeeper_the_workers_look_after_the_limits(
    make_pool: MakePool, refused: list[str]
) -> None:
    pool, ran = make_pool(1, start=False), []  # type: ThreadPool, list[int]
    late = Task(ran.append, 1).with_limits(queue_seconds=1e-9)
    slow = Task(outlast, MOMENT).with_limits(run_seconds=MOMENT)
    pool.put(late)
    pool.batch_put([slow, Task(int)])
    assert refused == [f"{pool.name}_timekeeper"] * 2, "each put tries again"
    pool.start()
    assert pool.join(DEADLINE_SECONDS)
    assert not ran
    found = pool.statistics()
    assert (found.expired, found.overdue, found.done) == (1, 1, 2)


@pytest.mark.expects_log
def test_a_timekeeper_that_starts_at_last_knows_the_earlier_limits(
    make_pool: MakePool, refused: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = make_pool(1, start=False)
    early = Task(int).with_limits(queue_seconds=MOMENT)
    pool.put(early)
    assert len(refused) == 1
    monkeypatch.undo()
    pool.put(Task(int).with_limits(run_seconds=60))
    assert early.future.exception(DEADLINE_SECONDS)


@pytest.mark.expects_log
def test_without_a_timekeeper_nothing_piles_up(
    make_pool: MakePool, refused: list[str]
) -> None:
    pool, before = make_pool(1), watches()
    for _ in range(500):
        pool.put(Task(int).with_limits(queue_seconds=3600))
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert watches() - before < 100


def test_there_is_none_before_a_time_limit_and_one_for_all(make_pool: MakePool) -> None:
    pool = make_pool(2)
    pool.put(Task(int).with_limits(priority=5))
    pool.put(Task(int))
    assert not timekeepers(pool)
    pool.put(Task(int).with_limits(queue_seconds=60))
    first = timekeepers(pool)
    pool.batch_put(Task(int).with_limits(run_seconds=60) for _ in range(9))
    assert timekeepers(pool) == first
    (thread,) = first
    assert thread.daemon, "it delays no exit"


def test_it_begins_once_and_ends_for_good() -> None:
    timekeeper = Timekeeper("ours_timekeeper")
    assert timekeeper.join(0), "there is none yet"
    for _ in range(3):
        timekeeper.begin()
    threads = [one for one in threading.enumerate() if one.name == "ours_timekeeper"]
    assert len(threads) == 1
    assert not timekeeper.join(0)
    timekeeper.end()
    timekeeper.end()
    assert timekeeper.join(DEADLINE_SECONDS)


ENDS: dict[str, Callable[[ThreadPool], object]] = {
    "join": ThreadPool.join,
    "stop": ThreadPool.stop,
    "drain": ThreadPool.drain,
    "shutdown": ThreadPool.shutdown,
    "break": ThreadPool.break_down,
}


@pytest.mark.parametrize("is_started", [False, True])
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_it_ends_with_the_pool(
    make_pool: MakePool, end: Callable[[ThreadPool], object], *, is_started: bool
) -> None:
    pool = make_pool(2, start=is_started)
    pool.put(Task(int).with_limits(queue_seconds=3600, run_seconds=3600))
    (thread,) = timekeepers(pool)
    end(pool)
    assert pool.join(DEADLINE_SECONDS)
    assert not thread.is_alive(), "the join has waited for it"


def test_it_lasts_as_long_as_the_last_task(make_pool: MakePool, stall: Stall) -> None:
    pool = make_pool(1)
    pool.put(Task(stall).with_limits(run_seconds=60))
    stall.wait_entered()
    pool.stop()
    assert not pool.join(0)
    assert timekeepers(pool)
    stall.release.set()
    assert pool.join(DEADLINE_SECONDS)
    assert not timekeepers(pool)


@pytest.mark.parametrize("is_started", [False, True])
def test_it_ends_when_the_pool_is_lost(*, is_started: bool) -> None:
    pool = ThreadPool(1)
    if is_started:
        pool.start()
    pool.put(Task(int).with_limits(queue_seconds=3600, run_seconds=3600))
    gone, (thread,) = weakref.ref(pool), timekeepers(pool)
    del pool
    until(lambda: gone() is None)
    thread.join(DEADLINE_SECONDS)
    assert not thread.is_alive()


@pytest.mark.expects_log
@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_it_survives_what_a_callback_raises(
    make_pool: MakePool, kind: type[BaseException]
) -> None:
    def fail(_: object) -> None:
        raise kind

    pool = make_pool(1, start=False)
    first, second = (Task(int).with_limits(queue_seconds=MOMENT) for _ in "ab")
    first.future.add_done_callback(fail)
    pool.put(first)
    assert first.future.exception(DEADLINE_SECONDS)
    pool.put(second)
    assert second.future.exception(DEADLINE_SECONDS)


def test_it_remembers_few_of_the_many_that_are_over() -> None:
    with ending(ThreadPool(2, queue_limit=100)) as pool:
        pool.start()
        for _ in range(100_000):
            pool.put(Task(int).with_limits(queue_seconds=3600))
        assert pool.wait_idle(DEADLINE_SECONDS)
        until(lambda: watches() < 2000)


def test_it_remembers_few_of_a_pile_that_is_over(make_pool: MakePool) -> None:
    pool = make_pool(2, start=False)
    for _ in range(20_000):
        pool.put(Task(int).with_limits(queue_seconds=3600))
    pool.start()
    assert pool.wait_idle(DEADLINE_SECONDS)
    for _ in range(1000):
        pool.put(Task(int).with_limits(queue_seconds=3600))
    assert pool.wait_idle(DEADLINE_SECONDS)
    until(lambda: watches() < 2000)


def test_it_keeps_nothing_alive_of_what_is_over(make_pool: MakePool) -> None:
    class Thing:
        pass

    pool, thing = make_pool(1), Thing()
    task = Task(lambda same: same, thing)
    pool.put(task.with_limits(queue_seconds=3600, run_seconds=3600))
    assert task.future.result(DEADLINE_SECONDS) is thing
    assert pool.wait_idle(DEADLINE_SECONDS)
    ghosts = [weakref.ref(one) for one in (task, task.future, thing)]
    del task, thing
    until(lambda: [ghost() for ghost in ghosts] == [None] * 3)


def test_it_keeps_nothing_alive_of_what_has_expired(make_pool: MakePool) -> None:
    pool = make_pool(1, start=False)
    task = Task(int).with_limits(queue_seconds=MOMENT)
    pool.put(task)
    assert task.future.exception(DEADLINE_SECONDS)
    ghosts = [weakref.ref(one) for one in (task, task.future)]
    del task
    assert pool.purge() == 1
    until(lambda: [ghost() for ghost in ghosts] == [None] * 2)


def test_who_waits_for_a_paused_pool_to_be_idle_hears_of_the_last_expiry(
    make_pool: MakePool,
) -> None:
    pool = make_pool(1)
    pool.pause()
    pool.put(Task(int).with_limits(queue_seconds=MOMENT * 10))
    idle = Caller(pool.wait_idle)
    until(lambda: bool(pool.task_queue.quiet))
    until(lambda: pool.counts().outstanding == 0)
    assert idle.result()


def test_who_waits_for_a_paused_pool_to_be_idle_hears_of_the_last_purge(
    make_pool: MakePool,
) -> None:
    pool, task = make_pool(1), Task(int)
    pool.pause()
    pool.put(task)
    assert task.cancel()
    idle = Caller(pool.wait_idle)
    until(lambda: bool(pool.task_queue.quiet))
    assert pool.purge() == 1
    assert idle.result()
