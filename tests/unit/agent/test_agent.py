"""The agent over a real connection; the test is the window."""

import json
import logging
import os
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any

import pytest

from pool_gui.agent import Agent, CommandRefusedError
from pool_gui.agent.adapters.base import Blocked, PoolReading, WatchedWorker
from pool_gui.agent.agent import SPANS_PER_SECOND
from pool_gui.wire import commands
from pool_gui.wire.channel import Channel, connect
from pool_gui.wire.commands import Command, Look, Pause, Resize
from pool_gui.wire.errors import (
    ForeignProtocolError,
    HandshakeError,
    LinkClosedError,
    WireError,
)
from pool_gui.wire.gate import Gate
from pool_gui.wire.messages import Counts, Hello
from pool_gui.wire.notes import Note, note
from pool_gui.wire.protocol import (
    CLOSE_INTERVAL_SECONDS,
    FRAME_INTERVAL_SECONDS,
    MAX_SPANS_PER_FRAME,
    PROTOCOL_VERSION,
)

DEADLINE_SECONDS = 10.0


class Link:
    """Both ends of a connection: the window's, and the agent's."""

    def __init__(self) -> None:
        self.refusals: list[str] = []
        self._gate = Gate(self.refusals.append)
        self.agent_end = connect(self._gate.environment())
        window_end = self._gate.wait(DEADLINE_SECONDS)
        assert window_end is not None
        self.window_end: Channel = window_end

    def close(self) -> None:
        self.agent_end.close()
        self.window_end.close()
        self._gate.close()

    def receive(self, kind: str) -> dict[str, Any]:
        """Return the next message of a kind; the test's time limit bounds it."""
        while True:
            header: dict[str, Any] = json.loads(self.window_end.receive().header)
            if header["kind"] == kind:
                return header

    def command(self, command: Command, number: int = 1) -> dict[str, Any]:
        self.window_end.send(commands.to_header(command, number))
        return self.receive("reply")

    def send_raw(self, header: Mapping[str, object], body: bytes = b"") -> None:
        self.window_end.send(header, body)


class CountingPool:
    """A pool without workers whose counts the test sets."""

    name = "counting"
    type_name = "fake.Pool"

    def __init__(self) -> None:
        self.submitted = 0

    def read(self) -> PoolReading:
        return PoolReading("running", 0, 0, None, 0, Counts(self.submitted))

    def take_peak(self) -> int:
        return 0

    def workers(self) -> list[WatchedWorker]:
        return []

    def stuck(self) -> tuple[Blocked, ...]:
        return ()

    def watch(self, mask: int) -> None:
        """Record nothing: there are no workers."""


def submitted(frame: Mapping[str, Any]) -> int:
    count: int = frame["pools"][0]["counts"]["submitted"]
    return count


@pytest.fixture
def link() -> Iterator[Link]:
    with closing(Link()) as link:
        yield link


def _greet(link: Link, protocol: int = PROTOCOL_VERSION) -> dict[str, Any]:
    hello = link.receive("hello")
    link.send_raw({"kind": "welcome", "protocol": protocol})
    return hello


def _do(command: Command, _pool: int) -> Note:
    return note("done", command=command.name)


def _started(
    link: Link,
    handler: Callable[[Command, int], Note] = _do,
    on_link_lost: Callable[[], None] = lambda: None,
) -> Agent:
    agent = Agent(link.agent_end, handler, on_link_lost=on_link_lost)
    greeting = threading.Thread(target=_greet, args=(link,))
    greeting.start()
    agent.start()
    greeting.join()
    return agent


@pytest.fixture
def agent(link: Link) -> Iterator[Agent]:
    agent = _started(link)
    yield agent
    agent.stop()


def _is_alive(agent: Agent) -> bool:
    """Whether a thread of this agent is left: those of others are not its matter."""
    return any(thread.is_alive() for thread in agent._threads)


