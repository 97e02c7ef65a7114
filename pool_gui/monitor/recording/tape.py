"""The recording of one source, while there is one. Session thread only."""

from pathlib import Path

from pool_gui.monitor.log import LineSink
from pool_gui.monitor.model.program import History
from pool_gui.monitor.recording.entries import Entry
from pool_gui.monitor.recording.recorder import Recorder
from pool_gui.monitor.view.facts import RecordingRow
from pool_gui.wire.notes import note


class Tape:
    """Takes down what the source tells; what went wrong the log says, once."""

    def __init__(self, history: History, log: LineSink) -> None:
        self._history = history
        self._log = log
        self._recorder: Recorder | None = None

    @property
    def row(self) -> RecordingRow | None:
        """What is recorded; None while nothing is."""
        one = self._recorder
        if one is None:
            return None
        return RecordingRow(str(one.path), one.size_bytes, one.seconds)

    def begin(self, path: Path, now_ns: int) -> None:
        """Record to this file from now on, instead of to another.

        Args:
            path: the file's; one of that name is replaced.
            now_ns: the session's clock.
        """
        self.end()
        greeting = self._history.greeting
        if greeting is None:
            self._log.add("window", "warning", note("recording-nothing"))
            return
        names = self._history.known_names()
        try:
            self._recorder = Recorder(path, greeting, names, now_ns)
        except (OSError, RuntimeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            told = note("recording-failed", file=str(path), reason=reason)
            self._log.add("window", "error", told)
        else:
            told = note("recording-began", file=str(path))
            self._log.add("window", "info", told)

    def note(self, received_ns: int, entry: Entry) -> None:
        """Take this down, if anything is recorded."""
        recorder = self._recorder
        if recorder is None:
            return
        recorder.note(received_ns, entry)
        if recorder.trouble:
            self.end()

    def end(self) -> tuple[str, ...]:
        """Record no more; return the names of what did not end in time."""
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return ()
        is_over, path = recorder.close(), str(recorder.path)
        if recorder.trouble:
            told = note("recording-failed", file=path, reason=recorder.trouble)
            self._log.add("window", "error", told)
        else:
            values = {"seconds": recorder.seconds, "bytes": recorder.size_bytes}
            told = note("recording-over", file=path, **values)
            self._log.add("window", "info", told)
        return () if is_over else ("recorder",)
