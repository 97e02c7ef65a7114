"""The program's first step: from here on Ctrl-C ends it without a traceback.

Imports as little as it can, for what is imported before can still be interrupted with
one. KeyboardInterrupt in the midst of Qt's beginning would abort the process; the
window takes the signal over once it can end in order.
"""

import signal


def main() -> int:
    """Run pool-gui with the program's arguments; return the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from pool_gui.cli.main import main as run  # noqa: PLC0415  # see the module

    return run()
