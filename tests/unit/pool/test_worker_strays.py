"""Exceptions that other threads throw into a worker, and faults of its own loop."""

import ctypes
import dis
import gc
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest
from pool_support import DEADLINE_SECONDS, NEEDS_GIL, run_all, until

import pool_gui.pool
from pool_gui.pool import ProcessThread, Task, ThreadSafeQueue
from pool_gui.pool.counters import WorkerRecord
from pool_gui.pool.queue import backlog_of


def throw(worker: ProcessThread, error: type[BaseException]) -> None:
    assert worker.ident is not None
    thrown = ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(worker.ident), ctypes.py_object(error)
    )
    assert thrown == 1


@pytest.mark.expects_log
def test_an_exception_thrown_into_an_idle_worker_does_not_end_it(
    queue: ThreadSafeQueue, worker: ProcessThread, caplog: pytest.LogCaptureFixture
) -> None:
    until(lambda: len(backlog_of(queue).parked) == 1)
    lock = worker._parking_lock
    throw(worker, SystemExit)
    queue.put(Task(int))
    until(lambda: worker.record.done == 1)
    assert "worker was hit by SystemExit and goes on" in caplog.text
    assert worker._parking_lock is not lock, "its state was not known any more"
    run_all(queue, worker, Task(int))
    assert (worker.record.done, worker.record.failed) == (2, 0)


@pytest.mark.expects_log
def test_a_task_hit_by_a_thrown_exception_counts_as_failed(
    queue: ThreadSafeQueue, worker: ProcessThread
) -> None:
    begun = threading.Event()

    def spin() -> None:
        begun.set()
        while True:
            pass

    queue.put(Task(spin))
    assert begun.wait(DEADLINE_SECONDS)
    throw(worker, TimeoutError)
    run_all(queue, worker, Task(int))
    record = worker.record
    assert (record.started, record.done, record.failed) == (2, 1, 1)


@pytest.mark.expects_log
def test_an_error_of_the_loop_itself_is_settled(queue: ThreadSafeQueue) -> None:
    class Broken(WorkerRecord):
        broken = True

        def __setattr__(self, name: str, value: object) -> None:
            if name == "done" and value and self.broken:
                type(self).broken = False
                raise MemoryError
            super().__setattr__(name, value)

    worker = ProcessThread(queue, record=Broken())
    queue.batch_put([Task(int), Task(int)])
    backlog_of(queue).end()
    worker.start()
    worker.join(DEADLINE_SECONDS)
    record = worker.record
    assert (record.started, record.done, record.failed) == (2, 1, 1)
    assert record.task is None


# --- at each moment ------------------------------------------------------------------


_PLACE = str(Path(pool_gui.pool.__file__).parent)


class Interruption:
    """Throws into a worker at the n-th moment at which CPython may do that.

    Those are the beginning of a function, a jump back, and the end of a call into C.
    """

    def __init__(self, number: int) -> None:
        self.place: str | None = None
        self._left = number
        self._is_on = self._has_returned = False

    def __call__(self, frame: FrameType, *_: object) -> Any:
        self._is_on |= frame.f_code.co_name == "_stint"
        is_ours = frame.f_code.co_filename.startswith(_PLACE)
        if not self._is_on or not is_ours:
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return self._look

    def _look(self, frame: FrameType, event: str, _: object) -> Any:
        if event == "opcode":
            if self._may_come(frame):
                self._left -= 1
                if not self._left:  # what a tracer raises also ends the tracing
                    code = frame.f_code
                    self.place = f"{code.co_qualname}, line {frame.f_lineno}"
                    raise SystemExit
            self._has_returned = False
        elif event == "return":
            self._has_returned = True
        return self._look

    def _may_come(self, frame: FrameType) -> bool:
        here, before = _steps(frame.f_code)[frame.f_lasti]
        if here in ("RESUME", "JUMP_BACKWARD"):
            return True
        return before.startswith("CALL") and not self._has_returned


_STEPS: dict[CodeType, dict[int, tuple[str, str]]] = {}


def _steps(code: CodeType) -> dict[int, tuple[str, str]]:
    """Return what is done at each offset of some code, and what just before."""
    if code not in _STEPS:
        before, steps = "", {}
        for one in dis.get_instructions(code):
            steps[one.offset] = one.opname, before
            before = one.opname
        _STEPS[code] = steps
    return _STEPS[code]


class Interrupted(ProcessThread):
    """A worker into which an exception is thrown once."""

    def interrupt(self, number: int) -> Interruption:
        self._interruption = Interruption(number)
        return self._interruption

    def run(self) -> None:
        sys.settrace(self._interruption)
        try:
            super().run()
        finally:
            sys.settrace(None)


PLAIN, BOUNDED, RANKED = "plain", "bounded", "ranked"


def put_two(kind: str, ran: list[int]) -> tuple[ThreadSafeQueue, list[Task]]:
    queue = ThreadSafeQueue(10 if kind == BOUNDED else 0)
    tasks = [Task(ran.append, number) for number in range(2)]
    for number, task in enumerate(tasks):
        task.logs_failure = False
        if kind == RANKED:
            task.with_limits(priority=1 - 2 * number, run_seconds=60)
        task.id, priority = number + 1, task.limits.priority if task.limits else 0
        backlog_of(queue).add(task, priority, task.id)
    backlog_of(queue).end()
    return queue, tasks


@pytest.fixture
def _no_collector() -> Iterator[None]:
    """Python 3.11 crashes when it collects garbage while each opcode is traced."""
    gc.disable()
    yield
    gc.enable()


@NEEDS_GIL
@pytest.mark.expects_log
@pytest.mark.usefixtures("_no_collector")
@pytest.mark.parametrize("kind", [PLAIN, BOUNDED, RANKED])
def test_no_task_is_lost_at_whatever_moment_an_exception_is_thrown_in(
    kind: str,
) -> None:
    wrong: dict[str, str] = {}
    for number in range(1, 1000):
        ran: list[int] = []
        queue, tasks = put_two(kind, ran)
        worker = Interrupted(queue)
        interruption = worker.interrupt(number)
        worker.start()
        worker.join(DEADLINE_SECONDS)
        assert not worker.is_alive()
        if interruption.place is None:
            break
        record = worker.record
        counts = (record.started, record.done + record.failed, record.task)
        if not all(task.done() for task in tasks):
            wrong[interruption.place] = "a task is lost"
        elif sorted(set(ran)) != sorted(ran):
            wrong[interruption.place] = "a task ran twice"
        elif counts != (2, 2, None):
            wrong[interruption.place] = f"counted as {counts}"
    assert number > 20, "there were as many moments"
    assert wrong == {}
