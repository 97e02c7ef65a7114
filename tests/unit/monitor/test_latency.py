import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pool_gui.monitor.model.durations import (
    BUCKETS,
    CHART_BUCKETS,
    RATIO,
    Histogram,
    SlidingHistogram,
    bucket_of,
    chart_histogram,
)

DURATIONS_NS = st.lists(
    st.integers(min_value=100, max_value=10**14 - 1), min_size=1, max_size=200
)


def ones(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.ones(len(values), np.int64)


@given(DURATIONS_NS)
def test_percentiles_are_within_one_per_cent_of_the_nearest_rank(
    values: list[int],
) -> None:
    histogram = Histogram()
    histogram.add(np.asarray(values), ones(values))
    got = histogram.percentiles()
    for share, seconds in ((50, got.p50), (95, got.p95), (99, got.p99)):
        exact = np.percentile(values, share, method="inverted_cdf") / 1e9
        assert exact / math.sqrt(RATIO) * 0.9999 <= seconds
        assert seconds <= exact * math.sqrt(RATIO) * 1.0001
    assert got.maximum == max(values) / 1e9


@given(DURATIONS_NS, st.integers(min_value=1, max_value=64))
def test_a_weight_is_as_good_as_so_many_equal_values(
    values: list[int], weight: int
) -> None:
    weighted, repeated = Histogram(), Histogram()
    weighted.add(np.asarray(values), ones(values) * weight)
    repeated.add(np.repeat(values, weight), ones(values * weight))
    assert weighted.percentiles() == repeated.percentiles()
    assert weighted.told == len(values)


def test_no_values_have_no_percentiles() -> None:
    got = Histogram().percentiles()
    assert all(map(math.isnan, (got.p50, got.p95, got.p99, got.maximum)))


def test_values_beyond_the_buckets_are_kept_in_the_outer_ones() -> None:
    buckets = bucket_of(np.asarray([0, 1, 99, 10**15, 2**62]))
    np.testing.assert_array_equal(buckets, [0, 0, 0, BUCKETS - 1, BUCKETS - 1])


@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.integers(100, 10**12)), min_size=1, max_size=60
    )
)
def test_a_sliding_histogram_is_the_histogram_of_its_newest_slices(
    steps: list[tuple[int, int]],
) -> None:
    slices = 5
    sliding = SlidingHistogram(slices, 10)
    now, told = 0, []
    for step, value in steps:
        now += step
        sliding.advance(now)
        sliding.add(np.asarray([value]), np.ones(1, np.int64), sampled=False)
        told.append((now // 10, value))
        inside = [v for at, v in told if at > now // 10 - slices]
        whole = Histogram()
        whole.add(np.asarray(inside), ones(inside))
        assert sliding.percentiles() == whole.percentiles()
        assert sliding.distribution().count == len(inside)


def test_a_sliding_histogram_is_incomplete_as_long_as_a_sampled_slice_is_in_it() -> (
    None
):
    sliding = SlidingHistogram(2, 10)
    none = np.empty(0, np.int64)
    sliding.advance(5)
    sliding.add(none, none, sampled=True)
    assert not sliding.distribution().complete
    sliding.advance(15)
    assert not sliding.distribution().complete
    sliding.advance(25)
    assert sliding.distribution().complete


def test_an_empty_distribution_says_its_span_and_knows_no_percentile() -> None:
    empty = SlidingHistogram(60, 10**9).distribution()
    assert empty.window_seconds == 60
    assert empty.count == 0
    assert math.isnan(empty.p99)
    assert empty.histogram.sum() == 0
    assert (np.diff(empty.edges) > 0).all()


@given(DURATIONS_NS)
def test_the_chart_s_buckets_hold_every_value_between_their_edges(
    values: list[int],
) -> None:
    histogram = Histogram()
    histogram.add(np.asarray(values), ones(values))
    edges, counts = chart_histogram(histogram.counts)
    assert counts.shape == (CHART_BUCKETS,)
    assert edges.shape == (CHART_BUCKETS + 1,)
    assert counts.sum() == len(values)
    np.testing.assert_allclose(np.diff(np.log(edges)), np.diff(np.log(edges))[0])
    for value in values:  # to a fine bucket's width, which is 2 %
        place = np.searchsorted(edges, value / 1e9 * (1 + 1e-9)) - 1
        near = counts[max(place - 1, 0) : place + 2]
        assert near.sum() > 0


def test_the_chart_s_edges_stay_while_the_values_fit() -> None:
    histogram = Histogram()
    histogram.add(np.asarray([10**6, 10**8]), np.ones(2, np.int64))
    before, _ = chart_histogram(histogram.counts)
    histogram.add(np.asarray([5 * 10**6, 9 * 10**7]), np.ones(2, np.int64))
    after, _ = chart_histogram(histogram.counts)
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("values", [[], [0], [2**62]])
def test_memory_does_not_depend_on_the_values(values: list[int]) -> None:
    histogram = Histogram()
    histogram.add(np.asarray(values, np.int64), ones(values))
    assert histogram.counts.shape == (BUCKETS,)
