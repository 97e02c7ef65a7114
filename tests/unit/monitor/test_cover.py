import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pool_gui.monitor.view.pixels import Bars, Grid, cover, known_time

Lane = list[tuple[int, int, bool]]


@st.composite
def lanes(draw: st.DrawFn) -> Lane:
    """Return tasks of one worker, one after the other."""
    lane, at = [], draw(st.integers(0, 60))
    for _ in range(draw(st.integers(0, 8))):
        at += draw(st.integers(0, 30))
        begin = at
        at += draw(st.integers(0, 60))
        lane.append((begin, at, draw(st.booleans())))
    return lane


def bars_of(tasks: list[Lane]) -> Bars:
    flat = [(row, *task) for row, lane in enumerate(tasks) for task in lane]
    row, begin, end, failed = np.asarray(flat, np.int64).reshape(-1, 4).T
    return Bars(row, begin, end, failed.astype(np.bool_))


def overlap(first: tuple[int, int], second: tuple[int, int]) -> int:
    return max(min(first[1], second[1]) - max(first[0], second[0]), 0)


@given(
    st.lists(lanes(), min_size=1, max_size=4),
    st.integers(1, 12),
    st.integers(1, 40),
    st.integers(0, 8),
    st.tuples(st.integers(0, 100), st.integers(0, 400)),
)
def test_coverage_is_busy_by_known_time_of_every_pixel(
    tasks: list[Lane], pixels: int, width: int, begin: int, life: tuple[int, int]
) -> None:
    grid = Grid(begin * width, width, pixels)
    lives = np.asarray([life] * len(tasks))
    # As in the model, nothing is known of a worker outside its life.
    tasks = [[t for t in lane if life[0] <= t[0] and t[1] <= life[1]] for lane in tasks]
    got = cover(grid, bars_of(tasks), known_time(grid, lives))
    for row, lane in enumerate(tasks):
        for pixel in range(pixels):
            edges = ((begin + pixel) * width, (begin + pixel + 1) * width)
            known = overlap(edges, life)
            busy = [overlap(edges, task[:2]) for task in lane]
            share = got.coverage[row, pixel]
            if known == 0:
                assert np.isnan(share)
            else:
                assert abs(share - sum(busy) / known) < 1e-6
            owner = got.owner[row, pixel]
            if not any(busy):
                assert owner == -1
            else:
                assert owner >= 0
                place = owner - sum(len(before) for before in tasks[:row])
                assert busy[place] == max(busy)


@given(lanes(), st.integers(1, 40))
def test_a_failed_task_marks_the_pixel_in_which_it_ends(lane: Lane, width: int) -> None:
    grid = Grid(0, width, 10)
    known = known_time(grid, np.asarray([(0, 10_000)]))
    got = cover(grid, bars_of([lane]), known)
    wanted = {
        max((end - 1) // width, begin // width)
        for begin, end, failed in lane
        if failed and 0 < end <= 10 * width
    }
    assert {int(p) for p in np.flatnonzero(got.failed[0])} == {
        min(pixel, 9) for pixel in wanted
    }


def test_bars_over_each_other_neither_exceed_the_pixel_nor_fail() -> None:
    grid = Grid(0, 10, 4)
    many: list[Lane] = [[(0, 40, False)] * 100]
    got = cover(grid, bars_of(many), known_time(grid, np.asarray([(0, 40)])))
    np.testing.assert_array_equal(got.coverage, 1)


def test_the_grid_moves_in_whole_pixels_and_holds_its_end() -> None:
    for end in range(1000, 1100):
        grid = Grid.until(end, span_ns=300, pixels=30)
        assert grid.begin_ns % grid.width_ns == 0
        assert grid.end_ns - grid.width_ns < end <= grid.end_ns
        assert grid.pixels == 30
