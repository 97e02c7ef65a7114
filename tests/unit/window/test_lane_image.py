from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pool_gui.monitor.view.snapshot import Lanes, SpanTable
from pool_gui.window.lanes import image as lane_image
from pool_gui.window.lanes.stacks import Flat, compose

GROUND = "#eef1f4"
FUNCTIONS = ("d", "b", "e", "a")
"""Each wants the colour that has its place."""
COLOURS = ("#000000", "#ff0000", "#00ff00", "#0000ff")


def lanes(coverage: list[float], owner: list[int], lengths: list[int]) -> Lanes:
    """Return one lane of 1 ns a pixel whose spans are as long as told."""
    ends = np.cumsum(lengths).astype(np.int64)
    none = np.zeros(len(lengths), np.int64)
    return Lanes(
        begin_ns=0,
        end_ns=len(coverage),
        live=True,
        now_ns=len(coverage),
        begin_known_ns=0,
        coverage=np.asarray([coverage], np.float32),
        owner=np.asarray([owner], np.int32),
        failed=np.zeros((1, len(coverage)), np.bool_),
        spans=SpanTable(
            worker=none,
            task=none,
            function=np.arange(len(lengths), dtype=np.int64),
            queued_ns=none,
            started_ns=ends - lengths,
            ended_ns=ends,
            outcome=none,
        ),
        functions=FUNCTIONS,
    )


def colours_of(made: Lanes) -> list[str]:
    codes = lane_image.codes_by_function(made, len(COLOURS))
    pixels = lane_image.paint(made, codes, COLOURS, GROUND)[0]
    return [f"{int(pixel):08x}" for pixel in pixels]


def test_what_is_not_known_is_transparent() -> None:
    assert colours_of(lanes([float("nan")], [-1], []))[0] == "00000000"


def test_idle_is_the_ground_and_busy_the_colour_of_its_function() -> None:
    made = colours_of(lanes([0, 1, 1], [-1, 1, 2], [1, 1, 1]))
    assert made == ["ffeef1f4", "ffff0000", "ff00ff00"]


def test_a_task_much_shorter_than_a_pixel_can_be_seen() -> None:
    barely = colours_of(lanes([1e-6], [0], [1]))[0]
    least = colours_of(lanes([lane_image.LEAST_OPACITY - 0.03], [0], [1]))[0]
    assert barely == least != "ffeef1f4"


def test_tasks_are_set_apart_only_when_they_are_wide_enough() -> None:
    wide = lane_image.GAP_FROM_PIXELS
    owner = [0] * wide + [1] * wide
    made = colours_of(lanes([1.0] * len(owner), owner, [wide, wide]))
    assert made[wide - 1] == "ff000000"
    assert made[wide] not in {"ffff0000", "ff000000"}
    assert set(made[wide + 1 :]) == {"ffff0000"}
    narrow = colours_of(lanes([1.0] * 4, [0, 0, 1, 1], [2, 2]))
    assert narrow == ["ff000000"] * 2 + ["ffff0000"] * 2


def test_a_lost_owner_is_painted_without_looking_into_the_spans() -> None:
    assert colours_of(lanes([1.0], [-1], [])) == ["ff000000"]


@given(
    st.lists(st.floats(0, 1, width=32) | st.just(float("nan")), min_size=1, max_size=40)
)
def test_more_coverage_never_looks_like_less(coverage: list[float]) -> None:
    made = lanes(coverage, [0] * len(coverage), [len(coverage)])
    codes = lane_image.codes_by_function(made, len(COLOURS))
    pixels = lane_image.paint(made, codes, COLOURS, "#ffffff")[0]
    known = [
        (share, 255 - int(pixel & 255))
        for share, pixel in zip(coverage, pixels, strict=True)
        if not np.isnan(share)
    ]
    darkness = [dark for _, dark in sorted(known)]
    assert darkness == sorted(darkness)
    for share, dark in known:
        wanted = 255 * max(share, lane_image.LEAST_OPACITY) if share else 0
        assert dark == pytest.approx(wanted, abs=255 / 64 + 1)


def test_outcomes_have_their_own_codes() -> None:
    made = lanes([1.0, 1.0, 0.0], [0, 1, -1], [1, 1])
    spans = replace(made.spans, outcome=np.asarray([1, 2], np.int64))
    codes = lane_image.codes_by_outcome(replace(made, spans=spans))
    assert codes.tolist() == [[1, 2, 0]]


def test_lanes_stand_in_one_picture_and_what_is_unknown_has_its_colour() -> None:
    pixels = np.asarray([[1, 2], [0, 4]], np.uint32)
    made = compose(Flat(pixels), [(0, -1, 1), (1, 2, 9)], 4, "#00000a")
    assert made.tolist() == [[1, 2], [0, 0], [0xFF00000A, 4], [0xFF00000A, 4]]


def test_lanes_beyond_the_picture_are_left_out() -> None:
    pixels = np.asarray([[1], [2]], np.uint32)
    made = compose(Flat(pixels), [(0, -5, -1), (1, 3, 5)], 3, "#000000")
    assert not made.any()


def test_a_function_has_its_colour_after_the_next_start_too() -> None:
    names = tuple(f"app.task_{number}" for number in range(6))
    once = dict(zip(names, lane_image.colour_places(names, 12), strict=True))
    other = names[3:] + names[:3]
    again = dict(zip(other, lane_image.colour_places(other, 12), strict=True))
    assert len(set(once.values())) == 6, "no two have one colour while there are others"
    assert again == once, "whatever comes first"
    assert lane_image.colour_places(FUNCTIONS, 4) == (0, 1, 2, 3)
    assert len(lane_image.colour_places(names, 4)) == 6
