"""Plays one scene with several seeds in this process; run.py starts it.

    python -m interleaving.play KIND SCENE DEADLINE SEED ...

Each seed is one line of JSON on standard output. After a fault the process ends, for
what the fault has left behind would spoil the next seed. A seed that is not over by
its deadline ends the process, too; where its threads stand is on standard error.
"""

from __future__ import annotations

import concurrent.futures
import faulthandler
import importlib
import json
import logging
import os
import sys
import traceback
import warnings
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from interleaving.dice import Dice
from interleaving.stage import SCENES, Fault, Heart, Stage

import pool_gui.pool

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = (
    *("scenes_results", "scenes_callbacks", "scenes_life", "scenes_sizes"),
    *("scenes_bounded", "scenes_limits", "scenes_counts", "scenes_queue"),
    *("scenes_reentry", "scenes_interrupts", "scenes_asyncio"),
)
CPYTHON = "cpython-"
LEAST_THROWS = 100
"""A run with fewer bytecodes than that has not traced what it should."""


def scenes(kind: str) -> dict[str, Callable[[Stage], None]]:
    """Return what can be played with pools of a kind, by name.

    Args:
        kind: "ours" or "peer"; after "cpython-", CPython's own tests.
    """
    if kind.startswith(CPYTHON):
        cases = importlib.import_module("interleaving.cpython_cases")
        found: dict[str, Callable[[Stage], None]] = cases.scenes(
            kind.removeprefix(CPYTHON)
        )
        return found
    for file in FILES:
        importlib.import_module(f"interleaving.{file}")
    return {
        one.name: one.play for one in SCENES.values() if kind == "ours" or one.for_peer
    }


def scene_of(kind: str, name: str) -> Callable[[Stage], None]:
    """Return one of these, without loading the files behind its own."""
    if kind.startswith(CPYTHON):
        return scenes(kind)[name]
    for file in FILES:
        importlib.import_module(f"interleaving.{file}")
        if name in SCENES:
            break
    return SCENES[name].play


def traced() -> list[str]:
    """Return the folders whose bytecodes the dice is thrown before."""
    return [
        f"{Path(module.__file__ or '').parent}{os.sep}"
        for module in (pool_gui.pool, concurrent.futures)
    ]


def play(
    scene: Callable[[Stage], None], kind: str, name: str, seed: int, heart: Heart
) -> int:
    """Play a scene; return how often the dice was thrown."""
    dice = Dice(seed, name, traced())
    stage = Stage(is_ours=kind == "ours", name=f"{name}/{seed}", dice=dice, heart=heart)
    with dice:
        scene(stage)
        stage.clear_up()
    thrown = sum(dice.thrown.values())
    if thrown < LEAST_THROWS and not kind.startswith(CPYTHON):
        raise Fault(f"the dice was thrown {thrown} times: the pool is not traced")
    return thrown


def say(**what: object) -> None:
    """Print one line of JSON, at once."""
    # On a line of its own, for tests of CPython's write without ending theirs.
    sys.stdout.write(f"\n{json.dumps(what)}\n")
    sys.stdout.flush()


def main(kind: str, name: str, deadline: str, *seeds: str) -> None:
    """Play all seeds, up to the first fault."""
    scene = scene_of(kind, name)
    # What tasks raise on purpose would fill the report.
    logging.basicConfig(handlers=[logging.NullHandler()])
    # Python 3.12 warns of forking while there are threads, which is what is tested.
    warnings.simplefilter("ignore", DeprecationWarning)
    faulthandler.enable()  # a crash says where, too
    heart = Heart()
    for seed in map(int, seeds):
        faulthandler.dump_traceback_later(float(deadline), exit=True)
        began, error, thrown = monotonic(), "", 0
        try:
            thrown = play(scene, kind, name, seed, heart)
        except BaseException:  # noqa: BLE001 - whatever it is, it is the finding
            sys.settrace(None)
            error = traceback.format_exc()
            faulthandler.dump_traceback()
        took = round(monotonic() - began, 3)
        say(seed=seed, error=error, seconds=took, thrown=thrown)
        if error:
            os._exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
