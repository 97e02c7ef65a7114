import threading

from pool_gui.monitor.log import MAX_CHARACTERS, MAX_LINES, Log
from pool_gui.window.style.sentences import log_sentence
from pool_gui.wire.notes import line as said


def test_lines_are_numbered_and_the_tuple_stays_while_nothing_comes() -> None:
    log = Log(wall_clock=lambda: 12.0)
    log.add("pool", "info", said("one"))
    first = log.lines()
    assert log.lines() is first
    log.add("window", "error", said("two"))
    assert log.lines() is not first
    assert [(line.number, log_sentence(line)) for line in log.lines()] == [
        (1, "one"),
        (2, "two"),
    ]
    assert log.lines()[0].wall_seconds == 12.0


def test_only_the_newest_lines_are_kept() -> None:
    log = Log()
    for number in range(MAX_LINES + 10):
        log.add("stdout", "info", said(str(number)))
    assert len(log.lines()) == MAX_LINES
    assert log.lines()[-1].number == MAX_LINES + 10


def test_a_line_is_cut_and_made_printable() -> None:
    log = Log()
    log.add("stdout", "info", said("\x1b[31mred\x00\u202e\t." + "x" * 9000))
    (line,) = log.lines()
    assert log_sentence(line).isprintable()
    assert len(log_sentence(line)) <= MAX_CHARACTERS + 4


def test_many_threads_may_add() -> None:
    log = Log()

    def add() -> None:
        for _ in range(200):
            log.add("pool", "info", said("x"))

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [line.number for line in log.lines()] == list(range(1, 1601))
