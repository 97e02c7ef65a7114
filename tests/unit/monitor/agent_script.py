"""A program with an agent of a few lines, for the tests of the session.

Usage: python agent_script.py SCENARIO. It speaks the protocol by hand, so that it can
also speak it badly.
"""

import os
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable

from pool_gui.wire.channel import Channel, connect
from pool_gui.wire.codec import read_header
from pool_gui.wire.errors import WireError
from pool_gui.wire.messages import COUNTS
from pool_gui.wire.protocol import ENVIRONMENT_KEY, PROTOCOL_VERSION


def hello(**changes: object) -> dict[str, object]:
    return {
        "kind": "hello",
        "protocol": PROTOCOL_VERSION,
        "agent": "script 1",
        "pid": os.getpid(),
        "python": "3.11.7",
        "implementation": "CPython",
        "gil": True,
        "argv": sys.argv,
        "clock_ns": time.perf_counter_ns(),
        "wall_ns": time.time_ns(),
        **changes,
    }


def frame(sequence: int, **changes: object) -> tuple[dict[str, object], bytes]:
    """Return a frame of one worker that runs one task after the other."""
    now = time.perf_counter_ns()
    pool = {
        "pool": 1,
        "name": "demo",
        "type": "script",
        "state": "running",
        "size": 1,
        "size_limit": 1,
        "depth": 0,
        "peak": 0,
        "limit": None,
        "counts": dict.fromkeys(COUNTS, sequence),
        "load": None,
    }
    header: dict[str, object] = {
        "kind": "frame",
        "sequence": sequence,
        "now_ns": now,
        "pools": [pool],
        "new_workers": [(1, "demo_0")] if sequence == 1 else [],
        "new_functions": [(1, "app.fetch")] if sequence == 1 else [],
        "errors": [],
        "workers": 1,
        "spans": 1,
        "span_stride": 1,
        "spans_dropped": 0,
        "agent_cpu_ns": 0,
        **changes,
    }
    row = (1, 1, 99, 1, sequence + 1, sequence, 0, 0, sequence + 1, 1, now, now)
    span = (1, 1, sequence, 1, now - 2000, now - 1000, now, 0)
    return header, struct.pack("<20q", *row, *span)


def welcomed() -> Channel:
    """Connect, say hello and wait for the answer."""
    channel = connect(os.environ)
    channel.send(hello())
    if read_header(channel.receive().header)["kind"] != "welcome":
        sys.exit("no welcome")
    return channel


def answer(channel: Channel) -> None:
    """Reply to each command until the window closes."""
    try:
        while True:
            command = read_header(channel.receive().header)
            name, ok = command["name"], command["name"] != "drain"
            text = f"{name} is done." if ok else f"{name} cannot be done."
            said = {"code": "line", "values": {"text": text}}
            reply = {"kind": "reply", "number": command["number"], "ok": ok, **said}
            channel.send(reply)
    except WireError:
        os._exit(0)


def live() -> None:
    """Send frames, answer commands, end with the window."""
    channel = welcomed()
    threading.Thread(target=answer, args=(channel,), daemon=True).start()
    sequence, tick = 0, threading.Event()
    try:
        while not tick.wait(1 / 30):
            sequence += 1
            channel.send(*frame(sequence))
    except WireError:
        os._exit(0)


def until_closed(channel: Channel) -> None:
    try:
        while True:
            channel.receive()
    except WireError:
        os._exit(0)


def silent() -> None:
    """Send one frame and then nothing more."""
    channel = welcomed()
    channel.send(*frame(1))
    until_closed(channel)


def half() -> None:
    """Stop in the middle of a message."""
    channel = welcomed()
    channel.send(*frame(1))
    os.write(channel._connection.fileno(), struct.pack("!i", 5000) + b"half")
    until_closed(channel)


def foreign() -> None:
    channel = connect(os.environ)
    channel.send(hello(protocol=7))
    until_closed(channel)


def malformed() -> None:
    channel = welcomed()
    channel.send(*frame(1, workers=2))
    until_closed(channel)


def no_message() -> None:
    channel = welcomed()
    channel._connection.send_bytes(b"\xff" * 100)
    until_closed(channel)


def oversized() -> None:
    channel = welcomed()
    os.write(channel._connection.fileno(), struct.pack("!i", 1 << 30))
    until_closed(channel)


def again() -> None:
    channel = welcomed()
    channel.send(hello())
    until_closed(channel)


def unasked() -> None:
    channel = welcomed()
    said = {"code": "line", "values": {"text": "Done."}}
    channel.send({"kind": "reply", "number": 77, "ok": True, **said})
    until_closed(channel)


def early() -> None:
    channel = connect(os.environ)
    channel.send(*frame(1))
    until_closed(channel)


def wrong_key() -> None:
    """Fail to prove the key, then do it right."""
    environment = {**os.environ, ENVIRONMENT_KEY: "00" * 32}
    try:
        connect(environment)
    except WireError:
        live()


def exits() -> None:
    welcomed().send(*frame(1))
    sys.exit(3)


def exits_early() -> None:
    sys.exit("there is no such thing")


def killed() -> None:
    channel = welcomed()
    channel.send(*frame(1))
    os.kill(os.getpid(), signal.SIGKILL)


def stubborn() -> None:
    """Do not end when asked, neither by the link nor by a signal."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    channel = welcomed()
    channel.send(*frame(1))
    threading.Event().wait()


def mute() -> None:
    """Never connect."""
    threading.Event().wait()


def talkative() -> None:
    print("to stdout", flush=True)
    print("to stderr", file=sys.stderr, flush=True)
    os.write(1, b"bad \xff byte\n" + b"x" * 100_000 + b"\nafter\n")
    live()


SCENARIOS: dict[str, Callable[[], None]] = {
    scenario.__name__: scenario
    for scenario in (
        live,
        silent,
        half,
        foreign,
        malformed,
        no_message,
        oversized,
        again,
        unasked,
        early,
        wrong_key,
        exits,
        exits_early,
        killed,
        stubborn,
        mute,
        talkative,
    )
}

if __name__ == "__main__":
    SCENARIOS[sys.argv[1]]()
