from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from window_support import Scene

from pool_gui.monitor.view.snapshot import LaneGroup, Snapshot
from pool_gui.window.lanes.layout import (
    HEAD_PIXELS,
    LEAST_PIXELS,
    MOST_PIXELS,
    LaneLayout,
)


def snapshot(*groups: tuple[int, int]) -> Snapshot:
    """Return lanes of groups: (rows shown, workers in sight)."""
    rows = sum(shown for shown, _ in groups)
    scene = Scene(workers=max(rows, 1), tasks=1).snapshot()
    assert scene.lanes is not None
    first, made = 0, []
    for pool, (shown, workers) in enumerate(groups, 1):
        made.append(LaneGroup(1, first, shown, workers, pool))
        first += shown
    lanes = replace(scene.lanes, groups=tuple(made))
    return replace(scene, workers=scene.workers[:rows], lanes=lanes)


def test_one_pool_needs_no_head() -> None:
    layout = LaneLayout(snapshot((4, 4)), 400)
    assert not layout.has_heads
    assert layout.height == 4 * MOST_PIXELS


def test_a_pool_of_which_something_is_not_shown_says_so_in_a_head() -> None:
    assert LaneLayout(snapshot((3, 4)), 400).has_heads
    assert LaneLayout(snapshot((0, 4)), 400).height == HEAD_PIXELS


def test_lanes_share_the_room_that_the_heads_leave() -> None:
    layout = LaneLayout(snapshot((4, 4), (6, 6)), 2 * HEAD_PIXELS + 10 * 20)
    assert layout.lane_pixels == 20
    assert LaneLayout(snapshot((64, 64)), 100).lane_pixels == LEAST_PIXELS


def test_nothing_at_all_has_no_height() -> None:
    assert LaneLayout(None, 400).height == 0
    assert LaneLayout(None, 400).at(5) is None


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=5),
    st.integers(0, 600),
)
def test_what_is_painted_is_what_is_hit_and_each_lane_stands_once(
    sizes: list[tuple[int, int]], room: int
) -> None:
    shown = snapshot(*((rows, rows + more) for rows, more in sizes))
    layout = LaneLayout(shown, room)
    places = list(layout.between(0, layout.height))
    assert [p.row for p in places if p.row >= 0] == list(range(len(shown.workers)))
    assert sum(place.height for place in places) == layout.height
    for place in places:
        assert layout.at(place.top) is layout.at(place.top + place.height - 0.5)
        assert layout.at(place.top) == place
        if place.row >= 0:
            assert layout.of_row(place.row) == place
    heads = [place.group for place in places if place.row < 0]
    assert heads == (list(range(len(sizes))) if layout.has_heads else [])
