"""`map` of the pool: order, time, how far ahead it goes, and what it leaves behind."""

import gc
import itertools
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from typing import Any

import pytest
from pool_makers import Make, ended_after
from pool_support import DEADLINE_SECONDS, NEEDS_GIL, Stall, until

from pool_gui.pool import Task, ThreadPool, executor


@pytest.fixture
def make(stall: Stall) -> Iterator[Make]:
    with ended_after(stall) as made:
        yield made


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> list["Future[Any]"]:
    """Collect the futures of all calls that `map` submits."""
    futures: list[Future[Any]] = []
    submit = ThreadPool.submit

    def noted(pool: ThreadPool, *args: Any, **kwargs: Any) -> "Future[Any]":
        futures.append(submit(pool, *args, **kwargs))
        return futures[-1]

    monkeypatch.setattr(ThreadPool, "submit", noted)
    return futures


def divide(number: int) -> float:
    return 1 / number


class Thing:
    """Something a weak reference can follow."""


def test_results_come_in_the_order_of_the_arguments(make: Make) -> None:
    pool = make(2, start=False)
    first = threading.Event()

    def take_turns(number: int) -> int:
        if number:
            first.set()
        else:
            assert first.wait(DEADLINE_SECONDS)
        return number

    assert list(pool.map(take_turns, range(50))) == list(range(50))


def test_the_shortest_of_several_iterables_decides(make: Make) -> None:
    pool = make(1, start=False)
    assert list(pool.map(pow, [2, 3, 4], itertools.count(1))) == [2, 9, 64]
    assert list(pool.map(pow, [2, 3], [])) == []
    assert list(pool.map(int)) == []


def test_all_calls_are_submitted_at_once_whatever_the_chunks(
    make: Make, submitted: list["Future[Any]"]
) -> None:
    pool = make(1, start=False)
    results = pool.map(abs, range(-9, 0), chunksize=4)
    assert len(submitted) == 9
    assert next(results) == 9


def test_an_error_comes_in_its_place_and_cancels_what_has_not_begun(
    make: Make, stall: Stall, submitted: list["Future[Any]"]
) -> None:
    pool = make(1, start=False)
    results = pool.map(lambda n: stall() if n == 2 else divide(n), [1, 0, 2, 3, 4])
    stall.wait_entered()
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert [future.cancelled() for future in submitted] == [False] * 3 + [True] * 2
    assert list(results) == []
    stall.release.set()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert (pool.statistics().done, pool.statistics().cancelled) == (2, 2)


@pytest.mark.parametrize("timeout", [0, 0.01])
def test_when_time_is_up_what_is_awaited_and_all_after_it_is_cancelled(
    make: Make, stall: Stall, submitted: list["Future[Any]"], timeout: float
) -> None:
    """CPython leaves the awaited call to run: cpython#95166."""
    pool = make(1)
    pool.submit(stall)
    stall.wait_entered()
    ran: list[int] = []
    results = pool.map(ran.append, range(3), timeout=timeout)
    with pytest.raises(TimeoutError):
        next(results)
    assert [future.cancelled() for future in submitted[1:]] == [True] * 3
    stall.release.set()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert not ran


def test_the_time_begins_with_the_call_and_is_for_all_results(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(executor, "monotonic", lambda: now)
    pool = make(1)
    waits: list[float | None] = []
    result = Task.result

    def noted(future: Task, timeout: float | None = None) -> Any:
        waits.append(timeout)
        return result(future)

    results = pool.map(int, ["1", "2", "3"], timeout=5)
    monkeypatch.setattr(Task, "result", noted)
    for now in (101.0, 104.0, 106.0):  # noqa: B007 - the clock reads it
        next(results)
    assert waits == [4.0, 1.0, -1.0]


def test_a_result_that_is_there_is_given_though_time_is_up(make: Make) -> None:
    pool = make(1)
    results = pool.map(int, ["1", "2"], timeout=0)
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert list(results) == [1, 2]


def test_a_call_s_own_timeout_error_is_its_own(make: Make) -> None:
    """CPython takes it for the end of map's time: cpython#155852."""
    own = TimeoutError("the call's own")

    def time_out(_: int) -> None:
        raise own

    pool = make(1)
    with pytest.raises(TimeoutError, match="the call's own") as caught:
        next(pool.map(time_out, [1], timeout=DEADLINE_SECONDS))
    assert caught.value is own


def test_closing_the_iterator_cancels_what_has_not_begun(
    make: Make, stall: Stall, submitted: list["Future[Any]"]
) -> None:
    pool = make(1)
    results = pool.map(lambda n: stall() if n else n, range(4))
    stall.wait_entered()
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]  # it is a generator
    assert [future.cancelled() for future in submitted] == [False] * 2 + [True] * 2
    stall.release.set()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.statistics().done == 2


