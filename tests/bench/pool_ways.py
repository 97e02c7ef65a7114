"""How the pool, its peers and bare threads run no-op tasks, one function for each way.

A way takes a count of tasks and returns seconds. Its workers are up before the clock
starts, the garbage is collected before that, and what the timed part has made is
dropped after the clock has stopped.
"""

import gc
import multiprocessing.pool
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from queue import SimpleQueue
from typing import NamedTuple

from pool_gui.pool import Door, Task, ThreadPool

WORKERS = 4
SUBMITTERS = 8
DEADLINE_SECONDS = 300.0

Call = Callable[[], object]


class Entrance(NamedTuple):
    """How somebody's workers are handed one call, and waited for."""

    submit: Callable[[Call], object]
    finish: Call


Pools = Callable[[], AbstractContextManager[Executor]]
Entrances = Callable[[], AbstractContextManager[Entrance]]


def noop() -> None:
    """Do nothing."""


def same(item: int) -> int:
    """Return what was given."""
    return item


def timed(run: Call) -> float:
    """Return the seconds that `run` takes, without dropping what it returns."""
    gc.collect()
    started = time.perf_counter()
    kept = run()
    seconds = time.perf_counter() - started
    del kept
    return seconds


# Who runs the tasks.


def _meet(submit: Callable[[Call], object]) -> None:
    """Return when each worker has begun a task."""
    barrier = threading.Barrier(WORKERS + 1)
    for _ in range(WORKERS):
        submit(barrier.wait)
    barrier.wait(DEADLINE_SECONDS)


@contextmanager
def our_pool(mask: int | None = None) -> Iterator[ThreadPool]:
    """Our pool; with a mask, tasks leave spans by it."""
    pool = ThreadPool(WORKERS)
    if mask is not None:
        Door(pool).watch(mask)
    pool.start()
    _meet(lambda call: pool.put(Task(call)))
    yield pool
    pool.join()
    counts = pool.statistics()
    if counts.done != counts.submitted:
        raise SystemExit(f"the pool did not run all it took: {counts}")


@contextmanager
def peer_pool() -> Iterator[ThreadPoolExecutor]:
    """The standard library's executor."""
    with ThreadPoolExecutor(WORKERS) as pool:
        _meet(pool.submit)
        yield pool


@contextmanager
def other_pool() -> Iterator[multiprocessing.pool.ThreadPool]:
    """The pool of threads that `multiprocessing` has."""
    with multiprocessing.pool.ThreadPool(WORKERS) as pool:
        _meet(pool.apply_async)
        yield pool


def _finish(pool: ThreadPool) -> None:
    if not pool.wait_idle(DEADLINE_SECONDS):
        raise SystemExit("the pool did not finish")


@contextmanager
def our_submit() -> Iterator[Entrance]:
    """`ThreadPool.submit`."""
    with our_pool() as pool:
        yield Entrance(pool.submit, lambda: _finish(pool))


@contextmanager
def our_put() -> Iterator[Entrance]:
    """`ThreadPool.put`, of a task made for it."""
    with our_pool() as pool:
        yield Entrance(lambda call: pool.put(Task(call)), lambda: _finish(pool))


@contextmanager
def peer_submit() -> Iterator[Entrance]:
    """`ThreadPoolExecutor.submit`."""
    with peer_pool() as pool:
        yield Entrance(pool.submit, pool.shutdown)


@contextmanager
def other_apply() -> Iterator[Entrance]:
    """`multiprocessing.pool.ThreadPool.apply_async`."""

    def finish() -> None:
        pool.close()
        pool.join()

    with other_pool() as pool:
        yield Entrance(pool.apply_async, finish)


@contextmanager
def bare(answer: Callable[[object], None] | None = None) -> Iterator[Entrance]:
    """The floor: threads on a `SimpleQueue` that only call, and may hand on results.

    They keep no records, would end by the first error, and have no orderly end.
    """
    queue: SimpleQueue[Call | None] = SimpleQueue()

    def work() -> None:
        get = queue.get
        while (call := get()) is not None:
            call()

    def work_and_answer(answer: Callable[[object], None]) -> None:
        get = queue.get
        while (call := get()) is not None:
            answer(call())

    target, args = (work_and_answer, (answer,)) if answer else (work, ())
    threads = [threading.Thread(target=target, args=args) for _ in range(WORKERS)]

    def finish() -> None:
        for _ in threads:
            queue.put(None)
        for thread in threads:
            thread.join()

    for thread in threads:
        thread.start()
    yield Entrance(queue.put, finish)
    finish()  # once more does no harm


