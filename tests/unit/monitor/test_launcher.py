import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from pool_gui.monitor.log import Log
from pool_gui.monitor.source.child import (
    ChildProcess,
    Launch,
    LaunchError,
    exit_note,
    pool_process,
)
from pool_gui.window.style.sentences import log_sentence, sentence


def child(code: str, secrets: dict[str, str] | None = None) -> tuple[ChildProcess, Log]:
    log = Log()
    launch = Launch((sys.executable, "-c", code), {"ADDED": "yes"})
    return ChildProcess(launch, secrets or {}, log), log


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "exited with code 0"),
        (3, "exited with code 3"),
        (-9, "was ended by signal 9 (SIGKILL)"),
        (-11, "was ended by signal 11 (SIGSEGV)"),
        (-199, "was ended by signal 199 (?)"),
    ],
)
def test_an_exit_is_put_in_words(code: int, words: str) -> None:
    told = sentence(exit_note("process", 47, code))
    assert told == f"The pool process (PID 47) {words}."


def test_a_program_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(LaunchError) as caught:
        ChildProcess(Launch(("/no/such/program",)), {}, Log())
    told = sentence(caught.value.why)
    assert told.startswith("The pool process cannot be started (/no/such/program: ")
    assert "\n" not in told


def test_the_child_gets_the_secrets_and_nobody_else_does() -> None:
    code = "import os; print(os.environ['KEY'], os.environ['ADDED'])"
    process, log = child(code, {"KEY": "abc"})
    assert process.wait(20)
    assert process.close_output() == ()
    assert [log_sentence(line) for line in log.lines()] == ["abc yes"]
    assert "KEY" not in os.environ


def test_a_child_that_ends_by_itself_is_reaped() -> None:
    process, _ = child("raise SystemExit(5)")
    assert process.end(60)
    assert process.exit_code() == 5
    assert process.close_output() == ()
    assert not psutil.pid_exists(process.pid)


def test_a_child_that_does_not_listen_is_killed_and_reaped() -> None:
    code = (
        "import signal, threading; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('deaf', flush=True); threading.Event().wait()"
    )
    process, log = child(code)
    while not log.lines():
        assert not process.wait(0.02)
    assert process.end(0.4)
    assert process.exit_code() == -signal.SIGKILL
    assert process.close_output() == ()
    assert not psutil.pid_exists(process.pid)


def test_a_grandchild_that_holds_the_pipes_holds_nobody_up() -> None:
    code = (
        "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', "
        "'import threading; threading.Event().wait()']).pid, flush=True)"
    )
    process, log = child(code)
    assert process.wait(20)
    try:
        assert process.close_output() == ()
    finally:
        os.kill(int(log_sentence(log.lines()[0])), signal.SIGKILL)


@pytest.mark.parametrize("inherited", ["", os.pathsep, f"{os.pathsep}/there"])
def test_an_empty_entry_of_the_path_lets_no_current_folder_in(
    monkeypatch: pytest.MonkeyPatch, inherited: str
) -> None:
    monkeypatch.setenv("PYTHONPATH", inherited)
    path = pool_process().environment["PYTHONPATH"]
    assert path == os.pathsep.join(filter(None, inherited.split(os.pathsep)))


def test_our_pool_process_takes_no_librarys_module_from_elsewhere(
    tmp_path: Path,
) -> None:
    """A `queue.py` in the current folder, or in site-packages, is none of its own."""
    launch = pool_process()
    assert launch.argv[:3] == (sys.executable, "-P", "-c")
    look = "import sys; print(*sys.path, sep=chr(10))"
    begin = launch.argv[3].partition("runpy.run_module")[0] + look
    argv = (*launch.argv[:3], begin, str(tmp_path))
    said = subprocess.run(  # our own
        argv, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    paths = said.stdout.splitlines()
    assert paths[-1] == str(tmp_path), "after the standard library and site-packages"
    assert len(paths) > 2
    assert "" not in paths
