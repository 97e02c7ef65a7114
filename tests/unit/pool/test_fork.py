"""`os.fork` in a program that has a pool; what may hang is played by fork_scenes."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import fork_scenes
import pytest
from pool_support import DEADLINE_SECONDS, MakePool, Stall
from program_support import STARTS_THREADS_AT_EXIT, run

import pool_gui
from pool_gui.pool import PoolState, Task
from pool_gui.pool.forking import forget_threads

pytestmark = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="this system cannot fork"
)
OURS = pytest.mark.parametrize("kind", ["fixed", "elastic", "bounded"])


def play(kind: str, *scene: str) -> list[str]:
    """Return the lines that a scene says, and what goes wrong in it."""
    root = str(Path(pool_gui.__file__).parents[1])
    ran = subprocess.run(
        [sys.executable, fork_scenes.__file__, "30", kind, *scene],
        env=os.environ | {"PYTHONPATH": root},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return (ran.stdout + ran.stderr).splitlines()


@OURS
@pytest.mark.parametrize("leaving", ["at once", "at exit"])
def test_a_childs_futures_are_cancelled_and_its_new_pools_work(
    kind: str, leaving: str
) -> None:
    assert play(kind, "every_state", leaving) == ["parent and child ended"]


@pytest.mark.parametrize(
    ("kind", "step"), [("fixed", 11), ("elastic", 13), ("bounded", 17)]
)
def test_a_child_may_be_forked_while_others_stand_at_whatever_line(
    kind: str, step: int
) -> None:
    """Each kind of pool at other lines, for forks take their time."""
    calls = ["submit", "drain", "stop", "statistics"]
    assert play(kind, "every_line", str(step), *calls) == calls


def test_a_child_may_be_forked_while_another_cancels_a_call() -> None:
    assert play("fixed", "every_line", "2", "cancel") == ["cancel"]


@pytest.mark.parametrize("where", ["hook", "caller"])
def test_a_task_that_is_neither_queued_nor_running_is_cancelled_too(where: str) -> None:
    assert play("fixed", "beside", where) == ["parent and child ended"]


@STARTS_THREADS_AT_EXIT
def test_a_forked_child_ends_and_refuses_tasks_while_the_parent_goes_on() -> None:
    script = """
        import warnings
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads
        pool.start()
        queued = ThreadPool(1, name="queued")
        queued.put(Task(say, "parent"))
        begun, held = threading.Event(), threading.Event()
        pool.put(Task(lambda: begun.set() or held.wait()))
        begun.wait()
        child = os.fork()
        if child == 0:
            try:
                pool.put(Task(say, "child"))
            except RuntimeError:
                print("refused", pool.state.value, queued.state.value, flush=True)
            print(pool.join(5), pool.wait_idle(5), len(pool.workers()), flush=True)
            new = ThreadPool(1)
            new.start()
            new.put(Task(say, "new"))
            sys.exit(7)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
        held.set()
        pool.put(Task(say, "parent"))
        """
    said, errors, code = run(script)
    assert said == [
        *("refused", "stopped", "stopped"),
        *("True", "True", "0", "new", "7", "parent", "parent"),
    ]
    assert (errors, code) == ("", 0)


def test_a_task_may_fork() -> None:
    script = """
        import warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        def fork():
            child = os.fork()
            if child:
                _, status = os.waitpid(child, 0)
                print("child", os.waitstatus_to_exitcode(status), flush=True)
        pool.start()
        pool.put(Task(fork))
        pool.join()
        print(pool.statistics().done, flush=True)
        """
    said, errors, code = run(script)
    assert said == ["child", "0", "1"]
    assert (errors, code) == ("", 0)


def test_a_forked_childs_pools_are_stopped_and_the_locks_are_new(
    make_pool: MakePool, stall: Stall
) -> None:
    """Without a fork: what the child's hook does to a pool in use."""
    pool = make_pool(1)
    pool.put(Task(stall))
    stall.wait_entered()
    pool.put(Task(int))
    (worker,) = pool.workers()
    held = threading.Event()
    over = threading.Event()

    def hold() -> None:
        with pool._core.life.lock:
            held.set()
            over.wait(DEADLINE_SECONDS)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(DEADLINE_SECONDS)
    forget_threads(pool._core)
    assert pool.state is PoolState.STOPPED
    assert pool.workers() == ()
    assert pool.statistics().cancelled == 1
    over.set()
    thread.join(DEADLINE_SECONDS)
    stall.release.set()
    worker.join(DEADLINE_SECONDS)
    assert not worker.is_alive()
