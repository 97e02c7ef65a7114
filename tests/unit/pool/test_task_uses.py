"""Tasks as futures of a pool: asyncio, `concurrent.futures`, what they keep alive."""

import asyncio
import concurrent.futures
import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import Any, NoReturn, cast

import pytest
from future_support import CAME, FalsyError, InThread, Move, brought_to, comers, end
from pool_support import DEADLINE_SECONDS, MakePool, Stall, until

from pool_gui.pool import Task, ThreadPool
from pool_gui.pool.task import PENDING


@pytest.fixture
def pool(make_pool: MakePool) -> ThreadPool:
    return make_pool(1)


@pytest.fixture
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


NO_COLLECTOR = pytest.mark.usefixtures("_no_collector")


class Thing:
    """What can be referred to weakly."""


class Failure(Exception):  # noqa: N818 - its name tells nothing more
    pass


def fail(*_: object) -> NoReturn:
    raise Failure


def is_gone(reference: weakref.ref[Any]) -> None:
    until(lambda: reference() is None)


# asyncio


def test_a_coroutine_gets_results_and_exceptions(pool: ThreadPool) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        assert await loop.run_in_executor(pool, divmod, 7, 2) == (3, 1)
        assert await asyncio.wrap_future(pool.submit(divmod, 7, 2)) == (3, 1)
        with pytest.raises(Failure):
            await loop.run_in_executor(pool, fail)
        many = [loop.run_in_executor(pool, pow, n, 2) for n in range(50)]
        assert await asyncio.gather(*many) == [n * n for n in range(50)]

    asyncio.run(run())


