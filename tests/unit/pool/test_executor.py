"""The pool as an executor, beyond what CPython's own tests ask of one.

`test_cpython.py` runs those. Here: what is refused, what a call leaves behind, and what
is true at the moment when a result is there.
"""

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from typing import Any

import pytest
from pool_makers import Make, ended_after
from pool_support import DEADLINE_SECONDS, Stall, until

from pool_gui.pool import PoolState, PoolStateError, Task, ThreadPool, WhenFull


@pytest.fixture
def make(stall: Stall) -> Iterator[Make]:
    with ended_after(stall) as made:
        yield made


def fail() -> None:
    raise ZeroDivisionError("on purpose")


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"size": -1}, ValueError, "size must not be negative, and -1 is"),
        ({"size": "2"}, TypeError, "must be a whole number"),
        ({"size": True}, TypeError, "size must be a whole number, not True"),
        ({"max_workers": 0}, ValueError, "^max_workers must be greater than 0$"),
        ({"max_workers": -3}, ValueError, "^max_workers must be greater than 0$"),
        ({"max_workers": "2"}, TypeError, "'str'"),
        ({"size": 3, "max_workers": 2}, ValueError, "max_workers is 2, and size"),
        ({"initializer": 3}, TypeError, "^initializer must be a callable$"),
        ({"queue_limit": 0}, ValueError, "queue_limit must be at least 1, and 0"),
        ({"queue_limit": 1.0}, TypeError, "must be a whole number"),
        ({"when_full": "explode"}, ValueError, "'explode' is not a valid WhenFull"),
        ({"keep_alive_seconds": -1}, ValueError, "keep_alive_seconds must not be"),
        ({"thread_count": 1}, TypeError, "unexpected keyword argument 'thread_count'"),
    ],
)
def test_wrong_options_are_refused_with_the_reason(
    options: dict[str, Any], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        ThreadPool(**options)


def test_only_size_and_name_may_be_given_by_position() -> None:
    assert ThreadPool(1, "name").name == "name"
    with pytest.raises(TypeError, match="positional argument"):
        ThreadPool(1, "name", 2)  # type: ignore[call-arg]  # that is the test


def test_a_name_goes_before_a_prefix(make: Make) -> None:
    pool = make(1, thread_name_prefix="prefix")
    assert (pool.name, pool.workers()[0].name) == ("prefix", "prefix_0")
    assert make(1, name="name", thread_name_prefix="prefix").name == "name"


def test_it_is_an_executor_and_its_futures_are_futures(make: Make) -> None:
    pool = make(1, start=False)
    assert isinstance(pool, concurrent.futures.Executor)
    future = pool.submit(int)
    assert isinstance(future, Future)
    assert concurrent.futures.wait([future], DEADLINE_SECONDS).done == {future}
    assert list(concurrent.futures.as_completed([future], DEADLINE_SECONDS)) == [future]


def test_an_event_loop_may_run_its_calls_in_it(make: Make) -> None:
    pool = make(1, start=False)

    async def use() -> int:
        return await asyncio.get_running_loop().run_in_executor(pool, int, "7")

    assert asyncio.run(use()) == 7


def test_a_call_gets_its_arguments_whatever_they_are_called(make: Make) -> None:
    pool = make(1, start=False)
    future = pool.submit(dict, {"a": 1}, self=2, fn=3, task=4)
    assert future.result(DEADLINE_SECONDS) == {"a": 1, "self": 2, "fn": 3, "task": 4}
    with pytest.raises(TypeError, match=r"required positional"):
        pool.submit(fn=int)  # type: ignore[call-arg]  # that is the test


def test_what_cannot_be_called_fails_in_its_future(make: Make) -> None:
    """As the standard pool has it."""
    pool = make(1, start=False)
    future: Future[Any] = pool.submit(3)  # type: ignore[arg-type]  # that is the test
    assert isinstance(future.exception(DEADLINE_SECONDS), TypeError)


@pytest.mark.parametrize(
    "kind", [ZeroDivisionError, SystemExit, KeyboardInterrupt, StopIteration]
)
def test_what_a_call_raises_is_in_its_future_and_not_logged(
    make: Make, caplog: pytest.LogCaptureFixture, kind: type[BaseException]
) -> None:
    raised = kind("on purpose")

    def raise_it() -> None:
        raise raised

    pool = make(1, start=False)
    future = pool.submit(raise_it)
    assert future.exception(DEADLINE_SECONDS) is raised
    with pytest.raises(kind):
        future.result(0)
    assert pool.submit(int).result(DEADLINE_SECONDS) == 0, "the worker lives"
    assert not caplog.records
    assert pool.statistics().failed == 1


@pytest.mark.expects_log
def test_what_a_put_task_raises_is_in_its_future_and_logged(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    pool = make(1)
    task = Task(fail)
    pool.put(task)
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert isinstance(task.future.exception(0), ZeroDivisionError)
    assert [record.levelname for record in caplog.records] == ["ERROR"]


@pytest.mark.parametrize("call", ["submit", "map", "with"])
def test_a_pool_that_started_itself_may_still_be_started_once(
    make: Make, call: str
) -> None:
    pool = make(2, start=False)
    calls: dict[str, Callable[[], object]] = {
        "submit": lambda: pool.submit(int),
        "map": lambda: pool.map(int, ["1"]),
        "with": pool.__enter__,
    }
    calls[call]()
    assert pool.state is PoolState.RUNNING
    assert len(pool.workers()) == 2
    pool.start()
    assert len(pool.workers()) == 2
    with pytest.raises(PoolStateError, match="a pool is started once"):
        pool.start()


def test_map_without_anything_to_do_does_not_start_the_pool(make: Make) -> None:
    pool = make(1, start=False)
    assert list(pool.map(int, [])) == []
    assert pool.state is PoolState.NEW


def test_with_ends_the_pool_when_all_has_run(make: Make) -> None:
    ran: list[int] = []
    with make(2, start=False) as pool:
        pool.put(Task(ran.append, 1))
        pool.submit(ran.append, 2)
    assert sorted(ran) == [1, 2]
    assert pool.state is PoolState.STOPPED
    assert not pool.workers()


def test_with_ends_the_pool_when_its_block_fails(make: Make) -> None:
    ran: list[int] = []
    pool = make(1, start=False)

    def use() -> None:
        with pool:
            pool.submit(ran.append, 1)
            fail()

    with pytest.raises(ZeroDivisionError):
        use()
    assert ran == [1]
    assert pool.state is PoolState.STOPPED


@pytest.mark.parametrize("wait", [True, False])
@pytest.mark.parametrize("cancel", [True, False])
def test_shutdown_waits_or_not_and_cancels_or_not(
    make: Make,
    stall: Stall,
    wait: bool,  # noqa: FBT001 - a parameter of the test
    cancel: bool,  # noqa: FBT001 - likewise
) -> None:
    pool = make(1, start=False)
    running = pool.submit(stall)
    stall.wait_entered()
    queued, task = pool.submit(int), Task(int)
    pool.put(task)
    ending = threading.Thread(target=lambda: pool.shutdown(wait, cancel_futures=cancel))
    ending.start()
    if not wait:
        ending.join(DEADLINE_SECONDS)
        assert not ending.is_alive()
    until(lambda: pool.state is PoolState.DRAINING)
    with pytest.raises(RuntimeError, match=r"^cannot schedule new futures after sh"):
        pool.submit(int)
    if cancel:
        for future in (queued, task.future):
            with pytest.raises(CancelledError):
                future.result(DEADLINE_SECONDS)
    assert ending.is_alive() == wait
    stall.release.set()
    ending.join(DEADLINE_SECONDS)
    assert running.result(DEADLINE_SECONDS) is None
    assert pool.join(DEADLINE_SECONDS)
    assert queued.cancelled() == task.future.cancelled() == cancel
    counts = pool.statistics()
    assert (counts.done, counts.cancelled) == ((1, 2) if cancel else (3, 0))


def test_shutdown_may_be_called_again_in_any_way(make: Make) -> None:
    pool = make(1, start=False)
    for wait in (False, True, False):
        pool.shutdown(wait)
        pool.shutdown(wait, cancel_futures=True)
    assert pool.state is PoolState.STOPPED


@pytest.mark.parametrize("call", ["shutdown", "with"])
def test_a_worker_that_waits_for_its_own_pool_s_end_is_told_so(
    make: Make, call: str
) -> None:
    pool = make(1, start=False)

    def leave() -> None:
        with pool:
            pass

    future = pool.submit(pool.shutdown if call == "shutdown" else leave)
    error = future.exception(DEADLINE_SECONDS)
    assert isinstance(error, PoolStateError)
    assert "shutdown() was called by a worker of pool" in str(error)
    assert pool.submit(int).result(DEADLINE_SECONDS) == 0, "nothing has changed"


def test_a_worker_may_shut_its_pool_down_without_waiting(make: Make) -> None:
    pool = make(1, start=False)
    assert pool.submit(pool.shutdown, False).result(DEADLINE_SECONDS) is None
    assert pool.join(DEADLINE_SECONDS)


@pytest.mark.expects_log
@pytest.mark.parametrize("function", [int, fail])
@pytest.mark.parametrize("call", ["submit", "put"])
def test_the_counts_are_right_when_a_result_is_there(
    make: Make, call: str, function: Callable[[], object]
) -> None:
    pool = make(2)
    for number in range(1, 201):
        task = Task(function)
        future: Future[Any] = task.future
        if call == "put":
            pool.put(task)
        else:
            future = pool.submit(function)
        is_failed = future.exception(DEADLINE_SECONDS) is not None
        counts = pool.statistics()
        assert (counts.failed if is_failed else counts.done) == number
        assert (counts.started, counts.outstanding) == (number, 0)


END: dict[str, Callable[[ThreadPool, Task], object]] = {
    "done": lambda pool, _: pool.start(),
    "cleared": lambda pool, _: pool.clear(),
    "stopped": lambda pool, _: pool.stop(),
    "dropped": lambda pool, _: pool.put(Task(int)),
}


@pytest.mark.parametrize("how", END)
def test_the_counts_are_right_when_a_future_calls_back(make: Make, how: str) -> None:
    pool = make(1, start=False, queue_limit=1, when_full=WhenFull.DROP_OLDEST)
    task = Task(int)
    outstanding: list[int] = []
    pool.put(task)
    replaced = int(how == "dropped")
    task.future.add_done_callback(
        lambda _: outstanding.append(pool.statistics().outstanding - replaced)
    )
    END[how](pool, task)
    until(task.future.done)
    until(lambda: bool(outstanding))
    assert outstanding == [0]


def test_the_pool_is_idle_only_when_futures_are_over(make: Make) -> None:
    pool = make(3)
    for _ in range(100):
        futures = [pool.submit(int) for _ in range(5)]
        assert pool.wait_idle(DEADLINE_SECONDS)
        assert all(future.done() for future in futures)


def test_the_pool_is_idle_only_when_callbacks_have_run(
    make: Make, stall: Stall
) -> None:
    pool = make(1, start=False)
    task = Task(int)
    future = task.future
    future.add_done_callback(lambda _: stall())
    pool.put(task)
    pool.start()
    stall.wait_entered()
    assert future.result(0) == 0
    assert not pool.wait_idle(0)
    stall.release.set()
    assert pool.wait_idle(DEADLINE_SECONDS)
