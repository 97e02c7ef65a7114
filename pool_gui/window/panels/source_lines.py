"""The lines of the Sources panel, as plain values made from a snapshot. GUI thread."""

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from pool_gui.monitor.view.facts import LinkState, PoolRow, SourceRow
from pool_gui.monitor.view.snapshot import Scope, Snapshot
from pool_gui.window.style import words
from pool_gui.window.style.sentences import sentence
from pool_gui.window.style.text import plain

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: all pools, a source, or one of a source's pools."""

    scope: Scope
    name: str
    detail: str
    """State, workers, queue: in small letters below the name."""
    mood: str
    """good, idle, warn or bad: the colour of the dot; the detail says it in words."""
    tip: str
    is_inner: bool = False
    """Whether it belongs to the line above it."""


def entries_of(snapshot: Snapshot) -> tuple[Entry, ...]:
    """Return the lines for a snapshot; none while nothing was ever started."""
    sources = [s for s in snapshot.sources if s.link.state is not LinkState.NONE]
    lines: list[Entry] = []
    if sources and words.has_many(snapshot):
        rows = [row for source in sources for row in source.pools]
        detail = f"{words.pools(len(rows))} · {words.workers(_alive(rows))}"
        tip = translate("Sources", "Cards, charts and tables speak of all pools.")
        lines.append(Entry(Scope(), words.all_pools(), detail, "", tip))
    for source in sources:
        lines.append(_of_source(source))
        if len(source.pools) > 1:
            lines += [_of_pool(source, row) for row in source.pools]
    return tuple(lines)


def _of_source(source: SourceRow) -> Entry:
    return Entry(
        Scope(source.key),
        words.source_name(source),
        _source_detail(source),
        _mood(source, source.pools),
        sentence(source.link.note),
    )


def _of_pool(source: SourceRow, pool: PoolRow) -> Entry:
    return Entry(
        Scope(source.key, pool.key),
        plain(pool.name),
        _pool_detail(pool, words.link_state(source.link.state)),
        _mood(source, (pool,)),
        words.pool_title(source, pool),
        is_inner=True,
    )


def _source_detail(source: SourceRow) -> str:
    wrong = words.link_state(source.link.state)
    if not source.pools:
        return wrong or words.link_state(LinkState.NONE)
    if len(source.pools) == 1:
        return _pool_detail(source.pools[0], wrong)
    many = f"{words.pools(len(source.pools))} · {words.workers(_alive(source.pools))}"
    return f"{wrong} · {many}" if wrong else many


def _pool_detail(pool: PoolRow, wrong: str) -> str:
    state = wrong or ("" if pool.state == "running" else words.pool_state(pool.state))
    facts = [words.workers(pool.size if wrong else pool.alive)]
    facts.append(words.queued(pool.depth))
    return " · ".join([state, facts[0]] if state else facts)


def _alive(rows: list[PoolRow] | tuple[PoolRow, ...]) -> int:
    return sum(row.alive for row in rows)


def _mood(source: SourceRow, pools: tuple[PoolRow, ...]) -> str:
    if source.link.state is LinkState.LOST:
        return "bad"
    if source.link.state is LinkState.SILENT:
        return "warn"
    if source.link.state is not LinkState.LIVE or not pools:
        return "idle"
    states = {pool.state for pool in pools}
    if "running" in states:
        return "good"
    return "idle" if states <= {"stopped", "new"} else "warn"
