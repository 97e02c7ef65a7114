"""Small widgets that several panels share. GUI thread only."""

import html
from typing import Final

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QValidator
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QFrame,
    QLabel,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

_SHRINKS_BELOW: Final = 0.7
"""A figure gives room back when it needs less than this share of it."""


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


class NumberBox(QSpinBox):
    """A spin box in which more may be typed than it takes: it then takes the most.

    QSpinBox refuses the digit that is too much, so that who types 9999 gets 999.
    """

    def validate(self, text: str, at: int) -> tuple[QValidator.State, str, int]:
        """Let a number stand that is too large, until all of it is typed."""
        if _is_too_large(text, self.maximum()):
            return QValidator.State.Intermediate, text, at
        return super().validate(text, at)

    def fixup(self, text: str) -> str:
        """Return the most for what is more."""
        if _is_too_large(text, self.maximum()):
            return str(self.maximum())
        return super().fixup(text)


def _is_too_large(text: str, most: int) -> bool:
    digits = text.strip().replace(",", "").replace("\N{NARROW NO-BREAK SPACE}", "")
    return digits.isdecimal() and len(digits) <= 12 and int(digits) > most


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


class Figure(QLabel):
    """A label for what changes often, which then moves nothing around it.

    A QLabel asks for a new layout of the whole window with each text that it is given;
    this one does so only for a text that needs more room, or far less.
    """

    def __init__(self, role: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._shown = ""
        self._room = 0
        if role:
            self.setProperty("role", role)

    def text(self) -> str:
        """Return the text that is shown."""
        return self._shown

    def setText(self, text: str) -> None:  # noqa: N802  # Qt's name
        """Show this text, as it is."""
        if text == self._shown:
            return
        self._shown = text
        self.setAccessibleName(text)
        needed = self._needed()
        if needed > self._room or needed < self._room * _SHRINKS_BELOW:
            self._room = needed
            self.updateGeometry()
        self.update()

    def _needed(self) -> int:
        return self.fontMetrics().horizontalAdvance(self._shown)

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        """Return room for the text, and for those that it has shown."""
        margins = self.contentsMargins()
        width = self._room + margins.left() + margins.right()
        return QSize(width, self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        """Return the same."""
        return self.sizeHint()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  # Qt's name
        """Measure anew in another font."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}:
            self._room = self._needed()
            self.updateGeometry()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        """Paint the text in the style's colour."""
        painter = QPainter(self)
        self.style().drawItemText(
            painter,
            self.contentsRect(),
            self.alignment() | Qt.TextFlag.TextSingleLine,
            self.palette(),
            self.isEnabled(),
            self._shown,
            self.foregroundRole(),
        )
        painter.end()


class ElidedLabel(Figure):
    """A figure that cuts its text with an ellipsis instead of growing."""

    def __init__(self, role: str = "", parent: QWidget | None = None) -> None:
        super().__init__(role, parent)
        self._whole = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_whole(self, text: str) -> None:
        """Show as much of this text as there is room for; the tooltip has what is cut.

        It has no room of its own: it never moves anything.
        """
        if text != self._whole:
            self._whole = text
            self._elide()

    def set_widest(self, *texts: str) -> None:
        """Show the first of these texts that fits whole; the tooltip has the first."""
        room, metrics = self.width() - 2, self.fontMetrics()
        fitting = (one for one in texts if metrics.horizontalAdvance(one) <= room)
        self.set_whole(next(fitting, texts[-1]))
        if self.text() != texts[0]:
            self.setToolTip(plain_tip(texts[0]))

    def whole(self) -> str:
        """Return the text that was to be shown."""
        return self._whole

    def _needed(self) -> int:
        return 0

    def resizeEvent(self, event: object) -> None:  # noqa: N802, ARG002  # Qt's name
        """Cut anew."""
        self._elide()

    def _elide(self) -> None:
        end, room = Qt.TextElideMode.ElideRight, max(self.width() - 2, 0)
        shown = self.fontMetrics().elidedText(self._whole, end, room)
        tip = plain_tip(self._whole) if shown != self._whole else ""
        if tip != self.toolTip():
            self.setToolTip(tip)
        self.setText(shown)
        self.setAccessibleName(self._whole)
