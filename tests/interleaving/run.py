"""The schedule fuzzer, by hand: plays scenes under a dice that switches threads.

    python tests/interleaving/run.py --seeds 200
    python tests/interleaving/run.py --scene round_trips --first 17 --seeds 1
    python tests/interleaving/run.py --kind peer      # on ThreadPoolExecutor
    python tests/interleaving/run.py --cpython        # CPython's own tests

Every fault is printed with its scene and seed. Ends with 1 if there was one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

TESTS = Path(__file__).resolve().parents[1]
DEADLINE_SECONDS = 30.0
"""How long one seed may take; a hang is found by then."""
START_SECONDS = 60.0
"""How long a process may take besides, on a machine under load."""


@dataclass(frozen=True)
class Play:
    """What one seed of one scene came to.

    Attributes:
        error: what it failed with, and where its threads stood; empty: it passed.
    """

    scene: str
    seed: int
    seconds: float
    error: str
    thrown: int = 0


def play(
    scene: str, seeds: list[int], kind: str = "ours", deadline: float = DEADLINE_SECONDS
) -> list[Play]:
    """Play a scene with these seeds in a process of its own, another after a fault."""
    plays: list[Play] = []
    while left := seeds[len(plays) :]:
        plays += _play_until_fault(scene, left, kind, deadline)
    return plays


def _play_until_fault(
    scene: str, seeds: list[int], kind: str, deadline: float
) -> list[Play]:
    arguments = ["play", kind, scene, str(deadline), *map(str, seeds)]
    began = monotonic()
    code, said, errors = _run(arguments, deadline * len(seeds) + START_SECONDS)
    plays = []
    for line in said.splitlines():
        if not line.startswith('{"seed"'):
            continue
        one = json.loads(line)
        error = one["error"] and f"{one['error']}\n{errors}"
        plays.append(Play(scene, one["seed"], one["seconds"], error, one["thrown"]))
    if len(plays) < len(seeds) and not any(one.error for one in plays):
        took = monotonic() - began - sum(one.seconds for one in plays)
        error = f"no end (exit code {code})\n{said}\n{errors}"
        plays.append(Play(scene, seeds[len(plays)], took, error))
    elif code and not any(one.error for one in plays):
        last = plays.pop()
        error = f"exit code {code} after the last seed\n{errors}"
        plays.append(Play(scene, last.seed, last.seconds, error, last.thrown))
    return plays


def scenes(kind: str = "ours") -> list[str]:
    """Return the names of all scenes that such pools can play."""
    code, said, errors = _run(["names", kind], START_SECONDS)
    if code:
        raise RuntimeError(errors)
    return said.split()


def _run(arguments: list[str], seconds: float) -> tuple[int, str, str]:
    """Run one of this folder's modules; return how it ended and what it said."""
    module, *others = arguments
    paths = [os.environ.get("PYTHONPATH", ""), str(TESTS), str(TESTS.parent)]
    process = subprocess.Popen(
        [sys.executable, "-m", f"interleaving.{module}", *others],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        said, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        said, errors = process.communicate()
    return process.returncode, said, errors


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--scene", nargs="*", default=[], help="which; all by default")
    parser.add_argument("--kind", choices=["ours", "peer"], default="ours")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    parser.add_argument("--seeds-per-process", type=int, default=20)
    parser.add_argument("--deadline", type=float, default=DEADLINE_SECONDS)
    parser.add_argument("--brief", action="store_true", help="one line for each fault")
    parser.add_argument("--cpython", action="store_true", help="CPython's own tests")
    return parser.parse_args()


def _report(plays: list[Play], *, is_brief: bool) -> None:
    for one in plays:
        if one.error:
            lines = one.error.strip().splitlines()
            brief = [line for line in lines if "Error" in line or "Fault" in line]
            text = (brief or lines)[-1][:200] if is_brief else one.error
            print(f"FAULT {one.scene} --first {one.seed} ({one.seconds} s): {text}")
    sys.stdout.flush()


def main() -> int:
    """Play what is asked for, and print what was found."""
    options, began = _options(), monotonic()
    kind = "cpython-" * options.cpython + options.kind
    names = options.scene or scenes(kind)
    seeds = list(range(options.first, options.first + options.seeds))
    step = max(1, options.seeds_per_process)
    parts = [seeds[start : start + step] for start in range(0, len(seeds), step)]

    def work(part: tuple[str, list[int]]) -> list[Play]:
        found = play(*part, kind, options.deadline)
        _report(found, is_brief=options.brief)
        return found

    with ThreadPoolExecutor(options.jobs) as jobs:
        work_list = [(name, part) for name in names for part in parts]
        plays = [one for found in jobs.map(work, work_list) for one in found]
    faults: Counter[Any] = Counter(one.scene for one in plays if one.error)
    print(f"{'scene':40} faults seconds/seed throws/seed")
    for name in names:
        mine = [one for one in plays if one.scene == name]
        seconds = sum(one.seconds for one in mine) / len(mine)
        thrown = max(one.thrown for one in mine)
        print(f"{name:40} {faults[name]:3}/{len(mine):<3} {seconds:6.2f} {thrown:9}")
    print(
        f"{len(plays)} runs of {len(names)} scenes in {monotonic() - began:.0f} s: "
        f"{faults.total()} faults in {len(faults)} scenes"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
