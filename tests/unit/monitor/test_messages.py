import numpy as np
import pytest
from unit.monitor import feed

from pool_gui.monitor.source.messages import FrameMessage, read
from pool_gui.wire.codec import RawMessage
from pool_gui.wire.errors import ForeignProtocolError, MalformedMessageError
from pool_gui.wire.messages import (
    Counts,
    Frame,
    Hello,
    Load,
    Pool,
    Reply,
    to_header,
)
from pool_gui.wire.notes import note
from pool_gui.wire.protocol import PROTOCOL_VERSION


def refused(header: dict[str, object], body: bytes = b"") -> str:
    with pytest.raises(MalformedMessageError) as caught:
        feed.message(header, body)
    return str(caught.value)


def refused_bytes(header: bytes) -> str:
    with pytest.raises(MalformedMessageError) as caught:
        read(RawMessage(header, b""))
    return str(caught.value)


def test_a_hello_is_read_as_it_was_said() -> None:
    greeting = feed.message(feed.hello())
    assert isinstance(greeting, Hello)
    assert (greeting.pid, greeting.python, greeting.argv) == (
        4711,
        "3.11.7",
        ["app.py"],
    )


def test_a_frame_has_its_rows_as_arrays_that_nobody_can_change() -> None:
    row, span = feed.worker_row(1), feed.span_row(1, 7, feed.BEGIN, feed.BEGIN + 5)
    got = feed.message(*feed.frame(1, feed.BEGIN + 9, [row], [span]))
    assert isinstance(got, FrameMessage)
    np.testing.assert_array_equal(got.workers, [row])
    np.testing.assert_array_equal(got.spans, [span])
    assert not got.workers.flags.writeable
    assert not got.spans.flags.writeable


def test_a_reply_is_read() -> None:
    values: dict[str, object] = {"workers": 3, "share": 0.5, "name": "w"}
    told = {"number": 3, "ok": False, "code": "resized", "values": values}
    got = feed.message({"kind": "reply", **told})
    assert got == Reply(3, False, "resized", {"workers": 3, "share": 0.5, "name": "w"})
    assert isinstance(got, Reply)
    assert got.note == note("resized", workers=3, share=0.5, name="w")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "No such code"),
        ("code", 7),
        ("values", {"a": None}),
        ("values", {"a": [1]}),
        ("values", {"A name": 1}),
        ("values", {f"v{n}": 1 for n in range(9)}),
        ("values", {"a": 1 << 70}),
        ("values", []),
    ],
)
def test_a_reply_that_says_nothing_sensible_is_refused(
    field: str, value: object
) -> None:
    told = {"kind": "reply", "number": 3, "ok": True, "code": "put", "values": {}}
    assert field in refused({**told, field: value})


@pytest.mark.parametrize("version", [0, 1, 10**6])
def test_a_foreign_version_is_named_whatever_else_its_hello_says(version: int) -> None:
    for greeting in (
        feed.hello(protocol=version),
        {"kind": "hello", "protocol": version, "news": [1]},
    ):
        with pytest.raises(ForeignProtocolError, match=f"version {version} "):
            feed.message(greeting)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sequence", -1),
        ("sequence", 1.5),
        ("sequence", True),
        ("now_ns", 1 << 63),
        ("now_ns", "1"),
        ("workers", 2049),
        ("spans", 2049),
        ("span_stride", 0),
        ("new_workers", [(0, "none")]),
        ("new_workers", [(1,)]),
        ("new_functions", [(n, "f") for n in range(1, 258)]),
        ("errors", [(1, 1, "e")] * 51),
        ("pools", [{"pool": 1}]),
        ("pools", [feed.pool(state="asleep")]),
        ("pools", [feed.pool(done=-1)]),
        ("pools", [feed.pool(n) for n in range(1, 66)]),
        ("pools", [feed.pool(load={})]),
    ],
)
def test_a_header_field_out_of_its_range_is_named(field: str, value: object) -> None:
    header, body = feed.frame(1, feed.BEGIN)
    assert field in refused({**header, field: value}, body)


def test_an_extra_and_a_missing_field_are_refused() -> None:
    header, _ = feed.frame(1, feed.BEGIN)
    assert "extra" in refused({**header, "extra": 1})
    del header["errors"]
    assert "errors" in refused(header)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"[]",
        b"null",
        b'{"kind":"pickle"}',
        b"\xff\xfe",
        b'{"kind":"reply","number":NaN,"ok":true,"code":"a","values":{}}',
        b'{"kind":"reply","number":1e5000,"ok":true,"code":"a","values":{}}',
        b'{"kind":"reply","number":'
        + b"9" * 5000
        + b',"ok":true,"code":"a","values":{}}',
        b'{"kind":"reply","number":1,"ok":true,"code":"a","values":{"a":"\\ud800"}}',
        b"[" * 100_000,
        b'{"kind":"reply","a":' + b"[" * 100_000,
        b'{"kind":"reply","a":' + b'{"a":' * 40_000,
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x80\x04\x95",
    ],
    ids=range(14),
)
def test_bytes_that_are_no_header_are_refused(header: bytes) -> None:
    refused_bytes(header)


