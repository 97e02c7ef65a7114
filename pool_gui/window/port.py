"""What the window needs of a session: the interface between GUI and session thread.

All methods may be called from the GUI thread and return at once, except `close`, which
waits and is therefore called from a thread of its own.
"""

from collections.abc import Callable
from typing import Protocol

from pool_gui.monitor.view.snapshot import Snapshot, Viewport
from pool_gui.wire.commands import Command


class SessionPort(Protocol):
    """A session as the controller sees it."""

    def start(self) -> None:
        """Begin to work; `notify` may be called from now on."""

    def launch_pool(self, size: int) -> None:
        """Start a pool, and its process where there is none; 0: twice the cores."""

    def send(self, command: Command) -> None:
        """Send a command to the pool process."""

    def set_viewport(self, viewport: Viewport) -> None:
        """Say what the lanes show from now on."""

    def take(self) -> Snapshot:
        """Return the newest snapshot and allow the next wake-up."""

    def close(self, deadline_seconds: float = 3.0) -> tuple[str, ...]:
        """End the pool process; name what did not finish in time. Blocks."""


Notify = Callable[[], None]
"""Called by the session, in its own thread, when a snapshot is ready; at most one call
is in flight until `take`."""
