"""Drives one peer after the other and folds what they tell into the model.

Session thread only, with the model's lock held by the session. Invariant: there is at
most one peer at a time; the model keeps what earlier ones told.
"""

import math
import os
from collections.abc import Callable, Sequence
from typing import Final

from pool_gui.monitor.findings.diagnosis import Diagnosis
from pool_gui.monitor.log import LineSink
from pool_gui.monitor.marks import MarkBook
from pool_gui.monitor.model.program import History, Shared
from pool_gui.monitor.model.usage import UNKNOWN_USE, ProcessMeter
from pool_gui.monitor.recording.entries import Entry, Looks, Names
from pool_gui.monitor.recording.tape import Tape
from pool_gui.monitor.report import Told
from pool_gui.monitor.source.base import Ending, Peer, Playing, SourceKind
from pool_gui.monitor.source.child import LaunchError
from pool_gui.monitor.source.messages import FrameMessage, Message
from pool_gui.monitor.source.recorded import RecordingPeer
from pool_gui.monitor.state_watch import StateWatch
from pool_gui.monitor.view.facts import Link, LinkState, Playback
from pool_gui.monitor.view.viewport import Viewport
from pool_gui.monitor.view.watched import Moment
from pool_gui.wire.commands import Command, Drain, EndLoad, Look, Start, Submit
from pool_gui.wire.commands import Stop as PoolStop
from pool_gui.wire.errors import WireError
from pool_gui.wire.messages import Reply, Stacks, Tracebacks
from pool_gui.wire.notes import Note, note

SILENT_NS: Final = 1_000_000_000
_PUT_AWAY_SECONDS: Final = 0.5
_MOST_LOADS: Final = 16
_LOOKS_AT_FIRST: Final = Look(close=False, stacks=False)


