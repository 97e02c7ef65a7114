"""A recording as a source: plays what a file holds, at any speed, from any place.

Session thread only. Its time is the recording's, which stands still while it is paused
and at its end. To be at a place it tells quickly what came in the minutes before it,
from the nearest run of chunks on. Another place is another peer: `SourceKind.at`.
"""

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from pool_gui.monitor.log import LineSink
from pool_gui.monitor.recording.chunks import ChunkReader, NoRecordingError
from pool_gui.monitor.recording.entries import Entry, Names, decode
from pool_gui.monitor.source.base import Clock, Ending, Peer, Playing, SourceKind
from pool_gui.monitor.source.child import LaunchError
from pool_gui.monitor.view.facts import Playback
from pool_gui.wire.commands import Command
from pool_gui.wire.errors import WireError
from pool_gui.wire.messages import Hello
from pool_gui.wire.notes import Note, note

KIND: Final = "recording"
LOOK_BACK_SECONDS: Final = 120.0
"""So much before a place is told, so that lanes and charts have a past."""

_AT_ONCE: Final = 64
"""Messages; between, the window gets its snapshot."""


def recorded(path: Path, playing: Playing | None = None) -> SourceKind:
    """Return the kind of source that is this file; at first its end is shown."""
    chosen = playing or Playing(math.inf)

    def open_peer(log: LineSink, clock: Clock, wake: Callable[[], None]) -> Peer:
        return RecordingPeer(path, chosen, log, clock, wake)

    def at(other: Playing) -> SourceKind:
        return recorded(path, other)

    return SourceKind(KIND, is_driven=False, open=open_peer, at=at)


