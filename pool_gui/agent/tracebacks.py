"""What failed tasks of a frame raised: a line of text, and where. Agent thread only."""

import json
from collections.abc import Iterator, Sequence
from typing import Final

from pool_gui.agent.names import main_module_name
from pool_gui.agent.spans import SpanGroup
from pool_gui.agent.stacks import Line, LineTable
from pool_gui.raised import RaisedText
from pool_gui.wire.codec import clip_name
from pool_gui.wire.messages import Tracebacks
from pool_gui.wire.protocol import MAX_ERRORS_PER_FRAME

MAX_ERRORS_JSON_BYTES: Final = 48 << 10
_MAIN: Final = "__main__."


def errors(groups: Sequence[SpanGroup]) -> list[tuple[int, int, str]]:
    """Return the texts as `Frame.errors` tells them."""
    told: list[tuple[int, int, str]] = []
    json_bytes = 0
    for pool_id, task, error in _failed(groups):
        text = clip_name(error)
        json_bytes += len(json.dumps(text))
        if len(told) == MAX_ERRORS_PER_FRAME or json_bytes > MAX_ERRORS_JSON_BYTES:
            break
        told.append((pool_id, task, text))
    return told


def tracebacks(groups: Sequence[SpanGroup]) -> Tracebacks | None:
    """Return where they raised; None when none of them is known to have."""
    lines, told = LineTable(), list[tuple[int, int, list[int]]]()
    for pool_id, task, error in _failed(groups):
        if not error.calls:
            continue
        places = lines.add([_named(call) for call in error.calls])
        if places is None or len(told) == MAX_ERRORS_PER_FRAME:
            break
        told.append((pool_id, task, places))
    return Tracebacks(lines.told, told) if told else None


def _failed(groups: Sequence[SpanGroup]) -> Iterator[tuple[int, int, RaisedText]]:
    for group in groups:
        for task, _, _, _, _, error in group.spans:
            if error is not None:
                yield group.pool_id, task, error


def _named(call: Line) -> Line:
    """Say of the program's own module what it is called."""
    function, file, line = call
    if function.startswith(_MAIN):
        function = f"{main_module_name()}.{function.removeprefix(_MAIN)}"
    return clip_name(function), clip_name(file), line
