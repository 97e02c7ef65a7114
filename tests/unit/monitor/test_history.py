import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from unit.monitor import feed
from unit.monitor.feed import BUSY, DISMISSED, GONE, Feed, pool, span_row, worker_row

from pool_gui.monitor.model.busy import HISTORY_NS
from pool_gui.monitor.model.course import together
from pool_gui.monitor.model.spans import Outcome, SpanField
from pool_gui.monitor.model.workers import MAX_WORKERS_KEPT
from pool_gui.wire.errors import MalformedMessageError

if TYPE_CHECKING:
    from pool_gui.monitor.model.workers import Worker


@pytest.fixture
def told() -> Feed:
    """A pool with two idle workers, told at 0 ms."""
    one = Feed()
    one.tell(0, [worker_row(1), worker_row(2)])
    return one


def worker(told: Feed, number: int) -> "Worker":
    found = told.history.workers.find(number)
    assert found is not None
    return found


def spans(told: Feed) -> list[tuple[int, int, int, int]]:
    """Return (task, start and end in ms, outcome) of the details, oldest first."""
    newest = told.history.details.newest(1000)[:, ::-1]
    fields = (SpanField.TASK, SpanField.STARTED_NS, SpanField.ENDED_NS)
    rows = [*newest[[*fields, SpanField.OUTCOME]].T.tolist()]
    ms = [(t, (s - feed.BEGIN) / 1e6, (e - feed.BEGIN) / 1e6, o) for t, s, e, o in rows]
    return [(t, round(s), round(e), o) for t, s, e, o in ms]


def refused(told: Feed, ms: float, *args: object, **changes: object) -> str:
    with pytest.raises(MalformedMessageError) as caught:
        told.tell(ms, *args, **changes)  # type: ignore[arg-type]  # passed on as given
    return str(caught.value)


def test_a_frame_before_hello_is_refused() -> None:
    one = Feed()
    one.history.hello = None
    assert "hello" in refused(one, 0)


def test_an_absurd_clock_is_refused() -> None:
    one = Feed()
    with pytest.raises(MalformedMessageError, match="clock_ns"):
        one.greet(clock_ns=1 << 62)


def test_replayed_reordered_and_far_away_frames_are_refused(told: Feed) -> None:
    told.sequence = 0
    assert "sequence" in refused(told, 1)
    told.sequence = 5
    told.tell(10, [worker_row(1), worker_row(2)])
    assert "now_ns" in refused(told, 9)
    header, body = feed.frame(99, told.at(3_700_000))
    with pytest.raises(MalformedMessageError, match="ahead of time"):
        told.history.fold(feed.frame_message(header, body), told.received_ns)


def test_what_was_never_told_is_refused_by_name(told: Feed) -> None:
    now = told.at(1)
    assert "FUNCTION" in refused(told, 1, [], [span_row(1, 1, now, now, function=9)])
    assert "WORKER" in refused(told, 1, [], [span_row(9, 1, now, now)])
    assert "POOL" in refused(told, 1, [], [span_row(1, 1, now, now, pool_id=9)])
    assert "WORKER" in refused(told, 1, [worker_row(9)])
    assert "POOL" in refused(told, 1, [worker_row(1, pool_id=9)])
    assert "FUNCTION" in refused(told, 1, [worker_row(1, task=1, function=9)])
    assert "POOL" in refused(told, 1, errors=[(9, 1, "text")])


def test_a_name_told_again_differently_is_refused_the_same_one_is_not(
    told: Feed,
) -> None:
    told.tell(1, new_workers=[(1, "w1")], new_functions=[(1, "app.fetch")])
    assert "new_workers" in refused(told, 2, new_workers=[(1, "other")])
    assert "new_functions" in refused(told, 2, new_functions=[(1, "other")])
    assert "new_workers" in refused(told, 2, new_workers=[(3, "a"), (3, "b")])
    assert "new_functions" in refused(told, 2, new_functions=[(3, "a"), (3, "b")])


def test_a_worker_that_comes_back_after_its_end_is_refused(told: Feed) -> None:
    told.tell(1, [worker_row(1, state=GONE), worker_row(2)])
    assert "after its end" in refused(told, 2, [worker_row(1), worker_row(2)])


def test_a_worker_that_only_missed_a_frame_comes_back(told: Feed) -> None:
    told.tell(1, [worker_row(1)])
    assert worker(told, 2).gone_ns == told.at(1)
    told.tell(2, [worker_row(1), worker_row(2, state=DISMISSED)])
    assert worker(told, 2).gone_ns is None
    assert worker(told, 2).state.value == "dismissed"


