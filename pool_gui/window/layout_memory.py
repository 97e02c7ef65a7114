"""Remembers how the window was laid out, from one start to the next. GUI thread only.

What is broken in the settings, or of another version, leaves the window as it is.
"""

from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QSplitter

from pool_gui.monitor.view.viewport import Rate
from pool_gui.window.settings import Settings, bytes_of, text_of

if TYPE_CHECKING:  # the window has one of these
    from pool_gui.window.main_window import MainWindow

COLUMNS: Final = ("selection", "sources")
"""The actions that show and hide a column."""


class LayoutMemory:
    """See the module."""

    def __init__(
        self, window: "MainWindow", split: QSplitter, settings: Settings
    ) -> None:
        self._window = window
        self._split = split
        self._settings = settings

    def write(self) -> None:
        """Write down size, splitter, columns and theme."""
        window = self._window
        actions = window.actions_by_name
        self._settings.write(
            "window",
            {
                "geometry": text_of(window.saveGeometry()),
                "split": text_of(self._split.saveState()),
                "theme": window.theme.name,
                **{name: actions[name].isChecked() for name in COLUMNS},
                "demo": str(window.toolbar.order.demo.currentData()),
                "rate": window.controller.viewport.rate.value,
                "columns": window.tabs.column_states(),
                "folder": window.exports.folder,
            },
        )

    def take_up(self) -> None:
        """Take up what was written down."""
        window, values = self._window, self._settings.read("window")
        window.restoreGeometry(bytes_of(values.get("geometry")))
        self._split.restoreState(bytes_of(values.get("split")))
        for name in COLUMNS:
            wanted = values.get(name, True) is True
            window.actions_by_name[name].setChecked(wanted)
        window.toolbar.order.choose(str(values.get("demo", "")))
        window.tabs.restore_columns(values.get("columns"))
        folder = values.get("folder", "")
        window.exports.folder = folder if isinstance(folder, str) else ""
        if values.get("rate") in set(Rate):
            window.refreshing.choose(Rate(str(values["rate"])))
