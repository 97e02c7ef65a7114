"""What fills each pixel of the lanes: pure functions over numpy arrays.

Any thread. The cost depends on the pixels and, by a few numpy passes, on the spans;
nothing is done span by span. Pixels are whole numbers of nanoseconds wide and begin at
multiples of their width, so that a picture that moves with time does not shimmer.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pool_gui.monitor.view.snapshot import Floats, Ints


@dataclass(frozen=True, slots=True)
class Grid:
    """The pixels of a lane."""

    begin_ns: int
    width_ns: int
    """Of one pixel."""
    pixels: int

    @classmethod
    def until(cls, end_ns: int, span_ns: int, pixels: int) -> "Grid":
        """Return pixels that cover about `span_ns`; the last one holds `end_ns`."""
        width_ns = max(span_ns // pixels, 1)
        last = -(-end_ns // width_ns)
        return cls((last - pixels) * width_ns, width_ns, pixels)

    @property
    def end_ns(self) -> int:
        """The right edge of the last pixel."""
        return self.begin_ns + self.pixels * self.width_ns

    def edges_ns(self) -> Ints:
        """Return the pixels' edges, (pixels + 1,)."""
        return self.begin_ns + np.arange(self.pixels + 1) * self.width_ns


@dataclass(frozen=True, slots=True)
class Bars:
    """The spans to be drawn; columns of (n,)."""

    row: Ints
    """Its lane."""
    started_ns: Ints
    ended_ns: Ints
    failed: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cover:
    """What fills each pixel; all (rows, pixels)."""

    coverage: NDArray[np.float32]
    """Busy by known time; NaN where nothing is known."""
    owner: NDArray[np.int32]
    """Place of the bar that fills most of the pixel, or -1."""
    failed: NDArray[np.bool_]
    """Whether a failed one ended here."""


def known_time(grid: Grid, lives_ns: Ints) -> Floats:
    """Return (rows, pixels) nanoseconds of each pixel that a worker was seen.

    Args:
        grid: the pixels.
        lives_ns: (rows, 2), from and to.
    """
    edges_ns = grid.edges_ns()
    begin_ns = np.maximum(edges_ns[:-1], lives_ns[:, :1])
    end_ns = np.minimum(edges_ns[1:], lives_ns[:, 1:])
    known_ns: Floats = np.maximum(end_ns - begin_ns, 0).astype(np.float64)
    return known_ns


def cover(grid: Grid, bars: Bars, known_ns: Floats) -> Cover:
    """Return what fills each pixel.

    Args:
        grid: the pixels.
        bars: those that touch the grid's time; others do no harm.
        known_ns: from `known_time`.
    """
    width_ns, pixels = grid.width_ns, grid.pixels
    size = known_ns.size
    # Relative times: the grid's whole length is then [0, pixels * width_ns].
    begin = np.maximum(bars.started_ns - grid.begin_ns, 0)
    end = np.minimum(bars.ended_ns - grid.begin_ns, pixels * width_ns)
    length = np.maximum(end - begin, 0)
    first = np.minimum(begin // width_ns, pixels - 1)
    last = np.clip((end - 1) // width_ns, first, pixels - 1)
    base = bars.row * pixels
    one = first == last
    in_first = np.where(one, length, (first + 1) * width_ns - begin)
    several = np.flatnonzero(~one)
    place = np.concatenate((base + first, (base + last)[several]))
    share = np.concatenate((in_first, (end - last * width_ns)[several]))
    number = np.concatenate((np.arange(first.size), several))
    filler = _fillers(base[several], first[several], last[several], several, size)
    filled = filler >= 0
    busy = np.bincount(place, share, size)
    busy[filled] = width_ns
    owner = np.where(filled, filler, _owners(place, share, number, size))
    failed = _failures(bars, grid, (base + last), size)
    with np.errstate(invalid="ignore"):  # nothing known: 0 / 0 is NaN
        coverage = np.minimum(busy.reshape(known_ns.shape), known_ns) / known_ns
    return Cover(
        coverage.astype(np.float32),
        owner.reshape(known_ns.shape).astype(np.int32),
        failed.reshape(known_ns.shape),
    )


def _fillers(base: Ints, first: Ints, last: Ints, number: Ints, size: int) -> Ints:
    """Return the bar that fills each pixel from edge to edge, or -1.

    A worker runs one task at a time, so that hardly any two of them meet: only a
    guessed end may lie over another bar. Their number of pixels is bounded by that.
    """
    filler = np.full(size, -1, np.int64)
    lengths = last - first - 1
    if int(lengths.sum()) > 4 * size:
        fits = np.cumsum(lengths) <= 4 * size
        base, first, number, lengths = (a[fits] for a in (base, first, number, lengths))
    offsets = np.arange(int(lengths.sum()))
    offsets -= np.repeat(np.cumsum(lengths) - lengths, lengths)
    filler[np.repeat(base + first + 1, lengths) + offsets] = np.repeat(number, lengths)
    return filler


def _owners(place: Ints, share: Ints, number: Ints, size: int) -> Ints:
    """Return which bar has the greatest share of each pixel, or -1."""
    most = np.zeros(size, np.int64)
    np.maximum.at(most, place, share)
    owner = np.full(size, -1, np.int64)
    wins = np.flatnonzero((share == most[place]) & (share > 0))
    owner[place[wins]] = number[wins]
    return owner


def _failures(bars: Bars, grid: Grid, end_place: Ints, size: int) -> NDArray[np.bool_]:
    failed = np.zeros(size, np.bool_)
    which = np.flatnonzero(bars.failed)
    ended_ns = bars.ended_ns[which]
    inside = (ended_ns > grid.begin_ns) & (ended_ns <= grid.end_ns)
    failed[end_place[which[inside]]] = True
    return failed
