"""Forecasts a pool at all sizes, a size at a time, while somebody looks.

Session thread only. One size takes some milliseconds: none is late to a snapshot.
"""

from typing import Final

from pool_gui.monitor.model.pools import PoolFacts
from pool_gui.monitor.model.program import History
from pool_gui.monitor.view.facts import ForecastRow, WhatIf
from pool_gui.monitor.whatif.load import Taken, take
from pool_gui.monitor.whatif.simulation import SIZES, Forecast, best_size, replay

_AGAIN_NS: Final = 5_000_000_000


class Forecaster:
    """See the module."""

    def __init__(self) -> None:
        self._pool = 0
        self._due_ns = 0
        self._taken: Taken | None = None
        self._sizes: list[int] = []
        self._made: list[Forecast] = []
        self.newest: WhatIf | None = None
        """The last forecast that is whole."""

    def step(self, history: History, pool: PoolFacts, now_ns: int) -> None:
        """Do a little of the work, if there is any."""
        if pool.key != self._pool:
            self._pool, self._due_ns, self.newest = pool.key, 0, None
            self._sizes = []
        if not self._sizes:
            if now_ns >= self._due_ns:
                self._begin(history, pool, now_ns)
            return
        taken, size = self._taken, self._sizes.pop()
        if taken is None or taken.load is None:
            return
        self._made.append(replay(taken.load, size))
        if not self._sizes:
            self.newest = _row(pool, taken, sorted(self._made, key=_size))

    def _begin(self, history: History, pool: PoolFacts, now_ns: int) -> None:
        self._due_ns = now_ns + _AGAIN_NS
        self._taken, self._made = take(history, pool), []
        if self._taken.load is None:
            self.newest = _row(pool, self._taken, [])
        else:
            self._sizes = sorted({*SIZES, max(pool.header.size, 1)}, reverse=True)


def _size(forecast: Forecast) -> int:
    return forecast.size


def _row(pool: PoolFacts, taken: Taken, made: list[Forecast]) -> WhatIf:
    load = taken.load
    return WhatIf(
        pool=pool.key,
        size=pool.header.size,
        forecasts=tuple(
            ForecastRow(
                one.size, one.throughput_per_second, one.wait_p95, one.busy_share
            )
            for one in made
        ),
        best=best_size(made) if made else 0,
        why_not=taken.why,
        seconds=taken.seconds,
        tasks=taken.tasks,
        kept_full=load is not None and not load.arrivals,
        population=0 if load is None else load.population,
        gil_share=0.0 if load is None else load.gil_share,
        lock_share=0.0 if load is None else load.lock_share,
        core_share=0.0 if load is None else load.core_share,
        cores=0 if load is None else load.cores,
    )
