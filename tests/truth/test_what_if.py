"""Forecasts against real resizes: what is foretold at one size is seen at the other."""

import sys
import threading
import time
from collections.abc import Callable

import pytest

from pool_gui.monitor.session import Session
from pool_gui.monitor.source.child import pool_process
from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.monitor.view.viewport import Viewport
from pool_gui.wire.catalogue import DEMOS
from pool_gui.wire.commands import Arrival, Resize, Submit

DEADLINE_SECONDS = 90.0
IN_FLIGHT = 24
WITHIN = 0.2
"""Of the rate that was foretold: the checks run beside each other, and what they take
of the machine differs between the two halves."""

ROUNDS = 3
"""The machine's own pace may change between the two halves of one experiment, and the
size is not to blame; a forecast that is wrong is wrong in every round."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="procfs is Linux's"),
]


class Watching:
    """A session that watches one pool, and waits for what it tells."""

    def __init__(self) -> None:
        self._woken = threading.Event()
        self.session = Session(pool_process(), notify=self._woken.set)
        self.session.set_viewport(Viewport(what_if=True))
        self.session.start()

    def until(self, claim: Callable[[Snapshot], object]) -> Snapshot:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            self._woken.wait(1)
            self._woken.clear()
            snapshot = self.session.take()
            if claim(snapshot):
                return snapshot
        raise AssertionError("it did not come about in time")


def foretold(snapshot: Snapshot) -> bool:
    """Whether enough of the load is known."""
    told = snapshot.what_if
    return told is not None and told.seconds > 8 and bool(told.forecasts)


@pytest.mark.parametrize(
    ("demo", "before", "after"),
    [("sleep", 2, 6), ("peer", 8, 3), ("primes", 2, 8), ("lock", 2, 6)],
)
def test_what_was_foretold_is_seen_after_the_resize(
    demo: str, before: int, after: int
) -> None:
    outcomes: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        seen, expected = _experiment(demo, before, after)
        if seen == pytest.approx(expected, rel=WITHIN):
            return
        outcomes.append((seen, expected))
    pytest.fail(f"seen and foretold, tasks a second, in each round: {outcomes}")


def _experiment(demo: str, before: int, after: int) -> tuple[float, float]:
    """Return the rate that was seen after a resize, and the one foretold before it."""
    watching = Watching()
    load = Submit(
        demo, DEMOS[demo].defaults(), Arrival.IN_FLIGHT, 1.0, IN_FLIGHT, 0, seed=1
    )
    try:
        watching.session.launch_pool(before, [load])
        told = watching.until(foretold).what_if
        assert told is not None
        (expected,) = (
            one.throughput_per_second for one in told.forecasts if one.size == after
        )
        watching.session.send(Resize(after))
        seen = watching.until(lambda s: s.pool and after in dict(s.pool.rates))
        assert seen.pool is not None
        return dict(seen.pool.rates)[after], expected
    finally:
        assert watching.session.close(5) == ()
