"""What a pool counts: the workers' records, their sum, and what others decide."""

import gc
from dataclasses import FrozenInstanceError, fields, replace
from types import SimpleNamespace

import pytest
from pool_support import DEADLINE_SECONDS, MakePool

from pool_gui.pool import NO_SPANS, Task, WorkerRecord
from pool_gui.pool.counters import MAX_SPANS, Counters, RunCounts, Work


class RacingRecord(WorkerRecord):
    """A record whose worker goes on to the next task while it is read."""

    def __init__(self, changes: int) -> None:
        super().__init__()
        self.changes = changes
        self.times: dict[int, int] = {}

    @property
    def started_ns(self) -> int:
        if self.changes > 0:
            self.changes -= 1
            self.end()
            self.begin()
        return self.times[self.started]

    @started_ns.setter
    def started_ns(self, value: int) -> None:
        pass

    def begin(self) -> Task:
        self.task = Task(int)
        self.task.id = self.started + 1
        self.times[self.started + 1] = 1000 * (self.started + 1)
        self.started += 1
        return self.task

    def end(self) -> None:
        self.done += 1
        self.task = None


def test_a_new_record_has_done_nothing_and_tells_no_spans() -> None:
    record = WorkerRecord()
    assert (record.started, record.done, record.failed, record.busy_ns) == (0, 0, 0, 0)
    assert record.peak_queued == 0
    assert record.running() is None
    assert record.span_mask == NO_SPANS < 0


def test_the_running_task_comes_with_its_own_start() -> None:
    record = RacingRecord(changes=0)
    task = record.begin()
    assert record.running() == (task, 1000)


def test_between_tasks_nothing_runs() -> None:
    record = RacingRecord(changes=0)
    record.begin()
    record.end()
    assert record.running() is None


def test_a_task_is_never_paired_with_the_start_of_another() -> None:
    for changes in range(1, 6):
        record = RacingRecord(changes)
        record.begin()
        pair = record.running()
        assert pair is not None
        task, started_ns = pair
        assert started_ns == 1000 * task.id


def test_a_task_that_has_not_begun_is_not_running_yet() -> None:
    record = WorkerRecord()
    record.task = Task(int)
    assert record.running() is None


def test_a_worker_that_changes_tasks_too_fast_shows_none() -> None:
    record = RacingRecord(changes=1000)
    record.begin()
    assert record.running() is None
    assert record.changes > 900


def test_a_span_says_what_ran_when_and_how_it_ended() -> None:
    record, task = WorkerRecord(), Task(len)
    task.id, task.queued_ns, task.started_ns, task.ended_ns = 7, 10, 20, 30
    record.add_span(task, None)
    record.add_span(task, ValueError("bad"))
    assert list(record.spans) == [
        (7, len, 10, 20, 30, None),
        (7, len, 10, 20, 30, "ValueError: bad"),
    ]


def test_spans_that_nobody_takes_are_bounded() -> None:
    assert WorkerRecord().spans.maxlen == MAX_SPANS


def test_counts_of_several_workers_add_up() -> None:
    records = [WorkerRecord(), WorkerRecord()]
    records[0].started, records[0].done, records[0].failed = 5, 3, 1
    records[1].started, records[1].done, records[1].failed = 7, 0, 7
    assert RunCounts(1, 1, 0).plus(records) == RunCounts(13, 4, 8)
    assert RunCounts(1, 1, 0).plus([]) == RunCounts(1, 1, 0)


def test_no_task_seems_to_have_ended_before_it_began() -> None:
    """Ends are read first: what begins and ends meanwhile has at most begun."""

    class Racing(SimpleNamespace):
        @property
        def started(self) -> int:
            self.done += 1  # it ends after all ends were read
            self.begun += 1
            return int(self.begun)

    record = Racing(begun=3, done=3, failed=0)
    counts = RunCounts().plus([record])  # type: ignore[list-item]  # stands for one
    assert counts.started >= counts.done + counts.failed


def test_counters_begin_with_nothing_and_count_each_fate_by_itself() -> None:
    counters = Counters()
    names = [one.name for one in fields(Counters) if not one.name.startswith("_")]
    for number, name in enumerate(names):
        assert getattr(counters, name).taken() == 0
        for _ in range(number):
            getattr(counters, name).take()
    taken = [getattr(counters, name).taken() for name in names]
    assert taken == list(range(len(names)))


def test_somebody_is_at_work_until_all_have_said_so_or_are_gone() -> None:
    counters = Counters()
    assert not counters.is_at_work()
    works = [Work() for _ in range(3)]
    for work in works:
        counters.begin(work)
    del work
    works[1].is_over = True
    works.pop()  # as by a Ctrl-C, nobody holds it any more
    gc.collect()
    assert counters.is_at_work()
    works[0].is_over = True
    assert not counters.is_at_work()


def test_outstanding_is_what_was_accepted_and_is_not_over(make_pool: MakePool) -> None:
    pool = make_pool(1, start=False)
    empty = pool.statistics()
    assert empty.outstanding == 0
    found = replace(
        empty, submitted=20, started=6, done=3, failed=1, cancelled=2, rejected=7
    )
    assert found.outstanding == 14
    assert replace(found, expired=3, dropped=4).outstanding == 7
    with pytest.raises(FrozenInstanceError):
        found.done = 4  # type: ignore[misc]  # that is the test


def test_statistics_are_of_one_moment_and_add_up(make_pool: MakePool) -> None:
    pool = make_pool(2)
    tasks = pool.batch_put([Task(int) for _ in range(500)])
    for task in tasks[::7]:
        task.cancel()
    found = [pool.statistics()]
    while found[-1].outstanding:
        found.append(pool.statistics())
    assert pool.wait_idle(DEADLINE_SECONDS)
    for one in found:
        over = one.done + one.failed + one.cancelled
        assert one.submitted == 500
        assert one.outstanding == 500 - over >= 0
        assert one.started >= one.done + one.failed
        assert 0 <= one.running <= 2
    last = pool.statistics()
    cancelled = sum(task.cancelled() for task in tasks)
    assert (last.done, last.cancelled) == (500 - cancelled, cancelled)
