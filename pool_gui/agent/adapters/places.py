"""Where in the program a pool was made: its name, if the program gives it none."""

from pathlib import PurePath
from typing import Any, Final

_LIBRARIES: Final = ("concurrent", "multiprocessing")
_UNKNOWN: Final = "?"


def place_of(frame: Any) -> str:
    """Return 'app.py:41', the line that made an object which this frame initialises.

    Frames of `__init__` methods, which subclasses stand on each other, and of the
    library that has the pool are passed over. No variable of a frame is looked at.
    """
    while frame is not None:
        code = frame.f_code
        module = str(frame.f_globals.get("__name__", ""))
        begins = code.co_name == "__init__" and "self" in code.co_varnames[:1]
        if not begins and module.partition(".")[0] not in _LIBRARIES:
            return f"{PurePath(code.co_filename).name}:{frame.f_lineno}"
        frame = frame.f_back
    return _UNKNOWN
