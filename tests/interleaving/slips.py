"""Two small classes with a slip, and the same without: what the fuzzer must find.

Traced as the pool is. Each slip is "look, then store" with nothing in between but the
end of a bytecode, which is enough.
"""

from __future__ import annotations

import threading
from _thread import allocate_lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _thread import LockType


class SlipTicket:
    """Something that one of many may claim; the slip lets two have it."""

    def __init__(self) -> None:
        self._is_claimed = False

    def claim(self) -> bool:
        """Return whether the caller has it now."""
        if not self._is_claimed:
            self._is_claimed = True
            return True
        return False


class Ticket:
    """The same, right: the removal of an attribute is one step."""

    def __init__(self) -> None:
        self._unclaimed = True

    def claim(self) -> bool:
        """Return whether the caller has it now."""
        try:
            del self._unclaimed
        except AttributeError:
            return False
        return True


class SlipBox:
    """A place for one result; the slip loses the wake-up of who waits for it."""

    def __init__(self) -> None:
        self._parked: LockType | None = None
        self._result: Any = None

    def put(self, result: Any) -> None:
        """Store the result, and wake who waits."""
        self._result = result
        if self._parked is not None:
            self._parked.release()

    def get(self, seconds: float) -> Any:
        """Return the result; raises TimeoutError if it does not come."""
        if self._result is None:
            lock = allocate_lock()
            lock.acquire()
            self._parked = lock
            if not lock.acquire(timeout=seconds):
                raise TimeoutError
        return self._result


class Box(SlipBox):
    """The same, right: who waits looks again after it has registered."""

    def get(self, seconds: float) -> Any:
        """Return the result; raises TimeoutError if it does not come."""
        lock = allocate_lock()
        lock.acquire()
        self._parked = lock
        if self._result is None and not lock.acquire(timeout=seconds):
            raise TimeoutError
        return self._result


def claims(kind: type[SlipTicket | Ticket]) -> None:
    """See that of three threads one gets each ticket."""
    line = threading.Barrier(3)
    tickets = [kind() for _ in range(20)]
    won: list[int] = []

    def run() -> None:
        for number, ticket in enumerate(tickets):
            line.wait(30)
            if ticket.claim():
                won.append(number)

    _run_all(run, run, run)
    assert sorted(won) == list(range(20))


def hand_overs(kind: type[SlipBox]) -> None:
    """See that each result that is put reaches who waits for it."""
    line = threading.Barrier(2)
    boxes = [kind() for _ in range(20)]
    lost: list[int] = []

    def put() -> None:
        for number, box in enumerate(boxes):
            line.wait(30)
            box.put(number + 1)

    def get() -> None:
        for number, box in enumerate(boxes):
            line.wait(30)
            try:
                assert box.get(0.3) == number + 1
            except TimeoutError:
                lost.append(number)

    _run_all(put, get)
    assert not lost


def _run_all(*calls: Any) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
