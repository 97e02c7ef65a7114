"""Every command once: text, keys, icon and tooltip; menus and buttons share it.

GUI thread only. What cannot be done now is disabled, and its tooltip says why.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QObject, Slot
from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from pool_gui.window.theme import Theme


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One command as people meet it."""

    name: str
    text: str
    tip: str
    keys: str = ""
    icon: str = ""
    checkable: bool = False


def _spec(
    name: str,
    text: object,
    tip: object,
    keys: str = "",
    icon: str = "",
    *,
    check: bool = False,
) -> ActionSpec:
    # PySide6 declares what QT_TRANSLATE_NOOP returns as object; it is the text.
    return ActionSpec(name, str(text), str(tip), keys, icon, check)


_N = QT_TRANSLATE_NOOP
SPECS: Final = (
    _spec(
        "start", _N("Actions", "Start"), _N("Actions", "Start a pool"), "F5", "start"
    ),
    _spec(
        "pause",
        _N("Actions", "Pause"),
        _N("Actions", "Workers finish what they run and take nothing more"),
        "F6",
        "pause",
    ),
    _spec(
        "dismiss",
        _N("Actions", "Dismiss"),
        _N("Actions", "Take one worker away, an idle one first"),
        "Ctrl+D",
        "dismiss",
    ),
    _spec(
        "dismiss-selected",
        _N("Actions", "Dismiss selected worker"),
        _N("Actions", "The selected worker finishes its task and goes"),
        "Delete",
        "dismiss",
    ),
    _spec(
        "dismiss-half",
        _N("Actions", "Dismiss half of the workers"),
        _N("Actions", "Take half of the workers away, idle ones first"),
    ),
    _spec(
        "submit",
        _N("Actions", "Submit"),
        _N("Actions", "Submit the chosen tasks"),
        "Ctrl+Return",
        "submit",
    ),
    _spec(
        "end-load",
        _N("Actions", "End load"),
        _N("Actions", "Submit no more; what is queued stays queued"),
        "Ctrl+.",
        "end-load",
    ),
    _spec(
        "clear",
        _N("Actions", "Clear queue"),
        _N("Actions", "Take what waits out of the queue; it is counted as cancelled"),
        "Ctrl+Shift+K",
        "clear",
    ),
    _spec(
        "drain",
        _N("Actions", "Drain"),
        _N("Actions", "Accept nothing more, finish everything, then end the pool"),
        "Ctrl+Shift+D",
        "drain",
    ),
    _spec(
        "stop",
        _N("Actions", "Stop"),
        _N("Actions", "Clear the queue, let running tasks finish, end the pool"),
        "Shift+F5",
        "stop",
    ),
    _spec(
        "restart",
        _N("Actions", "Restart"),
        _N("Actions", "Start a new pool process; the history stays"),
        "Ctrl+R",
        "restart",
    ),
    _spec(
        "freeze",
        _N("Actions", "Pause display"),
        _N("Actions", "Freeze the views; the pool goes on and nothing is lost"),
        "Space",
        "pause",
        check=True,
    ),
    _spec(
        "live",
        _N("Actions", "Live"),
        _N("Actions", "Let the lanes follow now again"),
        "Home",
    ),
    _spec(
        "zoom-in",
        _N("Actions", "Zoom in"),
        _N("Actions", "Show less time on the lanes"),
        "Ctrl+=",
        "zoom-in",
    ),
    _spec(
        "zoom-out",
        _N("Actions", "Zoom out"),
        _N("Actions", "Show more time on the lanes"),
        "Ctrl+-",
        "zoom-out",
    ),
    _spec(
        "zoom-reset",
        _N("Actions", "Reset zoom"),
        _N("Actions", "Show half a minute on the lanes"),
        "Ctrl+0",
    ),
    _spec(
        "search",
        _N("Actions", "Filter"),
        _N("Actions", "Filter the table that is shown"),
        "Ctrl+F",
        "search",
    ),
    _spec(
        "copy",
        _N("Actions", "Copy table"),
        _N("Actions", "Copy the rows that are shown, as tab-separated text"),
        "Ctrl+Shift+C",
        "copy",
    ),
    _spec(
        "selection",
        _N("Actions", "Selection column"),
        _N("Actions", "Show or hide the column on the right"),
        "F9",
        check=True,
    ),
    _spec(
        "reset-layout",
        _N("Actions", "Reset layout"),
        _N("Actions", "Put panels and columns back where they were at first"),
    ),
    _spec(
        "theme-system",
        _N("Actions", "Colours of the system"),
        _N("Actions", "Light or dark as the desktop is"),
        check=True,
    ),
    _spec(
        "theme-light",
        _N("Actions", "Light"),
        _N("Actions", "Light colours"),
        check=True,
    ),
    _spec(
        "theme-dark", _N("Actions", "Dark"), _N("Actions", "Dark colours"), check=True
    ),
    _spec(
        "picture",
        _N("Actions", "Save picture…"),
        _N("Actions", "Save what the window shows as a PNG file"),
        "Ctrl+Shift+S",
        "picture",
    ),
    _spec(
        "save-log",
        _N("Actions", "Save log…"),
        _N("Actions", "Save the log as a text file"),
        "Ctrl+Shift+L",
        "save",
    ),
    _spec(
        "close",
        _N("Actions", "Close"),
        _N("Actions", "End the pool and leave"),
        "Ctrl+Q",
    ),
    _spec(
        "keys",
        _N("Actions", "Keyboard shortcuts"),
        _N("Actions", "List all keys"),
        "F1",
    ),
    _spec(
        "about", _N("Actions", "About pool_gui"), _N("Actions", "Versions, licences")
    ),
)


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
        group = QActionGroup(self)
        for name in ("system", "light", "dark"):
            group.addAction(self[f"theme-{name}"])
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
            action.setShortcut(QKeySequence(spec.keys))
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