def test_a_running_task_is_shown_until_its_span_comes(told: Feed) -> None:
    running = worker_row(1, state=BUSY, task=7, since=told.at(5), function=1)
    told.tell(10, [running, worker_row(2)])
    assert worker(told, 1).task == 7
    idle = worker_row(1, since=told.at(15), done=1, busy=10 * feed.MS)
    span = span_row(1, 7, told.at(5), told.at(15))
    told.tell(20, [idle, worker_row(2)], [span])
    assert worker(told, 1).task == 0
    assert spans(told) == [(7, 5, 15, Outcome.DONE)]


def test_a_task_whose_span_is_lost_ends_with_what_its_worker_did_next(
    told: Feed,
) -> None:
    first = worker_row(1, state=BUSY, task=7, since=told.at(5), function=1)
    told.tell(10, [first, worker_row(2)])
    second = worker_row(
        1, state=BUSY, task=9, since=told.at(18), done=2, busy=12 * feed.MS, function=1
    )
    told.tell(20, [second, worker_row(2)])
    # Not later than 18 ms, when the next began, nor than its 12 ms of busy time allow.
    assert spans(told) == [(7, 5, 17, Outcome.ENDED)]
    assert worker(told, 1).task == 9


def test_a_guessed_end_gives_way_to_the_span_that_comes_late(told: Feed) -> None:
    running = worker_row(1, state=BUSY, task=7, since=told.at(5), function=1)
    told.tell(10, [running, worker_row(2)])
    idle = worker_row(1, since=told.at(15), done=1, busy=9 * feed.MS)
    told.tell(20, [idle, worker_row(2)])
    assert spans(told)[0][3] == Outcome.ENDED
    told.tell(30, [idle, worker_row(2)], [span_row(1, 7, told.at(5), told.at(14))])
    assert spans(told) == [(7, 5, 14, Outcome.DONE)]


def test_a_task_ends_with_a_worker_that_is_told_no_more(told: Feed) -> None:
    running = worker_row(1, state=BUSY, task=7, since=told.at(5), function=1)
    told.tell(10, [running, worker_row(2)])
    told.tell(20, [worker_row(2)])
    assert spans(told) == [(7, 5, 20, Outcome.ENDED)]
    assert worker(told, 1).task == 0


def test_nothing_runs_after_the_end_of_the_process(told: Feed) -> None:
    running = worker_row(1, state=BUSY, task=7, since=told.at(5), function=1)
    told.tell(10, [running, worker_row(2)])
    told.history.end()
    assert spans(told) == [(7, 5, 10, Outcome.ENDED)]
    assert not told.history.workers.living


def test_a_task_told_as_finished_is_not_running_whatever_its_row_says(
    told: Feed,
) -> None:
    running = worker_row(1, state=BUSY, task=7, since=told.at(5), function=1)
    told.tell(10, [running, worker_row(2)], [span_row(1, 7, told.at(5), told.at(9))])
    assert worker(told, 1).task == 0
    told.tell(20, [worker_row(1), worker_row(2)])
    assert spans(told) == [(7, 5, 9, Outcome.DONE)]


def test_a_wait_counts_when_the_task_begins_and_only_once(told: Feed) -> None:
    running = worker_row(
        1, state=BUSY, task=7, since=told.at(50), queued=told.at(10), function=1
    )
    told.tell(60, [running, worker_row(2)])
    found = told.history.pools.newest
    assert found is not None
    assert found.wait.told == 1
    assert found.wait.percentiles().maximum == pytest.approx(0.04)
    span = span_row(1, 7, told.at(50), told.at(70), queued=told.at(10))
    told.tell(80, [worker_row(1), worker_row(2)], [span])
    assert (found.wait.told, found.run.told) == (1, 1)
    assert found.course is not None
    assert found.course.wait.distribution().count == 1


def test_where_tasks_are_sampled_each_stands_for_many_but_failed_ones(
    told: Feed,
) -> None:
    rows = [worker_row(1), worker_row(2)]
    done = span_row(1, 8, told.at(1), told.at(2))
    failed = span_row(1, 9, told.at(2), told.at(9), outcome=1)
    told.tell(10, rows, [done, failed], span_stride=4)
    found = told.history.pools.newest
    assert found is not None
    (fetch,) = told.history.pools.functions.rows(found.key, told.history.names)
    assert (fetch.calls, fetch.failed, fetch.complete) == (5, 1, False)
    assert found.course is not None
    assert not found.course.run.distribution().complete
    assert told.history.loss.span_stride == 4


def test_gaps_in_the_sequence_are_dropped_frames(told: Feed) -> None:
    told.sequence += 3
    told.tell(10, [worker_row(1), worker_row(2)], spans_dropped=5)
    loss = told.history.loss
    assert (loss.frames_dropped, loss.spans_dropped, loss.complete) == (3, 5, False)


