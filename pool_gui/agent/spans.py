"""Takes finished tasks from the workers' records and packs them as rows.

Used by the agent thread alone. The workers write on meanwhile: only single operations
on their deques are used, each of which is atomic. A frame may cost the watched program
no more than about a millisecond, so these loops do as little a span as they can.
"""

import struct
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from pool_gui.agent.adapters.base import Span
from pool_gui.wire.protocol import MAX_STRIDE, SPAN_COLUMNS, OutcomeCode

DEFAULT_BUDGET: Final = 1000
"""Spans a frame: all of them up to 30,000 tasks a second."""

BACKLOG_FRAMES: Final = 8
"""A burst that can be told within so many frames is told in full."""

MAX_BACKLOG: Final = 8000
"""However large a frame may be: the workers' own deques hold not much more, and what
they drop is no even sample."""

CALM_NS: Final = 500_000_000
"""How long the rate must be low before more spans are recorded again."""


_pack_row: Final = struct.Struct(f"<{SPAN_COLUMNS}q").pack


class SpanGroup(NamedTuple):
    """Finished tasks of one worker."""

    pool_id: int
    worker_id: int
    spans: list[Span]


def take(spans: deque[Span], most: int) -> list[Span]:
    """Take up to `most` spans from the left of a deque that others append to."""
    pop = spans.popleft
    # A full deque drops its oldest when one is appended, but never becomes shorter:
    # as many as it had, it still has.
    return [pop() for _ in range(min(most, len(spans)))]


def fair_shares(lengths: Sequence[int], budget: int) -> list[int]:
    """Share a budget: all get the same, what one does not need goes to the others."""
    shares = [0] * len(lengths)
    left = budget
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    for place, index in enumerate(order):
        # The last places round up, so that the budget is used to the full.
        shares[index] = min(lengths[index], left // (len(lengths) - place))
        left -= shares[index]
    return shares


def pack(groups: Iterable[SpanGroup], functions: Mapping[int, int]) -> bytes:
    """Return the rows of all spans as the wire wants them.

    Args:
        groups: the spans, of any number of workers.
        functions: from the `id()` of a span's callable to its function id.
    """
    # One struct call a row took 0.14 us, whole columns through arrays 0.33 us.
    return b"".join(
        [
            _pack_row(
                pool_id,
                worker_id,
                task,
                functions[id(function)],
                queued_ns,
                started_ns,
                ended_ns,
                OutcomeCode.DONE if error is None else OutcomeCode.FAILED,
            )
            for pool_id, worker_id, spans in groups
            for task, function, queued_ns, started_ns, ended_ns, error in spans
        ]
    )


class Sampler:
    """Chooses the stride: every how many-th task leaves a span.

    It is raised at once when more spans pile up than a few frames can tell, and lowered
    after the rate has been low for a while; in between it stays.
    """

    def __init__(self, budget: int = DEFAULT_BUDGET) -> None:
        self.budget = budget
        self.stride = 1
        """A power of two."""
        self._coarsest = 1  # of spans that may still wait in a deque
        self._calm_since_ns: int | None = None
        self._peak_rate = 0.0  # finished tasks a frame, since the calm began

    @property
    def _sample(self) -> float:
        # Once it is a sample, half of it shows as much and costs half.
        return self.budget / 2

    @property
    def mask(self) -> int:
        """What the workers compare with."""
        return self.stride - 1

    @property
    def backlog_limit(self) -> int:
        """The most spans that may wait for later frames."""
        return min(self.budget * BACKLOG_FRAMES, MAX_BACKLOG)

    @property
    def told_stride(self) -> int:
        """Every how many-th task the frame being built tells at least."""
        return max(self.stride, self._coarsest)

    def update(self, finished_per_frame: float, held: int, now_ns: int) -> None:
        """Look at the frame just built, and choose the stride from now on.

        Args:
            finished_per_frame: tasks that ended, whether they left a span or not.
            held: spans that wait for later frames.
            now_ns: of any monotonic clock.
        """
        before = self.stride
        if held == 0:
            self._coarsest = before
        if held > self.backlog_limit:
            self._calm_since_ns = None
            self.stride = max(before, self._fitting(finished_per_frame))
        elif before > 1 and finished_per_frame < before * self._sample / 4:
            if self._calm_since_ns is None:
                self._calm_since_ns, self._peak_rate = now_ns, 0.0
            self._peak_rate = max(self._peak_rate, finished_per_frame)
            if now_ns - self._calm_since_ns >= CALM_NS:
                self._calm_since_ns = None
                # Room for twice the rate, or it would go up again soon.
                self.stride = min(before // 2, self._fitting(2 * self._peak_rate))
                self._coarsest = max(self._coarsest, before)
        else:
            self._calm_since_ns = None

    def _fitting(self, finished_per_frame: float) -> int:
        """Return the least stride at which a frame's spans are few enough."""
        if finished_per_frame <= self.budget:
            return 1
        stride = 2
        while finished_per_frame > stride * self._sample and stride < MAX_STRIDE:
            stride *= 2
        return stride
