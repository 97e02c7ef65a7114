"""The session: starts the watched processes, and hands snapshots to the window.

The session thread owns processes, connections and model. All public methods may be
called from any thread; none of them waits except `close` and `report`. Invariants: at
most one wake-up of the window is in flight, the newest snapshot wins; a window that
takes none costs no memory; nothing is called back with a lock held.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from pool_gui.monitor import report
from pool_gui.monitor.findings.judgements import Judgements
from pool_gui.monitor.log import Log
from pool_gui.monitor.source.base import Playing, SourceKind
from pool_gui.monitor.source.child import Launch
from pool_gui.monitor.sources import Sources
from pool_gui.monitor.view.facts import LinkState
from pool_gui.monitor.view.maker import SnapshotMaker
from pool_gui.monitor.view.snapshot import Scope, Snapshot
from pool_gui.monitor.view.viewport import Rate, Viewport
from pool_gui.wire.commands import Command, Look
from pool_gui.wire.notes import note
from pool_gui.wire.protocol import CLOSE_INTERVAL_SECONDS, FRAME_INTERVAL_SECONDS

_LOG = logging.getLogger("pool_gui.monitor")

_FRESH_SECONDS: Final = CLOSE_INTERVAL_SECONDS * 0.85
"""The least time between snapshots: a little less than between two frames, so that
each frame gets one."""

_CLOSE_PIXEL_SECONDS: Final = 0.02
"""Where a pixel of the lanes stands for less, single tasks are looked at."""

_LEAST_SECONDS: Final = {
    Rate.HIGH: _FRESH_SECONDS,
    Rate.NORMAL: FRAME_INTERVAL_SECONDS * 0.85,
    Rate.LOW: 0.5,
}
"""Between snapshots for which nobody asked."""

_SILENT_SECONDS: Final = 1 / 15
_BUSY_SECONDS: Final = 1 / 25
"""While tasks run: a process that is late with its frames must not stop the views."""

_SLOWEST_SECONDS: Final = 0.2
"""While news come, so that figures keep pace where a pixel of the lanes is long."""

_QUIET_SECONDS: Final = 0.35
_ALONE_SECONDS: Final = 1.0
"""Between snapshots while there is no process."""

_STARTING_SECONDS: Final = 0.02
_MAX_REQUESTS: Final = 256
_OWN_DEADLINE_SECONDS: Final = 3.0
"""For the process, when the session ends without being asked to."""


class Session:
    """Watches any number of sources; see the module for who may call what."""

    def __init__(
        self,
        launch: Launch,
        *,
        notify: Callable[[], None] | None = None,
        clock: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        """Make a session; `start` makes it work.

        Args:
            launch: the program to watch; `launcher.pool_process()` for our own.
            notify: called in the session thread when there is a new snapshot, and not
                again before `take`.
            clock: nanoseconds, monotonic.
        """
        self._notify = notify
        self._clock = clock
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._log = Log()
        self._model_lock = threading.Lock()  # guards _sources and _maker
        self._sources = Sources(launch, self._log, clock, self._wake.set)
        self._maker = SnapshotMaker(self._log)
        self._lock = threading.Lock()  # guards all below
        self._requests: deque[Callable[[], None]] = deque()
        self._viewport = self._shown_viewport = Viewport()
        self._in_flight = False
        self._newest = self._make(self._viewport)
        self._deadline_seconds = _OWN_DEADLINE_SECONDS
        self._unfinished: tuple[str, ...] = ()
        self._thread = threading.Thread(target=self._run, name="session", daemon=True)

    def start(self) -> None:
        """Begin; no process is started yet."""
        self._thread.start()

    def launch_pool(
        self, size: int, first: Sequence[Command] = (), source: int = 0
    ) -> None:
        """Start a pool in a source, and a process for it if there is none.

        Args:
            size: workers; 0 means twice the cores.
            first: commands for it, once it runs.
            source: the source's key; 0: the one in scope, or the newest.
        """
        self._request(lambda: self._sources.launch(size, first, source))

    def restart(self, size: int, source: int) -> None:
        """Start a source's process anew, with the load that ran; the history stays.

        Args:
            size: workers; 0 means twice the cores.
            source: the source's key. A process that hangs is ended first.
        """
        self._request(lambda: self._sources.restart(size, source))

    def add_demo(self, size: int, first: Sequence[Command] = ()) -> None:
        """Start a demo pool in a process of its own, and put it in scope.

        Args:
            size: workers; 0 means twice the cores.
            first: commands for it, once it runs.
        """
        self._request(lambda: self._sources.add_demo(size, first))

    def add_source(self, kind: SourceKind) -> None:
        """Begin a source of any kind, and put it in scope."""
        self._request(lambda: self._sources.add(kind))

    def add_pool(self, size: int, first: Sequence[Command] = ()) -> None:
        """Start a pool beside those of the source in scope, and put it in scope.

        Args:
            size: workers; 0 means twice the cores.
            first: commands for it, once it runs.
        """
        self._request(lambda: self._sources.add_pool(size, first))

    def record(self, source: int, path: Path) -> None:
        """Record a source to this file from now on; the log says what became of it.

        Args:
            source: its key.
            path: a file of that name is replaced.
        """
        self._request(lambda: self._sources.record(source, path))

    def end_recording(self, source: int) -> None:
        """Record a source no more."""
        self._request(lambda: self._sources.end_recording(source))

    def play(self, source: int, playing: Playing) -> None:
        """Play a recording in another way, or from another place."""
        self._request(lambda: self._sources.play(source, playing))

    def set_scope(self, scope: Scope) -> None:
        """Let all but the lanes speak of this, and commands be for it."""
        self._request(lambda: self._sources.set_scope(scope))

    def judge(self, judgements: Judgements) -> None:
        """Let other thresholds count, and rules be silenced."""
        self._request(lambda: self._sources.judge(judgements))

    def remove(self, source: int) -> None:
        """End a source's process if it lives, and forget what is known of it."""
        self._request(lambda: self._sources.remove(source))

    def send(self, command: Command, scope: Scope | None = None) -> None:
        """Send a command; its reply, or why it was not sent, comes as a log line.

        Args:
            command: what to send.
            scope: for which pools, each of which gets it; None: those in scope.
        """
        self._request(lambda: self._sources.send(command, scope))

    def set_viewport(self, viewport: Viewport) -> None:
        """Say what part of the lanes the next snapshots shall show."""
        with self._lock:
            self._viewport = viewport
        self._wake.set()

    def take(self) -> Snapshot:
        """Return the newest snapshot; the next one will be notified again."""
        with self._lock:
            self._in_flight = False
            return self._newest

    def report(self) -> dict[str, object]:
        """Return the report on the source in scope, or the newest: its last process."""
        with self._model_lock:
            watcher = self._sources.chosen()
            return report.build(watcher.history, watcher.told())

    def close(self, deadline_seconds: float = 3.0) -> tuple[str, ...]:
        """End the process, then the session. Idempotent.

        Returns:
            The names of what did not finish in time; empty when all did.
        """
        with self._lock:
            if not self._closing.is_set():
                self._deadline_seconds = deadline_seconds
                self._closing.set()
        self._wake.set()
        if self._thread.ident is None:
            return ()
        self._thread.join(deadline_seconds + 1.0)
        if self._thread.is_alive():
            return ("session",)
        return self._unfinished

    def _request(self, action: Callable[[], None]) -> None:
        with self._lock:
            accepted = len(self._requests) < _MAX_REQUESTS
            if accepted:
                self._requests.append(action)
        if not accepted:
            self._log.add("window", "warning", note("commands-full"))
        self._wake.set()

    def _run(self) -> None:
        try:
            self._loop()
        except Exception:  # noqa: BLE001  # it must not end without a word
            _LOG.exception("the session failed")
            self._log.add("window", "error", note("session-failed"))
        finally:
            self._shut_down()

    def _loop(self) -> None:
        fresh = urgent = True
        published_ns = self._clock()
        wait_seconds = 0.0
        while not self._closing.is_set():
            self._wake.wait(wait_seconds)
            self._wake.clear()
            came, asked = self._work()
            fresh, urgent = fresh or came or asked, urgent or asked
            age_seconds = (self._clock() - published_ns) / 1e9
            due_seconds = self._due_seconds(fresh=fresh, urgent=urgent)
            if age_seconds >= due_seconds:
                published_ns = self._clock()
                self._publish()
                fresh = urgent = False
                age_seconds, due_seconds = 0.0, self._pace()
            wait_seconds = max(due_seconds - age_seconds, 0.0)
            if any(s.link.state is LinkState.STARTING for s in self._newest.sources):
                wait_seconds = min(wait_seconds, _STARTING_SECONDS)

    def _due_seconds(self, *, fresh: bool, urgent: bool) -> float:
        """Return how old the last snapshot must be for the next one.

        Args:
            fresh: something came.
            urgent: a person asked for something.
        """
        if urgent or (fresh and not any(s.pools for s in self._newest.sources)):
            return _FRESH_SECONDS
        # Before the lanes move by a pixel there is nothing new to be seen.
        viewport = self._shown_viewport
        step_seconds = viewport.span_seconds / max(viewport.pixels, 1)
        rate = Rate.HIGH if _is_close(viewport) else viewport.rate
        least_seconds = _LEAST_SECONDS[rate]
        step_seconds = max(min(step_seconds, _SLOWEST_SECONDS), least_seconds)
        return step_seconds if fresh else max(step_seconds, self._pace())

    def _work(self) -> tuple[bool, bool]:
        """Take in what came and do what was asked; return whether there was either."""
        with self._lock:
            requests = tuple(self._requests)
            self._requests.clear()
            viewport = self._viewport
            viewport_changed = viewport != self._shown_viewport
        with self._model_lock:
            for request in requests:
                request()
            self._sources.look(Look(_is_close(viewport), viewport.stacks))
            came = self._sources.poll()
        return came, bool(requests) or viewport_changed

    def _pace(self) -> float:
        """Return the time between snapshots while nothing is new."""
        states = {source.link.state for source in self._newest.sources}
        if LinkState.SILENT in states:
            return _SILENT_SECONDS
        if LinkState.LIVE in states and not self._newest.quiet:
            return _BUSY_SECONDS
        return _QUIET_SECONDS if self._sources.any_active() else _ALONE_SECONDS

    def _make(self, viewport: Viewport) -> Snapshot:
        return self._maker.make(self._sources.watched(viewport), self._sources.scope)

    def _publish(self) -> None:
        with self._lock:
            viewport = self._shown_viewport = self._viewport
        with self._model_lock:
            snapshot = self._make(viewport)
        with self._lock:
            self._newest = snapshot
            call = not self._in_flight
            self._in_flight = True
        if call and self._notify is not None:
            try:
                self._notify()
            except RuntimeError as error:  # what it woke is gone (Qt says it so)
                self._notify = None
                told = note("window-gone", reason=str(error))
                self._log.add("window", "error", told)

    def _shut_down(self) -> None:
        with self._lock:
            deadline_seconds = self._deadline_seconds
        with self._model_lock:
            self._unfinished = self._sources.close(deadline_seconds)
        for name in self._unfinished:
            self._log.add("window", "warning", note("did-not-end", name=name))
        self._publish()


def _is_close(viewport: Viewport) -> bool:
    """Return whether agents are to send more frames than usual."""
    pixel_seconds = viewport.span_seconds / max(viewport.pixels, 1)
    return viewport.rate is Rate.HIGH or (
        viewport.rate is Rate.NORMAL and pixel_seconds < _CLOSE_PIXEL_SECONDS
    )
