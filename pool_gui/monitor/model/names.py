"""The functions' names, by an index that stays as long as the session lives.

Session thread only. Invariants: at most MAX_FUNCTIONS names are kept, all further ones
share one entry; a name has the same index in every process of every source.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from pool_gui.monitor.view.snapshot import Ints
from pool_gui.wire.errors import MalformedMessageError

MAX_FUNCTIONS: Final = 4096
OTHER_FUNCTIONS: Final = "(other functions)"
UNKNOWN: Final = -1


class NameTable:
    """Names by index, for all sources.

    Attributes:
        names: the names by index; the same tuple while no name was added.
    """

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self._indices: dict[str, int] = {}

    def index_of(self, name: str) -> int:
        """Return the index of a name, which is added if it is new."""
        index = self._indices.get(name)
        if index is None:
            if len(self.names) >= MAX_FUNCTIONS and name != OTHER_FUNCTIONS:
                return self.index_of(OTHER_FUNCTIONS)
            index = self._indices[name] = len(self.names)
            self.names = (*self.names, name)
        return index


class FunctionNames:
    """The indices of the ids that one process uses."""

    def __init__(self, table: NameTable | None = None) -> None:
        self._table = NameTable() if table is None else table
        self._ids: dict[int, int] = {}
        self._first_other = self._last_other = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The names by index; the same tuple while no name was added."""
        return self._table.names

    def name(self, index: int) -> str:
        """Return a name; empty for UNKNOWN."""
        return self.names[index] if index >= 0 else ""

    def told(self) -> tuple[tuple[int, str], ...]:
        """Return the ids that this process uses, with their names."""
        return tuple((number, self.names[at]) for number, at in self._ids.items())

    def forget_ids(self) -> None:
        """Prepare for another process: its ids are new, known names stay."""
        self._ids.clear()
        self._first_other = self._last_other = 0

    def check(self, told: Sequence[tuple[int, str]]) -> None:
        """Refuse an id that is told again with another name.

        Raises:
            MalformedMessageError: it says which id.
        """
        for number, name in told:
            index = self._ids.get(number)
            if index is not None and self.names[index] not in {name, OTHER_FUNCTIONS}:
                raise MalformedMessageError(
                    f"new_functions: id {number} has two different names"
                )

    def learn(self, told: Sequence[tuple[int, str]]) -> None:
        """Take in (id, name) pairs that `check` has passed."""
        for number, name in told:
            if number in self._ids:
                continue
            if len(self._ids) < MAX_FUNCTIONS:
                self._ids[number] = self._table.index_of(name)
            else:  # a range instead of a set: ids are given out in order
                self._first_other = self._first_other or number
                self._last_other = max(self._last_other, number)

    def find(self, ids: Ints) -> Ints:
        """Return the index of each id; UNKNOWN for 0.

        Raises:
            MalformedMessageError: an id was never named.
        """
        distinct, places = np.unique(ids, return_inverse=True)
        indices = [self._find(number) for number in distinct.tolist()]
        return np.asarray(indices, np.int64)[places]

    def _find(self, number: int) -> int:
        index = self._ids.get(number)
        if index is not None:
            return index
        if number == 0:
            return UNKNOWN
        if self._first_other and self._first_other <= number <= self._last_other:
            return self._table.index_of(OTHER_FUNCTIONS)
        raise MalformedMessageError(f"FUNCTION: id {number} was never named")
