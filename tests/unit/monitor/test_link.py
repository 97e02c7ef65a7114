import threading
import time
from collections.abc import Iterator

import pytest

from pool_gui.monitor.source.pump import MAX_RECEIVED, MAX_UNSENT, LinkThreads
from pool_gui.wire.channel import Channel, connect
from pool_gui.wire.codec import RawMessage, read_header
from pool_gui.wire.errors import LinkClosedError, WireError
from pool_gui.wire.gate import Gate

SECONDS = 20.0


class Pair:
    """A link, and the channel at its other end."""

    def __init__(self) -> None:
        with Gate(lambda _: None) as gate:
            self.peer = connect(gate.environment())
            channel = gate.wait(SECONDS)
        assert channel is not None
        self.woken = threading.Semaphore(0)
        self.link = LinkThreads(channel, lambda: 7, self.woken.release)

    def next(self) -> RawMessage | WireError:
        assert self.woken.acquire(timeout=SECONDS)
        came = self.link.receive()
        assert came is not None
        assert came[0] == 7
        return came[1]


@pytest.fixture
def pair() -> Iterator[Pair]:
    one = Pair()
    yield one
    one.peer.close()
    one.link.close(2.0)


def test_messages_come_in_their_order_with_the_clock(pair: Pair) -> None:
    assert pair.link.receive() is None
    for number in range(3):
        pair.peer.send({"number": number})
    got = [pair.next() for _ in range(3)]
    headers = [read_header(one.header) for one in got if isinstance(one, RawMessage)]
    assert headers == [{"number": 0}, {"number": 1}, {"number": 2}]


def test_the_end_of_the_link_is_the_last_that_comes(pair: Pair) -> None:
    pair.peer.send({"a": 1})
    pair.peer.close()
    assert isinstance(pair.next(), RawMessage)
    assert isinstance(pair.next(), LinkClosedError)


def test_a_session_that_falls_behind_makes_the_sender_wait(pair: Pair) -> None:
    sent = threading.Semaphore(0)

    def send(channel: Channel) -> None:
        try:
            while True:
                channel.send({"a": 1}, bytes(1 << 16))
                sent.release()
        except LinkClosedError:
            return

    sender = threading.Thread(target=send, args=(pair.peer,))
    sender.start()
    for _ in range(MAX_RECEIVED):
        assert sent.acquire(timeout=SECONDS)
    count = MAX_RECEIVED
    while sent.acquire(timeout=0.5):
        count += 1
        assert count < 3 * MAX_RECEIVED, "nobody made the sender wait"
    pair.link.close(2.0)
    sender.join(SECONDS)
    assert not sender.is_alive()


def test_commands_to_a_peer_that_does_not_read_are_bounded(pair: Pair) -> None:
    begin = time.monotonic()
    accepted = 0
    while pair.link.send({"text": "x" * 100_000}):
        accepted += 1
        assert accepted < MAX_UNSENT + 50
    assert accepted >= MAX_UNSENT
    assert time.monotonic() - begin < SECONDS


def test_closing_sends_what_waits_and_ends_both_threads(pair: Pair) -> None:
    assert pair.link.send({"last": 1})
    assert pair.link.close(5.0) == ()
    assert read_header(pair.peer.receive().header) == {"last": 1}
    with pytest.raises(LinkClosedError):
        pair.peer.receive()


def test_closing_does_not_wait_for_a_peer_that_does_not_read(pair: Pair) -> None:
    while pair.link.send({"text": "x" * 100_000}):
        pass
    begin = time.monotonic()
    assert pair.link.close(0.5) == ()
    assert time.monotonic() - begin < 5