def test_the_first_message_introduces_the_process(link: Link) -> None:
    hellos: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    greeting = threading.Thread(target=lambda: hellos.put(_greet(link)))
    greeting.start()
    before = time.perf_counter_ns()
    agent = Agent(link.agent_end, _do)
    agent.start()
    greeting.join()
    hello = hellos.get()
    assert hello.keys() == {"kind", *Hello.__dataclass_fields__}
    assert hello["protocol"] == PROTOCOL_VERSION
    assert hello["pid"] == os.getpid()
    assert hello["python"] == ".".join(map(str, sys.version_info[:3]))
    assert hello["gil"] is getattr(sys, "_is_gil_enabled", lambda: True)()
    assert before <= hello["clock_ns"] <= time.perf_counter_ns()
    assert abs(hello["wall_ns"] - time.time_ns()) < 60e9
    agent.stop()


def test_another_version_of_the_protocol_is_refused(link: Link) -> None:
    link.send_raw({"kind": "welcome", "protocol": PROTOCOL_VERSION + 1})
    agent = Agent(link.agent_end, _do)
    with pytest.raises(ForeignProtocolError, match=f"protocol {PROTOCOL_VERSION + 1}"):
        agent.start()
    assert not _is_alive(agent)


def test_an_absurd_version_is_not_repeated(link: Link) -> None:
    link.send_raw({"kind": "welcome", "protocol": "9" * 200_000})
    agent = Agent(link.agent_end, _do)
    with pytest.raises(ForeignProtocolError) as caught:
        agent.start()
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"kind": "command"}, HandshakeError),
        ({}, HandshakeError),
        ({"kind": "welcome"}, ForeignProtocolError),
        ({"kind": "welcome", "protocol": [1]}, ForeignProtocolError),
    ],
)
def test_an_answer_that_is_no_welcome_is_refused(
    link: Link, answer: dict[str, object], error: type[WireError]
) -> None:
    link.send_raw(answer)
    with pytest.raises(error):
        Agent(link.agent_end, _do).start()


def test_a_window_that_says_nothing_is_not_waited_for_without_end(link: Link) -> None:
    agent = Agent(link.agent_end, _do)
    with pytest.raises(HandshakeError, match=r"within 0\.05 seconds"):
        agent.start(welcome_seconds=0.05)
    assert not _is_alive(agent)


def test_a_window_that_hangs_up_is_told_apart(link: Link) -> None:
    lost: list[int] = []
    link.window_end.close()
    agent = Agent(link.agent_end, _do, on_link_lost=lambda: lost.append(1))
    with pytest.raises(LinkClosedError):
        agent.start()
    assert lost == []
    assert not _is_alive(agent)


def test_an_idle_process_still_sends_a_pulse(link: Link, agent: Agent) -> None:
    first, second = link.receive("frame"), link.receive("frame")
    assert second["sequence"] == first["sequence"] + 1
    assert second["now_ns"] - first["now_ns"] > 0.2e9


def test_a_submit_to_an_idle_pool_shows_within_100_ms(link: Link, agent: Agent) -> None:
    pool = CountingPool()
    agent.watch(pool)
    while not link.receive("frame")["pools"]:
        pass
    took_ns = []
    # On a loaded machine one of them may come late; not each of ten.
    for number in range(1, 11):
        link.receive("frame")  # a pulse: nothing moves
        pool.submitted = number
        changed_ns = time.perf_counter_ns()
        while (frame := link.receive("frame")) and submitted(frame) < number:
            pass
        took_ns.append(frame["now_ns"] - changed_ns)
        if took_ns[-1] < 0.1e9:
            return
    pytest.fail(f"it took {took_ns} ns")


def test_the_agent_measures_its_own_cpu_time(link: Link, agent: Agent) -> None:
    link.receive("frame")
    assert link.receive("frame")["agent_cpu_ns"] > 0
    assert agent.cpu_ns() > 0


