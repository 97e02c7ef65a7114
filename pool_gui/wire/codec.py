"""Messages to bytes and back: a length, a JSON header, a body of packed rows.

The layout is `<I` header length, the header as UTF-8 JSON, then the body. Nothing is
ever unpickled or evaluated. Any thread may call these functions.
"""

import json
import struct
from collections.abc import Mapping
from typing import NamedTuple, NoReturn

from pool_gui.wire.errors import MalformedMessageError, OversizedMessageError
from pool_gui.wire.protocol import (
    INT64_BYTES,
    MAX_HEADER_BYTES,
    MAX_MESSAGE_BYTES,
    MAX_NAME_CHARACTERS,
)

_LENGTH = struct.Struct("<I")


class RawMessage(NamedTuple):
    """A message taken apart, its header not yet read as JSON."""

    header: bytes
    body: bytes


def encode(header: Mapping[str, object], body: bytes = b"") -> bytes:
    """Return the bytes of one message.

    Raises:
        OversizedMessageError: the message would be longer than the caps allow.
        ValueError: the header holds what JSON cannot say (NaN, a foreign type).
    """
    text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    if len(text) > MAX_HEADER_BYTES:
        msg = f"header of {len(text)} bytes is over the cap of {MAX_HEADER_BYTES}"
        raise OversizedMessageError(msg)
    message = _LENGTH.pack(len(text)) + text + body
    if len(message) > MAX_MESSAGE_BYTES:
        msg = f"message of {len(message)} bytes is over the cap of {MAX_MESSAGE_BYTES}"
        raise OversizedMessageError(msg)
    return message


def split(message: bytes) -> RawMessage:
    """Take a message apart without reading its header.

    Raises:
        MalformedMessageError: too short, too long, or its lengths do not fit.
    """
    if len(message) > MAX_MESSAGE_BYTES:
        msg = f"message of {len(message)} bytes is over the cap of {MAX_MESSAGE_BYTES}"
        raise OversizedMessageError(msg)
    if len(message) < _LENGTH.size:
        raise MalformedMessageError(
            f"message of {len(message)} bytes has no header length"
        )
    (header_bytes,) = _LENGTH.unpack_from(message)
    if header_bytes > MAX_HEADER_BYTES:
        msg = f"header of {header_bytes} bytes is over the cap of {MAX_HEADER_BYTES}"
        raise OversizedMessageError(msg)
    end = _LENGTH.size + header_bytes
    if end > len(message):
        msg = f"header of {header_bytes} bytes is longer than its message"
        raise MalformedMessageError(msg)
    body = message[end:]
    if len(body) % INT64_BYTES:
        raise MalformedMessageError(
            f"body of {len(body)} bytes is no whole number of int64"
        )
    return RawMessage(message[_LENGTH.size : end], body)


def read_header(header: bytes) -> dict[str, object]:
    """Read a header with the standard library (the agent's side).

    Raises:
        MalformedMessageError: no JSON object, a key twice, NaN or infinity, a number
            of absurd length, nesting too deep, bytes that are no UTF-8.
    """
    try:
        value = json.loads(
            header.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
        )
    except RecursionError:
        raise MalformedMessageError("header is nested too deep") from None
    except ValueError as error:
        raise MalformedMessageError(f"header is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise MalformedMessageError("header is no JSON object")
    return value


def clip_name(name: str) -> str:
    """Cut a name to the protocol's length, and make it one printable line.

    Control and right-to-left override characters become U+FFFD, so that a name can
    neither break a line nor turn the text beside it around.
    """
    head = name[:MAX_NAME_CHARACTERS]
    if head.isascii() and head.isprintable():
        return head
    return "".join(
        character if character.isprintable() else "\ufffd" for character in head
    )


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedMessageError("header has a key twice")
    return members


def _refuse_constant(constant: str) -> NoReturn:
    raise MalformedMessageError(f"header holds {constant}, which is no JSON")