def test_what_nobody_takes_from_the_iterator_is_run_all_the_same(make: Make) -> None:
    pool = make(2)
    ran: list[int] = []
    pool.map(ran.append, range(9))
    gc.collect()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert sorted(ran) == list(range(9))


@NEEDS_GIL
def test_a_result_that_was_taken_is_not_kept(make: Make) -> None:
    """CPython kept them once: bpo-14406."""
    pool = make(1)
    results = pool.map(lambda _: Thing(), range(3), buffersize=2)
    gc.disable()
    try:
        for _ in range(3):
            gone = weakref.ref(next(results))
            until(lambda gone=gone: gone() is None)  # type: ignore[misc]
    finally:
        gc.enable()


@NEEDS_GIL
def test_an_error_that_was_raised_keeps_nothing_alive(make: Make) -> None:
    """No cycle of exception, frame and future: bpo-31249, bpo-35930."""

    class OwnError(Exception):
        """Unlike a builtin one, it can be followed by a weak reference."""

    def fail(_: int) -> None:
        raise OwnError

    pool = make(1)
    gc.disable()
    try:
        try:
            list(pool.map(fail, [0, 1]))
        except OwnError as error:
            gone = weakref.ref(error)
        until(lambda: gone() is None)
    finally:
        gc.enable()


@pytest.mark.parametrize("buffer", [1, 2, 5])
def test_with_a_buffer_an_endless_iterable_is_read_as_results_are_taken(
    make: Make, submitted: list["Future[Any]"], buffer: int
) -> None:
    pool = make(2)
    read = 0

    def numbers() -> Iterator[int]:
        nonlocal read
        while True:
            read += 1
            yield read

    results = pool.map(int, numbers(), buffersize=buffer)
    assert read == len(submitted) == buffer
    for taken in range(1, 20):
        assert next(results) == taken
        assert read == len(submitted) == taken + buffer
    results.close()  # type: ignore[attr-defined]  # it is a generator
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert len(submitted) == 19 + buffer


@pytest.mark.parametrize("count", [0, 1, 3, 4, 9])
def test_a_buffer_changes_no_result(make: Make, count: int) -> None:
    pool = make(2)
    assert list(pool.map(abs, range(-count, 0), buffersize=3)) == (
        list(range(count, 0, -1))
    )


@pytest.mark.parametrize(
    ("wrong", "error", "text"),
    [
        (0, ValueError, "buffersize must be None or > 0"),
        (-1, ValueError, "buffersize must be None or > 0"),
        (1.5, TypeError, "must be an integer or None"),
        ("2", TypeError, "must be an integer or None"),
        (True, TypeError, "buffersize must be an integer or None"),
    ],
)
def test_a_wrong_buffer_is_refused_before_anything_is_submitted(
    make: Make,
    submitted: list["Future[Any]"],
    wrong: Any,
    error: type[Exception],
    text: str,
) -> None:
    with pytest.raises(error, match=text):
        make(1).map(int, [1], buffersize=wrong)
    assert not submitted


def test_an_iterable_that_fails_later_cancels_what_has_not_begun(
    make: Make, stall: Stall, submitted: list["Future[Any]"]
) -> None:
    def numbers() -> Iterator[int]:
        yield from range(4)
        raise LookupError("no more numbers")

    pool = make(1)
    results = pool.map(lambda n: stall() if n else n, numbers(), buffersize=3)
    stall.wait_entered()
    assert next(results) == 0
    with pytest.raises(LookupError, match="no more numbers"):
        next(results)
    assert [future.cancelled() for future in submitted] == [False] * 2 + [True] * 2


def test_a_pool_that_ends_amid_a_buffered_map_ends_the_map(make: Make) -> None:
    pool = make(1)
    results = pool.map(int, itertools.count(), buffersize=2)
    assert next(results) == 0
    pool.drain()
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shut"):
        list(results)


def test_calls_that_the_pool_s_end_cancels_are_told_as_cancelled(
    make: Make, stall: Stall
) -> None:
    pool = make(1)
    pool.submit(stall)
    stall.wait_entered()
    results = pool.map(int, range(3))
    pool.shutdown(wait=False, cancel_futures=True)
    with pytest.raises(CancelledError):
        next(results)


def test_a_closed_pool_refuses_a_map_at_once(make: Make) -> None:
    pool = make(1)
    pool.drain()
    with pytest.raises(RuntimeError, match=r"^cannot schedule new futures after sh"):
        pool.map(int, [1])
    assert pool.statistics().rejected == 1
