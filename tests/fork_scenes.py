"""Scenes with `os.fork`, to be played as those of deadlock_scenes are."""

import faulthandler
import os
import signal
import sys
import threading
import traceback
import warnings
from concurrent.futures import CancelledError, Future, as_completed, wait
from functools import partial
from typing import Any, NoReturn, cast

import deadlock_scenes as scenes
from future_support import InThread, ask, comers

from pool_gui.pool import Hooks, Task, ThreadPool, WhenFull

CHILD_SECONDS = 10

# Python 3.12 warns of forking while there are threads, which is what is tested.
warnings.simplefilter("ignore", DeprecationWarning)


def fork(check: scenes.Act, *, leaves_at_once: bool = True) -> None:
    """Check in a child, and see that it ends well."""
    # Its thread stays here, and a child that has one waits for it when it exits.
    faulthandler.cancel_dump_traceback_later()
    pid = os.fork()
    if pid:
        faulthandler.dump_traceback_later(2 * CHILD_SECONDS, exit=True)
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        return
    code = 1
    try:
        # If it hangs, let it say where, and be killed.
        faulthandler.register(signal.SIGALRM, chain=True)
        signal.alarm(CHILD_SECONDS)
        check()
        code = 0
    except BaseException:  # noqa: BLE001 - told here, for the child ends here
        traceback.print_exc()
    if leaves_at_once or code:
        os._exit(code)
    sys.exit(0)


def check_pools(old: ThreadPool) -> None:
    """See that a child has no use for its parent's pool, and can make its own."""
    old.queue_limit = 9
    assert isinstance(ask(old.submit, int), RuntimeError)
    old.shutdown()
    new = scenes.make()
    assert new.submit(len, "four").result() == 4
    new.shutdown()


def fail() -> NoReturn:
    raise ValueError


def every_state(leaving: str) -> None:
    """Fork while futures are in every state, and are waited for in every way."""
    pool, held, begun = scenes.make(), threading.Event(), threading.Event()
    done, failed = pool.submit(int), pool.submit(fail)
    wait([done])
    wait([failed])

    def stay() -> bool:
        begun.set()
        return held.wait()

    running = pool.submit(stay)
    begun.wait()
    pool.submit(held.wait)  # in a pool that grows it runs as well
    waiting = [pool.submit(int) for _ in range(4)]
    called: list[object] = []
    waiting[1].add_done_callback(called.append)
    threads = [
        InThread(running.result),
        InThread(waiting[2].result),
        InThread(wait, waiting),
        InThread(lambda: list(as_completed(waiting))),
    ]
    while comers(running) < 1 or [comers(one) for one in waiting] != [2, 2, 3, 2]:
        threading.Event().wait(0.001)

    def check() -> None:
        assert done.result() == 0
        assert isinstance(failed.exception(), ValueError)
        lost: list[Future[Any]] = [running, *waiting]
        for future in lost:
            assert future.cancelled()
            assert isinstance(ask(future.result), CancelledError)
            assert not called
        assert wait(lost).done == set(lost)
        assert set(as_completed(lost)) == set(lost)
        check_pools(cast("ThreadPool", pool))

    fork(check, leaves_at_once=leaving == "at once")
    held.set()
    for thread in threads:
        assert not isinstance(thread.answer(), BaseException)
    assert called == [waiting[1]]
    assert running.result()
    scenes.finish(pool)
    scenes.say("parent and child ended")


def every_line(step: str, *calls: str) -> None:
    """Fork while another thread stands at a line of a call, at each `step`th."""
    for call in calls:
        number = 1
        while fork_at_line(number, call):
            number += int(step)
        assert number > scenes.LEAST_LINES
        scenes.say(call)


def cancel() -> None:
    future = scenes.futures[-1]
    future.add_done_callback(hash)
    assert future.cancel()


def fork_at_line(number: int, call: str) -> bool:
    """Fork while this thread stands at that line; False: the call has it not."""
    pool, held = scenes.make(), threading.Event()
    if call != "submit":
        scenes.submit(pool, held.wait)
        scenes.submit(pool)

    def check() -> None:
        for future in scenes.futures:
            assert future.done()
            ask(future.result)
        check_pools(cast("ThreadPool", pool))

    is_reached = scenes.at_line(
        number,
        scenes.POOL_CODE,
        partial(scenes.helper.do, partial(fork, check)),
        cancel if call == "cancel" else partial(scenes.OUTER[call], pool),
    )
    held.set()
    scenes.finish(pool, may_refuse=True)
    return is_reached


def beside(where: str) -> None:
    """Fork while a task is in a hook, or runs in the thread that put it."""
    begun, held = threading.Event(), threading.Event()

    def stay(*_: object) -> None:
        begun.set()
        held.wait()

    if where == "hook":
        pool = ThreadPool(1, hooks=Hooks(before_task=stay))
        future = pool.submit(int)
    else:
        pool = ThreadPool(
            1, queue_limit=1, when_full=WhenFull.RUN_IN_CALLER, name="caller"
        )
        pool.start()
        pool.pause()
        pool.submit(int)
        task = Task(stay)
        future = task.future
        scenes.helper.begin(partial(pool.put, task))
    begun.wait()

    def check() -> None:
        assert future.done()

    try:
        fork(check)
    finally:
        held.set()
    if where != "hook":
        scenes.helper.await_end()
    scenes.finish(pool)
    scenes.say("parent and child ended")


scenes.SCENES = {one.__name__: one for one in (every_state, every_line, beside)}

if __name__ == "__main__":
    scenes.main(*sys.argv[1:])
