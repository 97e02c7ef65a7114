"""Where in their code threads are. Agent thread only.

Nothing is patched and nobody is stopped: the interpreter is asked for the frames of all
threads, which it gives at one moment. No frame is kept, for it would keep alive what
its function holds.
"""

import json
import sys
from collections.abc import Mapping
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
    lines: dict[Line, int] = {}
    stacks: dict[tuple[int, ...], list[int]] = {}
    room = _MOST_JSON_BYTES
    for ident, number in workers.items():
        frame = frames.get(ident) if ident is not None else None
        if frame is None:
            continue
        told = _lines_of(frame)
        fresh = [line for line in dict.fromkeys(told) if line not in lines]
        room -= sum(len(json.dumps(line)) for line in fresh) + 6 * len(told) + 8
        if room < 0 or len(lines) + len(fresh) > MAX_STACK_LINES:
            break
        for line in fresh:
            lines[line] = len(lines)
        stacks.setdefault(tuple(lines[line] for line in told), []).append(number)
    groups = [(numbers, list(places)) for places, numbers in stacks.items()]
    return Stacks(now_ns, list(lines), groups)


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
