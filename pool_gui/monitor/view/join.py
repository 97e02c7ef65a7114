"""The lanes of all sources and pools in one picture, with one time axis.

Session thread only. All times are of one clock: that of the machine, which
`time.perf_counter_ns` reads in each of its processes. What is folded or hidden is not
drawn.
"""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from pool_gui.monitor.model.program import History
from pool_gui.monitor.view.arrange import Arranger, Group, groups_of
from pool_gui.monitor.view.lanes import draw, in_sight
from pool_gui.monitor.view.rows import worker_rows
from pool_gui.monitor.view.snapshot import Lanes, SpanTable, Viewport, WorkerRow

Kind = TypeVar("Kind", bound=np.generic)


class Drawable(Protocol):
    """A source as it is drawn."""

    @property
    def key(self) -> int:
        """Names it."""

    @property
    def history(self) -> History:
        """What is known of it."""


def draw_all(
    sources: Sequence[Drawable],
    viewport: Viewport,
    now_ns: int,
    arranger: Arranger | None = None,
) -> tuple[Lanes | None, tuple[WorkerRow, ...]]:
    """Return the lanes of all sources, and the workers of their rows.

    Args:
        sources: in the order of the lanes.
        viewport: what the window wants to see.
        now_ns: the session's time now, at or after each source's newest frame.
        arranger: knows in which order the lanes were before.
    """
    parts: list[Lanes] = []
    groups: list[Group] = []
    rows: list[WorkerRow] = []
    known = [one for one in sources if one.history.first_ns is not None]
    for source in known:
        history = source.history
        workers = in_sight(history, viewport, now_ns)
        ours = groups_of(source.key, history, workers, viewport)
        groups += ours
        drawn = [worker for group in ours for worker in group.drawn]
        if drawn:
            lanes, shares = draw(history, viewport, now_ns, drawn)
            parts.append(lanes)
            rows += worker_rows(history, drawn, shares, now_ns, source.key)
    if not known:
        return None, ()
    if not parts:  # nothing is to be seen: the time axis stays
        parts = [draw(known[0].history, viewport, now_ns, ())[0]]
    order, heads = (arranger or Arranger()).arrange(groups, rows, viewport, now_ns)
    lanes = replace(_in_order(_join(parts), order), groups=heads)
    return lanes, tuple(rows[place] for place in order)


def _join(parts: list[Lanes]) -> Lanes:
    if len(parts) == 1:
        return parts[0]
    owners: list[NDArray[np.int32]] = []
    before = 0
    for lanes in parts:
        owners.append(np.where(lanes.owner >= 0, lanes.owner + before, -1))
        before += lanes.spans.task.size
    spans = {
        field.name: _frozen([getattr(one.spans, field.name) for one in parts])
        for field in fields(SpanTable)
    }
    return replace(
        parts[0],
        begin_known_ns=min(lanes.begin_known_ns for lanes in parts),
        coverage=_frozen([lanes.coverage for lanes in parts]),
        owner=_frozen([owner.astype(np.int32) for owner in owners]),
        failed=_frozen([lanes.failed for lanes in parts]),
        spans=SpanTable(**spans),
        functions=parts[-1].functions,
    )


def _in_order(lanes: Lanes, order: list[int]) -> Lanes:
    """Return the lanes with their rows in this order."""
    if order == sorted(order):
        return lanes
    return replace(
        lanes,
        coverage=_frozen([lanes.coverage[order]]),
        owner=_frozen([lanes.owner[order]]),
        failed=_frozen([lanes.failed[order]]),
    )


def _frozen(arrays: list[NDArray[Kind]]) -> NDArray[Kind]:
    joined = np.concatenate(arrays)
    joined.flags.writeable = False
    return joined
