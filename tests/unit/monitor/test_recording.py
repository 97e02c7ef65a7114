"""What was recorded is read back, all of it, or up to the damage."""

import math
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from unit.monitor import feed
from unit.monitor.feed import BEGIN, GONE, MS, span_row, worker_row

from pool_gui.monitor.log import Log
from pool_gui.monitor.recording import recorder as recording
from pool_gui.monitor.recording.chunks import (
    MAGIC,
    ChunkReader,
    ChunkWriter,
    NoRecordingError,
)
from pool_gui.monitor.recording.entries import (
    Entry,
    Looks,
    Names,
    _packed,
    _packed_spans,
    _unpacked,
    _unpacked_spans,
    decode,
    encode,
)
from pool_gui.monitor.recording.recorder import Recorder
from pool_gui.monitor.source.base import Playing
from pool_gui.monitor.source.messages import FrameMessage
from pool_gui.monitor.source.recorded import recorded
from pool_gui.monitor.view.snapshot import Ints
from pool_gui.wire.errors import MalformedMessageError, WireError
from pool_gui.wire.messages import Hello

WORKERS = [worker_row(1), worker_row(2, done=2**40)]
SPANS = [span_row(1, 5, BEGIN, BEGIN + 7), span_row(2, 6, BEGIN, 2**60)]


def hello() -> Hello:
    greeting = feed.message(feed.hello())
    assert isinstance(greeting, Hello)
    return greeting


def frame(number: int = 1, spans: int = 1, **changes: object) -> FrameMessage:
    now_ns = BEGIN + number * 100 * MS
    rows = [(1, 1, number, 1, now_ns - 30, now_ns - 20, now_ns - 10, 0)]
    told = feed.frame(number, now_ns, [worker_row(1)], rows * spans, **changes)
    return feed.frame_message(*told)


def same(one: Entry, other: Entry) -> bool:
    if isinstance(one, FrameMessage) and isinstance(other, FrameMessage):
        rows = zip((one.workers, one.spans), (other.workers, other.spans), strict=True)
        return one.header == other.header and all(
            np.array_equal(mine, its) for mine, its in rows
        )
    if isinstance(one, Looks) and isinstance(other, Looks):
        mine = one.source, one.trouble, one.looks_per_second
        its = other.source, other.trouble, other.looks_per_second
        return mine == its and np.array_equal(one.rows, other.rows)
    return one == other


ENTRIES: list[Entry] = [
    hello(),
    frame(),
    frame(spans=0),
    feed.frame_message(*feed.frame(1, BEGIN, [], [])),
    Looks(1000 * np.arange(15).reshape(3, 5), "procfs", "", 97.5),
    Looks(np.zeros((0, 5), np.int64), "", "no permission", 4.0),
    Names(((1, "w1"),), ((1, "app.fetch"), (2, "größer"))),
]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda one: type(one).__name__)
def test_an_entry_is_read_back_as_it_was(entry: Entry) -> None:
    content = encode(17, entry) + encode(18, entry)
    told = list(decode(content))
    assert [received_ns for received_ns, _ in told] == [17, 18]
    assert all(same(entry, again) for _, again in told)


@given(
    arrays.arrays(
        np.int64,
        st.tuples(st.integers(0, 20), st.just(8)),
        elements=st.integers(-(2**63), 2**63 - 1),
    )
)
def test_rows_are_packed_without_loss_whatever_they_hold(rows: Ints) -> None:
    assert np.array_equal(_unpacked(_packed(rows), 8), rows)
    assert np.array_equal(_unpacked_spans(_packed_spans(rows)), rows)


def test_looks_are_told_in_the_order_of_time() -> None:
    rows = np.asarray([(1, 7, 5, 5, 0), (1, 3, 9, 9, 0), (2, 7, 6, 6, 1)])
    rows[:, [0, 2, 3]] *= 1000
    ((_, again),) = decode(encode(1, Looks(rows, "", "", 1.0)))
    assert isinstance(again, Looks)
    assert again.rows[:, 0].tolist() == [1000, 1000, 2000]
    assert sorted(map(tuple, again.rows.tolist())) == sorted(map(tuple, rows.tolist()))


@pytest.mark.parametrize("cut", [1, 5, 16, 40])
def test_an_entry_that_is_cut_off_is_refused(cut: int) -> None:
    content = encode(17, frame())
    with pytest.raises(WireError):
        list(decode(content[:-cut]))


@pytest.mark.parametrize(
    "damaged",
    [
        b"\x09" + encode(1, hello())[1:],
        encode(1, Names((), ())).replace(b"workers", b"workurs"),
        encode(1, Looks(np.zeros((0, 5), np.int64), "", "", 1.0)).replace(
            b"trouble", b"treuble"
        ),
        encode(1, hello()).replace(b"hello", b"hullo"),
        encode(1, frame()).replace(b'"spans":1', b'"spans":2'),
    ],
)
def test_an_entry_that_does_not_fit_is_refused(damaged: bytes) -> None:
    with pytest.raises(MalformedMessageError):
        list(decode(damaged))


