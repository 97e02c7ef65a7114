import pickle
import queue
import socket
import stat
import struct
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Client
from pathlib import Path

import pytest

from pool_gui.wire.channel import Channel, connect
from pool_gui.wire.errors import (
    HandshakeError,
    LinkClosedError,
    OversizedMessageError,
)
from pool_gui.wire.gate import Gate
from pool_gui.wire.protocol import (
    ENVIRONMENT_ADDRESS,
    ENVIRONMENT_KEY,
    HANDSHAKE_SECONDS,
    MAX_MESSAGE_BYTES,
)

Refusals = queue.SimpleQueue[str]


@pytest.fixture
def refusals() -> Refusals:
    return queue.SimpleQueue()


@pytest.fixture
def gate(refusals: Refusals) -> Iterator[Gate]:
    with Gate(refusals.put) as gate:
        yield gate


@pytest.fixture
def pair(gate: Gate) -> Iterator[tuple[Channel, Channel]]:
    agent = connect(gate.environment())
    window = gate.wait(20)
    assert window is not None
    yield window, agent
    agent.close()
    window.close()


def test_messages_cross_in_both_directions_in_order(
    pair: tuple[Channel, Channel],
) -> None:
    window, agent = pair
    for number in range(3):
        agent.send({"number": number}, b"12345678")
    window.send({"back": True})
    assert [window.receive().header for _ in range(3)] == [
        b'{"number":0}',
        b'{"number":1}',
        b'{"number":2}',
    ]
    assert agent.receive().header == b'{"back":true}'


def test_the_address_is_private_and_gone_after_close(gate: Gate) -> None:
    folder = Path(gate.address).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    gate.close()
    assert not folder.exists()


def test_the_key_is_new_each_time_and_taken_out_of_the_environment(
    refusals: Refusals,
) -> None:
    with Gate(refusals.put) as one, Gate(refusals.put) as other:
        variables = one.environment()
        assert variables[ENVIRONMENT_KEY] != other.environment()[ENVIRONMENT_KEY]
        assert len(bytes.fromhex(variables[ENVIRONMENT_KEY])) == 32
        variables["PATH"] = "kept"
        connect(variables).close()
        assert variables == {"PATH": "kept"}


def test_a_wrong_key_is_refused_on_both_sides(gate: Gate, refusals: Refusals) -> None:
    wrong = {**gate.environment(), ENVIRONMENT_KEY: "00" * 32}
    with pytest.raises(HandshakeError, match="refused the key"):
        connect(wrong)
    assert refusals.get(timeout=20) == "a peer with a wrong key was turned away"
    assert gate.wait(0) is None


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {ENVIRONMENT_ADDRESS: "/nowhere"},
        {ENVIRONMENT_KEY: "00"},
    ],
)
def test_without_the_variables_a_person_is_told_what_to_start(
    variables: dict[str, str],
) -> None:
    with pytest.raises(HandshakeError, match="to open the window, run: pool-gui"):
        connect(variables)


def test_a_gate_that_is_not_there_is_a_closed_link(tmp_path: Path) -> None:
    variables = {ENVIRONMENT_ADDRESS: str(tmp_path / "s"), ENVIRONMENT_KEY: "00"}
    with pytest.raises(LinkClosedError, match="cannot reach the window"):
        connect(variables)


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[tuple[socket.socket, dict[str, str]]]:
    """Yield a server that is no window, and the variables that lead to it."""
    address = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen()
        yield server, {ENVIRONMENT_ADDRESS: address, ENVIRONMENT_KEY: "00" * 32}


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        struct.pack("!i", 9) + b"#WELCOME#",
        struct.pack("!i", 20) + b"x" * 20,
        struct.pack("!i", -1) + b"\xff" * 8,
    ],
    ids=range(5),
)
def test_a_server_that_is_no_window_is_told_in_a_whole_sentence(
    stranger: tuple[socket.socket, dict[str, str]], said: bytes
) -> None:
    server, variables = stranger

    def serve() -> None:
        peer, _ = server.accept()
        with peer:
            peer.sendall(said)

    thread = threading.Thread(target=serve)
    thread.start()
    with pytest.raises(
        HandshakeError, match=r"^who listens there is no window \(.+\)$"
    ):
        connect(variables)
    thread.join()


