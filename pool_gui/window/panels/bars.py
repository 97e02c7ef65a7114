"""The bars over the lanes: what is wrong, and the button that mends it. GUI thread."""

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, Qt, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QToolButton, QVBoxLayout

from pool_gui.monitor.view.facts import Link, LinkState
from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.window.actions.actions import Actions
from pool_gui.window.style import words
from pool_gui.window.style.sentences import sentence
from pool_gui.window.style.widgets import ElidedLabel
from pool_gui.wire.notes import note


class Bar(QFrame):
    """One line of text with buttons."""

    def __init__(self, kind: str, *actions: QAction) -> None:
        super().__init__()
        self.setProperty("bar", kind)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 5, 6, 5)
        self.text = ElidedLabel()
        row.addWidget(self.text, 1)
        for action in actions:
            button = QToolButton()
            button.setDefaultAction(action)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            row.addWidget(button)
        self.hide()

    def say(self, text: str) -> None:
        """Show this; nothing hides the bar."""
        self.text.set_whole(text)
        self.setVisible(bool(text))


class MessageBars(QFrame):
    """The link's bar, the paused display's, and that of our own defects."""

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        restart, remove = actions["restart"], actions["remove-lost"]
        self.lost = Bar("error", restart, remove, actions["save-log"])
        self.silent = Bar("warning", restart, actions["save-log"])
        self.refusal = Bar("warning")
        _add_close(self.refusal, self.clear_refusal)
        self.paused = Bar("info", actions["freeze"])
        self.defect = Bar("error", actions["save-log"])
        _add_close(self.defect, self.clear_defect)
        self._bars = self.defect, self.lost, self.silent, self.refusal, self.paused
        for bar in self._bars:
            column.addWidget(bar)
        self.hide()

    def _say(self, bar: Bar, text: str) -> None:
        """Show a text in a bar; all is hidden, gaps included, while none has one."""
        bar.say(text)
        self.setVisible(any(one.text.whole() for one in self._bars))

    @Slot(object)
    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Follow the link; called for every snapshot, shown or held back."""
        lost = [
            words.of_source(snapshot, source, sentence(source.link.note))
            for source in snapshot.sources
            if source.link.state is LinkState.LOST
        ]
        silent = [
            words.of_source(snapshot, source, self._silent_text(source.link))
            for source in snapshot.sources
            if source.link.state is LinkState.SILENT
        ]
        self._say(self.lost, "  ".join(lost))
        self._say(self.silent, "  ".join(silent))

    def _silent_text(self, link: Link) -> str:
        return sentence(note("silent", seconds=link.silent_seconds))

    @Slot(bool)
    def show_paused(self, paused: bool) -> None:  # noqa: FBT001  # a signal's argument
        """Say whether the display stands still."""
        self._say(self.paused, self.tr("The display is paused.") if paused else "")

    @Slot(int)
    def show_held_back(self, tasks: int) -> None:
        """Say how much has happened since the display was paused."""
        self._say(
            self.paused,
            self.tr("The display is paused; {0}.").format(words.ended(tasks)),
        )

    @Slot(str)
    def show_refusal(self, sentence: str) -> None:
        """Say why what a person wanted was not done; nothing: it was done since."""
        self._say(self.refusal, sentence)

    @Slot()
    def clear_refusal(self) -> None:
        """Hide that."""
        self._say(self.refusal, "")

    @Slot(str)
    def show_defect(self, sentence: str) -> None:
        """Say that the window itself has a defect, or why an order was not sent."""
        self._say(self.defect, sentence)

    @Slot()
    def clear_defect(self) -> None:
        """Hide the defect's bar."""
        self._say(self.defect, "")


def _add_close(bar: Bar, slot: Callable[[], None]) -> None:
    button = QPushButton(QCoreApplication.translate("MessageBars", "Dismiss"))
    button.clicked.connect(slot)
    layout = bar.layout()
    if layout is not None:
        layout.addWidget(button)
