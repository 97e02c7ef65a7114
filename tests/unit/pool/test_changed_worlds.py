"""The pool where others have changed what it stands on, before or after its import.

gevent replaces locks and threads, freezegun the clocks, and a subinterpreter has no
daemons.
"""

import datetime as dt
import queue
import sys
import textwrap
import threading
from collections.abc import Callable
from typing import Any

import pytest
from pool_support import DEADLINE_SECONDS, Stall
from program_support import run

from pool_gui.pool import (
    QueueFullError,
    Task,
    TaskExpiredError,
    ThreadPool,
    ThreadSafeQueue,
)

Wait = tuple[type[Exception], Callable[[], object]]
"""What a wait raises that is not over in time, and the wait."""


# --- gevent ---

UNDER_GEVENT = """
    import gevent.monkey
    gevent.monkey.patch_all()
    import concurrent.futures, gevent, time
    from pool_gui import TaskExpiredError
    calls = [pool.submit(pow, n, 2) for n in range(100)]
    assert [call.result(10) for call in calls] == [n**2 for n in range(100)]
    assert list(pool.map(abs, [-1, -2], timeout=10)) == [1, 2]
    opened = threading.Event()
    waiting = pool.submit(opened.wait, 10)
    gevent.spawn(opened.set)  # it runs while this greenlet waits
    assert waiting.result(10)
    assert not concurrent.futures.wait([pool.submit(time.sleep, 0)], 10).not_done
    assert pool.wait_idle(10)
    pool.pause()
    stale = pool.put(Task(say, "never").with_limits(queue_seconds=0.01))
    try:
        stale.result(10)
    except TaskExpiredError:
        say("expired")
    pool.resume()
    assert pool.join(10), pool
    assert pool.statistics().workers == 0
    with ThreadPool(max_workers=2, queue_limit=1, keep_alive_seconds=0.01) as other:
        calls = [other.submit(time.sleep, 0.001) for n in range(10)]
        assert [call.result(10) for call in calls] == [None] * 10
    say("joined")
    ThreadPool(1).submit(say, "at exit")
"""


def test_gevent_may_patch_the_world_before_the_pool_is_imported() -> None:
    pytest.importorskip("gevent")
    patch = "import gevent.monkey; gevent.monkey.patch_all()"
    said, errors, code = run(UNDER_GEVENT, patch)
    assert (said, code) == (["expired", "joined", "at", "exit"], 0), errors


def test_gevent_may_patch_the_world_after_the_pool_was_imported() -> None:
    pytest.importorskip("gevent")
    said, errors, code = run("import pool_gui.pool\n" + textwrap.dedent(UNDER_GEVENT))
    assert (said, code) == (["expired", "joined", "at", "exit"], 0), errors


# --- freezegun ---


def use_all_clocks() -> None:
    """Use everything of the pool that looks at a clock; hang where one stands still."""
    pool = ThreadPool(1, queue_limit=2)
    pool.start()
    opened = threading.Event()
    running = pool.submit(opened.wait, DEADLINE_SECONDS)
    waits: list[Wait] = [
        (TimeoutError, lambda: running.result(0.01)),
        (TimeoutError, lambda: running.exception(0.01)),
        (TimeoutError, lambda: list(pool.map(int, ["1"], timeout=0.01))),
        (queue.Empty, lambda: ThreadSafeQueue().pop(timeout=0.01)),
        (queue.Full, lambda: ThreadSafeQueue(1).batch_put("ab", timeout=0.01)),
    ]
    for error, wait in waits:
        with pytest.raises(error):
            wait()
    assert not pool.wait_idle(0.05)
    stale = pool.put(Task(int).with_limits(queue_seconds=0.01))
    with pytest.raises(TaskExpiredError):
        stale.result(DEADLINE_SECONDS)
    assert pool.purge() == 2  # it, and the call of the map that was given up
    pool.batch_put([Task(int).with_limits(queue_seconds=3600), Task(int)])
    with pytest.raises(QueueFullError):
        pool.put(Task(int), timeout_seconds=0.01)
    assert not pool.join(0.01)
    opened.set()
    assert running.result(DEADLINE_SECONDS)
    assert pool.join(DEADLINE_SECONDS)
    assert pool.statistics().done == 3

    growing = ThreadPool(max_workers=2, keep_alive_seconds=0.01)
    assert growing.submit(int).result(DEADLINE_SECONDS) == 0
    for worker in growing.workers():
        worker.join(DEADLINE_SECONDS)
        assert not worker.is_alive()
    task = growing.put(Task(int))
    assert task.result(DEADLINE_SECONDS) == 0
    assert 0 < task.queued_ns <= task.started_ns <= task.ended_ns
    assert growing.join(DEADLINE_SECONDS)


