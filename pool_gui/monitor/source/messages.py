"""Reads what the agent sends into typed, frozen messages; refuses what does not fit.

What they hold is in `wire.messages`; here bytes become them. Everything is free of
state and may be called from any thread; what must agree from one message to the next is
checked by `model.program.History`. Invariant: whatever bytes come, the outcome is a
message or a `WireError` that names the field.
"""

import dataclasses
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

import msgspec
import numpy as np

from pool_gui.monitor.view.snapshot import Ints
from pool_gui.wire.codec import RawMessage, clip_name
from pool_gui.wire.errors import ForeignProtocolError, MalformedMessageError
from pool_gui.wire.messages import (
    Counts,
    Frame,
    Hello,
    Load,
    Pool,
    Reply,
    Stacks,
    Tracebacks,
)
from pool_gui.wire.protocol import (
    INT64_BYTES,
    PROTOCOL_VERSION,
    SPAN_COLUMNS,
    WORKER_COLUMNS,
    OutcomeCode,
    SpanColumn,
    WorkerCode,
    WorkerColumn,
)

_FAR_FUTURE_NS: Final = 3_600_000_000_000
Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class FrameMessage:
    """A frame's header and its rows; the arrays are read-only."""

    header: Frame
    workers: Ints
    """(n, WORKER_COLUMNS), by WorkerColumn."""
    spans: Ints
    """(n, SPAN_COLUMNS), by SpanColumn."""


class _Greeting(msgspec.Struct):
    """As much of any hello, of any version, as tells its version."""

    kind: Literal["hello"]
    protocol: int


Header = Hello | Frame | Stacks | Tracebacks | Reply
Message = Hello | FrameMessage | Stacks | Tracebacks | Reply
"""What an agent sends."""

_KINDS: Final[dict[str, type[Header]]] = {
    str(one.kind): one for one in (Hello, Frame, Stacks, Tracebacks, Reply)
}


def read(raw: RawMessage) -> Message:
    """Return the message that the bytes say.

    Raises:
        ForeignProtocolError: a hello of another version of the protocol.
        MalformedMessageError: anything else that does not fit; it names the field.
    """
    try:
        header = _decode(raw.header)
    except MalformedMessageError:
        _check_version(raw.header)
        raise
    if isinstance(header, Frame):
        return _with_rows(header, raw.body)
    if raw.body:
        raise MalformedMessageError("only a frame has a body")
    if isinstance(header, Hello) and header.protocol != PROTOCOL_VERSION:
        raise _foreign(header.protocol)
    return header


def _decode(header: bytes) -> Header:
    told = _fit(header, dict)
    kind = told.pop("kind", None)
    schema = _KINDS.get(kind) if isinstance(kind, str) else None
    if schema is None:
        raise MalformedMessageError("header: kind is none that an agent sends")
    _check_keys(told, schema, "")
    return _fit(told, schema)


def _fit(told: object, schema: type[Told]) -> Told:
    """Return bytes of JSON, or what they held, as this type."""
    try:
        if isinstance(told, bytes):
            return msgspec.json.decode(told, type=schema)
        return msgspec.convert(told, schema)
    except RecursionError:
        raise MalformedMessageError("header is nested too deep") from None
    except (msgspec.MsgspecError, UnicodeError, OverflowError) as error:
        # The error's text names the field; it quotes nothing that arrived but keys.
        raise MalformedMessageError(f"header: {clip_name(str(error))}") from None


def _check_keys(told: object, schema: type[object], where: str) -> None:
    """Refuse a key that the schema does not know: msgspec takes it for nothing.

    Both ends have the same version of the protocol, or do not talk.
    """
    if not isinstance(told, dict):
        return  # the decoder says so better
    known = {field.name: field for field in dataclasses.fields(schema)}  # type: ignore[arg-type]  # all are dataclasses
    for key, value in told.items():
        if key not in known:
            raise MalformedMessageError(
                f"header: no field is called {clip_name(str(key))}{where}"
            )
        inner = _NESTED.get((schema, key))
        if inner is not None:
            for one in value if isinstance(value, list) else [value]:
                _check_keys(one, inner, f" in {key}")


