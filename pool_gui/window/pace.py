"""How often a view is brought up to date: when a pixel or digit of it would change.

GUI thread only. What comes too soon waits, and the newest of it is shown when it is
due: nothing is lost. What a person did, and what changes what is spoken of, is shown at
once.
"""

from typing import Final

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal, Slot

from pool_gui.monitor.view.snapshot import Lanes, Snapshot

DIGITS_MS: Final = 250
"""Figures that change more often than four times a second cannot be read."""

CHARTS_MS: Final = 330
"""A chart of a minute over some 170 pixels moves by one three times a second."""

_TOGETHER_MS: Final = 120
"""Longer than between two snapshots at the usual rate."""

LEAST_LANES_MS: Final = 33
MOST_LANES_MS: Final = 400


class Pace(QObject):
    """Hands snapshots on, no more often than its interval."""

    due = Signal(object)
    """Snapshot: the newest one, when it is time to show it."""

    def __init__(self, interval_ms: int, parent: QObject) -> None:
        super().__init__(parent)
        self.interval_ms = interval_ms
        self._last: Snapshot | None = None
        self._waiting: Snapshot | None = None
        self._since = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.flush)

    @Slot(object)
    def offer(self, snapshot: Snapshot) -> None:
        """Take a snapshot: hand it on now, or when its time has come."""
        self._waiting = snapshot
        left = self.interval_ms - self._since.elapsed()
        if self._is_urgent(snapshot) or left <= 0:
            self._hand_on()
        elif not self._timer.isActive():
            # Most wait for the next snapshot that comes in time instead: all views that
            # are due with it are then painted in one go, and sent to the screen once.
            self._timer.start(left + _TOGETHER_MS)

    @Slot()
    def flush(self) -> None:
        """Hand on now what waits."""
        if self._waiting is not None:
            self._hand_on()

    def _hand_on(self) -> None:
        snapshot, self._waiting = self._waiting, None
        self._last = snapshot
        self._timer.stop()
        self._since.start()
        self.due.emit(snapshot)

    def _is_urgent(self, snapshot: Snapshot) -> bool:
        """Return whether it speaks of something else than the last one."""
        last = self._last
        if last is None or not self._since.isValid():
            return True
        return (
            snapshot.scope != last.scope
            or snapshot.link.state is not last.link.state
            or (snapshot.pool is None) is not (last.pool is None)
            or _state(snapshot) != _state(last)
            or _view(snapshot.lanes) != _view(last.lanes)
        )


class LanesPace(Pace):
    """The pace of the lanes: a step for each pixel that time moves them by."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(LEAST_LANES_MS, parent)

    @Slot(object)
    def offer(self, snapshot: Snapshot) -> None:
        """Take a snapshot, and follow how much time a pixel stands for."""
        lanes = snapshot.lanes
        if lanes is not None and lanes.coverage.shape[1]:
            pixel_ms = (lanes.end_ns - lanes.begin_ns) / 1e6 / lanes.coverage.shape[1]
            # A little less: two timers that beat alike would skip every other step.
            wanted = round(pixel_ms * 0.9)
            self.interval_ms = min(max(wanted, LEAST_LANES_MS), MOST_LANES_MS)
        super().offer(snapshot)


def _state(snapshot: Snapshot) -> tuple[str, int]:
    pool = snapshot.pool
    return ("", 0) if pool is None else (pool.state, pool.size)


def _view(lanes: Lanes | None) -> tuple[object, ...]:
    """Return what a person changes: how much time is shown, until when, which lanes."""
    if lanes is None:
        return ()
    shape = lanes.coverage.shape
    end_ns = None if lanes.live else lanes.end_ns
    groups = tuple((g.pool, g.first, g.rows) for g in lanes.groups)
    return (lanes.live, end_ns, lanes.end_ns - lanes.begin_ns, shape, groups)
