"""The entry point: reads the command line, looks before it leaps, opens the window.

Qt and numpy are imported by the function that needs them, after the preflight. Exit
codes: 0 done, 2 refused with one sentence on stderr, 1 a defect (with traceback).
"""

import sys
from collections.abc import Sequence

from pool_gui.cli import arguments, preflight
from pool_gui.window.options import SnapshotOptions, WindowOptions


def main(argv: Sequence[str] | None = None) -> int:
    """Run pool-gui with these arguments (default: the program's) until it ends."""
    options = arguments.parse(sys.argv[1:] if argv is None else argv)
    if options is None:
        sys.stdout.write(arguments.demo_list() + "\n")
        return 0
    trouble = preflight.check(offscreen=isinstance(options, SnapshotOptions))
    if trouble:
        sys.stderr.write(f"pool-gui: {trouble}\n")
        return arguments.EXIT_REFUSED
    if isinstance(options, SnapshotOptions):
        return _save_snapshot(options)
    return _open_window(options)


def _open_window(options: WindowOptions) -> int:
    from pool_gui.window import app  # noqa: PLC0415  # Qt, after the preflight

    return app.run(options)


def _save_snapshot(options: SnapshotOptions) -> int:
    from pool_gui.window import offscreen  # noqa: PLC0415  # Qt, after the preflight

    return offscreen.save(options)
