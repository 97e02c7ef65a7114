"""The adapter on real pools, whose tasks the test holds and frees."""

import threading
import time
import types
from collections import deque
from collections.abc import Callable, Iterator
from typing import cast

import pytest

from pool_gui.agent.adapters.base import SPANS_OFF, PoolReading, Span
from pool_gui.agent.adapters.thread_pool import ThreadPoolAdapter, ThreadWorker
from pool_gui.agent.frames import FrameBuilder
from pool_gui.pool import NO_SPANS, ProcessThread, Task, ThreadPool, WhenFull
from pool_gui.wire.messages import Counts
from pool_gui.wire.protocol import POOL_STATES, WorkerCode

DEADLINE_SECONDS = 10.0


class Hold:
    """A task that runs until it is freed."""

    def __init__(self) -> None:
        self._running = threading.Semaphore(0)
        self._free = threading.Event()

    def __call__(self) -> None:
        self._running.release()
        self._free.wait(DEADLINE_SECONDS)

    def wait_running(self) -> None:
        assert self._running.acquire(timeout=DEADLINE_SECONDS)

    def free(self) -> None:
        self._free.set()


def noop() -> None:
    """Do nothing."""


@pytest.fixture
def pool() -> Iterator[ThreadPool]:
    pool = ThreadPool(1, name="p")
    pool.start()
    yield pool
    assert pool.join(DEADLINE_SECONDS)


@pytest.fixture
def adapter(pool: ThreadPool) -> ThreadPoolAdapter:
    return ThreadPoolAdapter(pool)


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"


def test_the_mask_that_turns_spans_off_is_the_pools() -> None:
    assert SPANS_OFF == NO_SPANS


def test_a_pool_is_read(pool: ThreadPool, adapter: ThreadPoolAdapter) -> None:
    pool.pause()
    pool.batch_put([Task(noop)] * 5)
    pool.clear()
    pool.batch_put([Task(noop)] * 3)
    reading = adapter.read()
    assert reading.state in POOL_STATES
    counts = Counts(submitted=8, cancelled=5)
    assert reading == PoolReading("paused", 1, 3, None, 1, counts, 0)
    pool.resume()


def test_a_peak_is_told_once_though_the_queue_was_cleared(
    pool: ThreadPool, adapter: ThreadPoolAdapter
) -> None:
    pool.pause()
    pool.batch_put([Task(noop)] * 5)
    pool.clear()
    pool.batch_put([Task(noop)] * 3)
    assert (adapter.take_peak(), adapter.take_peak()) == (5, 3)
    pool.resume()


def test_an_idle_worker_is_read(pool: ThreadPool, adapter: ThreadPoolAdapter) -> None:
    (worker,) = adapter.workers()
    _until(lambda: worker.read().since_ns > 0)
    reading = worker.read()
    assert reading[1:9] == (WorkerCode.IDLE, 0, 0, 0, 0, 0, None, 0)
    assert reading.native_id == pool.workers()[0].native_id
    assert worker.name == "p_0"


def test_a_busy_worker_is_read(pool: ThreadPool, adapter: ThreadPoolAdapter) -> None:
    hold = Hold()
    pool.put(Task(noop))
    pool.put(Task(hold))
    hold.wait_running()
    (worker,) = adapter.workers()
    reading = worker.read()
    assert reading.code is WorkerCode.BUSY
    assert (reading.started, reading.done, reading.failed) == (2, 1, 0)
    assert (reading.task, reading.function) == (2, hold)
    assert 0 < reading.queued_ns <= reading.since_ns <= time.perf_counter_ns()
    assert reading.busy_ns > 0
    hold.free()


def test_a_dismissed_worker_is_read_until_it_is_gone(
    pool: ThreadPool, adapter: ThreadPoolAdapter
) -> None:
    hold = Hold()
    pool.put(Task(hold))
    hold.wait_running()
    (worker,) = adapter.workers()
    pool.dismiss()
    assert worker.read().code is WorkerCode.DISMISSED
    assert worker.read().task == 1
    hold.free()
    _until(lambda: worker.read().code is WorkerCode.GONE)
    reading = worker.read()
    assert (reading.started, reading.done, reading.task) == (1, 1, 0)


def test_a_worker_is_the_same_object_until_the_pool_forgets_it(
    pool: ThreadPool, adapter: ThreadPoolAdapter
) -> None:
    before = adapter.workers()
    pool.resize(2)
    both = adapter.workers()
    assert both[:1] == before
    pool.dismiss(2)
    _until(lambda: not pool.workers())
    assert set(adapter.workers()) == set(both)


