"""The lecture note's programme, its mistakes mended, line by line.

What is mended: the exception is one, `put` queues the task instead of calling itself,
`join` asks for the size, tasks that raise end no worker, and no worker leaves while
tasks wait. Threads stop when told so even if no further task comes.
"""

import queue
import threading
from collections.abc import Iterator

import psutil
import pytest
from pool_support import DEADLINE_SECONDS, Stall, until
from program_support import run

from pool_gui import (
    PoolStateError,
    ProcessThread,
    Task,
    TaskTypeErrorException,
    ThreadPool,
    ThreadSafeQueue,
)


@pytest.fixture
def pool() -> Iterator[ThreadPool]:
    made = ThreadPool(4)
    yield made
    made.stop()
    assert made.join(DEADLINE_SECONDS)


# --- ThreadSafeQueue ---


def test_a_queue_is_made_with_or_without_a_size() -> None:
    assert ThreadSafeQueue().max_size == 0
    assert ThreadSafeQueue(0).max_size == 0
    assert ThreadSafeQueue(3).max_size == 3
    assert ThreadSafeQueue(max_size=3).max_size == 3


def test_a_queue_gives_back_what_was_put_in_that_order() -> None:
    line = ThreadSafeQueue()
    line.put("a")
    line.batch_put(["b", "c"])
    assert line.size() == 3
    assert [line.get(index) for index in range(line.size())] == ["a", "b", "c"]
    assert [line.pop(), line.pop(), line.pop()] == ["a", "b", "c"]
    assert line.size() == 0


def test_a_full_queue_lets_who_puts_wait_for_room() -> None:
    line = ThreadSafeQueue(1)
    line.put("a")
    with pytest.raises(queue.Full):
        line.put("b", block=False)
    with pytest.raises(queue.Full):
        line.put("b", timeout=0.01)
    putter = threading.Thread(target=line.put, args=("b",))
    putter.start()
    assert line.pop() == "a"
    assert line.pop(timeout=DEADLINE_SECONDS) == "b"
    putter.join(DEADLINE_SECONDS)


def test_an_empty_queue_lets_who_pops_wait_for_an_item() -> None:
    line = ThreadSafeQueue()
    with pytest.raises(queue.Empty):
        line.pop(block=False)
    putter = threading.Thread(target=line.put, args=("a",))
    putter.start()
    assert line.pop(timeout=DEADLINE_SECONDS) == "a"
    putter.join(DEADLINE_SECONDS)


# --- Task ---


def test_a_task_has_a_callable_and_its_arguments() -> None:
    task = Task(int, "11", base=2)
    assert (task.callable, task.args, task.kwargs) == (int, ("11",), {"base": 2})
    assert task.callable(*task.args, **task.kwargs) == 3


def test_a_task_without_arguments_can_be_called_as_the_note_does() -> None:
    task = Task(int)
    assert task.callable(*task.args, **task.kwargs) == 0


# --- ProcessThread ---


def test_a_thread_takes_tasks_from_its_queue_until_it_is_dismissed() -> None:
    tasks = ThreadSafeQueue()
    thread = ProcessThread(tasks)
    assert isinstance(thread, threading.Thread)
    assert thread.task_queue is tasks
    assert not thread.dismiss_flag.is_set()
    thread.start()
    first, second = Task(pow, 2, 5), Task(pow, 2, exp=6)
    tasks.put(first)
    tasks.put("no task, which is ignored")
    tasks.put(None)
    tasks.put(second)
    assert first.result(DEADLINE_SECONDS) == 32
    assert second.result(DEADLINE_SECONDS) == 64
    thread.dismiss()
    assert thread.dismiss_flag.is_set()
    thread.join(DEADLINE_SECONDS)
    assert not thread.is_alive()


def test_a_thread_stops_though_no_task_comes_any_more() -> None:
    thread = ProcessThread(ThreadSafeQueue())
    thread.start()
    thread.stop()
    thread.join(DEADLINE_SECONDS)
    assert not thread.is_alive()
    assert thread.dismiss_flag.is_set()


