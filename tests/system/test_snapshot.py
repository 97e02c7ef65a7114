"""The picture and the report without a screen, by the command that people type."""

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from pool_gui.wire.messages import COUNTS


def pool_gui(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {n: v for n, v in os.environ.items() if n != "QT_QPA_PLATFORM"}
    environment.pop("DISPLAY", None)
    return subprocess.run(
        [sys.executable, "-m", "pool_gui", *arguments],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env=environment,
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_snapshot_saves_the_window_and_what_it_knows(
    tmp_path: Path, theme: str
) -> None:
    picture, report = tmp_path / "pool.png", tmp_path / "pool.json"
    done = pool_gui(
        *("snapshot", "--demo", "flaky", "--workers", "3", "--seconds", "2"),
        *("--size", "1024x640", "--theme", theme),
        *("-o", str(picture), "--report", str(report)),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert struct.unpack(">II", picture.read_bytes()[16:24]) == (1024, 640)
    said = json.loads(report.read_text())
    [pool] = said["pools"]
    assert said["schema"] == 1
    assert pool["size"] == 3
    tasks = pool["tasks"]
    assert set(tasks) == set(COUNTS)
    assert tasks["done"] > 20
    assert tasks["failed"] > 0
    assert sum(worker["done"] for worker in pool["workers"]) == tasks["done"]
    assert pool["run_seconds"]["count"] == tasks["done"] + tasks["failed"]
    for worker in pool["workers"]:
        shares = worker["shares"]
        assert sum(shares.values()) == pytest.approx(1, abs=0.01)
        assert shares["sleep"] + shares["idle"] > 0.5  # as the demo does
    assert all(found["text"] and found["advice"] for found in pool["findings"])
    [function] = pool["functions"]
    assert function["calls"] == tasks["done"] + tasks["failed"]
    assert 0.02 <= function["run_seconds"]["p50"] < 0.1


def test_without_a_display_a_person_is_told_what_to_do() -> None:
    done = pool_gui()
    assert done.returncode == 2
    assert "snapshot" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
