"""A program of somebody else's as a source: watched, and never ended by the window.

Session thread only.
"""

from collections.abc import Callable, Mapping
from typing import Final

from pool_gui.monitor.log import LineSink
from pool_gui.monitor.source.base import Clock, Peer, SourceKind
from pool_gui.monitor.source.process import ProcessPeer
from pool_gui.monitor.source.program import GuestProgram

KIND: Final = "program"


class LeftAlone:
    """The program as a peer sees it: it is neither asked nor made to end."""

    def __init__(self, program: GuestProgram) -> None:
        self._program = program
        self.pid = program.pid
        self.exit_code = program.exit_code

    def terminate(self) -> None:
        """Leave it alone."""

    def kill(self) -> None:
        """Leave it alone."""

    def end(self, _patience_seconds: float) -> bool:
        """Leave it alone; nothing is unfinished by that."""
        return True

    def close_output(self) -> tuple[str, ...]:
        """Do nothing: it writes to its own terminal."""
        return ()


def watched(program: GuestProgram) -> SourceKind:
    """Return the kind of source that is this program."""

    def start(secrets: Mapping[str, str], _log: LineSink) -> LeftAlone:
        program.start(secrets)
        return LeftAlone(program)

    def open_peer(log: LineSink, clock: Clock, wake: Callable[[], None]) -> Peer:
        return ProcessPeer(start, log, clock, wake, is_guest=True)

    return SourceKind(KIND, is_driven=False, open=open_peer)
