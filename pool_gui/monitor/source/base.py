"""What a source is: whatever sends frames, and what the session needs of it.

A kind of source is a `SourceKind`, whose `open` returns a `Peer`: a process that we
start ourselves (`process`), a program of somebody else's (`guest`), a recording
(`recorded`). Another is written without touching model or window.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pool_gui.monitor.log import LineSink
from pool_gui.monitor.recording.entries import Entry
from pool_gui.monitor.view.facts import Playback
from pool_gui.wire.commands import Command
from pool_gui.wire.notes import Note

Clock = Callable[[], int]
"""Nanoseconds, monotonic."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a peer ended."""

    note: Note
    """What is to be said of it."""
    exit_code: int | None
    """None when it is not known, or there is no process."""
    by_itself: bool
    """Whether it ended without the window's doing."""
    asked: bool = False
    """Whether the session was closed; else it was lost."""


class Peer(Protocol):
    """Who sends frames, from its beginning to its end. Session thread only.

    Nothing here waits, except `close`. Invariant: the first message is a Hello.
    """

    @property
    def pid(self) -> int | None:
        """The watched process's id; None where no process of this machine is."""

    @property
    def greeted(self) -> bool:
        """Whether it said hello, and so takes commands."""

    @property
    def ending(self) -> Ending | None:
        """How it ended; None while it lives."""

    @property
    def playback(self) -> Playback | None:
        """Where in a recording it is; None for what lives."""

    def age_ns(self, received_ns: int) -> int:
        """Return how long ago this was, in the source's own time."""

    def poll(self) -> Sequence[tuple[int, Entry]]:
        """Return what came, with the session's clock when it came."""

    def send(self, command: Command, pool: int = 0) -> bool:
        """Send a command for the pool with this id; return False if it cannot be."""

    def fail(self, why: Note) -> None:
        """End it: what it says does not fit."""

    def close(self, deadline_seconds: float) -> tuple[str, ...]:
        """End it; return the names of what did not finish in time."""


Open = Callable[[LineSink, Clock, Callable[[], None]], Peer]


@dataclass(frozen=True, slots=True)
class SourceKind:
    """A kind of source."""

    name: str
    """Such as 'demo'; the window has a word for it."""
    is_driven: bool
    """Whether it takes commands; else it is only watched."""
    open: Open
    """Begins one, given the log, the clock, and what to call from other threads when
    `poll` would bring something. Raises LaunchError."""
    at: "Callable[[Playing], SourceKind] | None" = None
    """Returns the same recording at another place; None for what lives."""


@dataclass(frozen=True, slots=True)
class Playing:
    """How a recording is to be played."""

    position_seconds: float | None
    """From its beginning; infinite: its end; None: where it is."""
    speed: float = 1.0
    is_playing: bool = False
