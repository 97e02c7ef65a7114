"""Every sentence that a note says: codes and values in, words of the language out.

The one place where they are written, so that all of them can be translated. GUI thread
only. A value's kind stands behind its name: {tasks:tasks} is '8 tasks'.
"""

import string
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QCoreApplication

from pool_gui.monitor.view.facts import ArrivalRow, LoadState, LogLine
from pool_gui.window.style import numbers, words
from pool_gui.window.style.program_sentences import of_programs
from pool_gui.window.style.recording_sentences import of_recordings
from pool_gui.wire.commands import Arrival
from pool_gui.wire.notes import Note

translate = QCoreApplication.translate


def sentence(note: Note) -> str:
    """Return a note in words; its code where no sentence is known for it."""
    template = _by_code().get(note.code)
    if template is None:
        return note.code
    return _SPEAKER.vformat(template, (), _Spoken(note.values))


def log_sentence(line: LogLine) -> str:
    """Return a line of the log in words, with the source that it speaks of."""
    text = sentence(line.note)
    if line.about is None:
        return text
    return f"{words.kind_name(*line.about)}: {text}"


def load_text(load: LoadState) -> str:
    """Return how the tasks of a load arrive, in words."""
    told = (arrival_text(one) for one in load.arrivals)
    return ", ".join(dict.fromkeys(told))


def arrival_text(how: ArrivalRow) -> str:
    """Return how tasks arrive, in words: '60 per second'."""
    if how.arrival == Arrival.IN_FLIGHT:
        return translate("Sentences", "{0} in flight").format(how.in_flight)
    rate = numbers.significant(how.rate_per_second)
    if how.arrival == Arrival.POISSON:
        text = translate("Sentences", "{0} per second on average, at random")
    else:
        text = translate("Sentences", "{0} per second")
    return text.format(rate)


class _Spoken(dict[str, Any]):
    """A note's values, and what follows from them."""

    def __init__(self, values: Mapping[str, int | float | str]) -> None:
        super().__init__(values)
        if "arrival" in values:
            self["how"] = arrival_text(
                ArrivalRow(
                    str(values["arrival"]),
                    float(values.get("rate_per_second", 0)),
                    int(values.get("in_flight", 0)),
                )
            )

    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"


