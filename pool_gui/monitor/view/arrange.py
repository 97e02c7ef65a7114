"""Which lane stands where: grouped by pool, pinned on top, sorted, hidden, folded.

Session thread only. Lanes that are sorted by what changes all the time are sorted anew
every few seconds, so that they can be read and clicked.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pool_gui.monitor.model.program import History
from pool_gui.monitor.model.workers import Worker
from pool_gui.monitor.view.snapshot import Floats, LaneGroup, WorkerRow
from pool_gui.monitor.view.viewport import LaneOrder, Viewport

_SORT_AGAIN_NS: Final = 3_000_000_000
_SHARES_NS: Final = 1_000_000_000
_DIGITS: Final = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Group:
    """The workers of one pool that can be seen, and those that are to be drawn."""

    source: int
    pool: int
    name: str
    in_sight: int
    hidden: int
    drawn: tuple[Worker, ...]


def groups_of(
    source: int, history: History, workers: Iterable[Worker], viewport: Viewport
) -> list[Group]:
    """Return a source's pools, the oldest first, each with its workers.

    Those of which no worker lives any more come last.

    Args:
        source: its key.
        history: of the source.
        workers: its workers in sight.
        viewport: what the window wants to see.
    """
    by_pool: dict[int, list[Worker]] = {one.key: [] for one in history.pools.shown}
    for worker in workers:
        by_pool.setdefault(worker.pool, []).append(worker)
    groups = []
    for pool, ours in sorted(by_pool.items(), key=_living_first):
        hidden = [w for w in ours if w.key in viewport.hidden]
        shown = [w for w in ours if w.key not in viewport.hidden]
        if pool in viewport.folded:
            shown = [w for w in shown if w.key in viewport.pinned]
        facts = history.pools.get(pool)
        name = "" if facts is None else facts.header.name
        groups.append(Group(source, pool, name, len(ours), len(hidden), tuple(shown)))
    return groups


def _living_first(entry: tuple[int, list[Worker]]) -> tuple[bool, int]:
    pool, workers = entry
    over = bool(workers) and all(worker.gone_ns is not None for worker in workers)
    return over, pool


class BusyShares:
    """How busy workers were over the visible span, whether their lanes are drawn.

    Made anew once a second; those that are drawn have newer ones.
    """

    def __init__(self) -> None:
        self._made: dict[int, tuple[int, dict[int, float]]] = {}  # by source

    def of(
        self,
        source: int,
        history: History,
        workers: Sequence[Worker],
        viewport: Viewport,
        now_ns: int,
    ) -> Floats:
        """Return each worker's share, NaN where it is not known."""
        made_ns, shares = self._made.get(source, (-_SHARES_NS, {}))
        if not viewport.rows and viewport.order is not LaneOrder.BUSY:
            return np.full(len(workers), np.nan)  # all are drawn
        if now_ns - made_ns >= _SHARES_NS:
            end_ns = viewport.end_ns or now_ns
            begin_ns = end_ns - round(viewport.span_seconds * 1e9)
            slots = np.asarray([worker.slot for worker in workers], np.int64)
            means = history.cells.means(slots, begin_ns, end_ns).tolist()
            keys = [worker.key for worker in workers]
            shares = dict(zip(keys, means, strict=True))
            self._made[source] = now_ns, shares
        return np.asarray([shares.get(worker.key, np.nan) for worker in workers])


class Arranger:
    """Puts the rows of all groups into the order of the lanes."""

    def __init__(self) -> None:
        self.shares = BusyShares()
        self._ranks: dict[int, int] = {}
        self._due_ns = 0

    def arrange(
        self,
        groups: Sequence[Group],
        rows: Sequence[WorkerRow],
        viewport: Viewport,
        now_ns: int,
    ) -> tuple[list[int], tuple[LaneGroup, ...]]:
        """Return the places of the rows in the order of the lanes, and their heads.

        Args:
            groups: in the order of the lanes.
            rows: of all workers that are drawn.
            viewport: what the window wants to see.
            now_ns: the session's time.
        """
        key = self._key(rows, viewport.order, now_ns)
        by_pool: dict[tuple[int, int], list[int]] = {}
        pinned = []
        for place, row in enumerate(rows):
            if row.key in viewport.pinned:
                pinned.append(place)
            else:
                by_pool.setdefault((row.source, row.pool), []).append(place)
        order = pinned
        heads = [LaneGroup(0, 0, len(pinned), len(pinned))] if pinned else []
        for group in groups:
            places = by_pool.get((group.source, group.pool), [])
            places.sort(key=lambda place: key(rows[place]))
            heads.append(
                LaneGroup(
                    group.source,
                    len(order),
                    len(places),
                    group.in_sight,
                    group.pool,
                    group.name,
                    group.hidden,
                )
            )
            order = order + places
        return order, tuple(heads)

    def _key(
        self, rows: Sequence[WorkerRow], order: LaneOrder, now_ns: int
    ) -> Callable[[WorkerRow], tuple[object, ...]]:
        if order is LaneOrder.NAME:
            return _by_name
        if order is LaneOrder.AGE:
            return _by_age
        if now_ns >= self._due_ns or not self._ranks:
            self._due_ns = now_ns + _SORT_AGAIN_NS
            # What is not known, NaN, comes last: no comparison with it is true.
            busiest = sorted(rows, key=lambda row: (-_known(row.busy_share), row.key))
            self._ranks = {row.key: rank for rank, row in enumerate(busiest)}
        ranks, last = self._ranks, len(self._ranks)
        return lambda row: (ranks.get(row.key, last), row.key)


def _known(share: float) -> float:
    return share if share == share else -1.0  # noqa: PLR0124  # NaN is not itself


def _by_age(row: WorkerRow) -> tuple[object, ...]:
    return (row.gone, row.key)


def _by_name(row: WorkerRow) -> tuple[object, ...]:
    # Every other part is a number: 'w_10' comes after 'w_9'.
    parts = _DIGITS.split(row.name)
    return (*(int(p) if at % 2 else p for at, p in enumerate(parts)), row.key)
