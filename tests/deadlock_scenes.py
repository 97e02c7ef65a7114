"""Scenes in which pools of threads deadlock, to be played in a process of their own.

    python deadlock_scenes.py SECONDS KIND SCENE [OPTION ...]

Standard output tells what happened. A scene that is not over in time hangs: the program
says on standard error where its threads stand, and exits with 1.
"""

import faulthandler
import gc
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import (
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
    as_completed,
    wait,
)
from contextlib import suppress
from functools import partial
from itertools import count
from queue import SimpleQueue
from types import CodeType, FrameType
from typing import Any

from future_support import ask

from pool_gui.pool import ThreadPool

Act = Callable[[], object]

POOLS: dict[str, Callable[[], Executor]] = {
    "standard": lambda: ThreadPoolExecutor(2),
    "fixed": lambda: ThreadPool(1),
    "pair": lambda: ThreadPool(2),
    "elastic": lambda: ThreadPool(max_workers=2),
    "bounded": lambda: ThreadPool(1, queue_limit=9),
    "context": lambda: ThreadPool(1, propagate_context=True),
}
PATIENCE_SECONDS = 20.0
LEAST_LINES = 20  # of each call that is scanned
POOL_CODE = ("pool_gui.pool", "concurrent.futures")
POOL_AND_THREAD_CODE = (*POOL_CODE, "threading")

make = POOLS["standard"]
futures: list[Future[Any]] = []
refused: list[RuntimeError] = []


def say(*what: object) -> None:
    sys.stdout.write(" ".join(map(str, what)) + "\n")  # at once, as others say things
    sys.stdout.flush()


def submit(pool: Executor, call: Act = int) -> None:
    """Submit a call; it must run or be cancelled, unless it is refused."""
    try:
        futures.append(pool.submit(call))
    except RuntimeError as error:
        refused.append(error)


INNER: dict[str, Callable[[Executor], None]] = {
    "submit": submit,
    "drain": lambda pool: pool.shutdown(wait=False),
    "stop": lambda pool: pool.shutdown(wait=False, cancel_futures=True),
    "shutdown": lambda pool: pool.shutdown(),
}
OUTER: dict[str, Callable[[Executor], object]] = {
    **INNER,
    "statistics": lambda pool: pool.statistics(),  # type: ignore[attr-defined]  # ours
}


def finish(*pools: Executor, may_refuse: bool = False) -> None:
    """End pools, and see that everything has come to an end."""
    assert may_refuse or not refused, refused
    refused.clear()
    for pool in pools:
        pool.shutdown()
    while futures:
        with suppress(CancelledError):
            futures.pop().result(PATIENCE_SECONDS)
    left = [one for one in threading.enumerate() if one is not helper.thread]
    assert left == [threading.current_thread()], left


def at_line(number: int, modules: tuple[str, ...], act: Act, call: Act) -> bool:
    """Make a call, and `act` before the line of that number that is new in it.

    False: there are not so many lines of these modules in it.
    """
    lines: set[tuple[CodeType, int]] = set()
    acted = False

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal acted
        if not frame.f_globals.get("__name__", "").startswith(modules):
            return None
        if event == "line" and not acted:
            lines.add((frame.f_code, frame.f_lineno))
            if len(lines) == number:
                acted = True
                act()
        return trace

    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(None)
    return acted


class Helper:
    """A thread that is there already, for to start one takes locks."""

    def __init__(self) -> None:
        self._acts: SimpleQueue[Act] = SimpleQueue()
        self._done: SimpleQueue[object] = SimpleQueue()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def begin(self, act: Act) -> None:
        self._acts.put(act)

    def await_end(self) -> None:
        answer = self._done.get()
        if isinstance(answer, BaseException):
            raise answer

    def do(self, act: Act) -> None:
        """Let it do something while this thread stands still, holding what it holds."""
        self.begin(act)
        self.await_end()

    def _run(self) -> None:
        while True:
            self._done.put(ask(self._acts.get()))


helper = Helper()


class Garbage:
    """Does something when it is found to be garbage."""

    def __init__(self, act: Act, *, is_cycle: bool) -> None:
        self._act = act
        self._me = self if is_cycle else None

    def __del__(self) -> None:
        self._act()


def by_signal(act: Act) -> None:
    signal.signal(signal.SIGINT, lambda *_: act())
    signal.raise_signal(signal.SIGINT)


def by_collector(act: Act) -> None:
    Garbage(act, is_cycle=True)
    gc.collect(0)


WAYS: dict[str, Callable[[Act], None]] = {
    "signal": by_signal,
    "collector": by_collector,
    "thread": helper.do,
}


def every_line(*scans: str) -> None:
    """Let something come at each line of a call in turn: outer/inner/way/state."""
    some_lines("1", "1", *scans)


def some_lines(first: str, step: str, *scans: str) -> None:
    """Let something come at each `step`th line only, as that takes less time."""
    for scan in scans:
        say(scan)
        outer, inner, way, state = scan.split("/")
        number = int(first)
        while scan_line(number, outer, inner, way, is_busy=state == "busy"):
            number += int(step)
        assert number > LEAST_LINES, number