def test_nothing_hangs_while_freezegun_holds_the_clocks() -> None:
    freezegun: Any = pytest.importorskip("freezegun")
    with freezegun.freeze_time("2020-01-01"):
        use_all_clocks()


def test_nothing_hangs_while_freezegun_moves_the_clocks(stall: Stall) -> None:
    freezegun: Any = pytest.importorskip("freezegun")
    with freezegun.freeze_time("2020-01-01") as frozen, ThreadPool(1) as pool:
        pool.submit(stall)
        patient = pool.put(Task(int).with_limits(queue_seconds=60, run_seconds=60))
        frozen.tick(dt.timedelta(days=365))
        stall.release.set()
        assert patient.result(DEADLINE_SECONDS) == 0
        frozen.move_to("2001-01-01")
        assert pool.submit(int).result(DEADLINE_SECONDS) == 0
        assert pool.wait_idle(DEADLINE_SECONDS)


@pytest.mark.expects_log
def test_a_task_is_overdue_by_the_true_clock() -> None:
    freezegun: Any = pytest.importorskip("freezegun")
    with freezegun.freeze_time("2020-01-01"), ThreadPool(1) as pool:
        waiting = threading.Event().wait
        task = pool.put(Task(waiting, 0.05).with_limits(run_seconds=0.01))
        assert task.result(DEADLINE_SECONDS) is False
        assert pool.wait_idle(DEADLINE_SECONDS)
        assert pool.statistics().overdue == 1


def test_nothing_hangs_in_a_pool_that_was_imported_under_frozen_clocks() -> None:
    pytest.importorskip("freezegun")
    frozen = "import freezegun; freezegun.freeze_time('2020-01-01').start()"
    folders = [str(path) for path in sys.path]
    script = f"""
        sys.path[:] = {folders!r}
        import importlib.util
        spec = importlib.util.spec_from_file_location("libraries", {__file__!r})
        libraries = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(libraries)
        libraries.use_all_clocks()
        pool.submit(say, "ended")
    """
    assert run(script, frozen) == (["ended"], "", 0)


# --- subinterpreters ---

IN_SUBINTERPRETER = """
    try:
        import _interpreters as interpreters
    except ImportError:
        import _xxsubinterpreters as interpreters
    inside = interpreters.create()
    failure = interpreters.run_string(inside, {code!r})
    assert failure is None, failure
    interpreters.destroy(inside)
    say("destroyed")
    pool.submit(say, "outside")
"""

INSIDE = """
import sys
from pool_gui import Task, TaskExpiredError, ThreadPool
def say(what):
    sys.stdout.write(str(what) + chr(10))
    sys.stdout.flush()
with ThreadPool(2) as pool:
    assert pool.submit(pow, 2, 5).result(10) == 32
    assert list(pool.map(abs, [-1, -2], timeout=10)) == [1, 2]
    pool.pause()
    stale = pool.put(Task(say, "never").with_limits(queue_seconds=0.01))
    try:
        stale.result(10)
    except TaskExpiredError:
        say("expired")
    pool.resume()
grown = ThreadPool(max_workers=2)
assert [grown.submit(abs, -n).result(10) for n in range(9)] == list(range(9))
assert grown.join(10)
assert ThreadPool().submit(int).result(10) == 0
say("inside")
left = ThreadPool(1)
left.start()
for word in ("accepted", "runs"):
    left.submit(say, word)
"""


@pytest.mark.skipif(
    sys.version_info < (3, 12), reason="before, a subinterpreter has no threads"
)
@pytest.mark.parametrize("is_ended", [True, False])
def test_a_pool_works_in_a_subinterpreter_which_can_be_destroyed(
    *, is_ended: bool
) -> None:
    code = INSIDE + ("assert left.join(10)\n" if is_ended else "")
    said, errors, exit_code = run(IN_SUBINTERPRETER.format(code=code))
    assert said == ["expired", "inside", "accepted", "runs", "destroyed", "outside"]
    assert (errors, exit_code) == ("", 0)
