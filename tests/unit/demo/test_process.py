"""The real pool process; the test is the window."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any

import psutil
import pytest

import pool_gui
from pool_gui.demo.process import EXIT_FAILED, NICENESS
from pool_gui.window.style.sentences import sentence
from pool_gui.wire import commands
from pool_gui.wire.codec import RawMessage
from pool_gui.wire.commands import Arrival, Batch, Command, Drain, Retry, Start, Submit
from pool_gui.wire.errors import LinkClosedError
from pool_gui.wire.gate import Gate
from pool_gui.wire.notes import Note
from pool_gui.wire.protocol import (
    PROTOCOL_VERSION,
    SPAN_COLUMNS,
    WORKER_COLUMNS,
    WorkerCode,
    WorkerColumn,
)

DEADLINE_SECONDS = 20.0
ENDS_WITHIN_SECONDS = 10.0
"""Two on an idle machine; the tasks that it must not wait for take a minute."""
COMMAND = [sys.executable, "-m", "pool_gui.demo"]


class Child:
    """A pool process and the window's end of its link."""

    def __init__(
        self, *, welcome: bool = True, command: Sequence[str] = tuple(COMMAND)
    ) -> None:
        self.refusals: list[str] = []
        self._frames: deque[tuple[dict[str, Any], RawMessage]] = deque()
        self._gate = Gate(self.refusals.append)
        self.process = subprocess.Popen(
            command,
            env={**os.environ, **self._gate.environment()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        channel = self._gate.wait(DEADLINE_SECONDS)
        assert channel is not None, self.refusals
        self.channel = channel
        self.hello = json.loads(self.channel.receive().header)
        if welcome:
            self.channel.send({"kind": "welcome", "protocol": PROTOCOL_VERSION})

    def do(self, command: Command) -> str:
        self.channel.send(commands.to_header(command, 1))
        while True:
            raw = self.channel.receive()
            header = json.loads(raw.header)
            if header["kind"] == "reply":
                assert header["ok"], header
                return sentence(Note(header["code"], header["values"]))
            self._frames.append((header, raw))

    def frame_when(
        self, condition: Callable[[dict[str, Any]], object]
    ) -> tuple[dict[str, Any], RawMessage]:
        """Return the first frame of which this is true; none is looked at twice."""
        return self.message_when(lambda h: h["kind"] == "frame" and condition(h))

    def message_when(
        self, condition: Callable[[dict[str, Any]], object]
    ) -> tuple[dict[str, Any], RawMessage]:
        """Return the first message of which this is true; likewise."""
        while True:
            if self._frames:
                header, raw = self._frames.popleft()
            else:
                raw = self.channel.receive()
                header = json.loads(raw.header)
            if condition(header):
                return header, raw

    def wait(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=DEADLINE_SECONDS)
        return self.process.returncode, out, err

    def close(self) -> None:
        self.channel.close()
        self._gate.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


@pytest.fixture
def child() -> Iterator[Child]:
    with closing(Child()) as child:
        yield child


def _rows(header: dict[str, Any], raw: RawMessage) -> list[list[int]]:
    count = header["workers"]
    assert len(raw.body) == 8 * (
        count * WORKER_COLUMNS + header["spans"] * SPAN_COLUMNS
    )
    values = memoryview(raw.body).cast("q").tolist()
    return [values[i * WORKER_COLUMNS :][:WORKER_COLUMNS] for i in range(count)]


def test_it_introduces_itself_and_does_not_pass_the_secret_on(child: Child) -> None:
    assert child.hello["pid"] == child.process.pid
    assert child.hello["agent"] == f"pool_gui {pool_gui.__version__}"
    assert child.hello["argv"][0].endswith("__main__.py")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no nice there")
def test_it_steps_back_behind_the_window(child: Child) -> None:
    """The niceness of a window that is nice itself adds up, to 19 at the most."""
    own = psutil.Process().nice()
    wanted = min(own + NICENESS, 19)
    assert psutil.Process(child.process.pid).nice() == wanted


def test_a_pool_is_started_fed_watched_and_drained(child: Child) -> None:
    assert child.do(Start(3)) == "Started a pool of 3 workers."
    header, raw = child.frame_when(lambda h: h["workers"] == 3)
    assert {row[WorkerColumn.NATIVE_ID] > 0 for row in _rows(header, raw)} == {True}
    child.do(Batch("flaky", {"milliseconds": 1, "percent": 100}, 40, 7))
    spans = 0
    errors = 0

    def count(header: dict[str, Any]) -> bool:
        nonlocal spans, errors
        spans += header["spans"]
        errors += len(header["errors"])
        return bool(spans >= 40)

    header, _ = child.frame_when(count)
    pool = header["pools"][0]
    counts = pool["counts"]
    assert (counts["submitted"], counts["done"], counts["failed"]) == (40, 0, 40)
    assert (spans, errors) == (40, 40)
    assert header["spans_dropped"] == 0
    child.do(Drain())
    gone: set[int] = set()

    def over(header: dict[str, Any], raw: RawMessage) -> bool:
        rows = _rows(header, raw)
        gone.update(
            row[WorkerColumn.WORKER]
            for row in rows
            if row[WorkerColumn.STATE] == WorkerCode.GONE
        )
        return len(gone) == 3

    while not over(*child.frame_when(bool)):
        pass
    header, _ = child.frame_when(bool)
    assert header["pools"][0]["state"] == "stopped"
    assert header["workers"] == 0


def test_failed_tasks_tell_where_they_raised_and_are_tried_once_more(
    child: Child,
) -> None:
    child.do(Start(2))
    child.do(Batch("flaky", {"milliseconds": 0, "percent": 100}, 3, 7))
    told, _ = child.message_when(lambda header: header["kind"] == "tracebacks")
    pool, task, places = told["tracebacks"][0]
    function, file, line = told["lines"][places[0]]
    assert (pool, function) == (1, "pool_gui.demo.tasks.flaky_call")
    assert file.endswith("tasks.py")
    assert line > 0
    child.frame_when(lambda h: h["pools"] and h["pools"][0]["counts"]["failed"] == 3)
    assert child.do(Retry(task)) == "Put 1 task that had failed."
    child.frame_when(lambda h: h["pools"][0]["counts"]["failed"] == 4)
    assert child.do(Retry(0)) == "Put 3 tasks that had failed."
    child.frame_when(lambda h: h["pools"][0]["counts"]["failed"] == 7)


def test_counts_and_details_add_up_at_a_high_rate(child: Child) -> None:
    child.do(Start(4))
    child.do(Batch("noop", {}, 200_000, 7))
    told, coarsest = 0, 1

    def done(header: dict[str, Any]) -> bool:
        nonlocal told, coarsest
        told += header["spans"]
        coarsest = max(coarsest, header["span_stride"])
        done = sum(pool["counts"]["done"] for pool in header["pools"])
        return bool(done == 200_000 == told + header["spans_dropped"])

    header, _ = child.frame_when(done)
    assert header["pools"][0]["counts"]["submitted"] == 200_000
    # How high the rate is, is the machine's choice; what is left out is said.
    assert (coarsest > 1) == (header["spans_dropped"] > 0)


def test_it_ends_when_the_window_closes_the_link(child: Child) -> None:
    child.do(Start(2))
    child.channel.close()
    began = time.monotonic()
    assert child.wait()[0] == 0
    assert time.monotonic() - began < ENDS_WITHIN_SECONDS


def test_tasks_that_still_run_do_not_keep_it(child: Child) -> None:
    child.do(Start(2))
    child.do(Batch("sleep", {"milliseconds": 60_000}, 50, 7))
    child.do(Submit("noop", {}, Arrival.IN_FLIGHT, 1, 100, 0, 1))
    child.frame_when(lambda h: h["pools"] and h["pools"][0]["counts"]["started"] >= 2)
    child.channel.close()
    began = time.monotonic()
    assert child.wait()[0] == 0
    assert time.monotonic() - began < ENDS_WITHIN_SECONDS


def test_the_failures_of_tasks_are_said_on_standard_error_without_a_flood(
    child: Child,
) -> None:
    child.do(Start(4))
    child.do(Batch("flaky", {"milliseconds": 0, "percent": 100}, 500, 7))
    child.frame_when(lambda h: h["pools"] and h["pools"][0]["counts"]["failed"] == 500)
    child.channel.close()
    _, out, err = child.wait()
    assert out == ""
    assert 1 <= len(err.splitlines()) <= 10
    assert "flaky_call" in err
    assert "chosen to fail" in err
    assert "Traceback" not in err


def test_ctrl_c_is_for_the_window_to_decide() -> None:
    # A test run in the background ignores the signal, and so would its children.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        child = Child()
    finally:
        signal.signal(signal.SIGINT, before)
    with closing(child):
        child.process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            child.process.wait(0.3)
        assert child.do(Start(1)) == "Started a pool of 1 worker."


def test_it_can_be_terminated(child: Child) -> None:
    child.process.terminate()
    assert child.wait()[0] == -signal.SIGTERM


def test_without_a_window_it_says_how_to_open_one() -> None:
    environment = {k: v for k, v in os.environ.items() if "POOL_GUI" not in k}
    done = subprocess.run(
        COMMAND,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_SECONDS,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "pool_gui.demo: this program is started by pool-gui; "
        "to open the window, run: pool-gui\n"
    )


def test_a_window_that_is_gone_already_is_a_bad_start() -> None:
    gate = Gate(lambda _: None)
    environment = {**os.environ, **gate.environment()}
    gate.close()
    done = subprocess.run(
        COMMAND,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_SECONDS,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("pool_gui.demo: cannot reach the window")
    assert len(done.stderr.splitlines()) == 1


def test_a_window_of_another_version_is_a_bad_start() -> None:
    with closing(Child(welcome=False)) as child:
        child.channel.send({"kind": "welcome", "protocol": PROTOCOL_VERSION + 1})
        code, _, err = child.wait()
        assert code == 2
        assert f"the window speaks protocol {PROTOCOL_VERSION + 1}" in err
        with pytest.raises(LinkClosedError):
            child.channel.receive()


FAILING = """
from pool_gui.agent.frames import FrameBuilder
from pool_gui.demo.process import main

def build(*_):
    raise ZeroDivisionError

FrameBuilder.build = build
main()
"""


def test_an_agent_that_failed_does_not_look_like_one_that_was_asked_to_end() -> None:
    with closing(Child(command=[sys.executable, "-c", FAILING])) as child:
        child.channel.send(commands.to_header(Start(1), 1))
        code, _, err = child.wait()
    assert code == EXIT_FAILED
    assert "ZeroDivisionError" in err


PARENT = """
import os, subprocess, sys
from pool_gui.wire.gate import Gate
gate = Gate(lambda text: None)
child = subprocess.Popen(
    [sys.executable, "-m", "pool_gui.demo"],
    env={**os.environ, **gate.environment()}, stdin=subprocess.DEVNULL,
)
channel = gate.wait(20)
channel.receive()
channel.send({"kind": "welcome", "protocol": 2})
print(child.pid, flush=True)
while True:
    channel.receive()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads procfs")
@pytest.mark.parametrize("frozen", [False, True], ids=["lively", "frozen"])
def test_it_ends_when_the_window_is_killed(*, frozen: bool) -> None:
    """A frozen process stands for one in which a task holds the GIL in C."""
    with (
        # What a killed window leaves behind is not this test's matter.
        tempfile.TemporaryDirectory(prefix="w-") as place,
        subprocess.Popen(
            [sys.executable, "-c", PARENT],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": place},
        ) as parent,
    ):
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        if frozen:
            os.kill(pid, signal.SIGSTOP)
        parent.kill()
    deadline = time.monotonic() + ENDS_WITHIN_SECONDS
    while _lives(pid):
        assert time.monotonic() < deadline, "it outlived its window"
        threading.Event().wait(0.01)


def _lives(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:  # noqa: PTH123  # a pseudo file
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
