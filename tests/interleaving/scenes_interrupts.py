"""Scenes: Ctrl-C in the midst of a call, and exceptions thrown into workers.

What is asked afterwards is that the pool works on, that all it has accepted comes to
an end, and that its counts add up.
"""

from __future__ import annotations

import ctypes
import functools
import signal
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from interleaving.scenes_reentry import some_pool
from interleaving.stage import (
    LIMIT_SECONDS,
    Actor,
    Fault,
    Stage,
    check_counts,
    scene,
)

from pool_gui import Task, ThreadPool, ThreadSafeQueue

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    Call = Callable[[], object]


class StrayError(Exception):
    """Thrown into a worker."""


def untraced_in(
    *versions: tuple[int, int],
) -> Callable[[Callable[[Stage], None]], Callable[[Stage], None]]:
    """Let a scene be played without the dice where tracers have faults of their own.

    In Python 3.11 a traced thread that calls a function hangs for as long as an
    exception is on its way to any other thread, whatever code they execute. In 3.12 the
    interpreter crashes when something is raised through a tracer of bytecodes while
    another thread is in one. (Without the dice no Ctrl-C comes amid a chosen bytecode;
    those that come amid a wait do.)
    """

    def change(play: Callable[[Stage], None]) -> Callable[[Stage], None]:
        if sys.version_info[:2] not in versions:
            return play

        @functools.wraps(play)
        def played(stage: Stage) -> None:
            stage.result(stage.running(1).submit(int))
            with stage.dice.laid_aside():
                play(stage)

        return played

    return change


def interrupt() -> NoReturn:
    raise KeyboardInterrupt


def calls_on(pool: ThreadPool, ran: list[int], made: list[Future[Any]]) -> list[Call]:
    """Return calls to interrupt; futures and tasks that are known go into `made`."""

    def put(**limits: Any) -> None:
        task = Task(ran.append, 1)
        if limits:
            task.with_limits(**limits)
        pool.put(task)
        made.append(task.future)

    def put_batch() -> None:
        tasks = [Task(ran.append, 1) for _ in range(3)]
        pool.batch_put(tasks)
        made.extend(task.future for task in tasks)

    def submit() -> None:
        made.append(pool.submit(ran.append, 1))

    return [
        *(submit, put, put_batch),
        partial(put, priority=1),
        partial(put, queue_seconds=60),
    ]


def check_works_on(
    stage: Stage, pool: ThreadPool, ran: list[int], made: list[Future[Any]]
) -> None:
    """See that a pool has come through it all."""
    assert stage.result(pool.submit(len, "four")) == 4
    stage.await_idle(pool)
    assert all(one.done() for one in made)
    check_counts(pool)
    assert len(ran) == pool.statistics().done - 1
    assert len(ran) >= sum(not one.cancelled() for one in made)


def interrupt_calls(stage: Stage, *, only_at_checks: bool) -> None:
    """Interrupt some calls of each kind, anywhere."""
    for _ in range(2):
        pool = some_pool(stage)
        pool.start()
        ran: list[int] = []
        made: list[Future[Any]] = []
        for call in calls_on(pool, ran, made):
            before = stage.dice.thrown_here()
            call()
            length = max(1, stage.dice.thrown_here() - before)
            for _ in range(2):
                stage.dice.arm(interrupt, length, only_at_checks=only_at_checks)
                try:
                    call()
                except KeyboardInterrupt:
                    stage.dice.go_on()
                finally:
                    stage.dice.disarm()
        check_works_on(stage, pool, ran, made)
        stage.end(pool)


@scene()
@untraced_in((3, 12))
def ctrl_c_anywhere(stage: Stage) -> None:
    """Amid any bytecode of a put or submit, as with a tracer or debugger."""
    interrupt_calls(stage, only_at_checks=False)


@scene()
@untraced_in((3, 12))
def ctrl_c_where_python_looks(stage: Stage) -> None:
    """Only where the interpreter itself looks for signals: after calls and so on."""
    interrupt_calls(stage, only_at_checks=True)


def interrupt_once(stage: Stage, call: Call) -> bool:
    """Make a call, with Ctrl-C amid it; return whether it came."""
    stage.dice.arm(interrupt, 120, only_at_checks=bool(stage.any_of(0, 1)))
    try:
        call()
    except KeyboardInterrupt:
        stage.dice.go_on()
        return True
    finally:
        stage.dice.disarm()
    return False


@scene()
@untraced_in((3, 12))
def ctrl_c_amid_cancels(stage: Stage) -> None:
    """Who cancels, adds a callback or looks at the pool is interrupted."""
    pool = stage.running(2)
    ran: list[int] = []
    made: list[Future[Any]] = []
    for _ in range(6):
        pool.pause()
        made += [pool.submit(ran.append, 1) for _ in range(3)]
        calls: list[Call] = [
            made[-1].cancel,
            partial(made[-2].add_done_callback, hash),
            pool.statistics,
        ]
        interrupt_once(stage, stage.any_of(*calls))
        pool.resume()
    check_works_on(stage, pool, ran, made)


