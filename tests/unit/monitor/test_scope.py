"""What cards, charts and tables say of one pool, of a source, and of all."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.monitor import feed
from unit.monitor.feed import BUSY, Feed, span_row, worker_row

from pool_gui.monitor.log import Log
from pool_gui.monitor.model.program import History, Shared
from pool_gui.monitor.model.usage import UNKNOWN_USE
from pool_gui.monitor.view.facts import Link, LinkState, ProcessUse
from pool_gui.monitor.view.maker import Moment, SnapshotMaker, Watched
from pool_gui.monitor.view.snapshot import Scope, Snapshot
from pool_gui.monitor.view.viewport import LaneOrder, Viewport
from pool_gui.wire.notes import line as said

ALL = Scope()


class Stage:
    """Sources that are told frames, and snapshots of them."""

    def __init__(self, *feeds: Feed) -> None:
        self.feeds = feeds
        self.maker = SnapshotMaker(Log())
        self.use = ProcessUse(0.5, 1e6, 4.0)
        self.states: dict[int, LinkState] = {}
        self._clock_ns = 0

    def look(self, scope: Scope = ALL, viewport: Viewport | None = None) -> Snapshot:
        """Return a snapshot, late enough for tables of its own."""
        self._clock_ns += feed.SECOND
        watched = [
            Watched(
                key,
                key,
                one.history,
                Moment(
                    self._clock_ns,
                    self._clock_ns,
                    Link(self.states.get(key, LinkState.LIVE), said(""), math.nan),
                    self.use,
                    UNKNOWN_USE,
                    viewport or Viewport(1.0, None, 100),
                ),
            )
            for key, one in enumerate(self.feeds, 1)
        ]
        return self.maker.make(watched, scope)


def feeds(count: int) -> list[Feed]:
    shared = Shared()
    return [Feed(history=History(shared)) for _ in range(count)]


def pool_keys(one: Feed) -> list[int]:
    return [pool.key for pool in one.history.pools.shown]


def tell_two_pools(one: Feed, done: tuple[int, int], ms: float = 1000) -> None:
    """Tell of pool 1 with worker 1, and pool 2 with worker 2; one task each."""
    pools = [feed.pool(1), feed.pool(2, name="other")]
    rows = [worker_row(1), worker_row(2, pool_id=2)]
    one.tell(0, rows, pools=pools)
    pools = [
        feed.pool(1, done=done[0], depth=3, submitted=done[0]),
        feed.pool(2, name="other", done=done[1], depth=4, submitted=done[1]),
    ]
    spans = [
        span_row(1, 5, one.at(100), one.at(600)),
        span_row(2, 5, one.at(200), one.at(400), pool_id=2, function=2),
    ]
    rows = [worker_row(1, done=done[0]), worker_row(2, done=done[1], pool_id=2)]
    one.tell(ms, rows, spans, pools=pools)


def test_two_pools_of_one_process_are_told_apart_and_summed_up() -> None:
    (one,) = feeds(1)
    tell_two_pools(one, (7, 11))
    stage = Stage(one)
    first, second = pool_keys(one)
    snapshots = [stage.look(s) for s in (Scope(1, first), Scope(1, second), Scope(1))]
    done = [s.pool and s.pool.counts.done for s in snapshots]
    assert done == [7, 11, 18]
    assert [s.pool and s.pool.depth for s in snapshots] == [3, 4, 7]
    assert [s.run.count for s in snapshots] == [1, 1, 2]
    assert [[row.name for row in s.functions] for s in snapshots] == [
        ["app.fetch"],
        ["app.count"],
        ["app.fetch", "app.count"],
    ]
    assert [[row.worker_name for row in s.tasks] for s in snapshots] == [
        ["w1"],
        ["w2"],
        ["w1", "w2"],
    ] or [row.worker_name for row in snapshots[2].tasks] == ["w2", "w1"]
    assert [[row.name for row in s.roster] for s in snapshots] == [
        ["w1"],
        ["w2"],
        ["w1", "w2"],
    ]
    shares = [float(np.nanmax(s.series.throughput)) for s in snapshots]
    assert shares == pytest.approx([7, 11, 18])
    (source,) = snapshots[0].sources
    assert [row.name for row in source.pools] == ["demo", "other"]


def test_all_sources_are_summed_up() -> None:
    one, other = feeds(2)
    tell_two_pools(one, (7, 11))
    tell_two_pools(other, (1, 2))
    stage = Stage(one, other)
    snapshot = stage.look()
    assert snapshot.pool is not None
    assert (snapshot.pool.counts.done, snapshot.pool.pools) == (21, 4)
    assert snapshot.pool.alive == 4
    assert snapshot.program is None, "there is no one program"
    assert snapshot.process.cpu_share == pytest.approx(1.0)
    assert [row.calls for row in snapshot.functions] == [2, 2]
    assert len(snapshot.tasks) == 4
    assert stage.look(Scope(2)).pool.counts.done == 3  # type: ignore[union-attr]  # it is there


def test_a_scope_that_is_gone_means_all() -> None:
    (one,) = feeds(1)
    tell_two_pools(one, (7, 11))
    snapshot = Stage(one).look(Scope(9))
    assert snapshot.scope == ALL
    assert snapshot.pool is not None
    assert snapshot.pool.counts.done == 18


def test_the_link_of_several_is_the_best_there_is() -> None:
    stage = Stage(*feeds(2))
    stage.states = {1: LinkState.LOST, 2: LinkState.LIVE}
    assert stage.look().link.state is LinkState.LIVE
    assert stage.look(Scope(1)).link.state is LinkState.LOST


def test_a_load_is_told_of_the_pool_that_it_feeds() -> None:
    (one,) = feeds(1)
    pools = [feed.pool(1), feed.pool(2, load=feed.load())]
    one.tell(0, [worker_row(1), worker_row(2, pool_id=2)], pools=pools)
    stage = Stage(one)
    first, second = pool_keys(one)
    assert stage.look(Scope(1, first)).load is None
    told = [stage.look(scope).load for scope in (Scope(1, second), Scope(1))]
    assert [load and load.demo for load in told] == ["mix", "mix"]
    both = [feed.pool(n, load=feed.load(submitted=n, remaining=9)) for n in (1, 2)]
    one.tell(9, [worker_row(1), worker_row(2, pool_id=2)], pools=both)
    load = stage.look(Scope(1)).load
    assert load is not None
    assert (load.submitted, load.remaining) == (3, 18)


def test_thirty_short_lived_pools_stay_apart_and_take_no_more_memory() -> None:
    """Each lives for a second, runs one task, and is told no more."""
    (one,) = feeds(1)
    one.names = ()
    one.tell(0, pools=[])
    known = []
    for number in range(1, 31):
        names = [(number, f"w{number}")]
        pools = [feed.pool(number, done=number, submitted=number)]
        begin = number * 1000
        row = worker_row(number, done=number, pool_id=number, since=one.at(begin))
        span = span_row(number, 1, one.at(begin), one.at(begin + 500), pool_id=number)
        one.tell(begin + 900, [row], [span], pools=pools, new_workers=names)
        known.append(one.history.pools.newest)
    facts = [pool for pool in known if pool is not None]
    assert [pool.header.counts.done for pool in facts] == list(range(1, 31))
    assert [pool.run.told for pool in facts] == [1] * 30
    assert sum(pool.course is not None for pool in facts) <= 5
    snapshot = Stage(one).look(Scope(1))
    seen = snapshot.series.throughput * 0.25
    assert np.nansum(seen) == pytest.approx(sum(range(1, 31)), rel=0.01)
    assert snapshot.run.count == 30


def lanes_of(snapshot: Snapshot) -> list[tuple[int, int, list[str]]]:
    """Return (source, pool, names) of each group of lanes."""
    assert snapshot.lanes is not None
    return [
        (g.source, g.pool, [w.name for w in snapshot.workers[g.first :][: g.rows]])
        for g in snapshot.lanes.groups
    ]


def busy(one: Feed, shares: Sequence[float], ms: float = 1000) -> None:
    """Tell of workers that were busy for these shares of the second."""
    numbers = range(1, len(shares) + 1)
    one.tell(0, [worker_row(n) for n in numbers])
    spans = [
        span_row(n, n, one.at(0), one.at(ms * share))
        for n, share in zip(numbers, shares, strict=True)
        if share
    ]
    rows = [
        worker_row(n, busy=round(ms * 1e6 * share))
        for n, share in zip(numbers, shares, strict=True)
    ]
    one.tell(ms, rows, spans)


def test_lanes_out_of_sight_are_not_drawn_and_their_workers_are_told() -> None:
    one, other = feeds(2)
    one.names = tuple(f"w_{n}" for n in range(30))
    busy(one, [n / 30 for n in range(30)])
    busy(other, (0.3, 0.4))
    stage = Stage(one, other)
    whole = stage.look(ALL, Viewport(1.0, None, 100))
    part = stage.look(ALL, Viewport(1.0, None, 100, first_row=24, rows=7))
    assert part.lanes is not None
    assert whole.lanes is not None
    assert part.lanes.first_row == 24
    assert part.lanes.coverage.shape == (7, 100)
    np.testing.assert_array_equal(part.lanes.coverage, whole.lanes.coverage[24:31])
    assert [w.name for w in part.workers] == [w.name for w in whole.workers]
    shares = [worker.busy_share for worker in part.workers]
    known = [worker.busy_share for worker in whole.workers]
    assert shares == pytest.approx(known, abs=0.01)
    beyond = stage.look(ALL, Viewport(1.0, None, 100, first_row=99, rows=7)).lanes
    assert beyond is not None
    assert beyond.coverage.shape == (0, 100)


def test_lanes_are_hidden_pinned_and_sorted() -> None:
    one, other = feeds(2)
    one.names = ("w_10", "w_9", "w_1")
    busy(one, (0.1, 0.9, 0.5))
    busy(other, (0.3, 0.4))
    stage = Stage(one, other)
    (first,), (second,) = pool_keys(one), pool_keys(other)
    rows = {row.name: row.key for row in stage.look().workers}
    view = Viewport(1.0, None, 100)

    def groups(**changes: object) -> list[tuple[int, int, list[str]]]:
        asked = Viewport(**{"span_seconds": 1.0, "pixels": 100, **changes})  # type: ignore[arg-type]  # what is named
        return lanes_of(stage.look(ALL, asked))

    theirs = (2, second, ["w1", "w2"])
    assert groups() == [(1, first, ["w_10", "w_9", "w_1"]), theirs]
    by_name = groups(order=LaneOrder.NAME)
    assert by_name[0] == (1, first, ["w_1", "w_9", "w_10"])
    by_share = groups(order=LaneOrder.BUSY)
    assert by_share == [
        (1, first, ["w_9", "w_1", "w_10"]),
        (2, second, ["w2", "w1"]),
    ]
    hidden = groups(hidden=frozenset({rows["w_9"]}))
    assert hidden[0] == (1, first, ["w_10", "w_1"])
    pinned = groups(pinned=frozenset({rows["w2"], rows["w_1"]}))
    assert pinned == [
        (0, 0, ["w_1", "w2"]),
        (1, first, ["w_10", "w_9"]),
        (2, second, ["w1"]),
    ]
    folded = groups(pinned=frozenset({rows["w_1"]}), folded=frozenset({first}))
    assert folded == [(0, 0, ["w_1"]), (1, first, []), theirs]
    assert view.order is LaneOrder.AGE


def test_the_pixels_follow_their_lanes_wherever_those_stand() -> None:
    one, other = feeds(2)
    busy(one, (0.1, 0.8))
    busy(other, (0.3, 0.6))
    stage = Stage(one, other)
    before = {row.key: row.busy_share for row in stage.look().workers}
    keys = sorted(before)
    asked = Viewport(1.0, None, 100, pinned=frozenset(keys[3:]), order=LaneOrder.BUSY)
    snapshot = stage.look(ALL, asked)
    assert snapshot.lanes is not None
    assert [row.key for row in snapshot.workers] != keys
    for place, row in enumerate(snapshot.workers):
        assert row.busy_share == before[row.key]
        drawn = float(np.nanmean(snapshot.lanes.coverage[place]))
        assert drawn == pytest.approx(row.busy_share, abs=0.02)
        owner = int(snapshot.lanes.owner[place].max())
        assert int(snapshot.lanes.spans.worker[owner]) == row.key


def test_the_table_of_workers_has_those_whose_lanes_are_not_shown() -> None:
    one, _ = feeds(2)
    busy(one, (0.1, 0.8))
    (key,) = pool_keys(one)
    asked = Viewport(1.0, None, 100, folded=frozenset({key}))
    snapshot = Stage(one).look(ALL, asked)
    assert snapshot.workers == ()
    assert [row.name for row in snapshot.roster] == ["w1", "w2"]
    assert all(math.isnan(row.busy_share) for row in snapshot.roster), "not drawn"


@given(
    told=st.lists(
        st.lists(st.integers(0, 5), min_size=1, max_size=3), min_size=1, max_size=3
    ),
    running=st.booleans(),
)
@settings(max_examples=30)
def test_scopes_add_up_whatever_sources_and_pools_there_are(
    told: list[list[int]],
    running: bool,  # noqa: FBT001  # drawn by hypothesis
) -> None:
    """Each source has pools of one worker each, which ran so many tasks."""
    all_feeds = feeds(len(told))
    for one, tasks in zip(all_feeds, told, strict=True):
        numbers = range(1, len(tasks) + 1)
        one.names = tuple(f"w{n}" for n in numbers)
        rows = [worker_row(n, pool_id=n) for n in numbers]
        one.tell(0, rows, pools=[feed.pool(n) for n in numbers])
        spans = [
            span_row(n, 1 + t, one.at(100 * t), one.at(100 * t + 90), pool_id=n)
            for n, count in zip(numbers, tasks, strict=True)
            for t in range(count)
        ]
        state = {"state": BUSY, "task": 99, "function": 1} if running else {}
        rows = [
            worker_row(n, pool_id=n, done=c, since=one.at(600), **state)
            for n, c in zip(numbers, tasks, strict=True)
        ]
        pools = [
            feed.pool(n, done=c, submitted=c + running)
            for n, c in zip(numbers, tasks, strict=True)
        ]
        one.tell(1000, rows, spans, pools=pools)
    stage = Stage(*all_feeds)
    alone = [
        [stage.look(Scope(key, pool)) for pool in pool_keys(one)]
        for key, one in enumerate(all_feeds, 1)
    ]
    sources = [stage.look(Scope(key)) for key in range(1, len(told) + 1)]
    every = stage.look()
    for part, whole in zip((*alone, sources), (*sources, every), strict=True):
        rows_told = [s.pool for s in part if s.pool is not None]
        assert whole.pool is not None
        assert sum(p.counts.done for p in rows_told) == whole.pool.counts.done
        assert sum(p.busy for p in rows_told) == whole.pool.busy
        assert sum(s.run.count for s in part) == whole.run.count
        assert sum(len(s.tasks) for s in part) == len(whole.tasks)
        assert sum(len(s.roster) for s in part) == len(whole.roster)
        calls = [sum(row.calls for row in s.functions) for s in (*part, whole)]
        assert sum(calls[:-1]) == calls[-1]
    for key, (snapshots, tasks) in enumerate(zip(alone, told, strict=True), 1):
        for snapshot, count in zip(snapshots, tasks, strict=True):
            assert snapshot.pool is not None
            assert snapshot.pool.counts.done == count
            assert {row.source for row in snapshot.roster} == {key}
