import numpy as np
import pytest

from pool_gui.monitor.model.series import (
    INTERVAL_NS,
    POINTS,
    Progress,
    SeriesRecorder,
    curves,
)

SECOND = 1_000_000_000


def progress(begin: float, end: float, **amounts: int) -> Progress:
    given = {"depth": 0, "busy_ns": 0, "available_ns": 0, "finished": 0, "failed": 0}
    return Progress(round(begin * SECOND), round(end * SECOND), **{**given, **amounts})


def test_the_curves_are_the_last_minute_the_newest_last() -> None:
    recorder = SeriesRecorder()
    recorder.add(progress(99, 100, finished=20))
    shown = curves([recorder], 100 * SECOND)
    assert len(shown.age_seconds) == POINTS
    assert shown.age_seconds[-1] == 0
    assert shown.age_seconds[0] == pytest.approx(-60 + 0.25)
    np.testing.assert_allclose(shown.throughput[-4:], 20)
    assert np.isnan(shown.throughput[:-4]).all()


def test_an_interval_that_is_not_over_is_not_shown() -> None:
    recorder = SeriesRecorder()
    recorder.add(progress(99, 100.1, finished=11))
    shown = curves([recorder], round(100.1 * SECOND))
    assert shown.age_seconds[-1] == pytest.approx(-0.1)
    assert shown.throughput[-1] == pytest.approx(10)


def test_busy_share_and_workers_come_from_worker_time() -> None:
    recorder = SeriesRecorder()
    recorder.add(progress(99, 100, busy_ns=3 * SECOND, available_ns=4 * SECOND))
    shown = curves([recorder], 100 * SECOND)
    assert shown.busy_share[-1] == pytest.approx(0.75)
    assert shown.workers[-1] == pytest.approx(4)


def test_without_workers_the_busy_share_is_unknown_and_not_zero() -> None:
    recorder = SeriesRecorder()
    recorder.add(progress(99, 100))
    assert np.isnan(curves([recorder], 100 * SECOND).busy_share[-1])
    assert curves([recorder], 100 * SECOND).workers[-1] == 0


def test_depth_is_the_peak_of_the_interval() -> None:
    recorder = SeriesRecorder()
    for step, depth in enumerate((3, 9, 2)):
        recorder.add(progress(100 + step / 20, 100 + (step + 1) / 20, depth=depth))
    assert curves([recorder], 101 * SECOND).depth[-4] == 9


def test_time_without_the_process_is_a_gap() -> None:
    recorder = SeriesRecorder()
    recorder.add(progress(95, 96, finished=4))
    recorder.add(progress(99, 100, finished=4))
    shown = curves([recorder], 102 * SECOND)
    known = ~np.isnan(shown.throughput[-28:])
    assert known.tolist() == [True] * 4 + [False] * 12 + [True] * 4 + [False] * 8


def test_percentiles_are_gaps_where_nothing_began_or_ended() -> None:
    recorder = SeriesRecorder()
    durations = np.asarray([SECOND // 10]), np.ones(1, np.int64)
    none = np.empty(0, np.int64)
    recorder.add(progress(99, 99.25))
    recorder.add_durations(
        durations[0], none, (durations[1], none), round(99.25 * SECOND) - 1
    )
    shown = curves([recorder], 100 * SECOND)
    assert shown.wait_p95[-4] == pytest.approx(0.1, rel=0.01)
    assert np.isnan(shown.run_p95[-4:]).all()
    assert np.isnan(shown.wait_p95[-3:]).all()


def test_a_long_gap_is_spread_and_memory_stays() -> None:
    recorder = SeriesRecorder()
    recorder.add(progress(100, 101))
    before = recorder._rows.nbytes
    recorder.add(progress(101, 4001, finished=39_000))
    shown = curves([recorder], 4001 * SECOND)
    np.testing.assert_allclose(shown.throughput, 10)
    assert recorder._rows.nbytes == before


def test_a_frame_at_the_same_instant_loses_nothing() -> None:
    recorder = SeriesRecorder()
    recorder.add(progress(100, 100.1, finished=1))
    recorder.add(progress(100.1, 100.1, finished=9))
    recorder.add(progress(100.1, 100.25))
    assert curves([recorder], 101 * SECOND).throughput[-4] * INTERVAL_NS / SECOND == 10
