"""What stands in place of the lanes before the first pool: one sentence, two buttons.

GUI thread only.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton

from pool_gui.window.style.widgets import Panel, label


class WelcomePanel(Panel):
    """See the module."""

    demo_wanted = Signal()
    empty_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        head = label(self.tr("No pool runs yet"), "strong")
        head.setAlignment(Qt.AlignmentFlag.AlignCenter)
        text = label(
            self.tr(
                "Start one, submit demo tasks, and see each worker's life on its lane."
            ),
            "dim",
        )
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
        demo.clicked.connect(self.demo_wanted)
        empty.clicked.connect(self.empty_wanted)