def test_a_coroutine_that_is_cancelled_cancels_a_call_that_waits(
    pool: ThreadPool, stall: Stall
) -> None:
    ran: list[int] = []

    async def run() -> None:
        loop = asyncio.get_running_loop()
        pool.submit(stall)
        futures = [loop.run_in_executor(pool, ran.append, n) for n in range(2)]
        assert futures[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await futures[0]
        await asyncio.sleep(0)  # the loop tells the pool in its next turn
        stall.release.set()
        await futures[1]

    asyncio.run(run())
    assert ran == [1]


def test_a_coroutine_that_is_cancelled_lets_a_running_call_run(
    pool: ThreadPool, stall: Stall
) -> None:
    async def run() -> None:
        future = asyncio.get_running_loop().run_in_executor(pool, stall)
        await asyncio.to_thread(stall.wait_entered)
        assert future.cancel()
        with pytest.raises(asyncio.CancelledError):
            await future

    asyncio.run(run())
    assert not pool.wait_idle(0)
    stall.release.set()
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.statistics().done == 1


@pytest.mark.parametrize("cancels_in", ["pool", "future"])
def test_a_coroutine_learns_that_its_call_was_cancelled(
    pool: ThreadPool, stall: Stall, cancels_in: str
) -> None:
    async def run() -> None:
        pool.submit(stall)
        call = pool.submit(int)
        wrapped = asyncio.wrap_future(call)
        if cancels_in == "pool":
            pool.shutdown(wait=False, cancel_futures=True)
        else:
            assert call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(wrapped, DEADLINE_SECONDS)

    asyncio.run(run())


# concurrent.futures


@pytest.mark.parametrize("come", CAME)
def test_as_completed_yields_each_when_it_is_over(come: Move) -> None:
    first, second, third = (brought_to(PENDING, come) for _ in range(3))
    futures: list[Future[Any]] = [first, second, third]
    assert first.cancel()
    seen: list[Future[Any]] = []
    more = threading.Semaphore(0)

    def watch() -> None:
        for future in concurrent.futures.as_completed(futures, DEADLINE_SECONDS):
            seen.append(future)
            more.release()

    watches = InThread(watch)
    for expected in ([first], [first, third], [first, third, second]):
        assert more.acquire(timeout=DEADLINE_SECONDS)
        assert seen == expected
        if len(seen) < 3:
            end([third, second][len(seen) - 1], None)
    assert watches.answer() is None


WAITS = [
    # Which of three futures end before each of them returns, and how.
    ("FIRST_COMPLETED", [1]),
    ("FIRST_EXCEPTION", [1, CancelledError(), ValueError()]),
    ("FIRST_EXCEPTION", [1, FalsyError()]),
    ("ALL_COMPLETED", [ValueError(), CancelledError(), 1]),
]


@pytest.mark.parametrize("come", CAME)
@pytest.mark.parametrize(("mode", "outcomes"), WAITS)
def test_wait_returns_when_it_should(
    mode: str, outcomes: list[object], come: Move
) -> None:
    futures = [brought_to(PENDING, come) for _ in range(3)]
    waits = InThread(concurrent.futures.wait, futures, DEADLINE_SECONDS, mode)
    until(lambda: all(comers(one) for one in futures))
    for future, outcome in zip(futures, outcomes, strict=False):
        assert waits.is_alive()
        end(future, outcome)
    answer = waits.answer()
    assert isinstance(answer, tuple)
    assert answer[0] == set(futures[: len(outcomes)])


def test_futures_of_both_kinds_can_be_waited_for_together(
    pool: ThreadPool, stall: Stall
) -> None:
    standard: Future[object] = Future()
    futures = [standard, pool.submit(stall), pool.submit(int), pool.submit(fail)]
    waits = InThread(concurrent.futures.wait, futures, DEADLINE_SECONDS)
    stall.release.set()
    standard.set_result(1)
    assert waits.answer() == (set(futures), set())


# What is kept alive


@NO_COLLECTOR
@pytest.mark.parametrize("next_task", ["none", "runs"])
def test_what_a_call_returned_goes_with_its_future(
    pool: ThreadPool, stall: Stall, next_task: str
) -> None:
    future = pool.submit(Thing)
    result: weakref.ref[Any] = weakref.ref(future.result(DEADLINE_SECONDS))
    references = [result, weakref.ref(future)]
    if next_task == "runs":
        pool.submit(stall)
        stall.wait_entered()
    del future
    for reference in references:
        is_gone(reference)


@NO_COLLECTOR
@pytest.mark.parametrize("next_task", ["none", "runs"])
@pytest.mark.parametrize("raises", [False, True])
def test_what_was_called_goes_when_the_call_is_over(
    pool: ThreadPool, stall: Stall, next_task: str, *, raises: bool
) -> None:
    class Call:
        def __call__(self, *_: object, **__: object) -> None:
            if raises:
                raise Failure from None

    call, argument, keyword = Call(), Thing(), Thing()
    references = [weakref.ref(one) for one in (call, argument, keyword)]
    future = pool.submit(call, argument, keyword=keyword)
    del call, argument, keyword
    concurrent.futures.wait([future], DEADLINE_SECONDS)
    if next_task == "runs":
        pool.submit(stall)
        stall.wait_entered()
    if raises:  # the exception tells where it was raised, and with which values
        del future
    for reference in references:
        is_gone(reference)


@NO_COLLECTOR
def test_what_was_to_be_called_goes_when_the_pool_is_shut_down(
    pool: ThreadPool, stall: Stall
) -> None:
    thing = Thing()
    reference = weakref.ref(thing)
    pool.submit(stall)
    future = pool.submit(hash, thing)
    del thing
    pool.shutdown(wait=False, cancel_futures=True)
    is_gone(reference)
    assert future.cancelled()


class Raiser:
    """Raises an exception that nothing here keeps, once it is released."""

    def __init__(self, stall: Stall) -> None:
        self._stall = stall
        self.raised: list[weakref.ref[BaseException]] = []

    def __call__(self) -> NoReturn:
        self._stall()
        raise self._known(Failure())

    def _known(self, error: BaseException) -> BaseException:
        self.raised.append(weakref.ref(error))
        return error


def ask_for_result(futures: list[Future[object]]) -> None:
    with suppress(Failure):
        futures.pop().result(DEADLINE_SECONDS)


def ask_for_exception(futures: list[Future[object]]) -> None:
    futures.pop().exception(DEADLINE_SECONDS)


def ask_wait(futures: list[Future[object]]) -> None:
    concurrent.futures.wait([futures.pop()], DEADLINE_SECONDS)


def ask_as_completed(futures: list[Future[object]]) -> None:
    for future in concurrent.futures.as_completed([futures.pop()]):
        with suppress(Failure):
            future.result()
        del future


ASKERS = pytest.mark.parametrize(
    "asker", [ask_for_result, ask_for_exception, ask_wait, ask_as_completed]
)


@NO_COLLECTOR
@pytest.mark.parametrize("come", CAME)
@ASKERS
@pytest.mark.parametrize("when", ["before", "afterwards"])
def test_what_a_call_raised_goes_with_its_future(
    pool: ThreadPool,
    stall: Stall,
    when: str,
    asker: Callable[[list[Future[object]]], None],
    come: Move,
) -> None:
    """No cycle of exception, traceback, frame and future holds it."""
    raiser = Raiser(stall)
    futures = [pool.submit(raiser)]
    come(futures[0])
    future: weakref.ref[Any] = weakref.ref(futures[0])
    if when == "before":
        before = comers(futures[0])
        asks = InThread(asker, futures)
        until(lambda: comers(cast("Task", future())) > before)
    stall.release.set()
    if when == "afterwards":
        assert pool.wait_idle(DEADLINE_SECONDS)
        asks = InThread(asker, futures)
    assert asks.answer() is None
    is_gone(raiser.raised[0])
    is_gone(future)
