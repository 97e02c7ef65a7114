"""Small widgets that several panels share. GUI thread only."""

import html

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QFrame,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)


def label(text: str = "", role: str = "", parent: QWidget | None = None) -> QLabel:
    """Return a label that shows plain text, in one of the style sheet's roles."""
    made = QLabel(text, parent)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if role:
        made.setProperty("role", role)
    return made


def plain_tip(text: str) -> str:
    """Return a tooltip that shows this text and interprets none of it.

    Qt renders a tooltip as rich text when it looks like it, which names can.
    """
    return "<qt>" + html.escape(text).replace("\n", "<br>") + "</qt>"


def inset(box: QAbstractSpinBox) -> None:
    """Keep a spin box's text off its border, which the style sheet's padding cannot."""
    box.lineEdit().setTextMargins(7, 0, 0, 0)


class Panel(QFrame):
    """A box with a line around it and a small title."""

    def __init__(self, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("panel", True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(12, 8, 12, 8)
        self.body.setSpacing(4)
        self.title = label(title, "title")
        if title:
            self.body.addWidget(self.title)


class ElidedLabel(QLabel):
    """A label that cuts its text with an ellipsis instead of growing."""

    def __init__(self, role: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._whole = ""
        if role:
            self.setProperty("role", role)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def set_whole(self, text: str) -> None:
        """Show as much of this text as there is room for; the tooltip has it all."""
        if text != self._whole:
            self._whole = text
            self.setToolTip(plain_tip(text))
            self._elide()

    def whole(self) -> str:
        """Return the text that was to be shown."""
        return self._whole

    def resizeEvent(self, event: object) -> None:  # noqa: N802, ARG002  # Qt's name
        """Cut anew."""
        self._elide()

    def _elide(self) -> None:
        metrics = self.fontMetrics()
        self.setText(
            metrics.elidedText(
                self._whole, Qt.TextElideMode.ElideRight, max(self.width() - 2, 0)
            )
        )
