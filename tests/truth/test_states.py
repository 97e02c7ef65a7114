"""Where workers' time goes, against programs that measure themselves.

The truth moves with a busy machine, and the report must move along with it.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from pool_gui.monitor.report import SHARES
from pool_gui.monitor.session import Session
from pool_gui.monitor.source.child import Launch
from pool_gui.monitor.view.facts import LinkState

PROGRAM = Path(__file__).with_name("program.py")
FOREIGN = Path(__file__).with_name("foreign.py")
ROOT = Path(__file__).resolve().parents[2]
SECONDS = (4.0, 8.0, 16.0)
"""How long a workload is watched: what is off may be chance, and then it is less so in
twice the time; a report that is wrong stays wrong."""

DEADLINE_SECONDS = 60.0
WITHIN = 0.05
"""Each share of each worker. Alone on the machine they were within 0.01; here another
part of the checks runs beside, there are fewer looks, and chance has its share: some
250 looks at what half of the time is lie within 0.03 in two cases of three."""

MEAN_WITHIN = 0.012

WORKLOADS = (
    "sleepers",
    "burners",
    "one_burner",
    "hashing",
    "convoy",
    "timed_lock",
    "slow_socket",
    "storage",
    "mixture",
    "bursts",
    "idle",
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="procfs is Linux's"),
]


def watched(workload: str, seconds: float, folder: Path) -> tuple[Any, Any]:
    """Run a workload to its end; return the report and the program's own account."""
    place = folder / "account.json"
    argv = (sys.executable, str(PROGRAM), workload, str(seconds), str(place))
    over = threading.Event()

    def look() -> None:
        if session.take().link.state is LinkState.LOST:  # it ended by itself
            over.set()

    session = Session(Launch(argv, {"PYTHONPATH": str(ROOT)}), notify=look)
    session.start()
    try:
        session.launch_pool(4)
        assert over.wait(DEADLINE_SECONDS)
        report = session.report()
    finally:
        assert session.close(5) == ()
    return report, json.loads(place.read_text(encoding="utf-8"))


def told_shares(report: Any) -> dict[int, dict[str, float]]:
    """Return each worker's shares by its native id."""
    (pool,) = report["pools"]
    return {w["native_id"]: w["shares"] for w in pool["workers"]}


def differences(workload: str, report: Any, accounts: Any) -> dict[str, float]:
    """Return by how much each state is off, of the worker of whom it is most."""
    assert report["monitor"]["state_source"] == "procfs"
    told = told_shares(report)
    assert accounts
    off: dict[str, float] = {}
    for account in accounts:
        shares = told[account["native_id"]]
        assert sum(shares.values()) == pytest.approx(1, abs=0.01)
        for name in SHARES:
            true = account["shares"].get(name, 0.0)
            off[name] = max(off.get(name, 0.0), abs(shares[name] - true))
        if workload == "storage":  # its own clock cannot tell these two apart
            both = shares["disk"] + shares["gil"]
            true = account["shares"]["disk"] + account["shares"]["gil"]
            off["disk"] = off["gil"] = abs(both - true)
    return off


def run_foreign(workload: str, seconds: float, folder: Path) -> tuple[Any, Any]:
    """Run a workload in a program that knows nothing; return report and account."""
    report, account = folder / "report.json", folder / "account.json"
    told = (str(FOREIGN), workload, str(seconds), str(account))
    run = (sys.executable, "-m", "pool_gui", "run", "--headless")
    path = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    ran = subprocess.run(
        (*run, "--report", str(report), *told),
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(report.read_text()), json.loads(account.read_text())


def last_differences(
    workload: str, folder: Path, watch: Callable[[str, float, Path], tuple[Any, Any]]
) -> dict[str, float]:
    """Watch until the shares agree or the longest look says that they do not."""
    off: dict[str, float] = {}
    for seconds in SECONDS:
        off = differences(workload, *watch(workload, seconds, folder))
        if max(off.values()) <= WITHIN and fmean(off.values()) <= MEAN_WITHIN:
            break
    return off


@pytest.mark.parametrize("workload", ["sleepers", "burners", "convoy", "mixture"])
def test_shares_of_a_program_that_knows_nothing_are_as_true(
    workload: str, tmp_path: Path
) -> None:
    off = last_differences(workload, tmp_path, run_foreign)
    assert max(off.values()) <= WITHIN, off
    assert fmean(off.values()) <= MEAN_WITHIN, off


@pytest.mark.parametrize("workload", WORKLOADS)
def test_shares_are_those_that_the_workers_measure_themselves(
    workload: str, tmp_path: Path
) -> None:
    off = last_differences(workload, tmp_path, watched)
    assert max(off.values()) <= WITHIN, off
    assert fmean(off.values()) <= MEAN_WITHIN, off
