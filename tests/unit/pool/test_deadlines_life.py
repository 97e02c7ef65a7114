"""The thread that watches over time limits: its beginning, its end, its memory."""

import threading
import weakref
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
from bounded_support import ending
from pool_support import DEADLINE_SECONDS, MakePool, Stall, until

from pool_gui.pool import Task, ThreadPool
from pool_gui.pool.clearing import break_down
from pool_gui.pool.deadlines import Deadlines, QueueWatch, RunWatch

MOMENT = 0.005
"""A time limit, in seconds, that a test waits for."""

Result = TypeVar("Result")


def call(function: Callable[[], Result]) -> Result:
    return function()


def watchers(pool: ThreadPool) -> list[threading.Thread]:
    """Return the threads that watch the time for this pool; not their helpers."""
    return _named(f"{pool.name}_deadlines")


def helpers(pool: ThreadPool) -> list[threading.Thread]:
    return _named(f"{pool.name}_deadlines_helper")


def _named(name: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == name]


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have the system refuse threads that watch the time; return their names."""
    start, names = threading.Thread.start, list[str]()

    def refuse(thread: threading.Thread) -> None:
        if "_deadlines" in thread.name:
            names.append(thread.name)
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    return names


def test_there_is_none_before_a_time_limit_and_one_for_all(make_pool: MakePool) -> None:
    pool = make_pool(2)
    pool.put(Task(int).with_limits(priority=5))
    pool.put(Task(int))
    assert not watchers(pool)
    pool.put(Task(int).with_limits(queue_seconds=60))
    first = watchers(pool)
    pool.batch_put(Task(int).with_limits(run_seconds=60) for _ in range(9))
    assert watchers(pool) == first
    (thread,) = first
    assert thread.daemon, "it delays no exit"


def test_it_begins_once_and_ends_for_good() -> None:
    deadlines = Deadlines("ours_deadlines")
    assert not deadlines.threads(), "there is none yet"
    for _ in range(3):
        deadlines.begin()
    (thread,) = deadlines.threads()
    assert _named("ours_deadlines") == [thread]
    assert deadlines.has_begun
    deadlines.end()
    deadlines.end()
    thread.join(DEADLINE_SECONDS)
    assert not deadlines.threads()


ENDS: dict[str, Callable[[ThreadPool], object]] = {
    "join": ThreadPool.join,
    "stop": ThreadPool.stop,
    "drain": ThreadPool.drain,
    "shutdown": ThreadPool.shutdown,
    "break": lambda pool: break_down(pool._core),
}


@pytest.mark.parametrize("is_started", [False, True])
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_it_ends_with_the_pool(
    make_pool: MakePool, end: Callable[[ThreadPool], object], *, is_started: bool
) -> None:
    pool = make_pool(2, start=is_started)
    pool.put(Task(int).with_limits(queue_seconds=3600, run_seconds=3600))
    (thread,) = watchers(pool)
    end(pool)
    assert pool.join(DEADLINE_SECONDS)
    assert not thread.is_alive(), "the join has waited for it"


def test_it_lasts_as_long_as_the_last_task(make_pool: MakePool, stall: Stall) -> None:
    pool = make_pool(1)
    pool.put(Task(stall).with_limits(run_seconds=60))
    stall.wait_entered()
    pool.stop()
    assert not pool.join(0)
    assert watchers(pool)
    stall.release.set()
    assert pool.join(DEADLINE_SECONDS)
    assert not watchers(pool)


def test_it_ends_when_the_pool_is_lost() -> None:
    pool = ThreadPool(1)
    pool.start()
    pool.put(Task(int).with_limits(queue_seconds=3600, run_seconds=3600))
    gone, (thread,) = weakref.ref(pool), watchers(pool)
    del pool
    until(lambda: gone() is None)
    thread.join(DEADLINE_SECONDS)
    assert not thread.is_alive()


def test_it_ends_when_a_pool_is_lost_that_never_started() -> None:
    pool = ThreadPool(1)
    pool.put(Task(int).with_limits(queue_seconds=3600, run_seconds=3600))
    (thread,) = watchers(pool)
    with pytest.warns(ResourceWarning, match="1 tasks that were put are cancelled"):
        del pool
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


class Watches:
    """How many limits are being watched, or were and are still remembered."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.born: list[None] = []
        self.dead: list[None] = []
        for kind, place in ((QueueWatch, "placing"), (RunWatch, "deadlines")):
            patched = self._counting(kind)
            monkeypatch.setattr(f"pool_gui.pool.{place}.{kind.__name__}", patched)

    def _counting(self, kind: type) -> Callable[..., object]:
        born, dead = self.born, self.dead

        def bury(_: object) -> None:
            dead.append(None)

        counted = type(kind.__name__, (kind,), {"__del__": bury})

        def make(*args: object) -> object:
            born.append(None)
            return counted(*args)

        return make

    def count(self) -> int:
        return len(self.born) - len(self.dead)


