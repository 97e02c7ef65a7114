"""All sources of a session, and the one in focus.

Session thread only, with the model's lock held by the session. Invariants: there is at
least one source, of which perhaps nothing has begun; keys are never used twice; a
source that was lost stays until it is removed.
"""

import itertools
from collections.abc import Callable
from typing import Final

from pool_gui.monitor.log import Log, TaggedLines
from pool_gui.monitor.model.program import Shared
from pool_gui.monitor.source.child import Launch
from pool_gui.monitor.view.maker import Watched
from pool_gui.monitor.view.snapshot import Viewport
from pool_gui.monitor.watcher import Watcher
from pool_gui.wire.commands import Command

_REMOVE_SECONDS: Final = 1.0
MAX_SOURCES: Final = 16


class Sources:
    """See the module."""

    def __init__(
        self,
        launch: Launch,
        log: Log,
        clock: Callable[[], int],
        wake: Callable[[], None],
    ) -> None:
        self._launch = launch
        self._log = log
        self._clock = clock
        self._wake = wake
        self._shared = Shared()
        self._keys = itertools.count(1)
        self._watchers: dict[int, Watcher] = {}
        self._numbers: dict[int, int] = {}
        self.focus = self._add()
        """The key of the source that requests without a key are for."""

    @property
    def focused(self) -> Watcher:
        """The source in focus."""
        return self._watchers[self.focus]

    def watched(self, viewport: Viewport) -> tuple[Watched, ...]:
        """Return all sources, each at this moment."""
        return tuple(
            Watched(key, self._numbers[key], watcher.history, watcher.moment(viewport))
            for key, watcher in self._watchers.items()
        )

    def add_demo(self, size: int) -> None:
        """Start a demo pool in a process of its own, and put it in focus."""
        if len(self._watchers) >= MAX_SOURCES:
            text = f"There are {MAX_SOURCES} sources already; remove one first."
            self._log.add("window", "warning", text)
            return
        if self.focused.has_begun:
            self.focus = self._add()
        self.focused.launch(size)

    def set_focus(self, key: int) -> None:
        """Put a source in focus, if it is there."""
        if key in self._watchers:
            self.focus = key

    def remove(self, key: int) -> None:
        """End a source's process if it lives, and forget what is known of it."""
        watcher = self._watchers.pop(key, None)
        if watcher is None:
            return
        for name in watcher.close(_REMOVE_SECONDS):
            self._log.add("window", "warning", f"The {name} did not end in time.")
        del self._numbers[key]
        if not self._watchers:
            self.focus = self._add()
        elif self.focus == key:
            self.focus = next(reversed(self._watchers))

    def send(self, command: Command, key: int = 0) -> None:
        """Send a command to a source; 0: the one in focus."""
        watcher = self._watchers.get(key or self.focus)
        if watcher is not None:
            watcher.send(command)

    def poll(self) -> bool:
        """Take in what came; return whether the window has something new to show."""
        came = [watcher.poll() for watcher in self._watchers.values()]
        return any(came)

    def any_active(self) -> bool:
        """Whether there is a process."""
        return any(watcher.active for watcher in self._watchers.values())

    def close(self, deadline_seconds: float) -> tuple[str, ...]:
        """End all processes; return the names of what did not finish."""
        share = deadline_seconds / len(self._watchers)
        return tuple(
            name for watcher in self._watchers.values() for name in watcher.close(share)
        )

    def _add(self) -> int:
        key = next(self._keys)
        # The least number that is free: people count what they see.
        number = next(n for n in itertools.count(1) if n not in self._numbers.values())
        self._numbers[key] = number
        log = self._log if number == 1 else TaggedLines(self._log, f"Demo {number}")
        self._watchers[key] = Watcher(
            self._launch, log, self._clock, self._wake, self._shared
        )
        return key
