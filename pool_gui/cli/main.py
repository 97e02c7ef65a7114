"""The entry point: reads the command line, looks before it leaps, opens the window.

Qt and numpy are imported by the function that needs them, after the preflight. Exit
codes: 0 done, 2 refused with one sentence on stderr, 1 a defect (with traceback).
"""

import contextlib
import errno
import io
import os
import signal
import sys
from collections.abc import Sequence

from pool_gui.cli import arguments, desktop_entry, preflight, run_arguments
from pool_gui.cli.desktop_entry import InstallOptions
from pool_gui.cli.run_arguments import RunOptions
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
    if isinstance(options, InstallOptions):
        return _install_desktop_entry()
    return _begin(options)


def _begin(options: WindowOptions | SnapshotOptions | RunOptions) -> int:
    if isinstance(options, RunOptions):
        if why := run_arguments.absent(options):
            sys.stderr.write(f"pool-gui: {why}\n")
            return arguments.EXIT_REFUSED
        if options.headless:
            return _watch_headless(options)
    trouble = preflight.check(offscreen=isinstance(options, SnapshotOptions))
    if trouble:
        sys.stderr.write(f"pool-gui: {trouble}\n")
        return arguments.EXIT_REFUSED
    if isinstance(options, SnapshotOptions):
        return _save_snapshot(options)
    if isinstance(options, RunOptions):
        return _watch_in_window(options)
    return _open_window(options)


def _install_desktop_entry() -> int:
    why = desktop_entry.refusal()
    if not why:
        try:
            places = desktop_entry.install()
        except OSError as error:
            why = f"the desktop entry could not be written: {error}"
        else:
            return _say("".join(f"{place}\n" for place in places), 0)
    sys.stderr.write(f"pool-gui: {why}\n")
    return arguments.EXIT_REFUSED


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


def _watch_in_window(options: RunOptions) -> int:
    """Run a program beside the window; return its exit code when both have ended."""
    from pool_gui.window import app  # noqa: PLC0415  # Qt, after the preflight

    program = options.program
    shown = WindowOptions(
        size=options.size, theme=options.theme, rules=options.rules, program=program
    )
    code = app.run(shown)
    if not program.begun:
        return code or arguments.EXIT_REFUSED
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the program
    if program.exit_code() is None:
        told = f"the window is closed; the program (PID {program.pid}) runs on"
        sys.stderr.write(f"pool-gui: {told}\n")
    program.wait()
    own = program.exit_code() or 0
    return own if own >= 0 else 128 - own


def _watch_headless(options: RunOptions) -> int:
    from pool_gui.cli import headless  # noqa: PLC0415  # numpy

    return headless.run(options)


def _save_snapshot(options: SnapshotOptions) -> int:
    from pool_gui.window import offscreen  # noqa: PLC0415  # Qt, after the preflight

    return offscreen.save(options)
