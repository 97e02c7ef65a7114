"""What is said to people, as a code and its values: the words are made in the window.

Codes are closed: `window.style.sentences` has a sentence for each, and a test finds one
that is missing. Any thread.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Value = int | float | str
_NOTHING: Mapping[str, Value] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Note:
    """One sentence, before it is put into words."""

    code: str
    """Such as 'started'."""
    values: Mapping[str, Value] = field(default_factory=lambda: _NOTHING)
    """What the sentence names, such as {'workers': 8}."""


def note(code: str, /, **values: Value) -> Note:
    """Return a note with these values."""
    return Note(code, MappingProxyType(values))


def line(text: str) -> Note:
    """Return a note that is a text already: what a program wrote."""
    return note("line", text=text)
