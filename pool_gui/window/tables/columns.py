"""The kinds of columns that the tables share: words, counts, times. GUI thread only."""

from collections.abc import Callable

from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.window.style import numbers, words
from pool_gui.window.tables.model import Column, Row


class PoolTitles:
    """What the pools are called that the rows of tables belong to."""

    def __init__(self) -> None:
        self._titles: dict[tuple[int, int], str] = {}

    def follow(self, snapshot: Snapshot) -> None:
        """Take over the names of a snapshot's pools."""
        self._titles = {
            (source.key, pool.key): words.pool_title(source, pool)
            for source in snapshot.sources
            for pool in source.pools
        }
        for source in snapshot.sources:
            self._titles[source.key, 0] = words.source_name(source)

    def of(self, source: int, pool: int) -> str:
        """Return a pool's name, or that of its source when it is no more."""
        titles = self._titles
        unknown = numbers.UNKNOWN
        return titles.get((source, pool)) or titles.get((source, 0), unknown)


def times(title: str, explanation: str, value: Callable[[Row], float]) -> Column[Row]:
    """Return a column of times."""
    return Column(
        title,
        explanation,
        lambda row: numbers.duration(value(row)),
        value,
        right=True,
        width=78,
        unit="s",
    )


def texts(
    title: str, explanation: str, value: Callable[[Row], str], width: int
) -> Column[Row]:
    """Return a column of words."""
    return Column(title, explanation, value, value, width=width)


def counts(
    title: str, explanation: str, value: Callable[[Row], int], sign: str = ""
) -> Column[Row]:
    """Return a column of whole numbers, with a sign before each."""
    return Column(
        title,
        explanation,
        lambda row: sign + numbers.count(value(row)),
        value,
        right=True,
        width=72,
    )
