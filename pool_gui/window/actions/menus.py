"""The menu bar, from the actions. GUI thread only."""

from collections.abc import Iterable
from typing import Final

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QMenu, QMenuBar

from pool_gui.window.actions.actions import Actions

_SEPARATOR = ""
LANE_ACTIONS: Final = (
    *("pin", "hide", "show-hidden", _SEPARATOR, "fold-all", "unfold-all", _SEPARATOR),
    *("sort-age", "sort-name", "sort-busy"),
)
"""What can be done with lanes: in the View menu, and in that of the lanes."""


_RATE_NAMES: Final = ("high", "normal", "low", "paused")
RATES: Final = "rate-"
"""Stands for the menu of refresh rates."""


def build_menus(bar: QMenuBar, actions: Actions) -> None:
    """Fill the menu bar."""
    translate = QCoreApplication.translate
    for title, names in (
        (
            translate("Menus", "&File"),
            (
                *("new-demo", "remove", _SEPARATOR),
                *("record", "open", "play", _SEPARATOR),
                *("picture", "save-table", "save-log", _SEPARATOR, "close"),
            ),
        ),
        (
            translate("Menus", "&Pool"),
            (
                *("start", "pause", "drain", "stop", "restart", _SEPARATOR),
                *("dismiss", "dismiss-selected", "dismiss-half", _SEPARATOR),
                *("submit", "end-load", "clear", _SEPARATOR),
                *("retry", "retry-failed"),
            ),
        ),
        (
            translate("Menus", "&View"),
            (
                *("freeze", "live", RATES, _SEPARATOR),
                *("zoom-in", "zoom-out", "zoom-reset"),
                *(_SEPARATOR, *LANE_ACTIONS, _SEPARATOR),
                *("traceback", "search", "copy", "columns", _SEPARATOR),
                *("sources", "selection", "reset-layout", "rules", _SEPARATOR),
                *("theme-system", "theme-light", "theme-dark"),
            ),
        ),
        (
            translate("Menus", "&Help"),
            ("palette", "keys", _SEPARATOR, "copy-system", "about"),
        ),
    ):
        fill_menu(bar.addMenu(title), actions, names)


def fill_menu(menu: QMenu, actions: Actions, names: Iterable[str]) -> None:
    """Put actions into a menu."""
    menu.setToolTipsVisible(True)
    for name in names:
        if name == _SEPARATOR:
            menu.addSeparator()
        elif name == RATES:
            rates = menu.addMenu(QCoreApplication.translate("Menus", "Refresh rate"))
            fill_menu(rates, actions, [RATES + one for one in _RATE_NAMES])
        else:
            menu.addAction(actions[name])
