"""The commands that drive pools and sources. Data; any thread."""

from typing import Final

from PySide6.QtCore import QT_TRANSLATE_NOOP

from pool_gui.window.actions.spec import spec

POOL_SPECS: Final = (
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
        "retry",
        QT_TRANSLATE_NOOP("Actions", "Retry task"),
        QT_TRANSLATE_NOOP("Actions", "Put the selected task's call once more"),
        "Ctrl+Y",
    ),
    spec(
        "retry-failed",
        QT_TRANSLATE_NOOP("Actions", "Retry all failed"),
        QT_TRANSLATE_NOOP(
            "Actions", "Put the calls of all failed tasks once more, each once"
        ),
        "Ctrl+Shift+Y",
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
)
