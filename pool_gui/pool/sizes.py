"""Between what the number of a pool's workers may move."""

from __future__ import annotations

import os
from importlib import import_module

from pool_gui.pool import checks


def bounds(size: int, max_workers: int | None) -> tuple[int, int]:
    """Return between what the number of workers is to move.

    Raises:
        TypeError: a number is no whole number.
        ValueError: one is negative, or `max_workers` is 0 or less than `size`.
    """
    floor = checks.count(size, "size")
    if max_workers is not None:
        return floor, ceiling_of(floor, max_workers)
    floor = floor or 2 * _cores()
    return floor, floor


def ceiling_of(floor: int, max_workers: int) -> int:
    """Return up to how many workers a pool of at least `floor` may grow.

    Raises:
        TypeError: it is no whole number.
        ValueError: it is 0, negative, or less than `floor`.
    """
    if max_workers <= 0:
        raise ValueError("max_workers must be greater than 0")
    ceiling = checks.count(max_workers, "max_workers")
    if ceiling < floor:
        raise ValueError(f"max_workers is {ceiling}, and size is already {floor}.")
    return ceiling


def _cores() -> int:
    # Imported here, so that importing pool_gui stays light.
    try:
        psutil = import_module("psutil")
    except ImportError:  # in a subinterpreter, say
        return os.cpu_count() or 1
    return int(psutil.cpu_count() or 1)
