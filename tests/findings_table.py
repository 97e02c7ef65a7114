"""Signs of pools: healthy, with what must trigger a rule, and near misses."""

import math
from dataclasses import replace

from pool_gui.monitor.findings.rule import Answer
from pool_gui.monitor.findings.rules import RULES
from pool_gui.monitor.findings.signs import Failures, LongRun, Signs

BY_NAME = {rule.name: rule for rule in RULES}

HEALTHY = Signs(
    age_seconds=400.0,
    state="running",
    size=4,
    alive=4,
    busy=3,
    depth=0,
    limit=None,
    finished=5000,
    busy_share=0.6,
    always_queued=False,
    depths=(0, 1, 0, 2, 0, 0, 1),
    throughput_per_second=50.0,
    arrivals_per_second=50.0,
    arrivals=3000,
    arrival_seconds=60.0,
    rejected=0,
    wait_p95=0.01,
    waits=3000,
    run_p50=0.05,
    run_p95=0.08,
    run_mean=0.05,
    since_taken_seconds=0.02,
    shares={
        "cpu": 0.1,
        "ready": 0.0,
        "gil": 0.02,
        "lock": 0.0,
        "network": 0.5,
        "disk": 0.0,
        "sleep": 0.0,
        "other": 0.0,
        "unknown": 0.0,
        "idle": 0.38,
    },
    has_gil=True,
    peak_busy=4.0,
    peak_seconds=320.0,
    longest=LongRun("w", "app.fetch", 7, 0.05, 0.1, 900),
    failing=Failures("app.fetch", 1, 100, 0),
    held_by=("app.fetch", 3),
    waits_for=(),
    spans_lost=0,
    longest_gap_seconds=0.1,
    sampling_trouble="",
    cores=2,
)
WAITS = tuple((f"w{n}", n + 1, "") for n in range(4))
BURNING = dict(HEALTHY.shares) | {"cpu": 0.25, "gil": 0.7, "network": 0.0, "idle": 0.05}
HASHING = dict(HEALTHY.shares) | {"cpu": 0.45, "gil": 0.05, "network": 0.4, "idle": 0.1}

