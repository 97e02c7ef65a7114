"""The menu bar, from the actions. GUI thread only."""

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QMenuBar

from pool_gui.window.actions.actions import Actions

_SEPARATOR = ""


def build_menus(bar: QMenuBar, actions: Actions) -> None:
    """Fill the menu bar."""
    translate = QCoreApplication.translate
    for title, names in (
        (translate("Menus", "&File"), ("picture", "save-log", _SEPARATOR, "close")),
        (
            translate("Menus", "&Pool"),
            (
                *("start", "pause", "drain", "stop", "restart", _SEPARATOR),
                *("dismiss", "dismiss-selected", "dismiss-half", _SEPARATOR),
                *("submit", "end-load", "clear"),
            ),
        ),
        (
            translate("Menus", "&View"),
            (
                *("freeze", "live", _SEPARATOR, "zoom-in", "zoom-out", "zoom-reset"),
                *(_SEPARATOR, "search", "copy", _SEPARATOR, "selection"),
                *("reset-layout", _SEPARATOR),
                *("theme-system", "theme-light", "theme-dark"),
            ),
        ),
        (translate("Menus", "&Help"), ("keys", "about")),
    ):
        menu = bar.addMenu(title)
        menu.setToolTipsVisible(True)
        for name in names:
            if name == _SEPARATOR:
                menu.addSeparator()
            else:
                menu.addAction(actions[name])
