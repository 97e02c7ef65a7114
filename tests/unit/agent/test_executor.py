"""`ThreadPoolExecutor` as the agent sees it, on real executors."""

import gc
import inspect
import queue
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import thread as standard
from typing import Any

import pytest
from pool_support import until

from pool_gui.agent.adapters.executor import ExecutorAdapter
from pool_gui.agent.adapters.executor_hooks import CountingQueue, ExecutorHooks
from pool_gui.wire.protocol import WorkerCode

DEADLINE_SECONDS = 20.0
BEGIN, RUN = ThreadPoolExecutor.__init__, vars(standard)["_WorkItem"].run


class Watched:
    """The hooks, and the adapters of the executors that were made."""

    def __init__(self) -> None:
        self.adapters: list[ExecutorAdapter] = []
        self.hooks = ExecutorHooks(self.meet)

    def meet(self, executor: Any, name: str) -> None:
        self.adapters.append(ExecutorAdapter(executor, name))


@pytest.fixture
def watched() -> Iterator[Watched]:
    made = Watched()
    made.hooks.install()
    yield made
    made.hooks.remove()
    assert ThreadPoolExecutor.__init__ is BEGIN
    assert vars(standard)["_WorkItem"].run is RUN


def test_tasks_are_told_from_their_put_to_their_end(watched: Watched) -> None:
    def fail() -> None:
        raise ValueError("so it is")

    with ThreadPoolExecutor(1) as executor:
        (adapter,) = watched.adapters
        adapter.watch(0)
        executor.submit(int).result()
        assert isinstance(executor.submit(fail).exception(), ValueError)
    (worker,) = adapter.workers()
    first, second = worker.spans
    assert (first[0], first[1], first[5]) == (1, int, None)
    assert first[2] <= first[3] <= first[4] <= second[4]
    assert (second[0], second[1], second[5]) == (2, fail, "ValueError: so it is")
    reading = worker.read()
    assert (reading.code, reading.done, reading.failed) == (WorkerCode.GONE, 1, 1)
    told = adapter.read()
    assert (told.state, told.counts.submitted, told.depth) == ("stopped", 2, 0)


def test_what_runs_and_what_waits_is_told(watched: Watched) -> None:
    begun, gate = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        gate.wait(DEADLINE_SECONDS)

    with ThreadPoolExecutor(1) as executor:
        (adapter,) = watched.adapters
        executor.submit(hold)
        waiting = [executor.submit(int) for _ in range(2)]
        assert begun.wait(DEADLINE_SECONDS)
        reading = adapter.workers()[0].read()
        assert (reading.code, reading.task) == (WorkerCode.BUSY, 1)
        assert reading.function is hold
        assert waiting[1].cancel()
        told = adapter.read()
        assert (told.depth, told.size, told.size_limit) == (2, 1, 1)
        assert told.counts.started == 1
        gate.set()
    counts = adapter.read().counts
    assert (counts.done, counts.cancelled) == (2, 1)


@pytest.mark.parametrize("way", ["given", "default", "subclass"])
def test_an_executor_is_called_as_the_program_does(watched: Watched, way: str) -> None:
    class Own(ThreadPoolExecutor):
        def __init__(self) -> None:
            super().__init__(1)

    made = {
        "given": lambda: ThreadPoolExecutor(1, "orders_"),
        "default": lambda: ThreadPoolExecutor(1),
        "subclass": Own,
    }[way]()
    made.shutdown()
    (adapter,) = watched.adapters
    if way == "given":
        assert adapter.name == "orders"
    else:
        assert adapter.name.startswith("test_executor.py:")
    standard_name = "concurrent.futures.ThreadPoolExecutor"
    assert (adapter.type_name == standard_name) is (way != "subclass")


def test_workers_that_wait_for_their_own_executor_are_found(watched: Watched) -> None:
    executor = ThreadPoolExecutor(2)
    (adapter,) = watched.adapters
    both = threading.Barrier(2)
    inner: list[Future[int]] = []

    def outer() -> int:
        both.wait(DEADLINE_SECONDS)
        inner.append(executor.submit(int))
        return inner[-1].result()

    for _ in range(2):
        executor.submit(outer)
    until(lambda: len(adapter.stuck()) == 2)
    assert {one.task for one in adapter.stuck()} == {3, 4}
    assert all(one.runs_it is None for one in adapter.stuck())
    for one in inner:
        one.cancel()
    executor.shutdown()
    assert adapter.stuck() == []


def test_two_that_wait_for_each_other_are_told_with_who_runs_what(
    watched: Watched,
) -> None:
    executor = ThreadPoolExecutor(2)
    (adapter,) = watched.adapters
    ready, tasks = threading.Event(), list[Future[Any]]()

    def wait_for(other: int) -> None:
        ready.wait(DEADLINE_SECONDS)
        tasks[other].result(DEADLINE_SECONDS)

    tasks += [executor.submit(wait_for, 1), executor.submit(wait_for, 0)]
    ready.set()
    until(lambda: len(adapter.stuck()) == 2)
    told = {one.worker.read().task: one for one in adapter.stuck()}
    assert (told[1].task, told[2].task) == (2, 1)
    assert told[1].runs_it is told[2].worker
    tasks[0].set_exception(ValueError("it was untied"))
    executor.shutdown()


def test_nothing_that_was_called_is_kept_alive(watched: Watched) -> None:
    class Thing:
        def work(self) -> None:
            """Do nothing."""

    thing = Thing()
    gone = weakref.ref(thing)
    with ThreadPoolExecutor(1) as executor:
        future = executor.submit(thing.work)
        future.result()
        del thing
        (adapter,) = watched.adapters
        until(lambda: adapter.workers()[0].read().code is WorkerCode.IDLE)
        adapter.workers()[0].spans.clear()  # as the agent does with each frame
        gc.collect()
        assert gone() is None
        assert future.done()


def test_an_executor_and_its_threads_end_when_nobody_holds_them(
    watched: Watched,
) -> None:
    executor = ThreadPoolExecutor(2)
    executor.submit(int).result()
    (adapter,) = watched.adapters
    gone = weakref.ref(executor)
    del executor
    gc.collect()
    assert gone() is None
    until(lambda: adapter.is_over)
    assert adapter.read().counts.done == 1


def test_a_queue_of_the_programs_own_is_left_alone(watched: Watched) -> None:
    class Urgent(ThreadPoolExecutor):
        def __init__(self) -> None:
            super().__init__(1)
            self._work_queue: Any = queue.LifoQueue()

    with Urgent() as executor:
        assert executor.submit(pow, 2, 5).result() == 32
    assert watched.adapters[0].read().counts.submitted == 0


@pytest.mark.usefixtures("watched")
def test_what_is_changed_looks_as_before() -> None:
    assert inspect.signature(ThreadPoolExecutor.__init__) == inspect.signature(BEGIN)
    assert ThreadPoolExecutor.__init__.__doc__ == BEGIN.__doc__
    assert isinstance(CountingQueue(), queue.SimpleQueue)


def test_what_somebody_else_has_put_around_stays_when_ours_goes() -> None:
    hooks = ExecutorHooks(lambda *_: None)
    hooks.install()
    ours = vars(standard)["_WorkItem"].run

    def theirs(item: Any, *context: Any) -> Any:
        return ours(item, *context)

    items: Any = vars(standard)["_WorkItem"]
    items.run = theirs
    hooks.remove()
    try:
        assert items.run is theirs
        assert ThreadPoolExecutor.__init__ is BEGIN
        with ThreadPoolExecutor(1) as executor:
            assert executor.submit(pow, 2, 5).result() == 32
    finally:
        items.run = RUN
