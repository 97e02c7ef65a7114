"""The pool over millions of tasks and hundreds of pools, each in a program of its own.

Without the GIL a task takes ten times as long here, so fewer run there; how many, the
variable `POOL_GUI_SOAK_TASKS` may say.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import pool_gui
from pool_gui.pool.build import HAS_GIL

TASKS = 10_000_000 if HAS_GIL else int(os.environ.get("POOL_GUI_SOAK_TASKS", "500000"))
ALLOWED_GROWTH_BYTES = (4 if HAS_GIL else 16) << 20
"""Half a byte for each task; without the GIL the allocator alone moves by as much."""

POOLS = 200
SCENES = Path(__file__).parents[1] / "soak_scenes.py"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc"),
]


def play(scene: str, amount: int) -> dict[str, Any]:
    """Play a scene in a program of its own; return what it says."""
    source = str(Path(pool_gui.__file__).parents[1])
    program = subprocess.run(
        [sys.executable, str(SCENES), scene, str(amount)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": source},
        check=True,
    )
    said = json.loads(program.stdout)
    assert isinstance(said, dict)
    return said


def test_memory_stays_flat_over_millions_of_tasks() -> None:
    said = play("memory", TASKS)
    warm_up, *later = said["bytes"][1:]
    assert said["submitted"] >= TASKS
    assert max(later[-5:]) - warm_up < ALLOWED_GROWTH_BYTES, said["bytes"]


def test_nothing_is_left_of_pools_that_have_ended() -> None:
    """No thread, no descriptor, no object; and no garbage collection was needed."""
    said = play("pools", POOLS)
    assert said["before"]["objects"] == {}
    assert said["left"] == said["before"]
    assert said["collected"] == 0, "pools were parts of cycles"