@pytest.fixture
def watches(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watches]:
    yielded = Watches(monkeypatch)
    yield yielded
    assert yielded.born


@pytest.mark.expects_log
def test_without_that_thread_nothing_piles_up(
    make_pool: MakePool, refused: list[str], watches: Watches
) -> None:
    pool = make_pool(1)
    for _ in range(500):
        pool.put(Task(int).with_limits(queue_seconds=3600, run_seconds=3600))
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert watches.count() < 100


def test_it_remembers_few_of_the_many_that_are_over(watches: Watches) -> None:
    with ending(ThreadPool(2, queue_limit=100)) as pool:
        pool.start()
        for _ in range(10_000):
            pool.put(Task(int).with_limits(queue_seconds=3600))
        assert pool.wait_idle(DEADLINE_SECONDS)
        until(lambda: watches.count() < 1000)


def test_it_remembers_few_of_a_pile_that_is_over(
    make_pool: MakePool, watches: Watches
) -> None:
    pool = make_pool(2, start=False)
    for _ in range(10_000):
        pool.put(Task(int).with_limits(queue_seconds=3600))
    pool.start()
    assert pool.wait_idle(DEADLINE_SECONDS)
    for _ in range(1000):
        pool.put(Task(int).with_limits(queue_seconds=3600))
    assert pool.wait_idle(DEADLINE_SECONDS)
    until(lambda: watches.count() < 1000)


def test_it_keeps_nothing_alive_of_what_is_over(make_pool: MakePool) -> None:
    class Thing:
        pass

    pool, thing = make_pool(1), Thing()
    task = Task(lambda same: same, thing)
    pool.put(task.with_limits(queue_seconds=3600, run_seconds=3600))
    assert task.future.result(DEADLINE_SECONDS) is thing
    assert pool.wait_idle(DEADLINE_SECONDS)
    ghosts = [weakref.ref(one) for one in (task, thing)]
    del task, thing
    until(lambda: [ghost() for ghost in ghosts] == [None] * 2)


def test_it_keeps_nothing_alive_of_what_has_expired(make_pool: MakePool) -> None:
    pool = make_pool(1, start=False)
    task = Task(int).with_limits(queue_seconds=MOMENT)
    pool.put(task)
    assert task.future.exception(DEADLINE_SECONDS)
    ghost = weakref.ref(task)
    del task
    assert pool.purge() == 1
    until(lambda: ghost() is None)


def test_a_callback_that_was_called_keeps_nothing_alive(make_pool: MakePool) -> None:
    """Nor does the thread that called it, though the pool remembers that."""
    pool, told = make_pool(1, start=False), threading.Event()
    task = Task(int).with_limits(queue_seconds=MOMENT)
    task.add_done_callback(lambda _: told.set())
    ghost = weakref.ref(task)
    pool.put(task)
    assert told.wait(DEADLINE_SECONDS)
    assert pool.purge() == 1
    del task
    until(lambda: ghost() is None)
