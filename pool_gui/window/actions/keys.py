"""Lets a focused button have the Space bar, which else pauses the display.

GUI thread only.
"""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QComboBox, QWidget


class SpaceGuard(QObject):
    """Claims Space for buttons and boxes before Qt looks for a shortcut."""

    def guard(self, window: QWidget) -> None:
        """Watch all buttons and boxes in a window."""
        kinds: tuple[type[QWidget], ...] = (QAbstractButton, QComboBox)
        for kind in kinds:
            for widget in window.findChildren(kind):
                widget.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt's name
        """Accept the claim that Qt offers before it looks for a shortcut."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Space
            and event.modifiers() == Qt.KeyboardModifier.NoModifier
        ):
            event.accept()
            return True
        return False
