"""The status bar: state, process, completeness, rates, running time. GUI thread."""

import math

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QStatusBar

from pool_gui.monitor.view.facts import LinkState
from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.window.style import finding_words, numbers, words
from pool_gui.window.style.sentences import load_text
from pool_gui.window.style.widgets import ElidedLabel, Figure, plain_tip

_ALIVE = (LinkState.LIVE, LinkState.SILENT)


class StatusBar(QStatusBar):
    """See the module."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self.setContentsMargins(6, 0, 6, 0)
        self._state = self._add(self.tr("The pool's state."))
        self._findings = self._add(self.tr("What is wrong with the pool."))
        # It gives way where there is no room for all.
        self._process = ElidedLabel()
        self._process.setMinimumWidth(40)
        self._process.setContentsMargins(0, 0, 8, 0)
        self.addWidget(self._process, 1)
        self._loss = self._add(
            self.tr("Whether every task is known in detail. Counts are always exact.")
        )
        self._recording = self._add(self.tr("What is recorded to files just now."))
        self._load = self._add(self.tr("What is being submitted now."))
        self._rates = self._add(
            self.tr(
                "Frames received a second, what this window takes of a core, and how "
                "often it looks at each worker's thread."
            )
        )
        self._time = Figure()
        self._time.setToolTip(self.tr("Since the first frame of the pool process."))
        self.addPermanentWidget(self._time)

    def _add(self, explanation: str) -> Figure:
        made = Figure()
        made.setContentsMargins(0, 0, 8, 0)
        made.setToolTip(explanation)
        self.addWidget(made)
        return made

    @Slot(object)
    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show another snapshot."""
        self._state.setText(self._state_text(snapshot))
        self._show_findings(snapshot)
        self._process.set_whole(self._process_text(snapshot))
        self._loss.setText(self._loss_text(snapshot))
        self._recording.setText(self._recording_text(snapshot))
        load = snapshot.load
        self._load.setText("" if load is None else f"{load.demo}: {load_text(load)}")
        self._rates.setText(self._rates_text(snapshot))
        self._time.setText(numbers.clock(snapshot.uptime_seconds))

    def _show_findings(self, snapshot: Snapshot) -> None:
        """Name what is wrong; the gravest first. Where there is no room, it is here."""
        rows = snapshot.findings
        names = dict.fromkeys(finding_words.title(row.rule) for row in rows)
        grave = any(row.level != "info" for row in rows)
        text = ", ".join(names)
        self._findings.setText(
            f"{finding_words.sign(rows[0].level)} {text}" if grave else text
        )
        lines = [finding_words.sentence(row.rule, row.evidence) for row in rows]
        told = "\n".join(lines) or self.tr("Nothing is wrong that can be seen.")
        if plain_tip(told) != self._findings.toolTip():
            self._findings.setToolTip(plain_tip(told))

    def _state_text(self, snapshot: Snapshot) -> str:
        link = snapshot.link.state
        if link is LinkState.LOST:
            text = self.tr("pool process lost")
        elif link is not LinkState.LIVE or snapshot.pool is None:
            text = words.link_state(link) or words.link_state(LinkState.NONE)
        else:
            text = words.pool_state(snapshot.pool.state)
        name = words.scope_name(snapshot)
        return f"{name}: {text}" if name else text

    def _process_text(self, snapshot: Snapshot) -> str:
        program, use = snapshot.program, snapshot.process
        taken = numbers.share(use.cpu_share), numbers.data_size(use.rss_bytes)
        if program is None:
            if words.find_source(snapshot, snapshot.scope.source) or not snapshot.pool:
                return ""
            live = sum(s.link.state in _ALIVE for s in snapshot.sources)
            many = self.tr("{0} · CPU {1} · {2}")
            return many.format(words.processes(live), *taken)
        gil = self.tr("with GIL") if program.gil else self.tr("free-threaded")
        source = words.find_source(snapshot, snapshot.scope.source)
        is_ours = source is None or source.is_driven
        what = self.tr("pool process {0}") if is_ours else self.tr("process {0}")
        told = self.tr("{0} · Python {1} {2} · CPU {3} · {4}").format(
            what.format(program.pid), program.python, gil, *taken
        )
        late = snapshot.wake_up.median
        if math.isnan(late):
            return told
        wakes = self.tr("wakes {0} late").format(numbers.duration(late))
        return f"{told} · {wakes}"

    def _loss_text(self, snapshot: Snapshot) -> str:
        loss = snapshot.loss
        if snapshot.pool is None:
            return ""
        parts = []
        if loss.span_stride > 1:
            parts.append(self.tr("1 task in {0} in detail").format(loss.span_stride))
        elif loss.spans_dropped:
            parts.append(
                self.tr("{0} without detail").format(words.tasks(loss.spans_dropped))
            )
        if not parts:
            parts.append(self.tr("data complete"))
        if loss.frames_dropped:  # what they would have told came with later ones
            late = words.frames(loss.frames_dropped)
            parts.append(self.tr("{0} late").format(late))
        return ", ".join(parts)

    def _recording_text(self, snapshot: Snapshot) -> str:
        rows = [row.recording for row in snapshot.sources if row.recording is not None]
        if not rows:
            return ""
        seconds = max(row.seconds for row in rows)
        size = numbers.data_size(sum(row.size_bytes for row in rows))
        told = self.tr("● recording {0}, {1}")
        return told.format(numbers.whole_seconds(seconds), size)

    def _rates_text(self, snapshot: Snapshot) -> str:
        monitor = numbers.share(snapshot.monitor.cpu_share)
        if snapshot.pool is None:
            return self.tr("monitor {0} of a core").format(monitor)
        told = self.tr("{0} frames/s · monitor {1} of a core").format(
            numbers.count(snapshot.frames_per_second), monitor
        )
        if not snapshot.sampling.source or snapshot.link.state not in _ALIVE:
            return told
        looks = numbers.count(round(snapshot.sampling.looks_per_second))
        return self.tr("{0} · {1} looks/s").format(told, looks)