TRIGGERS: tuple[tuple[str, dict[str, object]], ...] = (
    ("saturated", {"busy_share": 0.95, "always_queued": True, "depth": 9}),
    ("saturated", {"busy_share": 0.8, "always_queued": True, "depth": 1}),
    ("backlog", {"limit": 100, "depth": 70}),
    (
        "backlog",
        {"depths": (1, 300, 600, 900, 1200, 1500, 1800), "depth": 1800},
    ),
    ("long-wait", {"wait_p95": 1.2}),
    ("long-wait", {"wait_p95": 21.0, "run_p50": 10.0, "waits": 20}),
    ("starved", {"busy": 4, "depth": 1, "since_taken_seconds": 0.6}),
    (
        "starved",
        {"busy": 4, "depth": 5, "run_p95": math.nan, "since_taken_seconds": 5.1},
    ),
    ("self-deadlock", {"waits_for": WAITS[:4], "depth": 4}),
    ("self-deadlock", {"waits_for": WAITS[:1], "alive": 1, "depth": 1}),
    ("stuck-task", {"longest": LongRun("w", "f", 1, 61.0, 0.1, 100)}),
    ("stuck-task", {"longest": LongRun("w", "f", 1, 100.0, math.nan, 0)}),
    ("gil-bound", {"shares": BURNING}),
    ("gil-bound", {"shares": BURNING | {"cpu": 0.2, "gil": 0.25}}),
    ("oversized", {"size": 16, "alive": 16, "peak_busy": 3.0}),
    ("oversized", {"size": 4, "peak_busy": 1.9}),
    ("undersized", {"always_queued": True, "arrivals_per_second": 100.0}),
    ("undersized", {"always_queued": True, "run_mean": 0.07, "shares": {}}),
    ("failing", {"failing": Failures("f", 5, 100, 0)}),
    ("failing", {"failing": Failures("f", 3, 100, 3)}),
    ("failing", {"rejected": 1}),
    ("monitor-degraded", {"spans_lost": 1}),
    ("monitor-degraded", {"longest_gap_seconds": 1.5}),
    ("monitor-degraded", {"sampling_trouble": "cpu-only"}),
)
NEAR_MISSES: tuple[tuple[str, dict[str, object]], ...] = (
    ("saturated", {"busy_share": 0.95, "always_queued": False}),
    ("saturated", {"busy_share": 0.79, "always_queued": True}),
    ("backlog", {"limit": 100, "depth": 69}),
    ("backlog", {"depths": (1, 300, 600, 500, 1200, 1500, 1800), "depth": 1800}),
    ("backlog", {"depths": (0, 1, 2, 3, 4, 5, 6), "depth": 6}),
    ("long-wait", {"wait_p95": 0.99}),
    ("long-wait", {"wait_p95": 19.0, "run_p50": 10.0}),
    # Long tasks and a queue: nothing is wrong while they take their usual time.
    (
        "starved",
        {"busy": 4, "depth": 5, "run_p95": 10.0, "since_taken_seconds": 20.0},
    ),
    ("starved", {"busy": 3, "depth": 5, "since_taken_seconds": 9.0}),
    # Two cores, both at work on four tasks.
    (
        "starved",
        {
            "busy": 4,
            "depth": 5,
            "since_taken_seconds": 3.0,
            "shares": HASHING | {"cpu": 0.5},
        },
    ),
    ("self-deadlock", {"waits_for": WAITS[:3], "depth": 4}),
    # What a pool that waits for itself is besides goes without saying.
    (
        "starved",
        {"waits_for": WAITS[:4], "busy": 4, "depth": 4, "since_taken_seconds": 60.0},
    ),
    ("saturated", {"waits_for": WAITS[:4], "busy_share": 1.0, "always_queued": True}),
    ("self-deadlock", {"waits_for": WAITS[:0], "busy": 4, "depth": 4}),
    ("stuck-task", {"longest": LongRun("w", "f", 1, 59.0, 0.1, 100)}),
    ("stuck-task", {"longest": LongRun("w", "f", 1, 100.0, 30.0, 100)}),
    # One burner beside three sleepers; and work that frees the GIL.
    ("gil-bound", {"shares": BURNING | {"gil": 0.05, "sleep": 0.65}}),
    ("gil-bound", {"shares": HASHING}),
    ("oversized", {"size": 16, "alive": 16, "peak_busy": 8.0}),
    ("oversized", {"size": 1, "alive": 1, "peak_busy": 0.1}),
    ("undersized", {"always_queued": True, "shares": BURNING, "run_mean": 0.2}),
    ("undersized", {"always_queued": False, "arrivals_per_second": 100.0}),
    ("failing", {"failing": Failures("f", 4, 100, 2)}),
    ("failing", {"failing": None}),
    ("monitor-degraded", {"longest_gap_seconds": 0.9}),
    ("monitor-degraded", {}),
)
NOT_APPLICABLE: tuple[tuple[str, dict[str, object]], ...] = (
    ("saturated", {"busy_share": math.nan}),
    ("backlog", {"depths": (1, 300, 600)}),
    ("long-wait", {"waits": 19, "wait_p95": 5.0}),
    ("gil-bound", {"has_gil": False, "shares": BURNING}),
    ("gil-bound", {"shares": {}}),
    ("oversized", {"peak_seconds": 299.0, "peak_busy": 0.5}),
    ("undersized", {"arrivals": 99, "always_queued": True}),
)


def judge(name: str, changes: dict[str, object]) -> Answer:
    rule = BY_NAME[name]
    return rule.judge(replace(HEALTHY, **changes), rule.limits)  # type: ignore[arg-type]  # by name
