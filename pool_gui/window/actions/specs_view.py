"""The commands for what is seen, and how. Data; any thread."""

from typing import Final

from PySide6.QtCore import QT_TRANSLATE_NOOP

from pool_gui.window.actions.spec import spec

VIEW_SPECS: Final = (
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
        "traceback",
        QT_TRANSLATE_NOOP("Actions", "Traceback…"),
        QT_TRANSLATE_NOOP("Actions", "Show where in its code the selected task failed"),
        "Ctrl+B",
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
        "columns",
        QT_TRANSLATE_NOOP("Actions", "Columns…"),
        QT_TRANSLATE_NOOP("Actions", "Choose which columns the shown table has"),
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
)
