"""The system libraries that Qt needs on Linux, and the packages that bring them.

Standard library only, no Qt: the set-up script asks it before anything is installed
(`python3 -m pool_gui.cli.libraries apt`), the preflight when something is missing.
The table was read off the NEEDED entries of the PySide6 6.11 wheel.
"""

import ctypes
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Library:
    """A shared library by the name the loader looks for."""

    soname: str
    apt: str
    """Its package on Debian and Ubuntu."""
    dnf: str
    """Its package on Fedora."""


BASE = (
    Library("libEGL.so.1", "libegl1", "libglvnd-egl"),
    Library("libGL.so.1", "libgl1", "libglvnd-glx"),
    Library("libX11.so.6", "libx11-6", "libX11"),
    Library("libdbus-1.so.3", "libdbus-1-3", "dbus-libs"),
    Library("libfontconfig.so.1", "libfontconfig1", "fontconfig"),
    Library("libfreetype.so.6", "libfreetype6", "freetype"),
    Library("libglib-2.0.so.0", "libglib2.0-0", "glib2"),
    Library("libgthread-2.0.so.0", "libglib2.0-0", "glib2"),
    Library("libstdc++.so.6", "libstdc++6", "libstdc++"),
    Library("libxkbcommon.so.0", "libxkbcommon0", "libxkbcommon"),
    Library("libz.so.1", "zlib1g", "zlib"),
    Library("libzstd.so.1", "libzstd1", "libzstd"),
)
"""What Qt's modules need to be imported at all, also without a display."""

XCB = (
    Library("libX11-xcb.so.1", "libx11-xcb1", "libX11-xcb"),
    Library("libxcb.so.1", "libxcb1", "libxcb"),
    Library("libxcb-cursor.so.0", "libxcb-cursor0", "xcb-util-cursor"),
    Library("libxcb-icccm.so.4", "libxcb-icccm4", "xcb-util-wm"),
    Library("libxcb-image.so.0", "libxcb-image0", "xcb-util-image"),
    Library("libxcb-keysyms.so.1", "libxcb-keysyms1", "xcb-util-keysyms"),
    Library("libxcb-randr.so.0", "libxcb-randr0", "libxcb"),
    Library("libxcb-render.so.0", "libxcb-render0", "libxcb"),
    Library("libxcb-render-util.so.0", "libxcb-render-util0", "xcb-util-renderutil"),
    Library("libxcb-shape.so.0", "libxcb-shape0", "libxcb"),
    Library("libxcb-shm.so.0", "libxcb-shm0", "libxcb"),
    Library("libxcb-sync.so.1", "libxcb-sync1", "libxcb"),
    Library("libxcb-util.so.1", "libxcb-util1", "xcb-util"),
    Library("libxcb-xfixes.so.0", "libxcb-xfixes0", "libxcb"),
    Library("libxcb-xkb.so.1", "libxcb-xkb1", "libxcb"),
    Library("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "libxkbcommon-x11"),
)
"""What a window on an X server needs besides."""

WAYLAND = (
    Library("libwayland-client.so.0", "libwayland-client0", "libwayland-client"),
    Library("libwayland-cursor.so.0", "libwayland-cursor0", "libwayland-cursor"),
)
"""What a window on a Wayland compositor needs besides."""


def loads(name: str) -> bool:
    """Return whether the loader finds the shared library `name` (a name or a path)."""
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def missing(
    libraries: Iterable[Library], loads: Callable[[str], bool] = loads
) -> tuple[Library, ...]:
    """Return the libraries that the loader does not find, in their order."""
    return tuple(library for library in libraries if not loads(library.soname))


def packages(libraries: Iterable[Library], manager: str) -> tuple[str, ...]:
    """Return the packages that bring the libraries, each once.

    Args:
        libraries: what is wanted.
        manager: "apt" or "dnf".
    """
    names = ((one.apt if manager == "apt" else one.dnf) for one in libraries)
    return tuple(dict.fromkeys(names))


def advice(
    libraries: Iterable[Library], which: Callable[[str], str | None] = shutil.which
) -> str:
    """Return what to type so that the libraries are there, as half a sentence."""
    wanted = tuple(libraries)
    for manager, tool in (("apt", "apt-get"), ("dnf", "dnf")):
        if which(tool):
            return f"install: sudo {tool} install {' '.join(packages(wanted, manager))}"
    return "install the packages of your system that bring them"


def main(arguments: list[str]) -> int:
    """Print the packages ("apt", "dnf") or sonames ("names") that are missing here."""
    if not sys.platform.startswith("linux"):
        return 0
    lacking = missing((*BASE, *XCB, *WAYLAND))
    if arguments in (["apt"], ["dnf"]):
        answer = " ".join(packages(lacking, arguments[0]))
    elif arguments == ["names"]:
        answer = " ".join(library.soname for library in lacking)
    else:
        sys.stderr.write("libraries: give one of apt, dnf, names\n")
        return 2
    sys.stdout.write(answer + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
