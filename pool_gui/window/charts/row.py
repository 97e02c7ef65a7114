"""The row of four charts, and what each says of itself. GUI thread only."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.window.charts.durations import DurationChart
from pool_gui.window.charts.states_chart import StatesChart
from pool_gui.window.charts.time_charts import DepthChart, ThroughputChart
from pool_gui.window.style.theme import Theme


class ChartsRow(QWidget):
    """See the module."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.queue_depth = DepthChart(
            self.tr("QUEUE DEPTH"),
            self.tr("Tasks that wait, the peak of each quarter second. Exact."),
            self.tr("How many tasks wait will be here."),
            theme,
        )
        self.busy = StatesChart(
            self.tr("WHERE THE TIME GOES"),
            self.tr(
                "The workers' time by state, in the colours of the lanes; what is left "
                "empty is idle. The figure is the share in which they run tasks, from "
                "exact run times; time on a core and waiting for one are the system's "
                "own totals, and looks at the threads from outside divide the waiting."
            ),
            self.tr("How busy the workers are will be here."),
            theme,
        )
        self.throughput = ThroughputChart(
            self.tr("THROUGHPUT"),
            self.tr("Finished tasks a second, from exact counts."),
            self.tr("How many tasks end a second will be here."),
            theme,
        )
        self.times = DurationChart(
            self.tr("WAIT AND RUN"),
            self.tr(
                "How long tasks ran (upwards) and waited in the queue (downwards) in "
                "the last minute. Lines: p50, p95 and p99 of the run time."
            ),
            self.tr("How long tasks wait and run will be here."),
            theme,
        )
        self._charts = (self.queue_depth, self.busy, self.throughput, self.times)
        for chart in self._charts:
            # Equal widths, whatever each has to say.
            chart.setSizePolicy(
                QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding
            )
            row.addWidget(chart, 1)
        self.follow_theme()

    @Slot(object)
    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show another snapshot."""
        for chart in self._charts:
            chart.show_snapshot(snapshot)

    @Slot()
    def follow_theme(self) -> None:
        """Take over the theme's colours."""
        for chart in self._charts:
            chart.follow_theme()
