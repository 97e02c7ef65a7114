"""What stands in a chunk: messages as they came, looks at threads, names known so far.

An entry is a kind, when it came, and its content. Pure functions; any thread. Rows of
frames are stored column by column, each value as its distance from the one above, byte
by byte: so they pack to a sixth of what they are on the wire.
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from pool_gui.monitor.source.messages import FrameMessage, Message, read
from pool_gui.monitor.view.snapshot import Ints
from pool_gui.wire.codec import RawMessage
from pool_gui.wire.errors import MalformedMessageError
from pool_gui.wire.messages import to_header
from pool_gui.wire.protocol import INT64_BYTES, SPAN_COLUMNS, WORKER_COLUMNS

_HEAD: Final = struct.Struct("<BqII")
"""Kind, when it came, bytes of JSON, bytes of rows."""

_MESSAGE, _LOOKS, _NAMES = 1, 2, 3
LOOK_COLUMNS: Final = 5


@dataclass(frozen=True, slots=True)
class Looks:
    """Looks at the threads of the workers since the last frame."""

    rows: Ints
    """(n, 5) as `sampling.look.Look`, with the worker's id instead of its key."""
    source: str
    trouble: str
    looks_per_second: float


@dataclass(frozen=True, slots=True)
class Names:
    """The names that were told before, for who begins to read here."""

    workers: tuple[tuple[int, str], ...]
    functions: tuple[tuple[int, str], ...]


Entry = Message | Looks | Names
"""What can be recorded."""


def encode(received_ns: int, entry: Entry) -> bytes:
    """Return an entry as it stands in a chunk."""
    rows = b""
    if isinstance(entry, Looks):
        kind, header = _LOOKS, _looks_header(entry)
        rows = _packed(entry.rows)
    elif isinstance(entry, Names):
        kind = _NAMES
        header = {"workers": entry.workers, "functions": entry.functions}
    elif isinstance(entry, FrameMessage):
        kind, header = _MESSAGE, to_header(entry.header)
        rows = _packed(entry.workers) + _packed(entry.spans)
    else:
        kind, header = _MESSAGE, to_header(entry)
    text = json.dumps(header, separators=(",", ":")).encode()
    return _HEAD.pack(kind, received_ns, len(text), len(rows)) + text + rows


def _looks_header(looks: Looks) -> dict[str, object]:
    return {
        "source": looks.source,
        "trouble": looks.trouble,
        "looks_per_second": looks.looks_per_second,
    }


def decode(content: bytes) -> Iterator[tuple[int, Entry]]:
    """Go through the entries of a chunk, with when each came.

    Raises:
        WireError: something does not fit; a message of another version of the
            protocol among it.
    """
    offset = 0
    while offset < len(content):
        if offset + _HEAD.size > len(content):
            raise MalformedMessageError("an entry of the recording is cut off")
        kind, received_ns, text_bytes, row_bytes = _HEAD.unpack_from(content, offset)
        offset += _HEAD.size
        end = offset + text_bytes
        if end + row_bytes > len(content):
            raise MalformedMessageError("an entry of the recording is cut off")
        text, rows = content[offset:end], content[end : end + row_bytes]
        offset = end + row_bytes
        yield received_ns, _entry(kind, text, rows)


def _entry(kind: int, text: bytes, rows: bytes) -> Entry:
    if kind == _MESSAGE:
        return read(RawMessage(text, _body(text, rows) if rows else b""))
    try:
        header = json.loads(text)
        if kind == _LOOKS:
            looks = _unpacked(rows, LOOK_COLUMNS)
            rate = float(header["looks_per_second"])
            return Looks(looks, str(header["source"]), str(header["trouble"]), rate)
        if kind == _NAMES:
            told = (header["workers"], header["functions"])
            workers, functions = (
                tuple((int(number), str(name)) for number, name in one) for one in told
            )
            return Names(workers, functions)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MalformedMessageError(f"an entry does not fit: {error!r}") from None
    raise MalformedMessageError("an entry of the recording is of no known kind")


def _body(text: bytes, rows: bytes) -> bytes:
    """Return the rows of a frame as they came."""
    try:
        header = json.loads(text)
        workers = int(header["workers"]) * WORKER_COLUMNS * INT64_BYTES
    except (ValueError, KeyError, TypeError, RecursionError):
        return rows  # what reads the header says what is wrong with it
    parts = (rows[:workers], WORKER_COLUMNS), (rows[workers:], SPAN_COLUMNS)
    return b"".join(_unpacked(part, columns).tobytes() for part, columns in parts)


def _packed(rows: Ints) -> bytes:
    if not rows.size:
        return b""
    distances = np.diff(rows, axis=0, prepend=0).astype("<i8", copy=False)
    columns = np.ascontiguousarray(distances.T)
    shape = (rows.shape[1], rows.shape[0], INT64_BYTES)
    return columns.view(np.uint8).reshape(shape).transpose(0, 2, 1).tobytes()


def _unpacked(packed: bytes, columns: int) -> Ints:
    """Return (n, columns) rows.

    Raises:
        MalformedMessageError: the bytes are no whole number of rows.
    """
    count, rest = divmod(len(packed), columns * INT64_BYTES)
    if rest:
        raise MalformedMessageError("rows of the recording are cut off")
    planes = np.frombuffer(packed, np.uint8).reshape(columns, INT64_BYTES, count)
    distances = np.ascontiguousarray(planes.transpose(0, 2, 1)).view("<i8")
    rows = np.cumsum(distances.reshape(columns, count), axis=1, dtype=np.int64)
    return np.ascontiguousarray(rows.T)
