"""Puts pool_gui into the desktop's menu, for the person who runs it.

Standard library and `pool_gui.resources` only. A package of a distribution brings the
same files itself; an installation by pip in a virtual environment is found by no
desktop, hence the entry names the program by its whole path. Source of the places and
of the quoting: the freedesktop.org specifications "Desktop Entry" (1.5, Exec key),
"XDG Base Directory" and "Icon Theme".
"""

import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pool_gui import resources

_ID: Final = "io.github.pool_gui.PoolGui"
_ENTRY: Final = f"applications/{_ID}.desktop"
_COPIED: Final = {
    f"icons/hicolor/scalable/apps/{_ID}.svg": "icons/pool-gui.svg",
    f"metainfo/{_ID}.metainfo.xml": f"{_ID}.metainfo.xml",
}


@dataclass(frozen=True, slots=True)
class InstallOptions:
    """The wish to be in the desktop's menu."""


def install() -> tuple[Path, ...]:
    """Write the entry, its icon and its description; return where they are now.

    A second call writes them anew, with the program's place of then.

    Raises:
        OSError: a file cannot be written, or this installation lacks one.
        ValueError: there is nothing to start; `refusal` tells that before.
    """
    program = _own_program()
    if program is None:
        raise ValueError(refusal())
    home = _data_home()
    texts = {_ENTRY: _entry(program)}
    texts |= {to: resources.read_text(name) for to, name in _COPIED.items()}
    return tuple(_write(home / to, text) for to, text in texts.items())


def refusal() -> str:
    """Return why there can be no entry here; empty when there can."""
    if sys.platform in {"darwin", "win32"}:
        return "desktop entries are for Linux and its kin; this system has none"
    if _own_program() is None:
        return "no pool-gui is installed that the entry could start; install it by pip"
    return ""


def _own_program() -> Path | None:
    """Return what was called, else what stands beside this interpreter or in PATH."""
    called, name = Path(sys.argv[0]), "pool-gui"
    beside = Path(sys.executable).with_name(name)
    for candidate in (called, beside, Path(shutil.which(name) or "")):
        if candidate.name == name and os.access(candidate, os.X_OK):
            return candidate.absolute()
    return None


def _data_home() -> Path:
    given = Path(os.environ.get("XDG_DATA_HOME", ""))
    # The specification: what is not absolute is to be passed over.
    return given if given.is_absolute() else Path.home() / ".local" / "share"


def _entry(program: Path) -> str:
    text = resources.read_text(f"{_ID}.desktop")
    place = str(program)
    escaped = place.replace("\\", "\\\\")
    text = re.sub("(?m)^TryExec=pool-gui$", lambda _: f"TryExec={escaped}", text)
    return re.sub("(?m)^Exec=pool-gui\\b", lambda _: f"Exec={_quoted(place)}", text)


def _quoted(argument: str) -> str:
    """Return an argument of an Exec line: quoted, then escaped as a string."""
    inner = re.sub(r'(["`$\\])', r"\\\1", argument).replace("%", "%%")
    return '"' + inner.replace("\\", "\\\\") + '"'


def _write(path: Path, text: str) -> Path:
    """Let a file hold a text, wholly or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.new")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path
