"""Frames of fake pools whose every moment the test decides."""

import json
import struct
import types
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pool_gui.agent import frames
from pool_gui.agent.adapters.base import (
    SPANS_OFF,
    Blocked,
    PoolReading,
    Span,
    WatchedWorker,
    WorkerReading,
)
from pool_gui.agent.frames import FrameBuilder
from pool_gui.raised import with_calls
from pool_gui.wire import codec
from pool_gui.wire.messages import Counts, Frame, Pool, to_header
from pool_gui.wire.protocol import (
    MAX_ERRORS_PER_FRAME,
    MAX_NEW_NAMES_PER_FRAME,
    SPAN_COLUMNS,
    WORKER_COLUMNS,
    SpanColumn,
    WorkerCode,
    WorkerColumn,
)


def job() -> None:
    """Stand for a task's function."""


def other() -> None:
    """Stand for a task's function."""


@dataclass(eq=False)
class FakeWorker:
    name: str
    spans: deque[Span] = field(default_factory=lambda: deque(maxlen=4096))
    done: int = 0
    failed: int = 0
    now_ns: int = 1000
    running: tuple[int, Callable[[], None]] | None = None
    code: WorkerCode | None = None
    on_read: Callable[[], None] = lambda: None
    ident: int | None = None

    def read(self) -> WorkerReading:
        task, function = self.running or (0, None)
        reading = WorkerReading(
            native_id=7,
            code=self.code or (WorkerCode.BUSY if task else WorkerCode.IDLE),
            started=self.done + self.failed + bool(task),
            done=self.done,
            failed=self.failed,
            busy_ns=10 * (self.done + self.failed),
            task=task,
            function=function,
            queued_ns=self.now_ns - 5 if task else 0,
            since_ns=self.now_ns,
        )
        self.on_read()
        return reading

    def finish(
        self, task: int, function: Callable[[], None] = job, error: str | None = None
    ) -> None:
        began, self.now_ns = self.now_ns, self.now_ns + 10
        raised = None if error is None else with_calls(error, ValueError())
        self.spans.append((task, function, began - 1, began, self.now_ns, raised))
        self.done += error is None
        self.failed += error is not None


@dataclass
class FakePool:
    name: str = "p"
    type_name: str = "fake.Pool"
    listed: list[FakeWorker] = field(default_factory=list)
    masks: list[int] = field(default_factory=list)
    state: str = "running"
    lost_done: int = 0
    peak: int = 3
    depth: int = 2

    def read(self) -> PoolReading:
        done = sum(worker.done for worker in self.listed) + self.lost_done
        failed = sum(worker.failed for worker in self.listed)
        counts = Counts(90, done + failed, done, failed, 1)
        return PoolReading(self.state, 4, self.depth, None, 4, counts)

    def take_peak(self) -> int:
        peak, self.peak = self.peak, 0
        return peak

    def workers(self) -> list[WatchedWorker]:
        return list(self.listed)

    def stuck(self) -> tuple[Blocked, ...]:
        return ()

    def watch(self, mask: int) -> None:
        self.masks.append(mask)


class Read:
    """A frame as its reader sees it, after a trip through the codec."""

    def __init__(self, frame: tuple[Frame, bytes]) -> None:
        self.header = frame[0]
        sent = to_header(self.header)
        raw = codec.split(codec.encode(sent, frame[1]))
        assert json.loads(raw.header) == json.loads(json.dumps(sent))
        split = self.header.workers * WORKER_COLUMNS * 8
        self.rows = list(struct.iter_unpack(f"<{WORKER_COLUMNS}q", raw.body[:split]))
        self.spans = list(struct.iter_unpack(f"<{SPAN_COLUMNS}q", raw.body[split:]))
        assert len(self.spans) == self.header.spans

    def states(self) -> dict[int, int]:
        return {row[WorkerColumn.WORKER]: row[WorkerColumn.STATE] for row in self.rows}

    def tasks(self) -> list[int]:
        return [span[SpanColumn.TASK] for span in self.spans]


class Wire:
    """A builder, and the frames it makes one after the other."""

    def __init__(self, *pools: FakePool, budget: int = 1000) -> None:
        self.builder = FrameBuilder(budget, clock_ns=lambda: 5_000, main_name="app")
        self.sequence = 0
        for pool in pools:
            self.builder.watch(pool)

    def frame(self, due: int = 1) -> Read:
        self.sequence += due
        return Read(self.builder.build(self.sequence, 42))


