"""What comes in the middle of a put: signal handlers, finalizers, and Ctrl-C.

The last comes before each single instruction of a put in turn. Whatever it did, with
the next call all that was accepted runs, the pool becomes idle, its counts agree.
"""

import gc
import itertools
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

import pytest
from bounded_support import ending
from pool_makers import until_parked
from pool_support import DEADLINE_SECONDS, MakePool

from pool_gui.pool import Task, TaskState, ThreadPool, WhenFull

Call = Callable[[ThreadPool, Task], object]

CLOCKS = [
    "pool_gui.pool.pool.perf_counter_ns",
    "pool_gui.pool.admission.perf_counter_ns",
    "pool_gui.pool.placing.perf_counter_ns",
]
"""What a put asks for the time, just before it appends."""

CALLS: dict[str, Call] = {
    "put": ThreadPool.put,
    "submit": lambda pool, task: pool.submit(task.callable, *task.args),
    "batch_put": lambda pool, task: pool.batch_put([task]),
    "put with limits": lambda pool, task: pool.put(task.with_limits(priority=1)),
}


@pytest.fixture(params=CALLS)
def call(request: pytest.FixtureRequest) -> Call:
    return CALLS[request.param]


def test_a_signal_handler_in_the_middle_of_a_put_may_use_the_pool(
    make_pool: MakePool,
    monkeypatch: pytest.MonkeyPatch,
    call: Call,
) -> None:
    """CPython's executor deadlocks here: cpython#121649."""
    pool = make_pool()
    ran: list[int] = []

    def handle(*_: object) -> None:
        monkeypatch.undo()
        pool.put(Task(ran.append, 1))
        pool.batch_put([Task(ran.append, 2)])
        pool.resize(3)
        pool.drain()

    def clock() -> int:
        signal.raise_signal(signal.SIGINT)
        return time.perf_counter_ns()

    for name in CLOCKS:
        monkeypatch.setattr(name, clock)
    before = signal.signal(signal.SIGINT, handle)
    outer = Task(ran.append, 3)
    accepted = True
    try:
        call(pool, outer)
    except RuntimeError:
        accepted = False
    finally:
        signal.signal(signal.SIGINT, before)
    assert pool.join(DEADLINE_SECONDS)
    found = pool.statistics()
    assert (found.done, found.rejected) == ((3, 0) if accepted else (2, 1))


def test_a_finalizer_in_the_middle_of_a_put_may_put(
    make_pool: MakePool,
    monkeypatch: pytest.MonkeyPatch,
    call: Call,
) -> None:
    """CPython's executor deadlocks here: the collector may run anywhere."""
    pool = make_pool()
    ran: list[int] = []

    class Node:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            pool.put(Task(ran.append, 1))
            pool.batch_put([Task(ran.append, 2)])

    def clock() -> int:
        monkeypatch.undo()
        gc.collect()
        return time.perf_counter_ns()

    gc.disable()
    try:
        Node()
        for name in CLOCKS:
            monkeypatch.setattr(name, clock)
        call(pool, Task(ran.append, 3))
    finally:
        gc.enable()
    assert pool.join(DEADLINE_SECONDS)
    assert sorted(ran) == [1, 2, 3]


class CtrlC:
    """Raises KeyboardInterrupt before an instruction of a call, of this thread alone.

    Args:
        at: before which one, the first being 0.
    """

    def __init__(self, at: int) -> None:
        self._left = at
        self.has_come = False

    def amid(self, call: Callable[[], object]) -> object:
        """Make the call, and return what it returned, or raised."""
        before = sys.gettrace()
        sys.settrace(self._trace)
        try:
            return call()
        except KeyboardInterrupt as error:
            return error
        finally:
            sys.settrace(before)

    def _trace(self, frame: FrameType, event: str, _: Any) -> Any:
        frame.f_trace_opcodes = True
        if event == "opcode" and frame.f_code is not CtrlC.amid.__code__:
            self._left -= 1
            if self._left < 0 and not self.has_come:
                self.has_come = True
                raise KeyboardInterrupt
        return self._trace


POOLS: dict[str, Callable[[], ThreadPool]] = {
    "plain": lambda: ThreadPool(1),
    "bounded": lambda: ThreadPool(1, queue_limit=2, when_full=WhenFull.RAISE),
    "grows": lambda: ThreadPool(1, max_workers=2),
}


def check_works(pool: ThreadPool, task: Task, ran: list[int]) -> None:
    """See that the next call lets all run, and that each task is counted once."""
    again = pool.put(task)
    assert again.result(DEADLINE_SECONDS) is None
    assert pool.wait_idle(DEADLINE_SECONDS)
    found = pool.statistics()
    assert (found.outstanding, found.queued, found.running) == (0, 0, 0)
    # What its caller ran may have been interrupted when it had just returned.
    assert found.started == found.done + found.failed
    assert found.done <= len(ran) <= found.started
    assert found.run_by_callers or not found.failed
    assert task.done() or task.state is TaskState.NEW


@pytest.mark.parametrize("kind", POOLS)
def test_ctrl_c_at_any_instruction_of_a_put_leaves_a_pool_that_works(
    call: Call, kind: str
) -> None:
    with ending(POOLS[kind]()) as pool:
        pool.start()
        ran: list[int] = []
        for at in itertools.count():
            until_parked(pool, len(pool.workers()))
            task, ctrl_c = Task(ran.append, at), CtrlC(at)
            ctrl_c.amid(partial(call, pool, task))
            check_works(pool, task, ran)
            if not ctrl_c.has_come:
                break


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param("run in caller", marks=pytest.mark.expects_log),
        *("drop newest", "drop oldest"),
    ],
)
def test_ctrl_c_at_any_instruction_of_a_put_to_a_full_queue_leaves_no_task_undecided(
    policy: str,
) -> None:
    with ending(ThreadPool(1, queue_limit=1, when_full=WhenFull(policy))) as pool:
        pool.start()
        ran: list[int] = []
        for at in itertools.count():
            pool.pause()
            pool.put(Task(ran.append, at))
            task, ctrl_c = Task(ran.append, at), CtrlC(at)
            ctrl_c.amid(partial(pool.put, task))
            pool.resume()
            until_parked(pool, 1)
            check_works(pool, task, ran)
            if not ctrl_c.has_come:
                break