def test_a_dismissed_thread_finishes_its_task_and_leaves_the_others(
    stall: Stall,
) -> None:
    tasks = ThreadSafeQueue()
    thread = ProcessThread(tasks)
    running, waiting = Task(stall), Task(int)
    tasks.batch_put([running, waiting])
    thread.start()
    stall.wait_entered()
    thread.dismiss()
    stall.release.set()
    thread.join(DEADLINE_SECONDS)
    assert running.done()
    assert not waiting.done()
    assert tasks.pop(block=False) is waiting


@pytest.mark.expects_log
def test_a_task_that_raises_ends_no_thread() -> None:
    tasks = ThreadSafeQueue()
    thread = ProcessThread(tasks)
    thread.start()
    bad, good = Task(int, "x"), Task(int)
    tasks.batch_put([bad, good])
    assert good.result(DEADLINE_SECONDS) == 0
    assert isinstance(bad.exception(DEADLINE_SECONDS), ValueError)
    thread.stop()
    thread.join(DEADLINE_SECONDS)
    assert not thread.is_alive()


def test_two_threads_share_a_queue_of_a_size() -> None:
    tasks = ThreadSafeQueue(2)
    threads = [ProcessThread(tasks), ProcessThread(tasks)]
    for thread in threads:
        thread.start()
    calls = [Task(pow, number, 2) for number in range(100)]
    for call in calls:
        tasks.put(call, timeout=DEADLINE_SECONDS)
    assert [call.result(DEADLINE_SECONDS) for call in calls] == [
        number**2 for number in range(100)
    ]
    for thread in threads:
        thread.stop()
    for thread in threads:
        thread.join(DEADLINE_SECONDS)
        assert not thread.is_alive()


class Told(ProcessThread):
    """A thread of somebody's own, which adds to what it inherits."""

    def __init__(self, task_queue: ThreadSafeQueue) -> None:
        super().__init__(task_queue, name="told")
        self.told: list[str] = []

    def run(self) -> None:
        self.told.append("begins")
        super().run()
        self.told.append("ends")

    def dismiss(self) -> None:
        self.told.append("is dismissed")
        super().dismiss()


def test_a_subclassed_thread_works_alone_with_a_queue() -> None:
    tasks = ThreadSafeQueue()
    thread = Told(tasks)
    thread.start()
    task = Task(threading.current_thread)
    tasks.put(task)
    assert task.result(DEADLINE_SECONDS) is thread
    thread.stop()
    thread.join(DEADLINE_SECONDS)
    assert not thread.is_alive()
    assert thread.told == ["begins", "is dismissed", "ends"]


class AsNoted(ProcessThread):
    """The note's own loop, word for word."""

    def run(self) -> None:
        while True:
            if self.dismiss_flag.is_set():
                break
            task = self.task_queue.pop()
            if not isinstance(task, Task):
                continue
            task.set_result(task.callable(*task.args, **task.kwargs))


def test_the_loop_of_the_note_runs_in_a_subclass() -> None:
    tasks = ThreadSafeQueue()
    thread = AsNoted(tasks)
    thread.start()
    task = Task(pow, 2, exp=5)
    tasks.batch_put(["no task", task])
    assert task.result(DEADLINE_SECONDS) == 32
    thread.stop()
    tasks.put("the note's loop looks at its flag when an item comes")
    thread.join(DEADLINE_SECONDS)
    assert not thread.is_alive()


# --- ThreadPool ---


def test_a_pool_has_twice_as_many_threads_as_cores_by_default() -> None:
    cores = psutil.cpu_count()
    assert cores
    assert ThreadPool().size() == 2 * cores
    assert ThreadPool(0).pool.size() == 2 * cores


def test_a_new_pool_has_its_threads_and_none_has_started(pool: ThreadPool) -> None:
    assert pool.size() == 4
    assert pool.pool.size() == 4
    threads = [pool.pool.get(index) for index in range(pool.pool.size())]
    assert len({id(thread) for thread in threads}) == 4
    for thread in threads:
        assert isinstance(thread, ProcessThread)
        assert thread.task_queue is pool.task_queue
        assert not thread.is_alive()
    assert isinstance(pool.task_queue, ThreadSafeQueue)
    assert pool.task_queue.size() == 0


