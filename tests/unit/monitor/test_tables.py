import numpy as np
import pytest
from unit.monitor import feed
from unit.monitor.feed import BUSY, Feed, pool, span_row, worker_row

from pool_gui.monitor.view import rows as tables
from pool_gui.monitor.view.facts import LoadState
from pool_gui.monitor.view.rows import pool_row, short_name, task_rows
from pool_gui.monitor.view.rows import worker_rows as rows_of
from pool_gui.window.style.sentences import load_text


@pytest.fixture
def told() -> Feed:
    one = Feed()
    one.tell(0, [worker_row(1), worker_row(2)])
    running = worker_row(
        1, state=BUSY, task=9, since=one.at(60), queued=one.at(40), function=2
    )
    spans = [
        span_row(1, 1, one.at(10), one.at(20), queued=one.at(5)),
        span_row(2, 2, one.at(10), one.at(30), outcome=1),
    ]
    one.tell(
        100,
        [running, worker_row(2, since=one.at(30))],
        spans,
        errors=[(1, 2, "ValueError: no")],
        pools=[pool(submitted=3, started=3, done=1, failed=1, depth=4, limit=10)],
    )
    return one


def test_the_short_name_is_the_last_part() -> None:
    assert short_name("app.Client.fetch") == "fetch"
    assert short_name("fetch") == "fetch"


def test_running_tasks_come_first_then_the_newest(told: Feed) -> None:
    rows = task_rows(told.history, told.at(100))
    assert [(row.task, row.state, row.error) for row in rows] == [
        (9, "running", ""),
        (2, "failed", "ValueError: no"),
        (1, "done", ""),
    ]
    assert rows[0].run_seconds == pytest.approx(0.04)
    assert rows[0].wait_seconds == pytest.approx(0.02)
    assert rows[2].wait_seconds == pytest.approx(0.005)
    assert rows[2].function == "app.fetch"
    assert rows[1].worker_name == "w2"


def test_the_table_of_tasks_is_bounded(told: Feed) -> None:
    begin = told.at(200)
    many = [span_row(2, 100 + n, begin, begin + 1) for n in range(1000)]
    told.tell(210, [worker_row(1), worker_row(2)], many)
    rows = task_rows(told.history, told.at(210))
    assert len(rows) == tables.MAX_TASK_ROWS
    assert rows[0].task == 1099


def test_workers_say_what_they_do_and_since_when(told: Feed) -> None:
    workers = told.history.workers.living
    busy, idle = rows_of(told.history, workers, np.asarray([0.4, 0.2]), told.at(100))
    assert (busy.task, busy.function, busy.state.value) == (9, "count", "busy")
    assert busy.since_seconds == pytest.approx(0.04)
    assert busy.busy_share == 0.4
    assert (idle.task, idle.function) == (0, "")
    assert idle.since_seconds == pytest.approx(0.07)


def test_the_pool_counts_its_living_and_busy_workers(told: Feed) -> None:
    newest = told.history.pools.newest
    assert newest is not None
    row = pool_row(told.history, newest, told.history.workers.living)
    assert (row.alive, row.busy, row.depth, row.depth_limit) == (2, 1, 4, 10)
    assert (row.counts.done, row.counts.failed, row.state) == (1, 1, "running")
    told.tell(200, [])
    assert pool_row(told.history, newest, tuple(told.history.workers)).alive == 0


def test_the_load_is_told_while_it_runs(told: Feed) -> None:
    def state() -> LoadState | None:
        newest = told.history.pools.newest
        assert newest is not None
        return pool_row(told.history, newest, told.history.workers.living).load

    assert state() is None
    rows = [worker_row(1), worker_row(2)]
    told.tell(200, rows, pools=[feed.pool(load=feed.load())])
    load = state()
    assert load is not None
    assert (load.demo, load.remaining) == ("mix", None)
    assert load_text(load) == "60.0 per second"
    told.history.end()
    assert state() is None
