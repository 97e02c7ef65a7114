"""Names and texts of users' objects, whatever those do when they are looked at.

An object may raise at any look (a context-bound proxy does, outside of its context),
lie about its class, or have a repr that fails. Nothing here raises, and nothing here
compares, hashes or tests such an object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_TEXT_CHARACTERS = 200


def type_name(thing: object) -> str:
    """Return the name of an object's true class, past what a metaclass makes of it."""
    return str(type.__dict__["__name__"].__get__(type(thing)))


def function_name(function: Callable[..., object]) -> str:
    """Return 'module.qualname' of a function, or of a callable object's class."""
    try:
        name = _look(function, "__qualname__")
        named: object = function if isinstance(name, str) else type(function)
        name = name if isinstance(name, str) else _look(named, "__qualname__")
        module = _look(named, "__module__")
        return f"{module}.{name}" if isinstance(module, str) and module else str(name)
    except BaseException:
        return type_name(function)


def _look(thing: object, attribute: str) -> Any:
    return getattr(thing, attribute, None)


def text(thing: object) -> str:
    """Return the repr of an object, cut at 200 characters."""
    try:
        return cut(repr(thing))
    except BaseException:
        return f"a {type_name(thing)} that cannot be shown"


def error_text(error: BaseException) -> str:
    """Return 'Type: message', cut at 200 characters; 'Type' if it has no message."""
    name = type_name(error)
    try:
        message = str.__str__(str(error))  # past whatever a subclass makes of it
    except BaseException as broken:
        message = f"(its message cannot be shown: {type_name(broken)})"
    return cut(f"{name}: {message}" if message else name)


def cut(line: str) -> str:
    """Return a text of at most 200 characters."""
    if len(line) > MAX_TEXT_CHARACTERS:
        line = line[: MAX_TEXT_CHARACTERS - 1] + "…"
    return line