def test_a_command_is_carried_out_and_answered(link: Link) -> None:
    done: list[Command] = []

    def handler(command: Command, _pool: int) -> Note:
        done.append(command)
        return note("resized", workers=3)

    agent = _started(link, handler)
    assert link.command(Resize(3), number=17) == {
        "kind": "reply",
        "number": 17,
        "ok": True,
        "code": "resized",
        "values": {"workers": 3},
    }
    assert done == [Resize(3)]
    agent.stop()


def test_a_command_that_cannot_be_done_is_answered_with_the_reason(link: Link) -> None:
    def handler(_: Command, _pool: int) -> Note:
        raise CommandRefusedError("waiting-full", tasks=7)

    agent = _started(link, handler)
    reply = link.command(Pause(), number=4)
    told = reply["ok"], reply["code"], reply["values"]
    assert told == (False, "waiting-full", {"tasks": 7})
    agent.stop()


@pytest.mark.expects_log
def test_a_handler_that_breaks_takes_the_next_command_all_the_same(
    link: Link, caplog: pytest.LogCaptureFixture
) -> None:
    def handler(command: Command, _pool: int) -> Note:
        if isinstance(command, Pause):
            raise ZeroDivisionError
        return note("fine")

    agent = _started(link, handler)
    with caplog.at_level(logging.ERROR, "pool_gui.agent"):
        reply = link.command(Pause())
    assert reply["ok"] is False
    assert reply["code"] == "failed"
    assert reply["values"] == {"command": "pause", "error": "ZeroDivisionError"}
    assert caplog.records[0].exc_info is not None
    assert link.command(Resize(1))["code"] == "fine"
    agent.stop()


@pytest.mark.parametrize(
    ("header", "number"),
    [
        ({}, 0),
        ({"kind": "command", "number": 5, "name": "explode", "arguments": {}}, 5),
        ({"kind": "command", "number": -5, "name": "pause", "arguments": {}}, 0),
        ({"kind": "command", "number": True, "name": "pause", "arguments": {}}, 0),
        ({"kind": "command", "number": 1 << 70, "name": "pause", "arguments": {}}, 0),
        ({"kind": "frame", "number": 6, "name": "pause", "arguments": {}}, 6),
        ({"kind": "command", "number": 7, "name": "pause"}, 7),
        (
            {
                "kind": "command",
                "number": 8,
                "name": "resize",
                "arguments": {"size": 1e9},
            },
            8,
        ),
    ],
)
def test_a_malformed_command_is_refused_and_the_next_one_done(
    link: Link, agent: Agent, header: dict[str, object], number: int
) -> None:
    link.send_raw(header)
    reply = link.receive("reply")
    assert (reply["ok"], reply["number"]) == (False, number)
    assert link.command(Pause())["ok"] is True


def test_a_command_with_a_body_is_refused(link: Link, agent: Agent) -> None:
    link.send_raw(commands.to_header(Pause(), 3), bytes(8))
    assert link.receive("reply")["ok"] is False


def _raw_bytes(link: Link, data: bytes) -> None:
    with socket.socket(
        fileno=os.dup(link.window_end._connection.fileno())
    ) as window_socket:
        window_socket.sendall(data)


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x00\x00\x00\x02ab",
        b"\x7f\xff\xff\xff" + bytes(100),
        b"\x00\x00\x00\x08\xff\xff\xff\xff{}{}",
    ],
)
def test_bytes_that_are_no_message_close_the_link(link: Link, data: bytes) -> None:
    lost = threading.Event()
    agent = _started(link, on_link_lost=lost.set)
    _raw_bytes(link, data)
    assert lost.wait(DEADLINE_SECONDS)
    with pytest.raises(LinkClosedError):
        link.receive("nothing")
    agent.stop()


def test_bytes_that_are_no_json_are_answered(link: Link, agent: Agent) -> None:
    _raw_bytes(link, b"\x00\x00\x00\x08\x04\x00\x00\x00{{{{")
    reply = link.receive("reply")
    assert (reply["number"], reply["ok"]) == (0, False)
    assert link.command(Pause())["ok"] is True


