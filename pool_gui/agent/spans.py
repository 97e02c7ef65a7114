"""Takes finished tasks from the workers' records and packs them as rows.

Used by the agent thread alone. The workers write on meanwhile: only single operations
on their deques are used, each of which is atomic. Packing works on whole columns, since
a frame may cost the watched program no more than a millisecond.
"""

import sys
from array import array
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import Final, NamedTuple

from pool_gui.agent.adapter import Span
from pool_gui.wire.protocol import (
    INT64_BYTES,
    SPAN_COLUMNS,
    OutcomeCode,
    SpanColumn,
)

DEFAULT_BUDGET: Final = 1000
"""Spans a frame: all of them up to 30,000 tasks a second."""

BACKLOG_FRAMES: Final = 8
"""A burst that can be told within so many frames is told in full."""

CALM_NS: Final = 500_000_000
"""How long the rate must be low before more spans are recorded again."""

MAX_STRIDE: Final = 1 << 20


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


def pack(groups: Sequence[SpanGroup], functions: dict[int, int]) -> bytes:
    """Return the rows of all spans as the wire wants them.

    Args:
        groups: the spans, of any number of workers.
        functions: from the `id()` of a span's callable to its function id.
    """
    total = sum(len(group.spans) for group in groups)
    if not total:
        return b""
    tasks, callables, queued, started, ended, errors = zip(
        *chain.from_iterable(group.spans for group in groups), strict=True
    )
    columns: dict[SpanColumn, Iterable[int]] = {
        SpanColumn.POOL: _spread((g.pool_id, len(g.spans)) for g in groups),
        SpanColumn.WORKER: _spread((g.worker_id, len(g.spans)) for g in groups),
        SpanColumn.TASK: tasks,
        SpanColumn.FUNCTION: map(functions.__getitem__, map(id, callables)),
        # A task put again while it runs carries its next time already.
        SpanColumn.QUEUED_NS: map(min, queued, started),
        SpanColumn.STARTED_NS: started,
        SpanColumn.ENDED_NS: ended,
    }
    rows = array("q", bytes(total * SPAN_COLUMNS * INT64_BYTES))
    for column, values in columns.items():
        rows[column::SPAN_COLUMNS] = array("q", values)
    if errors.count(None) != total:
        outcomes = (
            OutcomeCode.DONE if error is None else OutcomeCode.FAILED
            for error in errors
        )
        rows[SpanColumn.OUTCOME :: SPAN_COLUMNS] = array("q", outcomes)
    return to_wire(rows)


def to_wire(rows: "array[int]") -> bytes:
    """Return int64 values as little-endian bytes."""
    if sys.byteorder == "big":
        rows.byteswap()
    return rows.tobytes()


def _spread(counted: Iterable[tuple[int, int]]) -> Iterable[int]:
    return chain.from_iterable(repeat(value, count) for value, count in counted)


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
    def mask(self) -> int:
        """What the workers compare with."""
        return self.stride - 1

    @property
    def backlog_limit(self) -> int:
        """The most spans that may wait for later frames."""
        return self.budget * BACKLOG_FRAMES

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
        elif before > 1 and finished_per_frame < before * self.budget / 4:
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
        """Return the least stride at which a frame's spans are within the budget."""
        stride = 1
        while finished_per_frame > stride * self.budget and stride < MAX_STRIDE:
            stride *= 2
        return stride
