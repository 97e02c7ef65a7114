"""How many no-op tasks a second the pool runs, beside other pools in the same run.

Each way runs once in every round, in an order that turns by one each round; records are
on, as always. The floor is what plain threads on a `SimpleQueue` reach that only call.

    python tests/bench/bench_pool.py [rounds] [tasks]
"""

import multiprocessing.pool
import platform
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

from figures import line, ratios, verdict

from pool_gui.pool import Task, ThreadPool

WORKERS = 4
DEADLINE_SECONDS = 300.0


def noop() -> None:
    """Do nothing."""


def _pool_seconds(run: Callable[[ThreadPool], None], mask: int = -1) -> float:
    pool = ThreadPool(WORKERS)
    pool.watch(mask)
    pool.start()
    started = time.perf_counter()
    run(pool)
    if not pool.wait_idle(DEADLINE_SECONDS):
        raise SystemExit("the pool did not finish")
    seconds = time.perf_counter() - started
    pool.join()
    return seconds


def _put_all(pool: ThreadPool, tasks: list[Task]) -> None:
    put = pool.put
    for task in tasks:
        put(task)


def put(count: int) -> float:
    """Ready tasks, put one by one."""
    tasks = [Task(noop) for _ in range(count)]
    return _pool_seconds(lambda pool: _put_all(pool, tasks))


def put_with_spans(count: int) -> float:
    """The same, each task leaving a span."""
    tasks = [Task(noop) for _ in range(count)]
    return _pool_seconds(lambda pool: _put_all(pool, tasks), mask=0)


def put_made(count: int) -> float:
    """Tasks made and put one by one."""

    def run(pool: ThreadPool) -> None:
        put = pool.put
        for _ in range(count):
            put(Task(noop))

    return _pool_seconds(run)


def batch_put(count: int) -> float:
    """An iterable of ready tasks, put at once."""
    tasks = [Task(noop) for _ in range(count)]
    return _pool_seconds(lambda pool: pool.batch_put(iter(tasks)))


def executor_submit(count: int) -> float:
    """ThreadPoolExecutor.submit, until all have run."""
    with ThreadPoolExecutor(WORKERS) as pool:
        submit = pool.submit
        started = time.perf_counter()
        for _ in range(count):
            submit(noop)
        pool.shutdown()
        return time.perf_counter() - started


def apply_async(count: int) -> float:
    """multiprocessing.pool.ThreadPool.apply_async, until all have run."""
    with multiprocessing.pool.ThreadPool(WORKERS) as pool:
        apply = pool.apply_async
        started = time.perf_counter()
        for _ in range(count):
            apply(noop)
        pool.close()
        pool.join()
        return time.perf_counter() - started


def floor(count: int) -> float:
    """Bare threads on a SimpleQueue, without records, errors or an orderly end."""
    queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()

    def work() -> None:
        get = queue.get
        while (call := get()) is not None:
            call()

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    queue_put = queue.put
    started = time.perf_counter()
    for _ in range(count):
        queue_put(noop)
    for _ in threads:
        queue_put(None)
    for thread in threads:
        thread.join()
    return time.perf_counter() - started


WAYS: dict[str, Callable[[int], float]] = {
    "put, ready tasks": put,
    "put, ready tasks, a span each": put_with_spans,
    "put, tasks made on the way": put_made,
    "batch_put, ready tasks": batch_put,
    "ThreadPoolExecutor.submit": executor_submit,
    "multiprocessing ThreadPool.apply_async": apply_async,
    "floor: bare threads on a SimpleQueue": floor,
}
EXECUTOR = "ThreadPoolExecutor.submit"


def main() -> None:
    """Run the rounds and print rates and ratios."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    print(f"Python {platform.python_version()}, {WORKERS} workers, {count:,} no-ops")
    order = list(WAYS)
    rates: dict[str, list[float]] = {name: [] for name in order}
    for _ in range(rounds):
        for name in order:
            rates[name].append(count / WAYS[name](count))
        order.append(order.pop(0))
    for name, values in rates.items():
        line(name, values, "tasks/s")
    for name, values in rates.items():
        if name != EXECUTOR:
            line(f"{name} / executor", ratios(values, rates[EXECUTOR]))
    for name, bound in (
        ("put, ready tasks", 5),
        ("batch_put, ready tasks", 6),
    ):
        compared = sorted(ratios(rates[name], rates[EXECUTOR]))
        verdict(f"{name} / executor", compared[rounds // 2], bound, at_least=True)


if __name__ == "__main__":
    main()
