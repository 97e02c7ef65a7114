"""What becomes of pools when the interpreter exits; played by programs of their own."""

import atexit
import os
import shutil
import subprocess
import sys
import textwrap
import threading

import pytest
from program_support import STARTS_THREADS_AT_EXIT, run

from pool_gui.pool import shutdown

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
        "WorkerStartError: Pool 'demo' could not start worker 1 of 2 (no threads); "
        "use fewer workers."
    )


INTERRUPT_ONCE = """
import faulthandler, signal
faulthandler.dump_traceback_later(20, exit=True)
begun, main = threading.Event(), threading.main_thread()
def work():
    begun.set()
    while True:
        pause(1000)
def is_joining():
    frame = sys._current_frames()[main.ident]
    while frame is not None:
        if frame.f_code.co_name in {waits}:
            return True
        frame = frame.f_back
def interrupt():
    while not is_joining():
        pause(0.001)
    os.kill(os.getpid(), signal.SIGINT)
pool.submit(work)
pool.submit(say, "never")
begun.wait()
threading.Thread(target=interrupt, daemon=True).start()
"""


def other_python() -> str | None:
    """Return a Python 3.13 that is on PATH and runs, if there is one."""
    found = shutil.which("python3.13")
    if found and not subprocess.run([found, "-c", ""], capture_output=True).returncode:  # noqa: PLW1510 - told by its code
        return found
    return None


OTHER_PYTHON = other_python()
PYTHONS = pytest.mark.parametrize(
    "python",
    [
        sys.executable,
        pytest.param(
            OTHER_PYTHON,
            marks=pytest.mark.skipif(
                OTHER_PYTHON is None, reason="this machine has no other Python"
            ),
        ),
    ],
    ids=["this Python", "another"],
)


@PYTHONS
@HOOKS
def test_one_ctrl_c_is_enough_to_leave_at_exit(before_import: str, python: str) -> None:
    script = INTERRUPT_ONCE.format(waits='{"join"}')
    said, errors, code = run("pool.resize(1)" + script, before_import, python)
    assert (said, code) == ([], 0)
    assert errors.count("KeyboardInterrupt") == 1


@PYTHONS
def test_one_ctrl_c_is_enough_while_the_exit_waits_for_the_programs_threads(
    python: str,
) -> None:
    script = "pool.resize(1)" + INTERRUPT_ONCE.format(waits='{"_shutdown"}')
    script += "threading.Thread(target=pause, args=(1000,)).start()"
    said, errors, code = run(script, python=python)
    assert (said, code) == ([], 0)
    assert errors.count("KeyboardInterrupt") == 1


@pytest.mark.parametrize(
    "methods",
    [
        "__eq__ = lambda *_: True; __hash__ = lambda _: 1",
        "__eq__ = lambda *_: True",
        "__eq__ = __hash__ = lambda *_: 1 / 0",
        "__bool__ = __len__ = lambda _: 1 / 0",
    ],
    ids=["equal to each other", "unhashable", "raising", "without a truth"],
)
def test_pools_that_compare_as_they_like_do_not_disturb_the_exit(methods: str) -> None:
    script = f"""
        class Alike(ThreadPool):
            {methods}
        one, other, third, lost = (Alike(1) for _ in range(4))
        gate = threading.Event()
        for pool in (one, other, lost):
            pool.start()
            pool.put(Task(gate.wait))
        one.put(Task(say, "one"))
        other.put(Task(say, "other"))
        third.put(Task(say, "third"))
        lost.put(Task(say, "lost"))
        one.pause()
        del lost, pool
        gate.set()
        """
    said, errors, code = run(script)
    assert (sorted(said), errors, code) == (["lost", "one", "other", "third"], "", 0)


def test_without_an_early_hook_the_late_one_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed: list[object] = []

    def refuse(_: object) -> None:
        raise RuntimeError("can't register atexit after shutdown")

    monkeypatch.setattr(threading, "_register_atexit", refuse)
    monkeypatch.setattr(atexit, "register", installed.append)
    monkeypatch.setattr(os, "register_at_fork", lambda **_: None)
    pools = shutdown._install()
    assert installed == [pools.at_exit]
