"""The model: folds frames into bounded history of workers, tasks, pools and charts.

Session thread only. Times inside are the session's timeline: the first process's clock,
continued by later processes. Invariants: memory is bounded whatever is folded and for
however long; what does not fit what was told before is refused with a
MalformedMessageError; no task whose end could be known is shown as running.
"""

import itertools
from collections import deque
from collections.abc import Mapping
from typing import Final

import numpy as np

from pool_gui.monitor.model.busy import HISTORY_NS, BusyCells
from pool_gui.monitor.model.durations import Histogram
from pool_gui.monitor.model.ended import FrameSpans, Tables, translate
from pool_gui.monitor.model.failures import FailureBook
from pool_gui.monitor.model.names import FunctionNames, NameTable
from pool_gui.monitor.model.pool_durations import PoolDurations
from pool_gui.monitor.model.pools import Pools
from pool_gui.monitor.model.rows import Activity, RowFolder
from pool_gui.monitor.model.series import Progress
from pool_gui.monitor.model.spans import (
    COARSE_CAPACITY,
    DETAIL_CAPACITY,
    SpanRing,
    longest_of_each,
)
from pool_gui.monitor.model.stacks import StackBook
from pool_gui.monitor.model.states import StateFolder, records_of
from pool_gui.monitor.model.workers import Workers
from pool_gui.monitor.recording.entries import Names
from pool_gui.monitor.source.messages import FrameMessage
from pool_gui.monitor.view.facts import Loss
from pool_gui.wire.errors import MalformedMessageError
from pool_gui.wire.messages import Frame, Hello, Stacks

_SECOND_NS: Final = 1_000_000_000
_AHEAD_NS: Final = 5 * _SECOND_NS
"""So much may a program's clock run ahead of the window's, since it said hello."""

_SAME_CLOCK_NS: Final = 5 * _SECOND_NS
_MAX_CLOCK_NS: Final = 1 << 61
_RECENT_FRAMES: Final = 64


class Shared:
    """What the histories of all sources of a session have in common.

    Attributes:
        names: so that a function has one colour, whoever runs it.
        worker_keys: never given twice.
        pool_keys: likewise.
    """

    def __init__(self) -> None:
        self.names = NameTable()
        self.worker_keys = itertools.count(1)
        self.pool_keys = itertools.count(1)


