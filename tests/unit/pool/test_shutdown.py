import atexit
import os
import subprocess
import sys
import textwrap
import threading

import pytest
from pool_support import DEADLINE_SECONDS, MakePool, Stall

from pool_gui.pool import PoolState, Task, lifetime

PRELUDE = """
import atexit, logging, os, sys, threading
{before_import}
from pool_gui import Task, ThreadPool
pause = threading.Event().wait
def say(what):
    pause(0.05)
    sys.stdout.write(str(what) + chr(10))
    sys.stdout.flush()
pool = ThreadPool(2, name="demo")
"""


def run(script: str, before_import: str = "") -> tuple[list[str], str, int]:
    """Run a program; return the lines it printed, its errors and its exit code."""
    prelude = PRELUDE.format(before_import=before_import)
    ran = subprocess.run(
        [sys.executable, "-X", "dev", "-c", prelude + textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ran.stdout.split(), ran.stderr, ran.returncode


STARTS_THREADS_AT_EXIT = pytest.mark.skipif(
    (3, 12, 0) <= sys.version_info < (3, 12, 2),
    reason="these versions start no thread once the main thread has ended: gh-113964",
)
LATE_HOOK_ONLY = "import concurrent.futures.thread; del threading._register_atexit"
HOOKS = pytest.mark.parametrize(
    "before_import", ["", LATE_HOOK_ONLY], ids=["both hooks", "atexit alone"]
)


@HOOKS
def test_accepted_tasks_run_before_the_interpreter_exits(before_import: str) -> None:
    said, errors, code = run(
        """
        pool.start()
        pool.batch_put(Task(say, n) for n in range(5))
        """,
        before_import,
    )
    assert (sorted(said), errors, code) == (["0", "1", "2", "3", "4"], "", 0)


@HOOKS
def test_an_idle_pool_does_not_delay_the_exit(before_import: str) -> None:
    assert run("pool.start()", before_import) == ([], "", 0)


@HOOKS
def test_a_paused_pool_runs_its_tasks_at_exit(before_import: str) -> None:
    script = "pool.start(); pool.pause(); pool.put(Task(say, 1))"
    assert run(script, before_import) == (["1"], "", 0)


@STARTS_THREADS_AT_EXIT
@pytest.mark.parametrize(
    "size", ["", "pool.start(); [w.join(5) for w in pool.dismiss(2)]"]
)
def test_a_pool_without_workers_runs_its_tasks_at_exit(size: str) -> None:
    assert run(f"{size}\npool.put(Task(say, 1))") == (["1"], "", 0)


def test_tasks_of_a_lost_pool_run_before_the_interpreter_exits() -> None:
    script = "pool.start(); pool.batch_put(Task(say, n) for n in (1, 1)); del pool"
    assert run(script) == (["1", "1"], "", 0)


def test_running_tasks_of_a_stopped_pool_finish_before_the_interpreter_exits() -> None:
    script = """
        begun = threading.Event()
        def work():
            begun.set()
            say("done")
        pool.start()
        pool.batch_put([Task(work)])
        begun.wait()
        pool.stop()
        """
    assert run(script) == (["done"], "", 0)


def test_other_threads_may_put_tasks_after_the_main_thread_has_ended() -> None:
    """CPython's executor refuses them: cpython#148280."""
    script = """
        def go_on():
            threading.main_thread().join()
            pause(0.1)
            for n in range(3):
                pool.put(Task(say, n))
        pool.start()
        threading.Thread(target=go_on).start()
        """
    said, errors, code = run(script)
    assert (sorted(said), errors, code) == (["0", "1", "2"], "", 0)


@STARTS_THREADS_AT_EXIT
def test_a_task_may_start_a_thread_at_exit() -> None:
    script = """
        def work():
            pause(0.1)
            thread = threading.Thread(target=say, args=("thread",))
            thread.start()
            thread.join()
        pool.start()
        pool.put(Task(work))
        """
    assert run(script) == (["thread"], "", 0)


def test_a_put_after_the_exit_is_refused() -> None:
    script = """
        pool.start()
        """
    before_import = textwrap.dedent(
        """
        def late():
            try:
                pool.put(Task(say, "ran"))
            except RuntimeError as error:
                print("refused", flush=True)
        atexit.register(late)
        """
    )
    assert run(script, before_import) == (["refused"], "", 0)


def test_tasks_that_put_tasks_do_not_keep_the_interpreter_from_exiting() -> None:
    script = """
        def again():
            try:
                pool.put(Task(again))
            except RuntimeError:
                print("refused", flush=True)
        pool.start()
        pool.put(Task(again))
        """
    assert run(script) == (["refused"], "", 0)


def test_a_pool_that_cannot_serve_its_tasks_at_exit_says_so() -> None:
    script = """
        def refuse(self):
            raise RuntimeError("no threads")
        pool.put(Task(say, 1))
        threading.Thread.start = refuse
        """
    said, errors, _ = run(script)
    assert said == []
    (line,) = errors.splitlines()
    assert line == (
        "At exit, <ThreadPool 'demo' new, 2 workers, 1 queued> cannot run its tasks: "
        "Pool 'demo' could not start worker 1 of 2 (no threads); use fewer workers."
    )


@STARTS_THREADS_AT_EXIT
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
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
        print(pool.counts().done, flush=True)
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
    crew = pool._crew
    (worker,) = pool.workers()
    held = threading.Event()
    over = threading.Event()

    def hold() -> None:
        with crew.lock:
            held.set()
            over.wait(DEADLINE_SECONDS)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(DEADLINE_SECONDS)
    pool.forget_threads()
    assert pool.state is PoolState.STOPPED
    assert pool.workers() == ()
    assert pool.counts().cancelled == 1
    over.set()
    thread.join(DEADLINE_SECONDS)
    stall.release.set()
    worker.join(DEADLINE_SECONDS)
    assert not worker.is_alive()


def test_without_an_early_hook_the_late_one_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed: list[object] = []

    def refuse(_: object) -> None:
        raise RuntimeError("can't register atexit after shutdown")

    monkeypatch.setattr(threading, "_register_atexit", refuse)
    monkeypatch.setattr(atexit, "register", installed.append)
    monkeypatch.setattr(os, "register_at_fork", lambda **_: None)
    lifetime._install()
    assert installed == [lifetime.at_exit]
