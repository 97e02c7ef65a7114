"""What a pool did lately: its curves, and how long its tasks waited and ran.

Session thread only. What is shown of several pools is the sum of their courses. Memory
is fixed: some 0.7 MB for a pool that works, next to nothing for one that does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pool_gui.monitor.model.durations import (
    WINDOW_SECONDS,
    SlidingHistogram,
    distribution_of,
)
from pool_gui.monitor.model.series import Progress, SeriesRecorder, curves
from pool_gui.monitor.view.snapshot import Distribution, Ints, Series

_SLICES: Final = 20
_SLICE_NS: Final = WINDOW_SECONDS * 1_000_000_000 // _SLICES


@dataclass(frozen=True, slots=True)
class Durations:
    """How long tasks waited and ran, as one frame told it; all in nanoseconds."""

    wait_ns: Ints
    """(n,) of tasks that began."""
    wait_weights: Ints
    """(n,) for how many tasks each stands."""
    run_ns: Ints
    """(m,) of tasks that ended."""
    run_weights: Ints


class Course:
    """See the module."""

    def __init__(self) -> None:
        self.series = SeriesRecorder()
        self.wait = SlidingHistogram(_SLICES, _SLICE_NS)
        self.run = SlidingHistogram(_SLICES, _SLICE_NS)

    def add(self, progress: Progress, durations: Durations, *, sampled: bool) -> None:
        """Take in what a frame tells.

        Args:
            progress: since the frame before.
            durations: of the tasks that the frame tells of.
            sampled: there were more tasks than these.
        """
        self.series.add(progress)
        waits = durations.wait_ns, durations.wait_weights
        runs = durations.run_ns, durations.run_weights
        for sliding, (values_ns, weights) in ((self.wait, waits), (self.run, runs)):
            sliding.advance(progress.end_ns)
            sliding.add(values_ns, weights, sampled=sampled)
        both = durations.wait_weights, durations.run_weights
        self.series.add_durations(
            durations.wait_ns, durations.run_ns, both, progress.end_ns
        )

    def absorb(self, other: "Course") -> None:
        """Take in another one's, as if both had been one pool."""
        self.series.absorb(other.series)
        self.wait.absorb(other.wait)
        self.run.absorb(other.run)


def together(
    courses: Sequence[Course], now_ns: int
) -> tuple[Series, Distribution, Distribution]:
    """Return the curves, waits and runs of several pools as if they were one."""
    shown = courses or [Course()]
    for course in shown:
        course.wait.advance(now_ns)
        course.run.advance(now_ns)
    wait = distribution_of([course.wait for course in shown])
    run = distribution_of([course.run for course in shown])
    return curves([course.series for course in shown], now_ns), wait, run
