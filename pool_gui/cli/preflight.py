"""Looks before Qt is asked to open a window, so that what is missing is said plainly.

Qt itself aborts the process (SIGABRT) when a display or a library is missing, and
often blames the wrong library. Called from the main thread before any QApplication.
What the checks look at is a `Machine`: tests hand in a broken one.
"""

import ctypes
import importlib
import importlib.metadata
import importlib.util
import os
import shutil
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pool_gui.cli.libraries import BASE, WAYLAND, XCB, Library, advice, missing
from pool_gui.cli.libraries import loads as library_loads

ANSWER_SECONDS = 2.0
"""How long a display server may take to answer."""

Probe = Callable[[], bool]

QT_PIN = "PySide6-Essentials>=6.11.2,<6.12"
_WITHOUT_DISPLAY = "a picture needs no display: pool-gui snapshot -o pool.png"
_MODULES = ("PySide6", "pyqtgraph", "numpy", "msgspec", "psutil", "tomlkit")


def x_server_answers() -> bool:
    """Return whether the X server that DISPLAY names lets this program in.

    Asks through libxcb as Qt does, so the answer includes the server's access check.
    """
    return _within_deadline(_connect_x)


def wayland_answers() -> bool:
    """Return whether a Wayland compositor accepts a connection."""
    return _within_deadline(_connect_wayland)


def import_qt() -> str | None:
    """Import Qt's widgets; return the loader's complaint, or None when all is there."""
    try:
        importlib.import_module("PySide6.QtWidgets")
    except ImportError as error:
        return str(error)
    return None


def qt_version() -> str | None:
    """Return the version of the installed PySide6; None when it does not say."""
    for name in ("PySide6-Essentials", "PySide6"):
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return None


def platform_plugin(name: str) -> str | None:
    """Return the path of a platform plugin of the PySide6 wheel.

    None when it is elsewhere, as in a distribution's own package, whose manager has
    seen to the libraries.
    """
    spec = importlib.util.find_spec("PySide6")
    for folder in (spec and spec.submodule_search_locations) or ():
        plugin = Path(folder, "Qt", "plugins", "platforms", f"lib{name}.so")
        if plugin.is_file():
            return str(plugin)
    return None


def module_found(name: str) -> bool:
    """Return whether a top-level module is installed, without importing it."""
    return importlib.util.find_spec(name) is not None


@dataclass(frozen=True, slots=True)
class Machine:
    """What the checks look at; the defaults are the real machine."""

    platform: str = sys.platform
    python: tuple[int, int] = sys.version_info[:2]
    executable: str = sys.executable
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    module_found: Callable[[str], bool] = module_found
    qt_version: Callable[[], str | None] = qt_version
    import_qt: Callable[[], str | None] = import_qt
    platform_plugin: Callable[[str], str | None] = platform_plugin
    loads: Callable[[str], bool] = library_loads
    which: Callable[[str], str | None] = shutil.which
    x_server_answers: Probe = x_server_answers
    wayland_answers: Probe = wayland_answers


def check(*, offscreen: bool, machine: Machine | None = None) -> str | None:
    """Return one sentence with the way out, or None when a window can be opened.

    Args:
        offscreen: no window will be shown, so no display is needed.
        machine: what to look at instead of the real machine.
    """
    machine = machine or Machine()
    trouble = _packages(machine) or _forbidden_pair(machine) or _qt_modules(machine)
    if trouble or offscreen or not machine.platform.startswith("linux"):
        return trouble
    return _display(machine)


def _packages(machine: Machine) -> str | None:
    absent = [name for name in _MODULES if not machine.module_found(name)]
    if not absent:
        return None
    wanted = " ".join(f"'{QT_PIN}'" if one == "PySide6" else one for one in absent)
    return (
        f"{', '.join(absent)} is not installed for this Python; "
        f"run: {machine.executable} -m pip install {wanted}"
    )


def _forbidden_pair(machine: Machine) -> str | None:
    """Refuse PySide6 6.12 on Python 3.11, which it aborts after minutes.

    It drops a reference to None on each void call; from Python 3.12 on None is
    immortal.
    """
    if machine.python >= (3, 12):
        return None
    version = machine.qt_version()
    numbers = (version or "").split(".")[:2]
    if not all(one.isdecimal() for one in numbers):
        return None
    if tuple(map(int, numbers)) < (6, 12):
        return None
    python = ".".join(map(str, machine.python))
    return (
        f"PySide6 {version} aborts Python {python} after some minutes; use Python 3.12 "
        f"or newer, or run: {machine.executable} -m pip install '{QT_PIN}'"
    )


