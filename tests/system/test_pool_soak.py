"""The pool over millions of tasks and hundreds of pools, each in a program of its own.

Without the GIL a task takes ten times as long here, so fewer run there. The variable
`POOL_GUI_SOAK_TASKS` may say how many, for a longer soak than the tests have each time.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import pool_gui
from pool_gui.pool.atomic import HAS_GIL

TASKS = int(os.environ.get("POOL_GUI_SOAK_TASKS", "2500000" if HAS_GIL else "500000"))
ALLOWED_GROWTH_BYTES = max((4 if HAS_GIL else 16) << 20, TASKS)
"""Less than two bytes for each task: the allocator itself moves by some of that, beside
other work by more, and without the GIL by most."""
ALLOWED_GROWTH_BLOCKS = TASKS // 250
"""Of what Python has allocated; how many spans are kept just now moves it by 0.2 %."""

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
    blocks = said["blocks"]
    assert min(blocks[-5:]) - min(blocks[:5]) < ALLOWED_GROWTH_BLOCKS, blocks


@pytest.fixture(scope="module")
def pools_said() -> dict[str, Any]:
    return play("pools", POOLS)


def test_nothing_is_left_of_pools_that_have_ended(pools_said: dict[str, Any]) -> None:
    """No thread and no descriptor at once; no object, once garbage is collected."""
    before, left = pools_said["before"], pools_said["left"]
    assert before["objects"] == {}
    for name in ("threads", "system threads", "descriptors"):
        assert left[name] == before[name], name
    assert pools_said["left in the end"] == before


def test_pools_that_have_ended_need_no_garbage_collection(
    pools_said: dict[str, Any],
) -> None:
    assert pools_said["left"] == pools_said["before"]
    assert pools_said["collected"] == 0, "pools were parts of cycles"
