"""`multiprocessing.pool.ThreadPool` as the agent sees it, on real pools."""

import multiprocessing.dummy
import multiprocessing.pool
import threading
from collections.abc import Iterator

import pytest

from pool_gui.agent.adapters.standard_pool import (
    StandardPoolAdapter,
    TakenQueue,
    ThreadPoolHooks,
)
from pool_gui.wire.protocol import WorkerCode

DEADLINE_SECONDS = 20.0
SET_UP = vars(multiprocessing.pool.ThreadPool)["_setup_queues"]


@pytest.fixture
def adapters() -> Iterator[list[StandardPoolAdapter]]:
    made: list[StandardPoolAdapter] = []

    def met(pool: object, name: str, taken: TakenQueue) -> None:
        made.append(StandardPoolAdapter(pool, name, taken))

    hooks = ThreadPoolHooks(multiprocessing.pool, met)
    assert hooks.install()
    yield made
    hooks.remove()
    assert vars(multiprocessing.pool.ThreadPool)["_setup_queues"] is SET_UP


def fail(number: int) -> None:
    raise ValueError(number)


def test_calls_and_chunks_of_maps_are_told(
    adapters: list[StandardPoolAdapter],
) -> None:
    pool = multiprocessing.pool.ThreadPool(2)
    (adapter,) = adapters
    adapter.watch(0)
    assert pool.map(abs, range(-100, 0), chunksize=10) == list(range(100, 0, -1))
    assert pool.apply(pow, (2, 5)) == 32
    with pytest.raises(ValueError, match="7"):
        pool.apply(fail, (7,))
    pool.close()
    pool.join()
    told = adapter.read()
    assert (told.counts.submitted, told.counts.done, told.counts.failed) == (12, 11, 1)
    assert (told.state, told.depth, told.size_limit) == ("stopped", 0, 2)
    spans = [span for worker in adapter.workers() for span in worker.spans]
    functions = [span[1] for span in spans]
    assert functions.count(abs) == 10
    assert {pow, fail} <= set(functions)
    assert {span[5] for span in spans} == {None, "ValueError: 7"}
    assert all(span[2] <= span[3] <= span[4] for span in spans)
    assert adapter.name.startswith("test_standard_pool.py:")


def test_what_runs_and_what_waits_is_told(adapters: list[StandardPoolAdapter]) -> None:
    begun, gate = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        gate.wait(DEADLINE_SECONDS)

    with multiprocessing.dummy.Pool(1) as pool:
        (adapter,) = adapters
        held = pool.apply_async(hold)
        late = [pool.apply_async(int) for _ in range(3)]
        assert begun.wait(DEADLINE_SECONDS)
        while adapter.read().depth != 3:
            gate.wait(0.01)
        (reading,) = (worker.read() for worker in adapter.workers())
        assert (reading.code, reading.function) == (WorkerCode.BUSY, hold)
        gate.set()
        for one in (held, *late):
            one.get(DEADLINE_SECONDS)
    assert adapter.read().counts.done == 4


def test_a_pool_that_is_terminated_is_over(
    adapters: list[StandardPoolAdapter],
) -> None:
    pool = multiprocessing.pool.ThreadPool(2)
    pool.terminate()
    pool.join()
    (adapter,) = adapters
    assert adapter.is_over
    assert adapter.read().state == "stopped"
