"""Every command once: text, keys, icon and tooltip; menus and buttons share it.

GUI thread only. What cannot be done now is disabled, and its tooltip says why.
"""

from collections.abc import Iterator

from PySide6.QtCore import QCoreApplication, QObject, Slot
from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from pool_gui.window.actions.spec import ActionSpec
from pool_gui.window.actions.specs import SPECS
from pool_gui.window.style.theme import Theme


class Actions(QObject):
    """All actions by name: actions['start']."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icons: dict[str, str] = {}
        self._actions: dict[str, QAction] = {}
        self._tips: dict[str, str] = {}
        for spec in SPECS:
            self._add(spec)
        for kind, names in (
            ("theme", ("system", "light", "dark")),
            ("sort", ("age", "name", "busy")),
            ("rate", ("high", "normal", "low", "paused")),
        ):
            group = QActionGroup(self)
            for name in names:
                group.addAction(self[f"{kind}-{name}"])
        self.follow_theme()

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def __iter__(self) -> Iterator[QAction]:
        return iter(self._actions.values())

    def _add(self, spec: ActionSpec) -> None:
        action = QAction(_translated(spec.text), self)
        action.setObjectName(spec.name)
        action.setCheckable(spec.checkable)
        if spec.keys:
            action.setShortcuts(QKeySequence.listFromString(spec.keys))
        self._actions[spec.name] = action
        self._icons[spec.name] = spec.icon
        self._tips[spec.name] = _translated(spec.tip)
        self.allow(spec.name, "")

    def allow(self, name: str, refusal: str) -> None:
        """Enable an action; or disable it, with the reason in its tooltip."""
        action = self._actions[name]
        action.setEnabled(not refusal)
        tip, keys = self._tips[name], action.shortcut().toString()
        action.setStatusTip(tip)
        tip += f" ({keys})" if keys else ""
        action.setToolTip(f"{tip}\n{refusal}" if refusal else tip)

    def rename(self, name: str, text: str, tip: str, icon: str) -> None:
        """Let an action say something else, such as Resume for Pause."""
        self._actions[name].setText(text)
        self._tips[name] = tip
        self._icons[name] = icon
        self._actions[name].setIcon(self._theme.icons.get(icon))

    @Slot()
    def follow_theme(self) -> None:
        """Take over the theme's colours."""
        for name, icon in self._icons.items():
            if icon:
                colour = self._theme.colours.onaccent if name == "submit" else None
                self._actions[name].setIcon(self._theme.icons.get(icon, colour))


def _translated(text: str) -> str:
    return QCoreApplication.translate("Actions", text)
