"""Foreign names as harmless plain text, in labels, tables and tool tips.

Names come from the watched program and may hold markup, line breaks or characters that
turn the reading direction. Pure functions; any thread may call them.
"""

import html
import unicodedata

from pool_gui.wire.protocol import MAX_NAME_CHARACTERS

_SUBSTITUTE = "\N{REPLACEMENT CHARACTER}"
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def plain(text: str, limit: int = MAX_NAME_CHARACTERS) -> str:
    """Return the text on one line, cut, with invisible characters made visible."""
    if text.isascii() and text.isprintable() and len(text) <= limit:
        return text
    shown = "".join(
        _SUBSTITUTE if unicodedata.category(character) in _INVISIBLE else character
        for character in text[:limit]
    )
    return shown if len(text) <= limit else shown[: limit - 1] + "…"


def short_function(name: str) -> str:
    """Return the last part of a function's full name: 'demo.primes' is 'primes'."""
    return plain(name).rpartition(".")[2] or plain(name)


def tool_tip(text: str) -> str:
    """Return a tool tip that shows the text as it is, whatever markup it holds."""
    return "<p style='white-space:pre-wrap'>" + html.escape(text) + "</p>"