def write(path: Path, *contents: bytes) -> list[int]:
    """Write chunks, each third of which is a key; return where each one ends."""
    writer, ends = ChunkWriter(path), []
    for number, content in enumerate(contents):
        writer.add(content, number, number, key=number % 3 == 0)
        ends.append(writer.size_bytes)
    writer.close()
    return ends


CONTENTS = [bytes([65 + n]) * 1000 for n in range(7)]


def read_all(path: Path) -> tuple[list[bytes], bool]:
    reader, found = ChunkReader(path), []
    while (content := reader.read()) is not None:
        found.append(content)
    reader.close()
    return found, reader.is_damaged


def test_chunks_are_read_back_from_the_beginning_and_from_any_key(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.pgrec"
    write(path, *CONTENTS)
    assert read_all(path) == (CONTENTS, False)
    reader = ChunkReader(path)
    assert [chunk.is_key for chunk in reader.chunks] == [
        number % 3 == 0 for number in range(7)
    ]
    reader.seek(3)
    assert [reader.read(), reader.read()] == CONTENTS[3:5]
    reader.close()


def test_a_file_cut_anywhere_is_read_up_to_the_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.pgrec"
    ends = write(path, *CONTENTS)
    whole = path.read_bytes()
    for length in range(len(MAGIC), len(whole)):
        path.write_bytes(whole[:length])
        expected = sum(end <= length for end in ends)
        is_damaged = length not in {len(MAGIC), *ends}
        assert read_all(path) == (CONTENTS[:expected], is_damaged)


def test_a_byte_that_is_wrong_ends_the_file_there(tmp_path: Path) -> None:
    path = tmp_path / "a.pgrec"
    ends = write(path, *CONTENTS)
    whole = path.read_bytes()
    for at in range(len(MAGIC), len(whole)):
        broken = bytearray(whole)
        broken[at] ^= 0xFF
        path.write_bytes(broken)
        found, is_damaged = read_all(path)
        before = sum(end <= at for end in ends)
        # Of its times alone a damaged head may still be believed.
        assert found[:before] == CONTENTS[:before]
        assert is_damaged or found == CONTENTS or len(found) > before


@pytest.mark.parametrize(
    ("content", "layout"),
    [
        (b"", ""),
        (b"PK\x03\x04 something else entirely", ""),
        (b"pool_gui recording 2\n...", "2"),
    ],
)
def test_what_is_no_recording_is_said(
    content: bytes, layout: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.pgrec"
    path.write_bytes(content)
    with pytest.raises(NoRecordingError) as refused:
        ChunkReader(path)
    assert refused.value.layout == layout


def started(path: Path) -> Recorder:
    return Recorder(path, (BEGIN, hello()), Names((), ()), BEGIN)


def entries_of(path: Path) -> list[Entry]:
    contents, is_damaged = read_all(path)
    assert not is_damaged
    return [entry for content in contents for _, entry in decode(content)]


def test_a_recorder_writes_all_that_it_was_told(tmp_path: Path) -> None:
    path = tmp_path / "a.pgrec"
    names = Names(((1, "w1"),), ((1, "app.fetch"),))
    recorder = Recorder(path, (BEGIN, hello()), names, BEGIN)
    told: list[Entry] = [frame(1), ENTRIES[4], frame(2)]
    for number, entry in enumerate(told):
        recorder.note(BEGIN + number * 1000 * MS, entry)
    assert recorder.close()
    assert recorder.trouble == ""
    assert recorder.seconds == 2.0
    assert path.stat().st_size == recorder.size_bytes
    expected = [hello(), names, *told]
    for mine, again in zip(expected, entries_of(path), strict=True):
        assert same(mine, again)


def test_a_recording_begins_with_a_frame(tmp_path: Path) -> None:
    path = tmp_path / "a.pgrec"
    recorder = started(path)
    recorder.note(BEGIN + 1, ENTRIES[4])
    recorder.note(BEGIN + 2, frame(1))
    recorder.note(BEGIN + 3, ENTRIES[4])
    assert recorder.close()
    kinds = [type(entry).__name__ for entry in entries_of(path)]
    assert kinds == ["Hello", "Names", "FrameMessage", "Looks"]
    reader = ChunkReader(path)
    assert reader.chunks[0].first_ns == BEGIN + 2
    reader.close()


def test_each_run_begins_with_the_names_that_are_known_by_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "_RUN_SECONDS", 0.0)  # each chunk begins one
    path = tmp_path / "a.pgrec"
    recorder = Recorder(path, (BEGIN, hello()), Names(((1, "w1"),), ()), BEGIN)
    gone = worker_row(1, state=GONE)
    new = {"new_workers": [(2, "w2")], "new_functions": [(1, "app.fetch")]}
    header, body = feed.frame(1, BEGIN, [gone, worker_row(2)], [], **new)
    recorder.note(BEGIN, feed.frame_message(header, body))
    recorder._write()
    recorder.note(BEGIN, frame(2))
    assert recorder.close()
    found = [entry for entry in entries_of(path) if isinstance(entry, Names)]
    assert found == [
        Names(((1, "w1"),), ()),
        Names(((2, "w2"),), ((1, "app.fetch"),)),
    ]


def test_what_came_out_of_order_does_not_look_like_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.pgrec"
    recorder = started(path)
    recorder.note(BEGIN + 2, frame(1))
    recorder.note(BEGIN + 9, ENTRIES[4])
    recorder._write()
    recorder.note(BEGIN + 5, frame(2))
    assert recorder.close()
    assert len(entries_of(path)) == 5


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_recorder_that_failed_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "_WRITE_SECONDS", 60.0)
    recorder = started(tmp_path / "a.pgrec")

    def fail(_self: Recorder) -> None:
        raise SystemExit  # ends a thread without a trace

    monkeypatch.setattr(Recorder, "_write", fail)
    recorder._wake.set()
    recorder._thread.join(20)
    assert recorder.trouble == "the recorder has failed"
    assert recorder.close()


