"""What is said of programs that are run and watched. GUI thread only."""

from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate


def of_programs() -> dict[str, str]:
    """Return the sentences by their codes."""
    return {
        "program-exited": translate(
            "Sentences", "The program (PID {pid}) ended with exit code {code}."
        ),
        "program-signalled": translate(
            "Sentences",
            "The program (PID {pid}) was ended by signal {signal} ({name}).",
        ),
        "unwatched-exited": translate(
            "Sentences",
            "The program (PID {pid}) ended with exit code {code}, and nothing was seen "
            "of it: it is no Python program, or Python was started with -I, -E or -S.",
        ),
        "unwatched-signalled": translate(
            "Sentences",
            "The program (PID {pid}) was ended by signal {signal} ({name}), and "
            "nothing was seen of it: it is no Python program, or Python was started "
            "with -I, -E or -S.",
        ),
        "let-go": translate(
            "Sentences", "The program (PID {pid}) runs on, and is watched no more."
        ),
        "only-watched": translate(
            "Sentences", "This program is only watched; it takes no commands."
        ),
    }
