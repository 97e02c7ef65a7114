"""What CPython's own pool gets wrong, and ours must not: each shown with both.

Where ThreadPoolExecutor is seen to hang or to break a promise, a later CPython may have
mended it; then its half of the test says so by failing, and can go.
"""

import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from time import monotonic

import pytest
from pool_support import DEADLINE_SECONDS, Stall

from pool_gui.pool import ThreadPool

POOLS: dict[str, Callable[[int], Executor]] = {
    "ours": lambda count: ThreadPool(max_workers=count),
    "standard": ThreadPoolExecutor,
}
HANG_SECONDS = 1.5
"""After that long the standard pool counts as deadlocked."""

AT_EACH_LINE = """
import gc, signal, sys, threading
from concurrent.futures import ThreadPoolExecutor, wait
from pool_gui import ThreadPool

gc.freeze()  # what is there already is no garbage, and need not be looked through
make = {make}
act = {act}
files = ("concurrent/futures/thread.py", "pool_gui/pool/")


def at_line(number, pool, done):
    # Run `act` amid a submit, before the given line of the pool's own code.
    left = [number]

    def trace(frame, event, _):
        if not any(file in frame.f_code.co_filename for file in files):
            return None
        if event == "line":
            left[0] -= 1
            if not left[0]:
                sys.settrace(None)
                happen(lambda: done.append(act(pool)))
        return trace

    sys.settrace(trace)
    future = pool.submit(int)
    sys.settrace(None)
    return future, left[0] <= 0


def by_signal(call):
    signal.signal(signal.SIGTERM, lambda *_: call())
    signal.raise_signal(signal.SIGTERM)


def by_finalizer(call):
    class Garbage:
        def __del__(self):
            call()

    thing = Garbage()
    thing.itself = thing
    del thing
    gc.collect()


happen = by_{kind}
number, goes_on = 1, True
while goes_on:
    pool, done = make(), []
    try:
        future, goes_on = at_line(number, pool, done)
        futures = [future]
    except RuntimeError as error:  # `act` was quicker and shut it down
        assert "after shutdown" in str(error), error
        futures = []
    futures += [one for one in done if one is not None]
    pool.shutdown()
    assert all(one.done() for one in futures), (number, futures)
    number += 1
print("survived", number - 1)
"""

ACTS = {
    "submit": "lambda pool: pool.submit(int)",
    "shutdown": "lambda pool: pool.shutdown(wait=False)",
}


def begin_at_each_line(make: str, act: str, kind: str) -> subprocess.Popen[str]:
    script = AT_EACH_LINE.format(make=make, act=ACTS[act], kind=kind)
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said(program: subprocess.Popen[str], seconds: float) -> str:
    """Return what a program printed; "hangs" if it had to be killed."""
    with program:
        try:
            return program.communicate(timeout=seconds)[0]
        except subprocess.TimeoutExpired:
            program.kill()
            return "hangs"


CASES = [(act, kind) for act in ACTS for kind in ("signal", "finalizer")]


@pytest.mark.parametrize(("act", "kind"), CASES)
@pytest.mark.parametrize(
    "make",
    [
        "lambda: ThreadPool(1)",
        "lambda: ThreadPool(max_workers=2)",
        "lambda: ThreadPool(1, queue_limit=5)",
    ],
)
def test_a_submit_interrupted_at_any_line_deadlocks_with_nobody(
    make: str, act: str, kind: str
) -> None:
    """CPython's issues 121649 and 76757: the interruption uses the same pool."""
    answer = said(begin_at_each_line(make, act, kind), 50)
    assert answer.startswith("survived"), answer
    assert int(answer.split()[1]) >= 20, "many lines were tried"


def test_the_standard_pool_deadlocks_there() -> None:
    standard = "lambda: ThreadPoolExecutor(1)"
    programs = [begin_at_each_line(standard, *case) for case in CASES]
    deadline = monotonic() + HANG_SECONDS
    answers = [said(one, max(0.0, deadline - monotonic())) for one in programs]
    assert answers == ["hangs"] * len(CASES)


@pytest.mark.parametrize("name", POOLS)
def test_what_was_refused_for_want_of_a_thread_never_runs(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CPython's issue 17615: there submit raises, and yet the call is made later."""
    pool, ran = POOLS[name](1), list[str]()

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            pool.submit(ran.append, "refused")
    pool.submit(ran.append, "accepted").result(DEADLINE_SECONDS)
    pool.shutdown()
    assert ran == {"ours": ["accepted"], "standard": ["refused", "accepted"]}[name]


@pytest.mark.parametrize("name", POOLS)
def test_who_waits_for_what_a_shutdown_cancels_is_woken(name: str) -> None:
    """CPython's issue 109934: there `wait` hangs on futures that are cancelled."""
    pool, stall = POOLS[name](1), Stall()
    pool.submit(stall)
    stall.wait_entered()
    cancelled: Future[int] = pool.submit(int)
    pool.shutdown(wait=False, cancel_futures=True)
    assert cancelled.cancelled()
    done, _ = wait([cancelled], timeout=0.2 if name == "standard" else DEADLINE_SECONDS)
    stall.release.set()
    pool.shutdown()
    assert bool(done) is (name == "ours")
