"""What a worker leaves in its record while it runs tasks: counts, times and spans."""

import time

import pytest
from pool_support import DEADLINE_SECONDS, MakePool, Stall, run_all, until

from pool_gui.pool import Door, ProcessThread, Task, ThreadSafeQueue
from pool_gui.pool.counters import MAX_SPANS, WorkerRecord
from pool_gui.pool.queue import backlog_of


def fail(error: BaseException | type[BaseException]) -> None:
    raise error


def test_the_record_counts_and_times_what_ran(
    queue: ThreadSafeQueue, worker: ProcessThread, stall: Stall
) -> None:
    record = worker.record
    until(lambda: len(backlog_of(queue).parked) == 1)
    thread_began_ns = record.started_ns
    task = Task(stall)
    task.id, task.queued_ns = 5, time.perf_counter_ns()
    queue.put(task)
    stall.wait_entered()
    running = record.running()
    assert running is not None
    assert running[0] is task
    assert thread_began_ns < task.queued_ns <= running[1] <= time.perf_counter_ns()
    stall.release.set()
    until(lambda: record.done == 1)
    assert record.running() is None
    assert record.busy_ns == record.started_ns - running[1]


def test_without_a_watcher_no_span_is_kept(
    queue: ThreadSafeQueue, worker: ProcessThread
) -> None:
    run_all(queue, worker, *[Task(int) for _ in range(100)])
    assert not worker.record.spans


@pytest.mark.expects_log
@pytest.mark.parametrize(
    ("mask", "numbers"), [(0, [*range(1, 13)]), (3, [4, 6, 8, 12])]
)
def test_the_mask_chooses_the_spans_and_failures_always_leave_one(
    queue: ThreadSafeQueue, worker: ProcessThread, mask: int, numbers: list[int]
) -> None:
    worker.record.span_mask = mask
    tasks = [Task(fail, KeyError(n)) if n == 6 else Task(int) for n in range(1, 13)]
    for number, task in enumerate(tasks, 1):
        task.id, task.queued_ns = number, 10 * number
    run_all(queue, worker, *tasks)
    spans = list(worker.record.spans)
    assert [span[0] for span in spans] == numbers
    for number, function, queued_ns, started_ns, ended_ns, error in spans:
        assert function is (fail if number == 6 else int)
        assert queued_ns == 10 * number
        assert started_ns <= ended_ns
        assert error == ("KeyError: 6" if number == 6 else None)


@pytest.mark.expects_log
def test_without_a_watcher_a_failure_leaves_no_span_either(
    queue: ThreadSafeQueue, worker: ProcessThread
) -> None:
    run_all(queue, worker, Task(fail, ValueError))
    assert not worker.record.spans


def test_spans_that_nobody_takes_are_bounded(
    queue: ThreadSafeQueue, worker: ProcessThread
) -> None:
    worker.record.span_mask = 0
    run_all(queue, worker, *[Task(int) for _ in range(MAX_SPANS + 10)])
    assert len(worker.record.spans) == MAX_SPANS


def test_a_span_is_there_before_its_task_counts_as_done(
    queue: ThreadSafeQueue,
) -> None:
    class Checked(WorkerRecord):
        before: list[int]

        def __setattr__(self, name: str, value: object) -> None:
            if name == "done" and value:
                self.before.append(len(self.spans))
            super().__setattr__(name, value)

    record = Checked(span_mask=0)
    record.before = []
    worker = ProcessThread(queue, record=record)
    queue.batch_put([Task(int), Task(int)])
    backlog_of(queue).end()
    worker.start()
    worker.join(DEADLINE_SECONDS)
    assert record.before == [1, 2]


def test_a_task_that_puts_itself_again_is_copied_and_keeps_its_own_span(
    make_pool: MakePool,
) -> None:
    pool = make_pool(1, start=False)
    Door(pool).watch(0)
    puts, left = list[Task](), [False, True, True]

    def again() -> None:
        if left.pop():
            puts.append(pool.put(task))  # from its own run

    task = Task(again)
    pool.put(task)
    pool.start()
    (worker,) = pool.workers()
    assert pool.wait_idle(DEADLINE_SECONDS)
    spans = list(worker.record.spans)
    assert [span[0] for span in spans] == [1, 2, 3]
    assert all(span[2] <= span[3] <= span[4] for span in spans)
    assert spans[0][3] <= spans[1][2] <= spans[0][4], "queued while the first ran"
    assert [one.id for one in (task, *puts)] == [1, 2, 3]
