"""Reads what the agent sends into typed, frozen messages; refuses what does not fit.

The strict mirror of `wire.headers`. Everything here is free of state and may be called
from any thread; what must agree from one message to the next is checked by
`history.History`. Invariant: whatever bytes come, the outcome is a message or a
`WireError` that names the field.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeVar

import msgspec
import numpy as np
from msgspec import Meta, Struct

from pool_gui.monitor.view.snapshot import Ints
from pool_gui.wire.codec import RawMessage, clip_name
from pool_gui.wire.errors import ForeignProtocolError, MalformedMessageError
from pool_gui.wire.protocol import (
    INT64_BYTES,
    MAX_NEW_NAMES_PER_FRAME,
    MAX_SPANS_PER_FRAME,
    PROTOCOL_VERSION,
    SPAN_COLUMNS,
    WORKER_COLUMNS,
    OutcomeCode,
    SpanColumn,
    WorkerCode,
    WorkerColumn,
)

MAX_WORKER_ROWS: Final = 2048
"""The most workers the window follows at once, of all pools of a program."""

MAX_POOLS: Final = 64
"""The most pools the window follows at once."""

MAX_STRIDE: Final = 1 << 20
_MAX_ERRORS: Final = 50
_MAX_ARGUMENTS: Final = 1000
_FAR_FUTURE_NS: Final = 3_600_000_000_000
_INT64_MAX: Final = (1 << 63) - 1

Whole = Annotated[int, Meta(ge=0, le=_INT64_MAX)]
Id = Annotated[int, Meta(ge=1, le=_INT64_MAX)]
NewName = tuple[Id, str]
Header = TypeVar("Header")


class Hello(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="hello"
):
    """The agent's first message (`wire.headers.Hello`)."""

    protocol: Whole
    agent: str
    pid: Id
    python: str
    implementation: str
    gil: bool
    argv: Annotated[list[str], Meta(max_length=_MAX_ARGUMENTS)]
    clock_ns: Whole
    wall_ns: Whole

    def __post_init__(self) -> None:
        for field in ("agent", "python", "implementation"):
            msgspec.structs.force_setattr(self, field, clip_name(getattr(self, field)))
        argv = [clip_name(argument) for argument in self.argv]
        msgspec.structs.force_setattr(self, "argv", argv)


class Pool(Struct, frozen=True, forbid_unknown_fields=True):
    """One pool in a frame (`wire.headers.PoolHeader`)."""

    pool: Id
    name: str
    type: str
    state: Literal["new", "running", "paused", "draining", "stopped"]
    size: Whole
    depth: Whole
    peak: Whole
    limit: Whole | None
    submitted: Whole
    started: Whole
    done: Whole
    failed: Whole
    cancelled: Whole
    rejected: Whole

    def __post_init__(self) -> None:
        for field in ("name", "type"):
            msgspec.structs.force_setattr(self, field, clip_name(getattr(self, field)))


class Load(Struct, frozen=True, forbid_unknown_fields=True):
    """The demo load (`wire.headers.LoadHeader`)."""

    demo: str
    text: str
    submitted: Whole
    remaining: Whole | None
    held_back: Whole

    def __post_init__(self) -> None:
        for field in ("demo", "text"):
            msgspec.structs.force_setattr(self, field, clip_name(getattr(self, field)))


class Frame(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="frame"
):
    """The header of a frame (`wire.headers.Frame`)."""

    sequence: Whole
    now_ns: Whole
    pools: Annotated[list[Pool], Meta(max_length=MAX_POOLS)]
    new_workers: Annotated[list[NewName], Meta(max_length=MAX_NEW_NAMES_PER_FRAME)]
    new_functions: Annotated[list[NewName], Meta(max_length=MAX_NEW_NAMES_PER_FRAME)]
    errors: Annotated[list[tuple[Id, Id, str]], Meta(max_length=_MAX_ERRORS)]
    workers: Annotated[int, Meta(ge=0, le=MAX_WORKER_ROWS)]
    spans: Annotated[int, Meta(ge=0, le=MAX_SPANS_PER_FRAME)]
    span_stride: Annotated[int, Meta(ge=1, le=MAX_STRIDE)]
    spans_dropped: Whole
    agent_cpu_ns: Whole
    load: Load | None

    def __post_init__(self) -> None:
        for field in ("new_workers", "new_functions"):
            named = [(number, clip_name(name)) for number, name in getattr(self, field)]
            msgspec.structs.force_setattr(self, field, named)
        errors = [(pool, task, clip_name(text)) for pool, task, text in self.errors]
        msgspec.structs.force_setattr(self, "errors", errors)


class Reply(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="reply"
):
    """What became of a command (`wire.headers.Reply`)."""

    number: Whole
    ok: bool
    text: str

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "text", clip_name(self.text))


@dataclass(frozen=True, slots=True)
class FrameMessage:
    """A frame's header and its rows; the arrays are read-only."""

    header: Frame
    workers: Ints
    """(n, WORKER_COLUMNS), by WorkerColumn."""
    spans: Ints
    """(n, SPAN_COLUMNS), by SpanColumn."""


class _Greeting(Struct):
    """As much of any hello, of any version, as tells its version."""

    kind: Literal["hello"]
    protocol: int


_Message = Hello | Frame | Reply
_decoder: Final[msgspec.json.Decoder[_Message]] = msgspec.json.Decoder(_Message)
_greeting_decoder: Final = msgspec.json.Decoder(_Greeting)


def read(raw: RawMessage) -> Hello | FrameMessage | Reply:
    """Return the message that the bytes say.

    Raises:
        ForeignProtocolError: a hello of another version of the protocol.
        MalformedMessageError: anything else that does not fit; it names the field.
    """
    try:
        header = _decode(_decoder.decode, raw.header)
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


def _decode(decode: Callable[[bytes], Header], header: bytes) -> Header:
    try:
        return decode(header)
    except RecursionError:
        raise MalformedMessageError("header is nested too deep") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        # The error's text names the field; it quotes nothing that arrived but keys.
        raise MalformedMessageError(f"header: {clip_name(str(error))}") from None


def _check_version(header: bytes) -> None:
    """Say that the version is foreign, when that is why a hello does not fit."""
    try:
        greeting = _decode(_greeting_decoder.decode, header)
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