def test_a_reading_under_fire_is_consistent(
    pool: ThreadPool, adapter: ThreadPoolAdapter
) -> None:
    (worker,) = adapter.workers()
    pool.batch_put([Task(noop) for _ in range(60_000)])
    last = worker.read()
    while last.done < 60_000:
        reading = worker.read()
        finished = reading.done + reading.failed
        assert finished in (reading.started, reading.started - 1)
        assert reading.busy_ns >= last.busy_ns
        assert reading.since_ns >= last.since_ns
        last = reading


class Overtaken:
    """A record whose worker begins the next task while it is first looked at."""

    def __init__(self) -> None:
        self.spans: deque[Span] = deque()
        self.started, self.done, self.failed = 1, 0, 0
        self.busy_ns, self.started_ns = 0, 100
        self.task = Task(noop)

    def running(self) -> tuple[Task, int]:
        pair = self.task, self.started_ns
        if self.started == 1:
            self.task.id = 2
            self.started, self.done, self.busy_ns, self.started_ns = 2, 1, 50, 150
        return pair


def test_a_reading_that_was_overtaken_is_taken_again() -> None:
    thread = types.SimpleNamespace(
        name="w",
        native_id=7,
        ident=8,
        is_alive=lambda: True,
        dismiss_flag=threading.Event(),
        record=Overtaken(),
    )
    worker = ThreadWorker(cast("ProcessThread", thread))
    reading = worker.read()
    assert reading[1:7] == (WorkerCode.BUSY, 2, 1, 0, 50, 2)
    assert reading.since_ns == 150


def test_frames_of_a_pool_under_fire_add_up(
    pool: ThreadPool, adapter: ThreadPoolAdapter
) -> None:
    """Workers come and go while tasks run and frames are built."""
    builder = FrameBuilder()
    builder.watch(adapter)
    told, sequence, dropped, batches = 0, 0, 0, 60
    rising = True
    while True:
        if batches:
            batches -= 1
            pool.batch_put([Task(noop) for _ in range(1000)])
            pool.resize(1 + batches % 4)
        sequence += 1
        header, _ = builder.build(sequence, 0)
        told += header.spans
        rising = rising and header.spans_dropped >= dropped
        dropped = header.spans_dropped
        finished = header.pools[0].counts.done
        if finished == 60_000 and not builder.moved():
            break
    assert rising
    assert told + dropped == finished


def test_a_task_that_puts_itself_again_was_queued_before_it_began(
    pool: ThreadPool, adapter: ThreadPoolAdapter
) -> None:
    builder = FrameBuilder()
    builder.watch(adapter)
    hold = Hold()

    def again() -> None:
        pool.put(task)
        hold()

    task = Task(again)
    pool.put(task)
    hold.wait_running()
    (worker,) = adapter.workers()
    assert worker.read().queued_ns <= worker.read().since_ns
    _, body = builder.build(1, 0)
    row = memoryview(body).cast("q").tolist()
    assert row[10] <= row[11]
    pool.clear()
    hold.free()


def test_tasks_that_callers_ran_are_not_told_as_lost_detail(
    pool: ThreadPool, adapter: ThreadPoolAdapter
) -> None:
    """They leave no spans, and none is missing."""
    builder = FrameBuilder()
    builder.watch(adapter)
    pool.pause()
    pool.queue_limit, pool.when_full = 1, WhenFull.RUN_IN_CALLER
    pool.batch_put([Task(noop) for _ in range(9)])
    failing = pool.submit(divmod, 1, 0)
    assert isinstance(failing.exception(0), ZeroDivisionError)
    reading = adapter.read()
    assert (reading.counts.done, reading.counts.failed, reading.untold) == (8, 1, 9)
    header, _ = builder.build(1, 0)
    assert (header.spans, header.spans_dropped) == (0, 0)
    pool.resume()
    _until(lambda: adapter.read().counts.done == 9)
    header, _ = builder.build(2, 0)
    assert (header.spans, header.spans_dropped) == (1, 0)


def test_tasks_that_a_caller_runs_meanwhile_are_never_told_as_lost(
    pool: ThreadPool, adapter: ThreadPoolAdapter
) -> None:
    builder = FrameBuilder()
    builder.watch(adapter)
    pool.queue_limit, pool.when_full = 1, WhenFull.RUN_IN_CALLER

    def put() -> None:
        for _ in range(300):
            pool.batch_put([Task(noop) for _ in range(9)])

    putter = threading.Thread(target=put)
    putter.start()
    spans, sequence = 0, 0
    while putter.is_alive() or adapter.read().counts.done < 2700 or builder.moved():
        sequence += 1
        header, _ = builder.build(sequence, 0)
        spans += header.spans
        assert header.spans_dropped == 0
    putter.join()
    assert spans + adapter.read().untold == 2700