def test_the_loss_of_the_link_is_told_once(link: Link) -> None:
    lost: queue.SimpleQueue[str] = queue.SimpleQueue()
    agent = _started(
        link, on_link_lost=lambda: lost.put(threading.current_thread().name)
    )
    link.window_end.close()
    assert lost.get(timeout=DEADLINE_SECONDS) in {"agent", "commands"}
    agent.stop()
    assert not _is_alive(agent)
    assert lost.empty()


class BrokenPool(CountingPool):
    def take_peak(self) -> int:
        raise ZeroDivisionError


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnhandledThreadExceptionWarning"  # its trace is wanted
)
def test_a_link_that_gets_no_frames_any_more_is_closed(link: Link) -> None:
    lost = threading.Event()
    agent = _started(link, on_link_lost=lost.set)
    agent.watch(BrokenPool())
    assert lost.wait(DEADLINE_SECONDS)
    agent.stop()


def test_stopping_is_no_loss_and_may_be_done_twice(link: Link) -> None:
    lost: list[int] = []
    agent = _started(link, on_link_lost=lambda: lost.append(1))
    agent.stop()
    agent.stop()
    assert not _is_alive(agent)
    assert lost == []


def test_a_window_that_does_not_read_stops_no_pool_and_then_learns_the_truth(
    link: Link,
) -> None:
    pool = MovingPool()
    with socket.socket(fileno=os.dup(link.agent_end._connection.fileno())) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # soon full
    agent = _started(link)
    agent.watch(pool)
    # The pipe fills, the agent's own thread waits, and asks the pool nothing more.
    assert pool.stood_still(seconds=0.3)
    pool.let_state = "stopped"
    last = 0
    gap = 0
    while True:
        frame = link.receive("frame")
        gap = max(gap, frame["sequence"] - last)
        last = frame["sequence"]
        if frame["pools"] and frame["pools"][0]["state"] == "stopped":
            break
    assert gap > 0.2 / FRAME_INTERVAL_SECONDS
    agent.stop()


class MovingPool(CountingPool):
    """Its counts move at each look; its name fills the pipe soon."""

    name = "x" * 200

    def __init__(self) -> None:
        super().__init__()
        self.let_state = "running"
        self._asked = threading.Condition()

    def read(self) -> PoolReading:
        with self._asked:
            self.submitted += 1
            self._asked.notify_all()
        return super().read()._replace(state=self.let_state)

    def stood_still(self, seconds: float) -> bool:
        deadline = time.monotonic() + DEADLINE_SECONDS
        with self._asked:
            while time.monotonic() < deadline:
                if not self._asked.wait(seconds):
                    return True
        return False


def test_frames_come_more_often_while_somebody_looks_closely(link: Link) -> None:
    counting = CountingPool()
    agent = _started(link)
    agent.watch(counting)

    def frames(seconds: float) -> int:
        """Return how many frames come while the pool never rests."""
        first: int | None = None
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            counting.submitted += 1
            last = int(link.receive("frame")["sequence"])
            first = last if first is None else first
        assert first is not None
        return last - first

    calm = frames(1.0)
    reply = link.command(Look(close=True, stacks=False), number=3)
    assert (reply["ok"], reply["code"]) == (True, "looking")
    close = frames(1.0)
    assert close > 1.5 * calm, "numbers count what was due, sent or not"
    link.command(Look(close=False, stacks=False))
    assert frames(1.0) < 0.75 * close
    agent.stop()


@pytest.mark.parametrize("interval", [FRAME_INTERVAL_SECONDS, CLOSE_INTERVAL_SECONDS])
def test_no_frame_is_to_hold_more_tasks_than_the_wire_takes(interval: float) -> None:
    assert SPANS_PER_SECOND * interval <= MAX_SPANS_PER_FRAME
