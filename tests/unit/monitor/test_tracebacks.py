"""Where failed tasks raised: from the agent's frames to the window."""

import pytest
from unit.monitor.feed import Feed, span_row, worker_row
from unit.monitor.test_scope import Stage

from pool_gui.monitor.model.failures import MOST_KEPT
from pool_gui.monitor.view.viewport import Viewport
from pool_gui.wire.errors import MalformedMessageError
from pool_gui.wire.messages import Tracebacks

LINES = [("app.fetch", "app.py", 7), ("app.run", "app.py", 20)]


@pytest.fixture
def told() -> Feed:
    one = Feed()
    one.tell(0, [worker_row(1), worker_row(2)])
    failed = [span_row(1, 5, one.at(10), one.at(20), outcome=1)]
    workers = [worker_row(1), worker_row(2)]
    one.tell(100, workers, failed, errors=[(1, 5, "ValueError: no")])
    return one


def test_the_task_that_is_looked_at_says_what_it_raised_and_where(told: Feed) -> None:
    told.history.failures.note_calls(Tracebacks(LINES, [(1, 5, [0, 1])]))
    worker = told.history.workers.living[0]
    raised = Stage(told).look(viewport=Viewport(task=(worker.key, 5))).raised
    assert raised is not None
    assert (raised.text, raised.task) == ("ValueError: no", 5)
    assert [line.line for line in raised.lines] == [7, 20]
    assert Stage(told).look(viewport=Viewport(task=(worker.key, 6))).raised is None
    assert Stage(told).look().raised is None


def test_the_task_that_is_looked_at_is_told_while_it_is_kept(told: Feed) -> None:
    worker = told.history.workers.living[0]
    row = Stage(told).look(viewport=Viewport(task=(worker.key, 5))).task
    assert row is not None
    assert row.state == "failed"
    assert row.run_seconds == pytest.approx(0.01)
    assert Stage(told).look(viewport=Viewport(task=(worker.key, 6))).task is None


def test_what_it_raised_is_known_before_where(told: Feed) -> None:
    worker = told.history.workers.living[0]
    raised = Stage(told).look(viewport=Viewport(task=(worker.key, 5))).raised
    assert raised is not None
    assert (raised.text, raised.lines) == ("ValueError: no", ())


def test_tracebacks_of_tasks_that_no_frame_told_are_not_kept(told: Feed) -> None:
    told.history.failures.note_calls(Tracebacks(LINES, [(1, 99, [0])]))
    pool = told.history.pools.newest
    assert pool is not None
    assert told.history.failures.calls(pool.key, 99) == ()


def test_tracebacks_go_with_their_errors(told: Feed) -> None:
    failures, pool = told.history.failures, told.history.pools.newest
    assert pool is not None
    failures.note_calls(Tracebacks(LINES, [(1, 5, [0])]))
    assert failures.calls(pool.key, 5)
    for number in range(MOST_KEPT):
        failures.note([(1, 1000 + number, "E")])
    assert len(failures) == MOST_KEPT
    assert (failures.text(pool.key, 5), failures.calls(pool.key, 5)) == ("", ())


@pytest.mark.parametrize(
    ("tracebacks", "said"),
    [
        ([(1, 5, [2])], "tracebacks: a place"),
        ([(0, 5, [0])], "tracebacks: an id"),
        ([(1, 5, [0] * 61)], "tracebacks: one"),
        ([(1, n + 1, [0]) for n in range(51)], "tracebacks"),
    ],
)
def test_what_does_not_fit_is_refused(
    tracebacks: list[tuple[int, int, list[int]]], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        Tracebacks(LINES, tracebacks)


def test_a_pool_that_was_never_told_is_refused(told: Feed) -> None:
    with pytest.raises(MalformedMessageError):
        told.history.failures.note_calls(Tracebacks(LINES, [(9, 5, [0])]))