def test_a_frame_says_what_a_pool_and_its_workers_do() -> None:
    worker = FakeWorker("w", running=(8, job))
    worker.finish(7)
    read = Wire(FakePool(listed=[worker])).frame()
    counts = Counts(submitted=90, started=1, done=1, cancelled=1)
    assert read.header == Frame(
        sequence=1,
        now_ns=5000,
        pools=[Pool(1, "p", "fake.Pool", "running", 4, 4, 2, 3, None, counts, None)],
        new_workers=[(1, "w")],
        new_functions=[(1, f"{__name__}.job")],
        errors=[],
        workers=1,
        spans=1,
        span_stride=1,
        spans_dropped=0,
        agent_cpu_ns=42,
    )
    assert read.rows == [(1, 1, 7, WorkerCode.BUSY, 2, 1, 0, 10, 8, 1, 1005, 1010)]
    assert read.spans == [(1, 1, 7, 1, 999, 1000, 1010, 0)]


def test_names_and_spans_are_told_once() -> None:
    worker = FakeWorker("w")
    worker.finish(1)
    wire = Wire(FakePool(listed=[worker]))
    wire.frame()
    read = wire.frame()
    assert read.header.new_workers == read.header.new_functions == []
    assert read.spans == []
    assert len(read.rows) == 1


def test_the_peak_is_never_below_the_depth() -> None:
    pool = FakePool(peak=0, depth=9)
    assert Wire(pool).frame().header.pools[0].peak == 9


def test_nothing_moved_after_a_frame_until_a_count_does() -> None:
    worker = FakeWorker("w")
    wire = Wire(FakePool(listed=[worker]))
    assert wire.builder.moved()
    wire.frame()
    assert not wire.builder.moved()
    worker.finish(1)
    assert wire.builder.moved()


def test_spans_that_wait_are_a_reason_for_the_next_frame() -> None:
    worker = FakeWorker("w")
    for task in range(1, 4):
        worker.finish(task)
    wire = Wire(FakePool(listed=[worker]), budget=2)
    assert wire.frame().tasks() == [1, 2]
    assert wire.builder.moved()
    assert wire.frame().tasks() == [3]
    assert not wire.builder.moved()


def test_a_failed_task_brings_its_error() -> None:
    worker = FakeWorker("w")
    worker.finish(1, error="ValueError: no\nway")
    read = Wire(FakePool(listed=[worker])).frame()
    assert read.header.errors == [(1, 1, "ValueError: no\ufffdway")]
    assert read.spans[0][SpanColumn.OUTCOME] == 1


@pytest.mark.parametrize("text", ["E: short", "E: " + "\U0001f9f5" * 500])
def test_many_errors_fit_into_a_header(text: str) -> None:
    worker = FakeWorker("w")
    for task in range(1, 200):
        worker.finish(task, error=text)
    errors = Wire(FakePool(listed=[worker])).frame().header.errors
    assert 0 < len(errors) <= MAX_ERRORS_PER_FRAME


def test_what_ended_after_the_row_was_read_waits_for_the_next_frame() -> None:
    worker = FakeWorker("w")

    def overtaken() -> None:
        worker.on_read = lambda: None
        worker.running = None
        worker.finish(2)

    wire = Wire(FakePool(listed=[worker]))
    wire.frame()
    worker.finish(1)
    worker.running = (2, job)
    worker.on_read = overtaken
    read = wire.frame()
    assert read.rows[0][WorkerColumn.TASK] == 2
    assert read.tasks() == [1]
    assert wire.frame().tasks() == [2]


def test_a_worker_is_gone_only_after_its_last_span_and_only_once() -> None:
    worker = FakeWorker("w")
    for task in range(1, 4):
        worker.finish(task)
    worker.code = WorkerCode.GONE
    pool = FakePool(listed=[worker])
    wire = Wire(pool, budget=2)
    first = wire.frame()
    assert (first.rows, first.tasks()) == ([], [1, 2])
    assert wire.builder.worker(1) is worker
    second = wire.frame()
    assert (second.states(), second.tasks()) == ({1: WorkerCode.GONE}, [3])
    assert wire.builder.worker(1) is None
    third = wire.frame()
    assert (third.rows, third.header.new_workers) == ([], [])


