"""The functions' names, by an index that stays as long as the session lives.

Session thread only. Invariants: at most MAX_FUNCTIONS names are kept, all further ones
share one entry; a name has the same index in every process that the session watches.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from pool_gui.monitor.view.snapshot import Ints
from pool_gui.wire.errors import MalformedMessageError

MAX_FUNCTIONS: Final = 4096
OTHER_FUNCTIONS: Final = "(other functions)"
UNKNOWN: Final = -1


class FunctionNames:
    """Names by index, and the indices of the ids that one process uses."""

    def __init__(self) -> None:
        self._names: tuple[str, ...] = ()
        self._indices: dict[str, int] = {}
        self._ids: dict[int, int] = {}
        self._first_other = self._last_other = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The names by index; the same tuple while no name was added."""
        return self._names

    def name(self, index: int) -> str:
        """Return a name; empty for UNKNOWN."""
        return self._names[index] if index >= 0 else ""

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
            if index is not None and self._names[index] not in {name, OTHER_FUNCTIONS}:
                raise MalformedMessageError(
                    f"new_functions: id {number} has two different names"
                )

    def learn(self, told: Sequence[tuple[int, str]]) -> None:
        """Take in (id, name) pairs that `check` has passed."""
        for number, name in told:
            if number in self._ids:
                continue
            if len(self._ids) < MAX_FUNCTIONS:
                self._ids[number] = self._index_of(name)
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
            return self._index_of(OTHER_FUNCTIONS)
        raise MalformedMessageError(f"FUNCTION: id {number} was never named")

    def _index_of(self, name: str) -> int:
        index = self._indices.get(name)
        if index is None:
            if len(self._names) >= MAX_FUNCTIONS and name != OTHER_FUNCTIONS:
                return self._index_of(OTHER_FUNCTIONS)
            index = self._indices[name] = len(self._names)
            self._names = (*self._names, name)
        return index
