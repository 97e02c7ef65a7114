"""What a report of a fault needs to know about the machine. GUI thread only.

Versions, the desktop and the screens: no names of people or machines, no paths, since
people paste it where everybody reads it.
"""

import os
import platform
import sys

import msgspec
import numpy as np
import psutil
import pyqtgraph
import PySide6
import tomlkit
from PySide6.QtCore import QLocale, qVersion
from PySide6.QtGui import QGuiApplication, QScreen

import pool_gui


def versions() -> dict[str, str]:
    """Return the version of each part, by its name."""
    parts = (pool_gui, PySide6, pyqtgraph, np, psutil, msgspec, tomlkit)
    told = {part.__name__: str(part.__version__) for part in parts}
    return told | {"Python": platform.python_version(), "Qt": qVersion()}


def system_info(theme: str, watched: int) -> str:
    """Return one line a fact, in English: whoever mends the fault reads it.

    Args:
        theme: the window's colours, light or dark.
        watched: how many processes the window watches.
    """
    # From 3.13 on; None of any older build.
    has_gil = getattr(sys, "_is_gil_enabled", None)
    gil = "" if has_gil is None or has_gil() else ", free-threaded"
    memory_gib = psutil.virtual_memory().total / 2**30
    facts = [
        *(f"{name} {version}" for name, version in versions().items()),
        f"{platform.python_implementation()}{gil}",
        f"{platform.system()} {platform.release()}, {platform.machine()}",
        f"{os.cpu_count() or '?'} processors, {memory_gib:.1f} GiB of memory",
        f"Qt platform {QGuiApplication.platformName()}, {theme} colours",
        f"language {QLocale().name()}",
        *(_screen(one) for one in QGuiApplication.screens()),
        f"processes watched: {watched}",
    ]
    return "\n".join(facts) + "\n"


def _screen(screen: QScreen) -> str:
    size = screen.size()
    return (
        f"screen {size.width()}x{size.height()}, scale {screen.devicePixelRatio():g}, "
        f"{screen.refreshRate():g} Hz"
    )
