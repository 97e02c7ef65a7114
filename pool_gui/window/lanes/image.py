"""The lanes' pixels: from coverage, owners and failures to a picture. Pure functions.

GUI thread, but free of Qt: numpy alone. The cost depends on the pixels, not the tasks.
"""

from functools import lru_cache
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from pool_gui.monitor.view.snapshot import Lanes

LEAST_OPACITY: Final = 0.22
"""So that a task much shorter than a pixel can still be seen."""

GAP_FROM_PIXELS: Final = 5
"""From this width on a task is set apart from its neighbour by a gap."""

GAP_OPACITY: Final = 0.25

_LEVELS: Final = 64
"""Steps between idle and busy; finer ones no eye can tell apart."""
_GAP_LEVEL: Final = _LEVELS + 1

Pixels = NDArray[np.uint32]


def rgb(colour: str) -> tuple[int, int, int]:
    """Return the three channels of '#rrggbb'."""
    value = int(colour.removeprefix("#"), 16)
    return value >> 16, value >> 8 & 255, value & 255


def codes_by_function(lanes: Lanes, colours: int) -> NDArray[np.intp]:
    """Return (workers, pixels) places in a table of `colours` function colours."""
    # The last one stands for a function that is not known, whose number is -1.
    places = np.asarray([*colour_places(lanes.functions, colours), 0], np.int64)
    return _of_owner(lanes, places[lanes.spans.function])


@lru_cache(maxsize=4)
def colour_places(functions: tuple[str, ...], colours: int) -> tuple[int, ...]:
    """Return the place of each function's colour in a table of `colours`.

    It comes from the names alone, whatever came first, so that it is the same after the
    next start. While there is a colour for each, no two functions share one; of two
    that want the same, the later one by name gets the next that is free.
    """
    wanted = {
        name: crc32(name.encode(errors="replace")) % colours for name in functions
    }
    if len(wanted) <= colours:
        taken: set[int] = set()
        for name in sorted(wanted):
            while wanted[name] in taken:
                wanted[name] = (wanted[name] + 1) % colours
            taken.add(wanted[name])
    return tuple(wanted[name] for name in functions)


def codes_by_outcome(lanes: Lanes) -> NDArray[np.intp]:
    """Return (workers, pixels) places in the table of outcome colours."""
    return _of_owner(lanes, lanes.spans.outcome)


def paint(
    lanes: Lanes, codes: NDArray[np.intp], colours: tuple[str, ...], ground: str
) -> Pixels:
    """Return (workers, pixels) of 0xAARRGGBB; transparent where nothing is known.

    Args:
        lanes: what is known.
        codes: (workers, pixels) places in `colours`.
        colours: of functions or outcomes, as '#rrggbb'.
        ground: the colour of an idle worker.
    """
    known = ~np.isnan(lanes.coverage)
    levels = np.ceil(np.where(known, lanes.coverage, 0) * _LEVELS).astype(np.intp)
    levels = np.minimum(levels, _LEVELS, out=levels)
    levels[_gaps(lanes)] = _GAP_LEVEL
    mixed: Pixels = _mixtures(colours, ground)[codes, levels]
    mixed[~known] = 0
    return mixed


@lru_cache(maxsize=8)
def _mixtures(colours: tuple[str, ...], ground: str) -> NDArray[np.uint32]:
    """Return (colours, levels) of 0xFFRRGGBB: each colour thinned by the ground.

    Mixing a few hundred colours and looking them up costs a quarter of mixing each
    pixel (64 lanes of 700 pixels: 0.4 instead of 1.9 ms).
    """
    opacity = np.linspace(0, 1, _LEVELS + 1, dtype=np.float32)
    opacity[1:] = np.maximum(opacity[1:], LEAST_OPACITY)
    opacity = np.append(opacity, np.float32(GAP_OPACITY))
    base = np.asarray(rgb(ground), np.float32)
    channels = np.asarray([rgb(colour) for colour in colours], np.float32)
    mixed = base + (channels[:, np.newaxis] - base) * opacity[:, np.newaxis]
    red, green, blue = np.moveaxis((mixed + 0.5).astype(np.uint32), -1, 0)
    made: NDArray[np.uint32] = red << 16 | green << 8 | blue | np.uint32(0xFF000000)
    return made


def _of_owner(lanes: Lanes, values: NDArray[np.int64]) -> NDArray[np.intp]:
    if not len(values):
        return np.zeros(lanes.owner.shape, np.intp)
    codes = values[np.maximum(lanes.owner, 0)]
    return np.where(lanes.owner >= 0, codes, 0).astype(np.intp)


def _gaps(lanes: Lanes) -> NDArray[np.bool_]:
    """Return which pixels begin a task that is wide enough to be set apart."""
    owner = lanes.owner
    gaps = np.zeros(owner.shape, np.bool_)
    if not len(lanes.spans.task) or owner.shape[1] < 2:
        return gaps
    pixel_ns = (lanes.end_ns - lanes.begin_ns) / owner.shape[1]
    wide = lanes.spans.ended_ns - lanes.spans.started_ns >= pixel_ns * GAP_FROM_PIXELS
    before, here = owner[:, :-1], owner[:, 1:]
    begins = (before != here) & (before >= 0) & (here >= 0)
    gaps[:, 1:] = begins & wide[np.maximum(here, 0)]
    return gaps
