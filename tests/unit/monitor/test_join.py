"""Several sources in one picture, each as it would be alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.monitor.feed import MS, Feed, span_row, worker_row

from pool_gui.monitor.model.program import History, Shared
from pool_gui.monitor.view.arrange import groups_of
from pool_gui.monitor.view.join import draw_all
from pool_gui.monitor.view.snapshot import Lanes, WorkerRow
from pool_gui.monitor.view.viewport import Viewport

VIEWPORT = Viewport(span_seconds=1.0, pixels=100)


@dataclass(frozen=True)
class Source:
    key: int
    history: History


def pair() -> tuple[Feed, Feed]:
    shared = Shared()
    return Feed(history=History(shared)), Feed(history=History(shared))


def drawn(
    *feeds: Feed, viewport: Viewport = VIEWPORT, keys: Sequence[int] = (1, 2)
) -> tuple[Lanes, tuple[WorkerRow, ...]]:
    sources = [Source(key, one.history) for key, one in zip(keys, feeds, strict=False)]
    now_ns = max(one.history.now_ns for one in feeds)
    lanes, rows = draw_all(sources, viewport, now_ns)
    assert lanes is not None
    return lanes, rows


def pool_of(feed: Feed) -> int:
    newest = feed.history.pools.newest
    assert newest is not None
    return newest.key


def works(feed: Feed, *runs: tuple[int, int, int, int]) -> None:
    """Tell of tasks: (worker, task, from ms, to ms)."""
    feed.tell(0, [worker_row(1), worker_row(2)])
    spans = [span_row(w, task, feed.at(a), feed.at(b)) for w, task, a, b in runs]
    feed.tell(1000, [worker_row(1), worker_row(2)], spans)


def test_each_pool_has_its_lanes_in_one_group() -> None:
    one, other = pair()
    works(one, (1, 7, 0, 500))
    works(other, (2, 7, 500, 900))
    lanes, rows = drawn(one, other)
    assert [(g.source, g.first, g.rows) for g in lanes.groups] == [(1, 0, 2), (2, 2, 2)]
    assert [row.source for row in rows] == [1, 1, 2, 2]
    assert len({row.key for row in rows}) == 4, "no key is given twice"
    busy = np.nanmean(lanes.coverage, axis=1)
    np.testing.assert_allclose(busy, [0.5, 0, 0, 0.4], atol=0.02)


def test_each_pixel_belongs_to_a_task_of_its_own_source() -> None:
    one, other = pair()
    works(one, (1, 7, 0, 500))
    works(other, (1, 8, 0, 500))
    lanes, rows = drawn(one, other)
    for row, task in ((0, 7), (2, 8)):
        place = int(lanes.owner[row, 10])
        assert int(lanes.spans.task[place]) == task
        assert int(lanes.spans.worker[place]) == rows[row].key


def test_a_function_has_one_index_whoever_runs_it() -> None:
    one, other = pair()
    one.tell(0, [worker_row(1), worker_row(2)])
    other.tell(
        0,
        [worker_row(1), worker_row(2)],
        new_functions=[(1, "app.count"), (2, "app.fetch")],
    )
    one.tell(9, [worker_row(1), worker_row(2)], [span_row(1, 1, one.at(1), one.at(5))])
    span = span_row(1, 1, other.at(1), other.at(5), function=2)
    other.tell(9, [worker_row(1), worker_row(2)], [span])
    lanes, _ = drawn(one, other)
    names = [lanes.functions[n] for n in lanes.spans.function.tolist()]
    assert names == ["app.fetch", "app.fetch"]


def test_what_is_folded_has_a_head_and_no_row() -> None:
    one, other = pair()
    works(one, (1, 7, 0, 500))
    works(other, (1, 8, 0, 500))
    folded = frozenset({pool_of(one)})
    lanes, rows = drawn(one, other, viewport=replace(VIEWPORT, folded=folded))
    assert [(g.rows, g.workers) for g in lanes.groups] == [(0, 2), (2, 2)]
    assert [row.source for row in rows] == [2, 2]
    assert len(lanes.coverage) == len(lanes.owner) == len(lanes.failed) == 2


def test_with_all_folded_the_time_axis_stays() -> None:
    one, other = pair()
    works(one, (1, 7, 0, 500))
    works(other, (1, 8, 0, 500))
    both = frozenset({pool_of(one), pool_of(other)})
    folded = replace(VIEWPORT, folded=both)
    lanes, rows = drawn(one, other, viewport=folded)
    assert rows == ()
    assert lanes.coverage.shape == (0, 100)
    assert lanes.end_ns - lanes.begin_ns == 1000 * MS


def test_a_source_that_fell_silent_is_unknown_from_then_on() -> None:
    one, other = pair()
    works(one, (1, 7, 0, 1000))
    one.history.end()
    works(other, (1, 8, 0, 500))
    other.tell(2000, [worker_row(1), worker_row(2)])
    lanes, rows = drawn(one, other)
    assert [row.source for row in rows] == [2, 2], "it was lost before this time"
    lanes, rows = drawn(one, other, viewport=replace(VIEWPORT, span_seconds=2.0))
    assert [row.source for row in rows] == [1, 1, 2, 2]
    assert np.isnan(lanes.coverage[0, -40:]).all()
    assert not np.isnan(lanes.coverage[2]).any()


@given(
    runs=st.lists(
        st.lists(st.tuples(st.integers(1, 2), st.integers(0, 9)), max_size=12),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=30)
def test_nothing_of_one_source_gets_into_another(
    runs: list[list[tuple[int, int]]],
) -> None:
    """Each (worker, tenth of the second) is a task, with a number of its own."""
    shared = Shared()
    feeds = [Feed(history=History(shared)) for _ in runs]
    for number, (feed, tenths) in enumerate(zip(feeds, runs, strict=True), 1):
        told = {
            (worker, tenth): (
                worker,
                1000 * number + place,
                100 * tenth,
                100 * tenth + 100,
            )
            for place, (worker, tenth) in enumerate(tenths)
        }
        works(feed, *told.values())
    keys = range(1, len(feeds) + 1)
    lanes, rows = drawn(*feeds, keys=keys)
    for number, tenths in enumerate(runs, 1):
        mine = [place for place, row in enumerate(rows) if row.source == number]
        for row, worker in zip(mine, (1, 2), strict=True):
            share = len({tenth for who, tenth in tenths if who == worker}) / 10
            busy = float(np.nanmean(lanes.coverage[row]))
            assert busy == pytest.approx(share, abs=0.001)
        owners = np.unique(lanes.owner[mine])
        tasks = lanes.spans.task[owners[owners >= 0]]
        assert set((tasks // 1000).tolist()) <= {number}


def test_a_pool_of_which_no_worker_lives_stands_below_one_that_lives() -> None:
    feed = Feed()
    works(feed, (1, 7, 0, 500))
    history, key = feed.history, pool_of(feed)
    workers = [*history.workers]
    assert [group.pool for group in groups_of(1, history, workers, VIEWPORT)] == [key]
    later = [replace(worker, pool=key + 1) for worker in workers]
    for worker in workers:
        history.workers.bury(worker, history.now_ns)
    groups = groups_of(1, history, [*workers, *later], VIEWPORT)
    assert [group.pool for group in groups] == [key + 1, key]