def _qt_modules(machine: Machine) -> str | None:
    complaint = machine.import_qt()
    if complaint is None:
        return None
    absent = missing(BASE, machine.loads) if machine.platform != "win32" else ()
    if absent:
        return _lacking(absent, machine)
    return f"Qt cannot be loaded: {' '.join(complaint.split())}"


def _display(machine: Machine) -> str | None:
    """Find a display that can be used, or say why none can.

    Qt tries Wayland first where it is announced, then X, so one of them is enough.
    """
    # Qt takes the first of the list that works; each may have arguments of its own.
    asked = machine.environ.get("QT_QPA_PLATFORM", "")
    chosen = [one.partition(":")[0] for one in asked.split(";") if one]
    if any(not one.startswith(("xcb", "wayland")) for one in chosen):
        return None
    wants_x = not chosen or "xcb" in chosen
    wants_wayland = not chosen or any(one.startswith("wayland") for one in chosen)
    x_name = machine.environ.get("DISPLAY")
    wayland_name = machine.environ.get("WAYLAND_DISPLAY")
    if not x_name and not wayland_name:
        return (
            "there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set); "
            f"start it in a desktop session; {_WITHOUT_DISPLAY}"
        )
    troubles: list[str] = []
    if wayland_name and wants_wayland:
        troubles.append(_wayland(wayland_name, machine))
    if x_name and wants_x:
        troubles.append(_x_server(x_name, machine))
    if not troubles:
        return (
            f"QT_QPA_PLATFORM asks for {asked}, but that display is not set; "
            "unset QT_QPA_PLATFORM"
        )
    return None if "" in troubles else troubles[-1]


def _x_server(name: str, machine: Machine) -> str:
    if trouble := _plugin("qxcb", XCB, machine):
        return trouble
    if machine.x_server_answers():
        return ""
    return (
        f"the X server {name} (from DISPLAY) cannot be reached or refuses this user; "
        f"set DISPLAY to one that runs; {_WITHOUT_DISPLAY}"
    )


def _wayland(name: str, machine: Machine) -> str:
    if trouble := _plugin("qwayland", WAYLAND, machine):
        return trouble
    if machine.wayland_answers():
        return ""
    return (
        f"the Wayland display {name} (from WAYLAND_DISPLAY) cannot be reached; "
        f"start it in a desktop session; {_WITHOUT_DISPLAY}"
    )


def _plugin(name: str, needs: tuple[Library, ...], machine: Machine) -> str:
    """Say what Qt's platform plugin lacks; empty when nothing.

    Loading the plugin itself is the proof: a Qt that brings its own libraries is
    never refused for what the system lacks.
    """
    plugin = machine.platform_plugin(name)
    if plugin is None or machine.loads(plugin):
        return ""
    absent = missing((*BASE, *needs), machine.loads)
    if absent:
        return _lacking(absent, machine)
    return f"Qt's platform plugin {name} cannot be loaded; reinstall PySide6-Essentials"


def _lacking(absent: tuple[Library, ...], machine: Machine) -> str:
    names = ", ".join(library.soname for library in absent)
    return (
        f"Qt needs system libraries that are missing here ({names}); "
        f"{advice(absent, machine.which)}"
    )


def _within_deadline(connect: Callable[[], bool]) -> bool:
    """Run a C call that may wait for ever; a server that is silent does not answer."""
    answers: list[bool] = []

    def ask() -> None:
        try:
            answers.append(connect())
        except OSError:  # the client library is not there: nobody can answer
            answers.append(False)

    asking = threading.Thread(target=ask, name="display probe", daemon=True)
    asking.start()
    asking.join(ANSWER_SECONDS)
    return answers == [True]


def _connect_x() -> bool:
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    works = xcb.xcb_connection_has_error(connection) == 0
    xcb.xcb_disconnect(connection)
    return bool(works)


def _connect_wayland() -> bool:
    wayland = ctypes.CDLL("libwayland-client.so.0")
    wayland.wl_display_connect.restype = ctypes.c_void_p
    wayland.wl_display_disconnect.argtypes = [ctypes.c_void_p]
    display = wayland.wl_display_connect(None)
    if not display:
        return False
    wayland.wl_display_disconnect(display)
    return True
