"""Starts the watched process, reads its output, and ends it for certain.

Session thread only: on Linux the child asks to be killed when the *thread* that started
it ends, so that thread must live as long as the child. Invariants: a child that has
ended is reaped; nothing waits without a deadline.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pool_gui.monitor.log import LineSink
from pool_gui.monitor.source.output import OutputReader
from pool_gui.wire.notes import Note, Value, note

_OUTPUT_SECONDS: Final = 0.3


class LaunchError(Exception):
    """A source could not be begun; `why` is for the window."""

    def __init__(self, code: str, /, **values: Value) -> None:
        super().__init__(code, values)
        self.why = note(code, **values)


@dataclass(frozen=True, slots=True)
class Launch:
    """A program that contains an agent, and how to start it."""

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to the window's own."""


_BEGIN: Final = (
    "import runpy, sys; found_at = sys.argv.pop(1); "
    "found_at in sys.path or sys.path.append(found_at); "
    "runpy.run_module('pool_gui.demo', run_name='__main__', alter_sys=True)"
)


def pool_process() -> Launch:
    """Return how our own pool process is started."""
    found_at = str(Path(__file__).resolve().parents[3])
    # -P, and no empty entry, which means the current folder: a file of that must not
    # stand in for a library's module. For the same reason the folder that holds
    # pool_gui, which may be site-packages, comes last; nor do children inherit it.
    argv = (sys.executable, "-P", "-c", _BEGIN, found_at)
    inherited = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return Launch(argv, {"PYTHONPATH": os.pathsep.join(filter(None, inherited))})


def exit_note(kind: str, pid: int, code: int) -> Note:
    """Return how a process ended.

    Args:
        kind: 'process', 'asked' (it was asked to end) or 'early' (before it was
            connected).
        pid: its id.
        code: as `subprocess` tells it: negative for a signal.
    """
    if code >= 0:
        return note(f"{kind}-exited", pid=pid, code=code)
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = "?"
    return note(f"{kind}-signalled", pid=pid, signal=-code, name=name)


def _creation_flags() -> int:
    if sys.platform == "win32":
        return subprocess.CREATE_NO_WINDOW
    return 0


class ChildProcess:
    """A started process."""

    def __init__(
        self, launch: Launch, secrets: Mapping[str, str], log: LineSink
    ) -> None:
        """Start it.

        Args:
            launch: what to start.
            secrets: variables for the child alone.
            log: where its output goes.

        Raises:
            LaunchError: it cannot be started.
        """
        environment = {**os.environ, **launch.environment, **secrets}
        try:
            self._process = subprocess.Popen(  # noqa: S603  # argv is the window's own
                launch.argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                creationflags=_creation_flags(),
            )
        except (OSError, ValueError) as error:
            raise LaunchError(
                "launch-failed", program=launch.argv[0], reason=str(error)
            ) from None
        self._readers: list[OutputReader] = []
        try:
            for stream, source in (
                (self._process.stdout, "stdout"),
                (self._process.stderr, "stderr"),
            ):
                if stream is not None:
                    self._readers.append(OutputReader(stream, source, log))
        except OSError as error:
            self._give_up()
            raise LaunchError(
                "launch-failed", program=launch.argv[0], reason=str(error)
            ) from None

    def _give_up(self) -> None:
        """End a process whose output cannot be read: it would come to a standstill."""
        self._process.kill()
        self._process.wait()
        self.close_output()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """Return its exit code (-N: ended by signal N), or None while it lives."""
        return self._process.poll()

    def wait(self, seconds: float) -> bool:
        """Wait for its end; return whether it has ended."""
        try:
            self._process.wait(max(seconds, 0))
        except subprocess.TimeoutExpired:
            return False
        return True

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def kill(self) -> None:
        """End it."""
        self._process.kill()

    def end(self, patience_seconds: float) -> bool:
        """Wait for half the patience, then ask, then kill, a quarter each.

        Returns:
            Whether it has ended.
        """
        if self.wait(patience_seconds / 2):
            return True
        self.terminate()
        if self.wait(patience_seconds / 4):
            return True
        self.kill()
        return self.wait(patience_seconds / 4)

    def close_output(self) -> tuple[str, ...]:
        """Let the readers come to their end; return the names of those that did not."""
        names = ("stdout reader", "stderr reader")
        return tuple(
            name
            for name, reader in zip(names, self._readers, strict=False)
            if not reader.stop(_OUTPUT_SECONDS)
        )
