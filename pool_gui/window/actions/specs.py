"""Every command as people meet it, in the order of the menus. Data; any thread."""

from typing import Final

from PySide6.QtCore import QT_TRANSLATE_NOOP

from pool_gui.window.actions.spec import spec

SPECS: Final = (
    spec(
        "start",
        QT_TRANSLATE_NOOP("Actions", "Start"),
        QT_TRANSLATE_NOOP("Actions", "Start a pool"),
        "F5",
        "start",
    ),
    spec(
        "pause",
        QT_TRANSLATE_NOOP("Actions", "Pause"),
        QT_TRANSLATE_NOOP(
            "Actions", "Workers finish what they run and take nothing more"
        ),
        "F6",
        "pause",
    ),
    spec(
        "dismiss",
        QT_TRANSLATE_NOOP("Actions", "Dismiss"),
        QT_TRANSLATE_NOOP("Actions", "Take one worker away, an idle one first"),
        "Ctrl+D",
        "dismiss",
    ),
    spec(
        "dismiss-selected",
        QT_TRANSLATE_NOOP("Actions", "Dismiss selected worker"),
        QT_TRANSLATE_NOOP("Actions", "The selected worker finishes its task and goes"),
        "Delete",
        "dismiss",
    ),
    spec(
        "dismiss-half",
        QT_TRANSLATE_NOOP("Actions", "Dismiss half of the workers"),
        QT_TRANSLATE_NOOP("Actions", "Take half of the workers away, idle ones first"),
    ),
    spec(
        "submit",
        QT_TRANSLATE_NOOP("Actions", "Submit"),
        QT_TRANSLATE_NOOP("Actions", "Submit the chosen tasks"),
        "Ctrl+Return",
        "submit",
    ),
    spec(
        "end-load",
        QT_TRANSLATE_NOOP("Actions", "End load"),
        QT_TRANSLATE_NOOP("Actions", "Submit no more; what is queued stays queued"),
        "Ctrl+.",
        "end-load",
    ),
    spec(
        "clear",
        QT_TRANSLATE_NOOP("Actions", "Clear queue"),
        QT_TRANSLATE_NOOP(
            "Actions", "Take what waits out of the queue; it is counted as cancelled"
        ),
        "Ctrl+Shift+K",
        "clear",
    ),
    spec(
        "drain",
        QT_TRANSLATE_NOOP("Actions", "Drain"),
        QT_TRANSLATE_NOOP(
            "Actions", "Accept nothing more, finish everything, then end the pool"
        ),
        "Ctrl+Shift+D",
        "drain",
    ),
    spec(
        "stop",
        QT_TRANSLATE_NOOP("Actions", "Stop"),
        QT_TRANSLATE_NOOP(
            "Actions", "Clear the queue, let running tasks finish, end the pool"
        ),
        "Shift+F5",
        "stop",
    ),
    spec(
        "restart",
        QT_TRANSLATE_NOOP("Actions", "Restart"),
        QT_TRANSLATE_NOOP("Actions", "Start its pool process anew; the history stays"),
        "Ctrl+R",
        "restart",
    ),
    spec(
        "new-demo",
        QT_TRANSLATE_NOOP("Actions", "New demo pool…"),
        QT_TRANSLATE_NOOP(
            "Actions", "Start another demo pool, to be seen beside these"
        ),
        "Ctrl+N",
        "add",
    ),
    spec(
        "remove",
        QT_TRANSLATE_NOOP("Actions", "Remove source"),
        QT_TRANSLATE_NOOP(
            "Actions", "End the selected process, and forget what is known of it"
        ),
        "Ctrl+Shift+R",
    ),
    spec(
        "remove-lost",
        QT_TRANSLATE_NOOP("Actions", "Remove"),
        QT_TRANSLATE_NOOP(
            "Actions", "Forget the lost source, whose history has stayed until now"
        ),
    ),
    spec(
        "freeze",
        QT_TRANSLATE_NOOP("Actions", "Pause display"),
        QT_TRANSLATE_NOOP(
            "Actions", "Freeze the views; the pool goes on and nothing is lost"
        ),
        "Space",
        "pause",
        check=True,
    ),
    spec(
        "rate-high",
        QT_TRANSLATE_NOOP("Actions", "High"),
        QT_TRANSLATE_NOOP(
            "Actions", "Show each pixel by which time moves; takes most of a processor"
        ),
        check=True,
    ),
    spec(
        "rate-normal",
        QT_TRANSLATE_NOOP("Actions", "Normal"),
        QT_TRANSLATE_NOOP(
            "Actions", "Ten times a second; more where single tasks are looked at"
        ),
        check=True,
    ),
    spec(
        "rate-low",
        QT_TRANSLATE_NOOP("Actions", "Low"),
        QT_TRANSLATE_NOOP("Actions", "Twice a second; takes least of a processor"),
        check=True,
    ),
    spec(
        "rate-paused",
        QT_TRANSLATE_NOOP("Actions", "Paused"),
        QT_TRANSLATE_NOOP(
            "Actions", "Freeze the views; the pool goes on and nothing is lost"
        ),
        check=True,
    ),
    spec(
        "live",
        QT_TRANSLATE_NOOP("Actions", "Live"),
        QT_TRANSLATE_NOOP("Actions", "Let the lanes follow now again"),
        "Home",
    ),
    spec(
        "zoom-in",
        QT_TRANSLATE_NOOP("Actions", "Zoom in"),
        QT_TRANSLATE_NOOP("Actions", "Show less time on the lanes"),
        "Ctrl+=",
        "zoom-in",
    ),
    spec(
        "zoom-out",
        QT_TRANSLATE_NOOP("Actions", "Zoom out"),
        QT_TRANSLATE_NOOP("Actions", "Show more time on the lanes"),
        "Ctrl+-",
        "zoom-out",
    ),
    spec(
        "zoom-reset",
        QT_TRANSLATE_NOOP("Actions", "Reset zoom"),
        QT_TRANSLATE_NOOP("Actions", "Show half a minute on the lanes"),
        "Ctrl+0",
    ),
    spec(
        "pin",
        QT_TRANSLATE_NOOP("Actions", "Pin lane on top"),
        QT_TRANSLATE_NOOP(
            "Actions", "Keep the selected worker's lane above all others"
        ),
        "Ctrl+T",
        check=True,
    ),
    spec(
        "hide",
        QT_TRANSLATE_NOOP("Actions", "Hide lane"),
        QT_TRANSLATE_NOOP("Actions", "Do not show the selected worker's lane"),
        "Ctrl+H",
    ),
    spec(
        "show-hidden",
        QT_TRANSLATE_NOOP("Actions", "Show hidden lanes"),
        QT_TRANSLATE_NOOP("Actions", "Show all lanes that were hidden"),
        "Ctrl+Shift+H",
    ),
    spec(
        "fold-all",
        QT_TRANSLATE_NOOP("Actions", "Fold all pools"),
        QT_TRANSLATE_NOOP("Actions", "Show one line a pool and no lanes"),
        "Ctrl+Shift+Up",
    ),
    spec(
        "unfold-all",
        QT_TRANSLATE_NOOP("Actions", "Unfold all pools"),
        QT_TRANSLATE_NOOP("Actions", "Show the lanes of all pools"),
        "Ctrl+Shift+Down",
    ),
    spec(
        "sort-age",
        QT_TRANSLATE_NOOP("Actions", "Sort lanes by age"),
        QT_TRANSLATE_NOOP("Actions", "The oldest worker of a pool first"),
        check=True,
    ),
    spec(
        "sort-name",
        QT_TRANSLATE_NOOP("Actions", "Sort lanes by name"),
        QT_TRANSLATE_NOOP("Actions", "By the workers' names"),
        check=True,
    ),
    spec(
        "sort-busy",
        QT_TRANSLATE_NOOP("Actions", "Sort lanes by busy share"),
        QT_TRANSLATE_NOOP(
            "Actions", "Whoever was busy most first; sorted anew every few seconds"
        ),
        check=True,
    ),
    spec(
        "search",
        QT_TRANSLATE_NOOP("Actions", "Filter"),
        QT_TRANSLATE_NOOP("Actions", "Filter the table that is shown"),
        "Ctrl+F",
        "search",
    ),
    spec(
        "copy",
        QT_TRANSLATE_NOOP("Actions", "Copy table"),
        QT_TRANSLATE_NOOP(
            "Actions", "Copy the rows that are shown, as tab-separated text"
        ),
        "Ctrl+Shift+C",
        "copy",
    ),
    spec(
        "sources",
        QT_TRANSLATE_NOOP("Actions", "Sources column"),
        QT_TRANSLATE_NOOP("Actions", "Show or hide the column on the left"),
        "F8",
        check=True,
    ),
    spec(
        "selection",
        QT_TRANSLATE_NOOP("Actions", "Selection column"),
        QT_TRANSLATE_NOOP("Actions", "Show or hide the column on the right"),
        "F9",
        check=True,
    ),
    spec(
        "rules",
        QT_TRANSLATE_NOOP("Actions", "Rules for findings…"),
        QT_TRANSLATE_NOOP(
            "Actions", "Choose what findings are shown, and from which values on"
        ),
    ),
    spec(
        "reset-layout",
        QT_TRANSLATE_NOOP("Actions", "Reset layout"),
        QT_TRANSLATE_NOOP(
            "Actions", "Put panels and columns back where they were at first"
        ),
    ),
    spec(
        "theme-system",
        QT_TRANSLATE_NOOP("Actions", "Colours of the system"),
        QT_TRANSLATE_NOOP("Actions", "Light or dark as the desktop is"),
        check=True,
    ),
    spec(
        "theme-light",
        QT_TRANSLATE_NOOP("Actions", "Light"),
        QT_TRANSLATE_NOOP("Actions", "Light colours"),
        check=True,
    ),
    spec(
        "theme-dark",
        QT_TRANSLATE_NOOP("Actions", "Dark"),
        QT_TRANSLATE_NOOP("Actions", "Dark colours"),
        check=True,
    ),
    spec(
        "picture",
        QT_TRANSLATE_NOOP("Actions", "Save picture…"),
        QT_TRANSLATE_NOOP("Actions", "Save what the window shows as a picture or PDF"),
        "Ctrl+Shift+S",
        "picture",
    ),
    spec(
        "save-log",
        QT_TRANSLATE_NOOP("Actions", "Save log…"),
        QT_TRANSLATE_NOOP("Actions", "Save the log as a text file"),
        "Ctrl+Shift+L",
        "save",
    ),
    spec(
        "close",
        QT_TRANSLATE_NOOP("Actions", "Close"),
        QT_TRANSLATE_NOOP("Actions", "End the pool and leave"),
        "Ctrl+Q; Ctrl+W",
    ),
    spec(
        "palette",
        QT_TRANSLATE_NOOP("Actions", "Commands…"),
        QT_TRANSLATE_NOOP("Actions", "Find any command by its name, and do it"),
        "Ctrl+Shift+P",
    ),
    spec(
        "keys",
        QT_TRANSLATE_NOOP("Actions", "Keyboard shortcuts"),
        QT_TRANSLATE_NOOP("Actions", "List all keys"),
        "F1; Ctrl+?",
    ),
    spec(
        "copy-system",
        QT_TRANSLATE_NOOP("Actions", "Copy system info"),
        QT_TRANSLATE_NOOP("Actions", "Copy versions and screens, for a report"),
    ),
    spec(
        "about",
        QT_TRANSLATE_NOOP("Actions", "About pool_gui"),
        QT_TRANSLATE_NOOP("Actions", "Versions, licences"),
    ),
)