class RecordingPeer:
    """A file that is played."""

    pid = None

    def __init__(
        self,
        path: Path,
        playing: Playing,
        log: LineSink,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        """Open the file.

        Args:
            path: the file's.
            playing: from which place on, how fast.
            log: is told of damage.
            clock: nanoseconds.
            wake: called when `poll` would bring more.

        Raises:
            LaunchError: it cannot be read, is no recording, or holds nothing.
        """
        self._path, self._log = path, log
        self._clock, self._wake = clock, wake
        self.ending: Ending | None = None
        self.greeted = False
        self._reader = _opened(path)
        chunks = self._reader.chunks
        self._first_ns, self._last_ns = chunks[0].first_ns, chunks[-1].last_ns
        length = (self._last_ns - self._first_ns) / 1e9
        wanted = playing.position_seconds
        place = length if wanted is None else min(max(wanted, 0.0), length)
        self._place_ns = self._first_ns + round(place * 1e9)
        self._placed_ns = clock()
        """`_place_ns` is where it was then, by the session's clock."""
        self._shift_ns = self._placed_ns - self._place_ns
        """From the recording's clock to the session's."""
        self._speed, self._is_playing = playing.speed, playing.is_playing
        self._told_damage = False
        self._began_wall_seconds = math.nan
        self._waiting: deque[tuple[int, Entry]] = deque()
        self._entries = self._begin()

    @property
    def playback(self) -> Playback:
        """Where in the recording it is."""
        return Playback(
            self._path.name,
            (self._now_ns() - self._first_ns) / 1e9,
            (self._last_ns - self._first_ns) / 1e9,
            self._speed,
            self._is_playing,
            self._began_wall_seconds,
            self._reader.is_damaged,
        )

    def play(self, speed: float, *, is_playing: bool) -> None:
        """Go on from here at another speed, or stand still."""
        self._place_ns, self._placed_ns = self._now_ns(), self._clock()
        self._speed, self._is_playing = speed, is_playing

    def age_ns(self, received_ns: int) -> int:
        """Return how long ago this was, in the recording's time."""
        return self._now_ns() + self._shift_ns - received_ns

    def _now_ns(self) -> int:
        """Return the recording's time; at its end it stands still."""
        now_ns = self._place_ns
        if self._is_playing:
            now_ns += round((self._clock() - self._placed_ns) * self._speed)
        if now_ns >= self._last_ns:
            self._is_playing = False
            self._place_ns = self._last_ns
            return self._last_ns
        return now_ns

    def poll(self) -> list[tuple[int, Entry]]:
        """Return what had come by the time that it is in the recording."""
        came: list[tuple[int, Entry]] = []
        now_ns = self._now_ns()
        while self.ending is None and len(came) < _AT_ONCE:
            if not self._waiting and not self._fill():
                break
            received_ns, entry = self._waiting[0]
            if received_ns > now_ns:
                break
            self._waiting.popleft()
            self.greeted = True
            came.append((received_ns + self._shift_ns, entry))
        if len(came) == _AT_ONCE:
            self._wake()
        return came

    def _fill(self) -> bool:
        """Fetch the next entry; False when there is none."""
        try:
            one = next(self._entries, None)
        except (OSError, WireError) as error:
            told = note("recording-misfit", file=self._path.name, reason=str(error))
            self.fail(told)
            return False
        if one is not None:
            self._waiting.append(one)
        elif self._reader.is_damaged and not self._told_damage:
            self._told_damage = True
            told = note("recording-damaged", file=self._path.name)
            self._log.add("window", "warning", told)
            return self._end_at_damage()
        return one is not None

    def _end_at_damage(self) -> bool:
        """Let the recording end before its damage; return as `_fill` does."""
        if not self._reader.chunks:
            self.fail(note("recording-empty", file=self._path.name))
            return False
        self._last_ns = self._reader.chunks[-1].last_ns
        if self.greeted:
            return False
        # Nothing came yet: what was to be shown first is what is damaged.
        self._place_ns = min(self._place_ns, self._last_ns)
        self._entries = self._begin()
        return self._fill()

    def _begin(self) -> Iterator[tuple[int, Entry]]:
        """Go through the entries from the run on that is needed."""
        from_ns = self._place_ns - round(LOOK_BACK_SECONDS * 1e9)
        keys = [n for n, chunk in enumerate(self._reader.chunks) if chunk.is_key]
        begins = [self._reader.chunks[number].first_ns for number in keys]
        run = max(bisect_right(begins, from_ns) - 1, 0)
        self._reader.seek(keys[run])
        met_hello: Hello | None = None
        is_fresh = False  # a process of which no names were told yet
        while (content := self._reader.read()) is not None:
            for received_ns, entry in decode(content):
                if isinstance(entry, Hello):
                    if entry == met_hello:
                        continue  # each run repeats it
                    met_hello, is_fresh = entry, True
                    self._note_time(received_ns, entry)
                elif isinstance(entry, Names):
                    if not is_fresh:
                        continue
                    is_fresh = False
                yield received_ns, entry

    def _note_time(self, received_ns: int, hello: Hello) -> None:
        """Know what the time of day was when the recording began."""
        if math.isnan(self._began_wall_seconds):
            since_ns = self._first_ns - received_ns
            self._began_wall_seconds = (hello.wall_ns + since_ns) / 1e9

    def send(self, command: Command, pool: int = 0) -> bool:  # noqa: ARG002  # as a Peer
        """Do nothing: what is over takes no commands."""
        return True

    def fail(self, why: Note) -> None:
        """End it: what it says does not fit."""
        self.ending = Ending(why, None, by_itself=False)

    def close(self, deadline_seconds: float) -> tuple[str, ...]:  # noqa: ARG002  # as a Peer
        """Close the file."""
        self._reader.close()
        if self.ending is None:
            told = note("recording-closed", file=self._path.name)
            self.ending = Ending(told, None, by_itself=False, asked=True)
        return ()


def _opened(path: Path) -> ChunkReader:
    try:
        reader = ChunkReader(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise LaunchError("recording-unread", file=str(path), reason=reason) from None
    except NoRecordingError as error:
        if not error.layout:
            raise LaunchError("no-recording", file=str(path)) from None
        layout = error.layout
        raise LaunchError("recording-layout", file=str(path), layout=layout) from None
    if not reader.chunks:
        reader.close()
        raise LaunchError("recording-empty", file=str(path))
    return reader
