"""Lets the threads of a source's workers be looked at, and the model learn of it.

Session thread only. A process on another clock, or on another machine, is not looked
at: the looks could not be joined with its records.
"""

import math
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from pool_gui.monitor.log import LineSink
from pool_gui.monitor.model.program import History
from pool_gui.monitor.recording.entries import LOOK_COLUMNS, Looks
from pool_gui.monitor.sampling.look import CPU_ONLY, Look
from pool_gui.monitor.sampling.sampler import StateSampler, reader_for
from pool_gui.monitor.view.facts import NO_SAMPLING, Sampling
from pool_gui.wire.messages import Hello
from pool_gui.wire.notes import note

_SAME_CLOCK_NS: Final = 1_000_000_000


class StateWatch:
    """See the module."""

    def __init__(
        self, history: History, log: LineSink, clock: Callable[[], int]
    ) -> None:
        self._history = history
        self._log = log
        self._clock = clock
        self._sampler: StateSampler | None = None
        self._told_trouble = ""
        self.sampling = NO_SAMPLING
        """How the threads are looked at now, or were last."""

    def begin(self, hello: Hello, pid: int | None) -> None:
        """Begin with a process that said hello."""
        self.end()
        self._told_trouble = ""
        # The agent may run in a child of what was started, as with a launcher.
        far = abs(hello.clock_ns - self._clock()) > _SAME_CLOCK_NS
        if pid is None or far:
            self.sampling = NO_SAMPLING
            return
        reader = reader_for(hello.pid, self._clock, has_gil=hello.gil)
        try:
            self._sampler = StateSampler(reader)
        except RuntimeError as error:  # no thread can be started
            self._tell(str(error))

    def bring(self) -> Sequence[Look]:
        """Give the model the looks since the last frame, and return them."""
        looks = () if self._sampler is None else self._sampler.take()
        self._history.states.add(looks)
        return looks

    def replay(self, looks: Looks) -> None:
        """Give the model looks that were recorded."""
        keys = {w.number: w.key for w in self._history.workers}
        offset_ns = self._history.offset_ns
        self._history.states.add(
            [
                (time_ns + offset_ns, keys[number], cpu_ns, ready_ns, wait)
                for time_ns, number, cpu_ns, ready_ns, wait in looks.rows.tolist()
                if number in keys
            ]
        )
        rate = looks.looks_per_second
        self.sampling = Sampling(looks.source, rate, looks.trouble)

    def to_record(self, looks: Sequence[Look]) -> Looks:
        """Return looks as they are recorded: of ids, by the process's clock."""
        numbers = {w.key: w.number for w in self._history.workers}
        offset_ns = self._history.offset_ns
        rows = [
            (time_ns - offset_ns, numbers[key], cpu_ns, ready_ns, wait)
            for time_ns, key, cpu_ns, ready_ns, wait in looks
            if key in numbers
        ]
        told = self.sampling
        matrix = np.asarray(rows, np.int64).reshape(-1, LOOK_COLUMNS)
        rate = 0.0 if math.isnan(told.looks_per_second) else told.looks_per_second
        return Looks(matrix, told.source, told.trouble, rate)

    def follow(self) -> None:
        """Look at the workers that the newest frame told of."""
        sampler = self._sampler
        if sampler is None:
            return
        living = self._history.workers.living
        threads = {w.key: w.native_id for w in living if w.native_id}
        # Not by what runs at this instant: short bursts fall between two frames.
        sampler.follow(threads, resting=not self._history.moved)
        rate = sampler.looks_per_second
        self.sampling = Sampling(sampler.source, rate, sampler.trouble)
        if sampler.trouble != self._told_trouble:
            self._tell(sampler.trouble)

    def end(self) -> tuple[str, ...]:
        """Look no more; return the names of what did not end in time."""
        sampler, self._sampler = self._sampler, None
        if sampler is None or sampler.close():
            return ()
        return ("state sampler",)

    def _tell(self, trouble: str) -> None:
        """Say once why not all states can be seen."""
        self._told_trouble = trouble
        if trouble == CPU_ONLY:
            self._log.add("window", "info", note("states-cpu-only"))
        elif trouble:
            self._log.add("window", "warning", note("states-not-seen", reason=trouble))
