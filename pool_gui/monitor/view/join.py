"""The lanes of all sources in one picture, with one time axis.

Session thread only. All times are of one clock: that of the machine, which
`time.perf_counter_ns` reads in each of its processes. What is folded costs nothing.
"""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from pool_gui.monitor.model.program import History
from pool_gui.monitor.view.lanes import draw
from pool_gui.monitor.view.rows import worker_rows
from pool_gui.monitor.view.snapshot import (
    LaneGroup,
    Lanes,
    SpanTable,
    Viewport,
    WorkerRow,
)

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
    sources: Sequence[Drawable], viewport: Viewport, now_ns: int
) -> tuple[Lanes | None, tuple[WorkerRow, ...]]:
    """Return the lanes of all sources, and the workers of their rows.

    Args:
        sources: in the order of the lanes.
        viewport: what the window wants to see.
        now_ns: the session's time now, at or after each source's newest frame.
    """
    parts: list[Lanes] = []
    groups: list[LaneGroup] = []
    rows: list[WorkerRow] = []
    for source in sources:
        history = source.history
        if history.first_ns is None:
            continue
        if source.key in viewport.folded:
            folded = len(history.workers.living)
            groups.append(LaneGroup(source.key, len(rows), 0, folded))
            continue
        lanes, workers, shares = draw(history, viewport, now_ns)
        parts.append(lanes)
        groups.append(LaneGroup(source.key, len(rows), len(workers), len(workers)))
        rows += worker_rows(history, workers, shares, now_ns, source.key)
    if not groups:
        return None, ()
    if not parts:  # all are folded: the time axis stays
        first = next(one for one in sources if one.history.first_ns is not None)
        parts = [_without_rows(draw(first.history, viewport, now_ns)[0])]
    return replace(_join(parts), groups=tuple(groups)), tuple(rows)


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


def _without_rows(lanes: Lanes) -> Lanes:
    return replace(
        lanes,
        coverage=lanes.coverage[:0],
        owner=lanes.owner[:0],
        failed=lanes.failed[:0],
    )


def _frozen(arrays: list[NDArray[Kind]]) -> NDArray[Kind]:
    joined = np.concatenate(arrays)
    joined.flags.writeable = False
    return joined
