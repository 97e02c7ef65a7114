"""Checks of what callers pass in."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from pool_gui.pool.names import text

if TYPE_CHECKING:
    from typing import SupportsIndex


def count(value: SupportsIndex, what: str, least: int = 0) -> int:
    """Return a whole number that is at least `least`.

    Raises:
        TypeError: it is no whole number.
        ValueError: it is less.
    """
    if isinstance(value, bool) or not hasattr(type(value), "__index__"):
        raise TypeError(f"{what} must be a whole number, not {text(value)}.")
    number = int(operator.index(value))
    if number < least:
        bound = "must not be negative" if not least else f"must be at least {least}"
        raise ValueError(f"{what} {bound}, and {number} is not.")
    return number
