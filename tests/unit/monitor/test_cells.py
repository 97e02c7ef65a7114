import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pool_gui.monitor.model.busy import CELL_NS, CELLS, BusyCells


def cells_of(*workers: int) -> BusyCells:
    cells = BusyCells()
    for slot in workers:
        cells.reset(slot)
    return cells


def add(
    cells: BusyCells, begin: float, end: float, busy: float, *, complete: bool = False
) -> None:
    """Add for worker 0; times in cells."""
    cells.add(
        np.asarray([0]),
        np.asarray([round(begin * CELL_NS)]),
        round(end * CELL_NS),
        np.asarray([round(busy * CELL_NS)]),
        complete=complete,
    )


def shares(cells: BusyCells, first: int, last: int) -> list[float]:
    edges = np.arange(first, last + 2) * CELL_NS
    values, _ = cells.over(np.asarray([0]), edges, 0)
    return [round(float(value), 3) for value in values[0]]


def test_busy_time_is_spread_evenly_over_the_cells_it_was_counted_in() -> None:
    cells = cells_of(0)
    add(cells, 10, 14, 2)
    assert shares(cells, 10, 13) == [0.5] * 4


def test_a_cell_has_the_share_of_the_part_that_is_known() -> None:
    cells = cells_of(0)
    add(cells, 10.5, 10.75, 0.25)
    assert shares(cells, 10, 10) == [1]
    add(cells, 10.75, 11, 0)
    assert shares(cells, 10, 10) == [0.5]


def test_cells_that_were_not_seen_are_unknown() -> None:
    cells = cells_of(0)
    add(cells, 10, 11, 1)
    add(cells, 13, 14, 1)
    np.testing.assert_array_equal(
        shares(cells, 9, 15), [np.nan, 1, *2 * [np.nan], 1, *2 * [np.nan]]
    )


def test_a_slot_given_to_another_worker_knows_nothing() -> None:
    cells = cells_of(0)
    add(cells, 10, 11, 1)
    cells.reset(0)
    assert np.isnan(shares(cells, 10, 10)).all()


def test_only_incomplete_cells_are_read() -> None:
    cells = cells_of(0)
    add(cells, 10, 11, 1, complete=True)
    add(cells, 11, 12, 1, complete=False)
    edges = np.arange(10, 14) * CELL_NS
    _, missing = cells.over(np.asarray([0]), edges, 0)
    assert missing.tolist() == [False, True, False]
    _, missing = cells.over(np.asarray([0]), edges, 11 * CELL_NS)
    assert missing.tolist() == [True, True, False]


def test_what_is_older_than_the_ring_is_unknown_and_memory_stays() -> None:
    cells = cells_of(0)
    add(cells, 10, 11, 1)
    add(cells, 11 + CELLS, 12 + CELLS, 1)
    assert np.isnan(shares(cells, 10, 10)).all()
    assert shares(cells, 11 + CELLS, 11 + CELLS) == [1]
    add(cells, 12 + CELLS, 12 + 9 * CELLS, 4 * CELLS)  # a gap longer than the ring
    assert shares(cells, 11 + 9 * CELLS, 11 + 9 * CELLS) == [0.5]
    assert cells._shares.nbytes == 16 * CELLS * 2


def test_slots_grow_as_they_are_needed() -> None:
    cells = cells_of(0)
    add(cells, 10, 11, 1)
    cells.reset(40)
    assert shares(cells, 10, 10) == [1]
    assert len(cells._shares) >= 41


@given(
    st.lists(st.tuples(st.integers(1, 200), st.floats(0, 1)), min_size=1, max_size=20)
)
def test_no_busy_time_is_lost_or_invented(steps: list[tuple[int, float]]) -> None:
    cells = cells_of(0)
    at, busy = 1000, 0.0  # tenths of a cell
    for tenths, share in steps:
        add(cells, at / 10, (at + tenths) / 10, share * tenths / 10)
        busy += share * tenths / 10
        at += tenths
    whole, rest = divmod(at, 10)
    values = shares(cells, 100, whole)
    total = sum(values[:-1]) + (values[-1] * rest / 10 if rest else 0)
    assert total == pytest.approx(busy, abs=0.002 * len(values))