class Watcher:
    """The peer there is, or what became of the last one."""

    def __init__(
        self,
        kind: SourceKind,
        log: LineSink,
        clock: Callable[[], int],
        wake: Callable[[], None],
        shared: Shared | None = None,
    ) -> None:
        self.history = History(shared)
        self.kind = kind
        self._log = log
        self._clock = clock
        self._wake = wake
        self._peer: Peer | None = None
        self._first: tuple[Command, ...] = ()  # to be sent after hello
        self._failed_start: Note | None = None
        self._received_ns: int | None = None
        self._told_trouble = ""
        self._loads: dict[int, list[Command]] = {}  # that run, by their pool's id
        self._looks = _LOOKS_AT_FIRST
        self._monitor = ProcessMeter(os.getpid(), clock())
        self._process: ProcessMeter | None = None
        self.states = StateWatch(self.history, log, clock)
        self.diagnosis = Diagnosis(self.history)
        self.marks = MarkBook()
        self.tape = Tape(self.history, log)

    @property
    def active(self) -> bool:
        """Whether there is a process."""
        return self._peer is not None and self._peer.ending is None

    @property
    def playback(self) -> Playback | None:
        """Where in a recording it is; None for what lives."""
        return None if self._peer is None else self._peer.playback

    def play(self, playing: Playing) -> None:
        """Let a recording go on from where it is at another speed, or stand still."""
        if isinstance(self._peer, RecordingPeer):
            self._peer.play(playing.speed, is_playing=playing.is_playing)

    @property
    def has_begun(self) -> bool:
        """Whether a process was ever started, or was to be."""
        return self._peer is not None or self._failed_start is not None

    @property
    def ending(self) -> Ending | None:
        """How the last process ended; None while one lives."""
        return None if self._peer is None else self._peer.ending

    def launch(self, size: int, first: Sequence[Command] = ()) -> None:
        """Start a pool, and a process for it if there is none.

        Args:
            size: workers; 0 means twice the cores.
            first: commands for it, which the process does once it has begun the pool.
        """
        commands = (Start(size), *first)
        if self._peer is not None and self._peer.ending is None:
            if self._peer.greeted:
                for command in commands:
                    self.send(command)
            else:
                self._first = commands
            return
        self._first, self._failed_start = commands, None
        self._open()

    def restart(self, size: int) -> None:
        """Start a process anew, with the load that ran; one that hangs is ended first.

        `size` is as in `launch`.
        """
        loads = next(reversed(self._loads.values()), ())
        if self.active:
            self._put_away()
            self._peer = None
        self.launch(size, tuple(loads))

    def open(self) -> None:
        """Begin a source that starts no pool of its own, or begin it anew."""
        if not self.active:
            self._first, self._failed_start = (), None
            self._open()

    def _open(self) -> None:
        self._put_away()
        try:
            peer = self.kind.open(self._log, self._clock, self._wake)
        except LaunchError as error:
            self._peer, self._failed_start = None, error.why
            self._log.add("window", "error", error.why)
            return
        self._peer, self._received_ns, self._process = peer, None, None
        self._looks = _LOOKS_AT_FIRST
        if peer.pid is not None:
            self._process = ProcessMeter(peer.pid, self._clock())
            self._log.add("window", "info", note("process-started", pid=peer.pid))

    def send(self, command: Command, pool: int = 0) -> None:
        """Send a command; when it cannot be sent, the log says so.

        Args:
            command: what is to be done.
            pool: the id of the pool that it is for; 0: the only one, or the newest.
        """
        peer = self._peer
        if peer is None or peer.ending is not None or not peer.greeted:
            told = note("not-connected", command=command.name)
            self._log.add("window", "warning", told)
        elif not peer.send(command, pool):
            told = note("not-reading", command=command.name)
            self._log.add("window", "warning", told)
        else:
            self._note_load(command, pool)

    def _note_load(self, command: Command, pool: int) -> None:
        """Remember which loads run, for a process that takes the place of this one."""
        if isinstance(command, Submit):
            loads = self._loads.setdefault(pool, [])
            loads.append(command)
            del loads[:-_MOST_LOADS]
        elif isinstance(command, EndLoad | Drain | PoolStop):
            self._loads.pop(pool, None)

    def look(self, look: Look) -> None:
        """Tell the agent how closely somebody looks, if that is news."""
        peer = self._peer
        if peer is None or not peer.greeted or look == self._looks:
            return
        if peer.send(look):
            self._looks = look

    def poll(self) -> bool:
        """Take in what came; return whether the window has something new to show."""
        self._monitor.read(self._clock())
        peer = self._peer
        if peer is None or not self.active:
            return False
        self._bring(self._clock())
        fresh = False
        if self._process is not None:
            self._process.read(self._clock())
            fresh = self._tell_trouble(self._process.trouble)
        for received_ns, message in peer.poll():
            try:
                fresh |= self._take_in(peer, received_ns, message)
            except WireError as error:
                peer.fail(note("misfit", pid=peer.pid or 0, reason=str(error)))
                break
        if peer.ending is not None:
            self._log.add("window", "error", peer.ending.note)
            self.states.end()
            self.history.end()
            self.diagnosis.end()
            fresh = True
        return fresh

    def _tell_trouble(self, trouble: str) -> bool:
        """Say once that the machine cannot be asked; return whether that is news."""
        if trouble == self._told_trouble:
            return False
        self._told_trouble = trouble
        if trouble:
            self._log.add("window", "warning", note("not-metered", reason=trouble))
        return True

    def _bring(self, now_ns: int) -> None:
        """Let the model know what was seen of the threads."""
        looks = self.states.bring()
        if looks and self.tape.row is not None:
            self.tape.note(now_ns, self.states.to_record(looks))

    def _take_in(self, peer: Peer, received_ns: int, message: Entry) -> bool:
        if isinstance(message, Looks):
            self.states.replay(message)
            return False
        if isinstance(message, Names):
            self.history.learn(message)
            return False
        if isinstance(message, FrameMessage):
            self._bring(received_ns)
        self.tape.note(received_ns, message)
        return self._take_in_message(peer, received_ns, message)

    def _take_in_message(self, peer: Peer, received_ns: int, message: Message) -> bool:
        if isinstance(message, FrameMessage):
            self.history.fold(message, received_ns)
            self.states.follow()
            self.diagnosis.follow(self.states.sampling.trouble)
            self._follow_marks()
            self._received_ns = received_ns
            return self.history.moved
        if isinstance(message, Stacks):
            self.history.fold_stacks(message, received_ns)
            return True
        if isinstance(message, Tracebacks):
            self.history.failures.note_calls(message)
            return True
        if isinstance(message, Reply):
            if message.ok and message.code == "looking":
                return False
            level = "info" if message.ok else "warning"
            self._say("pool", level, message.note)
            return True
        if self.history.hello is not None and not self.history.ended:
            self.history.end()  # a recording does not say how a process ended
        self.history.begin(message, received_ns)
        self.states.begin(message, peer.pid)
        told = note(
            "process-connected",
            pid=message.pid,
            implementation=message.implementation,
            python=message.python,
            agent=message.agent,
        )
        self._say("window", "info", told)
        self._loads.clear()
        for command in self._first:
            peer.send(command)
            self._note_load(command, 0)
        self._first = ()
        return True

    def _say(self, source: str, level: str, told: Note) -> None:
        """Log what happens; what happened once, and is only shown again, is not."""
        if self.playback is None:
            self._log.add(source, level, told)

    def _follow_marks(self) -> None:
        """Mark what happened on the time axis, and say what a resize has shown."""
        pools, now_ns = self.history.pools.shown, self.history.now_ns
        for mark in self.marks.follow(pools, now_ns):
            told = note("resize-measured", **mark.values)
            if "rate_before" in mark.values:
                told = note("resize-compared", **mark.values)
            self._say("window", "info", told)
        for pool in pools:
            self.marks.note(pool.key, self.diagnosis.of(pool.key))

    def moment(self, viewport: Viewport) -> Moment:
        """Return what a snapshot shows besides the model."""
        clock_ns = self._clock()
        use = UNKNOWN_USE
        if self._process is not None and self.active:
            use = self._process.use
        link = self._link()
        received_ns, monitor = None, self._monitor.use
        if self._received_ns is not None:
            received_ns = clock_ns - self._age_ns(self._received_ns)
        sampling, found = self.states.sampling, self.diagnosis.of
        told = clock_ns, received_ns, link, use, monitor, viewport
        return Moment(*told, sampling, found, self.marks)

    def told(self) -> Told:
        """Return what the report shows besides the model."""
        sampling, found = self.states.sampling, self.diagnosis.of
        return Told(self.ending, self._process, self._monitor, sampling, found)

    def close(self, deadline_seconds: float) -> tuple[str, ...]:
        """End the process; return the names of what did not finish."""
        return (*self._close_peer(deadline_seconds), *self.tape.end())

    def _close_peer(self, deadline_seconds: float) -> tuple[str, ...]:
        if self._peer is None:
            return ()
        unfinished = self._peer.close(deadline_seconds)
        self.history.end()
        return (*unfinished, *self.states.end())

    def _put_away(self) -> None:
        """Free what the last peer, which has ended, still holds."""
        for name in self._close_peer(_PUT_AWAY_SECONDS):
            self._log.add("window", "warning", note("earlier-did-not-end", name=name))

    def _age_ns(self, received_ns: int) -> int:
        """Return how long ago this was, in the time of the source."""
        peer = self._peer
        return self._clock() - received_ns if peer is None else peer.age_ns(received_ns)

    def _link(self) -> Link:
        silent_seconds = math.nan
        if self._received_ns is not None:
            silent_seconds = self._age_ns(self._received_ns) / 1e9
        state, told = self._state(silent_seconds)
        return Link(state, told, silent_seconds)

    def _state(self, silent_seconds: float) -> tuple[LinkState, Note]:
        peer = self._peer
        if peer is None:
            if self._failed_start is not None:
                return LinkState.LOST, self._failed_start
            return LinkState.NONE, note("none-yet")
        if peer.ending is not None:
            state = LinkState.ENDED if peer.ending.asked else LinkState.LOST
            return state, peer.ending.note
        return self._living(peer, silent_seconds)

    def _living(self, peer: Peer, silent_seconds: float) -> tuple[LinkState, Note]:
        if self._received_ns is None:
            return LinkState.STARTING, note("starting", pid=peer.pid or 0)
        if peer.playback is not None:
            return LinkState.LIVE, note("recording-shown")
        if silent_seconds * 1e9 > SILENT_NS:
            return LinkState.SILENT, note("silent", seconds=silent_seconds)
        return LinkState.LIVE, note("connected", pid=peer.pid or 0)
