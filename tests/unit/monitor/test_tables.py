import math

import numpy as np
import pytest
from unit.monitor import feed
from unit.monitor.feed import BUSY, MS, Feed, pool, span_row, worker_row

from pool_gui.monitor.model.spans import SpanRing
from pool_gui.monitor.model.usage import UNKNOWN_USE
from pool_gui.monitor.view import rows as tables
from pool_gui.monitor.view.facts import Link, LinkState, LoadState
from pool_gui.monitor.view.rows import TaskRows, pool_row, short_name, task_rows
from pool_gui.monitor.view.rows import worker_rows as rows_of
from pool_gui.monitor.view.task_query import ALL_TASKS, TaskOrder, TaskQuery, parse
from pool_gui.monitor.view.viewport import Viewport
from pool_gui.monitor.view.watched import Moment, Watched
from pool_gui.window.style.sentences import load_text
from pool_gui.wire.notes import line as said


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


def table_of(told: Feed, ms: float, query: TaskQuery = ALL_TASKS) -> TaskRows:
    """Return the table of tasks so long after hello."""
    link = Link(LinkState.LOST, said(""), math.nan)  # the time is the newest frame's
    moment = Moment(0, None, link, UNKNOWN_USE, UNKNOWN_USE, Viewport())
    assert told.history.now_ns == told.at(ms)
    return task_rows(Watched(0, 1, told.history, moment), 0, query)


def asked(text: str, state: str = "", order: TaskOrder = TaskOrder.NEWEST) -> TaskQuery:
    return TaskQuery(parse(text), state, order)


def test_the_short_name_is_the_last_part() -> None:
    assert short_name("app.Client.fetch") == "fetch"
    assert short_name("fetch") == "fetch"


def test_running_tasks_come_first_then_the_newest(told: Feed) -> None:
    rows = table_of(told, 100).rows
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
    rows = table_of(told, 210).rows
    assert len(rows) == tables.MAX_TASK_ROWS
    assert rows[0].task == 1099


@pytest.mark.parametrize(
    ("query", "tasks"),
    [
        (asked("fetch"), [2, 1]),
        (asked("count"), [9]),
        (asked("FAILED"), [2]),
        (asked("state:failed"), [2]),
        (asked("function:failed"), []),
        (asked("error:value worker:w2"), [2]),
        (asked("error:value worker:w1"), []),
        (asked("no w2 fetch"), [2]),
        (asked(">15ms"), [9, 2]),
        (asked("<15ms"), [1]),
        (asked("ran>15ms <30ms"), [2]),
        (asked("waited>4ms"), [9, 1]),
        (asked("#2 #9"), [9, 2]),
        (asked('"Error: no"'), [2]),
        (asked('"no: Error"'), []),
        (asked("", "failed"), [2]),
        (asked("", "done"), [1]),
        (asked("", "running"), [9]),
        (asked("", order=TaskOrder.RAN), [9, 2, 1]),
        (asked("", order=TaskOrder.WAITED), [9, 1, 2]),
        (asked("", order=TaskOrder.NUMBER), [9, 2, 1]),
        (TaskQuery(order=TaskOrder.RAN, rising=True), [1, 2, 9]),
    ],
)
def test_tasks_are_found_by_what_is_asked_for(
    told: Feed, query: TaskQuery, tasks: list[int]
) -> None:
    table = table_of(told, 100, query)
    assert [row.task for row in table.rows] == tasks
    assert table.found == len(tasks)
    # The window filters what it has by the same words, while the answer is on its way.
    every = table_of(told, 100).rows
    assert sorted(row.task for row in every if query.holds(row)) == sorted(tasks)


def test_the_slowest_are_found_among_all_that_are_kept(told: Feed) -> None:
    begin = told.at(200)
    many = [span_row(2, 100 + n, begin, begin + 1 + (n == 7) * MS) for n in range(1000)]
    told.tell(210, [worker_row(1), worker_row(2)], many)
    table = table_of(told, 210, asked("#107 #100 #105", order=TaskOrder.RAN))
    assert [row.task for row in table.rows] == [107, 105, 100]
    slowest = table_of(told, 210, asked("", order=TaskOrder.RAN))
    assert [row.task for row in slowest.rows[:3]] == [2, 1, 107]
    assert (len(slowest.rows), slowest.found) == (tables.MAX_TASK_ROWS, 1003)


def test_failed_tasks_are_found_when_their_time_is_long_gone(
    told: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    told.history.details = SpanRing(100)
    begin = told.at(200)
    many = [span_row(2, 100 + n, begin, begin + 1) for n in range(90)]
    for n in range(3):
        told.tell(210 + n, [worker_row(1), worker_row(2)], many)
    table = table_of(told, 212, asked("", "failed"))
    assert [row.task for row in table.rows] == [2]


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
