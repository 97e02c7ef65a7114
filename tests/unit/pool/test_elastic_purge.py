"""A purge strands no task of a pool that grows on demand, whatever comes amid it."""

import threading
from collections.abc import Callable, Iterator

import pytest
from pool_makers import Make, ended_after, until_parked
from pool_support import DEADLINE_SECONDS, Stall, until

from pool_gui.pool import ProcessThread, Task, ThreadPool, clearing
from pool_gui.pool.core import PoolCore

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


@pytest.mark.parametrize("workers", ["gone", "idle", "impatient"])
def test_a_task_put_amid_a_purge_is_run(
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
    put: Callable[[ThreadPool, Task], object],
    workers: str,
) -> None:
    """By a signal handler, say. Who looks for tasks meanwhile finds the gate closed."""
    pool = make(max_workers=1, keep_alive_seconds=1000)
    pool.put(Task(int))
    until_parked(pool, 1)
    ran, has_looked = threading.Event(), threading.Event()
    if workers == "gone":
        pool.dismiss()
        until(lambda: not pool.workers())
    dead = Task(int)
    dead.cancel()
    pool._core.backlog.items.append(dead)  # and nobody is woken for it
    is_dead, idles = clearing._is_dead, PoolCore.idles
    asked: list[object] = []

    def watched_idles(of: PoolCore, worker: ProcessThread) -> float:
        has_looked.set()
        return idles(of, worker)

    def racing_is_dead(item: object) -> bool:
        if not asked:
            asked.append(item)
            put(pool, Task(ran.set))
            if workers == "impatient":
                pool.keep_alive_seconds = 0
                assert has_looked.wait(DEADLINE_SECONDS)
            elif workers == "idle":
                until_parked(pool, 1)
        return is_dead(item)

    monkeypatch.setattr(PoolCore, "idles", watched_idles)
    monkeypatch.setattr(clearing, "_is_dead", racing_is_dead)
    assert pool.purge() == 1
    assert asked == [dead]
    assert ran.wait(DEADLINE_SECONDS)


def test_no_task_is_stranded_by_those_who_purge_all_the_time(make: Make) -> None:
    pool = make(max_workers=2, keep_alive_seconds=0)
    is_over = threading.Event()

    def purge() -> None:
        while not is_over.is_set():
            pool.purge()

    purger = threading.Thread(target=purge)
    purger.start()
    for number in range(300):
        dead = pool.submit(int)
        future = pool.submit(abs, -number)
        dead.cancel()
        assert future.result(DEADLINE_SECONDS) == number
    is_over.set()
    purger.join(DEADLINE_SECONDS)
    until(lambda: not pool.workers())
    assert pool.statistics().outstanding == 0
