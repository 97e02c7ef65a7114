import pytest

from pool_gui.agent.pace import Schedule

MS = 1_000_000


@pytest.fixture
def schedule() -> Schedule:
    return Schedule(0, interval_seconds=0.03, idle_seconds=0.24)


def test_ticks_stand_at_fixed_distances_however_late_one_was(
    schedule: Schedule,
) -> None:
    assert schedule.due(30 * MS, moved=True) == 1
    assert schedule.wait_seconds(30 * MS) == pytest.approx(0.03)
    assert schedule.due(77 * MS, moved=True) == 2
    assert schedule.wait_seconds(77 * MS) == pytest.approx(0.013)


def test_an_idle_agent_looks_at_every_second_tick(schedule: Schedule) -> None:
    assert schedule.due(30 * MS, moved=False) is None
    assert schedule.wait_seconds(30 * MS) == pytest.approx(0.06)
    assert schedule.wait_seconds(70 * MS) == pytest.approx(0.02)


def test_while_anything_moves_every_tick_is_a_frame(schedule: Schedule) -> None:
    frames = [schedule.due(30 * MS * tick, moved=True) for tick in range(1, 6)]
    assert frames == [1, 2, 3, 4, 5]


def test_when_nothing_moves_only_the_pulse_is_sent(schedule: Schedule) -> None:
    frames = [schedule.due(30 * MS * tick, moved=False) for tick in range(1, 17)]
    assert frames == [None] * 7 + [1] + [None] * 7 + [2]


def test_a_move_shows_at_the_next_tick(schedule: Schedule) -> None:
    assert schedule.due(30 * MS, moved=False) is None
    assert schedule.due(60 * MS, moved=True) == 1


def test_a_gap_in_the_numbers_counts_the_frames_that_were_not_sent(
    schedule: Schedule,
) -> None:
    assert schedule.due(30 * MS, moved=True) == 1
    # Then the window did not read for ten ticks.
    assert schedule.wait_seconds(335 * MS) == 0
    assert schedule.due(335 * MS, moved=True) == 11


def test_an_idle_process_misses_pulses_not_ticks(schedule: Schedule) -> None:
    assert schedule.due(30 * MS, moved=False) is None
    assert schedule.due(80 * 30 * MS, moved=False) == 9  # of 10 pulses, one is this


def test_a_late_tick_after_rest_is_no_loss(schedule: Schedule) -> None:
    assert schedule.due(30 * MS, moved=False) is None
    assert schedule.due(120 * MS, moved=True) == 1


def test_another_distance_of_ticks_loses_no_number(schedule: Schedule) -> None:
    assert schedule.due(30 * MS, moved=True) == 1
    schedule.set_interval(0.06, 40 * MS)
    assert schedule.wait_seconds(40 * MS) == pytest.approx(0.06)
    assert schedule.due(100 * MS, moved=True) == 2
    schedule.set_interval(0.06, 110 * MS)
    assert schedule.wait_seconds(110 * MS) == pytest.approx(0.05), "it is the same"
    assert schedule.due(220 * MS, moved=True) == 4, "one was missed"
