"""The checks that messages and commands make of their fields; each error names one."""

import re
from collections.abc import Mapping

INT64_MAX = (1 << 63) - 1
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def whole(name: str, value: object, least: int = 0, most: int = INT64_MAX) -> int:
    """Return a whole number within a range.

    Raises:
        ValueError: it is none, or out of its range.
    """
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{name} must be a whole number from {least} to {most}")
    return value


def number(name: str, value: object, least: float, most: float) -> None:
    """Refuse what is no number within a range.

    Raises:
        ValueError: it is none, NaN, or out of its range.
    """
    if (
        not isinstance(value, (int, float))
        or isinstance(value, bool)
        or not least <= value <= most  # false for NaN too
    ):
        raise ValueError(f"{name} must be a number from {least:g} to {most:g}")


def short_name(name: str, value: object) -> None:
    """Refuse what is no short lower-case name.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError(f"{name} must be a short lower-case name")


def parameters(values: object, most: int) -> None:
    """Refuse what are no named numbers, or too many.

    Raises:
        ValueError: it names the wrong one.
    """
    if not isinstance(values, Mapping) or len(values) > most:
        raise ValueError(f"parameters must be at most {most} named numbers")
    for key, value in values.items():
        short_name("a parameter's name", key)
        number(key, value, -1e15, 1e15)


def at_most(name: str, values: list[object], most: int) -> None:
    """Refuse a list that is too long.

    Raises:
        ValueError: it is.
    """
    if len(values) > most:
        raise ValueError(f"{name} has more than {most} entries")


def truth(name: str, value: object) -> None:
    """Refuse what is neither true nor false.

    Raises:
        ValueError: it is neither.
    """
    if value is not True and value is not False:
        raise ValueError(f"{name} must be true or false")