def test_a_body_must_have_exactly_the_rows_that_were_said() -> None:
    header, body = feed.frame(1, feed.BEGIN, [feed.worker_row(1)])
    assert "body" in refused(header, body[:-8])
    assert "body" in refused(header, body + bytes(8))
    assert "body" in refused({**header, "workers": 0}, body)
    assert "body" in refused(feed.hello(), bytes(8))


def test_a_worker_row_that_cannot_be_is_refused_by_its_column() -> None:
    now = feed.BEGIN
    good = list(feed.worker_row(1, since=now))
    for column, value, name in (
        (0, 0, "POOL"),
        (1, 0, "WORKER"),
        (1, -1, "WORKER"),
        (3, 4, "STATE"),
        (5, -5, "DONE"),
        (7, -1, "BUSY_NS"),
        (10, -1, "QUEUED_NS"),
        (11, now + 3601 * feed.SECOND, "STARTED_NS"),
    ):
        row = (*good[:column], value, *good[column + 1 :])
        assert name in refused(*feed.frame(1, now, [row]))


def test_two_rows_of_one_worker_are_refused() -> None:
    rows = [feed.worker_row(1), feed.worker_row(1)]
    assert "WORKER" in refused(*feed.frame(1, feed.BEGIN, rows))


def test_a_span_that_cannot_be_is_refused_by_its_column() -> None:
    now = feed.BEGIN
    good = list(feed.span_row(1, 1, now - 20, now - 10, queued=now - 30))
    for column, value, name in (
        (0, 0, "POOL"),
        (1, 0, "WORKER"),
        (2, 0, "TASK"),
        (3, 0, "FUNCTION"),
        (4, -1, "QUEUED_NS"),
        (5, now - 31, "STARTED_NS"),
        (6, now - 21, "ENDED_NS"),
        (6, now + 3601 * feed.SECOND, "ENDED_NS"),
        (7, 2, "OUTCOME"),
    ):
        row = (*good[:column], value, *good[column + 1 :])
        assert name in refused(*feed.frame(1, now, [], [row]))


def test_every_name_is_cut_and_made_printable() -> None:
    bad = "\u202e<img src=x>\n" + "x" * 500
    header, body = feed.frame(
        1,
        feed.BEGIN,
        new_workers=[(1, bad)],
        new_functions=[(1, bad)],
        errors=[(1, 1, bad)],
        pools=[feed.pool(name=bad, type=bad, load=feed.load(demo=bad, arrival=bad))],
    )
    got = feed.frame_message(header, body).header
    greeting = feed.message(feed.hello(agent=bad, python=bad, argv=[bad]))
    values = {"reason": bad}
    told = {"number": 1, "ok": True, "code": "failed", "values": values}
    reply = feed.message({"kind": "reply", **told})
    assert isinstance(greeting, Hello)
    assert isinstance(reply, Reply)
    load = got.pools[0].load
    assert load is not None
    for name in (
        got.new_workers[0][1],
        got.new_functions[0][1],
        got.errors[0][2],
        got.pools[0].name,
        got.pools[0].type,
        load.demo,
        load.arrival,
        greeting.agent,
        greeting.python,
        greeting.argv[0],
        str(reply.values["reason"]),
    ):
        assert name.isprintable()
        assert len(name) == 200


@pytest.mark.parametrize("where", ["pools", "load", "counts"])
def test_a_key_that_no_schema_has_is_refused_however_deep_it_lies(where: str) -> None:
    """Msgspec itself takes a dataclass's unknown keys for nothing."""
    load = feed.load()
    told = feed.pool(load=load)
    inner = {"pools": told, "load": load, "counts": told["counts"]}[where]
    assert isinstance(inner, dict)
    inner["news"] = 1
    header, body = feed.frame(1, feed.BEGIN, pools=[told])
    assert refused(header, body) == f"header: no field is called news in {where}"


def test_what_an_agent_makes_is_what_a_window_reads() -> None:
    counts = Counts(9, 8, 7, 1, 1, expired=1, dropped=1, overdue=1, rejected=1)
    load = Load("noop", "steady", 2.0, 1, 5, remaining=None, held_back=1)
    pool = Pool(1, "p", "t", "running", 2, 4, 0, 3, None, counts, load)
    names = [(1, "a")]
    frame = Frame(1, 2, [pool], names, names, [(1, 7, "E")], 0, 0, 1, 0, 3)
    got = feed.message(to_header(frame))
    assert isinstance(got, FrameMessage)
    assert got.header == frame
    hello = Hello(PROTOCOL_VERSION, "a", 1, "3", "C", True, ["x"], 1, 2)
    assert feed.message(to_header(hello)) == hello
