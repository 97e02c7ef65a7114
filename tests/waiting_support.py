"""Threads that wait in a parking lot for news, for the tests that wake them."""

from collections.abc import Callable

from bounded_support import Caller
from pool_support import until

from pool_gui.pool.waiting import Deadline, ParkingLot


class News:
    """Something that is true once it was said to be, and who asked for it."""

    def __init__(self) -> None:
        self.is_out = False
        self.asked = 0

    def __call__(self) -> bool:
        self.asked += 1
        return self.is_out


def waiter(lot: ParkingLot, news: Callable[[], bool]) -> Caller:
    """Start a thread that waits without a limit, so that it needs to be woken."""
    return Caller(lot.wait_until, news, Deadline(None))


def waiters(lot: ParkingLot, news: Callable[[], bool], count: int = 1) -> list[Caller]:
    """Start threads that wait, and return once all do, the longest waiting first."""
    made = []
    for _ in range(count):
        before = len(lot)
        made.append(waiter(lot, news))
        until(lambda before=before: len(lot) == before + 1)  # type: ignore[misc]
    return made