def test_a_worker_that_the_pool_forgot_is_told_to_its_end_too() -> None:
    worker = FakeWorker("w")
    pool = FakePool(listed=[worker])
    wire = Wire(pool)
    wire.frame()
    worker.finish(1)
    pool.listed, pool.lost_done = [], 1
    read = wire.frame()
    assert (read.states(), read.tasks()) == ({1: WorkerCode.GONE}, [1])
    assert read.header.spans_dropped == 0


def test_a_worker_that_was_told_to_its_end_is_not_kept() -> None:
    pool = FakePool(listed=[FakeWorker("w", code=WorkerCode.GONE)])
    kept = weakref.ref(pool.listed[0])
    wire = Wire(pool)
    wire.frame()
    pool.listed = []
    wire.frame()
    assert kept() is None


def test_a_pool_watched_while_the_stride_changes_gets_the_new_one() -> None:
    pool = FakePool()
    wire = Wire(pool)
    wire.builder._sampler.stride = 4
    wire.frame()
    assert pool.masks == [0, 3]


def test_ids_are_never_used_again() -> None:
    pool = FakePool(listed=[FakeWorker("a")])
    wire = Wire(pool)
    wire.frame()
    pool.listed = [FakeWorker("a")]
    assert wire.frame().header.new_workers == [(2, "a")]


def test_no_more_workers_are_named_at_once_than_a_frame_may() -> None:
    crowd = [FakeWorker(f"w{i}") for i in range(MAX_NEW_NAMES_PER_FRAME + 5)]
    for worker in crowd:
        worker.finish(1)
    wire = Wire(FakePool(listed=crowd))
    first, second = wire.frame(), wire.frame()
    for read, count in ((first, MAX_NEW_NAMES_PER_FRAME), (second, 5)):
        assert len(read.header.new_workers) == len(read.spans) == count
    assert len(second.rows) == len(crowd)


def test_workers_beyond_the_cap_wait_until_others_are_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(frames, "MAX_WORKER_ROWS", 2)
    crowd = [FakeWorker(f"w{i}") for i in range(3)]
    pool = FakePool(listed=crowd)
    wire = Wire(pool)
    assert set(wire.frame().states()) == {1, 2}
    pool.listed = crowd[1:]
    wire.frame()
    assert set(wire.frame().states()) == {2, 3}


def test_a_function_that_cannot_be_named_yet_holds_its_spans_back() -> None:
    worker = FakeWorker("w")
    for task in range(1, MAX_NEW_NAMES_PER_FRAME + 3):
        function = types.FunctionType(job.__code__, {"__name__": "m"})
        function.__qualname__ = f"f{task}"
        worker.finish(task, function)
    wire = Wire(FakePool(listed=[worker]))
    first, second = wire.frame(), wire.frame()
    assert first.tasks() == list(range(1, MAX_NEW_NAMES_PER_FRAME + 1))
    assert second.tasks() == [MAX_NEW_NAMES_PER_FRAME + 1, MAX_NEW_NAMES_PER_FRAME + 2]
    assert second.header.spans_dropped == 0


def test_the_first_mask_records_every_task_and_the_last_none() -> None:
    pool = FakePool()
    wire = Wire(pool)
    assert pool.masks == [0]
    wire.builder.unwatch()
    assert pool.masks == [0, SPANS_OFF]


def test_at_a_high_rate_workers_are_told_to_record_less_and_the_loss_is_counted() -> (
    None
):
    workers = [FakeWorker(f"w{i}") for i in range(4)]
    pool = FakePool(listed=workers)
    wire = Wire(pool)
    wire.frame()
    for task in range(1, 5001):
        for worker in workers:
            worker.finish(4 * task)
    read = wire.frame()
    assert pool.masks == [0, 63]
    assert len(read.spans) == 1000
    assert read.header.spans_dropped == 20_000 - 1000 - 8000
    told, strides = 1000, set()
    while wire.builder.moved():
        read = wire.frame()
        told += len(read.spans)
        strides.add(read.header.span_stride)
    assert told + read.header.spans_dropped == 20_000
    assert strides == {64}


