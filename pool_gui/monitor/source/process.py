"""One watched process from its start to its end: child, gate, link.

Session thread only. Nothing here waits, except `close`. Invariant: from its start on,
a peer lives until `ending` is set, and then its process is reaped or named.
"""

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from pool_gui.monitor.log import LineSink
from pool_gui.monitor.source.base import Clock, Ending, Peer, SourceKind
from pool_gui.monitor.source.child import ChildProcess, Launch, LaunchError, exit_note
from pool_gui.monitor.source.messages import Message, read
from pool_gui.monitor.source.pump import LinkThreads
from pool_gui.wire.codec import RawMessage
from pool_gui.wire.commands import Command, Stop, to_header
from pool_gui.wire.errors import LinkClosedError, WireError
from pool_gui.wire.gate import Gate
from pool_gui.wire.messages import Hello, Reply, Welcome
from pool_gui.wire.messages import to_header as message_header
from pool_gui.wire.notes import Note, Value, note
from pool_gui.wire.protocol import PROTOCOL_VERSION

HELLO_SECONDS: Final = 10.0
_LAST_WORDS_NS: Final = 300_000_000
"""How long frames are awaited that a process sent before it ended."""

_EXIT_NS: Final = 1_000_000_000
"""How long an exit code is awaited when the link was closed."""

_ASKED: Final = note("asked-to-end")
_MAX_UNANSWERED: Final = 4096
_MAX_MESSAGES: Final = 8
"""Taken in at once; between, the window gets its snapshot."""


def started(launch: Launch) -> SourceKind:
    """Return the kind of source that is a program started by the session."""

    def start(secrets: Mapping[str, str], log: LineSink) -> ChildProcess:
        return ChildProcess(launch, secrets, log)

    def open_peer(log: LineSink, clock: Clock, wake: Callable[[], None]) -> Peer:
        return ProcessPeer(start, log, clock, wake)

    return SourceKind("demo", is_driven=True, open=open_peer)


class Child(Protocol):
    """A process that was started, as `ChildProcess` has it."""

    @property
    def pid(self) -> int:
        """Its id."""

    def exit_code(self) -> int | None:
        """Return its exit code, None while it lives."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it."""

    def end(self, patience_seconds: float, /) -> bool:
        """Wait, ask, kill; return whether it has ended."""

    def close_output(self) -> tuple[str, ...]:
        """Read its output no more; return what did not end."""


Start = Callable[[Mapping[str, str], LineSink], Child]
"""Starts the process, given the variables for it alone, and where its output goes."""


