import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from pool_gui.demo.slow_server import SlowPeer

DEADLINE_SECONDS = 10.0


@pytest.fixture
def peer() -> Iterator[SlowPeer]:
    with closing(SlowPeer()) as peer:
        yield peer


def _ask(peer: SlowPeer, line: bytes) -> bytes:
    with peer.connect() as link:
        link.settimeout(DEADLINE_SECONDS)
        link.sendall(line)
        return link.recv(16)


def test_an_answer_takes_the_time_that_was_asked_for(peer: SlowPeer) -> None:
    began = time.monotonic()
    assert _ask(peer, b"0.05\n") == b"ok\n"
    assert time.monotonic() - began >= 0.05


def test_a_quick_question_is_not_held_up_by_a_slow_one(peer: SlowPeer) -> None:
    with peer.connect() as slow:
        slow.sendall(b"60\n")
        assert _ask(peer, b"0\n") == b"ok\n"


def test_a_line_may_come_in_pieces(peer: SlowPeer) -> None:
    with peer.connect() as link:
        link.settimeout(DEADLINE_SECONDS)
        link.sendall(b"0.")
        _ask(peer, b"0\n")  # meanwhile the first piece has been read
        link.sendall(b"01\n")
        assert link.recv(16) == b"ok\n"


@pytest.mark.parametrize(
    "line", [b"\n", b"soon\n", b"9" * 64, b"nan\n", b"-1\n", b"\xff" * 200]
)
def test_who_speaks_nonsense_is_hung_up_on(peer: SlowPeer, line: bytes) -> None:
    with peer.connect() as link:
        link.settimeout(DEADLINE_SECONDS)
        link.sendall(line)
        # A reset says the same, where bytes were left unread.
        with suppress(ConnectionResetError):
            assert link.recv(16) == b""


def test_who_hangs_up_harms_nobody(peer: SlowPeer) -> None:
    peer.connect().close()
    with peer.connect() as link:
        link.sendall(b"0.01\n")
    assert _ask(peer, b"0.02\n") == b"ok\n"


def test_closing_hangs_up_on_those_who_wait(peer: SlowPeer) -> None:
    with peer.connect() as waiting, peer.connect() as silent:
        waiting.sendall(b"60\n")
        _ask(peer, b"0\n")
        peer.close()
        for link in (waiting, silent):
            link.settimeout(DEADLINE_SECONDS)
            assert link.recv(16) == b""


def test_a_closed_peer_refuses_and_may_be_closed_again(peer: SlowPeer) -> None:
    peer.close()
    peer.close()
    with pytest.raises(ConnectionError, match="closed"):
        peer.connect()


def test_closing_raises_nothing_when_the_thread_is_ahead_of_it() -> None:
    """The thread may see the flag, and close its ends, before it is woken."""
    peer = SlowPeer()
    seen = threading.Event()
    with closing(peer), peer.connect() as link:
        link.settimeout(DEADLINE_SECONDS)
        serve, clean_up = peer._thread, peer._clean_up
        assert serve is not None

        def noted() -> None:
            clean_up()
            seen.set()

        peer._clean_up = noted  # type: ignore[method-assign]  # a spy
        peer._closed = True  # as `close` does first
        # The thread looks round, sees the flag and goes; when it still looked round
        # for the new connection, it has gone already.
        with suppress(BrokenPipeError, ConnectionResetError):
            link.sendall(b"0\n")
        assert seen.wait(DEADLINE_SECONDS)
        serve.join(DEADLINE_SECONDS)
        peer._closed = False
        peer.close()
    assert peer._wake_sender.fileno() == -1
    assert peer._wake_receiver.fileno() == -1


def test_many_ask_at_once(peer: SlowPeer) -> None:
    answers: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: answers.append(_ask(peer, b"0.01\n")))
        for _ in range(30)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_SECONDS)
    assert answers == [b"ok\n"] * 30


def test_it_listens_nowhere(peer: SlowPeer) -> None:
    with peer.connect() as link:
        assert link.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 0
        assert not link.getsockname()
        assert not link.getpeername()
