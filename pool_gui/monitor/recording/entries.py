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

from pool_gui.monitor.sampling.look import LookField
from pool_gui.monitor.source.messages import FrameMessage, Message, read
from pool_gui.monitor.view.snapshot import Ints
from pool_gui.wire.codec import RawMessage
from pool_gui.wire.errors import MalformedMessageError
from pool_gui.wire.messages import to_header
from pool_gui.wire.protocol import (
    INT64_BYTES,
    SPAN_COLUMNS,
    WORKER_COLUMNS,
    SpanColumn,
)

_HEAD: Final = struct.Struct("<BqII")
"""Kind, when it came, bytes of JSON, bytes of rows."""

_MESSAGE, _LOOKS, _NAMES = 1, 2, 3
LOOK_COLUMNS: Final = 5
_TIME_NS, _KEY = LookField.TIME_NS, LookField.KEY
_TIMES: Final = (LookField.TIME_NS, LookField.CPU_NS, LookField.READY_NS)
_MICROSECOND_NS: Final = 1000
"""Looks are ten milliseconds apart: finer times would fill the file with noise."""


@dataclass(frozen=True, slots=True)
class Looks:
    """Looks at the threads of the workers since the last frame."""

    rows: Ints
    """(n, 5) as `sampling.look.Look`, with the worker's id instead of its key; times
    are kept to the microsecond."""
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
        # Worker by worker: each one's totals rise slowly.
        looks = entry.rows[np.argsort(entry.rows[:, _KEY], kind="stable")]
        looks[:, _TIMES] //= _MICROSECOND_NS
        rows = _packed(looks)
    elif isinstance(entry, Names):
        kind = _NAMES
        header = {"workers": entry.workers, "functions": entry.functions}
    elif isinstance(entry, FrameMessage):
        kind, header = _MESSAGE, to_header(entry.header)
        rows = _packed(entry.workers) + _packed_spans(entry.spans)
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
            looks[:, _TIMES] *= _MICROSECOND_NS
            looks = looks[np.argsort(looks[:, _TIME_NS], kind="stable")]
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
    first = _unpacked(rows[:workers], WORKER_COLUMNS)
    return first.tobytes() + _unpacked_spans(rows[workers:]).tobytes()


def _packed(rows: Ints) -> bytes:
    if not rows.size:
        return b""
    return _planes(np.diff(rows, axis=0, prepend=0))


def _packed_spans(spans: Ints) -> bytes:
    """Pack what is small: waits, runs, and breaks between the tasks of a worker."""
    if not spans.size:
        return b""
    column = SpanColumn
    queued, started = spans[:, column.QUEUED_NS], spans[:, column.STARTED_NS]
    ended = spans[:, column.ENDED_NS]
    lean = np.diff(spans, axis=0, prepend=0)
    lean[:, column.QUEUED_NS] = started - queued
    lean[:, column.ENDED_NS] = ended - started
    lean[:, column.STARTED_NS] = started
    lean[1:, column.STARTED_NS] -= ended[:-1]
    return _planes(lean)


def _unpacked_spans(packed: bytes) -> Ints:
    column = SpanColumn
    lean = _matrix(packed, SPAN_COLUMNS)
    spans = np.cumsum(lean, axis=0, dtype=np.int64)
    ran = lean[:, column.ENDED_NS]
    ended = np.cumsum(lean[:, column.STARTED_NS] + ran, dtype=np.int64)
    spans[:, column.ENDED_NS] = ended
    spans[:, column.STARTED_NS] = ended - ran
    spans[:, column.QUEUED_NS] = ended - ran - lean[:, column.QUEUED_NS]
    return spans


def _planes(rows: Ints) -> bytes:
    """Return all first bytes of a column, then all second ones, and so on."""
    distances = rows.astype("<i8", copy=False)
    columns = np.ascontiguousarray(distances.T)
    shape = (rows.shape[1], rows.shape[0], INT64_BYTES)
    return columns.view(np.uint8).reshape(shape).transpose(0, 2, 1).tobytes()


def _unpacked(packed: bytes, columns: int) -> Ints:
    return np.cumsum(_matrix(packed, columns), axis=0, dtype=np.int64)


def _matrix(packed: bytes, columns: int) -> Ints:
    """Return (n, columns) what was packed.

    Raises:
        MalformedMessageError: the bytes are no whole number of rows.
    """
    count, rest = divmod(len(packed), columns * INT64_BYTES)
    if rest:
        raise MalformedMessageError("rows of the recording are cut off")
    planes = np.frombuffer(packed, np.uint8).reshape(columns, INT64_BYTES, count)
    values = np.ascontiguousarray(planes.transpose(0, 2, 1)).view("<i8")
    rows = values.reshape(columns, count).T.astype(np.int64, order="C")
    return np.ascontiguousarray(rows)