def test_another_process_has_its_own_ids_and_keeps_the_names(told: Feed) -> None:
    key = worker(told, 1).key
    told.history.end()
    told.clock_ns, told.received_ns = told.at(1000), 1000 * feed.MS
    told.names = ("again",)
    told.greet()
    told.tell(0, [worker_row(1)], new_functions=[(1, "app.new"), (2, "app.fetch")])
    assert worker(told, 1).key not in {key, key + 1}
    assert told.history.names.names == ("app.fetch", "app.count", "app.new")
    assert [w.name for w in told.history.workers] == ["again", "w1", "w2"]
    assert len(told.history.pools.current) == 1


def test_a_process_with_another_clock_continues_the_session_s_time(
    told: Feed,
) -> None:
    before = told.history.now_ns
    told.clock_ns, told.received_ns = 5 * feed.SECOND, 2 * feed.SECOND
    told.greet()
    told.tell(0, [worker_row(1)])
    assert told.history.now_ns == pytest.approx(before + 2 * feed.SECOND, abs=feed.MS)


def test_counts_made_before_the_first_frame_are_no_throughput() -> None:
    one = Feed()
    one.tell(0, pools=[pool(done=1_000_000)])
    one.tell(500, pools=[pool(done=1_000_010)])
    one.tell(1250, pools=[pool(done=1_000_010)])
    series, _, _ = together(one.history.pools.courses, one.history.now_ns)
    throughput = series.throughput
    assert np.nansum(throughput) * 0.25 == pytest.approx(10)


def test_throughput_is_unknown_in_the_first_second_then_of_the_last_one() -> None:
    one = Feed()
    one.tell(0, pools=[pool()])
    one.tell(900, pools=[pool(done=90)])
    found = one.history.pools.newest
    assert found is not None
    assert math.isnan(found.throughput())
    one.tell(1900, pools=[pool(done=290)])
    assert found.throughput() == pytest.approx(200)


def test_gone_workers_and_errors_are_forgotten_in_time(told: Feed) -> None:
    told.tell(1, [worker_row(1, state=GONE), worker_row(2)])
    assert len(list(told.history.workers)) == 2
    later = HISTORY_NS / feed.MS + 10
    told.tell(later, [worker_row(2)])
    assert [w.name for w in told.history.workers] == ["w2"]
    for number in range(100):
        texts = [(1, 50 * number + n + 1, "ValueError: no") for n in range(50)]
        told.tell(later + number, [worker_row(2)], errors=texts)
    assert len(told.history.failures) == 2048


def test_workers_that_come_and_go_do_not_pile_up(told: Feed) -> None:
    number = 2
    for step in range(30):
        new = [(number + n + 1, f"n{n}") for n in range(250)]
        told.tell(step, [worker_row(n, state=GONE) for n, _ in new], new_workers=new)
        number += 250
    assert len(list(told.history.workers)) <= MAX_WORKERS_KEPT
    assert told.history.workers.slots <= MAX_WORKERS_KEPT
    late = span_row(3, 1, told.at(0), told.at(1))
    told.tell(31, [], [late])  # of a worker that was dropped: nothing to show it on


def test_more_living_workers_than_can_be_followed_are_refused() -> None:
    one = Feed(names=())
    rows: list[tuple[int, ...]] = []
    for step in range(8):
        new = [(len(rows) + n + 1, "w") for n in range(256)]
        rows += [worker_row(number) for number, _ in new]
        one.tell(step, rows, new_workers=new)
    assert "workers at once" in refused(one, 9, rows, new_workers=[(9999, "w")])


def test_a_frame_in_which_nothing_moves_says_so(told: Feed) -> None:
    rows = [worker_row(1), worker_row(2)]
    told.tell(10, rows)
    moved = [told.history.moved]
    told.tell(20, rows, pools=[pool(submitted=1)])
    assert [*moved, told.history.moved] == [False, True]
    running = worker_row(1, state=BUSY, task=7, since=told.at(20), function=1)
    told.tell(30, [running, worker_row(2)], pools=[pool(submitted=1)])
    told.tell(40, [running, worker_row(2)], pools=[pool(submitted=1)])
    # No row has changed, but the task goes on.
    assert told.history.moved


def test_how_late_the_agent_woke_is_known_of_the_newest_frames() -> None:
    told = Feed()
    for number, late_ns in enumerate((5, 1, 2), 1):
        told.tell(100 * number, late_ns=late_ns)
    assert [late for _, _, late in told.history.recent] == [5, 1, 2]
    told.greet()
    assert not told.history.recent