def test_after_a_long_silence_the_rate_is_that_of_all_frames_due() -> None:
    worker = FakeWorker("w", spans=deque(maxlen=10_000))
    pool = FakePool(listed=[worker])
    wire = Wire(pool)
    wire.frame()
    for task in range(1, 9501):
        worker.finish(task)
    read = wire.frame(due=900)
    assert pool.masks == [0]
    assert read.header.spans_dropped == 500


def test_what_finished_before_the_agent_came_is_no_loss() -> None:
    pool = FakePool(lost_done=50)
    wire = Wire(pool)
    assert wire.frame().header.spans_dropped == 0
    pool.lost_done += 3
    assert wire.frame().header.spans_dropped == 3


def test_a_released_pool_is_told_to_its_end_and_then_forgotten() -> None:
    worker = FakeWorker("w", running=(1, job))
    old, new = FakePool("old", listed=[worker]), FakePool("new")
    wire = Wire(old)
    wire.frame()
    wire.builder.release(old)
    wire.builder.watch(new)
    assert [pool.pool for pool in wire.frame().header.pools] == [1, 2]
    worker.running, worker.code, old.state = None, WorkerCode.GONE, "stopped"
    worker.finish(1)
    read = wire.frame()
    assert [pool.state for pool in read.header.pools] == ["stopped", "running"]
    assert read.tasks() == [1]
    read = wire.frame()
    assert [pool.pool for pool in read.header.pools] == [2]
    assert read.header.spans_dropped == 0
    new.lost_done = 3
    assert wire.frame().header.spans_dropped == 3


def test_a_pool_that_stopped_is_told_until_it_is_released() -> None:
    wire = Wire(FakePool(state="stopped"))
    wire.frame()
    assert wire.frame().header.pools[0].state == "stopped"


@dataclass(frozen=True)
class Step:
    worker: int
    finish: int
    failing: bool
    leave: bool
    frame: bool


steps = st.builds(
    Step,
    st.integers(0, 3),
    st.integers(0, 60),
    st.booleans(),
    st.integers(0, 9).map(lambda n: n == 0),
    st.booleans(),
)


@given(st.lists(steps, max_size=60), st.integers(1, 20))
def test_every_finished_task_is_told_dropped_or_held(
    script: list[Step], budget: int
) -> None:
    pool = FakePool(
        listed=[FakeWorker(f"w{i}", spans=deque(maxlen=50)) for i in range(4)]
    )
    wire = Wire(pool, budget=budget)
    told: list[tuple[int, int]] = []
    gone: set[int] = set()
    finished, task, lost = 0, 0, 0

    def look() -> None:
        nonlocal lost
        read = wire.frame()
        ids = {row[WorkerColumn.WORKER] for row in read.rows}
        assert not gone & ids
        assert not gone & {span[SpanColumn.WORKER] for span in read.spans}
        gone.update(i for i, state in read.states().items() if state == WorkerCode.GONE)
        told.extend((s[SpanColumn.WORKER], s[SpanColumn.TASK]) for s in read.spans)
        assert lost <= read.header.spans_dropped
        lost = read.header.spans_dropped
        assert len(told) + lost <= finished

    look()
    for step in script:
        worker = pool.listed[step.worker]
        for _ in range(step.finish):
            task += 1
            finished += 1
            worker.finish(task, job, "E: x" if step.failing else None)
        if step.leave:
            worker.code = WorkerCode.GONE
            pool.lost_done += worker.done + worker.failed
            pool.listed[step.worker] = FakeWorker("next", spans=deque(maxlen=50))
        if step.frame:
            look()
    while wire.builder.moved():
        look()
    assert len(told) + lost == finished
    assert len(set(told)) == len(told)
    for number in {worker for worker, _ in told}:
        tasks = [task for worker, task in told if worker == number]
        assert tasks == sorted(tasks)


def test_a_reading_that_lags_never_overstates_the_loss() -> None:
    """A worker appends its span before it counts the task."""
    worker = FakeWorker("w")
    wire = Wire(FakePool(listed=[worker]))
    wire.frame()
    worker.spans.append((1, job, 1, 900, 1000, None))
    read = wire.frame()
    assert (read.tasks(), read.header.spans_dropped) == ([1], 0)
    worker.done = 1
    assert wire.frame().header.spans_dropped == 0