class _Speaker(string.Formatter):
    """Formats values by their kind; text stays as it is."""

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return a value in words."""
        if not isinstance(value, int | float):
            return str(value)
        exact = {
            "seconds": numbers.duration,
            "rate": numbers.rate,
            "bytes": numbers.data_size,
        }
        if format_spec in exact:
            return exact[format_spec](value)
        kinds = {
            "workers": words.workers,
            "tasks": words.tasks,
            "pools": words.pools,
            "count": numbers.count,
        }
        kind = kinds.get(format_spec, str)
        return kind(int(value)) if format_spec else str(value)


_SPEAKER = _Speaker()
_known: dict[str, str] = {}


def _by_code() -> Mapping[str, str]:
    """Return the sentences by code; they are looked up once, in the language then."""
    if not _known:
        makers = (_done, _refused, _process, _session, _unseen)
        for make in (*makers, of_programs, of_recordings):
            _known.update(make())
    return _known


def _done() -> dict[str, str]:
    """Return what a pool process says it has done."""
    return {
        "started": translate("Sentences", "Started a pool of {workers:workers}."),
        "submitting": translate(
            "Sentences", "Submitting {tasks:tasks} of {demo}: {how}."
        ),
        "submitting-on": translate("Sentences", "Submitting tasks of {demo}: {how}."),
        "putting": translate("Sentences", "Putting {tasks:tasks} of {demo}."),
        "put": translate("Sentences", "Put {tasks:tasks} of {demo}."),
        "load-ended": translate("Sentences", "The load has ended after {tasks:tasks}."),
        "looking": translate("Sentences", "Frames come at another rate."),
        "paused": translate(
            "Sentences", "Paused: workers finish what they run and take nothing more."
        ),
        "resumed": translate("Sentences", "Resumed."),
        "resized": translate("Sentences", "Resized to {workers:workers}."),
        "resize-compared": translate(
            "Sentences",
            "{before:count} → {after:workers}: {rate_before:rate} → {rate_after:rate}.",
        ),
        "resize-measured": translate(
            "Sentences", "{after:workers}: {rate_after:rate}."
        ),
        "dismissed": translate("Sentences", "Dismissed {workers:workers}."),
        "dismissed-last": translate(
            "Sentences", "Dismissed {workers:workers}; there were no more."
        ),
        "dismissed-worker": translate("Sentences", "Dismissed {worker}."),
        "cleared": translate("Sentences", "Took {tasks:tasks} out of the queue."),
        "retried": translate("Sentences", "Put {tasks:tasks} that had failed."),
        "draining": translate(
            "Sentences", "Draining: {tasks:tasks} to finish, then the pool ends."
        ),
        "stopped": translate(
            "Sentences",
            "Stopped: {tasks:tasks} taken out of the queue; running ones finish.",
        ),
    }


def _refused() -> dict[str, str]:
    """Return why a pool process did not do something."""
    return {
        "batches-full": translate(
            "Sentences",
            "{batches:count} large batches are being put; wait for one to finish.",
        ),
        "pool-closed": translate(
            "Sentences", "The pool takes no more tasks; start a new one."
        ),
        "no-load": translate("Sentences", "No load is running."),
        "none-failed": translate(
            "Sentences", "Nothing to retry: no failed task of this pool is kept."
        ),
        "no-worker-left": translate("Sentences", "There is no worker left to dismiss."),
        "worker-gone": translate("Sentences", "That worker has already gone."),
        "worker-dismissed": translate("Sentences", "{worker} was dismissed already."),
        "no-agent": translate("Sentences", "This process has no agent yet."),
        "pools-full": translate(
            "Sentences", "{pools:pools} run already; stop one of them first."
        ),
        "last-draining": translate(
            "Sentences", "The last pool has not ended yet: its tasks must finish first."
        ),
        "pool-runs": translate(
            "Sentences", "A pool is running already; stop it first."
        ),
        "waiting-full": translate(
            "Sentences",
            "Nothing was submitted: {tasks:tasks} wait already, and no more than "
            "{most:count} may, so that they do not fill the memory.",
        ),
        "start-first": translate("Sentences", "Start the pool first."),
        "pool-stopped": translate(
            "Sentences", "The pool has stopped; start a new one."
        ),
        "pool-says": translate("Sentences", "{reason}"),
        "bad-demo": translate("Sentences", "Nothing was submitted: {reason}."),
        "unknown-command": translate("Sentences", "A pool does not know {command}."),
        "malformed": translate("Sentences", "The command was refused: {reason}."),
        "failed": translate("Sentences", "The command {command} failed with {error}."),
    }


def _process() -> dict[str, str]:
    """Return what became of a watched process."""
    return {
        "launch-failed": translate(
            "Sentences", "The pool process cannot be started ({program}: {reason})."
        ),
        "gate-failed": translate(
            "Sentences", "The pool process cannot be started: {reason}."
        ),
        "process-started": translate(
            "Sentences", "Started the pool process (PID {pid})."
        ),
        "process-connected": translate(
            "Sentences",
            "The pool process (PID {pid}) is connected: {implementation} {python}, "
            "{agent}.",
        ),
        "process-exited": translate(
            "Sentences", "The pool process (PID {pid}) exited with code {code}."
        ),
        "process-signalled": translate(
            "Sentences",
            "The pool process (PID {pid}) was ended by signal {signal} ({name}).",
        ),
        "asked-exited": translate(
            "Sentences",
            "The pool process (PID {pid}) exited with code {code}, as it was asked to "
            "end.",
        ),
        "asked-signalled": translate(
            "Sentences",
            "The pool process (PID {pid}) was ended by signal {signal} ({name}), as "
            "it "
            "was asked to end.",
        ),
        "asked-to-end": translate("Sentences", "The pool process was asked to end."),
        "early-exited": translate(
            "Sentences",
            "The pool process (PID {pid}) exited with code {code} before it was "
            "connected; the log shows what it said.",
        ),
        "early-signalled": translate(
            "Sentences",
            "The pool process (PID {pid}) was ended by signal {signal} ({name}) "
            "before "
            "it was connected; the log shows what it said.",
        ),
        **_faults(),
    }


def _faults() -> dict[str, str]:
    """Return why the window ended a process."""
    return {
        "misfit": translate(
            "Sentences", "The pool process (PID {pid}) was ended: {reason}."
        ),
        "bad-bytes": translate(
            "Sentences",
            "The pool process (PID {pid}) broke the protocol and was ended: {reason}.",
        ),
        "hello-twice": translate(
            "Sentences",
            "The pool process (PID {pid}) broke the protocol and was ended: it said "
            "hello again.",
        ),
        "hello-missing": translate(
            "Sentences",
            "The pool process (PID {pid}) broke the protocol and was ended: it spoke "
            "before it said hello.",
        ),
        "reply-unasked": translate(
            "Sentences",
            "The pool process (PID {pid}) was ended: nobody sent the command {number}.",
        ),
        "hello-late": translate(
            "Sentences",
            "The pool process (PID {pid}) did not say hello within {seconds:seconds} "
            "and was ended.",
        ),
        "closed-early": translate(
            "Sentences",
            "The pool process (PID {pid}) closed its connection but did not end, and "
            "was ended.",
        ),
    }


def _session() -> dict[str, str]:
    """Return what the session says of itself and of its links."""
    return {
        "line": "{text}",
        "flood": translate(
            "Sentences",
            "More than {lines:count} lines a second come; the others are counted.",
        ),
        "hidden": translate(
            "Sentences", "{lines:count} lines came too fast and were not shown."
        ),
        "none-yet": translate("Sentences", "No pool process has been started."),
        "starting": translate("Sentences", "The pool process (PID {pid}) is starting."),
        "connected": translate(
            "Sentences", "Connected to the pool process (PID {pid})."
        ),
        "silent": translate(
            "Sentences", "The pool process has not answered for {seconds:seconds}."
        ),
        "not-connected": translate(
            "Sentences", "No pool process is connected: {command} was not sent."
        ),
        "not-reading": translate(
            "Sentences", "The pool process does not read: {command} was not sent."
        ),
        "connection-refused": translate(
            "Sentences", "A connection was refused: {reason}."
        ),
        "sources-full": translate(
            "Sentences", "There are {sources:count} sources already; remove one first."
        ),
        "did-not-end": translate("Sentences", "The {name} did not end in time."),
        "earlier-did-not-end": translate(
            "Sentences", "The {name} of an earlier run did not end."
        ),
        "commands-full": translate(
            "Sentences", "Too many commands wait; one was not sent."
        ),
        "session-failed": translate(
            "Sentences", "The session failed; save the log, then start the window anew."
        ),
        "window-gone": translate(
            "Sentences", "The window can no longer be told of news ({reason})."
        ),
    }


def _unseen() -> dict[str, str]:
    """Return what cannot be seen of a process."""
    return {
        "states-not-seen": translate(
            "Sentences",
            "What the workers wait for cannot be seen ({reason}); it is shown as "
            "unknown. To see it, run the window as the same user, or as root.",
        ),
        "states-cpu-only": translate(
            "Sentences",
            "This system tells the workers' time on a core, not what they wait for; "
            "that is shown as unknown.",
        ),
        "not-metered": translate(
            "Sentences",
            "CPU and memory of the pool process cannot be read: {reason}. All else "
            "goes on.",
        ),
    }
