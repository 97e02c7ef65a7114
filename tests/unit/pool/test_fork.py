"""`os.fork` in a program that has a pool; played by fork_scenes."""

import os
import subprocess
import sys
from pathlib import Path

import fork_scenes
import pytest

import pool_gui

pytestmark = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="this system cannot fork"
)
OURS = pytest.mark.parametrize("kind", ["fixed", "elastic", "bounded"])


def play(kind: str, *scene: str) -> list[str]:
    """Return the lines that a scene says, and what goes wrong in it."""
    root = str(Path(pool_gui.__file__).parents[1])
    ran = subprocess.run(
        [sys.executable, fork_scenes.__file__, "30", kind, *scene],
        env=os.environ | {"PYTHONPATH": root},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return (ran.stdout + ran.stderr).splitlines()


@OURS
@pytest.mark.parametrize("leaving", ["at once", "at exit"])
def test_a_childs_futures_are_cancelled_and_its_new_pools_work(
    kind: str, leaving: str
) -> None:
    assert play(kind, "every_state", leaving) == ["parent and child ended"]


@OURS
def test_a_child_may_be_forked_while_others_stand_at_whatever_line(kind: str) -> None:
    calls = ["submit", "drain", "statistics"]
    assert play(kind, "every_line", "5", *calls) == calls


def test_a_child_may_be_forked_while_another_cancels_a_call() -> None:
    assert play("fixed", "every_line", "1", "cancel") == ["cancel"]


@pytest.mark.xfail(
    reason="known limit: what another thread has in hand when a process forks"
)
@pytest.mark.parametrize(
    ("scene", "said"),
    [
        ("beside hook", "parent and child ended"),
        ("beside caller", "parent and child ended"),
        ("every_line 1 stop", "stop"),
    ],
    ids=["in a hook", "in its putter's thread", "taken out to be cancelled"],
)
def test_a_task_that_is_neither_queued_nor_running_is_cancelled_too(
    scene: str, said: str
) -> None:
    assert play("fixed", *scene.split()) == [said]
