"""Where heads and lanes stand, one below the other. Pure functions of a snapshot.

GUI thread, but free of Qt. A head stands over the lanes of each pool where there is
more than one, or where something of the only one is not shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pool_gui.monitor.view.snapshot import LaneGroup, Snapshot

HEAD_PIXELS: Final = 24
MOST_PIXELS: Final = 28
LEAST_PIXELS: Final = 16

_ROWS_STEP: Final = 8
_DRAWN_ANYWAY: Final = 40
"""So many lanes are drawn whether in sight or not."""


@dataclass(frozen=True, slots=True)
class Place:
    """One head or one lane, from its top edge on."""

    top: int
    height: int
    group: int
    """The place of its group in `Lanes.groups`; -1 where there is none."""
    row: int
    """The lane's row in `Snapshot.workers`; -1 for a head."""


class LaneLayout:
    """See the module."""

    def __init__(self, snapshot: Snapshot | None, room: int) -> None:
        """Lay a snapshot's lanes out.

        Args:
            snapshot: what is to be shown.
            room: the height there is; lanes are as high as fits, within limits.
        """
        lanes = None if snapshot is None else snapshot.lanes
        self._groups = () if lanes is None else lanes.groups
        rows = 0 if snapshot is None else len(snapshot.workers)
        self.has_heads = needs_heads(self._groups)
        heads = len(self._groups) if self.has_heads else 0
        left = room - heads * HEAD_PIXELS
        fits = left // rows if rows else MOST_PIXELS
        self.lane_pixels = max(LEAST_PIXELS, min(MOST_PIXELS, fits))
        self._places = tuple(self._lay_out(rows))
        last = self._places[-1] if self._places else None
        self.height = 0 if last is None else last.top + last.height

    def _lay_out(self, rows: int) -> Iterator[Place]:
        top, lane = 0, self.lane_pixels
        if not self.has_heads:
            yield from (Place(row * lane, lane, -1, row) for row in range(rows))
            return
        for place, group in enumerate(self._groups):
            yield Place(top, HEAD_PIXELS, place, -1)
            top += HEAD_PIXELS
            for row in range(group.first, group.first + group.rows):
                yield Place(top, lane, place, row)
                top += lane

    def between(self, top: int, bottom: int) -> Iterator[Place]:
        """Yield what can be seen between two heights."""
        for place in self._places:
            if place.top + place.height > top and place.top < bottom:
                yield place

    def rows_between(self, top: int, room: int) -> tuple[int, int]:
        """Return the first row to be drawn there, and how many; (0, 0) for all.

        In steps, and some beyond what is in sight, so that scrolling asks rarely.
        """
        rows = [one.row for one in self._places if one.row >= 0]
        seen = [one.row for one in self.between(top, top + room) if one.row >= 0]
        if len(rows) <= _DRAWN_ANYWAY or not seen:
            return 0, 0
        first = max(seen[0] // _ROWS_STEP - 1, 0) * _ROWS_STEP
        last = (seen[-1] // _ROWS_STEP + 2) * _ROWS_STEP
        return first, last - first

    def at(self, height: float) -> Place | None:
        """Return what is at a height."""
        return next(
            (one for one in self._places if one.top <= height < one.top + one.height),
            None,
        )

    def of_row(self, row: int) -> Place | None:
        """Return where a lane stands."""
        return next((place for place in self._places if place.row == row), None)


def needs_heads(groups: tuple[LaneGroup, ...]) -> bool:
    """Whether it must be said which lanes belong to which pool."""
    return len(groups) > 1 or any(g.rows < g.workers for g in groups)
