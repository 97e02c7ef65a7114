"""Scenes: what calls a pool in the midst of its own code; forks and exits."""

from __future__ import annotations

import faulthandler
import gc
import os
import signal
import subprocess
import sys
import threading
import traceback
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from interleaving.stage import LIMIT_SECONDS, Fault, Stage, scene

from pool_gui import PoolState, Task, ThreadPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

CHILD_SECONDS = 10


def some_pool(stage: Stage) -> ThreadPool:
    """Return a pool of any kind, for which the dangers differ."""
    make = stage.any_of(
        partial(stage.pool, 2),
        partial(stage.pool, max_workers=2),
        partial(stage.pool, 1, max_workers=3, keep_alive_seconds=0.0),
        partial(stage.pool, 2, queue_limit=1000),
        partial(stage.pool, 2, propagate_context=True),
    )
    return make()


def amid(stage: Stage, call: Callable[[], object], act: Callable[[], object]) -> None:
    """Make a call twice, with something else amid the bytecodes of the second."""
    dice = stage.dice
    before = dice.thrown_here()
    call()
    dice.arm(act, max(1, dice.thrown_here() - before))
    try:
        call()
    finally:
        dice.disarm()


def acts_on(pool: ThreadPool, futures: list[Future[int]]) -> list[Callable[[], object]]:
    """Return calls that are promised to be safe in handlers and finalizers."""

    def submit() -> None:
        futures.append(pool.submit(int))

    def put() -> None:
        task = Task(int)
        pool.put(task)
        futures.append(task.future)

    return [submit, put]


@contextmanager
def handled(act: Callable[[], object]) -> Iterator[None]:
    """Let a signal's handler do something."""
    before = signal.signal(signal.SIGUSR1, lambda *_: act())
    try:
        yield
    finally:
        signal.signal(signal.SIGUSR1, before)


@scene()
def signal_handlers_that_submit(stage: Stage) -> None:
    """Amid any bytecode of a submit or put."""
    for _ in range(4):
        pool = some_pool(stage)
        futures: list[Future[int]] = []
        acts = acts_on(pool, futures)
        with handled(stage.any_of(*acts)):
            for _ in range(3):
                raise_signal = partial(signal.raise_signal, signal.SIGUSR1)
                amid(stage, stage.any_of(*acts), raise_signal)
        pool.submit(int)
        stage.results(futures)
        stage.end(pool)


@scene()
def signals_while_others_submit(stage: Stage) -> None:
    """Signals from another thread, at whatever moment, while three submit."""
    pool = some_pool(stage)
    futures: list[Future[int]] = []
    submit, put = acts_on(pool, futures)
    main = threading.get_ident()

    def often(call: Callable[[], object]) -> None:
        for _ in range(8):
            call()

    with handled(stage.any_of(submit, put)):
        kill = partial(signal.pthread_kill, main, signal.SIGUSR1)
        actors = [stage.go(partial(often, call)) for call in (submit, put, kill)]
        often(submit)
        stage.answers(actors)
    pool.submit(int)
    stage.results(futures)


