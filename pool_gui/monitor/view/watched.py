"""A source as the view sees it: its model, and what else is known at this moment.

Session thread only.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from pool_gui.monitor.findings.keeper import Finding
from pool_gui.monitor.marks import MarkBook
from pool_gui.monitor.model.program import History
from pool_gui.monitor.view.facts import (
    NO_SAMPLING,
    Link,
    LinkState,
    Playback,
    ProcessUse,
    RecordingRow,
    Sampling,
)
from pool_gui.monitor.view.viewport import Viewport

_LAG_NS: Final = 500_000_000
"""How long the lanes wait for a frame before they move on without one."""


Found = Callable[[int], tuple[Finding, ...]]
"""Returns the findings of the pool with this key."""


def nothing_found(_pool: int) -> tuple[Finding, ...]:
    """Find nothing."""
    return ()


@dataclass(frozen=True, slots=True)
class Moment:
    """What a snapshot shows besides the model."""

    clock_ns: int
    """The window's clock."""
    received_ns: int | None
    """When the newest frame of the process came; None when none has."""
    link: Link
    process: ProcessUse
    monitor: ProcessUse
    viewport: Viewport
    sampling: Sampling = NO_SAMPLING
    found: Found = nothing_found
    """What was found in a pool."""
    marks: MarkBook = field(default_factory=MarkBook)
    """What happened to pools."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A source at this moment."""

    key: int
    number: int
    """What people call it by."""
    history: History
    moment: Moment
    kind: str = "demo"
    """Which kind of source it is."""
    is_driven: bool = True
    """Whether it takes commands."""
    playback: Playback | None = None
    """Where it is, if it is a recording."""
    recording: RecordingRow | None = None
    """To which file it is recorded."""

    @property
    def now_ns(self) -> int:
        """The session's time: the newest frame's, or later when none comes."""
        history, moment = self.history, self.moment
        if moment.received_ns is None or moment.link.state not in {
            LinkState.LIVE,
            LinkState.SILENT,
        }:
            return history.now_ns
        late_ns = moment.clock_ns - moment.received_ns - _LAG_NS
        return history.now_ns + max(late_ns, 0)
