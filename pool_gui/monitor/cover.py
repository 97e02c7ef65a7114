"""What fills each pixel of the lanes: pure functions over numpy arrays.

Any thread. The cost depends on the pixels and, by a few numpy passes, on the spans;
nothing is done span by span.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pool_gui.monitor.snapshot import Floats, Ints
from pool_gui.monitor.spans import Outcome, SpanField


@dataclass(frozen=True, slots=True)
class Cover:
    """What fills each pixel; all (rows, pixels)."""

    coverage: NDArray[np.float32]
    owner: NDArray[np.int32]
    """Place of the span that fills most of the pixel, or -1."""
    failed: NDArray[np.bool_]


def edges_of(begin_ns: int, end_ns: int, pixels: int) -> Ints:
    """Return the pixels' edges, (pixels + 1,), to the nanosecond."""
    whole, rest = divmod(end_ns - begin_ns, pixels)
    numbers = np.arange(pixels + 1)
    return begin_ns + numbers * whole + numbers * rest // pixels


def known_time(edges_ns: Ints, lives_ns: Ints) -> Floats:
    """Return (rows, pixels) nanoseconds of each pixel that a worker was seen.

    Args:
        edges_ns: (pixels + 1,).
        lives_ns: (rows, 2), from and to.
    """
    begin_ns = np.maximum(edges_ns[:-1], lives_ns[:, :1])
    end_ns = np.minimum(edges_ns[1:], lives_ns[:, 1:])
    known_ns: Floats = np.maximum(end_ns - begin_ns, 0).astype(np.float64)
    return known_ns


def cover(edges_ns: Ints, rows: Ints, spans: Ints, known_ns: Floats) -> Cover:
    """Return what fills each pixel.

    Args:
        edges_ns: (pixels + 1,) rising.
        rows: (n,) the lane of each span.
        spans: (len(SpanField), n).
        known_ns: from `known_time`.
    """
    lanes, pixels = known_ns.shape
    started_ns = np.clip(spans[SpanField.STARTED_NS], edges_ns[0], edges_ns[-1])
    ended_ns = np.clip(spans[SpanField.ENDED_NS], edges_ns[0], edges_ns[-1])
    first = _pixel_of(started_ns, edges_ns)
    last = np.maximum(first, _pixel_of(np.maximum(ended_ns - 1, started_ns), edges_ns))
    in_first_ns = np.minimum(ended_ns, edges_ns[first + 1]) - started_ns
    in_last_ns = np.where(last > first, ended_ns - edges_ns[last], 0)
    base = rows * pixels
    size = lanes * pixels
    busy_ns = np.bincount(base + first, in_first_ns, size)
    busy_ns += np.bincount(base + last, in_last_ns, size)
    inner = np.flatnonzero(last > first + 1)
    filler = _fill(base + first + 1, base + last, inner, size)
    widths_ns = np.tile(np.diff(edges_ns), lanes)
    busy_ns[filler >= 0] = widths_ns[filler >= 0]
    owner = _owners(
        np.concatenate((base + first, base + last)),
        np.concatenate((in_first_ns, in_last_ns)),
        size,
    )
    owner = np.where(filler >= 0, filler, owner)
    failed = np.zeros(size, np.bool_)
    ends_here = spans[SpanField.ENDED_NS] <= edges_ns[-1]
    ends_here &= spans[SpanField.ENDED_NS] >= edges_ns[0]
    ends_here &= spans[SpanField.OUTCOME] == Outcome.FAILED
    failed[(base + last)[ends_here]] = True
    with np.errstate(invalid="ignore"):  # nothing known: 0 / 0 is NaN
        coverage = np.minimum(busy_ns.reshape(lanes, pixels), known_ns) / known_ns
    return Cover(
        coverage.astype(np.float32),
        owner.reshape(lanes, pixels).astype(np.int32),
        failed.reshape(lanes, pixels),
    )


def _pixel_of(times_ns: Ints, edges_ns: Ints) -> Ints:
    """Return the pixel of each time, all within the edges."""
    pixels = len(edges_ns) - 1
    guess = (times_ns - edges_ns[0]) * (pixels / (edges_ns[-1] - edges_ns[0]))
    pixel: Ints = np.clip(guess.astype(np.int64), 0, pixels - 1)
    # The edges are whole nanoseconds, so the guess may be off by one.
    pixel -= times_ns < edges_ns[pixel]
    pixel += times_ns >= edges_ns[pixel + 1]
    return pixel.clip(0, pixels - 1)


def _fill(begins: Ints, ends: Ints, index: Ints, size: int) -> Ints:
    """Return the span that fills each pixel from edge to edge, or -1.

    A worker runs one task at a time, so no two of them meet unless one is a guess.
    """
    filler = np.full(size + 1, -1, np.int64)
    lengths = ends[index] - begins[index]
    total = int(lengths.sum())
    if total > 2 * size:  # guessed ends lie over each other: the first ones do
        fits = np.cumsum(lengths) <= 2 * size
        index, lengths = index[fits], lengths[fits]
        total = int(lengths.sum())
    offsets = np.arange(total) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    filler[np.repeat(begins[index], lengths) + offsets] = np.repeat(index, lengths)
    return filler[:size]


def _owners(places: Ints, shares_ns: Ints, size: int) -> Ints:
    """Return which span has the greatest share of each pixel, or -1."""
    count = len(places) // 2
    most_ns = np.zeros(size, np.int64)
    np.maximum.at(most_ns, places, shares_ns)
    owner = np.full(size, -1, np.int64)
    winners = np.flatnonzero((shares_ns == most_ns[places]) & (shares_ns > 0))
    owner[places[winners]] = winners % max(count, 1)
    return owner
