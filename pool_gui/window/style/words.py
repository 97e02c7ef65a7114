"""The words for states, sources and pools, so that each is called the same everywhere.

GUI thread only: the words are those of the language that is chosen.
"""

from PySide6.QtCore import QCoreApplication

from pool_gui.monitor.states import STATE_NAMES
from pool_gui.monitor.view.facts import LinkState, PoolRow, SourceRow
from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.window.style import numbers
from pool_gui.window.style.text import plain

translate = QCoreApplication.translate
_LEAST_SHARE = 0.005


def pool_state(state: str) -> str:
    """Return the word for one of the states of a pool."""
    words = {
        "new": translate("Words", "new"),
        "running": translate("Words", "running"),
        "paused": translate("Words", "paused"),
        "draining": translate("Words", "draining"),
        "stopped": translate("Words", "stopped"),
    }
    return words[state]


def link_state(state: LinkState) -> str:
    """Return the word for what is wrong with a link; empty while it lives."""
    words = {
        LinkState.NONE: translate("Words", "no pool"),
        LinkState.STARTING: translate("Words", "starting"),
        LinkState.SILENT: translate("Words", "no answer"),
        LinkState.LOST: translate("Words", "lost"),
        LinkState.ENDED: translate("Words", "ended"),
    }
    return words.get(state, "")


def state(name: str) -> str:
    """Return the word for one of the states of a worker's time."""
    words = {
        "cpu": translate("Words", "CPU"),
        "ready": translate("Words", "waits for a core"),
        "gil": translate("Words", "GIL"),
        "lock": translate("Words", "lock"),
        "network": translate("Words", "network"),
        "disk": translate("Words", "disk"),
        "sleep": translate("Words", "sleep"),
        "other": translate("Words", "other"),
        "unknown": translate("Words", "unknown"),
        "idle": translate("Words", "idle"),
    }
    return words[name]


def shares(values: tuple[float, ...], most: int = len(STATE_NAMES)) -> str:
    """Return where time went, such as 'GIL 64 % · CPU 25 %': most first."""
    ranked = sorted(zip(values, STATE_NAMES, strict=False), reverse=True)
    shown = [(value, name) for value, name in ranked if value >= _LEAST_SHARE]
    parts = (f"{state(name)} {numbers.share(value)}" for value, name in shown[:most])
    return " · ".join(parts)


def source_name(source: SourceRow) -> str:
    """Return what a source is called."""
    if source.playback is not None:
        return plain(source.playback.file)
    if source.kind == "program" and source.title:
        return plain(source.title)
    return kind_name(source.kind, source.number)


def kind_name(kind: str, number: int) -> str:
    """Return what a source of a kind is called."""
    kinds = {
        "demo": translate("Words", "Demo {0}"),
        "program": translate("Words", "Program {0}"),
        "recording": translate("Words", "Recording {0}"),
    }
    other = translate("Words", "Source {0}")
    return kinds.get(kind, other).format(number)


def _counted(count: int, one: str, many: str) -> str:
    return one if count == 1 else many.format(numbers.count(count))


def tasks(count: int) -> str:
    """Return so many tasks, in words."""
    return _counted(
        count, translate("Words", "1 task"), translate("Words", "{0} tasks")
    )


def workers(count: int) -> str:
    """Return so many workers, in words."""
    return _counted(
        count, translate("Words", "1 worker"), translate("Words", "{0} workers")
    )


def frames(count: int) -> str:
    """Return so many frames, in words."""
    return _counted(
        count, translate("Words", "1 frame"), translate("Words", "{0} frames")
    )


def ended(count: int) -> str:
    """Return that so many tasks have ended since, in words."""
    one = translate("Words", "1 task has ended since")
    return _counted(count, one, translate("Words", "{0} tasks have ended since"))


def findings(count: int) -> str:
    """Return so many findings, in words."""
    return _counted(
        count, translate("Words", "1 finding"), translate("Words", "{0} findings")
    )


def pools(count: int) -> str:
    """Return so many pools, in words."""
    return _counted(
        count, translate("Words", "1 pool"), translate("Words", "{0} pools")
    )


def processes(count: int) -> str:
    """Return so many processes, in words."""
    return _counted(
        count, translate("Words", "1 process"), translate("Words", "{0} processes")
    )


def queued(count: int) -> str:
    """Return so many waiting tasks, in words."""
    return translate("Words", "{0} queued").format(numbers.count(count))


def source_state(source: SourceRow) -> str:
    """Return how a source is: what is wrong with it, else its pool's state."""
    word = link_state(source.link.state)
    if word or source.pool is None:
        return word or link_state(LinkState.NONE)
    states = {row.state for row in source.pools}
    return pool_state(states.pop()) if len(states) == 1 else pools(len(source.pools))


def scope_name(snapshot: Snapshot) -> str:
    """Return what is in scope, by name; empty while there is only one pool."""
    if not has_many(snapshot):
        return ""
    scope = snapshot.scope
    source = find_source(snapshot, scope.source)
    if source is None:
        return all_pools()
    name = source_name(source)
    if len(source.pools) < 2:
        return name
    pool = next((row for row in source.pools if row.key == scope.pool), None)
    if pool is None:
        return translate("Words", "{0}, all its pools").format(name)
    return pool_title(source, pool)


def all_pools() -> str:
    """Return what all pools together are called."""
    return translate("Words", "All pools")


def pool_title(source: SourceRow, pool: PoolRow) -> str:
    """Return a pool by its source's name and its own."""
    return f"{source_name(source)} · {plain(pool.name)}"


def of_source(snapshot: Snapshot, source: SourceRow, sentence: str) -> str:
    """Return a sentence about a source, with its name where there are several."""
    several = len(snapshot.sources) > 1
    return f"{source_name(source)}: {sentence}" if several else sentence


def find_source(snapshot: Snapshot, key: int) -> SourceRow | None:
    """Return a source by its key."""
    return next((row for row in snapshot.sources if row.key == key), None)


def has_many(snapshot: Snapshot) -> bool:
    """Whether there is more than one pool, so that it must be said which is meant."""
    begun = [s for s in snapshot.sources if s.link.state is not LinkState.NONE]
    return len(begun) > 1 or any(len(source.pools) > 1 for source in begun)
