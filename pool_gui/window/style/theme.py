"""Colours, fonts and style of the window, light and dark. GUI thread only.

`Theme` is the one owner of the palette; whoever paints by itself asks it and follows
`changed`. The colours of thread states are reserved here for the version that tells
them apart.
"""

import sys
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QPalette
from PySide6.QtWidgets import QApplication

from pool_gui import resources
from pool_gui.monitor.states import STATE_NAMES
from pool_gui.window.style.icons import Icons


@dataclass(frozen=True, slots=True)
class Colours:
    """One theme's colours as #rrggbb."""

    dark: bool
    page: str
    panel: str
    line: str
    text: str
    dim: str
    faint: str
    accent: str
    accenthover: str
    onaccent: str
    lane: str
    hover: str
    selected: str
    warntext: str
    warnground: str
    errortext: str
    errorground: str


LIGHT: Final = Colours(
    dark=False,
    page="#f5f6f8",
    panel="#ffffff",
    line="#dfe3e8",
    text="#1b2128",
    dim="#667080",
    faint="#a9b1bc",
    accent="#0b6bcb",
    accenthover="#095cae",
    onaccent="#ffffff",
    lane="#eef1f4",
    hover="#f0f2f5",
    selected="#dcebfa",
    warntext="#9a5b00",
    warnground="#fff4e0",
    errortext="#b3261e",
    errorground="#fdecea",
)
DARK: Final = Colours(
    dark=True,
    page="#15181c",
    panel="#1c2025",
    line="#2c323a",
    text="#e6e9ed",
    dim="#98a2ae",
    faint="#5b6470",
    accent="#4ea1ff",
    accenthover="#79b8ff",
    onaccent="#0b1722",
    lane="#23282f",
    hover="#252a31",
    selected="#213245",
    warntext="#f2b54a",
    warnground="#33291a",
    errortext="#ff8a80",
    errorground="#3a2022",
)

STATE_COLOURS: Final = {
    "cpu": "#009E73",
    "ready": "#F0E442",
    "gil": "#D55E00",
    "lock": "#CC79A7",
    "sleep": "#8DA0B3",
    "network": "#56B4E9",
    "disk": "#0072B2",
    "other": "#999999",
}
"""Okabe-Ito; reserved for the thread states, the same everywhere."""

STATE_TABLE: Final = tuple(
    STATE_COLOURS.get(name, STATE_COLOURS["other"]) for name in STATE_NAMES[:-1]
)
"""The colours of the states but for idle, in their order."""

FUNCTION_COLOURS: Final = (
    "#5b8ff9",
    "#5bb89f",
    "#9b7bd8",
    "#d9799a",
    "#86a854",
    "#c08f5f",
    "#6fa3b8",
    "#8790cf",
    "#b86fb2",
    "#a8a04a",
    "#4fa6a6",
    "#b77b6a",
)
"""Chosen by a function's index, so that it keeps its colour."""

FAILED: Final = "#E69F00"
OUTCOME_COLOURS: Final = ("#5b8ff9", FAILED, "#8fb4f5", "#999999")
"""Done, failed, running, ended (detail lost)."""

BASE_PIXELS: Final = 13
_SCHEMES: Final = {
    "light": Qt.ColorScheme.Light,
    "dark": Qt.ColorScheme.Dark,
    "system": Qt.ColorScheme.Unknown,
}


class Theme(QObject):
    """The theme in force; `changed` is emitted after all of Qt follows it."""

    changed = Signal()

    def __init__(self, application: QApplication, name: str = "system") -> None:
        super().__init__(application)
        self._application = application
        self.name = "system"
        self.colours = LIGHT
        self.icons = Icons()
        application.setStyle("Fusion")
        application.setFont(base_font())
        hints = application.styleHints()
        hints.colorSchemeChanged.connect(self._on_scheme_changed)
        self.choose(name)

    def choose(self, name: str) -> None:
        """Follow 'light', 'dark', or the 'system'."""
        self.name = name if name in _SCHEMES else "system"
        self._application.styleHints().setColorScheme(_SCHEMES[self.name])
        self._apply()

    @Slot()
    def follow_system(self) -> None:
        """Be as the system is."""
        self.choose("system")

    @Slot()
    def be_light(self) -> None:
        """Be light."""
        self.choose("light")

    @Slot()
    def be_dark(self) -> None:
        """Be dark."""
        self.choose("dark")

    @Slot(Qt.ColorScheme)
    def _on_scheme_changed(self, _scheme: Qt.ColorScheme) -> None:
        if self.name == "system":
            self._apply()

    def _apply(self) -> None:
        # Without a platform theme setColorScheme has no effect; the palette has.
        scheme = self._application.styleHints().colorScheme()
        dark = self.name == "dark" or (
            self.name == "system" and scheme == Qt.ColorScheme.Dark
        )
        self.colours = DARK if dark else LIGHT
        self._application.setPalette(qt_palette(self.colours))
        self.icons.recolour(self.colours.text, self.colours.faint)
        self._application.setStyleSheet(self._style_sheet())
        self.changed.emit()

    def _style_sheet(self) -> str:
        style = resources.read_text("style.qss")
        colours = self.colours
        for name in ("down", "up"):
            # Style sheets take pictures from files only: a grey that suits both themes.
            arrow = resources.path(f"icons/arrow-{name}.svg").as_posix()
            style = style.replace(f'"@{name}"', f'"{arrow}"')
        mark = "dark" if colours.dark else "light"
        check = resources.path(f"icons/check-{mark}.svg").as_posix()
        style = style.replace('"@check"', f'"{check}"')
        # The longest names first: @accenthover begins with @accent.
        for name in sorted(Colours.__slots__, key=len, reverse=True):
            style = style.replace(f"@{name}", str(getattr(colours, name)))
        return style


def qt_palette(colours: Colours) -> QPalette:
    """Return Qt's palette for a theme."""
    palette = QPalette()
    role = QPalette.ColorRole
    for which, colour in (
        (role.Window, colours.page),
        (role.WindowText, colours.text),
        (role.Base, colours.panel),
        (role.AlternateBase, colours.hover),
        (role.ToolTipBase, colours.panel),
        (role.ToolTipText, colours.text),
        (role.Text, colours.text),
        (role.PlaceholderText, colours.dim),
        (role.Button, colours.panel),
        (role.ButtonText, colours.text),
        (role.Highlight, colours.accent),
        (role.HighlightedText, colours.onaccent),
        (role.Link, colours.accent),
        (role.Accent, colours.accent),
    ):
        palette.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(colours.faint))
    return palette


def base_font() -> QFont:
    """Return the window's font: the desktop's own, or Inter where there is none."""
    font = QFont(QApplication.font())
    if sys.platform == "linux" and QFontInfo(font).family().startswith("DejaVu"):
        families = QFontDatabase.families()
        inter = next((f for f in ("Inter", "Inter Variable") if f in families), None)
        if inter is not None:
            font.setFamilies([inter, "Noto Sans CJK SC", font.family()])
    font.setPixelSize(BASE_PIXELS)
    return font


def figures(font: QFont, pixels: int, *, bold: bool = False) -> QFont:
    """Return the font in another size, with digits of equal width."""
    made = QFont(font)
    made.setPixelSize(pixels)
    made.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made