def test_a_full_disk_is_named_and_what_was_written_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.pgrec"
    recorder = started(path)
    recorder.note(BEGIN, frame(1))
    recorder._write()

    def full(_self: ChunkWriter, _content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ChunkWriter, "_write", full)
    recorder.note(BEGIN, frame(2))
    assert recorder.close()
    assert recorder.trouble == "No space left on device"
    recorder.note(BEGIN, frame(3))
    assert len(entries_of(path)) == 3


def test_who_is_not_written_in_time_ends_the_recording_not_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "_MOST_WAITING", 3)
    monkeypatch.setattr(recording, "_WRITE_SECONDS", 60.0)
    recorder = started(tmp_path / "a.pgrec")
    for number in range(5):
        recorder.note(BEGIN, frame(number + 1))
    assert recorder.trouble
    assert len(recorder._waiting) == 3
    assert recorder.close()


def test_a_place_where_nothing_can_be_written_is_refused_at_once(
    tmp_path: Path,
) -> None:
    with pytest.raises(OSError, match="absent"):
        Recorder(
            tmp_path / "absent" / "a.pgrec", (BEGIN, hello()), Names((), ()), BEGIN
        )


@pytest.mark.parametrize(
    ("broken", "place", "shown"), [(0, 0.0, 0), (1, math.inf, 1), (2, math.inf, 1)]
)
def test_a_chunk_that_is_damaged_inside_ends_what_is_shown(
    broken: int,
    place: float,
    shown: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recording, "_RUN_SECONDS", 0.0)  # each chunk begins a run
    path = tmp_path / "a.pgrec"
    recorder = started(path)
    for number in range(1, 4):
        recorder.note(BEGIN + number * 200_000 * MS, frame(number))
        recorder._write()
    assert recorder.close()
    reader = ChunkReader(path)
    at = reader.chunks[broken].offset + 5
    reader.close()
    content = bytearray(path.read_bytes())
    content[at] ^= 0xFF
    path.write_bytes(content)
    log = Log()
    peer = recorded(path, Playing(place)).open(log, lambda: 0, lambda: None)
    came = [entry for _, entry in peer.poll()]
    assert sum(isinstance(entry, FrameMessage) for entry in came) == shown
    assert (peer.ending is None) is (shown > 0)
    assert log.lines()[0].note.code == "recording-damaged"
    assert peer.close(1) == ()


def test_rows_take_little_room(tmp_path: Path) -> None:
    """A thousand tasks a second for an hour are to fit into 60 MB: 16 bytes each."""
    random = np.random.default_rng(3)
    size, rounds = 0, 40
    packer = zlib.compressobj(6)
    for number in range(1, rounds + 1):
        now_ns = BEGIN + number * 100 * MS
        spans = []
        for worker in range(8):
            ran = random.integers(2 * MS, 12 * MS, 13)
            ends = np.sort(now_ns - random.integers(0, 100 * MS, 13))
            for at, (end, took) in enumerate(
                zip(ends.tolist(), ran.tolist(), strict=True)
            ):
                task = number * 200 + worker * 13 + at
                waited = int(random.integers(MS, 30 * MS))
                start = end - took
                spans.append(
                    span_row(worker + 1, task, start, end, queued=start - waited)
                )
        message = feed.frame_message(*feed.frame(number, now_ns, [], spans))
        size += len(packer.compress(encode(now_ns, message)))
        size += len(packer.flush(zlib.Z_SYNC_FLUSH))
    assert size / (rounds * 8 * 13) < 12, size
