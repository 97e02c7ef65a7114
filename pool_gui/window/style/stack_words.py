"""The words for stacks: where code is, whose it is, how long it stands. GUI thread."""

import time
from collections.abc import Sequence
from pathlib import PurePath
from typing import Final

from PySide6.QtCore import QCoreApplication

from pool_gui.monitor.view.facts import CodeLine, Raised, StackGroup
from pool_gui.window.style import numbers, words
from pool_gui.window.style.text import plain

translate = QCoreApplication.translate

_STILL_SECONDS: Final = 1.0
"""Shorter than that nobody calls a stack unchanged."""

_OLD_SECONDS: Final = 2.0
"""Stacks come twice a second; from this age on it is worth saying."""

_LIBRARIES: Final = ("/lib/python", "/site-packages/", "/dist-packages/", "\\Lib\\")
_MOST_NAMES: Final = 6


def is_own(line: CodeLine) -> bool:
    """Whether a call is probably the program's own: no library's, nor the pool's."""
    if line.file.startswith("<") or any(one in line.file for one in _LIBRARIES):
        return False
    return not line.function.startswith("pool_gui.pool.")


def place(line: CodeLine) -> str:
    """Return where a call is: the end of its file's path, and the line."""
    path = plain("/".join(PurePath(line.file.replace("\\", "/")).parts[-2:]))
    return f"{path}:{line.line}" if line.line else path


def function(line: CodeLine) -> str:
    """Return which function it is in, without its module."""
    module_end = PurePath(line.file.replace("\\", "/")).stem
    _, found, rest = line.function.partition(f"{module_end}.")
    return plain(rest if found else line.function)


def heading(group: StackGroup) -> str:
    """Return what is to be said of a group: who, doing what, for how long."""
    count = len(group.workers)
    parts = [", ".join(map(plain, group.names[:_MOST_NAMES]))]
    if count > _MOST_NAMES:
        more = translate("Stacks", "and {0} more")
        parts[0] += " " + more.format(numbers.count(count - _MOST_NAMES))
    parts.append(" ".join(_states(group)))
    parts += [still(group), age(group)]
    return " · ".join(part for part in parts if part)


def _states(group: StackGroup) -> list[str]:
    alone = len(group.states) == 1
    return [
        words.state(name) if alone else f"{numbers.count(count)} {words.state(name)}"
        for name, count in group.states.items()
    ]


def still(group: StackGroup) -> str:
    """Return for how long a stack is unchanged; empty where that says nothing."""
    if group.still_seconds < _STILL_SECONDS:
        return ""
    told = numbers.whole_seconds(group.still_seconds)
    return translate("Stacks", "unchanged for at least {0}").format(told)


def age(group: StackGroup) -> str:
    """Return how long ago it was so, where it is not of now."""
    if group.age_seconds < _OLD_SECONDS:
        return ""
    told = numbers.whole_seconds(group.age_seconds)
    return translate("Stacks", "last seen {0} ago").format(told)


def traceback_text(raised: Raised) -> str:
    """Return what a task raised as Python writes it, the outermost call first."""
    if not raised.lines:
        where = translate("Stacks", "It is not known where in its code.")
        return f"{raised.text}\n\n{where}"
    head = "Traceback (most recent call last):"  # Python's own words
    calls = [_code_line(line) for line in reversed(raised.lines)]
    return "\n".join([head, *calls, raised.text])


def _code_line(line: CodeLine) -> str:
    return f'  File "{line.file}", line {line.line}, in {line.function}'


def as_text(groups: Sequence[StackGroup]) -> str:
    """Return stacks as text, in Python's manner of writing them."""
    parts = [time.strftime("%Y-%m-%d %H:%M:%S")]
    for group in groups:
        parts += ["", heading(group)]
        parts += [_code_line(line) for line in group.lines]
    return "\n".join(parts)
