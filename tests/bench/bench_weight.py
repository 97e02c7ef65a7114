"""What the window's process weighs, read from outside, beside a bare window's.

Each program runs in a window of 1280x800 on the screen there is; every thread of the
process is counted, the pool's own process is not. The floor: a bare window with the
same views (an image of eight lanes, six labels, four curves, a table), each brought up
to date when a pixel or a digit of it would change. Targets are shares of a core.

    DISPLAY=:1 python tests/bench/bench_weight.py [seconds] [rounds] [name ...]
"""

import subprocess
import sys
import time
from collections.abc import Sequence

import numpy as np
import psutil
import pyqtgraph as pg
from figures import line, verdict
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QTimer
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QTableView,
    QVBoxLayout,
    QWidget,
)

WARM_SECONDS = 8.0
SCENES: dict[str, tuple[Sequence[str], float]] = {
    "floor": ((), 0.052),
    "mix, 8 workers": (("--demo", "mix"), 0.10),
    "no-ops, 1,000 a second": (("--demo", "noop", "--rate", "1000"), 0.12),
    "no-ops, 10,000 a second": (("--demo", "noop", "--rate", "10000"), 0.12),
    "no-ops, 100,000 a second": (("--demo", "noop", "--rate", "100000"), 0.12),
    "sleep, 8 workers": (("--demo", "sleep"), 0.08),
    "sleep, 64 workers": (("--demo", "sleep", "--workers", "64"), 0.12),
    "sleep, 256 workers": (("--demo", "sleep", "--workers", "256"), 0.15),
    "sleep, 1,000 workers": (("--demo", "sleep", "--workers", "1000"), 0.20),
    "mix, four sources": (("--demo", "mix", "--workers", "8,8,8,8"), 0.20),
    "no pool": (("--theme", "light"), 0.003),
}


class _Lanes(QWidget):
    """Eight lanes that move by a pixel."""

    def __init__(self) -> None:
        super().__init__()
        self._random = np.random.default_rng(0)
        self._pixels = np.full((270, 690), 0xFFEEF1F4, np.uint32)

    def step(self) -> None:
        """Move by a pixel."""
        self._pixels[:, :-1] = self._pixels[:, 1:]
        self._pixels[:, -1] = self._random.integers(0xFF000000, 0xFFFFFFFF)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        """Paint the picture."""
        high, wide = self._pixels.shape
        kind = QImage.Format.Format_RGB32
        painter = QPainter(self)
        painter.drawImage(0, 0, QImage(self._pixels.data, wide, high, wide * 4, kind))
        painter.end()


class _Table(QAbstractTableModel):
    """Six rows of seven numbers."""

    def __init__(self) -> None:
        super().__init__()
        self._random = np.random.default_rng(1)
        self._rows = self._random.integers(0, 10**6, (6, 7))

    def rowCount(self, _parent: QModelIndex | None = None) -> int:  # type: ignore[override]  # noqa: N802  # Qt's name
        """Return how many rows there are."""
        return 6

    def columnCount(self, _parent: QModelIndex | None = None) -> int:  # type: ignore[override]  # noqa: N802  # Qt's name
        """Return how many columns there are."""
        return 7

    def data(self, index: QModelIndex, role: int = 0) -> str | None:  # type: ignore[override]
        """Return a cell's text."""
        return str(self._rows[index.row(), index.column()]) if role == 0 else None

    def step(self) -> None:
        """Change all."""
        self.beginResetModel()
        self._rows = self._random.integers(0, 10**6, (6, 7))
        self.endResetModel()


def floor() -> None:
    """Show the bare window until it is ended."""
    application = QApplication([])
    window = QWidget()
    window.resize(1280, 800)
    column, top, bottom = QVBoxLayout(window), QHBoxLayout(), QHBoxLayout()
    labels = [QLabel("0") for _ in range(6)]
    lanes, model, view = _Lanes(), _Table(), QTableView()
    curves = []
    for label in labels:
        label.setFixedHeight(50)
        top.addWidget(label)
    for _ in range(4):
        plot = pg.PlotWidget(background="w")
        plot.getViewBox().disableAutoRange()
        plot.setRange(xRange=(-60, 0), yRange=(0, 1), padding=0)
        bottom.addWidget(plot)
        curves.append(plot.plot(pen="b"))
    view.setModel(model)
    view.setFixedHeight(140)
    column.addLayout(top)
    column.addWidget(lanes, 1)
    column.addLayout(bottom)
    column.addWidget(view)
    random, ages = np.random.default_rng(2), np.linspace(-60, 0, 170)

    def digits() -> None:
        for one in labels:
            one.setText(f"{random.random() * 100:.1f}")

    def charts() -> None:
        for curve in curves:
            curve.setData(ages, random.random(170))

    pulses = []
    for step, interval_ms in (
        (lanes.step, 100),
        (digits, 250),
        (charts, 330),
        (model.step, 500),
    ):
        pulse = QTimer()
        pulse.timeout.connect(step)
        pulse.start(interval_ms)
        pulses.append(pulse)
    window.show()
    application.exec()


def weigh(arguments: Sequence[str], seconds: float) -> tuple[float, float]:
    """Return (share of a core, bytes in use) of a program's own process."""
    command = [sys.executable, "-P", "-m", "pool_gui", *arguments]
    if not arguments:
        command = [sys.executable, __file__, "--floor"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as running:
        watched = psutil.Process(running.pid)
        time.sleep(WARM_SECONDS)
        used, begun = watched.cpu_times(), time.perf_counter()
        time.sleep(seconds)
        now, elapsed = watched.cpu_times(), time.perf_counter() - begun
        taken = now.user + now.system - used.user - used.system
        rss_bytes = watched.memory_info().rss
        running.terminate()
    return taken / elapsed, float(rss_bytes)


def main() -> None:
    """Weigh all and print it."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 12
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    names = sys.argv[3:] or list(SCENES)
    shares: dict[str, list[float]] = {name: [] for name in names}
    sizes: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):  # in turn: the machine's pace changes
        for name in names:
            share, rss_bytes = weigh(SCENES[name][0], seconds)
            shares[name].append(share)
            sizes[name].append(rss_bytes / 1e6)
    for name in names:
        line(name, [100 * share for share in shares[name]], "% of a core")
        line("", sizes[name], "MB")
    for name in names:
        middle = sorted(shares[name])[len(shares[name]) // 2]
        verdict(name, middle, SCENES[name][1], at_least=False)


if __name__ == "__main__":
    if sys.argv[1:] == ["--floor"]:
        floor()
    else:
        main()
