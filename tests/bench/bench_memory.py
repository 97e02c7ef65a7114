"""The window's memory under a flood of tasks, and its CPU when idle.

The real program runs with a demo load; its process is read from outside. Targets: less
than 5 MB growth over 10 minutes at 100,000 tasks a second, after the first minute; at
most 5 % of a core when idle. The peer of the idle figure is a bare Qt window.

    python tests/bench/bench_memory.py [minutes]
"""

import os
import subprocess
import sys
import time

import psutil
from figures import line, verdict

_BARE = """
from PySide6.QtWidgets import QApplication, QMainWindow
app = QApplication([])
window = QMainWindow()
window.show()
app.exec()
"""


def start(*command: str) -> psutil.Popen:
    """Start a program without a screen."""
    return psutil.Popen(
        [sys.executable, *command],
        env={"QT_QPA_PLATFORM": "offscreen", **os.environ},
        stdout=subprocess.DEVNULL,
    )


def cpu_share(process: psutil.Popen, seconds: float) -> float:
    """Return the share of one core that a process takes, after a settling time."""
    time.sleep(5)
    before = sum(process.cpu_times()[:2])
    time.sleep(seconds)
    return (sum(process.cpu_times()[:2]) - before) / seconds


def end(process: psutil.Popen) -> None:
    """End a program, by force if it must be."""
    process.terminate()
    try:
        process.wait(10)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait(10)


def idle() -> None:
    """Print what an idle window costs, with no pool and with an idle one."""
    bare = start("-c", _BARE)
    line("idle CPU share, bare Qt window", [cpu_share(bare, 10)])
    end(bare)
    for label, arguments in (
        ("no pool", ()),
        ("an idle pool", ("--demo", "noop", "--rate", "0.01")),
    ):
        ours = start("-m", "pool_gui", *arguments)
        share = cpu_share(ours, 10)
        end(ours)
        verdict(f"idle CPU share, pool-gui with {label}", share, 0.05, at_least=False)


def flood(minutes: float) -> None:
    """Print how the window's memory grows under 100,000 tasks a second."""
    ours = start("-m", "pool_gui", "--demo", "noop", "--rate", "100000")
    time.sleep(60)
    first = ours.memory_info().rss
    sizes = [first]
    ended = time.monotonic() + minutes * 60
    while time.monotonic() < ended:
        time.sleep(5)
        sizes.append(ours.memory_info().rss)
    end(ours)
    line("window's memory after the first minute", [s / 1e6 for s in sizes], "MB")
    growth = (max(sizes[-3:]) - first) / 1e6
    verdict(f"growth over {minutes:g} minutes, MB", growth, 5, at_least=False)


def main() -> None:
    """Run both."""
    idle()
    flood(float(sys.argv[1]) if len(sys.argv) > 1 else 10)


if __name__ == "__main__":
    main()
