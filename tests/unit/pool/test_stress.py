import random
import sys
import threading
from array import array
from collections.abc import Iterator

import pytest
from pool_support import MakePool

from pool_gui.pool import Task

PRODUCERS = 8
TASKS_EACH = 20_000
BATCH = 100
SEED = 20_240_607


@pytest.fixture
def _hasty() -> Iterator[None]:
    """Have the interpreter change threads fifty times as often as usual."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_hasty")
def test_each_task_runs_once_while_the_pool_is_shaken(make_pool: MakePool) -> None:
    """8 producers; meanwhile workers come, go and pause. The seed is fixed."""
    pool = make_pool(4)
    pool.watch(0)
    # Each task has a byte of its own; a second run would show as a 2.
    runs = array("B", bytes(PRODUCERS * TASKS_EACH))

    def mark(index: int) -> None:
        runs[index] += 1

    def produce(first: int) -> None:
        for begin in range(first, first + TASKS_EACH, 2 * BATCH):
            for index in range(begin, begin + BATCH):
                pool.put(Task(mark, index))
            rest = range(begin + BATCH, begin + 2 * BATCH)
            pool.batch_put(Task(mark, index) for index in rest)

    producers = [
        threading.Thread(target=produce, args=(number * TASKS_EACH,))
        for number in range(PRODUCERS)
    ]
    dice = random.Random(SEED)
    for thread in producers:
        thread.start()
    shakes = 0
    while any(thread.is_alive() for thread in producers):
        pool.resize(dice.randint(0, 8))
        pool.dismiss(dice.randint(0, 2))
        pool.pause()
        pool.resume()
        for worker in pool.workers()[:1]:
            worker.dismiss()
        shakes += 1
    pool.resize(4)
    assert pool.join(60)
    assert shakes > 10
    assert set(runs) == {1}, "each task ran exactly once"
    counts = pool.counts()
    total = PRODUCERS * TASKS_EACH
    assert (counts.submitted, counts.started, counts.done) == (total, total, total)
    assert (counts.failed, counts.cancelled, counts.rejected) == (0, 0, 0)
    assert all(len(worker.record.spans) <= 4096 for worker in pool.departed)
