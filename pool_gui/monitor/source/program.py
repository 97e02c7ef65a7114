"""A program of somebody else's, run as it would run alone: its own terminal and end.

Standard library only. Any thread may call; one at a time.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from pool_gui.monitor.source.child import LaunchError

STARTUP: Final = Path(__file__).resolve().parents[2] / "agent" / "startup"
"""The folder whose `sitecustomize` loads the agent."""


class GuestProgram:
    """A program, from its start to its end."""

    def __init__(self, argv: Sequence[str]) -> None:
        """Prepare it.

        Args:
            argv: the command: a Python, or what starts one.
        """
        self.argv = tuple(argv)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, secrets: Mapping[str, str]) -> None:
        """Start it, so that its Python finds the agent first.

        Args:
            secrets: variables by which the agent finds the window.

        Raises:
            LaunchError: it cannot be started.
        """
        inherited = os.environ.get("PYTHONPATH", "")
        path = os.pathsep.join(filter(None, (str(STARTUP), inherited)))
        environment = {**os.environ, **secrets, "PYTHONPATH": path}
        try:
            self._process = subprocess.Popen(self.argv, env=environment)  # noqa: S603  # what a person asked for
        except (OSError, ValueError) as error:
            raise LaunchError(
                "launch-failed", program=self.argv[0], reason=str(error)
            ) from None

    @property
    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            raise RuntimeError("the program was not started")
        return self._process

    @property
    def begun(self) -> bool:
        """Whether it was started."""
        return self._process is not None

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._running.pid

    def exit_code(self) -> int | None:
        """Return its exit code (-N: ended by signal N), or None while it lives."""
        return self._running.poll()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for its end; return whether it has ended."""
        try:
            self._running.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self, patience_seconds: float) -> None:
        """Ask it to end, and after the patience make it: `--seconds` are over."""
        self._running.terminate()
        if not self.wait(patience_seconds):
            self._running.kill()
            self._running.wait()


def python_command(python: str | None, given: Sequence[str]) -> tuple[str, ...]:
    """Return the command for what stands behind `pool-gui run`.

    Args:
        python: the interpreter; None: this one.
        given: a script or `-m module` with arguments; or `--` and a whole command.
    """
    if given[0] == "--":
        return tuple(given[1:])
    return (python or sys.executable, *given)
