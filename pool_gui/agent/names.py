"""Gives functions their names on the wire: 'module.qualname', an id for each.

Used by the agent thread alone. Ids are serial and never used again. No function is
kept alive here, and no hash, comparison or attribute hook of a task's own callable is
ever run: what is not a plain function is named by its class.
"""

import contextvars
import functools
import json
import sys
import types
from pathlib import PurePath

from pool_gui.wire.codec import clip_name
from pool_gui.wire.protocol import MAX_NEW_NAMES_PER_FRAME

MAX_FUNCTIONS = 4096
"""Distinct names that are told; what comes later shares one name."""

MAX_NAME_JSON_BYTES = 48 << 10
"""Of new names of one kind in one frame, so that its header stays under its cap."""

OTHER_FUNCTIONS = "(other functions)"

_PLAIN = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.MethodWrapperType,
    type,
)
_MAX_WRAPPINGS = 16


def qualified_name(function: object, main_name: str) -> str:
    """Return 'module.qualname' of what a task calls, cut to the protocol's length.

    Bound methods and partials are taken apart; a callable object has its class's name.

    Args:
        function: what the task calls.
        main_name: what stands for `__main__`; see `main_module_name`.
    """
    # By type(), not isinstance(), which asks the object for its __class__.
    for _ in range(_MAX_WRAPPINGS):
        if type(function) is types.MethodType:
            function = function.__func__
        elif type(function) is functools.partial:
            runs = _is_context_run(function.func) and function.args
            function = function.args[0] if runs else function.func
        else:
            break
    kind = type(function)
    named = function if issubclass(kind, _PLAIN) else kind
    # Where a module is None (a method of a built-in object), its owner's counts.
    module = _text(named, "__module__") or "builtins"
    if module == "__main__":
        module = main_name
    name = _text(named, "__qualname__")
    return clip_name(f"{module}.{name or _true_name(named)}")


def _is_context_run(function: object) -> bool:
    """Whether it is the `run` of a context, by which asyncio hands calls to threads."""
    if type(function) is not types.BuiltinMethodType:
        return False
    return type(function.__self__) is contextvars.Context


def _text(named: object, attribute: str) -> str:
    """Return a name that is a text; empty where it is none, or cannot be read.

    A metaclass may compute it, and what it raises is no concern of the agent's.
    """
    try:
        value = getattr(named, attribute, None)
    except BaseException:  # noqa: BLE001  # whatever the program's own code raises
        return ""
    return str.__str__(value) if isinstance(value, str) else ""


def _true_name(named: object) -> str:
    """Return the name of a class, or of a thing's, past what its metaclass says."""
    kind = type(named)
    owner = named if issubclass(kind, type) else kind
    return str(type.__dict__["__qualname__"].__get__(owner))


def main_module_name() -> str:
    """Return the name of the program that runs: its module, or its script's stem."""
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    if spec is not None:  # python -m package.module
        return str(spec.name).removesuffix(".__main__")
    path = getattr(main, "__file__", None)
    if not path and sys.argv[:1] and sys.argv[0].endswith(".py"):
        path = sys.argv[0]  # once a script is at its end, its module has no file
    return PurePath(path).name.removesuffix(".py") if path else "__main__"


class NewNames:
    """The names that the frame being built tells for the first time."""

    def __init__(self) -> None:
        self.told: list[tuple[int, str]] = []
        self._json_bytes = 0

    def add(self, number: int, name: str) -> bool:
        """Take a name into the frame; False when the frame has no room for it."""
        json_bytes = len(json.dumps(name))
        if (
            len(self.told) >= MAX_NEW_NAMES_PER_FRAME
            or self._json_bytes + json_bytes > MAX_NAME_JSON_BYTES
        ):
            return False
        self._json_bytes += json_bytes
        self.told.append((number, name))
        return True


class FunctionIds:
    """The ids of all functions named so far."""

    def __init__(self, main_name: str | None = None) -> None:
        """Begin without any.

        Args:
            main_name: what stands for `__main__`; None: what runs when it is asked for,
                which before a program's first line is not known.
        """
        self._main_name = main_name
        self._ids: dict[str, int] = {}
        self._new = NewNames()

    def begin_frame(self) -> NewNames:
        """Start a frame; the result fills with the names that it must tell."""
        self._new = NewNames()
        return self._new

    def of(self, function: object) -> int:
        """Return the function's id; 0 when this frame cannot tell its name any more."""
        main_name = self._main_name or main_module_name()
        name = qualified_name(function, main_name)
        number = self._ids.get(name)
        if number is not None:
            return number
        if len(self._ids) >= MAX_FUNCTIONS:
            name = OTHER_FUNCTIONS
            number = self._ids.get(name)
            if number is not None:
                return number
        number = len(self._ids) + 1
        if not self._new.add(number, name):
            return 0
        self._ids[name] = number
        return number
