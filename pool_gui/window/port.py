"""What the window needs of a session: the interface between GUI and session thread.

All methods may be called from the GUI thread and return at once, except `close`, which
waits and is therefore called from a thread of its own.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from pool_gui.monitor.findings.judgements import Judgements
from pool_gui.monitor.source.base import Playing, SourceKind
from pool_gui.monitor.view.snapshot import Scope, Snapshot
from pool_gui.monitor.view.viewport import Viewport
from pool_gui.wire.commands import Command


class SessionPort(Protocol):
    """A session as the controller sees it."""

    def start(self) -> None:
        """Begin to work; `notify` may be called from now on."""

    def launch_pool(
        self, size: int, first: Sequence[Command] = (), source: int = 0
    ) -> None:
        """Start a pool, and its process where there is none; 0: twice the cores.

        `first` are commands for it; so they are in the two below.
        """

    def restart(self, size: int, source: int) -> None:
        """Start a source's process anew, with the load that ran; the history stays."""

    def add_demo(self, size: int, first: Sequence[Command] = ()) -> None:
        """Start a demo pool in a process of its own, and put it in scope."""

    def add_pool(self, size: int, first: Sequence[Command] = ()) -> None:
        """Start a pool beside those of the source in scope, and put it in scope."""

    def set_scope(self, scope: Scope) -> None:
        """Let all but the lanes speak of this, and commands be for it."""

    def remove(self, source: int) -> None:
        """End a source's process if it lives, and forget what is known of it."""

    def add_source(self, kind: SourceKind) -> None:
        """Begin a source of any kind, and put it in scope."""

    def record(self, source: int, path: Path) -> None:
        """Record a source to this file from now on; the log says what became of it."""

    def end_recording(self, source: int) -> None:
        """Record a source no more."""

    def play(self, source: int, playing: Playing) -> None:
        """Play a recording in another way, or from another place."""

    def judge(self, judgements: Judgements) -> None:
        """Let other thresholds count, and rules be silenced."""

    def send(self, command: Command, scope: Scope | None = None) -> None:
        """Send a command to the pools of a scope; None: what is in scope."""

    def set_viewport(self, viewport: Viewport) -> None:
        """Say what the lanes show from now on."""

    def take(self) -> Snapshot:
        """Return the newest snapshot and allow the next wake-up."""

    def close(self, deadline_seconds: float = 3.0) -> tuple[str, ...]:
        """End the pool process; name what did not finish in time. Blocks."""


Notify = Callable[[], None]
"""Called by the session, in its own thread, when a snapshot is ready; at most one call
is in flight until `take`."""
