"""Every command once: text, keys, icon and tooltip; menus and buttons share it.

GUI thread only. What cannot be done now is disabled, and its tooltip says why.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QObject, Slot
from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from pool_gui.window.style.theme import Theme


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


SPECS: Final = (
    _spec(
        "start",
        QT_TRANSLATE_NOOP("Actions", "Start"),
        QT_TRANSLATE_NOOP("Actions", "Start a pool"),
        "F5",
        "start",
    ),
    _spec(
        "pause",
        QT_TRANSLATE_NOOP("Actions", "Pause"),
        QT_TRANSLATE_NOOP(
            "Actions", "Workers finish what they run and take nothing more"
        ),
        "F6",
        "pause",
    ),
    _spec(
        "dismiss",
        QT_TRANSLATE_NOOP("Actions", "Dismiss"),
        QT_TRANSLATE_NOOP("Actions", "Take one worker away, an idle one first"),
        "Ctrl+D",
        "dismiss",
    ),
    _spec(
        "dismiss-selected",
        QT_TRANSLATE_NOOP("Actions", "Dismiss selected worker"),
        QT_TRANSLATE_NOOP("Actions", "The selected worker finishes its task and goes"),
        "Delete",
        "dismiss",
    ),
    _spec(
        "dismiss-half",
        QT_TRANSLATE_NOOP("Actions", "Dismiss half of the workers"),
        QT_TRANSLATE_NOOP("Actions", "Take half of the workers away, idle ones first"),
    ),
    _spec(
        "submit",
        QT_TRANSLATE_NOOP("Actions", "Submit"),
        QT_TRANSLATE_NOOP("Actions", "Submit the chosen tasks"),
        "Ctrl+Return",
        "submit",
    ),
    _spec(
        "end-load",
        QT_TRANSLATE_NOOP("Actions", "End load"),
        QT_TRANSLATE_NOOP("Actions", "Submit no more; what is queued stays queued"),
        "Ctrl+.",
        "end-load",
    ),
    _spec(
        "clear",
        QT_TRANSLATE_NOOP("Actions", "Clear queue"),
        QT_TRANSLATE_NOOP(
            "Actions", "Take what waits out of the queue; it is counted as cancelled"
        ),
        "Ctrl+Shift+K",
        "clear",
    ),
    _spec(
        "drain",
        QT_TRANSLATE_NOOP("Actions", "Drain"),
        QT_TRANSLATE_NOOP(
            "Actions", "Accept nothing more, finish everything, then end the pool"
        ),
        "Ctrl+Shift+D",
        "drain",
    ),
    _spec(
        "stop",
        QT_TRANSLATE_NOOP("Actions", "Stop"),
        QT_TRANSLATE_NOOP(
            "Actions", "Clear the queue, let running tasks finish, end the pool"
        ),
        "Shift+F5",
        "stop",
    ),
    _spec(
        "restart",
        QT_TRANSLATE_NOOP("Actions", "Restart"),
        QT_TRANSLATE_NOOP("Actions", "Start a new pool process; the history stays"),
        "Ctrl+R",
        "restart",
    ),
    _spec(
        "freeze",
        QT_TRANSLATE_NOOP("Actions", "Pause display"),
        QT_TRANSLATE_NOOP(
            "Actions", "Freeze the views; the pool goes on and nothing is lost"
        ),
        "Space",
        "pause",
        check=True,
    ),
    _spec(
        "live",
        QT_TRANSLATE_NOOP("Actions", "Live"),
        QT_TRANSLATE_NOOP("Actions", "Let the lanes follow now again"),
        "Home",
    ),
    _spec(
        "zoom-in",
        QT_TRANSLATE_NOOP("Actions", "Zoom in"),
        QT_TRANSLATE_NOOP("Actions", "Show less time on the lanes"),
        "Ctrl+=",
        "zoom-in",
    ),
    _spec(
        "zoom-out",
        QT_TRANSLATE_NOOP("Actions", "Zoom out"),
        QT_TRANSLATE_NOOP("Actions", "Show more time on the lanes"),
        "Ctrl+-",
        "zoom-out",
    ),
    _spec(
        "zoom-reset",
        QT_TRANSLATE_NOOP("Actions", "Reset zoom"),
        QT_TRANSLATE_NOOP("Actions", "Show half a minute on the lanes"),
        "Ctrl+0",
    ),
    _spec(
        "search",
        QT_TRANSLATE_NOOP("Actions", "Filter"),
        QT_TRANSLATE_NOOP("Actions", "Filter the table that is shown"),
        "Ctrl+F",
        "search",
    ),
    _spec(
        "copy",
        QT_TRANSLATE_NOOP("Actions", "Copy table"),
        QT_TRANSLATE_NOOP(
            "Actions", "Copy the rows that are shown, as tab-separated text"
        ),
        "Ctrl+Shift+C",
        "copy",
    ),
    _spec(
        "selection",
        QT_TRANSLATE_NOOP("Actions", "Selection column"),
        QT_TRANSLATE_NOOP("Actions", "Show or hide the column on the right"),
        "F9",
        check=True,
    ),
    _spec(
        "reset-layout",
        QT_TRANSLATE_NOOP("Actions", "Reset layout"),
        QT_TRANSLATE_NOOP(
            "Actions", "Put panels and columns back where they were at first"
        ),
    ),
    _spec(
        "theme-system",
        QT_TRANSLATE_NOOP("Actions", "Colours of the system"),
        QT_TRANSLATE_NOOP("Actions", "Light or dark as the desktop is"),
        check=True,
    ),
    _spec(
        "theme-light",
        QT_TRANSLATE_NOOP("Actions", "Light"),
        QT_TRANSLATE_NOOP("Actions", "Light colours"),
        check=True,
    ),
    _spec(
        "theme-dark",
        QT_TRANSLATE_NOOP("Actions", "Dark"),
        QT_TRANSLATE_NOOP("Actions", "Dark colours"),
        check=True,
    ),
    _spec(
        "picture",
        QT_TRANSLATE_NOOP("Actions", "Save picture…"),
        QT_TRANSLATE_NOOP("Actions", "Save what the window shows as a PNG file"),
        "Ctrl+Shift+S",
        "picture",
    ),
    _spec(
        "save-log",
        QT_TRANSLATE_NOOP("Actions", "Save log…"),
        QT_TRANSLATE_NOOP("Actions", "Save the log as a text file"),
        "Ctrl+Shift+L",
        "save",
    ),
    _spec(
        "close",
        QT_TRANSLATE_NOOP("Actions", "Close"),
        QT_TRANSLATE_NOOP("Actions", "End the pool and leave"),
        "Ctrl+Q; Ctrl+W",
    ),
    _spec(
        "keys",
        QT_TRANSLATE_NOOP("Actions", "Keyboard shortcuts"),
        QT_TRANSLATE_NOOP("Actions", "List all keys"),
        "F1; Ctrl+?",
    ),
    _spec(
        "about",
        QT_TRANSLATE_NOOP("Actions", "About pool_gui"),
        QT_TRANSLATE_NOOP("Actions", "Versions, licences"),
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
