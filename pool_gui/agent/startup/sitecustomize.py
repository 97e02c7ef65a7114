"""Loads the agent before a program's first line: Python's start-up imports this.

The folder stands first in PYTHONPATH when `pool-gui run` starts a program; it is taken
out again, so that neither the program nor its children see it, and a `sitecustomize` of
the user's own runs as ever. Standard library only; whatever fails, the program goes on.
"""

import atexit
import importlib
import importlib.util
import os
import sys

_FOLDER = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120  # pathlib would be loaded for nothing
_ADDRESS = "POOL_GUI_ADDRESS"


def _leave_no_trace() -> None:
    """Take the folder out of the path and of the environment."""
    sys.path[:] = [entry for entry in sys.path if entry != _FOLDER]
    entries = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    others = os.pathsep.join(entry for entry in entries if entry != _FOLDER)
    if others:
        os.environ["PYTHONPATH"] = others
    else:
        os.environ.pop("PYTHONPATH", None)
    sys.path_importer_cache.pop(_FOLDER, None)


def _run_the_users_own() -> None:
    """Import the sitecustomize that Python would have found without this one."""
    own = sys.modules.pop("sitecustomize")
    try:
        importlib.import_module("sitecustomize")
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
    finally:
        sys.modules.setdefault("sitecustomize", own)


def _load_package() -> None:
    """Load pool_gui from where this file lies, without a place in the path for it."""
    if "pool_gui" in sys.modules:
        return
    home = os.path.dirname(os.path.dirname(_FOLDER))  # noqa: PTH120  # as above
    place = os.path.join(home, "__init__.py")  # noqa: PTH118  # as above
    spec = importlib.util.spec_from_file_location(
        "pool_gui", place, submodule_search_locations=[home]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"no package at {home}")
    module = importlib.util.module_from_spec(spec)
    sys.modules["pool_gui"] = module
    spec.loader.exec_module(module)


def _give_back(name: str) -> None:
    """Let the program import a package as if it had not been loaded yet.

    `multiprocessing` notes at its import what is to be done at exit, in the order of
    such notes: it must be the program's own import that decides when.
    """
    util = sys.modules.get(f"{name}.util")
    if util is not None:
        atexit.unregister(util._exit_function)  # noqa: SLF001  # the note itself
    for loaded in list(sys.modules):
        if loaded == name or loaded.startswith(f"{name}."):
            del sys.modules[loaded]


def _begin() -> None:
    if _ADDRESS not in os.environ:
        return
    own = "multiprocessing" in sys.modules
    try:
        _load_package()
        guest = importlib.import_module("pool_gui.agent.guest")
        guest.begin(os.environ)
        if not own:
            _give_back("multiprocessing")
    except Exception as error:  # noqa: BLE001  # the program goes on, unwatched
        sys.stderr.write(f"pool-gui: this program is not watched: {error}\n")


if __name__ == "sitecustomize":
    _leave_no_trace()
    try:
        _run_the_users_own()
    finally:
        _begin()
