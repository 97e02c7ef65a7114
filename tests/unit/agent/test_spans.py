import struct
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pool_gui.agent.adapters.base import Span
from pool_gui.agent.spans import (
    BACKLOG_FRAMES,
    CALM_NS,
    DEFAULT_BUDGET,
    Sampler,
    SpanGroup,
    fair_shares,
    pack,
    take,
)
from pool_gui.raised import with_calls
from pool_gui.wire.protocol import MAX_STRIDE, SPAN_COLUMNS


def job() -> None:
    """Stand for a task's function."""


def other() -> None:
    """Stand for a task's function."""


RAISED = with_calls("", ValueError())
"""Whatever its text: it was raised."""

NUMBERS = {id(job): 5, id(other): 6}


@given(
    st.lists(st.integers(min_value=0, max_value=5000), max_size=70),
    st.integers(min_value=0, max_value=3000),
)
def test_shares_use_the_budget_and_nobody_gets_less_than_another_takes(
    lengths: list[int], budget: int
) -> None:
    shares = fair_shares(lengths, budget)
    assert sum(shares) == min(budget, sum(lengths))
    assert all(share <= length for share, length in zip(shares, lengths, strict=True))
    wanting = [s for s, n in zip(shares, lengths, strict=True) if s < n]
    assert not wanting or max(shares) <= min(wanting) + 1


def test_rows_are_little_endian_in_the_order_of_the_columns() -> None:
    spans: list[Span] = [(9, job, 10, 20, 30, None), (11, other, 12, 40, 50, RAISED)]
    third: list[Span] = [(13, job, 1, 2, 3, RAISED)]
    body = pack([SpanGroup(1, 2, spans), SpanGroup(3, 4, third)], NUMBERS)
    assert list(struct.iter_unpack(f"<{SPAN_COLUMNS}q", body)) == [
        (1, 2, 9, 5, 10, 20, 30, 0),
        (1, 2, 11, 6, 12, 40, 50, 1),
        (3, 4, 13, 5, 1, 2, 3, 1),
    ]


def test_no_spans_are_no_bytes() -> None:
    assert pack([], {}) == b""


def test_spans_are_taken_from_the_left_and_no_more_than_there_are() -> None:
    spans = deque[Span]((i, job, 0, 0, 0, None) for i in range(5))
    assert [span[0] for span in take(spans, 3)] == [0, 1, 2]
    assert [span[0] for span in take(spans, 3)] == [3, 4]
    assert take(spans, 3) == []


def test_every_task_is_told_until_more_pile_up_than_a_few_frames_hold() -> None:
    sampler = Sampler()
    limit = DEFAULT_BUDGET * BACKLOG_FRAMES
    sampler.update(1000, limit, 0)
    assert (sampler.stride, sampler.mask) == (1, 0)
    sampler.update(30_000, limit + 1, 1)
    assert (sampler.stride, sampler.mask) == (64, 63)


def test_a_backlog_at_a_low_rate_is_no_reason_to_sample() -> None:
    sampler = Sampler()
    sampler.update(10, DEFAULT_BUDGET * BACKLOG_FRAMES * 2, 0)
    assert sampler.stride == 1


def test_the_stride_is_bounded() -> None:
    sampler = Sampler()
    sampler.update(1e15, 1 << 40, 0)
    assert sampler.stride == MAX_STRIDE


def _sampling() -> Sampler:
    sampler = Sampler()
    sampler.update(30_000, DEFAULT_BUDGET * BACKLOG_FRAMES + 1, 0)
    return sampler


def test_the_stride_falls_only_after_a_calm_time() -> None:
    sampler = _sampling()
    sampler.update(100, 0, 1)
    sampler.update(100, 0, CALM_NS)
    assert sampler.stride == 64
    sampler.update(100, 0, CALM_NS + 1)
    assert sampler.stride == 1


def test_a_busy_moment_begins_the_calm_anew() -> None:
    sampler = _sampling()
    sampler.update(100, 0, 1)
    sampler.update(30_000, 0, 2)
    sampler.update(100, 0, CALM_NS + 1)
    assert sampler.stride == 64


def test_the_stride_falls_to_what_has_room_for_twice_the_rate() -> None:
    sampler = _sampling()
    sampler.update(4000, 0, 1)
    sampler.update(100, 0, CALM_NS + 1)
    assert sampler.stride == 16


@pytest.mark.parametrize("rate", [16_500, 30_000, 60_000])
def test_a_steady_rate_does_not_make_the_stride_swing(rate: int) -> None:
    sampler = _sampling()
    strides = set()
    for frame in range(100):
        sampler.update(rate, 0, frame * CALM_NS)
        strides.add(sampler.stride)
    assert strides == {64}


def test_a_stride_that_still_waits_when_it_is_left_is_told() -> None:
    sampler = _sampling()
    sampler.update(100, 5, 1)
    sampler.update(100, 5, CALM_NS + 1)
    assert (sampler.stride, sampler.told_stride) == (1, 64)


def test_the_coarsest_stride_is_told_until_nothing_of_it_waits() -> None:
    sampler = _sampling()
    sampler.update(100, 0, 1)
    sampler.update(100, 5, CALM_NS + 1)
    assert (sampler.stride, sampler.told_stride) == (1, 64)
    sampler.update(100, 5, CALM_NS + 2)
    assert sampler.told_stride == 64
    sampler.update(100, 0, CALM_NS + 3)
    assert sampler.told_stride == 1
