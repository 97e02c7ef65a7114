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
from pool_gui.monitor.model.workers import Worker
from pool_gui.monitor.view.arrange import Arranger, Group, groups_of
from pool_gui.monitor.view.lanes import draw, in_sight, state_shares
from pool_gui.monitor.view.rows import worker_rows
from pool_gui.monitor.view.snapshot import Lanes, SpanTable, WorkerRow
from pool_gui.monitor.view.viewport import Viewport

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
    known = [one for one in sources if one.history.first_ns is not None]
    if not known:
        return None, ()
    arranger = arranger or Arranger()
    groups: list[Group] = []
    places: list[_Placed] = []
    rows: list[WorkerRow] = []
    for source in known:
        history = source.history
        workers = in_sight(history, viewport, now_ns)
        ours = groups_of(source.key, history, workers, viewport)
        groups += ours
        shown = [worker for group in ours for worker in group.drawn]
        places += [(source, worker) for worker in shown]
        shares = arranger.shares.of(source.key, history, shown, viewport, now_ns)
        rows += worker_rows(history, shown, shares, now_ns, source.key)
    order, heads = arranger.arrange(groups, rows, viewport, now_ns)
    ordered = [rows[place] for place in order]
    first = min(viewport.first_row, len(order)) if viewport.rows else 0
    drawn = order[first : first + viewport.rows] if viewport.rows else order
    placed = [places[place] for place in drawn]
    parts, made = _draw_parts(known, placed, viewport, now_ns)
    for at, (busy, states) in enumerate(made, first):
        ordered[at] = replace(ordered[at], busy_share=busy, shares=states)
    return replace(parts, groups=heads, first_row=first), tuple(ordered)


_Placed = tuple[Drawable, Worker]
_Shares = tuple[float, tuple[float, ...]]


def _draw_parts(
    sources: Sequence[Drawable],
    placed: Sequence[_Placed],
    viewport: Viewport,
    now_ns: int,
) -> tuple[Lanes, list[_Shares]]:
    """Return the lanes of these workers in this order, and where its time went.

    Returns:
        The lanes; and for each worker how busy it was, and its shares by state.
    """
    parts: list[Lanes] = []
    shares: list[_Shares] = []
    at: list[int] = []  # where each row of the parts is to stand
    for source in sources:
        ours = [n for n, (owner, _) in enumerate(placed) if owner is source]
        if ours:
            workers = [placed[n][1] for n in ours]
            lanes, busy = draw(source.history, viewport, now_ns, workers)
            parts.append(lanes)
            states = state_shares(source.history, viewport, now_ns, workers)
            shares += zip(busy.tolist(), states, strict=True)
            at += ours
    if not parts:  # nothing is to be seen: the time axis stays
        return draw(sources[0].history, viewport, now_ns, ())[0], []
    order = [0] * len(at)
    for row, place in enumerate(at):
        order[place] = row
    return _in_order(_join(parts), order), [shares[row] for row in order]


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
        states=_frozen([lanes.states for lanes in parts]),
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
        states=_frozen([lanes.states[order]]) if lanes.states.size else lanes.states,
    )


def _frozen(arrays: list[NDArray[Kind]]) -> NDArray[Kind]:
    joined = np.concatenate(arrays)
    joined.flags.writeable = False
    return joined