class ProcessPeer:
    """A process that the session started, and the connection to it."""

    def __init__(
        self,
        start: Start,
        log: LineSink,
        clock: Callable[[], int],
        wake: Callable[[], None],
        *,
        is_guest: bool = False,
    ) -> None:
        """Start the process.

        Args:
            start: starts it; raises LaunchError.
            log: gets the process's output and what the gate turns away.
            clock: nanoseconds.
            wake: called from other threads when `poll` would bring something.
            is_guest: it is somebody else's program: it is not ended, whatever it says,
                and ends when and how it likes.

        Raises:
            LaunchError: it could not be started.
        """
        self._log = log
        self._clock = clock
        self._wake = wake
        self._is_guest = is_guest
        self.ending: Ending | None = None
        """Set once: how it ended."""
        self._greeted = False
        self._link: LinkThreads | None = None
        self._numbers = 0
        self._unanswered: dict[int, None] = {}
        self._failure: Note | None = None  # why the window ends it
        self._link_ended_ns: int | None = None
        self._exited_ns: int | None = None
        try:
            self._gate = Gate(self._refused)
        except WireError as error:
            raise LaunchError("gate-failed", reason=str(error)) from None
        try:
            self._child = start(self._gate.environment(), log)
        except LaunchError:
            self._gate.close()
            raise
        self._started_ns = clock()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._child.pid

    @property
    def playback(self) -> None:
        """It lives."""

    def age_ns(self, received_ns: int) -> int:
        """Return how long ago this was."""
        return self._clock() - received_ns

    @property
    def greeted(self) -> bool:
        """Whether it said hello."""
        return self._greeted

    def poll(self) -> list[tuple[int, Message]]:
        """Return what came, with the clock when it came; notice if it has ended."""
        if self._link is None:
            self._admit()
        messages: list[tuple[int, Message]] = []
        for place in range(_MAX_MESSAGES + 1):
            if place == _MAX_MESSAGES:
                self._wake()  # perhaps there are more
                break
            came = None if self._link is None else self._link.receive()
            if came is None or self.ending is not None:
                break
            received_ns, raw = came
            if isinstance(raw, WireError):
                self._note_link_end(raw)
                break
            if self._failure is None:
                self._read(received_ns, raw, messages)
        self._look_for_end()
        return messages

    def send(self, command: Command, pool: int = 0) -> bool:
        """Send a command without waiting; return False when too many wait already.

        Args:
            command: what is to be done.
            pool: the id of the pool that it is for; 0: the only one, or the newest.
        """
        self._numbers += 1
        header = to_header(command, self._numbers, pool)
        is_sent = self._link is not None and self._link.send(header)
        if is_sent:
            self._unanswered[self._numbers] = None
            if len(self._unanswered) > _MAX_UNANSWERED:
                del self._unanswered[next(iter(self._unanswered))]
        return is_sent

    def fail(self, why: Note) -> None:
        """End the process because it cannot be trusted or does not answer."""
        if self._failure is not None:
            return
        self._failure = why
        self._child.kill()
        if self._is_guest:  # it goes on, unwatched
            self._finish(why, None)

    def _fail(self, code: str, **values: Value) -> None:
        self.fail(note(code, pid=self.pid, **values))

    def close(self, deadline_seconds: float) -> tuple[str, ...]:
        """Ask the process to end, then make it; waits at most the deadline or so.

        Returns:
            The names of what did not finish.
        """
        unfinished: list[str] = []
        self._gate.close()
        if self._link is not None:
            if not self._is_guest:
                self.send(Stop())
            unfinished += self._link.close(deadline_seconds / 4)
        elif self.ending is None:
            self._child.terminate()  # it has no link whose end it could notice
        if not self._child.end(deadline_seconds * 3 / 4):
            unfinished.append(f"pool process {self.pid}")
        unfinished += self._child.close_output()
        if self.ending is None:
            code = self._child.exit_code()
            told = note("let-go", pid=self.pid) if self._is_guest else _ASKED
            if code is not None:
                kind = "program" if self._is_guest else "asked"
                told = exit_note(kind, self.pid, code)
            by_itself = self._is_guest and code is not None
            self.ending = Ending(told, code, by_itself=by_itself, asked=True)
        return tuple(unfinished)

    def _refused(self, why: str) -> None:
        self._log.add("window", "warning", note("connection-refused", reason=why))
        self._wake()

    def _admit(self) -> None:
        channel = self._gate.wait(0)
        if channel is not None:
            self._gate.close()
            self._link = LinkThreads(channel, self._clock, self._wake)

    def _read(
        self,
        received_ns: int,
        raw: RawMessage,
        messages: list[tuple[int, Message]],
    ) -> None:
        try:
            message = read(raw)
        except WireError as error:
            self._fail("misfit", reason=str(error))
            return
        if isinstance(message, Hello) is self.greeted:
            self._fail("hello-twice" if self.greeted else "hello-missing")
            return
        if isinstance(message, Hello) and self._link is not None:
            self._greeted = True
            self._link.send(message_header(Welcome(PROTOCOL_VERSION)))
        if isinstance(message, Reply):
            # 0: the number of a command that could not be read.
            if message.number not in {0, *self._unanswered}:
                self._fail("reply-unasked", number=message.number)
                return
            self._unanswered.pop(message.number, None)
        messages.append((received_ns, message))

    def _note_link_end(self, error: WireError) -> None:
        self._link_ended_ns = self._clock()
        if not isinstance(error, LinkClosedError):
            self._fail("bad-bytes", reason=str(error))

    def _look_for_end(self) -> None:
        now_ns, code = self._clock(), self._child.exit_code()
        if code is None:
            self._look_for_silence(now_ns)
            return
        self._exited_ns = self._exited_ns or now_ns
        # What it sent before its end may still be on its way.
        drained = self._link is None or self._link_ended_ns is not None
        if drained or now_ns - self._exited_ns > _LAST_WORDS_NS:
            self._end(code)

    def _look_for_silence(self, now_ns: int) -> None:
        if self._is_guest:
            return
        if not self.greeted and now_ns - self._started_ns > HELLO_SECONDS * 1e9:
            self._fail("hello-late", seconds=HELLO_SECONDS)
        ended_ns = self._link_ended_ns
        if ended_ns is not None and now_ns - ended_ns > _EXIT_NS:
            self._fail("closed-early")

    def _end(self, code: int) -> None:
        told = self._failure
        if told is None:
            kind = "process" if self.greeted else "early"
            if self._is_guest:
                kind = "program" if self.greeted else "unwatched"
            told = exit_note(kind, self.pid, code)
        self._finish(told, code)

    def _finish(self, told: Note, code: int | None) -> None:
        by_itself = self._failure is None
        asked = self._is_guest and self.greeted and by_itself
        self.ending = Ending(told, code, by_itself=by_itself, asked=asked)
        self._gate.close()
        if self._link is not None:
            self._link.end()
