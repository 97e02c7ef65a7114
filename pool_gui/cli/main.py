"""The entry point: reads the command line, looks before it leaps, opens the window.

Qt and numpy are imported by the function that needs them, after the preflight. Exit
codes: 0 done, 2 refused with one sentence on stderr, 1 a defect (with traceback).
"""

import contextlib
import errno
import io
import os
import sys
from collections.abc import Sequence

from pool_gui.cli import arguments, preflight
from pool_gui.window.options import SnapshotOptions, WindowOptions


def main(argv: Sequence[str] | None = None) -> int:
    """Run pool-gui with these arguments (default: the program's) until it ends."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):  # --help and --version print to it
            options = arguments.parse(sys.argv[1:] if argv is None else argv)
    except SystemExit as ending:
        return _say(said.getvalue(), int(ending.code or 0))
    if options is None:
        return _say(arguments.demo_list() + "\n", 0)
    trouble = preflight.check(offscreen=isinstance(options, SnapshotOptions))
    if trouble:
        sys.stderr.write(f"pool-gui: {trouble}\n")
        return arguments.EXIT_REFUSED
    if isinstance(options, SnapshotOptions):
        return _save_snapshot(options)
    return _open_window(options)


def _say(text: str, code: int) -> int:
    """Print a text; return the exit code, another one where it cannot be printed."""
    if sys.stdout is None:  # it was closed when the program began
        return _refuse_output(os.strerror(errno.EBADF)) if text else code
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # who reads it has seen enough
        _let_go_of_output()
    except OSError as error:
        _let_go_of_output()
        return _refuse_output(error.strerror)
    return code


def _refuse_output(why: str | None) -> int:
    sys.stderr.write(f"pool-gui: standard output takes nothing: {why}\n")
    return arguments.EXIT_REFUSED


def _let_go_of_output() -> None:
    """Let the interpreter's last flush go nowhere, as it would fail again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _open_window(options: WindowOptions) -> int:
    from pool_gui.window import app  # noqa: PLC0415  # Qt, after the preflight

    return app.run(options)


def _save_snapshot(options: SnapshotOptions) -> int:
    from pool_gui.window import offscreen  # noqa: PLC0415  # Qt, after the preflight

    return offscreen.save(options)
