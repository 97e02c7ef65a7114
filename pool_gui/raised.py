"""What is kept of an exception that a task raised: a line of text, and where it was.

Standard library only, and nothing of the exception itself or of its frames: they hold
whatever the program's functions held. Any thread.
"""

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import TracebackType

MOST_CALLS: Final = 30
"""So many calls are kept, the innermost."""

_traceback_of = vars(BaseException)["__traceback__"].__get__

Call = tuple[str, str, int]
"""(module and qualified name of the function, file, line)."""


class RaisedText(str):
    """The text, which knows the calls that the exception went through.

    Attributes:
        calls: the innermost first; empty where there is no traceback.
    """

    __slots__ = ("calls",)

    calls: tuple[Call, ...]


def with_calls(text: str, error: BaseException) -> RaisedText:
    """Return the text together with the calls that the exception went through.

    Args:
        text: what is said of it.
        error: nothing that its class defines is asked.
    """
    made = RaisedText(text)
    calls: deque[Call] = deque(maxlen=MOST_CALLS)
    step: TracebackType | None = _traceback_of(error)
    while step is not None:
        frame = step.tb_frame
        code, module = frame.f_code, frame.f_globals.get("__name__")
        name = code.co_qualname
        if type(module) is str:  # a program may store anything there
            name = f"{module}.{name}"
        calls.appendleft((name, code.co_filename, step.tb_lineno))
        step = step.tb_next
    made.calls = tuple(calls)
    return made