_NESTED: Final[dict[tuple[type[object], str], type[object]]] = {
    (Frame, "pools"): Pool,
    (Pool, "load"): Load,
    (Pool, "counts"): Counts,
}


def _check_version(header: bytes) -> None:
    """Say that the version is foreign, when that is why a hello does not fit."""
    try:
        greeting = _fit(header, _Greeting)
    except MalformedMessageError:
        return  # it is no hello at all: the first error says what is wrong
    if greeting.protocol != PROTOCOL_VERSION:
        raise _foreign(greeting.protocol) from None


def _foreign(version: int) -> ForeignProtocolError:
    return ForeignProtocolError(
        f"it speaks version {version} of the protocol, the window version "
        f"{PROTOCOL_VERSION}; install the same pool_gui on both sides"
    )


def _with_rows(header: Frame, body: bytes) -> FrameMessage:
    worker_values = header.workers * WORKER_COLUMNS
    told = worker_values + header.spans * SPAN_COLUMNS
    values = np.frombuffer(body, dtype="<i8").astype(np.int64, copy=False)
    if told != values.size:
        raise MalformedMessageError(
            f"body: {header.workers} workers and {header.spans} spans are "
            f"{told * INT64_BYTES} bytes, but it has {len(body)}"
        )
    workers = values[:worker_values].reshape(-1, WORKER_COLUMNS)
    spans = values[worker_values:].reshape(-1, SPAN_COLUMNS)
    _check_workers(workers, header.now_ns)
    _check_spans(spans, header.now_ns)
    return FrameMessage(header, workers, spans)


def _check_workers(rows: Ints, now_ns: int) -> None:
    if not len(rows):
        return
    columns = WorkerColumn
    _check_least(rows, "worker", columns, (columns.POOL, columns.WORKER))
    if rows[:, columns.STATE].max() > max(WorkerCode):
        raise MalformedMessageError("worker: STATE is none of the known ones")
    times = (columns.QUEUED_NS, columns.STARTED_NS)
    _check_times(rows, "worker", times, now_ns)
    if np.unique(rows[:, columns.WORKER]).size != len(rows):
        raise MalformedMessageError("worker: two rows have the same WORKER")


def _check_spans(rows: Ints, now_ns: int) -> None:
    if not len(rows):
        return
    columns = SpanColumn
    ids = (columns.POOL, columns.WORKER, columns.TASK, columns.FUNCTION)
    _check_least(rows, "span", columns, ids)
    if rows[:, columns.OUTCOME].max() > max(OutcomeCode):
        raise MalformedMessageError("span: OUTCOME is none of the known ones")
    times = (columns.QUEUED_NS, columns.STARTED_NS, columns.ENDED_NS)
    _check_times(rows, "span", times, now_ns)
    if (rows[:, columns.STARTED_NS] < rows[:, columns.QUEUED_NS]).any():
        raise MalformedMessageError("span: STARTED_NS is before QUEUED_NS")
    if (rows[:, columns.ENDED_NS] < rows[:, columns.STARTED_NS]).any():
        raise MalformedMessageError("span: ENDED_NS is before STARTED_NS")


def _check_least(
    rows: Ints,
    what: str,
    columns: type[WorkerColumn | SpanColumn],
    ids: tuple[WorkerColumn | SpanColumn, ...],
) -> None:
    """Refuse anything negative, and an id that is 0."""
    least = rows.min(axis=0)
    if least.min() < 0:
        column = columns(int(least.argmin()))
        raise MalformedMessageError(f"{what}: {column.name} is negative")
    for column in ids:
        if least[column] == 0:
            raise MalformedMessageError(f"{what}: {column.name} is 0, which is no id")


def _check_times(
    rows: Ints,
    what: str,
    times: tuple[WorkerColumn | SpanColumn, ...],
    now_ns: int,
) -> None:
    for column in times:
        if int(rows[:, column].max()) > now_ns + _FAR_FUTURE_NS:
            raise MalformedMessageError(
                f"{what}: {column.name} is more than an hour after now_ns"
            )
