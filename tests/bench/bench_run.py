"""What watching costs a program on `ThreadPoolExecutor`: alone, and by `pool-gui run`.

Each round runs the same program alone, watched, and by py-spy at 100 Hz where that is
installed, one after the other. Targets: at least 85 % of the throughput at tasks that
do nothing, 98 % at 100 us, and nothing that can be measured at 10 ms.

    python tests/bench/bench_run.py [rounds]
"""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from figures import line, ratios, verdict

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import json, sys, time
from concurrent.futures import ThreadPoolExecutor

def nothing():
    pass

def spin():
    end = time.perf_counter_ns() + 100_000
    while time.perf_counter_ns() < end:
        pass

def wait():
    time.sleep(0.01)

told = {}
for function, count in ((nothing, 60_000), (spin, 8_000), (wait, 800)):
    with ThreadPoolExecutor(4) as executor:
        began = time.perf_counter()
        for future in [executor.submit(function) for _ in range(count)]:
            future.result()
        told[function.__name__] = count / (time.perf_counter() - began)
print(json.dumps(told))
"""
TARGETS = {"nothing": 0.85, "spin": 0.98, "wait": 0.99}


def rates(*before: str, program: str) -> dict[str, float]:
    """Return tasks a second by kind, of the program run behind this command."""
    ran = subprocess.run(
        (*before, program), capture_output=True, text=True, check=True, cwd=ROOT
    )
    told: dict[str, float] = json.loads(ran.stdout.splitlines()[0])
    return told


def main(rounds: int) -> None:
    """Measure, and print medians and spreads."""
    spy = shutil.which("py-spy")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "program.py")
        path.write_text(PROGRAM, encoding="utf-8")
        ways: dict[str, tuple[str, ...]] = {
            "alone": (sys.executable,),
            "watched": (sys.executable, "-m", "pool_gui", "run", "--headless"),
        }
        if spy is not None:
            out = str(Path(folder, "out.svg"))
            ways["py-spy"] = (spy, "record", "-o", out, "--", sys.executable)
        seen: dict[str, dict[str, list[float]]] = {}
        for _ in range(rounds):
            for way, command in ways.items():
                for kind, rate in rates(*command, program=str(path)).items():
                    seen.setdefault(kind, {}).setdefault(way, []).append(rate)
    for kind, by_way in seen.items():
        line(f"{kind}, alone", by_way["alone"], "tasks/s")
        for way in sorted(by_way.keys() - {"alone"}):
            shares = ratios(by_way[way], by_way["alone"])
            line(f"{kind}, {way} by alone", shares)
            if way == "watched":
                median = statistics.median(shares)
                verdict(kind, median, TARGETS[kind], at_least=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
