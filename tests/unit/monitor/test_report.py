import json
import math
import os

import pytest
from unit.monitor import feed
from unit.monitor.feed import Feed, pool, span_row, worker_row

from pool_gui.monitor.model.program import History
from pool_gui.monitor.model.usage import ProcessMeter
from pool_gui.monitor.report import SHARES, Told, build
from pool_gui.monitor.source.base import Ending
from pool_gui.wire.notes import line as said


def sources(ending: Ending | None = None) -> Told:
    return Told(ending, ProcessMeter(os.getpid(), 0), ProcessMeter(os.getpid(), 0))


@pytest.fixture
def told() -> Feed:
    """Two workers over two seconds: three tasks done and one failed."""
    one = Feed()
    one.tell(0, [worker_row(1), worker_row(2)], pools=[pool(peak=7)])
    spans = [
        span_row(1, 1, one.at(100), one.at(200), queued=one.at(0)),
        span_row(1, 2, one.at(300), one.at(400), queued=one.at(100)),
        span_row(2, 3, one.at(100), one.at(300), queued=one.at(50), function=2),
        span_row(2, 4, one.at(500), one.at(900), queued=one.at(50), outcome=1),
    ]
    counts = {"submitted": 5, "started": 4, "done": 3, "failed": 1}
    rows = [worker_row(1, done=2, busy=1), worker_row(2, done=2, busy=1)]
    one.tell(2000, rows, spans, pools=[pool(depth=1, **counts)])
    return one


def part(report: object, *path: str | int) -> object:
    for step in path:
        if isinstance(report, dict):
            report = report[step]
        else:
            assert isinstance(report, list)
            assert isinstance(step, int)
            report = report[step]
    return report


def test_the_report_has_the_keys_of_its_description(told: Feed) -> None:
    report = build(told.history, sources())
    assert set(report) == {
        "schema",
        "program",
        "seconds",
        "complete",
        "dropped",
        "monitor",
        "process",
        "pools",
    }
    keys = {
        ("program",): "pid python gil argv exit_code",
        ("dropped",): "frames spans",
        ("monitor",): "cpu_share frames frame_interval_seconds "
        "state_samples_per_second state_source",
        ("monitor", "frame_interval_seconds"): "p50 p99 max",
        ("process",): "cpu_share rss_bytes threads",
        ("pools", 0): "name kind state size size_limit queue tasks wait_seconds "
        "run_seconds throughput_per_second workers functions findings",
        ("pools", 0, "queue"): "depth peak limit",
        (
            "pools",
            0,
            "tasks",
        ): "submitted started done failed cancelled expired dropped overdue rejected "
        "run_by_callers",
        ("pools", 0, "wait_seconds"): "count p50 p95 p99 max",
        ("pools", 0, "run_seconds"): "count p50 p95 p99 max",
        ("pools", 0, "workers", 0): "name native_id alive state done failed shares",
        ("pools", 0, "workers", 0, "shares"): " ".join(SHARES),
        ("pools", 0, "functions", 0): "name calls failed run_seconds",
        ("pools", 0, "functions", 0, "run_seconds"): "count p50 p95 p99 max",
    }
    for path, names in keys.items():
        found = part(report, *path)
        assert isinstance(found, dict)
        assert set(found) == set(names.split()), path


def test_the_report_says_what_was_told(told: Feed) -> None:
    report = build(told.history, sources())
    assert report["schema"] == 1
    assert report["seconds"] == 2
    assert part(report, "program", "pid") == 4711
    assert part(report, "pools", 0, "queue") == {"depth": 1, "peak": 7, "limit": None}
    assert part(report, "pools", 0, "throughput_per_second") == 2
    wait = part(report, "pools", 0, "wait_seconds")
    assert isinstance(wait, dict)
    assert wait["count"] == 4
    assert wait["max"] == pytest.approx(0.45)
    assert wait["p50"] == pytest.approx(0.1, rel=0.011)
    run = part(report, "pools", 0, "run_seconds")
    assert isinstance(run, dict)
    assert run["count"] == 4
    assert run["p50"] == pytest.approx(0.1, rel=0.011)
    functions = part(report, "pools", 0, "functions")
    assert isinstance(functions, list)
    assert {f["name"]: (f["calls"], f["failed"]) for f in functions} == {
        "app.fetch": (3, 1),
        "app.count": (1, 0),
    }


def test_the_shares_are_not_known_yet_and_null(told: Feed) -> None:
    shares = part(build(told.history, sources()), "pools", 0, "workers", 0, "shares")
    assert shares == dict.fromkeys(SHARES)


def test_what_is_not_known_is_null_and_never_zero() -> None:
    report = build(History(), Told(None, None, ProcessMeter(os.getpid(), 0)))
    assert report["seconds"] is None
    assert report["pools"] == []
    assert set(part(report, "process").values()) == {None}  # type: ignore[attr-defined]  # a dict
    assert part(report, "monitor", "frame_interval_seconds", "p50") is None
    assert part(report, "program", "exit_code") is None
    one = Feed()
    one.tell(0, [worker_row(1), worker_row(2)])
    empty = build(one.history, sources())
    assert part(empty, "pools", 0, "wait_seconds", "p99") is None
    assert part(empty, "pools", 0, "wait_seconds", "count") == 0
    assert part(empty, "pools", 0, "throughput_per_second") is None


def test_the_report_is_json_without_nan(told: Feed) -> None:
    json.dumps(build(told.history, sources()), allow_nan=False)


@pytest.mark.parametrize(
    ("ending", "exit_code", "complete"),
    [
        (None, None, False),
        (Ending(said(""), 0, by_itself=True), 0, True),
        (Ending(said(""), -9, by_itself=True), -9, True),
        (Ending(said(""), 0, by_itself=False, asked=True), None, False),
        (Ending(said(""), -9, by_itself=False), None, False),
    ],
)
def test_the_exit_code_is_the_program_s_own(
    told: Feed, ending: Ending | None, exit_code: int | None, *, complete: bool
) -> None:
    report = build(told.history, sources(ending))
    assert part(report, "program", "exit_code") == exit_code
    assert report["complete"] is complete
    stopped = ending is not None and not ending.by_itself
    assert ("stopped_by" in report) is stopped


def test_nothing_is_complete_when_something_was_dropped(told: Feed) -> None:
    told.tell(3000, spans_dropped=1)
    report = build(told.history, sources(Ending(said(""), 0, by_itself=True)))
    assert report["complete"] is False
    assert report["dropped"] == {"frames": 0, "spans": 1}


def test_the_mean_cpu_share_is_over_all_readings() -> None:
    meter = ProcessMeter(os.getpid(), 0)
    assert math.isnan(meter.mean_cpu_share)
    meter.read(feed.SECOND // 2)  # too early: once a second
    assert math.isnan(meter.mean_cpu_share)
    meter.read(2 * feed.SECOND)
    assert meter.mean_cpu_share >= 0
    assert meter.use.rss_bytes > 1e6
