from pool_gui.pool.record import MAX_SPANS, NO_SPANS, WorkerRecord
from pool_gui.pool.task import Task


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


def test_spans_that_nobody_takes_are_bounded() -> None:
    assert WorkerRecord().spans.maxlen == MAX_SPANS
