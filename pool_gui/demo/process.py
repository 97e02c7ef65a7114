"""The pool process as a process: how it begins, what it waits for, how it ends.

Main thread only. It ends when the window closes the link or dies, within a second, also
when tasks still run or hang. A second net on Linux: the kernel kills the process when
its parent ends, which helps where a task holds the GIL and no thread of ours can run.
"""

import ctypes
import faulthandler
import io
import os
import signal
import sys
import threading
from typing import Final, NoReturn

from pool_gui.agent import Agent
from pool_gui.demo import stderr as logs
from pool_gui.demo.service import Service
from pool_gui.wire.channel import Channel, connect
from pool_gui.wire.errors import WireError

EXIT_ENDED: Final = 0
"""The link was closed: it was asked to end."""

EXIT_FAILED: Final = 3
"""The agent failed; its traceback is on standard error."""

EXIT_BAD_START: Final = 2
"""It could not begin; one sentence on standard error says why."""

LEAVE_SECONDS: Final = 0.9
_AGENT_SECONDS: Final = 0.2
_PR_SET_PDEATHSIG: Final = 1

NICENESS: Final = 10
"""So much the pool process steps back behind the window. Beside 16 threads that count
primes on two cores, the window's event loop was late by 28 ms (p99) without it."""


def main() -> int:
    """Run the pool process; returns only when it could not begin."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the window to decide
    faulthandler.enable()
    _die_with_parent()
    _step_back()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")
    try:
        # A parent that died before it could be watched does not listen any more.
        channel = connect(os.environ)
        _serve(channel)
    except WireError as error:
        sys.stderr.write(f"pool_gui.demo: {error}\n")
        return EXIT_BAD_START


def _serve(channel: Channel) -> NoReturn:
    """Do what the window asks until it closes the link; then end the process."""
    handler = logs.install()
    ended = threading.Event()
    service = Service()
    agent = Agent(channel, service.handle, on_link_lost=ended.set)
    service.attach(agent)
    agent.start()
    ended.wait()
    code = EXIT_FAILED if agent.has_failed else EXIT_ENDED
    # Whatever hangs below, this ends the process.
    guard = threading.Timer(LEAVE_SECONDS, os._exit, (code,))
    guard.daemon = True
    guard.start()
    agent.stop(_AGENT_SECONDS)
    service.close()
    handler.flush()
    # Not sys.exit, which would wait for tasks that still run.
    os._exit(code)


def _step_back() -> None:
    """Let the window go first where there are not enough cores for both."""
    if sys.platform != "win32":
        os.nice(NICENESS)


def _die_with_parent() -> None:
    """Ask the kernel to kill this process when the thread that started it ends."""
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        reason = os.strerror(ctypes.get_errno())
        sys.stderr.write(f"pool_gui.demo: cannot follow the parent: {reason}\n")