def test_start_starts_the_very_threads_that_were_there(pool: ThreadPool) -> None:
    before = [pool.pool.get(index) for index in range(pool.pool.size())]
    pool.start()
    assert [pool.pool.get(index) for index in range(pool.pool.size())] == before
    assert all(thread.is_alive() for thread in before)
    with pytest.raises(IndexError):
        pool.pool.get(4)


def test_threads_that_were_started_one_by_one_serve_the_pool(pool: ThreadPool) -> None:
    for index in range(pool.pool.size()):  # the body of the note's `start`
        thread = pool.pool.get(index)
        thread.start()
    pool.start()
    task = Task(int)
    pool.put(task)
    assert task.result(DEADLINE_SECONDS) == 0
    assert pool.statistics().workers == 4


def test_threads_that_were_started_one_by_one_do_not_keep_the_program() -> None:
    script = """
        import faulthandler
        faulthandler.dump_traceback_later(20, exit=True)
        for index in range(pool.pool.size()):
            pool.pool.get(index).start()
        pool.put(Task(say, "ran"))
    """
    assert run(script) == (["ran"], "", 0)


def test_put_queues_a_task_that_runs_after_the_start(pool: ThreadPool) -> None:
    task = Task(pow, 2, exp=5)
    pool.put(task)
    assert pool.task_queue.size() == 1
    assert pool.task_queue.get(0) is task
    assert not task.done()
    pool.start()
    assert task.result(DEADLINE_SECONDS) == 32
    until(lambda: pool.task_queue.size() == 0)


def test_batch_put_takes_lists_and_whatever_can_be_iterated_over(
    pool: ThreadPool,
) -> None:
    listed = [Task(pow, number, 2) for number in range(10)]
    pool.batch_put(listed)
    others = tuple(Task(pow, number, 3) for number in range(10))
    pool.batch_put(others)
    pool.batch_put(iter([]))
    pool.start()
    assert [task.result(DEADLINE_SECONDS) for task in (*listed, *others)] == [
        *(number**2 for number in range(10)),
        *(number**3 for number in range(10)),
    ]


@pytest.mark.parametrize("item", [None, "task", print, Task])
def test_what_is_no_task_is_refused(pool: ThreadPool, item: object) -> None:
    with pytest.raises(TaskTypeErrorException):
        pool.put(item)  # type: ignore[arg-type]  # that is the test
    with pytest.raises(TaskTypeErrorException):
        pool.batch_put([Task(int), item])  # type: ignore[list-item]  # likewise
    assert issubclass(TaskTypeErrorException, Exception)
    assert pool.task_queue.size() == 0


def test_join_runs_what_was_put_and_ends_all_threads(pool: ThreadPool) -> None:
    pool.start()
    threads = [pool.pool.get(index) for index in range(pool.pool.size())]
    tasks = [Task(pow, number, 2) for number in range(50)]
    pool.batch_put(tasks)
    assert pool.join(DEADLINE_SECONDS)
    assert [task.result(0) for task in tasks] == [number**2 for number in range(50)]
    assert not any(thread.is_alive() for thread in threads)
    assert pool.pool.size() == 0
    with pytest.raises(PoolStateError):
        pool.put(Task(int))


def test_threads_that_are_all_told_to_stop_leave_no_task_behind(
    pool: ThreadPool, stall: Stall
) -> None:
    pool.start()
    running = [Task(stall) for _ in range(4)]
    pool.batch_put(running)
    stall.wait_entered(4)
    waiting = [Task(pow, number, 2) for number in range(10)]
    pool.batch_put(waiting)
    threads = [pool.pool.get(index) for index in range(pool.pool.size())]
    for thread in threads:  # the body of the note's `join`
        thread.stop()
    stall.release.set()
    for thread in threads:
        thread.join(DEADLINE_SECONDS)
    assert pool.join(DEADLINE_SECONDS)
    assert [task.result(0) for task in waiting] == [number**2 for number in range(10)]
