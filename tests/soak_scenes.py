"""What the soak test starts as a program of its own; it prints one line of JSON.

soak_scenes.py memory TASKS    # the memory in use while so many tasks run
soak_scenes.py pools COUNT     # what is left of so many pools
"""

import faulthandler
import gc
import itertools
import json
import os
import resource
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from pool_gui.pool import (
    Door,
    Hooks,
    ProcessThread,
    Task,
    ThreadPool,
    ThreadSafeQueue,
    WhenFull,
    WorkerRecord,
)
from pool_gui.pool.admission import Admission
from pool_gui.pool.backlog import Backlog
from pool_gui.pool.core import PoolCore
from pool_gui.pool.deadlines import Deadlines, QueueWatch, RunWatch
from pool_gui.pool.roster import Roster
from pool_gui.pool.shutdown import POOLS
from pool_gui.pool.workers import Workers

PATIENCE_SECONDS = 30.0
SETTLE_SECONDS = 10.0
HANGS_SECONDS = 240.0
"""After which the program says where its threads stand, and gives up."""
WAVE = 20_000
OURS = (
    *(ThreadPool, PoolCore, Admission, Backlog, ThreadSafeQueue, Workers, Roster),
    *(ProcessThread, WorkerRecord, Task, Deadlines, QueueWatch, RunWatch),
)


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def fail() -> str:
    raise ValueError


def run_wave(pool: ThreadPool, *, is_special: bool, is_held: bool = False) -> None:
    """Run `WAVE` tasks by each call there is, and drop all that they return.

    Held, all of them are queued before the first one runs.
    """
    part = WAVE // 4
    if is_held:
        pool.pause()
    futures = [pool.submit(str, number) for number in range(2 * part)]
    if is_special:
        for future in futures[::100]:
            future.cancel()
        for future in futures[1::100]:
            future.add_done_callback(repr)
        for _ in range(100):
            pool.put(Task(str).with_limits(priority=1, run_seconds=3600))
            pool.put(Task(str).with_limits(priority=-1, queue_seconds=3600))
            pool.submit(fail)
    for number in range(part):
        pool.put(Task(str, number))
    pool.batch_put([Task(str, number) for number in range(part)])
    futures.clear()
    if is_held:
        pool.resume()
    assert pool.wait_idle(PATIENCE_SECONDS)


def memory(tasks: int) -> dict[str, object]:
    """Return the memory in use after each twentieth of the tasks.

    The first half is plain; in the other some have limits and priorities, are
    cancelled, or fail. How deep the queue becomes, and with it how much the process
    grows, is for the scheduler to decide; so before all that is counted, the deepest
    queue there can be is held back and then run.
    """
    pool = ThreadPool(4)
    door = Door(pool)
    door.watch(0)
    pool.start()
    for is_special in (False, True):
        run_wave(pool, is_special=is_special, is_held=True)
    waves = tasks // WAVE
    seen, blocks = [], []
    for wave in range(waves):
        run_wave(pool, is_special=2 * wave >= waves)
        if (wave + 1) % (waves // 20) == 0:
            seen.append(resident_bytes())
            blocks.append(sys.getallocatedblocks())
    pool.join()
    submitted = pool.statistics().submitted
    return {"bytes": seen, "blocks": blocks, "submitted": submitted}


def fixed_pool() -> ThreadPool:
    pool = ThreadPool(3)
    pool.start()
    return pool


def elastic_pool() -> ThreadPool:
    return ThreadPool(max_workers=4, keep_alive_seconds=0.0)


def patient_pool() -> ThreadPool:
    return ThreadPool(1, max_workers=4, keep_alive_seconds=3600.0)


def bounded_pool() -> ThreadPool:
    return ThreadPool(
        2,
        queue_limit=4,
        when_full=WhenFull.RUN_IN_CALLER,
        hooks=Hooks(before_task=repr, worker_ended=repr),
        initializer=int,
    )


def use(pool: ThreadPool) -> None:
    futures = [pool.submit(str, number) for number in range(20)]
    pool.put(Task(str).with_limits(queue_seconds=3600))
    pool.put(Task(str).with_limits(run_seconds=3600, priority=1))
    futures.append(pool.submit(fail))
    futures[0].add_done_callback(repr)
    assert len([future.exception(PATIENCE_SECONDS) for future in futures]) == 21
    futures.clear()  # an error raised by a run in this thread holds this frame
    if pool.state == "running":
        pool.pause()
        pool.submit(str).cancel()
        pool.resume()


def stop(pool: ThreadPool) -> None:
    pool.stop()
    pool.shutdown()


def lose(pool: ThreadPool) -> None:
    """Do nothing: its workers end by themselves once nobody has it."""


ENDS: tuple[Callable[[ThreadPool], object], ...] = (
    ThreadPool.join,
    ThreadPool.shutdown,
    stop,
    lose,
)


def pools(count: int) -> dict[str, object]:
    """Return how many threads, descriptors and objects are left of the pools."""
    kinds = itertools.product(
        (fixed_pool, elastic_pool, patient_pool, bounded_pool), ENDS
    )
    before = left()
    gc.collect()
    gc.disable()
    for make, end in itertools.islice(itertools.cycle(list(kinds)), count):
        pool = make()
        use(pool)
        end(pool)
        del pool
    now, collected = settled(before), gc.collect()
    said = {"before": before, "left": now, "collected": collected}
    return {**said, "left in the end": settled(before)}


def left() -> dict[str, object]:
    alive = Counter(type(one).__name__ for one in gc.get_objects() if type(one) in OURS)
    return {
        "threads": len(threading.enumerate()),
        "system threads": len([*Path("/proc/self/task").iterdir()]),
        "descriptors": len([*Path("/proc/self/fd").iterdir()]),
        "objects": dict(alive),
        "guarded": len(POOLS._pools),
    }


def settled(wanted: dict[str, object]) -> dict[str, object]:
    """Return what is left, once that is as wanted, or the time is up."""
    pause = threading.Event()
    deadline = time.monotonic() + SETTLE_SECONDS
    while (now := left()) != wanted and time.monotonic() < deadline:
        pause.wait(0.01)
    return now


if __name__ == "__main__":
    faulthandler.dump_traceback_later(HANGS_SECONDS, exit=True)
    scene = {"memory": memory, "pools": pools}[sys.argv[1]]
    started = time.monotonic()
    said = scene(int(sys.argv[2]))
    sys.stdout.write(json.dumps({**said, "seconds": time.monotonic() - started}))
    sys.stdout.flush()
    os._exit(0)  # a worker that is left would be waited for
