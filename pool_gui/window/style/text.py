"""Foreign names as harmless plain text, in labels, tables and tool tips.

Names come from the watched program and may hold markup, line breaks or characters that
turn the reading direction. Pure functions; any thread may call them.
"""

import html
import unicodedata

from pool_gui.wire.protocol import MAX_NAME_CHARACTERS

_SUBSTITUTE = "\N{REPLACEMENT CHARACTER}"
_ISOLATE, _ISOLATE_END = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
_LEFTWARD = frozenset({"R", "AL", "AN"})
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def plain(text: str, limit: int = MAX_NAME_CHARACTERS) -> str:
    """Return the text on one line, cut, with invisible characters made visible.

    What is written from right to left is set apart, so that it does not turn the
    numbers beside it round.
    """
    if text.isascii() and text.isprintable() and len(text) <= limit:
        return text
    return _set_apart(_visible(text, limit))


def _visible(text: str, limit: int = MAX_NAME_CHARACTERS) -> str:
    shown = "".join(
        _SUBSTITUTE if unicodedata.category(character) in _INVISIBLE else character
        for character in text[:limit]
    )
    return shown if len(text) <= limit else shown[: limit - 1] + "…"


def _set_apart(text: str) -> str:
    """Isolate a text that holds what is written from right to left."""
    if any(unicodedata.bidirectional(one) in _LEFTWARD for one in text):
        return f"{_ISOLATE}{text}{_ISOLATE_END}"
    return text


def short_function(name: str) -> str:
    """Return the last part of a function's full name: 'demo.primes' is 'primes'."""
    whole = _visible(name)
    return _set_apart(whole.rpartition(".")[2] or whole)


def tool_tip(text: str) -> str:
    """Return a tool tip that shows the text as it is, whatever markup it holds."""
    return "<p style='white-space:pre-wrap'>" + html.escape(text) + "</p>"