class Garbage:
    """Does something when the collector finds it."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act
        self._me = self

    def __del__(self) -> None:
        self._act()


def collect(act: Callable[[], object]) -> None:
    """Let the collector find garbage that acts."""
    Garbage(act)
    gc.collect(0)


@scene()
def finalizers_that_submit(stage: Stage) -> None:
    """Amid any bytecode of a submit or put, in two threads."""
    gc.disable()
    for _ in range(3):
        pool = some_pool(stage)
        futures: list[Future[int]] = []
        acts = acts_on(pool, futures)

        def play(acts: list[Callable[[], object]] = acts) -> None:
            for _ in range(3):
                amid(stage, stage.any_of(*acts), partial(collect, stage.any_of(*acts)))

        stage.race(play, play)
        pool.submit(int)
        stage.results(futures)
        stage.end(pool)
    gc.enable()


@scene()
def finalizers_in_workers(stage: Stage) -> None:
    """Amid the bytecodes that a worker executes between two tasks."""
    gc.disable()
    pool = some_pool(stage)
    futures: list[Future[int]] = []
    acts = acts_on(pool, futures)

    def arm() -> None:
        stage.dice.arm(partial(collect, stage.any_of(*acts)), 150)

    for _ in range(8):
        stage.result(pool.submit(arm))
    stage.await_idle(pool)
    stage.results(futures)
    gc.enable()


def pause_and_resume(pool: ThreadPool) -> None:
    pool.pause()
    pool.resume()


@scene()
def finalizers_amid_others(stage: Stage) -> None:
    """A finalizer submits amid whatever else is asked of the pool."""
    gc.disable()
    pool = some_pool(stage)
    pool.submit(int)
    futures: list[Future[int]] = []
    act = partial(collect, stage.any_of(*acts_on(pool, futures)))
    calls: list[Callable[[], object]] = [
        pool.statistics,
        pool.purge,
        partial(pool.wait_idle, 5),
        lambda: pool.submit(int).cancel(),
        lambda: stage.result(pool.submit(int)),
        partial(pause_and_resume, pool),
        lambda: pool.resize(stage.any_of(1, 2), stage.any_of(2, 3)),
    ]
    for call in stage.random.sample(calls, 5):
        with stage.soon("a call that a finalizer interrupts"):
            amid(stage, call, act)
    pool.submit(int)
    stage.results(futures)
    gc.enable()


def fork(stage: Stage, check: Callable[[], None]) -> None:
    """Check in a child, which must end well."""
    pid = os.fork()
    if not pid:
        sys.settrace(None)
        code = 1
        try:
            faulthandler.register(signal.SIGALRM, chain=True)
            signal.alarm(CHILD_SECONDS)
            check()
            code = 0
        except BaseException:  # noqa: BLE001 - told here, for the child ends here
            traceback.print_exc()
        os._exit(code)
    ended: list[int] = []

    def has_ended() -> bool:
        found, status = os.waitpid(pid, os.WNOHANG)
        ended.append(status)
        return found == pid

    stage.until(has_ended, "the end of the forked child")
    if ended[-1]:
        raise Fault(f"the forked child ended with {ended[-1]}; its say is below")


def check_child(old: ThreadPool, futures: list[Future[int]]) -> None:
    """See that a child has no use for its parent's pool, and can make its own."""
    assert old.state is PoolState.STOPPED
    assert all(future.done() for future in futures)
    try:
        old.submit(int)
    except RuntimeError:
        old.shutdown()
    else:
        raise Fault("a stopped pool takes calls")
    with ThreadPool(2) as new:
        assert new.submit(len, "four").result(5) == 4


@scene()
def fork_while_others_submit(stage: Stage) -> None:
    pool = some_pool(stage)
    futures: list[Future[int]] = []
    submit, put = acts_on(pool, futures)

    def often(call: Callable[[], object]) -> None:
        for _ in range(10):
            call()

    actors = [stage.go(partial(often, call)) for call in (submit, put)]
    for _ in range(2):
        mine = pool.submit(int)
        fork(stage, partial(check_child, pool, [mine]))
    stage.answers(actors)
    stage.results(futures)


@scene()
def fork_amid_a_submit(stage: Stage) -> None:
    """A fork amid any bytecode of the forking thread's own call of the pool."""
    for _ in range(2):
        pool = some_pool(stage)
        futures: list[Future[int]] = []
        call = stage.any_of(*acts_on(pool, futures))
        before = [pool.submit(int) for _ in range(3)]
        amid(stage, call, partial(fork, stage, partial(check_child, pool, before)))
        stage.results([*before, *futures])
        stage.end(pool)


@scene(for_peer=True)
def accepted_work_is_done_at_exit(stage: Stage) -> None:
    """A program ends while its pool has work, and while a thread submits more."""
    program = [sys.executable, "-m", "interleaving.exits"]
    kind = "ours" if stage.is_ours else "peer"
    stage.result(stage.executor(1).submit(int))
    with stage.soon("the exit"):
        ended = subprocess.run(
            [*program, kind, str(stage.dice.seed)],
            capture_output=True,
            timeout=LIMIT_SECONDS,
            check=True,
            text=True,
        )
    said = [line.split() for line in ended.stdout.splitlines()]
    ran = sorted(number for what, number in said if what == "ran")
    accepted = sorted(number for what, number in said if what == "accepted")
    if ended.stderr or ran != accepted or len(set(ran)) != len(ran):
        raise Fault(f"ran {ran}, accepted {accepted}\n{ended.stderr}")
