"""What stands in place of the lanes before the first pool: one sentence, two buttons.

GUI thread only.
"""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton

from pool_gui.monitor.view.facts import LinkState
from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.window.style import words
from pool_gui.window.style.widgets import Panel, label


class WelcomePanel(Panel):
    """See the module."""

    demo_wanted = Signal()
    empty_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.head = head = label("", "strong")
        head.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.text = text = label("", "dim")
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        text.setWordWrap(True)
        demo = QPushButton(self.tr("Run a demo"))
        demo.setProperty("primary", True)
        demo.setToolTip(self.tr("Start a pool and keep it busy with the mix of tasks."))
        empty = QPushButton(self.tr("Start an empty pool"))
        empty.setToolTip(self.tr("Start a pool that waits for what you submit."))
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(demo)
        row.addWidget(empty)
        row.addStretch(1)
        self.body.addStretch(1)
        self.body.addWidget(head)
        self.body.addWidget(text)
        self.body.addSpacing(8)
        self.body.addLayout(row)
        self.body.addStretch(1)
        self._buttons = demo, empty
        self._say(self._no_pool(), are_offered=True)
        demo.clicked.connect(self.demo_wanted)
        empty.clicked.connect(self.empty_wanted)

    def _no_pool(self) -> tuple[str, str]:
        return (
            self.tr("No pool runs yet"),
            self.tr(
                "Start one, submit demo tasks, and see each worker's life on its lane."
            ),
        )

    def _say(self, texts: tuple[str, str], *, are_offered: bool) -> None:
        for shown, text in zip((self.head, self.text), texts, strict=True):
            if shown.text() != text:
                shown.setText(text)
        for button in self._buttons:
            button.setVisible(are_offered)

    @Slot(object)
    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Say what is awaited: a demo, or the first pool of a program that runs."""
        if not self.isVisible():
            return
        sources = [one for one in snapshot.sources if not one.is_driven]
        if not sources:
            self._say(self._no_pool(), are_offered=True)
            return
        name = words.source_name(sources[-1])
        over = sources[-1].link.state is LinkState.ENDED
        head = self.tr("{0} has ended") if over else self.tr("{0} runs")
        text = self.tr(
            "It has made no thread pool yet; its workers will be here when it does."
        )
        if over:
            text = self.tr("It made no thread pool that could be seen.")
        self._say((head.format(name), text), are_offered=False)
