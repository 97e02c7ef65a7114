import numpy as np
import pytest
from unit.monitor import feed
from unit.monitor.feed import BUSY, GONE, Feed, span_row, worker_row

from pool_gui.monitor.view import lanes
from pool_gui.monitor.view.snapshot import Lanes
from pool_gui.monitor.view.viewport import Viewport


def drawn(
    told: Feed,
    *,
    seconds: float = 0.1,
    pixels: int = 10,
    end: float | None = None,
    now: float | None = None,
) -> Lanes:
    """Return the lanes; times in ms since hello, by default until the newest frame."""
    view = Viewport(seconds, None if end is None else told.at(end), pixels)
    now_ns = told.history.now_ns if now is None else told.at(now)
    workers = lanes.in_sight(told.history, view, now_ns)
    return lanes.draw(told.history, view, now_ns, workers)[0]


def coverage(picture: Lanes, row: int = 0) -> list[float]:
    return [round(float(value), 2) for value in picture.coverage[row]]


@pytest.fixture
def told() -> Feed:
    """Two workers since 0 ms; the first ran task 1 from 20 to 45 ms; now is 100 ms."""
    one = Feed()
    one.tell(0, [worker_row(1), worker_row(2)])
    one.tell(
        100,
        [worker_row(1, since=one.at(45), done=1, busy=25 * feed.MS), worker_row(2)],
        [span_row(1, 1, one.at(20), one.at(45), function=2)],
    )
    return one


def test_a_task_fills_its_pixels_and_owns_them(told: Feed) -> None:
    picture = drawn(told)
    assert coverage(picture) == [0, 0, 1, 1, 0.5, 0, 0, 0, 0, 0]
    assert picture.owner[0].tolist() == [-1, -1, 0, 0, 0, -1, -1, -1, -1, -1]
    assert picture.spans.task.tolist() == [1]
    assert picture.functions[picture.spans.function[0]] == "app.count"
    assert coverage(picture, 1) == [0] * 10


def test_before_a_worker_lived_nothing_is_known(told: Feed) -> None:
    picture = drawn(told, end=50)
    assert np.isnan(picture.coverage[0, :5]).all()
    assert not picture.live
    assert coverage(picture)[5:] == [0, 0, 1, 1, 0.5]


def test_time_in_which_the_process_was_not_seen_is_unknown(told: Feed) -> None:
    picture = drawn(told, now=150)
    assert coverage(picture)[:5] == [0, 0, 0, 0, 0]
    assert np.isnan(picture.coverage[:, 5:]).all()
    assert picture.now_ns == told.at(150)


def test_a_running_task_is_drawn_up_to_the_newest_frame(told: Feed) -> None:
    running = worker_row(1, state=BUSY, task=5, since=told.at(150), done=1, function=1)
    told.tell(180, [running, worker_row(2)])
    picture = drawn(told, now=200)
    assert coverage(picture)[:8] == [0] * 5 + [1] * 3
    assert np.isnan(picture.coverage[0, 8:]).all()
    (place,) = np.flatnonzero(picture.spans.task == 5)
    assert picture.spans.outcome[place] == 2
    assert picture.spans.ended_ns[place] == picture.end_ns


def test_a_gone_worker_is_drawn_below_as_long_as_it_is_in_view(told: Feed) -> None:
    told.tell(130, [worker_row(1, state=GONE, since=told.at(120)), worker_row(2)])
    told.tell(150, [worker_row(2)])
    history = told.history
    workers = lanes.in_sight(history, Viewport(0.1, None, 10), history.now_ns)
    assert [worker.name for worker in workers] == ["w2", "w1"]
    picture = drawn(told)
    assert np.isnan(picture.coverage[1, 8:]).all()
    assert drawn(told, seconds=0.01).coverage.shape == (1, 10)


def test_a_failed_task_marks_where_it_ended(told: Feed) -> None:
    told.tell(
        150,
        [worker_row(1, since=told.at(130)), worker_row(2)],
        [span_row(1, 2, told.at(110), told.at(130), outcome=1)],
    )
    assert np.flatnonzero(drawn(told).failed[0]).tolist() == [7]


def test_a_saturated_lane_stays_full_when_only_a_few_of_its_tasks_are_told() -> None:
    told = Feed()
    told.tell(0, [worker_row(1), worker_row(2)], span_stride=64)
    for step in range(1, 31):
        at = told.at(step * 33)
        busy = worker_row(1, since=at, done=1000 * step, busy=step * 33 * feed.MS)
        span = span_row(1, step, at - feed.MS, at)
        told.tell(step * 33, [busy, worker_row(2)], [span], span_stride=64)
    picture = drawn(told, seconds=0.5)
    np.testing.assert_allclose(picture.coverage[0], 1, atol=0.01)
    np.testing.assert_array_equal(picture.coverage[1], 0)