def scan_line(number: int, outer: str, inner: str, way: str, *, is_busy: bool) -> bool:
    """Let something come at the line of that number; False: the call has it not."""
    pool, held = make(), threading.Event()

    def come() -> None:
        if inner == "shutdown":  # nobody else would let the task go on
            held.set()
        INNER[inner](pool)

    if is_busy:
        submit(pool, held.wait)
        submit(pool)
    if outer == "shutdown":
        held.set()
    is_reached = at_line(
        number,
        POOL_CODE if way == "thread" else POOL_AND_THREAD_CODE,
        partial(WAYS[way], come),
        partial(OUTER[outer], pool),
    )
    held.set()
    finish(pool, may_refuse=not {outer, inner} <= {"submit", "statistics"})
    return is_reached


def two_pools(outer: str = "submit") -> None:
    """Let a finalizer at each line of a call submit to the other pool, both ways."""
    number = 1
    while meet_at_line(number, OUTER[outer]):
        number += 1
    assert number > LEAST_LINES, number


def meet_at_line(number: int, call: Callable[[Executor], object]) -> bool:
    """Let two threads come to that line, then go on; False if neither has it."""
    meeting = threading.Barrier(2)
    reached: list[bool] = []
    one, other = make(), make()

    def play(mine: Executor, others: Executor) -> None:
        def come() -> None:
            with suppress(threading.BrokenBarrierError):
                meeting.wait()
            Garbage(partial(submit, others), is_cycle=False)

        reached.append(at_line(number, POOL_CODE, come, partial(call, mine)))
        meeting.abort()  # the other one may have more lines

    helper.begin(partial(play, one, other))
    play(other, one)
    helper.await_end()
    finish(one, other)
    return any(reached)


def new_thread(inner: str) -> None:
    """Let the collector run in a new worker while who started it waits for it."""
    pool = make()
    acts: list[Act] = [lambda: INNER[inner](pool)]
    set_ident = threading.Thread._set_ident  # type: ignore[attr-defined]

    def begin(thread: threading.Thread) -> None:
        set_ident(thread)
        if acts:
            by_collector(acts.pop())

    threading.Thread._set_ident = begin  # type: ignore[attr-defined]
    submit(pool)
    finish(pool, may_refuse=inner != "submit")
    assert not acts


def refused_thread(number: str) -> None:
    """Let the system refuse the thread of that number."""
    name = "_start_new_thread"
    if sys.version_info >= (3, 13):
        name = "_start_joinable_thread"
    start, numbers = getattr(threading, name), count(1)

    def start_or_refuse(*args: object, **kwargs: object) -> object:
        if next(numbers) == int(number):
            raise RuntimeError("can't start new thread")
        return start(*args, **kwargs)

    setattr(threading, name, start_or_refuse)
    pool = make()
    try:
        pool.submit(say, "the refused call runs")
    except RuntimeError as error:
        say(type(error).__name__)
    pool.submit(say, "the next call runs").result(PATIENCE_SECONDS)
    finish(pool)


def cancelled(way: str, patience: str) -> None:
    """Cancel calls for which others wait."""
    pool, held = make(), threading.Event()
    pool.submit(held.wait)
    pool.submit(held.wait)
    waiting = [pool.submit(int) for _ in range(3)]
    seen: dict[str, int] = {}

    def complete() -> None:
        seen["as_completed"] = 0
        with suppress(TimeoutError):
            for _ in as_completed(waiting, float(patience)):
                seen["as_completed"] += 1

    def await_all() -> None:
        seen["wait"] = len(wait(waiting, float(patience)).done)

    threads = [threading.Thread(target=one) for one in (complete, await_all)]
    for thread in threads:
        thread.start()
    while any(len(getattr(one, "_waiters", ())) < 2 for one in waiting):
        threading.Event().wait(0.001)
    if way == "shutdown":
        pool.shutdown(wait=False, cancel_futures=True)
    else:
        say(*(future.cancel() for future in waiting))
    for thread in threads:
        thread.join()
    complete()
    for name in ("as_completed", "wait"):
        say(seen[name], name)
    held.set()
    finish(pool)


def left_at_exit() -> None:
    """Leave calls to the interpreter's exit."""
    pool, never = make(), threading.Event()
    pool.submit(never.wait, 0.1)
    pool.submit(never.wait, 0.1)
    for number in range(5):
        pool.submit(say, number)


SCENES: dict[str, Callable[..., None]] = {
    one.__name__: one
    for one in (
        *(every_line, some_lines, two_pools, new_thread),
        *(refused_thread, cancelled, left_at_exit),
    )
}


def main(seconds: str, kind: str, scene: str, *options: str) -> None:
    global make  # noqa: PLW0603 - chosen once, at the beginning
    make = POOLS[kind]
    faulthandler.dump_traceback_later(float(seconds), exit=True)
    gc.disable()
    try:
        SCENES[scene](*options)
    except Exception:  # noqa: BLE001 - told here, for the exit waits for what runs
        traceback.print_exc()
        os._exit(2)


if __name__ == "__main__":
    main(*sys.argv[1:])
