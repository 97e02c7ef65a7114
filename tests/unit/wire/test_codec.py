import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pool_gui.wire import codec
from pool_gui.wire.errors import (
    MalformedMessageError,
    OversizedMessageError,
    WireError,
)
from pool_gui.wire.protocol import MAX_HEADER_BYTES, MAX_MESSAGE_BYTES

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, width=32)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
    ),
    max_leaves=8,
).filter(lambda value: "Infinity" not in json.dumps(value))  # fmt: skip


def framed(header: bytes, body: bytes = b"") -> bytes:
    return struct.pack("<I", len(header)) + header + body


@given(st.dictionaries(st.text(), JSON, max_size=6), st.integers(0, 50))
def test_what_was_encoded_comes_back_the_same(
    header: dict[str, object], rows: int
) -> None:
    body = bytes(range(8)) * rows
    raw = codec.split(codec.encode(header, body))
    assert codec.read_header(raw.header) == header
    assert raw.body == body


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_or_read_but_never_crash(data: bytes) -> None:
    try:
        codec.read_header(codec.split(data).header)
    except MalformedMessageError as error:
        assert str(error)  # noqa: PT017  # both endings are right


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        (b"", "no header length"),
        (b"\x01\x00", "no header length"),
        (struct.pack("<I", 10) + b"{}", "longer than its message"),
        (struct.pack("<I", 0xFFFFFFFF), "over the cap"),
        (framed(b"{}", b"1234567"), "no whole number of int64"),
        (b"\x00" * (MAX_MESSAGE_BYTES + 1), "over the cap"),
    ],
)
def test_a_message_whose_lengths_do_not_fit_is_refused(
    message: bytes, complaint: str
) -> None:
    with pytest.raises(MalformedMessageError, match=complaint):
        codec.split(message)


@pytest.mark.parametrize(
    ("header", "complaint"),
    [
        (b"", "no JSON"),
        (b"[]", "no JSON object"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "-Infinity"),
        (b'{"a": 1, "a": 2}', "a key twice"),
        (b'{"a": {"b": 1, "b": 2}}', "a key twice"),
        (b'{"a": 1' + b"0" * 5000 + b"}", "no JSON"),
        (b'{"a": "\xff"}', "no JSON"),
        (b'{"a": ' + b"[" * 100_000, "nested too deep"),
        (b'{"a": 1} trailing', "no JSON"),
    ],
)
def test_a_header_that_is_no_plain_json_object_is_refused(
    header: bytes, complaint: str
) -> None:
    with pytest.raises(MalformedMessageError, match=complaint):
        codec.read_header(header)


def test_a_message_over_a_cap_is_not_even_encoded() -> None:
    with pytest.raises(OversizedMessageError, match="header"):
        codec.encode({"name": "x" * MAX_HEADER_BYTES})
    with pytest.raises(OversizedMessageError, match="message"):
        codec.encode({}, b"\x00" * MAX_MESSAGE_BYTES)


def test_nan_cannot_be_encoded() -> None:
    with pytest.raises(ValueError, match="JSON"):
        codec.encode({"share": float("nan")})


def test_every_error_of_the_codec_is_a_wire_error() -> None:
    assert issubclass(MalformedMessageError, WireError)
    assert issubclass(OversizedMessageError, MalformedMessageError)


@given(st.text())
def test_a_clipped_name_is_one_short_printable_line(name: str) -> None:
    clipped = codec.clip_name(name)
    assert len(clipped) <= 200
    assert all(c.isprintable() or c == "\ufffd" for c in clipped)


def test_an_override_character_cannot_turn_the_text_around() -> None:
    assert codec.clip_name("evil\u202etxt.exe\nline\x00") == (
        "evil\ufffdtxt.exe\ufffdline\ufffd"
    )
