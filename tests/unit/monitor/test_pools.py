import msgspec
import numpy as np
import pytest
from unit.monitor import feed

from pool_gui.monitor.model import pools
from pool_gui.monitor.model.names import OTHER_FUNCTIONS, FunctionNames
from pool_gui.monitor.model.pools import FunctionDurations, Pools
from pool_gui.monitor.model.spans import SpanField
from pool_gui.monitor.view.snapshot import Ints
from pool_gui.wire.errors import MalformedMessageError
from pool_gui.wire.messages import Pool
from pool_gui.wire.protocol import MAX_POOLS


def header(number: int, **changes: object) -> Pool:
    return msgspec.convert(feed.pool(number, **changes), Pool)


def spans(*tasks: tuple[int, int, int, int]) -> Ints:
    """Return spans of (pool's key, function, run time, outcome)."""
    matrix = np.zeros((len(SpanField), len(tasks)), np.int64)
    fields = [SpanField.POOL, SpanField.FUNCTION, SpanField.ENDED_NS, SpanField.OUTCOME]
    matrix[fields] = np.asarray(tasks).T
    return matrix


def of_newest(ended: dict[int, tuple[int, int]]) -> tuple[int, int]:
    return ended[max(ended)]


def test_what_ended_is_counted_from_the_second_frame_on() -> None:
    known = Pools()
    assert of_newest(known.update([header(1, done=100)], 0, first=True)) == (0, 0)
    assert of_newest(known.update([header(1, done=103, failed=2)], 1, first=False)) == (
        5,
        2,
    )


def test_a_pool_that_came_since_the_last_frame_counts_whole() -> None:
    known = Pools()
    known.update([header(1)], 0, first=True)
    told = [header(1), header(2, done=3, failed=1)]
    assert of_newest(known.update(told, 1, first=False)) == (4, 1)
    assert known.newest is known.find(2)


def test_a_count_that_is_read_in_an_unlucky_moment_takes_nothing_back() -> None:
    known = Pools()
    known.update([header(1, done=10, failed=3)], 0, first=True)
    assert of_newest(known.update([header(1, done=9, failed=2)], 1, first=False)) == (
        0,
        0,
    )
    assert of_newest(known.update([header(1, done=9, failed=4)], 2, first=False)) == (
        2,
        2,
    )


def test_pools_that_are_told_no_more_are_dropped_when_there_are_many() -> None:
    known = Pools()
    for number in range(1, 3 * MAX_POOLS):
        known.update([header(number)], number, first=False)
        newest = known.newest
        assert newest is not None
        known.functions.add(
            spans((newest.key, 0, 5, 0)), np.ones(1, np.int64), sampled=False
        )
    assert len(known.current) == MAX_POOLS
    assert len(known.functions._rows) == MAX_POOLS
    with pytest.raises(MalformedMessageError, match="POOL"):
        known.find(1)


def test_a_stopped_pool_that_is_told_no_more_finishes_nothing() -> None:
    known = Pools()
    known.update([header(1, done=10, state="stopped")], 0, first=True)
    known.update([], 1, first=False)
    assert known.find(1).throughput() == 0


def test_functions_are_told_apart_by_pool() -> None:
    names, durations = FunctionNames(), FunctionDurations()
    names.learn([(1, "a"), (2, "b")])
    told = spans((1, 0, 1000, 0), (1, 1, 3000, 1), (2, 0, 9000, 0), (1, 0, 5000, 0))
    durations.add(told, np.ones(4, np.int64), sampled=False)
    one = {row.name: row for row in durations.rows(1, names)}
    assert {name: (row.calls, row.failed) for name, row in one.items()} == {
        "a": (2, 0),
        "b": (1, 1),
    }
    assert one["a"].run.maximum == pytest.approx(5e-6)
    assert one["a"].complete
    assert [row.calls for row in durations.rows(2, names)] == [1]


def test_rows_are_made_anew_only_when_they_changed() -> None:
    names, durations = FunctionNames(), FunctionDurations()
    names.learn([(1, "a")])
    durations.add(spans((1, 0, 1000, 0)), np.ones(1, np.int64), sampled=False)
    (before,) = durations.rows(1, names)
    assert durations.rows(1, names)[0] is before
    durations.add(spans((1, 0, 1000, 0)), np.ones(1, np.int64), sampled=True)
    (after,) = durations.rows(1, names)
    assert (after.calls, after.complete) == (2, False)


def test_functions_beyond_the_bound_share_one_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pools, "MAX_FUNCTION_ROWS", 20)
    names, durations = FunctionNames(), FunctionDurations()
    names.learn([(n + 1, f"f{n}") for n in range(100)])
    told = spans(*((1, n, 1000, 0) for n in range(100)))
    durations.add(told, np.ones(100, np.int64), sampled=False)
    rows = durations.rows(1, names)
    assert len(rows) == 21
    assert {row.name: row.calls for row in rows}[OTHER_FUNCTIONS] == 80
    assert len(durations._histograms) == 32


def test_sampled_calls_add_up_to_the_exact_count() -> None:
    names, known = FunctionNames(), Pools()
    names.learn([(1, "a"), (2, "b")])
    known.update([header(1, done=300, failed=1)], 0, first=True)
    told = spans((1, 0, 1000, 0), (1, 0, 1000, 1), (1, 1, 1000, 0), (1, 1, 1000, 0))
    weights = np.asarray([128, 1, 128, 128])
    known.functions.add(told, weights, sampled=True)
    rows = known.function_times(known.find(1), names)
    assert [(row.calls, row.failed) for row in rows] == [(101, 1), (200, 0)]
