"""Shares of states as stacked columns: from shares to pixels. Pure functions.

GUI thread, but free of Qt: numpy alone. Each column of pixels is divided as its time
was, from the floor up in the order of the states; idle time is the ground above.
"""

from collections.abc import Iterable
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from pool_gui.monitor.states import STATES, State
from pool_gui.monitor.view.snapshot import Lanes, Shares
from pool_gui.window.lanes.image import Pixels, rgb

CARRIED_NS: Final = 600_000_000
"""So far the newest known shares are carried on: looks wait for the workers' records,
which come with the next frame."""

_HATCHED: Final = (State.OTHER, State.UNKNOWN)
_HATCH: Final = 4
"""Pixels from one line of a hatch to the next."""

_UNKNOWN_PLACE: Final = STATES
"""The place, in a table of colours, of what was not seen at all."""


class Painted(Protocol):
    """Lanes as pixels, whatever they are coloured by."""

    def __len__(self) -> int:
        """Return how many lanes there are."""

    @property
    def columns(self) -> int:
        """How many pixels each is wide."""

    def band(self, row: int, height: int, since: int = 0) -> Pixels:
        """Return a lane's pixels from a column on; 0 where nothing is known.

        Returns:
            (1 or height, columns - since).
        """


class Flat:
    """Lanes of one colour from floor to top in each column of pixels."""

    def __init__(self, pixels: Pixels) -> None:
        self._pixels = pixels

    def __len__(self) -> int:
        return len(self._pixels)

    @property
    def columns(self) -> int:
        """How many pixels each is wide."""
        return int(self._pixels.shape[1])

    def band(self, row: int, _height: int, since: int = 0) -> Pixels:
        """Return a lane's pixels from a column on, (1, columns - since)."""
        return self._pixels[row : row + 1, since:]


class Stacked:
    """Lanes divided by state; only those that are asked for are made."""

    def __init__(self, shares: Shares, colours: NDArray[np.uint32]) -> None:
        """Take (rows, columns, STATES) shares, and the table of `state_table`."""
        self._shares = shares
        self._colours = colours

    def __len__(self) -> int:
        return len(self._shares)

    @property
    def columns(self) -> int:
        """How many pixels each is wide."""
        return int(self._shares.shape[1])

    def band(self, row: int, height: int, since: int = 0) -> Pixels:
        """Return a lane's pixels from a column on, (height, columns - since)."""
        return stack(self._shares[row, since:], height, self._colours)


def compose(
    painted: Painted,
    bands: Iterable[tuple[int, int, int]],
    height: int,
    unknown: str,
    since: int = 0,
) -> Pixels:
    """Return one picture of all lanes in sight, (height, pixels); clear between them.

    Painted in one call, where a strip for each lane took several.

    Args:
        painted: the lanes.
        bands: the lanes' rows, and from where to where each reaches; in pixels of the
            screen, and perhaps beyond the picture.
        height: of the picture.
        unknown: the colour where nothing is known.
        since: the column from which on it is made; before, it is clear.
    """
    made = np.zeros((height, painted.columns), np.uint32)
    red, green, blue = rgb(unknown)
    nothing = np.uint32(0xFF000000 | red << 16 | green << 8 | blue)
    for row, top, bottom in bands:
        if bottom > 0 and top < height:
            lines = painted.band(row, bottom - top, since)
            if len(lines) > 1:  # what lies beyond the picture is left out
                lines = lines[max(-top, 0) : height - top]
            made[max(top, 0) : bottom, since:] = np.where(lines, lines, nothing)
    return made


def state_table(colours: tuple[str, ...], ground: str) -> NDArray[np.uint32]:
    """Return the pixels of each state, of idle time, and of what is not known (0).

    Args:
        colours: of the states but for idle, in their order.
        ground: the colour of an idle worker.
    """
    channels = [rgb(colour) for colour in (*colours, ground)]
    made = [0xFF000000 | r << 16 | g << 8 | b for r, g, b in channels]
    return np.asarray([*made, 0], np.uint32)


def stack(shares: Shares, height: int, colours: NDArray[np.uint32]) -> Pixels:
    """Return (height, columns) pixels of stacked shares; the floor is the last row.

    Args:
        shares: (columns, STATES), NaN where they are not known.
        height: of the picture.
        colours: from `state_table`.
    """
    columns = len(shares)
    tops = np.rint(np.cumsum(shares[:, : State.IDLE], axis=1) * height)
    unknown = np.isnan(tops[:, 0])
    tops[unknown] = height
    # At each pixel as many states end below it as the place of its own: counted in
    # one pass, where comparing each pixel with each state took nine.
    ends = tops.astype(np.intp) * columns + np.arange(columns)[:, np.newaxis]
    counts = np.bincount(ends.ravel(), minlength=(height + 1) * columns)
    places = counts.reshape(-1, columns)[:height].cumsum(axis=0)[::-1]
    places[:, unknown] = _UNKNOWN_PLACE
    made: Pixels = colours[places]
    for state in _HATCHED:
        if (shares[:, state] > 0).any():
            here = places == state
            made[here & _hatch(places.shape)] = colours[State.IDLE]
    return made


def _hatch(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    rows, columns = np.indices(shape, np.int32, sparse=True)
    lines: NDArray[np.bool_] = (rows + columns) % _HATCH == 0
    return lines


def shares_to_draw(lanes: Lanes) -> Shares:
    """Return (rows, columns, STATES) shares, made whole from what else is known.

    Where a worker was seen to work but its thread was not looked at, its time is
    unknown; the newest shares are carried on for a moment.
    """
    shares = lanes.states.copy()
    unseen = np.isnan(shares[:, :, 0]) & ~np.isnan(lanes.coverage)
    if not unseen.any():
        return shares
    pixel_ns = (lanes.end_ns - lanes.begin_ns) / shares.shape[1]
    carried = _carried(shares, unseen, int(CARRIED_NS / pixel_ns) + 1)
    shares = np.where(carried[..., np.newaxis] >= 0, _taken(shares, carried), shares)
    still = np.isnan(shares[:, :, 0]) & unseen
    busy = lanes.coverage[still]
    shares[still] = 0
    shares[still, State.UNKNOWN], shares[still, State.IDLE] = busy, 1 - busy
    return shares


def _carried(shares: Shares, unseen: NDArray[np.bool_], most: int) -> NDArray[np.intp]:
    """Return the column whose shares go on in each unseen pixel; -1: none do."""
    columns = np.arange(shares.shape[1])
    seen = np.where(np.isnan(shares[:, :, 0]), -1, columns)
    last = np.maximum.accumulate(seen, axis=1)
    near = unseen & (last >= 0) & (columns - last <= most)
    return np.where(near, last, -1).astype(np.intp)


def _taken(shares: Shares, columns: NDArray[np.intp]) -> Shares:
    rows = np.arange(len(shares))[:, np.newaxis]
    taken: Shares = shares[rows, np.maximum(columns, 0)]
    return taken
