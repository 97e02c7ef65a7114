"""Where the wheel and the hand lead on the time axis: another viewport. Pure functions.

GUI thread, but free of Qt.
"""

from dataclasses import replace
from typing import Final

from pool_gui.monitor.view.snapshot import Lanes
from pool_gui.monitor.view.viewport import Viewport

_LEAST_SECONDS: Final = 1.0
_MOST_SECONDS: Final = 600.0
_LIVE_ZONE: Final = 0.9
"""Zooming right of this share of the lanes keeps following now."""


def zoomed(
    asked: Viewport, lanes: Lanes | None, factor: float, place: float
) -> Viewport:
    """Return `factor` times as much time, keeping what is at this share in place."""
    span = min(max(asked.span_seconds * factor, _LEAST_SECONDS), _MOST_SECONDS)
    end_ns = asked.end_ns
    if lanes is not None and (end_ns is not None or place < _LIVE_ZONE):
        end_ns = lanes.end_ns if end_ns is None else end_ns
        anchor_ns = end_ns - (1 - place) * asked.span_seconds * 1e9
        end_ns = not_after_now(lanes, round(anchor_ns + (1 - place) * span * 1e9))
    return replace(asked, span_seconds=span, end_ns=end_ns)


def panned(
    asked: Viewport, lanes: Lanes | None, from_ns: int, moved_share: float
) -> Viewport:
    """Return the viewport that a hand dragged by this share of the lanes' width.

    Args:
        asked: the viewport before.
        lanes: what is shown.
        from_ns: the right edge when the drag began.
        moved_share: to the right.
    """
    span_ns = asked.span_seconds * 1e9
    end_ns = not_after_now(lanes, round(from_ns - moved_share * span_ns))
    return replace(asked, end_ns=end_ns)


def not_after_now(lanes: Lanes | None, end_ns: int) -> int | None:
    """Return a right edge; None, which follows now, for one in the future."""
    return None if lanes is None or end_ns >= lanes.now_ns else max(end_ns, 1)


def seeing(asked: Viewport, rows: tuple[int, int], *, by_state: bool) -> Viewport:
    """Return the viewport of who sees these rows (first, how many; 0: all).

    Args:
        asked: the viewport before.
        rows: those in sight, and a few beyond, where there are many.
        by_state: whether states are shown.
    """
    return replace(asked, first_row=rows[0], rows=rows[1], by_state=by_state)
