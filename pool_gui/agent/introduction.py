"""How the agent introduces the process to a window. Any thread."""

import os
import platform
import sys
import time
from typing import TYPE_CHECKING

import pool_gui
from pool_gui.wire.messages import Hello
from pool_gui.wire.protocol import MAX_ARGUMENTS, PROTOCOL_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable


def hello() -> Hello:
    """Return the agent's first message."""
    # Python 3.13 and later can say whether the GIL is on; before it always is.
    gil_enabled: Callable[[], bool] = getattr(sys, "_is_gil_enabled", lambda: True)
    return Hello(
        protocol=PROTOCOL_VERSION,
        agent=f"pool_gui {pool_gui.__version__}",
        pid=os.getpid(),
        python=platform.python_version(),
        implementation=platform.python_implementation(),
        gil=gil_enabled(),
        argv=_arguments()[:MAX_ARGUMENTS],
        clock_ns=time.perf_counter_ns(),
        wall_ns=time.time_ns(),
    )


def _arguments() -> list[str]:
    """Return the command line; before a module runs, its name is not in `sys.argv`."""
    told = list(sys.argv)
    if told[:1] == ["-m"] and "-m" in sys.orig_argv:
        place = sys.orig_argv.index("-m")
        return sys.orig_argv[place:]
    return told
