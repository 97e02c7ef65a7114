"""What several pools did together is what one pool would have done."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pool_gui.monitor.model.course import Course, Durations, together
from pool_gui.monitor.model.series import Progress

SECOND = 1_000_000_000
NONE = np.empty(0, np.int64)
NUMBERS = st.integers(0, 1000)
PARTS = st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=2, max_size=4)


def told(course: Course, second: int, part: tuple[int, int, int]) -> None:
    """Let a second pass in which a pool did this: depth, finished, run time in ms."""
    depth, finished, run_ms = part
    begin_ns = second * SECOND
    progress = Progress(
        begin_ns,
        begin_ns + SECOND,
        depth=depth,
        busy_ns=run_ms * 1_000_000,
        available_ns=2 * SECOND,
        finished=finished,
        failed=finished // 10,
    )
    run_ns = np.asarray([run_ms * 1_000_000], np.int64)
    one = np.ones(1, np.int64)
    course.add(progress, Durations(NONE, NONE, run_ns, one), sampled=False)


@given(st.lists(PARTS, min_size=1, max_size=6))
@settings(max_examples=40)
def test_the_sum_of_courses_is_the_course_of_the_sum(
    seconds: list[list[tuple[int, int, int]]],
) -> None:
    """Each second some of four pools do something, which one pool does all of."""
    apart, joined = [Course() for _ in range(4)], Course()
    for second, parts in enumerate(seconds, 100):
        for course, part in zip(apart, parts, strict=False):
            told(course, second, part)
        end_ns = (second + 1) * SECOND
        runs = np.asarray([part[2] * 1_000_000 for part in parts], np.int64)
        progress = Progress(
            second * SECOND,
            end_ns,
            depth=sum(part[0] for part in parts),
            busy_ns=int(runs.sum()),
            available_ns=2 * SECOND * len(parts),
            finished=sum(part[1] for part in parts),
            failed=sum(part[1] // 10 for part in parts),
        )
        ones = np.ones(len(parts), np.int64)
        joined.add(progress, Durations(NONE, NONE, runs, ones), sampled=False)
    now_ns = (100 + len(seconds)) * SECOND
    series, _, run = together(apart, now_ns)
    wanted, _, wanted_run = together([joined], now_ns)
    for name in ("depth", "busy_share", "workers", "throughput", "failed_rate"):
        np.testing.assert_allclose(getattr(series, name), getattr(wanted, name))
    assert (run.count, run.p50, run.p95) == (
        wanted_run.count,
        wanted_run.p50,
        wanted_run.p95,
    )
    absorbed = Course()
    for course in apart:
        absorbed.absorb(course)
    again, _, again_run = together([absorbed], now_ns)
    np.testing.assert_allclose(again.throughput, wanted.throughput)
    np.testing.assert_allclose(again.depth, wanted.depth)
    assert (again_run.count, again_run.p95) == (wanted_run.count, wanted_run.p95)


def test_of_several_percentiles_the_curve_shows_the_greatest() -> None:
    quick, slow = Course(), Course()
    told(quick, 100, (0, 1, 10))
    told(slow, 100, (0, 1, 500))
    series, _, _ = together([quick, slow], 102 * SECOND)
    assert np.nanmax(series.run_p95) == pytest.approx(0.5, rel=0.02)


def test_nothing_at_all_is_unknown_and_no_error() -> None:
    series, wait, run = together([], 100 * SECOND)
    assert np.isnan(series.depth).all()
    assert (wait.count, run.count) == (0, 0)


def test_a_pool_that_ended_long_ago_adds_nothing_to_what_is_absorbed() -> None:
    old, new = Course(), Course()
    told(old, 100, (5, 7, 10))
    told(new, 5000, (1, 2, 20))
    new.absorb(old)
    series, _, run = together([new], 5001 * SECOND)
    assert np.nansum(series.throughput) * 0.25 == pytest.approx(2)
    assert run.count == 1
