"""Programs that tests start to see what becomes of their pools when they exit."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import pool_gui

STARTS_THREADS_AT_EXIT = pytest.mark.skipif(
    (3, 12, 0) <= sys.version_info < (3, 12, 2),
    reason="these versions start no thread once the main thread has ended: gh-113964",
)

PRELUDE = """
import atexit, logging, os, sys, threading
{before_import}
from pool_gui import Task, ThreadPool
pause = threading.Event().wait
def say(what):
    pause(0.05)
    sys.stdout.write(str(what) + chr(10))
    sys.stdout.flush()
pool = ThreadPool(2, name="demo")
"""


def run(
    script: str, before_import: str = "", python: str = sys.executable
) -> tuple[list[str], str, int]:
    """Run a program; return the words it printed, its errors and its exit code."""
    prelude = PRELUDE.format(before_import=before_import)
    root = str(Path(pool_gui.__file__).parents[1])
    ran = subprocess.run(
        [python, "-X", "dev", "-c", prelude + textwrap.dedent(script)],
        env=os.environ | {"PYTHONPATH": root},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ran.stdout.split(), ran.stderr, ran.returncode
