"""How smooth the window is, beside bare charts under the same load.

16 workers count primes in pure Python in the pool process. The GUI thread's lateness is
that of a 10 ms timer; repaints are counted where they happen. The peer: four bare
pyqtgraph curves of 600 points at 30 Hz beside the same load. Then the cost of one whole
refresh of all views at 64 workers and 100,000 spans in sight. Targets: p99 late by at
most 1.5 times bare charts, a repaint of the lanes for nine of ten pixels that time
moves them by and of the charts three times a second, at most 8 ms a refresh.

    python tests/bench/bench_window.py [seconds]
"""

import os
import subprocess
import sys
import time

import numpy as np
import pyqtgraph as pg
from figures import line, percentile, verdict
from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QGridLayout, QWidget

from pool_gui.monitor.view.snapshot import Lanes, Snapshot
from pool_gui.window import app
from pool_gui.window.options import WindowOptions
from pool_gui.window.pace import Pace
from pool_gui.wire.commands import Arrival, Submit

WORKERS = 16
_LOAD = """
import sys
from pool_gui.pool import Task, ThreadPool
from pool_gui.demo.tasks import prime_count
pool = ThreadPool(16)
pool.start()
def again():
    prime_count(20000)
    pool.put(Task(again))
for _ in range(32):
    pool.put(Task(again))
sys.stdin.read()
import os
os._exit(0)
"""


class Lateness(QObject):
    """A timer that writes down how late it is."""

    def __init__(self) -> None:
        super().__init__()
        self.late_ms: list[float] = []
        self._last = time.perf_counter()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.tick)
        self._timer.start(10)

    def tick(self) -> None:
        """Write down the time since the last tick, less what was asked for."""
        now = time.perf_counter()
        self.late_ms.append(max(0.0, (now - self._last) * 1e3 - 10))
        self._last = now


class Repaints(QObject):
    """Counts the paint events of some widgets."""

    def __init__(self, *widgets: QWidget) -> None:
        super().__init__()
        self.count = 0
        for widget in widgets:
            widget.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt
        """Count paints."""
        if event.type() == QEvent.Type.Paint:
            self.count += 1
        return False


def run_for(application: QApplication, seconds: float) -> None:
    """Run the event loop for a while."""
    QTimer.singleShot(round(seconds * 1000), stop)
    application.exec()


def stop() -> None:
    """Leave the event loop."""
    QApplication.exit(0)


