"""Looks at all pools of a source twice a second, and keeps what is found.

Session thread only.
"""

from typing import Final

from pool_gui.monitor.findings.collector import LOOK_NS, Collector
from pool_gui.monitor.findings.judgements import NO_JUDGEMENTS
from pool_gui.monitor.findings.keeper import Finding, Keeper
from pool_gui.monitor.model.program import History

_MOST_POOLS: Final = 64
"""Pools whose findings are known; of those that are no more, the oldest give way."""


class Diagnosis:
    """See the module."""

    def __init__(self, history: History) -> None:
        self._history = history
        self.judgements = NO_JUDGEMENTS
        """What people decided about the rules; may be set at any time."""
        self._due_ns = 0
        self._frame_ns = 0
        self._gap_ns = 0
        self._collectors: dict[int, Collector] = {}  # by the pool's key
        self._keepers: dict[int, Keeper] = {}

    def follow(self, sampling_trouble: str) -> None:
        """Look at the pools if it is time; after each frame."""
        now_ns = self._history.now_ns
        if self._frame_ns:
            self._gap_ns = max(self._gap_ns, now_ns - self._frame_ns)
        self._frame_ns = now_ns
        if now_ns < self._due_ns:
            return
        self._due_ns = now_ns + LOOK_NS
        told = {pool.key for pool in self._history.pools.shown if pool.told}
        for key in self._collectors.keys() - told:
            del self._collectors[key]
            self._keepers[key].end()
        for pool in self._history.pools.shown:
            if not pool.told:
                continue
            collector = self._collectors.get(pool.key)
            if collector is None:
                collector = Collector(self._history, pool)
                self._collectors[pool.key] = collector
                self._keepers[pool.key] = Keeper()
            collector.look(now_ns, self._gap_ns)
            judgement = self.judgements.of(pool.header.name)
            self._keepers[pool.key].judgement = judgement
            self._keepers[pool.key].look(collector.signs(sampling_trouble), now_ns)
        self._gap_ns = 0
        while len(self._keepers) > _MOST_POOLS:
            del self._keepers[next(iter(self._keepers))]

    def end(self) -> None:
        """Let all be over: the process is no more."""
        self._collectors.clear()
        self._frame_ns = self._due_ns = 0
        for keeper in self._keepers.values():
            keeper.end()

    def of(self, pool: int) -> tuple[Finding, ...]:
        """Return the findings of the pool with this key, the gravest first."""
        keeper = self._keepers.get(pool)
        return () if keeper is None else keeper.findings
