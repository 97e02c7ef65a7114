"""Malformed frames: each is refused by a WireError or does no harm.

The seed is printed; set POOL_GUI_FUZZ_SEED to repeat a run, or to make another one, and
POOL_GUI_FUZZ_FRAMES to make it longer.
"""

import json
import os
import pickle
import random
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import psutil
from unit.monitor import feed

import pool_gui
from pool_gui.monitor.model.program import History
from pool_gui.monitor.source.messages import FrameMessage, read
from pool_gui.wire import codec
from pool_gui.wire.errors import WireError
from pool_gui.wire.messages import Hello
from pool_gui.wire.protocol import MAX_HEADER_BYTES, MAX_MESSAGE_BYTES

FRAMES: Final = 30_000
FRAMES_PER_PROCESS: Final = 250
FRAME_NS: Final = 66 * feed.MS
FULL_NS: Final = 600 * feed.SECOND
GROWTH_BYTES: Final = 10_000_000
"""A table of names that doubles takes seven; a frame that stays whole, ten times it."""
SLOWEST_SECONDS: Final = 0.5

ODD_NUMBERS: Final = (
    0, -1, 1, 2, 3, 255, 2**31, 2**32, 2**53, 2**61, 2**62, 2**63 - 1, -(2**63),
)  # fmt: skip
ODD_NAMES: Final = (
    "", "\x00", "a\nb\r", "\u202eevil", "<img src=x onerror=y>", "\ufeff", "x" * 5000,
    "\U0010ffff", "é" * 300, "%s%n{0}",
)  # fmt: skip
ODD_JSON: Final = (
    b"NaN", b"Infinity", b"-Infinity", b"1e5000", b"9" * 5000, b"-1", b"1.5", b"true",
    b"null", b'"1"', b"[]", b"{}", b'"\\ud800"', b'"\\u0000"', b'"\xff\xfe"',
    b"18446744073709551616", b"[" * 5000,
)  # fmt: skip
FOREIGN: Final = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    b"#CHALLENGE#{sha256}" + bytes(20),
    b"SSH-2.0-OpenSSH_9.2p1\r\n",
    b"",
    b"\x00",
    bytes(4),
)


class Bomb:
    """Would leave a mark if it were ever unpickled."""

    exploded = False

    def __reduce__(self) -> tuple[Callable[[], None], tuple[()]]:
        return _explode, ()


def _explode() -> None:
    Bomb.exploded = True


