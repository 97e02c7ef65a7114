"""What the command line asks of the window: frozen, checked, and free of Qt."""

from dataclasses import dataclass
from pathlib import Path

from pool_gui.monitor.source.program import GuestProgram
from pool_gui.wire.commands import Submit

LEAST_SIZE = (860, 560)
"""The window's least width and height, in logical pixels."""

THEMES = ("system", "light", "dark")


@dataclass(frozen=True, slots=True)
class WindowOptions:
    """How the window opens."""

    size: tuple[int, int] | None = None
    """Width and height in logical pixels; None: as remembered."""
    theme: str | None = None
    """One of THEMES; None: as remembered."""
    workers: int = 8
    """How many workers a pool is started with."""
    beside: tuple[int, ...] = ()
    """How many workers further pools have, each in a process of its own."""
    rules: Path | None = None
    """The file of thresholds and silenced rules; None: that of the settings."""
    program: GuestProgram | None = None
    """A program that is run and watched when the window opens."""
    recording: Path | None = None
    """A recording that is shown when the window opens."""
    load: Submit | None = None
    """The demo that runs already when the window opens; None: it opens empty."""


@dataclass(frozen=True, slots=True)
class SnapshotOptions:
    """A picture of the window, made without a screen."""

    window: WindowOptions
    seconds: float
    """How long the demo runs before the picture is taken."""
    picture: Path
    report: Path | None