# All tasks handed over, until all have run.


def put(count: int, mask: int | None = None) -> float:
    """Put ready tasks one by one; with a mask, they leave spans by it."""
    tasks = [Task(noop) for _ in range(count)]
    with our_pool(mask) as pool:

        def run() -> None:
            put = pool.put
            for task in tasks:
                put(task)
            _finish(pool)

        return timed(run)


def batch_put(count: int) -> float:
    """Put an iterable of ready tasks at once."""
    tasks = [Task(noop) for _ in range(count)]
    with our_pool() as pool:

        def run() -> None:
            pool.batch_put(iter(tasks))
            _finish(pool)

        return timed(run)


def _call(call: Call) -> object:
    return call()


def other_batch(count: int) -> float:
    """Run ready calls in the chunks that `multiprocessing` makes."""
    calls = [noop for _ in range(count)]
    with other_pool() as pool:
        return timed(lambda: pool.map(_call, iter(calls)))


def submit(entrances: Entrances, count: int) -> float:
    """Submit one by one, from one thread."""
    with entrances() as entrance:

        def run() -> None:
            submit = entrance.submit
            for _ in range(count):
                submit(noop)
            entrance.finish()

        return timed(run)


def submit_from_threads(entrances: Entrances, count: int) -> float:
    """Submit one by one, from 8 threads at once."""
    barrier = threading.Barrier(SUBMITTERS + 1)

    def feed(submit: Callable[[Call], object]) -> None:
        barrier.wait(DEADLINE_SECONDS)
        for _ in range(count // SUBMITTERS):
            submit(noop)

    with entrances() as entrance:
        threads = [
            threading.Thread(target=feed, args=(entrance.submit,))
            for _ in range(SUBMITTERS)
        ]
        for thread in threads:
            thread.start()

        def run() -> None:
            barrier.wait(DEADLINE_SECONDS)
            for thread in threads:
                thread.join()
            entrance.finish()

        return timed(run)


# Results wanted.


def results(pools: Pools, count: int) -> float:
    """Submit all, then take the result of each."""
    with pools() as pool:

        def run() -> object:
            submit = pool.submit
            futures = [submit(noop) for _ in range(count)]
            for future in futures:
                future.result()
            return futures

        return timed(run)


def other_results(count: int) -> float:
    """Do what `results` does, with `apply_async` and `get`."""
    with other_pool() as pool:

        def run() -> object:
            apply = pool.apply_async
            handles = [apply(noop) for _ in range(count)]
            for handle in handles:
                handle.get()
            return handles

        return timed(run)


def bare_results(count: int) -> float:
    """Hand calls to bare threads, then take as many answers, in any order."""
    answers: SimpleQueue[object] = SimpleQueue()
    with bare(answers.put) as entrance:

        def run() -> None:
            put, get = entrance.submit, answers.get
            for _ in range(count):
                put(noop)
            for _ in range(count):
                get()

        return timed(run)


def pings(pools: Pools, count: int) -> float:
    """Submit and take the result, one at a time."""
    with pools() as pool:

        def run() -> None:
            submit = pool.submit
            for _ in range(count):
                submit(noop).result()

        return timed(run)


def other_pings(count: int) -> float:
    """Do what `pings` does, with `apply`."""
    with other_pool() as pool:

        def run() -> None:
            apply = pool.apply
            for _ in range(count):
                apply(noop)

        return timed(run)


def bare_pings(count: int) -> float:
    """Hand a call to bare threads and take its answer, one at a time."""
    answers: SimpleQueue[object] = SimpleQueue()
    with bare(answers.put) as entrance:

        def run() -> None:
            put, get = entrance.submit, answers.get
            for _ in range(count):
                put(noop)
                get()

        return timed(run)


def mapped(pools: Pools, count: int) -> float:
    """Map a function over so many items and take all results."""
    with pools() as pool:
        return timed(lambda: list(pool.map(same, range(count))))


def other_mapped(count: int) -> float:
    """Do what `mapped` does, in the chunks that `multiprocessing` makes."""
    with other_pool() as pool:
        return timed(lambda: pool.map(same, range(count)))
