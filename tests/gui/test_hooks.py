import os
import signal
import sys
import threading
from collections.abc import Iterator

import pytest

from pool_gui.window.crash import Hooks

NOTHING: dict[str, str] = {}


class Told:
    def __init__(self) -> None:
        self.sentences: list[str] = []
        self.ends = 0

    def end(self) -> None:
        self.ends += 1


@pytest.fixture
def told() -> Iterator[Told]:
    told = Told()
    before = sys.excepthook, threading.excepthook
    signals = {
        n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    hooks = Hooks(told.sentences.append, told.end)
    hooks.install()
    yield told
    hooks.remove()
    sys.excepthook, threading.excepthook = before
    for number, handler in signals.items():
        signal.signal(number, handler)


def fail() -> None:
    try:
        NOTHING["x"]
    except KeyError:
        sys.excepthook(*sys.exc_info())


@pytest.mark.expects_log
def test_a_fault_is_shown_once_and_then_ever_more_rarely(
    told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(120):
        fail()
    assert told.sentences == [
        "A defect of pool_gui: KeyError: 'x'",
        "A defect of pool_gui: KeyError: 'x' (seen 10 times)",
        "A defect of pool_gui: KeyError: 'x' (seen 100 times)",
    ]
    assert len(caplog.records) == 3
    assert caplog.records[0].exc_info is not None


@pytest.mark.expects_log
def test_a_fault_in_a_thread_is_shown_too(told: Told) -> None:
    thread = threading.Thread(target=fail_plainly)
    thread.start()
    thread.join()
    assert told.sentences == ["A defect of pool_gui: ValueError: in a thread"]


def fail_plainly() -> None:
    raise ValueError("in a thread")


@pytest.mark.expects_log
def test_faults_from_ever_new_places_are_counted_in_bounded_memory(told: Told) -> None:
    for number in range(400):
        code = compile("raise ZeroDivisionError", f"place-{number}", "exec")
        try:
            exec(code)  # noqa: S102  # a place of its own for each
        except ZeroDivisionError:
            sys.excepthook(*sys.exc_info())
    # 256 places, then all others as one: seen for the 1st, 10th and 100th time.
    assert len(told.sentences) == 256 + 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_begins_the_orderly_end(told: Told, number: signal.Signals) -> None:
    signal.raise_signal(number)
    assert told.ends == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_in_order_and_the_second_one_at_once(
    told: Told, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    signal.raise_signal(number)
    assert (told.ends, codes) == (1, [])
    signal.raise_signal(number)
    assert codes == [128 + number]


def test_a_hang_up_that_is_ignored_stays_ignored() -> None:
    """`nohup pool-gui &` goes on when its terminal goes."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    others = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}
    hooks = Hooks(lambda _sentence: None, lambda: None)
    hooks.install()
    kept = signal.getsignal(signal.SIGHUP)
    hooks.remove()
    after = signal.signal(signal.SIGHUP, before)
    for number, handler in others.items():
        signal.signal(number, handler)
    assert (kept, after) == (signal.SIG_IGN, signal.SIG_IGN)
