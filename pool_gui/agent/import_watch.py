"""Calls back when the program has imported a module, before anybody can use it.

The importing thread. Nothing stays: neither in the path of finders, once the module is
there, nor on the module or its loader.
"""

import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType


class ImportWatch:
    """Waits for one module."""

    def __init__(self, name: str, then: Callable[[ModuleType], None]) -> None:
        """Prepare; `install` begins.

        Args:
            name: the module's.
            then: called with it; what it raises is swallowed, for the import is the
                program's own.
        """
        self._name = name
        self._then = then

    def install(self) -> None:
        """Begin; where the module is there already, call at once."""
        module = sys.modules.get(self._name)
        if module is not None:
            self._call(module)
        else:
            sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Wait no more. Idempotent."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None,  # noqa: ARG002  # the protocol's
        target: ModuleType | None = None,  # noqa: ARG002  # likewise
    ) -> ModuleSpec | None:
        """Find the module by the other finders, and be told when it has been run."""
        if name != self._name:
            return None
        self.remove()
        spec = importlib.util.find_spec(name)
        loader = None if spec is None else spec.loader
        if loader is None or not hasattr(loader, "exec_module"):
            return spec
        run = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            del loader.exec_module
            run(module)
            self._call(module)

        try:
            loader.exec_module = exec_module  # type: ignore[method-assign]  # for once
        except AttributeError:
            return spec
        return spec

    def _call(self, module: ModuleType) -> None:
        try:
            self._then(module)
        except Exception:  # noqa: BLE001  # see `then`
            return
