"""The harness: a test that leaves something behind fails, and says what and whose.

Every test runs in a private place (temp folder, settings, offscreen platform) and is
held to leave no thread, no child process, no `pool-gui-*` folder and no warning of
pool_gui's loggers. It imports no Qt itself: the unit tests are to run without it.
"""

import logging
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import hypothesis
import psutil
import pytest

Kind = TypeVar("Kind")

SETTLE_SECONDS = 10.0
"""How long what a test started may take to end after the test has.

Long, for the machine may be loaded; a test that leaves nothing waits for nothing.
"""

_ORIGINAL_TEMP = tempfile.gettempdir()
# Short, for a socket's path may have 108 bytes at most.
_PLACE = Path(tempfile.mkdtemp(prefix="t-"))
_STARTERS: dict[int, str] = {}
"""Who started each thread, by the thread's identity; kept while a test runs."""


def pytest_configure() -> None:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", _ORIGINAL_TEMP)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    tempfile.tempdir = os.environ["TMPDIR"] = str(_PLACE)
    for name in ("CONFIG", "CACHE", "DATA", "STATE"):
        os.environ[f"XDG_{name}_HOME"] = str(_PLACE / name.lower())
    runtime = _PLACE / "run"
    runtime.mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    for name, repeatable in (("here", False), ("ci", True)):
        hypothesis.settings.register_profile(
            name, deadline=None, derandomize=repeatable, print_blob=True
        )
    hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_sessionstart() -> None:
    core = sys.modules.get("PySide6.QtCore")
    if core is not None and not sys.platform.startswith("linux"):
        # Linux follows the XDG variables above; here Qt has a switch instead.
        core.QStandardPaths.setTestModeEnabled(True)


def pytest_unconfigure() -> None:
    shutil.rmtree(_PLACE, ignore_errors=True)


@pytest.fixture(autouse=True)
def _platform(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test that is marked `screen` start programs on the screen it names."""
    if request.node.get_closest_marker("screen"):
        monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)


@pytest.fixture(autouse=True)
def _nothing_is_left(_remember_who_starts_threads: None) -> Iterator[None]:
    """Fail the test that leaves threads, child processes or temp folders."""
    threads, children, folders = _threads(), _children(), _folders()
    yield
    left = [
        *_left(lambda: _threads() - threads, _describe_thread),
        *_left(lambda: _children() - children, _describe_process),
        *_left(lambda: _folders() - folders, lambda one: f"folder {one}"),
    ]
    _STARTERS.clear()
    if left:
        pytest.fail("the test left behind: " + "; ".join(left), pytrace=False)


@pytest.fixture(autouse=True)
def _no_unexpected_log(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail the test in which pool_gui logs a warning that was not expected."""
    watcher = _Watcher(logging.WARNING)
    logger = logging.getLogger("pool_gui")
    logger.addHandler(watcher)
    yield
    logger.removeHandler(watcher)
    if watcher.lines and not request.node.get_closest_marker("expects_log"):
        pytest.fail(
            "pool_gui logged (mark the test expects_log if it should): "
            + "; ".join(watcher.lines[:5]),
            pytrace=False,
        )


@pytest.fixture(scope="session")
def _remember_who_starts_threads() -> Iterator[None]:
    start = threading.Thread.start

    def recorded_start(thread: threading.Thread) -> None:
        caller = sys._getframe(1)
        _STARTERS[id(thread)] = f"{caller.f_code.co_filename}:{caller.f_lineno}"
        start(thread)

    patch = pytest.MonkeyPatch()
    patch.setattr(threading.Thread, "start", recorded_start)
    yield
    patch.undo()


class _Watcher(logging.Handler):
    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name}: {record.getMessage()}")


def _left(find: Callable[[], set[Kind]], describe: Callable[[Kind], str]) -> list[str]:
    """Wait for what is new to go away; return what has not by the deadline."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while (new := find()) and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    return [describe(one) for one in new]


def _threads() -> set[threading.Thread]:
    """Return the threads that Python started (Qt's own show up as dummies)."""
    return {
        thread
        for thread in threading.enumerate()
        if not isinstance(thread, threading._DummyThread)
    }


def _describe_thread(thread: threading.Thread) -> str:
    starter = _STARTERS.get(id(thread), "somebody")
    return f"thread {thread.name!r}, started by {starter}"


def _children() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


def _describe_process(process: psutil.Process) -> str:
    try:
        return f"process {process.pid} ({process.status()}): {process.cmdline()}"
    except psutil.Error:
        return f"process {process.pid}"


def _folders() -> set[Path]:
    return set(_PLACE.glob("pool-gui-*"))