def test_a_window_that_never_answers_is_not_waited_for(
    stranger: tuple[socket.socket, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pool_gui.wire.channel.HANDSHAKE_SECONDS", 0.1)
    with pytest.raises(HandshakeError, match=r"did not answer within 0\.1 seconds"):
        connect(stranger[1])


def test_so_many_silent_peers_as_there_may_be_do_not_keep_out_who_knows_the_key(
    gate: Gate,
) -> None:
    silent = [socket.socket(socket.AF_UNIX) for _ in range(300)]
    for peer in silent:
        peer.connect(gate.address)
    honest = connect(gate.environment())
    window = gate.wait(20)
    assert window is not None
    honest.close()
    window.close()
    for peer in silent:
        peer.close()


def test_an_accept_that_fails_again_and_again_is_tried_ever_more_seldom(
    refusals: Refusals, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(refusals.put)
    pauses: list[float] = []

    class Over:
        def wait(self, seconds: float) -> None:
            pauses.append(seconds)
            gate._closed = len(pauses) == 12

    class Failing:
        def accept(self) -> None:
            raise OSError(24, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(gate, "_over", Over())
        patch.setattr(gate, "_listener", Failing())
        gate._accept_loop()
    gate._closed = False
    gate.close()
    assert refusals.get() == "a connection failed: [Errno 24] Too many open files"
    assert pauses[:3] == [0.01, 0.02, 0.04]
    assert pauses[-1] == 5


def test_where_the_temporary_folder_has_a_long_name_a_shorter_one_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusals: Refusals
) -> None:
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    with Gate(refusals.put) as gate:
        assert len(gate.address) <= 100
        assert stat.S_IMODE(Path(gate.address).parent.stat().st_mode) == 0o700
        place = Path(gate.address).parent
    assert not place.exists()
    assert list(deep.iterdir()) == []


def test_a_second_peer_is_turned_away_and_the_first_is_unhurt(
    pair: tuple[Channel, Channel], gate: Gate, refusals: Refusals
) -> None:
    second = connect(gate.environment())
    assert "second peer" in refusals.get(timeout=20)
    with pytest.raises(LinkClosedError):
        second.receive()
    second.close()
    window, agent = pair
    agent.send({"still": "here"})
    assert window.receive().header == b'{"still":"here"}'


def test_silent_peers_are_dropped_in_time_and_hold_nobody_up(
    gate: Gate, refusals: Refusals
) -> None:
    started = time.monotonic()
    silent = [socket.socket(socket.AF_UNIX) for _ in range(100)]
    for peer in silent:
        peer.connect(gate.address)
    honest = connect(gate.environment())
    # One after the other they would take two hundred seconds.
    assert gate.wait(20) is not None, "an honest peer waited for the silent ones"
    for _ in silent:
        assert "within 2 seconds" in refusals.get(timeout=20)
    # Generous: it is the order of magnitude that matters on a loaded machine.
    assert time.monotonic() - started < HANDSHAKE_SECONDS + 20
    for peer in silent:
        peer.settimeout(5)
        while peer.recv(4096):
            pass  # the challenge, then the end
        peer.close()
    window = gate.wait(0)
    assert window is not None
    window.close()
    honest.close()


@pytest.mark.parametrize(
    "greeting",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64,
        struct.pack("!i", -1) + struct.pack("!Q", 1 << 63) + b"x" * 64,
        struct.pack("!i", 20) + b"#CHALLENGE#" + b"x" * 9,
        b"\x00\x00\x00\x00",
        pickle.dumps(Path("/")),
    ],
)
def test_a_foreign_greeting_is_refused(
    gate: Gate, refusals: Refusals, greeting: bytes
) -> None:
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(gate.address)
        peer.sendall(greeting)
        assert refusals.get(timeout=10).startswith("a peer")
    assert gate.wait(0) is None


def test_an_oversized_message_is_refused_before_it_is_read(gate: Gate) -> None:
    variables = gate.environment()
    peer = Client(
        variables[ENVIRONMENT_ADDRESS],
        authkey=bytes.fromhex(variables[ENVIRONMENT_KEY]),
    )
    window = gate.wait(20)
    assert window is not None
    with socket.socket(fileno=peer.fileno()) as raw:
        raw.sendall(struct.pack("!i", MAX_MESSAGE_BYTES + 1))
        with pytest.raises(OversizedMessageError, match="over the cap"):
            window.receive()
        raw.detach()
    peer.close()
    window.close()


def test_a_message_in_single_bytes_arrives_whole(gate: Gate) -> None:
    variables = gate.environment()
    peer = Client(
        variables[ENVIRONMENT_ADDRESS],
        authkey=bytes.fromhex(variables[ENVIRONMENT_KEY]),
    )
    window = gate.wait(20)
    assert window is not None
    text = b'{"a":1}'
    message = struct.pack("<I", len(text)) + text
    raw = socket.socket(fileno=peer.fileno())
    for byte in struct.pack("!i", len(message)) + message:
        raw.sendall(bytes([byte]))
    assert window.receive().header == text
    raw.detach()
    peer.close()
    window.close()


def test_closing_wakes_a_thread_that_waits_for_a_message(
    pair: tuple[Channel, Channel],
) -> None:
    window, _ = pair
    ended: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
    entered = threading.Event()

    def wait_for_message() -> None:
        entered.set()
        try:
            window.receive()
        except LinkClosedError as error:
            ended.put(error)
        else:
            ended.put(None)

    thread = threading.Thread(target=wait_for_message)
    thread.start()
    assert entered.wait(20)
    window.close()
    assert isinstance(ended.get(timeout=20), LinkClosedError)
    thread.join(20)


def test_a_vanished_peer_is_a_closed_link(pair: tuple[Channel, Channel]) -> None:
    window, agent = pair
    agent.close()
    with pytest.raises(LinkClosedError):
        window.receive()
    with pytest.raises(LinkClosedError):
        window.send({"text": "nobody reads this"})


def test_many_threads_may_send_without_mixing_their_bytes(
    pair: tuple[Channel, Channel],
) -> None:
    window, agent = pair

    def send_fifty(number: int) -> None:
        for _ in range(50):
            agent.send({"n": number}, bytes([number]) * 8000)

    senders = [threading.Thread(target=send_fifty, args=(n,)) for n in range(4)]
    for sender in senders:
        sender.start()
    for _ in range(200):
        message = window.receive()
        number = int(message.header[5:-1])
        assert message.body == bytes([number]) * 8000
    for sender in senders:
        sender.join(20)