@scene()
@untraced_in((3, 12))
def ctrl_c_amid_commands(stage: Stage) -> None:
    """Whatever the pool is told to do is interrupted, and told once more."""
    for _ in range(2):
        pool = stage.running(2)
        ran: list[int] = []
        made: list[Future[Any]] = []
        for _ in range(4):
            made += [pool.submit(ran.append, 1) for _ in range(4)]
            made[-1].cancel()
            commands: list[Call] = [
                *(pool.pause, pool.resume, pool.purge, pool.clear),
                *(partial(pool.resize, size) for size in (1, 3)),
            ]
            command = stage.any_of(*commands)
            if interrupt_once(stage, command):
                command()
        pool.resume()
        check_works_on(stage, pool, ran, made)
        stage.end(pool)


@scene()
@untraced_in((3, 12))
def ctrl_c_amid_the_end(stage: Stage) -> None:
    """Who ends a pool is interrupted, and ends it once more."""
    for _ in range(3):
        pool = some_pool(stage)
        ran: list[int] = []
        made = [pool.submit(ran.append, number) for number in range(6)]
        ends: list[Call] = [
            pool.drain,
            pool.stop,
            partial(pool.shutdown, wait=False),
            partial(pool.shutdown, wait=False, cancel_futures=True),
        ]
        end = stage.any_of(*ends)
        if interrupt_once(stage, end):
            end()
        stage.end(pool)
        assert all(one.done() for one in made)
        assert len(ran) == sum(not one.cancelled() for one in made)


def interrupted(stage: Stage, call: Call) -> None:
    """Let Ctrl-C come while the main thread waits for ever in a call."""
    begun = threading.Event()
    left = [KeyboardInterrupt]
    main = threading.get_ident()
    pause = stage.any_of(0.0, 0.0003, 0.002)

    def raise_once(*_: object) -> None:
        if left:
            raise left.pop()

    def kill() -> None:
        stage.await_event(begun, "the begin of the wait")
        threading.Event().wait(pause)
        # One that comes just before the system's call that waits is not seen there.
        while left:
            signal.pthread_kill(main, signal.SIGINT)
            threading.Event().wait(0.02)

    before = signal.signal(signal.SIGINT, raise_once)
    killer = stage.go(kill)
    try:
        begun.set()
        call()
    except KeyboardInterrupt:
        stage.dice.go_on()
    else:
        raise Fault("what would wait for ever has returned")
    stage.answers([killer])
    signal.signal(signal.SIGINT, before)


@scene()
@untraced_in((3, 12))
def ctrl_c_amid_waits(stage: Stage) -> None:
    """Who waited and was interrupted takes no wake-up from who waits on."""
    pool = stage.running(1, queue_limit=1)
    for _ in range(3):
        held = threading.Event()
        first = pool.submit(held.wait, LIMIT_SECONDS)
        second = pool.submit(int)
        others: list[Actor[Any]] = [
            stage.go(partial(stage.result, second)),
            stage.go(partial(pool.submit, int)),
            stage.go(partial(pool.wait_idle, LIMIT_SECONDS)),
        ]
        waits: list[Call] = [
            first.result,
            second.result,
            pool.wait_idle,
            partial(pool.put, Task(int)),
        ]
        interrupted(stage, stage.any_of(*waits))
        held.set()
        stage.answers(others)
        assert stage.result(first)
        stage.await_idle(pool)
        check_counts(pool)


@scene()
@untraced_in((3, 12))
def ctrl_c_amid_pops(stage: Stage) -> None:
    """An interrupted `pop` loses no item and no wake-up."""
    items = ThreadSafeQueue()
    for _ in range(3):
        others = [stage.go(partial(items.pop, timeout=LIMIT_SECONDS)) for _ in range(2)]
        interrupted(stage, items.pop)
        items.put(1)
        items.put(2)
        assert sorted(map(str, stage.answers(others))) == ["1", "2"]


def throw_into(ident: int) -> None:
    """Throw an exception into a thread, as debuggers and time-outs do."""
    set_error = ctypes.pythonapi.PyThreadState_SetAsyncExc
    assert set_error(ctypes.c_ulong(ident), ctypes.py_object(StrayError)) <= 1


@scene()
@untraced_in((3, 11), (3, 12))
def strays_into_idle_workers(stage: Stage) -> None:
    """An exception that comes while a worker sleeps costs no task."""
    pool = stage.running(1)
    for _ in range(5):
        ident = stage.result(pool.submit(threading.get_ident))
        stage.await_idle(pool)
        throw_into(ident)
        stage.results([pool.submit(int) for _ in range(3)])
    stage.await_idle(pool)
    check_counts(pool)
    assert pool.statistics().done == 20


@scene()
@untraced_in((3, 11), (3, 12))
def strays_into_some_workers(stage: Stage) -> None:
    """While the one recovers the others work; all come back."""
    pool = stage.running(3)
    for _ in range(3):
        meeting = stage.meeting(3)

        def meet(meeting: threading.Barrier = meeting) -> int:
            meeting.wait()
            return threading.get_ident()

        idents = stage.results([pool.submit(meet) for _ in range(3)])
        assert len(set(idents)) == 3
        stage.await_idle(pool)
        for ident in stage.random.sample(idents, 2):
            throw_into(ident)
        stage.results([pool.submit(int) for _ in range(6)])
    stage.await_idle(pool)
    check_counts(pool)
    assert pool.statistics().done == 27
