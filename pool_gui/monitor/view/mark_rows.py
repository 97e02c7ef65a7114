"""The marks of all sources, as the time axes show them. Session thread only."""

from collections.abc import Sequence

from pool_gui.monitor.view.facts import MarkRow
from pool_gui.monitor.view.scope import InScope
from pool_gui.monitor.view.watched import Watched


def mark_rows(watched: Sequence[Watched], chosen: InScope) -> tuple[MarkRow, ...]:
    """Return those of what is still known, in the order of time."""
    in_scope = {one.key for one in chosen.sources}
    rows = [
        MarkRow(
            mark.time_ns,
            one.key,
            mark.pool,
            mark.kind,
            dict(mark.values),
            one.key in in_scope and chosen.has(mark.pool),
        )
        for one in watched
        for mark in one.moment.marks.marks
        if mark.time_ns >= one.history.begin_known_ns
    ]
    return tuple(sorted(rows, key=_time))


def _time(row: MarkRow) -> int:
    return row.time_ns
