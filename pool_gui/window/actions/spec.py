"""What a command is for people: name, text, tip, keys, icon. Data; any thread."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One command as people meet it."""

    name: str
    text: str
    tip: str
    keys: str = ""
    icon: str = ""
    checkable: bool = False


def spec(
    name: str,
    text: object,
    tip: object,
    keys: str = "",
    icon: str = "",
    *,
    check: bool = False,
) -> ActionSpec:
    """Return a command; texts are marked for translation where this is called."""
    # PySide6 declares what QT_TRANSLATE_NOOP returns as object; it is the text.
    return ActionSpec(name, str(text), str(tip), keys, icon, check)
