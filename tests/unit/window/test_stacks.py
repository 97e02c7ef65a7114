import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pool_gui.monitor.states import STATES, State
from pool_gui.monitor.view.snapshot import Lanes, Shares, SpanTable
from pool_gui.window.lanes.stacks import (
    Flat,
    Stacked,
    compose,
    shares_to_draw,
    stack,
    state_table,
)
from pool_gui.window.style.theme import STATE_TABLE

GROUND = "#eef1f4"
TABLE = state_table(STATE_TABLE, GROUND)
NAN = float("nan")


def shares(*columns: dict[State, float] | None) -> Shares:
    """Return (columns, STATES); None stands for a column that is not known."""
    made = np.zeros((len(columns), STATES), np.float32)
    for place, column in enumerate(columns):
        if column is None:
            made[place] = NAN
            continue
        for state, share in column.items():
            made[place, state] = share
        made[place, State.IDLE] = 1 - sum(column.values())
    return made


def test_a_column_is_divided_as_its_time_was_from_the_floor_up() -> None:
    made = stack(shares({State.CPU: 0.5, State.GIL: 0.25}), 8, TABLE)[:, 0]
    cpu, gil, idle = TABLE[State.CPU], TABLE[State.GIL], TABLE[State.IDLE]
    assert made[::-1].tolist() == [cpu] * 4 + [gil] * 2 + [idle] * 2


def test_what_is_not_known_is_left_out() -> None:
    made = stack(shares(None, {State.SLEEP: 1.0}), 4, TABLE)
    assert (made[:, 0] == 0).all()
    assert (made[:, 1] == TABLE[State.SLEEP]).all()


def test_a_kind_that_nobody_knows_is_hatched() -> None:
    made = stack(shares(*[{State.UNKNOWN: 1.0}] * 8), 8, TABLE)
    colours = set(made.ravel().tolist())
    assert colours == {int(TABLE[State.UNKNOWN]), int(TABLE[State.IDLE])}


@given(
    st.lists(st.integers(0, 20), min_size=STATES, max_size=STATES).filter(any),
    st.integers(1, 40),
)
def test_each_state_has_its_share_of_the_height(parts: list[int], height: int) -> None:
    whole = sum(parts)
    column = np.asarray([[part / whole for part in parts]], np.float32)
    column[0, State.OTHER : State.IDLE] = 0  # these two are hatched
    column[0, State.IDLE] = 1 - column[0, : State.IDLE].sum()
    made = stack(column, height, TABLE)[:, 0].tolist()
    assert len(made) == height
    for state in range(State.OTHER):
        exact = float(column[0, state]) * height
        assert made.count(int(TABLE[state])) == pytest.approx(exact, abs=1.001)


def lanes(coverage: list[float], known: Shares, pixel_ns: int = 100_000_000) -> Lanes:
    none = np.zeros(0, np.int64)
    count = len(coverage)
    return Lanes(
        begin_ns=0,
        end_ns=count * pixel_ns,
        live=True,
        now_ns=count * pixel_ns,
        begin_known_ns=0,
        coverage=np.asarray([coverage], np.float32),
        owner=np.full((1, count), -1, np.int32),
        failed=np.zeros((1, count), np.bool_),
        spans=SpanTable(none, none, none, none, none, none, none),
        functions=(),
        states=known[np.newaxis],
    )


def test_the_newest_shares_are_carried_on_for_a_moment_and_no_longer() -> None:
    cpu = {State.CPU: 1.0}
    made = shares_to_draw(lanes([1.0] * 20, shares(cpu, *[None] * 19)))[0]
    assert (made[:8, State.CPU] == 1).all()
    assert (made[8:, State.UNKNOWN] == 1).all()


def test_time_at_work_that_nobody_looked_at_is_unknown_and_the_rest_idle() -> None:
    made = shares_to_draw(lanes([0.25, NAN], shares(None, None)))[0]
    assert made[0, State.UNKNOWN] == 0.25
    assert made[0, State.IDLE] == 0.75
    assert np.isnan(made[1]).all()


def test_lanes_beyond_the_picture_are_cut_where_they_leave_it() -> None:
    stacked = Stacked(shares({State.CPU: 0.5})[np.newaxis], TABLE)
    cpu, idle = int(TABLE[State.CPU]), int(TABLE[State.IDLE])
    above = compose(stacked, [(0, -2, 2)], 4, "#000000")[:, 0].tolist()
    assert above == [cpu, cpu, 0, 0]
    below = compose(stacked, [(0, 2, 6)], 4, "#000000")[:, 0].tolist()
    assert below == [0, 0, idle, idle]
    flat = Flat(np.asarray([[7]], np.uint32))
    assert compose(flat, [(0, -2, 2)], 4, "#000000")[:, 0].tolist() == [7, 7, 0, 0]
