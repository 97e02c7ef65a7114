"""Icons drawn from the SVG files that come along, in the colours of the theme.

GUI thread only. The icons handed out stay valid and are not redrawn: after `recolour`
whoever shows one asks again.
"""

from typing import Final

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from pool_gui import resources

_SIZES: Final = (16, 32, 48)


class Icons:
    """Gives icons by the names of their files."""

    def __init__(self) -> None:
        self._colour = self._disabled = "#000000"
        self._cache: dict[tuple[str, str], QIcon] = {}

    def recolour(self, colour: str, disabled: str) -> None:
        """Draw in these colours from now on."""
        self._colour, self._disabled = colour, disabled
        self._cache.clear()

    def get(self, name: str, colour: str | None = None) -> QIcon:
        """Return the icon of this name, in the theme's colour or another."""
        key = name, colour or self._colour
        icon = self._cache.get(key)
        if icon is None:
            icon = QIcon()
            for pixels in _SIZES:
                icon.addPixmap(_draw(name, key[1], pixels), QIcon.Mode.Normal)
                icon.addPixmap(_draw(name, self._disabled, pixels), QIcon.Mode.Disabled)
            self._cache[key] = icon
        return icon


def application_icon() -> QIcon:
    """Return the program's own icon."""
    return QIcon(str(resources.path("icons/pool-gui.svg")))


def _svg(name: str, colour: str) -> str:
    return resources.read_text(f"icons/{name}.svg").replace("currentColor", colour)


def _draw(name: str, colour: str, pixels: int) -> QPixmap:
    pixmap = QPixmap(QSize(pixels, pixels))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(_svg(name, colour).encode())).render(painter)
    painter.end()
    return pixmap
