"""The commands for files, for help, and to leave. Data; any thread."""

from typing import Final

from PySide6.QtCore import QT_TRANSLATE_NOOP

from pool_gui.window.actions.spec import spec

FILE_SPECS: Final = (
    spec(
        "record",
        QT_TRANSLATE_NOOP("Actions", "Record…"),
        QT_TRANSLATE_NOOP(
            "Actions", "Record all that is told of the selected source to a file"
        ),
        "Ctrl+Shift+E",
        "record",
        check=True,
    ),
    spec(
        "open",
        QT_TRANSLATE_NOOP("Actions", "Open recording…"),
        QT_TRANSLATE_NOOP("Actions", "Show a recording as if it were happening now"),
        "Ctrl+O",
        "open",
    ),
    spec(
        "play",
        QT_TRANSLATE_NOOP("Actions", "Play or pause recording"),
        QT_TRANSLATE_NOOP("Actions", "Let the shown recording go on, or stand still"),
        "Ctrl+P",
    ),
    spec(
        "picture",
        QT_TRANSLATE_NOOP("Actions", "Save picture…"),
        QT_TRANSLATE_NOOP("Actions", "Save what the window shows as a picture or PDF"),
        "Ctrl+Shift+S",
        "picture",
    ),
    spec(
        "save-table",
        QT_TRANSLATE_NOOP("Actions", "Save table…"),
        QT_TRANSLATE_NOOP(
            "Actions", "Save the rows that are shown as CSV, times in seconds"
        ),
        "Ctrl+E",
        "save",
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