class Forge:
    """Makes good messages, and bad ones out of them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.sequence = 0
        self.now = feed.BEGIN
        self.task = 0
        self.last = b""
        self.kinds: tuple[Callable[[], bytes], ...] = (
            self.cut,
            self.wrong_length,
            self.wrong_body,
            self.flipped,
            self.glued,
            self.odd_field,
            self.odd_json,
            self.missing_or_extra,
            self.twice,
            self.odd_row,
            self.odd_name,
            self.replayed,
            self.foreign,
            self.random_bytes,
        )

    def greet(self, history: History) -> None:
        """Let another process say hello, some time after the one before."""
        self.sequence = 0
        self.now += feed.SECOND
        greeting = feed.message(feed.hello(clock_ns=self.now))
        assert isinstance(greeting, Hello)
        history.begin(greeting, self.clock())

    def clock(self) -> int:
        """Return the window's clock."""
        return self.now - feed.BEGIN

    def parts(self) -> tuple[dict[str, object], bytes]:
        """Return a frame that fits what was told before."""
        self.sequence += 1
        self.now += FRAME_NS
        first = self.sequence == 1
        begin = self.now - 30 * feed.MS
        rows, spans = [], []
        for worker in (1, 2, 3):
            self.task += 2
            busy = self.random.random() < 0.5
            rows.append(
                feed.worker_row(
                    worker,
                    state=feed.BUSY if busy else feed.IDLE,
                    task=self.task if busy else 0,
                    since=self.now - feed.MS,
                    done=self.sequence,
                    busy=self.sequence * 20 * feed.MS,
                    function=1 if busy else 0,
                    queued=begin,
                )
            )
            spans.append(feed.span_row(worker, self.task - 1, begin, begin + 5))
        return feed.frame(
            self.sequence,
            self.now,
            rows,
            spans,
            new_workers=[(n, f"w{n}") for n in (1, 2, 3)] if first else [],
            new_functions=[(1, "app.fetch")] if first else [],
        )

    def good(self) -> bytes:
        self.last = codec.encode(*self.parts())
        return self.last

    def pack(self, header: bytes, body: bytes) -> bytes:
        return struct.pack("<I", len(header)) + header + body

    def cut(self) -> bytes:
        message = self.good()
        return message[: self.random.randrange(len(message))]

    def wrong_length(self) -> bytes:
        told = self.random.choice(
            (0, 0xFFFFFFFF, 1 << 31, MAX_HEADER_BYTES + 1, len(self.good()))
        )
        return struct.pack("<I", told) + self.good()[4:]

    def wrong_body(self) -> bytes:
        header, body = self.parts()
        change = self.random.choice((body[:-8], body + bytes(8), body[:-3], b""))
        return self.pack(json.dumps(header).encode(), change)

    def flipped(self) -> bytes:
        message = bytearray(self.good())
        for _ in range(self.random.randint(1, 8)):
            bit = self.random.randrange(len(message) * 8)
            message[bit // 8] ^= 1 << bit % 8
        return bytes(message)

    def glued(self) -> bytes:
        return self.good() + self.good()

    def _field(self, header: dict[str, object]) -> tuple[dict[str, object], str]:
        """Return a place in a header: of the frame, or of its pool."""
        pools = header["pools"]
        inner = self.random.random() < 0.4 and isinstance(pools, list)
        target = pools[0] if inner and isinstance(pools, list) else header
        return target, self.random.choice(list(target))

    def odd_field(self) -> bytes:
        header, body = self.parts()
        target, name = self._field(header)
        odd: tuple[object, ...] = (*ODD_NUMBERS, *ODD_NAMES, None, [], {}, [[]], 1.5)
        target[name] = self.random.choice(odd)
        return self.pack(json.dumps(header).encode("utf-8", "replace"), body)

    def odd_json(self) -> bytes:
        header, body = self.parts()
        target, name = self._field(header)
        target[name] = "@here@"
        text = json.dumps(header).encode()
        odd = self.random.choice(ODD_JSON)
        return self.pack(text.replace(b'"@here@"', odd), body)

    def missing_or_extra(self) -> bytes:
        header, body = self.parts()
        target, name = self._field(header)
        if self.random.random() < 0.5:
            del target[name]
        else:
            target[self.random.choice(("extra", "__class__", ""))] = 1
        return self.pack(json.dumps(header).encode(), body)

    def twice(self) -> bytes:
        header, body = self.parts()
        text = json.dumps(header)
        name = self.random.choice(list(header))
        again = json.dumps({name: header[name]})[1:-1]
        return self.pack(f"{text[:-1]}, {again}}}".encode(), body)

    def odd_row(self) -> bytes:
        header, body = self.parts()
        values = list(struct.unpack(f"<{len(body) // 8}q", body))
        for _ in range(self.random.randint(1, 3)):
            place = self.random.randrange(len(values))
            negated = min(-values[place], 2**63 - 1)
            odd = (*ODD_NUMBERS, self.now, self.now + 10**15, negated)
            values[place] = self.random.choice(odd)
        return codec.encode(header, struct.pack(f"<{len(values)}q", *values))

    def odd_name(self) -> bytes:
        header, body = self.parts()
        number = self.random.choice((1, 2, 7, self.sequence + 10))
        named = [(number, self.random.choice(ODD_NAMES))]
        header[self.random.choice(("new_workers", "new_functions"))] = named
        header["errors"] = [(1, number, self.random.choice(ODD_NAMES))]
        return codec.encode(header, body)

    def replayed(self) -> bytes:
        return self.last or self.good()

    def foreign(self) -> bytes:
        if self.random.random() < 0.5:
            return self.random.choice(FOREIGN)
        payload = pickle.dumps(Bomb())
        padded = payload + bytes(-len(payload) % 8)
        return self.random.choice(
            (
                payload,
                self.pack(payload, b""),
                self.pack(json.dumps(self.parts()[0]).encode(), padded),
            )
        )

    def random_bytes(self) -> bytes:
        return self.random.randbytes(self.random.randrange(200))


def take_in(history: History, message: bytes, received_ns: int) -> bool:
    """Return whether the bytes were accepted; anything but a WireError is a bug."""
    try:
        got = read(codec.split(message))
        if isinstance(got, FrameMessage):
            history.fold(got, received_ns)
    except WireError:
        return False
    return True


def send_many(frames: int, seed: int) -> dict[str, object]:
    """Return what so many malformed frames have done to this process."""
    forge, history = Forge(seed), History()
    process = psutil.Process()
    accepted, slowest, before = 0, 0.0, 0
    for number in range(frames):
        if number % FRAMES_PER_PROCESS == 0:
            history.end()
            forge.greet(history)
            take_in(history, forge.good(), forge.clock())
        if number == frames // 2:  # the model's ten minutes are full
            assert forge.clock() > FULL_NS
            before = process.memory_info().rss
        message = forge.kinds[number % len(forge.kinds)]()
        begin = time.thread_time()
        accepted += take_in(history, message, forge.clock())
        slowest = max(slowest, time.thread_time() - begin)
    growth = process.memory_info().rss - before
    history.end()
    forge.greet(history)
    return {
        "growth": growth,
        "slowest": slowest,
        "accepted": accepted,
        "exploded": Bomb.exploded,
        "understood": take_in(history, forge.good(), forge.clock()),
    }


def test_many_malformed_frames_do_no_harm() -> None:
    """In a program of its own, whose memory no other test has moved."""
    seed = int(os.environ.get("POOL_GUI_FUZZ_SEED", "20261124"))
    frames = int(os.environ.get("POOL_GUI_FUZZ_FRAMES", str(FRAMES)))
    print(f"POOL_GUI_FUZZ_SEED={seed} POOL_GUI_FUZZ_FRAMES={frames}")
    tests, source = Path(__file__).parents[2], Path(pool_gui.__file__).parents[1]
    program = subprocess.run(
        [sys.executable, __file__, str(frames), str(seed)],
        env={**os.environ, "PYTHONPATH": f"{source}{os.pathsep}{tests}"},
        stdout=subprocess.PIPE,
        check=True,
    )
    said = json.loads(program.stdout)
    assert said["growth"] < GROWTH_BYTES
    assert said["slowest"] < SLOWEST_SECONDS
    assert not said["exploded"]
    # Most are refused; some changes are to what may be changed (a name, a count).
    assert 0 < said["accepted"] < frames / 2
    assert said["understood"], "an honest process is still understood"


def test_a_good_frame_cut_at_every_byte_is_refused() -> None:
    forge, history = Forge(1), History()
    forge.greet(history)
    message = forge.good()
    for length in range(len(message)):
        assert not take_in(history, message[:length], forge.clock())
    assert take_in(history, message, forge.clock())


def test_a_message_and_a_header_over_the_cap_are_refused() -> None:
    history = History()
    assert not take_in(history, bytes(MAX_MESSAGE_BYTES + 8), 0)
    header = b'{"a":"' + b"x" * MAX_HEADER_BYTES + b'"}'
    assert not take_in(history, struct.pack("<I", len(header)) + header, 0)


def test_nesting_a_hundred_thousand_deep_is_refused() -> None:
    history = History()
    for text in (b"[" * 100_000, b'{"kind":"frame","load":' + b'{"a":' * 40_000):
        assert not take_in(history, struct.pack("<I", len(text)) + text, 0)


if __name__ == "__main__":
    print(json.dumps(send_many(int(sys.argv[1]), int(sys.argv[2]))))
