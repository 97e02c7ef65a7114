"""The eleven rules: what is asked of a pool, from which value on. Pure functions.

Sources of the rules and their limits: dynamic-tp and hippo4j (1, 2), micrometer #7073
(3), .NET's gate thread (4), Netty and HikariCP (5, 6), Dask (7), Goetz and Little (8),
JDK Mission Control (9), py-spy and tokio-console (10); the corrections were measured on
programs whose truth is known.
"""

import itertools
import math
from typing import Final

from pool_gui.monitor.findings.rule import (
    FINE,
    LOOK_AGAIN,
    NOT_APPLICABLE,
    Answer,
    Level,
    Limits,
    Rule,
    warning,
)
from pool_gui.monitor.findings.signs import Signs

_MOST_WAITS: Final = 64
"""So many of who waits for what are told."""


def _saturated(signs: Signs, limits: Limits) -> Answer:
    if _waits_for_itself(signs):
        return FINE  # that says it all
    if math.isnan(signs.busy_share):
        return NOT_APPLICABLE
    if signs.busy_share < limits["busy_share"] or not signs.always_queued:
        return FINE
    return warning(busy_share=signs.busy_share, workers=signs.alive, queued=signs.depth)


def _backlog(signs: Signs, limits: Limits) -> Answer:
    if signs.limit is not None:
        if signs.limit == 0 or signs.depth < limits["full_share"] * signs.limit:
            return FINE
        return warning(queued=signs.depth, limit=signs.limit)
    depths = signs.depths
    if len(depths) < limits["windows"] + 1:
        return NOT_APPLICABLE
    if any(later <= before for before, later in itertools.pairwise(depths)):
        return FINE
    rate = signs.throughput_per_second
    drain_seconds = signs.depth / rate if rate > 0 else math.inf
    if drain_seconds <= limits["drain_seconds"]:
        return FINE
    return warning(
        queued=signs.depth,
        before=depths[0],
        drain_seconds=min(drain_seconds, 1e9),
        seconds=10.0 * (len(depths) - 1),
    )


def _long_wait(signs: Signs, limits: Limits) -> Answer:
    if signs.waits < limits["least_waits"] or math.isnan(signs.wait_p95):
        return NOT_APPLICABLE
    run = 0.0 if math.isnan(signs.run_p50) else signs.run_p50
    most = max(limits["wait_seconds"], limits["runs"] * run)
    if signs.wait_p95 <= most:
        return FINE
    return warning(wait_p95=signs.wait_p95, run_p50=run, waits=signs.waits)


def _starved(signs: Signs, limits: Limits) -> Answer:
    if _waits_for_itself(signs):
        return FINE  # that says it all
    idle = signs.alive - signs.busy
    if signs.depth == 0 or idle > 0 or signs.alive == 0:
        return FINE
    usual = limits["runs"] * signs.run_p95
    if math.isnan(usual):  # no task has ended yet
        usual = limits["seconds_before_any"]
    patience = max(limits["seconds"], usual)
    on_core = signs.shares.get("cpu", 0.0) * signs.alive
    if on_core >= 0.8 * signs.cores:  # it works as hard as it can
        patience = max(patience, float(signs.alive))
    if signs.since_taken_seconds <= patience:
        return FINE
    function, held = signs.held_by
    return warning(
        queued=signs.depth,
        workers=signs.alive,
        seconds=signs.since_taken_seconds,
        function=function,
        held=held,
    )


def _waits_for_itself(signs: Signs) -> bool:
    return 0 < signs.alive <= signs.stuck


def _self_deadlock(signs: Signs, _limits: Limits) -> Answer:
    if not _waits_for_itself(signs):
        return FINE
    if signs.depth == 0:
        return LOOK_AGAIN
    told = signs.waits_for[:_MOST_WAITS]
    return warning(workers=signs.stuck, queued=signs.depth, waits_for=told)


def _stuck_task(signs: Signs, limits: Limits) -> Answer:
    longest = signs.longest
    if longest is None:
        return FINE
    most = limits["seconds"]
    if longest.calls >= limits["least_calls"]:
        most = max(most, limits["times_usual"] * longest.usual_p99)
    if longest.seconds <= most:
        return FINE
    usual = longest.usual_p99
    return warning(
        function=longest.function,
        task=longest.task,
        worker=longest.worker,
        seconds=longest.seconds,
        usual_p99=-1.0 if math.isnan(usual) else usual,
    )


