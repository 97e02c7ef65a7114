"""The pool within libraries that look inside a ThreadPoolExecutor.

asyncio insists on the class, google-cloud-pubsub drains the queue.
"""

import asyncio
import concurrent.futures
import queue
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pool_makers import Make, ended_after
from pool_support import DEADLINE_SECONDS, Stall

from pool_gui.pool import (
    Task,
    ThreadPool,
)


@pytest.fixture
def make(stall: Stall) -> Iterator[Make]:
    with ended_after(stall) as made:
        yield made


def fail(*_args: object) -> None:
    raise ZeroDivisionError("on purpose")


# --- asyncio ---


def test_an_event_loop_takes_it_for_its_default_executor() -> None:
    pool = ThreadPool(2, name="loop")

    async def use() -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(pool.as_thread_pool_executor())
        assert await loop.run_in_executor(None, int, "7") == 7
        for call in (
            asyncio.to_thread(threading.current_thread),
            loop.run_in_executor(None, threading.current_thread),
        ):
            assert (await call).name.startswith("loop_")

    asyncio.run(use())
    assert pool.statistics().done == 3
    # asyncio.run ends the loop's executor, and so the pool.
    assert pool.statistics().workers == 0
    with pytest.raises(RuntimeError, match="cannot schedule new futures"):
        pool.submit(int)


def test_what_a_call_raises_reaches_who_awaits_it(make: Make) -> None:
    pool = make(2)

    async def use() -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(pool.as_thread_pool_executor())
        await asyncio.to_thread(fail)

    with pytest.raises(ZeroDivisionError):
        asyncio.run(use())


def test_a_cancelled_coroutine_cancels_a_call_that_has_not_begun(
    make: Make, stall: Stall
) -> None:
    pool = make(1)
    pool.submit(stall)
    stall.wait_entered()
    seen: list[int] = []

    async def use() -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(pool.as_thread_pool_executor())
        waiting = asyncio.ensure_future(asyncio.to_thread(seen.append, 1))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        stall.release.set()

    asyncio.run(use())
    assert seen == []
    assert pool.statistics().cancelled == 1


def test_hundreds_of_calls_of_an_event_loop_come_back_in_order(make: Make) -> None:
    pool = make(0, start=False, max_workers=3)

    async def use() -> list[int]:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(pool.as_thread_pool_executor())
        return await asyncio.gather(
            *(asyncio.to_thread(pow, number, 2) for number in range(300))
        )

    assert asyncio.run(use()) == [number**2 for number in range(300)]


# --- what programs read of a ThreadPoolExecutor ---


def test_the_executor_is_one_by_its_class_and_runs_in_the_pool(make: Make) -> None:
    pool = make(2, name="within")
    executor = pool.as_thread_pool_executor()
    assert isinstance(executor, ThreadPoolExecutor)
    here = executor.submit(threading.current_thread)
    assert here.result(DEADLINE_SECONDS) in pool.workers()
    assert list(executor.map(pow, [2, 3], [2, 2], timeout=DEADLINE_SECONDS)) == [4, 9]
    assert list(executor.map(abs, iter([-1, -2]), chunksize=5)) == [1, 2]
    with executor as entered:
        assert entered is executor
        assert executor.submit(int).result(DEADLINE_SECONDS) == 0
    assert pool.statistics().workers == 0
    with pytest.raises(RuntimeError, match="cannot schedule new futures"):
        executor.submit(int)


def test_shutting_the_executor_down_may_cancel_what_waits(
    make: Make, stall: Stall
) -> None:
    pool = make(1)
    pool.submit(stall)
    stall.wait_entered()
    executor = pool.as_thread_pool_executor()
    waiting = executor.submit(int)
    executor.shutdown(wait=False, cancel_futures=True)
    assert waiting.cancelled()


@pytest.mark.parametrize("is_wrapped", [False, True])
def test_what_programs_read_is_there(
    make: Make, stall: Stall, *, is_wrapped: bool
) -> None:
    pool = make(2, name="seen", max_workers=5)
    read: Any = pool.as_thread_pool_executor() if is_wrapped else pool
    assert read._max_workers == 5
    assert {thread.name for thread in read._threads} == {"seen_0", "seen_1"}
    assert all(isinstance(thread, threading.Thread) for thread in read._threads)
    assert read._thread_name_prefix == "seen"
    assert not read._shutdown
    assert not read._broken
    read.submit(stall)
    assert read._work_queue.empty() == (read._work_queue.qsize() == 0)
    stall.release.set()
    read.shutdown()
    assert read._shutdown
    with pytest.raises(AttributeError):
        _ = read._no_such_attribute


@pytest.mark.expects_log
def test_a_broken_pool_says_so_to_who_reads_it(make: Make) -> None:
    pool = make(1, start=False, initializer=fail)
    executor: Any = pool.as_thread_pool_executor()
    with pytest.raises(concurrent.futures.BrokenExecutor):
        executor.submit(int).result(DEADLINE_SECONDS)
    assert "initializer failed" in executor._broken
    assert pool._broken == executor._broken


def drain_as_pubsub(executor: Any) -> list[object]:
    """Drain the queue as google-cloud-pubsub's scheduler does at its shutdown."""
    dropped = []
    try:
        while True:
            work_item = executor._work_queue.get(block=False)
            if work_item is None:  # as the standard pool wakes its workers
                continue
            dropped.append(work_item.args[0])
    except queue.Empty:
        pass
    return dropped


@pytest.mark.parametrize("is_wrapped", [False, True])
@pytest.mark.parametrize("limit", [None, 20])
def test_the_queue_can_be_drained_as_pubsub_does(
    make: Make, stall: Stall, limit: int | None, *, is_wrapped: bool
) -> None:
    pool = make(1, queue_limit=limit)
    pool.submit(stall)
    stall.wait_entered()
    messages = [f"message {number}" for number in range(10)]
    futures = [pool.submit(print, message) for message in messages]
    futures[3].cancel()
    drained = drain_as_pubsub(pool.as_thread_pool_executor() if is_wrapped else pool)
    assert drained == [*messages[:3], *messages[4:]]
    assert all(future.cancelled() for future in futures)
    assert concurrent.futures.wait(futures, DEADLINE_SECONDS).not_done == set()
    assert pool.statistics().cancelled == 10
    stall.release.set()
    assert pool.wait_idle(DEADLINE_SECONDS)
    pool.shutdown()
    assert pool.statistics().done == 1


def test_an_item_off_the_queue_tells_what_was_to_be_called(make: Make) -> None:
    pool = make(1)
    pool.pause()
    pool.put(Task(int, "7", base=8).with_limits(priority=-1))
    first = pool.submit(len, "abc")
    item = pool._work_queue.get_nowait()
    assert item.future is first
    assert (item.fn, item.args, dict(item.kwargs)) == (len, ("abc",), {})
    item = pool._work_queue.get()
    assert (item.fn, item.args, dict(item.kwargs)) == (int, ("7",), {"base": 8})
    assert pool._work_queue.empty()
    with pytest.raises(queue.Empty):
        pool._work_queue.get(timeout=60)
