"""One line over the lanes: how many findings there are, the gravest first.

GUI thread only. It always has its room, so that nothing moves when one comes.
"""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QMouseEvent

from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.window.style import finding_words, numbers, words
from pool_gui.window.style.widgets import ElidedLabel

if TYPE_CHECKING:
    from pool_gui.monitor.view.facts import FindingRow


class FindingsLine(ElidedLabel):
    """See the module."""

    chosen = Signal(object)
    """FindingRow: the gravest, when the line is clicked."""

    def __init__(self) -> None:
        super().__init__("small")
        self._rows: tuple[FindingRow, ...] = ()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show another snapshot's findings."""
        self._rows = snapshot.findings
        self.set_whole(self._said())
        pointing = Qt.CursorShape.PointingHandCursor
        shape = pointing if self._rows else Qt.CursorShape.ArrowCursor
        if self.cursor().shape() is not shape:
            self.setCursor(shape)

    def _said(self) -> str:
        rows = self._rows
        if not rows:
            return self.tr("Nothing is wrong that can be seen.")
        counted = words.findings(len(rows))
        told = (
            f"{finding_words.sign(row.level)} {finding_words.title(row.rule)} "
            f"({numbers.whole_seconds(row.since_seconds)})"
            for row in rows
        )
        return f"{counted}: {', '.join(told)}"

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802  # Qt's name
        """Lead to the gravest finding."""
        if event.button() == Qt.MouseButton.LeftButton and self._rows:
            self.chosen.emit(self._rows[0])

    def event(self, event: QEvent) -> bool:
        """Take Return and Space for a click."""
        pressed = event.type() == QEvent.Type.KeyPress
        if pressed and event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Space}:  # type: ignore[attr-defined]  # a key event
            if self._rows:
                self.chosen.emit(self._rows[0])
            return True
        return super().event(event)
