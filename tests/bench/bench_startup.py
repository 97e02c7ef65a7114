"""From process start to the first painted window, beside a bare window.

The peer is a bare PySide6 window with four empty pyqtgraph plots. Both run as whole
processes, in turn, on the same platform plugin. Target: at most twice the peer.

    python tests/bench/bench_startup.py [rounds]
"""

import os
import subprocess
import sys
import time

from figures import line, ratios, verdict

_WATCH = """
import os, sys, time
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow

class FirstPaint(QObject):
    def eventFilter(self, receiver, event):
        if event.type() == QEvent.Type.Paint and isinstance(receiver, QMainWindow):
            QTimer.singleShot(0, self.report)  # after this paint is done
        return False
    def report(self):
        print(time.perf_counter_ns(), flush=True)
        os._exit(0)

run = QApplication.exec
def watched(*_):
    watch = FirstPaint()
    QApplication.instance().installEventFilter(watch)
    return run()
QApplication.exec = watched
"""

_OURS = (
    _WATCH
    + """
from pool_gui.cli.main import main
sys.exit(main([]))
"""
)

_PEER = (
    _WATCH
    + """
app = QApplication([])
import pyqtgraph
from PySide6.QtWidgets import QGridLayout, QWidget
window, body = QMainWindow(), QWidget()
grid = QGridLayout(body)
for n in range(4):
    grid.addWidget(pyqtgraph.PlotWidget(), n // 2, n % 2)
window.setCentralWidget(body)
window.resize(1280, 800)
window.show()
app.exec()
"""
)


def first_paint_seconds(program: str) -> float:
    """Return the seconds from the start of the process to its first paint."""
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ}
    started_ns = time.perf_counter_ns()  # one clock for all processes, see wire
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if not done.stdout.strip():
        raise SystemExit(f"the window never painted:\n{done.stderr}")
    return (int(done.stdout.split()[-1]) - started_ns) / 1e9


def main() -> None:
    """Run both in turn and print the ratio."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    first_paint_seconds(_PEER), first_paint_seconds(_OURS)  # warm the disk's cache
    peer, ours = [], []
    for _ in range(rounds):
        peer.append(first_paint_seconds(_PEER))
        ours.append(first_paint_seconds(_OURS))
    line("bare window with four empty plots", peer, "s")
    line("pool-gui", ours, "s")
    line("pool-gui / bare window", ratios(ours, peer))
    middle = sorted(ratios(ours, peer))[rounds // 2]
    verdict(
        "start to first painted window, times the bare one", middle, 2, at_least=False
    )


if __name__ == "__main__":
    main()
