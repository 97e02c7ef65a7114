"""What the window remembers: one JSON text a group. GUI thread only.

Broken settings are set aside, and the defaults are used.
"""

import json
import logging
from pathlib import Path
from typing import Final

from PySide6.QtCore import QByteArray, QSettings

ORGANISATION: Final = "pool_gui"
APPLICATION: Final = "pool_gui"
_LOG = logging.getLogger("pool_gui.window")


class Settings:
    """Groups of plain values, kept by QSettings."""

    def __init__(self) -> None:
        self._store = QSettings(
            QSettings.Format.IniFormat,
            QSettings.Scope.UserScope,
            ORGANISATION,
            APPLICATION,
        )

    def read(self, group: str) -> dict[str, object]:
        """Return a group's values; empty when there are none, or they are broken."""
        text = self._store.value(group, "", type=str)
        if not text:
            return {}
        try:
            values = json.loads(str(text))
        except (ValueError, RecursionError):
            _LOG.info("the settings of %s are broken; the defaults are used", group)
            return {}
        return values if isinstance(values, dict) else {}

    def write(self, group: str, values: dict[str, object]) -> None:
        """Remember a group's values."""
        self._store.setValue(group, json.dumps(values))

    @property
    def folder(self) -> Path:
        """Where they are kept."""
        return Path(self._store.fileName()).parent

    def forget(self) -> None:
        """Forget everything."""
        self._store.clear()


def text_of(state: QByteArray) -> str:
    """Return Qt's opaque bytes as text."""
    return bytes(state.toBase64().data()).decode("ascii")


def bytes_of(value: object) -> QByteArray:
    """Return Qt's opaque bytes; empty when the text is none."""
    if not isinstance(value, str) or not value.isascii():
        return QByteArray()
    return QByteArray.fromBase64(QByteArray(value.encode("ascii")))
