"""The lower part of the right column: the pool's exact counts, load and process.

GUI thread only.
"""

import math

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from pool_gui.monitor.view.facts import LoadState, PoolRow, WakeUp
from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.window.style import numbers
from pool_gui.window.style.sentences import load_text
from pool_gui.window.style.text import plain
from pool_gui.window.style.widgets import ElidedLabel, label
from pool_gui.wire.messages import Counts

_RARE = ("expired", "dropped", "overdue", "run_by_callers")
"""Told only where there are some."""

_ROWS = ("submitted", "done", "failed", "cancelled", *_RARE, "rejected")
_ALL_ROWS = (*_ROWS, "load", "process", "wake-up", "tried")


class PoolPanel(QWidget):
    """See the module."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(label(self.tr("POOL"), "title"))
        grid = QGridLayout()
        grid.setVerticalSpacing(3)
        grid.setHorizontalSpacing(8)
        grid.setColumnStretch(1, 1)
        column.addLayout(grid)
        self._captions: dict[str, QLabel] = {}
        self._values = {name: ElidedLabel() for name in _ALL_ROWS}
        for row, (name, (title, explanation)) in enumerate(self._titles().items()):
            caption = label(title, "dim")
            caption.setToolTip(explanation)
            self._captions[name] = caption
            grid.addWidget(caption, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(self._values[name], row, 1, Qt.AlignmentFlag.AlignTop)
        self._show_rare(Counts())

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show another snapshot's facts."""
        values = self._texts(snapshot)
        for name, value in self._values.items():
            value.set_whole(values.get(name, numbers.UNKNOWN))
        pool = snapshot.pool
        counts = Counts() if pool is None else pool.counts
        self._show_rare(counts, tried=pool is not None and bool(pool.rates))

    def _show_rare(self, counts: Counts, *, tried: bool = False) -> None:
        for name in (*_RARE, "tried"):
            there = tried if name == "tried" else getattr(counts, name) > 0
            self._values[name].setVisible(there)
            self._captions[name].setVisible(there)

    def _titles(self) -> dict[str, tuple[str, str]]:
        return {
            **self._fates(),
            "load": (
                self.tr("load"),
                self.tr("How many tasks the demo load has submitted, of how many."),
            ),
            "tried": (
                self.tr("sizes"),
                self.tr(
                    "Finished tasks a second at each size that was tried: the mean of "
                    "up to ten seconds before, and after, the pool was resized."
                ),
            ),
            "wake-up": (
                self.tr("wake-up"),
                self.tr(
                    "How late a thread of the process wakes from a short sleep: what "
                    "the GIL, and cores that are all busy, ask of any thread. The "
                    "median of the newest frames, and the most."
                ),
            ),
            "process": (
                self.tr("threads"),
                self.tr(
                    "Threads of the pool process, and the share of one core that its "
                    "agent takes to watch the pool."
                ),
            ),
        }

    def _fates(self) -> dict[str, tuple[str, str]]:
        return {
            "submitted": (
                self.tr("submitted"),
                self.tr("Tasks that the pool accepted since it began. Exact."),
            ),
            "done": (self.tr("done"), self.tr("Tasks that returned. Exact.")),
            "failed": (self.tr("failed"), self.tr("Tasks that raised. Exact.")),
            "cancelled": (
                self.tr("cancelled"),
                self.tr(
                    "Cancelled, or taken out of the queue, before they began. Exact."
                ),
            ),
            "expired": (
                self.tr("expired"),
                self.tr("Waited beyond their limit and did not run. Exact."),
            ),
            "dropped": (
                self.tr("dropped"),
                self.tr("Dropped from a full queue or a broken pool. Exact."),
            ),
            "overdue": (
                self.tr("overdue"),
                self.tr("Ran beyond their limit; also among the others. Exact."),
            ),
            "run_by_callers": (
                self.tr("by callers"),
                self.tr("Run by who put them, for the queue was full. Exact."),
            ),
            "rejected": (
                self.tr("rejected"),
                self.tr("Tasks that the pool refused. Exact."),
            ),
        }

    def _texts(self, snapshot: Snapshot) -> dict[str, str]:
        texts: dict[str, str] = {}
        if snapshot.pool is not None:
            texts |= _count_texts(snapshot.pool)
            texts["tried"] = " · ".join(
                f"{numbers.count(size)}: {numbers.rate(rate)}"
                for size, rate in snapshot.pool.rates
            )
        if snapshot.load is not None:
            texts["load"] = self._load_text(snapshot.load)
        if not math.isnan(snapshot.process.threads):
            texts["wake-up"] = self._wake_up_text(snapshot.wake_up)
            texts["process"] = self.tr("{0}, agent {1}").format(
                numbers.count(snapshot.process.threads),
                numbers.share(snapshot.agent_cpu_share),
            )
        return texts

    def _wake_up_text(self, wake_up: WakeUp) -> str:
        if math.isnan(wake_up.median):
            return numbers.UNKNOWN
        return self.tr("{0} late, {1} at most").format(
            numbers.duration(wake_up.median), numbers.duration(wake_up.maximum)
        )

    def _load_text(self, load: LoadState) -> str:
        parts = [numbers.count(load.submitted), plain(load_text(load))]
        if load.remaining is not None:
            parts.append(self.tr("{0} to come").format(numbers.count(load.remaining)))
        if load.held_back:
            parts.append(self.tr("{0} held back").format(numbers.count(load.held_back)))
        return ", ".join(parts)


def _count_texts(pool: PoolRow) -> dict[str, str]:
    return {name: numbers.count(getattr(pool.counts, name)) for name in _ROWS}