def test_lost_details_do_not_empty_a_lane() -> None:
    told = Feed()
    told.tell(0, [worker_row(1), worker_row(2)])
    row = worker_row(1, since=told.at(500), done=9, busy=250 * feed.MS)
    told.tell(500, [row, worker_row(2)], spans_dropped=9)
    np.testing.assert_allclose(drawn(told, seconds=0.4).coverage[0], 0.5, atol=0.01)


def dense(told: Feed, frames: int, per_frame: int) -> None:
    """Tell many tasks of worker 1, each half as long as the distance between two."""
    task, step = 1, 30 * feed.MS // per_frame
    for number in range(1, frames + 1):
        begin = told.at((number - 1) * 30)
        spans = [
            span_row(1, task + n, begin + n * step, begin + n * step + step // 2)
            for n in range(per_frame)
        ]
        task += per_frame
        busy = number * per_frame * (step // 2)
        row = worker_row(1, since=begin + 30 * feed.MS, done=task, busy=busy)
        told.tell(number * 30, [row, worker_row(2)], spans)


@pytest.mark.parametrize("drawn_at_most", [60_000, 100])
def test_more_tasks_than_are_drawn_change_no_coverage(
    monkeypatch: pytest.MonkeyPatch, drawn_at_most: int
) -> None:
    monkeypatch.setattr(lanes, "MAX_DRAWN", drawn_at_most)
    told = Feed()
    dense(told, frames=20, per_frame=100)
    picture = drawn(told, seconds=0.5, pixels=10)
    np.testing.assert_allclose(picture.coverage[0, 1:-1], 0.5, atol=0.02)
    assert (picture.owner[0] >= 0).all()


def test_what_the_ring_has_lost_is_still_covered_and_owned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pool_gui.monitor.model.program.DETAIL_CAPACITY", 300)
    told = Feed()
    dense(told, frames=30, per_frame=100)
    picture = drawn(told, seconds=0.8, pixels=16)
    np.testing.assert_allclose(picture.coverage[0, 1:-1], 0.5, atol=0.03)
    assert (picture.owner[0] >= 0).all()


def test_a_lane_given_to_a_new_worker_shows_nothing_of_the_old_one() -> None:
    told = Feed(names=("old",))
    told.tell(0, [worker_row(1)])
    span = span_row(1, 1, told.at(0), told.at(10))
    told.tell(10, [worker_row(1, state=GONE)], [span])
    old = told.history.workers.find(1)
    assert old is not None
    told.history.workers._drop(old)
    told.tell(20, [worker_row(2)], new_workers=[(2, "new")])
    new = told.history.workers.find(2)
    assert new is not None
    assert new.slot == old.slot
    assert (drawn(told).owner == -1).all()


def test_the_owners_are_by_lane_and_time_and_each_is_in_the_table_once() -> None:
    told = Feed()
    rows = [worker_row(1), worker_row(2)]
    told.tell(0, rows)
    later = span_row(1, 3, told.at(60), told.at(90))
    other = span_row(2, 2, told.at(10), told.at(50))
    early = span_row(1, 1, told.at(10), told.at(50))
    told.tell(100, rows, [later, other, early])
    table = drawn(told).spans
    assert table.task.tolist() == [1, 3, 2]
    assert not table.task.flags.writeable


def test_an_empty_history_has_no_lanes() -> None:
    told = Feed(names=())
    told.tell(0)
    assert drawn(told).coverage.shape == (0, 10)


@pytest.mark.parametrize("view", [Viewport(0, None, 0), Viewport(1e9, -5, 10**9)])
def test_an_odd_viewport_is_drawn_within_bounds(told: Feed, view: Viewport) -> None:
    workers = lanes.in_sight(told.history, view, told.history.now_ns)
    picture, _ = lanes.draw(told.history, view, told.history.now_ns, workers)
    assert picture.coverage.shape[1] <= 4096


def test_busy_shares_are_of_known_time_only(told: Feed) -> None:
    view = Viewport(0.2, None, 20)
    workers = lanes.in_sight(told.history, view, told.history.now_ns)
    _, shares = lanes.draw(told.history, view, told.history.now_ns, workers)
    assert shares[0] == pytest.approx(0.25)
    assert shares[1] == 0
