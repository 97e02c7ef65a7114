"""The agent's two threads: one sends frames, one carries out commands.

Only the frames thread may wait for a window that does not read; the pool never does.
Any thread, unless it says otherwise. The agent writes no log while it works: what it
has to say goes to the window as a reply.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

from pool_gui.agent.adapters.base import WatchedPool, WatchedWorker
from pool_gui.agent.frames import FrameBuilder
from pool_gui.agent.introduction import hello
from pool_gui.agent.pace import Schedule
from pool_gui.agent.quiet_thread import QuietThread, daemon
from pool_gui.wire.channel import Channel
from pool_gui.wire.codec import RawMessage, read_header
from pool_gui.wire.commands import Command, Look, from_header
from pool_gui.wire.errors import (
    ForeignProtocolError,
    HandshakeError,
    LinkClosedError,
    MalformedMessageError,
    WireError,
)
from pool_gui.wire.messages import Frame, Reply, to_header
from pool_gui.wire.notes import Note, Value, note
from pool_gui.wire.protocol import (
    CLOSE_INTERVAL_SECONDS,
    FRAME_INTERVAL_SECONDS,
    PROTOCOL_VERSION,
    STACKS_INTERVAL_SECONDS,
    Kind,
)

WELCOME_SECONDS: Final = 10.0
"""How long the window may take to answer hello."""

JOIN_SECONDS: Final = 1.0
SPANS_PER_SECOND: Final = 30_000
"""So many tasks a second are told in detail; of more, a sample."""

_LAST_FRAMES: Final = 20
_MAX_VERSION_CHARACTERS: Final = 20
_LOG = logging.getLogger("pool_gui.agent")

Handler = Callable[[Command, int], Note]
"""Carries out a command on the pool with this id (0: the only one, or the newest) and
says what was done; raises CommandRefusedError."""


class CommandRefusedError(Exception):
    """A command that cannot be done now; `why` is for the window."""

    def __init__(self, code: str, /, **values: Value) -> None:
        super().__init__(code, values)
        self.why = note(code, **values)


class Agent:
    """Tells a window about pools, and does what the window asks."""

    def __init__(
        self,
        channel: Channel,
        handler: Handler,
        *,
        on_link_lost: Callable[[], None] = lambda: None,
        on_tick: Callable[[], None] = lambda: None,
        is_quiet: bool = False,
    ) -> None:
        """Make an agent; `start` makes it work.

        Args:
            channel: a proven connection; the agent closes it.
            handler: called in the commands thread, one command at a time.
            on_link_lost: called once, in one of the agent's threads, when the window
                closes the link or breaks the protocol; not after `stop`.
            on_tick: called in the frames thread, before each look at the pools.
            is_quiet: whether its threads are hidden from the program's own view.
        """
        self._channel = channel
        self._handler = handler
        self._on_link_lost = on_link_lost
        self._on_tick = on_tick
        self._builder = FrameBuilder()
        self._interval_seconds = FRAME_INTERVAL_SECONDS
        """Written by the commands thread, read by the other: one store, one look."""
        self._tells_stacks = False
        """Likewise."""
        self._stacks_due_ns = 0
        self._late_ns = 0
        self._stopping = threading.Event()
        self._finishing = False
        """Whether a last frame is due; written before `_stopping` is set."""
        self._welcomed = threading.Event()
        self._refusal: WireError | None = None
        self._end_lock = threading.Lock()  # guards _ended
        self._ended = False
        self.has_failed = False
        """Whether it gave up because of a mistake of its own."""
        self._frames_cpu_ns = 0  # each written by its own thread only
        self._commands_cpu_ns = 0
        make = QuietThread if is_quiet else daemon
        self._threads = (
            make(self._run_frames, "agent"),
            make(self._run_commands, "commands"),
        )

    def start(self, welcome_seconds: float = WELCOME_SECONDS) -> None:
        """Introduce the process to the window, and begin.

        Raises:
            ForeignProtocolError: the window speaks another version.
            HandshakeError: the window did not answer in time, or not with a welcome.
            LinkClosedError: the window is gone.
        """
        frames, commands = self._threads
        self._channel.send(to_header(hello()))
        commands.start()
        answered = self._welcomed.wait(welcome_seconds)
        refusal = (
            self._refusal
            if answered
            else HandshakeError(
                f"the window did not answer within {welcome_seconds:g} seconds"
            )
        )
        if refusal is not None:
            self.stop()
            raise refusal
        frames.start()

    def begin(self) -> None:
        """Introduce the process, and begin once the window has answered.

        Unlike `start` it waits for nothing: a program is not kept from its first line.

        Raises:
            LinkClosedError: the window is gone.
        """
        self._channel.send(to_header(hello()))
        for thread in self._threads:
            thread.start()

    def stop(self, deadline_seconds: float = JOIN_SECONDS) -> None:
        """Say no more and close the link. Idempotent; at most the deadline a thread."""
        self._end()
        self._builder.unwatch()
        for thread in self._threads:
            if thread.is_alive() and thread is not threading.current_thread():
                thread.join(deadline_seconds)

    def finish(self, deadline_seconds: float) -> None:
        """Send one more frame, in which all counts are exact, then stop.

        Waits for it for at most the deadline: a window that does not read is no reason
        to keep a program from ending.
        """
        self._finishing = True
        self._stopping.set()
        frames = self._threads[0]
        if frames.is_alive():
            frames.join(deadline_seconds)
        self._end()
        self._builder.unwatch()

    def abandon(self) -> None:
        """Let go of everything in a forked child, where the threads are not.

        The link is the parent's: nothing is sent, only this process's end closed.
        """
        self._ended = True
        self._stopping.set()
        self._channel.abandon()

    def watch(self, pool: WatchedPool) -> int:
        """Tell the window about this pool from now on; return its id in frames."""
        return self._builder.watch(pool)

    def release(self, pool: WatchedPool) -> None:
        """Tell of this pool only until it has stopped and all is told."""
        self._builder.release(pool)

    def worker(self, number: int) -> WatchedWorker | None:
        """Return the worker that has this id in frames; None when there is none."""
        return self._builder.worker(number)

    def cpu_ns(self) -> int:
        """Return the CPU time of the agent's threads since its start."""
        return self._frames_cpu_ns + self._commands_cpu_ns

    def _run_frames(self) -> None:
        self._welcomed.wait()
        if self._refusal is not None:
            self._link_lost()
            return
        schedule = Schedule(time.perf_counter_ns())
        try:
            while not self._wait(schedule):
                self._tick(schedule)
            if self._finishing:
                self._say_last_words(schedule)
        except LinkClosedError:
            pass  # how it usually ends; whoever asked is told below
        except WireError:
            self.has_failed = True
            _LOG.exception("a frame could not be sent")
        except BaseException:  # its trace is told as that of any thread
            self.has_failed = True
            raise
        finally:
            self._link_lost()  # a link without frames would be a lie

    def _wait(self, schedule: Schedule) -> bool:
        """Wait for the next look; return whether the agent is to stop instead."""
        seconds = schedule.wait_seconds(begun_ns := time.perf_counter_ns())
        stopped = self._stopping.wait(seconds)
        late_ns = time.perf_counter_ns() - begun_ns - round(seconds * 1e9)
        if seconds > 0:  # else it had no time to sleep, and is late by its own work
            self._late_ns = max(self._late_ns, late_ns)
        return stopped

    def _tick(self, schedule: Schedule) -> None:
        interval_seconds = self._interval_seconds
        schedule.set_interval(interval_seconds, time.perf_counter_ns())
        # As many spans a second, however many frames they come in.
        self._builder.set_budget(round(SPANS_PER_SECOND * interval_seconds))
        self._on_tick()
        moved = self._builder.moved()
        sequence = schedule.due(time.perf_counter_ns(), moved=moved)
        if sequence is not None:
            late_ns, self._late_ns = self._late_ns, 0
            header, body = self._builder.build(sequence, self.cpu_ns(), late_ns)
            self._send_frame(header, body)
        if self._tells_stacks and time.perf_counter_ns() >= self._stacks_due_ns:
            told = self._builder.stacks()
            self._stacks_due_ns = told.now_ns + round(STACKS_INTERVAL_SECONDS * 1e9)
            self._channel.send(to_header(told))
        self._frames_cpu_ns = time.thread_time_ns()

    def _send_frame(self, header: Frame, body: bytes) -> None:
        self._channel.send(to_header(header), body)
        if self._builder.tracebacks is not None:
            self._channel.send(to_header(self._builder.tracebacks))

    def _say_last_words(self, schedule: Schedule) -> None:
        """Tell all that is left, which may take several frames."""
        for _ in range(_LAST_FRAMES):
            self._on_tick()
            sequence = schedule.next_number()
            self._send_frame(*self._builder.build(sequence, self.cpu_ns()))
            if not self._builder.pending:
                break

    def _run_commands(self) -> None:
        try:
            self._read_welcome()
            self._welcomed.set()
            while not self._stopping.is_set():
                self._answer(self._channel.receive())
                self._commands_cpu_ns = time.thread_time_ns()
        except WireError as error:
            # Also bytes that are no message at all: nothing after them can be trusted.
            if self._welcomed.is_set():
                self._link_lost()
            else:
                self._refusal = error
                self._welcomed.set()

    def _read_welcome(self) -> None:
        header = read_header(self._channel.receive().header)
        if header.get("kind") != Kind.WELCOME:
            raise HandshakeError("the window answered hello with something else")
        if header.get("protocol") != PROTOCOL_VERSION:
            raise ForeignProtocolError(
                f"the window speaks protocol {_version(header)}, "
                f"this process {PROTOCOL_VERSION}; start both from one installation"
            )

    def _answer(self, message: RawMessage) -> None:
        header: Mapping[str, object] = {}
        try:
            header = read_header(message.header)
            number, pool, command = _read_command(header, message.body)
        except MalformedMessageError as error:
            told = note("malformed", reason=str(error))
            self._reply(_number_of(header), told, ok=False)
            return
        try:
            told = self._do(command, pool)
        except CommandRefusedError as error:
            self._reply(number, error.why, ok=False)
        except Exception as error:  # noqa: BLE001  # the next command must be taken
            _LOG.exception("the command %s failed", command.name)
            told = note("failed", command=command.name, error=type(error).__name__)
            self._reply(number, told, ok=False)
        else:
            self._reply(number, told, ok=True)

    def _do(self, command: Command, pool: int) -> Note:
        if isinstance(command, Look):
            close = command.close
            self._interval_seconds = (
                CLOSE_INTERVAL_SECONDS if close else FRAME_INTERVAL_SECONDS
            )
            self._tells_stacks = command.stacks
            return note("looking")
        return self._handler(command, pool)

    def _reply(self, number: int, told: Note, *, ok: bool) -> None:
        self._channel.send(to_header(Reply(number, ok, told.code, dict(told.values))))

    def _link_lost(self) -> None:
        if self._end():
            self._on_link_lost()

    def _end(self) -> bool:
        """Close the link; return whether this call was the first to do so."""
        with self._end_lock:
            first = not self._ended
            self._ended = True
        self._stopping.set()
        self._welcomed.set()  # who waits for it waits in vain
        if first:  # one thread alone closes: two at once could trip over each other
            self._channel.close()
        return first


def _read_command(
    header: Mapping[str, object], body: bytes
) -> tuple[int, int, Command]:
    if body or header.get("kind") != Kind.COMMAND:
        raise MalformedMessageError("this is no command")
    return from_header(header)


def _version(header: Mapping[str, object]) -> str:
    """Return the version that the window says it has, unless that is absurd."""
    text = repr(header.get("protocol"))
    return text if len(text) <= _MAX_VERSION_CHARACTERS else "of another kind"


def _number_of(header: Mapping[str, object]) -> int:
    """Return the number of a command that is wrong; 0 when it has none."""
    number = header.get("number")
    return number if type(number) is int and 0 <= number < 1 << 63 else 0
