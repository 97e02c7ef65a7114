import os
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from pool_gui.monitor.log import Log
from pool_gui.monitor.source.output import (
    MAX_LINE_BYTES,
    MAX_LINES_PER_SECOND,
    LineSplitter,
    OutputReader,
)
from pool_gui.window.style.sentences import log_sentence


def read(written: bytes, clock: Callable[[], float] = lambda: 0.0) -> list[str]:
    """Return the log of a stream that held this."""
    log = Log()
    reading, writing = os.pipe()
    reader = OutputReader(os.fdopen(reading, "rb"), "stdout", log, clock)
    with os.fdopen(writing, "wb") as stream:
        stream.write(written)
    assert reader.stop(10)
    return [log_sentence(line) for line in log.lines()]


@given(st.lists(st.binary(max_size=20), max_size=20), st.data())
def test_lines_do_not_depend_on_how_the_bytes_come(
    lines: list[bytes], data: st.DataObject
) -> None:
    whole = b"\n".join(lines)
    splitter, got, at = LineSplitter(), [], 0
    while at < len(whole):
        size = data.draw(st.integers(1, 9))
        got += splitter.feed(whole[at : at + size])
        at += size
    got += splitter.end()
    wanted = [line.decode("utf-8", "replace").rstrip() for line in whole.split(b"\n")]
    assert got == [line for line in wanted if line]


def test_a_line_without_end_is_cut_once_and_its_rest_left_out() -> None:
    splitter = LineSplitter()
    got = [line for _ in range(100) for line in splitter.feed(b"x" * 1000)]
    assert len(got) == 1
    assert len(got[0]) <= MAX_LINE_BYTES + 1000
    assert len(splitter._rest) <= MAX_LINE_BYTES
    assert splitter.feed(b"rest\nnext\n") == ["next"]


def test_undecodable_bytes_are_replaced() -> None:
    assert read(b"a\xffb\n") == ["a\ufffdb"]


def test_the_last_line_needs_no_end() -> None:
    assert read(b"one\ntwo") == ["one", "two"]


def test_a_flood_is_counted_instead_of_shown() -> None:
    lines = read(b"x\n" * (MAX_LINES_PER_SECOND + 50))
    assert len(lines) == MAX_LINES_PER_SECOND + 2
    assert lines[-1] == "50 lines came too fast and were not shown."


def test_a_flood_is_told_at_once_and_not_only_when_it_is_over() -> None:
    lines = read(b"x\n" * (MAX_LINES_PER_SECOND + 50))
    assert lines[MAX_LINES_PER_SECOND].startswith(f"More than {MAX_LINES_PER_SECOND} ")


def test_a_reader_can_be_stopped_while_another_process_holds_the_pipe() -> None:
    log = Log()
    reading, writing = os.pipe()
    reader = OutputReader(os.fdopen(reading, "rb"), "stderr", log)
    os.write(writing, b"so far\n")
    assert reader.stop(0.2)
    os.close(writing)
    assert [(log_sentence(line), line.level) for line in log.lines()] == [
        ("so far", "warning")
    ]