def _gil_bound(signs: Signs, limits: Limits) -> Answer:
    if not signs.has_gil or not signs.shares:
        return NOT_APPLICABLE
    working = 1 - signs.shares["idle"]
    if working * signs.alive < limits["least_busy"]:
        return FINE
    cores = signs.shares["cpu"] * signs.alive
    gil_share = signs.shares["gil"] / max(working, 1e-9)
    if gil_share < limits["gil_share"]:
        return FINE
    if not limits["least_cores"] <= cores <= limits["most_cores"]:
        return FINE
    return warning(gil_share=gil_share, cores=cores, workers=signs.alive)


def _oversized(signs: Signs, limits: Limits) -> Answer:
    if signs.peak_seconds < limits["seconds"] or signs.finished == 0:
        return NOT_APPLICABLE
    if signs.size < 2 or signs.peak_busy >= limits["peak_share"] * signs.size:
        return FINE
    wanted = max(math.ceil(signs.peak_busy / limits["load"]), 1)
    return warning(
        peak=signs.peak_busy,
        size=signs.size,
        wanted=wanted,
        seconds=signs.peak_seconds,
    )


def _undersized(signs: Signs, limits: Limits) -> Answer:
    if signs.arrival_seconds < limits["seconds"] or signs.arrivals < limits["tasks"]:
        return NOT_APPLICABLE
    if not signs.always_queued or math.isnan(signs.run_mean):
        return FINE
    working = 1 - signs.shares.get("idle", 0.0)
    gil_share = signs.shares.get("gil", 0.0) / max(working, 1e-9)
    if signs.has_gil and gil_share >= limits["gil_share"]:
        return FINE  # more workers would wait for the GIL as well
    run = signs.run_mean * (1 - gil_share)
    wanted = math.ceil(signs.arrivals_per_second * run / limits["load"])
    on_core = signs.shares.get("cpu", 0.0) + signs.shares.get("ready", 0.0)
    if on_core >= working / 2:
        wanted = min(wanted, signs.cores)
    if wanted <= signs.size:
        return FINE
    return warning(
        wanted=wanted,
        size=signs.size,
        rate=signs.arrivals_per_second,
        run_seconds=run,
        load=limits["load"],
    )


def _failing(signs: Signs, limits: Limits) -> Answer:
    if signs.rejected >= limits["rejected"]:
        return warning(rejected=signs.rejected, seconds=signs.arrival_seconds)
    told = signs.failing
    if told is None:
        return FINE
    if told.failed < limits["failed"] and told.in_a_row < limits["in_a_row"]:
        return FINE
    return warning(
        function=told.function,
        failed=told.failed,
        calls=told.calls,
        in_a_row=told.in_a_row,
    )


def _monitor_degraded(signs: Signs, limits: Limits) -> Answer:
    if signs.sampling_trouble:
        return warning(trouble=signs.sampling_trouble)
    if signs.spans_lost > limits["spans"]:
        return warning(spans=signs.spans_lost)
    if signs.longest_gap_seconds > limits["gap_seconds"]:
        return warning(gap_seconds=signs.longest_gap_seconds)
    return FINE


RULES: Final = (
    Rule("self-deadlock", Level.ERROR, {}, _self_deadlock),
    Rule(
        "starved",
        Level.WARNING,
        {"seconds": 0.5, "runs": 3.0, "seconds_before_any": 5.0},
        _starved,
    ),
    Rule(
        "gil-bound",
        Level.WARNING,
        {"least_busy": 2.0, "gil_share": 0.25, "least_cores": 0.8, "most_cores": 1.15},
        _gil_bound,
    ),
    Rule(
        "stuck-task",
        Level.WARNING,
        {"seconds": 60.0, "times_usual": 10.0, "least_calls": 20.0},
        _stuck_task,
        in_any_state=True,
    ),
    Rule(
        "failing",
        Level.WARNING,
        {"failed": 5.0, "in_a_row": 3.0, "rejected": 1.0},
        _failing,
    ),
    Rule(
        "backlog",
        Level.WARNING,
        {"full_share": 0.7, "windows": 6.0, "drain_seconds": 30.0},
        _backlog,
    ),
    Rule(
        "long-wait",
        Level.WARNING,
        {"wait_seconds": 1.0, "runs": 2.0, "least_waits": 20.0},
        _long_wait,
    ),
    Rule(
        "undersized",
        Level.WARNING,
        {"seconds": 30.0, "tasks": 100.0, "load": 0.75, "gil_share": 0.25},
        _undersized,
    ),
    Rule("saturated", Level.INFO, {"busy_share": 0.8}, _saturated),
    Rule(
        "oversized",
        Level.INFO,
        {"seconds": 300.0, "peak_share": 0.5, "load": 0.75},
        _oversized,
    ),
    Rule(
        "monitor-degraded",
        Level.INFO,
        {"spans": 0.0, "gap_seconds": 1.0},
        _monitor_degraded,
        in_any_state=True,
    ),
)
"""In the order of their weight: the first that speaks is shown first."""