class History:
    """All that is known of one source: of the processes that it was, one by one."""

    def __init__(self, shared: Shared | None = None) -> None:
        shared = Shared() if shared is None else shared
        self.names = FunctionNames(shared.names)
        self.cells = BusyCells()
        self.states = StateFolder()
        self.workers = Workers((self.cells, self.states), shared.worker_keys)
        self.stacks = StackBook(self.workers)
        self.pools = Pools(shared.pool_keys)
        self.failures = FailureBook(self.pools)
        self.details = SpanRing(DETAIL_CAPACITY)
        self.coarse = SpanRing(COARSE_CAPACITY)
        self.hello: Hello | None = None
        self.ended = False
        """Whether the last process is no more."""
        self.moved = False
        """Whether the last frame told anything new."""
        self.frame_intervals = Histogram()
        """Times between frames of the last process, as they were received."""
        self.recent: deque[tuple[int, int, int]] = deque(maxlen=_RECENT_FRAMES)
        """(time, CPU time of the agent, how late it woke) of the newest frames."""
        self.first_ns: int | None = None
        """Of the first frame of the first process."""
        self.process_first_ns: int | None = None
        """Of the first frame of the last process."""
        self.now_ns = 0
        """Of the newest frame; 0 before the first."""
        self._tables = Tables(self.names, self.workers, self.pools)
        self._rows = RowFolder(self._tables, self.details)
        self._offset_ns = 0  # from the process's clock to the session's
        self._hello_received_ns = 0
        self._anchor: tuple[int, int] | None = None  # received, session's time
        self._begin_process()

    def _begin_process(self) -> None:
        self.frames = 0
        self._frames_dropped = self._spans_dropped = 0
        self._last: FrameMessage | None = None
        self._received_ns = 0
        self.process_first_ns = None
        self.frame_intervals.clear()
        self.recent.clear()
        self.ended = False

    @property
    def loss(self) -> Loss:
        """What is not known of the process."""
        stride = 1 if self._last is None else self._last.header.span_stride
        return Loss(self._frames_dropped, self._spans_dropped, stride)

    @property
    def begin_known_ns(self) -> int:
        """Before this nothing is known, or no longer."""
        return max(self.first_ns or 0, self.now_ns - HISTORY_NS)

    @property
    def greeting(self) -> tuple[int, Hello] | None:
        """When the last process said hello, and what; None while none has."""
        return None if self.hello is None else (self._hello_received_ns, self.hello)

    @property
    def offset_ns(self) -> int:
        """From the last process's clock to the session's time."""
        return self._offset_ns

    def learn(self, names: Names) -> None:
        """Take in names that were told before what is known begins."""
        self.names.learn(names.functions)
        self.workers.learn(names.workers, self.now_ns)

    def known_names(self) -> Names:
        """Return the names of the last process that may still be used."""
        living = tuple((w.number, w.name) for w in self.workers.living)
        return Names(living, self.names.told())

    def begin(self, hello: Hello, received_ns: int) -> None:
        """Begin with a process that said hello.

        Args:
            hello: its greeting.
            received_ns: the window's clock when it came.

        Raises:
            MalformedMessageError: its clock is absurd.
        """
        if hello.clock_ns > _MAX_CLOCK_NS:
            raise MalformedMessageError("clock_ns is absurdly late")
        if self._anchor is None:
            self._anchor = received_ns, hello.clock_ns
        expected_ns = self._anchor[1] + received_ns - self._anchor[0]
        same_clock = abs(expected_ns - hello.clock_ns) < _SAME_CLOCK_NS
        self._offset_ns = 0 if same_clock else expected_ns - hello.clock_ns
        self.hello, self._hello_received_ns = hello, received_ns
        self.stacks.clear()
        for table in (self.names, self.workers, self.pools):
            table.forget_ids()
        self._begin_process()

    def end(self) -> None:
        """End with the process: nothing of it runs any more."""
        self._rows.end(self.now_ns)
        self.ended = True

    def fold(self, message: FrameMessage, received_ns: int) -> None:
        """Take in a frame.

        Args:
            message: the frame.
            received_ns: the window's clock when it came.

        Raises:
            MalformedMessageError: it does not fit what was told before.
        """
        header = message.header
        self._check(header, received_ns)
        first = self.process_first_ns is None
        now_ns = header.now_ns + self._offset_ns
        before_ns = now_ns if first else self.now_ns
        self.names.learn(header.new_functions)
        self.workers.learn(header.new_workers, now_ns)
        ended = self.pools.update(header.pools, now_ns, first=first)
        told = self._rows.read(message.workers, now_ns, self._offset_ns)
        spans = translate(message, self._tables, self._offset_ns)
        complete = self._note_loss(header)
        self.failures.note(header.errors)
        self._rows.match(spans)
        times_ns = before_ns, now_ns
        activity = self._rows.fold(told, spans, times_ns, complete=complete)
        self.states.fold(
            records_of(self.workers, spans, activity, now_ns, complete=complete)
        )
        self.workers.note_stuck(header.stuck)
        self._keep_spans(spans)
        self._keep_activity(activity, times_ns, complete=complete)
        self._keep_courses(activity, spans, times_ns, ended, complete=complete)
        self._note_frame(message, now_ns, received_ns)

    def fold_stacks(self, told: Stacks, received_ns: int) -> None:
        """Take in where in their code workers are.

        Args:
            told: the message.
            received_ns: the window's clock when it came.

        Raises:
            MalformedMessageError: it does not fit what was told before.
        """
        self._check_time(told.now_ns, received_ns)
        self.stacks.fold(told, told.now_ns + self._offset_ns)

    def _check_time(self, now_ns: int, received_ns: int) -> Hello:
        hello = self.hello
        if hello is None:
            raise MalformedMessageError("it came before hello")
        elapsed_ns = received_ns - self._hello_received_ns
        if now_ns > hello.clock_ns + elapsed_ns + _AHEAD_NS:
            raise MalformedMessageError("now_ns is ahead of time")
        return hello

    def _check(self, header: Frame, received_ns: int) -> None:
        hello = self._check_time(header.now_ns, received_ns)
        if self._last is not None and header.sequence <= self._last.header.sequence:
            raise MalformedMessageError("sequence does not rise")
        earliest_ns = hello.clock_ns if self._last is None else self._last.header.now_ns
        if header.now_ns < earliest_ns:
            raise MalformedMessageError("now_ns goes back in time")
        if len({pool.pool for pool in header.pools}) != len(header.pools):
            raise MalformedMessageError("pools: two have the same id")
        for field, table in (
            ("new_workers", self.workers),
            ("new_functions", self.names),
        ):
            named = getattr(header, field)
            if len({number for number, _ in named}) != len(named):
                raise MalformedMessageError(f"{field}: an id is there twice")
            table.check(named)

    def _note_loss(self, header: Frame) -> bool:
        """Note what is missing; return whether all tasks are told in detail."""
        before = 1 if self._last is None else self._last.header.span_stride
        lost = header.spans_dropped > self._spans_dropped
        self._spans_dropped = max(self._spans_dropped, header.spans_dropped)
        if self._last is not None:
            missed = header.sequence - self._last.header.sequence - 1
            self._frames_dropped += missed
        return header.span_stride == before == 1 and not lost

    def _keep_spans(self, spans: FrameSpans) -> None:
        if not spans.matrix.size:
            return
        self.details.add(spans.matrix[:, ~spans.replaces])
        self.coarse.add(longest_of_each(spans.matrix))

    def _keep_activity(
        self, activity: Activity, times_ns: tuple[int, int], *, complete: bool
    ) -> None:
        begin_ns, busy_ns = activity.begin_ns, activity.busy_ns
        self.cells.add(
            activity.slots, begin_ns, times_ns[1], busy_ns, complete=complete
        )

    def _keep_courses(
        self,
        activity: Activity,
        spans: FrameSpans,
        times_ns: tuple[int, int],
        ended: Mapping[int, tuple[int, int]],
        *,
        complete: bool,
    ) -> None:
        """Give each pool what is its own of the frame.

        Args:
            activity: of the workers of all pools.
            spans: the tasks of all pools.
            times_ns: of the frame before, and of this one.
            ended: how many tasks of each pool that is told ended and failed.
            complete: whether all tasks are told in detail.
        """
        durations = PoolDurations(activity, spans)
        for key in durations.pools | ended.keys():
            pool, told = self.pools.get(key), durations.of(key)
            if pool is None:
                continue  # there are more pools than can be kept
            pool.wait.add(told.wait_ns, told.wait_weights)
            pool.run.add(told.run_ns, told.run_weights)
            if key not in ended or pool.course is None:
                continue
            finished, failed = ended[key]
            ours = activity.pools == key
            progress = Progress(
                *times_ns,
                depth=max(pool.header.peak, pool.header.depth),
                busy_ns=int(activity.busy_ns[ours].sum()),
                available_ns=int((times_ns[1] - activity.begin_ns[ours]).sum()),
                finished=finished,
                failed=failed,
            )
            pool.course.add(progress, told, sampled=not complete)
        if spans.matrix.size:
            self.pools.functions.add(spans.matrix, spans.weights, sampled=not complete)

    def _note_frame(self, message: FrameMessage, now_ns: int, received_ns: int) -> None:
        header, last = message.header, self._last
        self.moved = (
            last is None
            or self._rows.busy
            or len(message.spans) > 0
            or header.pools != last.header.pools
            or not np.array_equal(message.workers, last.workers)
        )
        if last is not None:
            interval_ns = np.asarray([received_ns - self._received_ns], np.int64)
            self.frame_intervals.add(interval_ns, np.ones(1, np.int64))
        else:
            self.process_first_ns = now_ns
            self.first_ns = now_ns if self.first_ns is None else self.first_ns
        self.frames += 1
        self.now_ns = max(self.now_ns, now_ns)
        self.recent.append((received_ns, header.agent_cpu_ns, header.late_ns))
        self._last, self._received_ns = message, received_ns
        self.workers.drop_before(self.begin_known_ns)
