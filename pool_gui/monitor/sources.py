"""All sources of a session, and what of them is in scope.

Session thread only, with the model's lock held by the session. Invariants: there is at
least one source, of which perhaps nothing has begun; keys are never used twice; a
source that was lost stays until it is removed.
"""

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from pool_gui.monitor.findings.judgements import NO_JUDGEMENTS, Judgements
from pool_gui.monitor.log import LineSink, Log, TaggedLines
from pool_gui.monitor.model.program import Shared
from pool_gui.monitor.source.base import Playing, SourceKind
from pool_gui.monitor.source.child import Launch
from pool_gui.monitor.source.process import started
from pool_gui.monitor.view.facts import MAX_SOURCES
from pool_gui.monitor.view.snapshot import Scope
from pool_gui.monitor.view.viewport import Viewport
from pool_gui.monitor.view.watched import Watched
from pool_gui.monitor.watcher import Watcher
from pool_gui.wire.commands import Command, Look, Start
from pool_gui.wire.notes import note

_REMOVE_SECONDS: Final = 1.0
_AWAIT_NS: Final = 10_000_000_000
"""A pool that was asked for and has not come by then does not come any more."""


class Sources:
    """See the module."""

    def __init__(
        self,
        launch: Launch,
        log: Log,
        clock: Callable[[], int],
        wake: Callable[[], None],
    ) -> None:
        self._demo = started(launch)
        self._log = log
        self._clock = clock
        self._wake = wake
        self._shared = Shared()
        self._keys = itertools.count(1)
        self._watchers: dict[int, Watcher] = {}
        self._numbers: dict[int, int] = {}
        self._enders: list[threading.Thread] = []
        self._awaited = 0  # the source in which a new pool is to come
        self._awaited_until_ns = 0
        self._known_pools: set[int] = set()
        self._first: tuple[Command, ...] = ()  # for the pool that is to come
        self._judgements = NO_JUDGEMENTS
        self.scope = Scope(self._add())
        """What requests that name nothing are for."""

    def chosen(self, key: int = 0) -> Watcher:
        """Return a source by its key; for 0 the one in scope, or the newest."""
        watcher = self._watchers.get(key or self.scope.source)
        return watcher or self._watchers[next(reversed(self._watchers))]

    def watched(self, viewport: Viewport) -> tuple[Watched, ...]:
        """Return all sources, each at this moment."""
        return tuple(
            Watched(
                key,
                self._numbers[key],
                watcher.history,
                watcher.moment(viewport),
                watcher.kind.name,
                watcher.kind.is_driven,
                watcher.playback,
                watcher.tape.row,
            )
            for key, watcher in self._watchers.items()
        )

    def launch(self, size: int, first: Sequence[Command] = (), key: int = 0) -> None:
        """Start a pool in a source, and a process for it if there is none.

        What is in scope of this source is all of it from now on: the new pool, too.
        """
        watcher = self.chosen(key)
        source = next(k for k, one in self._watchers.items() if one is watcher)
        if self.scope.source == source:
            self.scope = Scope(source)
        watcher.launch(size, first)

    def restart(self, size: int, key: int) -> None:
        """Start a source's process anew, with the load that ran."""
        self.chosen(key).restart(size)

    def add_demo(self, size: int, first: Sequence[Command] = ()) -> None:
        """Start a demo pool in a process of its own, and put it in scope."""
        if self._is_full():
            return
        unused = (
            key
            for key, one in self._watchers.items()
            if not one.has_begun and one.kind is self._demo
        )
        key = next(unused, None) or self._add()
        self.scope = Scope(key)
        self._watchers[key].launch(size, first)

    def add(self, kind: SourceKind) -> None:
        """Begin a source of any kind, and put it in scope."""
        if self._is_full():
            return
        idle = [key for key, one in self._watchers.items() if not one.has_begun]
        for key in idle:  # the one that waits for a first demo
            del self._watchers[key], self._numbers[key]
        self.scope = Scope(self._add(kind))
        self._watchers[self.scope.source].open()

    def add_pool(self, size: int, first: Sequence[Command] = ()) -> None:
        """Start a pool beside those of the source in scope; it comes into scope."""
        watcher = self.chosen()
        if not watcher.active or not watcher.history.pools.shown:
            self.launch(size, first)
            return
        self._first = tuple(first)
        self._awaited_until_ns = self._clock() + _AWAIT_NS
        self._awaited = next(k for k, one in self._watchers.items() if one is watcher)
        self._known_pools = {pool.key for pool in watcher.history.pools.shown}
        watcher.send(Start(size, beside=True))

    def set_scope(self, scope: Scope) -> None:
        """Let this be in scope, if it is there."""
        if scope.source in {0, *self._watchers}:
            self.scope = scope

    def remove(self, key: int) -> None:
        """End a source's process if it lives, and forget what is known of it.

        The process may take its time to end, which nobody waits for here.
        """
        watcher = self._watchers.pop(key, None)
        if watcher is None:
            return
        ender = threading.Thread(target=self._end, args=(watcher,), name="remove")
        ender.start()
        self._enders = [one for one in self._enders if one.is_alive()] + [ender]
        del self._numbers[key]
        if not self._watchers:
            self.scope = Scope(self._add())
        elif self.scope.source == key:
            left = next(reversed(self._watchers))
            self.scope = Scope(left) if len(self._watchers) == 1 else Scope()

    def _end(self, watcher: Watcher) -> None:
        for name in watcher.close(_REMOVE_SECONDS):
            self._log.add("window", "warning", note("did-not-end", name=name))

    def send(self, command: Command, scope: Scope | None = None) -> None:
        """Send a command to each pool of a scope that lives; None: what is in scope."""
        scope = self.scope if scope is None else scope
        chosen = [
            watcher
            for key, watcher in self._watchers.items()
            if scope.source in {0, key}
        ]
        alive = [watcher for watcher in chosen if watcher.active]
        driven = [watcher for watcher in alive if watcher.kind.is_driven]
        for watcher in driven or chosen[-1:]:
            for number in _numbers(watcher, scope.pool):
                watcher.send(command, number)

    def record(self, key: int, path: Path) -> None:
        """Record a source to this file from now on, instead of to another."""
        self.chosen(key).tape.begin(path, self._clock())

    def end_recording(self, key: int) -> None:
        """Record a source no more."""
        for name in self.chosen(key).tape.end():
            self._log.add("window", "warning", note("did-not-end", name=name))

    def play(self, key: int, playing: Playing) -> None:
        """Play a recording in another way, or from another place."""
        watcher = self._watchers.get(key)
        if watcher is None or watcher.kind.at is None:
            return
        if playing.position_seconds is None:
            watcher.play(playing)
            return
        # Another place is another past: the model begins anew.
        watcher.close(_REMOVE_SECONDS)
        self._watchers[key] = self._watcher(key, watcher.kind.at(playing))
        self._watchers[key].open()

    def judge(self, judgements: Judgements) -> None:
        """Let this be decided about the rules, for all sources there are or come."""
        self._judgements = judgements
        for watcher in self._watchers.values():
            watcher.diagnosis.judgements = judgements

    def look(self, look: Look) -> None:
        """Say how closely somebody looks, to whom that is news."""
        for watcher in self._watchers.values():
            watcher.look(look)

    def poll(self) -> bool:
        """Take in what came; return whether the window has something new to show."""
        came = [watcher.poll() for watcher in self._watchers.values()]
        self._look_for_awaited()
        return any(came)

    def _look_for_awaited(self) -> None:
        """Put a pool in scope that was asked for and has come."""
        watcher = self._watchers.get(self._awaited)
        late = self._clock() > self._awaited_until_ns  # then it was refused
        if watcher is None or not watcher.active or late:
            self._awaited = 0
            return
        for pool in watcher.history.pools.shown:
            if pool.key not in self._known_pools:
                self.scope, self._awaited = Scope(self._awaited, pool.key), 0
                for command in self._first:
                    watcher.send(command, pool.header.pool)
                return

    def any_active(self) -> bool:
        """Whether there is a process."""
        return any(watcher.active for watcher in self._watchers.values())

    def close(self, deadline_seconds: float) -> tuple[str, ...]:
        """End all processes; return the names of what did not finish."""
        deadline = time.monotonic() + deadline_seconds
        share = deadline_seconds / len(self._watchers)
        unfinished = [
            name for watcher in self._watchers.values() for name in watcher.close(share)
        ]
        for ender in self._enders:
            ender.join(max(deadline - time.monotonic(), 0.1))
            unfinished += ["removed source"] if ender.is_alive() else []
        return tuple(unfinished)

    def _is_full(self) -> bool:
        """Whether there is room for no more; the log then says so."""
        full = len(self._watchers) >= MAX_SOURCES
        if full:
            told = note("sources-full", sources=MAX_SOURCES)
            self._log.add("window", "warning", told)
        return full

    def _add(self, kind: SourceKind | None = None) -> int:
        key = next(self._keys)
        # The least number that is free: people count what they see.
        number = next(n for n in itertools.count(1) if n not in self._numbers.values())
        self._numbers[key] = number
        self._watchers[key] = self._watcher(key, kind or self._demo)
        return key

    def _watcher(self, key: int, kind: SourceKind) -> Watcher:
        log: LineSink = self._log
        if self._numbers[key] > 1:
            log = TaggedLines(self._log, (kind.name, self._numbers[key]))
        watcher = Watcher(kind, log, self._clock, self._wake, self._shared)
        watcher.diagnosis.judgements = self._judgements
        return watcher


def _numbers(watcher: Watcher, pool: int) -> tuple[int, ...]:
    """Return the ids that the pools of a scope have in their process."""
    pools = watcher.history.pools
    if pool:
        facts = pools.get(pool)
        return () if facts is None else (facts.header.pool,)
    living = [one for one in pools.shown if one.header.state != "stopped"]
    return tuple(one.header.pool for one in living) if len(living) > 1 else (0,)