def bare(application: QApplication, seconds: float) -> tuple[list[float], float]:
    """Return (lateness, repaints a second) of bare charts beside the load."""
    load = subprocess.Popen([sys.executable, "-c", _LOAD], stdin=subprocess.PIPE)
    window = QWidget()
    window.resize(1280, 800)
    grid = QGridLayout(window)
    plots = [pg.PlotWidget() for _ in range(4)]
    curves = []
    for place, plot in enumerate(plots):
        grid.addWidget(plot, place // 2, place % 2)
        plot.getViewBox().disableAutoRange()
        plot.setRange(xRange=(0, 600), yRange=(0, 1))
        curves.append(plot.plot())
    window.show()
    ages, random = np.arange(600.0), np.random.default_rng(0)

    def draw() -> None:
        for curve in curves:
            curve.setData(ages, random.random(600))

    pulse = QTimer()
    pulse.timeout.connect(draw)
    pulse.start(33)
    run_for(application, 2)
    late, paints = Lateness(), Repaints(plots[0].viewport())
    run_for(application, seconds)
    pulse.stop()
    window.close()
    assert load.stdin is not None
    load.stdin.close()
    load.wait(10)
    return late.late_ms, paints.count / seconds


def ours(
    application: QApplication, seconds: float
) -> tuple[list[float], float, float, float]:
    """Measure the real window.

    Returns:
        Lateness, repaints a second of lanes and charts, and how many pixels a second
        time moves the lanes by.
    """
    load = Submit("primes", {}, Arrival.IN_FLIGHT, 1.0, 2 * WORKERS, 0, 0)
    options = WindowOptions(size=(1280, 800), workers=WORKERS, load=load)
    program = app.WindowApp(application, options)
    program.begin()
    app.calm_interpreter()
    run_for(application, 4)
    lanes = Repaints(program.window.lanes.view.viewport())
    charts = Repaints(program.window.charts.busy.plot.viewport())
    late = Lateness()
    run_for(application, seconds)
    program.session.close(3)
    program.window.allow_closing()
    program.window.close()
    asked = program.controller.viewport
    pixels = asked.pixels / asked.span_seconds
    return late.late_ms, lanes.count / seconds, charts.count / seconds, pixels


def crowded(like: Snapshot) -> Snapshot:
    """Return a snapshot with 64 workers and 100,000 spans in sight."""
    sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))  # noqa: PTH118, PTH120
    from dataclasses import replace  # noqa: PLC0415  # for this part alone

    from gui_support import running  # noqa: PLC0415  # of the tests beside

    workers, spans, pixels, length_ns = 64, 100_000, 700, 30_000_000_000
    random = np.random.default_rng(0)
    # The session has reduced the spans to what each pixel shows: that is its bargain.
    owner = random.integers(0, spans, (workers, pixels)).astype(np.int32)
    owner.sort(axis=1)
    base = running(workers)
    assert base.lanes is not None
    table = replace(
        base.lanes.spans,
        **{
            name: np.zeros(spans, np.int64)
            for name in ("worker", "task", "queued_ns", "started_ns", "ended_ns")
        },
        function=random.integers(0, 8, spans),
        outcome=np.zeros(spans, np.int64),
    )
    lanes = Lanes(
        0,
        length_ns,
        live=True,
        now_ns=length_ns,
        begin_known_ns=0,
        coverage=random.random((workers, pixels), np.float32),
        owner=owner,
        failed=random.random((workers, pixels)) > 0.99,
        spans=table,
        functions=tuple(f"demo.f{n}" for n in range(8)),
    )
    return replace(base, lanes=lanes, series=like.series)


def refresh_ms(application: QApplication, rounds: int = 60) -> list[float]:
    """Return what one whole refresh, painting included, costs the GUI thread."""
    program = app.WindowApp(application, WindowOptions(size=(1280, 800)))
    program.window.show()
    run_for(application, 0.5)
    snapshot = crowded(program.session.take())
    costs = []
    for _ in range(rounds):
        begun = time.perf_counter()
        program.controller.snapshot_changed.emit(snapshot)
        for pace in program.window.findChildren(Pace):
            pace.flush()  # all views, whatever the time
        application.processEvents()  # what is to be repainted is painted here
        costs.append((time.perf_counter() - begun) * 1e3)
    program.window.allow_closing()
    program.window.close()
    return costs[5:]


def main() -> None:
    """Measure all and print it."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = app.make_application()
    peer_late, peer_rate = bare(application, seconds)
    late, lanes, charts, pixels = ours(application, seconds)
    costs = refresh_ms(application)
    line("GUI thread late, bare charts", peer_late, "ms")
    line("GUI thread late, pool-gui", late, "ms")
    peer_p99, p99 = percentile(peer_late, 0.99), percentile(late, 0.99)
    print(f"{'p99 late, bare charts':<58} {peer_p99:.3g} ms")
    print(f"{'p99 late, pool-gui':<58} {p99:.3g} ms")
    verdict("p99 late, ratio to bare charts", p99 / peer_p99, 1.5, at_least=False)
    print(f"{'repaints a second, bare charts':<58} {peer_rate:.3g}")
    verdict("repaints of the lanes a pixel", lanes / pixels, 0.9, at_least=True)
    verdict("repaints a second, charts", charts, 3, at_least=True)
    line("one refresh, 64 workers, 100,000 spans", costs, "ms")
    verdict("one refresh, median, ms", percentile(costs, 0.5), 8, at_least=False)


if __name__ == "__main__":
    main()
