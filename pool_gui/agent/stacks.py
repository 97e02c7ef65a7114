"""Where in their code threads are. Agent thread only.

Nothing is patched and nobody is stopped: the interpreter is asked for the frames of all
threads, which it gives at one moment. No frame is kept, for it would keep alive what
its function holds.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Final

from pool_gui.agent.names import main_module_name
from pool_gui.wire.messages import Stacks
from pool_gui.wire.protocol import MAX_STACK_DEPTH, MAX_STACK_LINES

_MOST_JSON_BYTES: Final = 192 << 10
"""Of a message; workers beyond that are left out."""

Line = tuple[str, str, int]


def collect(workers: Mapping[int | None, int], now_ns: int) -> Stacks:
    """Return the stacks of these workers, those that are equal together.

    Args:
        workers: their ids, by the identity of the thread.
        now_ns: when.
    """
    frames = sys._current_frames()  # noqa: SLF001  # the documented way in
    lines, stacks = LineTable(), dict[tuple[int, ...], list[int]]()
    for ident, number in workers.items():
        frame = frames.get(ident) if ident is not None else None
        if frame is None:
            continue
        places = lines.add(_lines_of(frame))
        if places is None:
            break
        stacks.setdefault(tuple(places), []).append(number)
    groups = [(numbers, list(places)) for places, numbers in stacks.items()]
    return Stacks(now_ns, lines.told, groups)


class LineTable:
    """The lines of code that one message names, each once."""

    def __init__(self) -> None:
        self._places: dict[Line, int] = {}
        self._room = _MOST_JSON_BYTES

    @property
    def told(self) -> list[Line]:
        """All lines, by their places."""
        return list(self._places)

    def add(self, lines: Sequence[Line]) -> list[int] | None:
        """Return the places of these lines; None when the message has no room."""
        places = self._places
        fresh = [line for line in dict.fromkeys(lines) if line not in places]
        self._room -= sum(len(json.dumps(one)) for one in fresh) + 6 * len(lines) + 8
        if self._room < 0 or len(places) + len(fresh) > MAX_STACK_LINES:
            return None
        for line in fresh:
            places[line] = len(places)
        return [places[line] for line in lines]


def _lines_of(frame: FrameType | None) -> list[Line]:
    """Return the calls of a stack, the innermost first."""
    told: list[Line] = []
    while frame is not None and len(told) < MAX_STACK_DEPTH:
        code = frame.f_code
        module = frame.f_globals.get("__name__", "?")
        if module == "__main__":
            module = main_module_name()
        # A frame that has just begun may have no line yet.
        line = (f"{module}.{code.co_qualname}", code.co_filename, frame.f_lineno or 0)
        told.append(line)
        frame = frame.f_back
    return told
