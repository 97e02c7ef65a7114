"""Users' objects that raise or lie when they are looked at, wherever the pool has them.

The pool tells objects apart by identity and asks none whether it is true, equal, of
which class, or how it looks; where it must show one, it shows what can be shown.
"""

import concurrent.futures
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest
from pool_makers import Make, ended_after
from pool_support import DEADLINE_SECONDS, Stall, until

from pool_gui.pool import (
    Hooks,
    ProcessThread,
    Task,
    TaskTypeErrorException,
    ThreadPool,
    ThreadSafeQueue,
)


@pytest.fixture
def make(stall: Stall) -> Iterator[Make]:
    with ended_after(stall) as made:
        yield made


class Untouchable:
    """Whatever is asked of it raises, but it can be called."""

    def __call__(self, *_args: object, **_kwargs: object) -> str:
        return "called"

    def _refuse(self, *_args: object) -> NoReturn:
        raise RuntimeError("outside of its context")

    __eq__ = __ne__ = __bool__ = __len__ = __hash__ = _refuse
    __repr__ = __str__ = _refuse
    __getattr__ = _refuse

    @property
    def __class__(self) -> type:
        self._refuse()

    @__class__.setter
    def __class__(self, _class: type) -> None: ...


class EqualToAll:
    """It says yes to everything, and that it is a Task."""

    def __call__(self, *_args: object, **_kwargs: object) -> str:
        return "called"

    def __eq__(self, _other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]  # as of who defines __eq__ alone

    def __bool__(self) -> bool:
        return False

    @property
    def __class__(self) -> type:
        return Task

    @__class__.setter
    def __class__(self, _class: type) -> None: ...


KINDS = pytest.mark.parametrize("kind", [Untouchable, EqualToAll])


class ClosedError(BaseException):
    """Raised on purpose; nothing of it can be read, not even its traceback."""

    is_open = True  # pytest is to read it

    def __getattribute__(self, name: str) -> Any:
        if ClosedError.is_open:
            return super().__getattribute__(name)
        raise RuntimeError(f"not even {name}")

    def __repr__(self) -> str:
        return f"a ClosedError {self.args}"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self.args) or True

    def __eq__(self, other: object) -> bool:
        return self.args is other

    __hash__ = None  # type: ignore[assignment]  # as of who defines __eq__ alone


@contextmanager
def closed_errors() -> Iterator[None]:
    """Let nobody read the errors, in the block."""
    ClosedError.is_open = False
    try:
        yield
    finally:
        ClosedError.is_open = True


def fail_closed(*_args: object) -> NoReturn:
    raise ClosedError


# --- what is called, its arguments and results ---


@KINDS
def test_any_callable_with_any_arguments_runs(make: Make, kind: type) -> None:
    pool = make(2)
    odd = kind()
    future = pool.submit(odd, odd, odd, keyword=odd)
    assert future.result(DEADLINE_SECONDS) == "called"
    assert list(pool.map(odd, [odd, odd], timeout=DEADLINE_SECONDS)) == ["called"] * 2
    task = pool.put(Task(odd, odd, keyword=odd))
    assert task.result(DEADLINE_SECONDS) == "called"


@KINDS
@pytest.mark.parametrize(
    "limits",
    [{"run_seconds": 60}, {"queue_seconds": 60}, {"priority": 3}, {"priority": -3}],
)
def test_any_callable_runs_with_limits(
    make: Make, kind: type, limits: dict[str, Any]
) -> None:
    pool = make(1, propagate_context=True)
    task = Task(kind(), kind()).with_limits(**limits)
    pool.put(task)
    assert task.result(DEADLINE_SECONDS) == "called"
    assert pool.wait_idle(DEADLINE_SECONDS)


@KINDS
def test_a_task_shows_its_callable_by_what_can_be_shown(kind: type) -> None:
    task = Task(kind())
    assert repr(task) == f"<Task 0 {kind.__name__} new>" or (
        repr(task) == f"<Task 0 {kind.__module__}.{kind.__name__} new>"
    )


@pytest.mark.expects_log
def test_an_overdue_task_that_cannot_be_named_is_told_by_its_type(
    make: Make, stall: Stall, caplog: pytest.LogCaptureFixture
) -> None:
    class Stalling(Untouchable):
        def __call__(self, *_args: object, **_kwargs: object) -> str:
            stall()
            return "called"

    pool = make(1)
    task = pool.put(Task(Stalling()).with_limits(run_seconds=0.01))
    until(lambda: pool.statistics().overdue == 1)
    until(lambda: "Stalling" in caplog.text)
    stall.release.set()
    assert task.result(DEADLINE_SECONDS) == "called"


@KINDS
def test_any_object_may_be_a_result(make: Make, kind: type) -> None:
    pool = make(2)
    futures = [pool.submit(kind) for _ in range(4)]
    for future in concurrent.futures.as_completed(futures, DEADLINE_SECONDS):
        assert type(future.result(0)) is kind
        assert repr(future)
    assert concurrent.futures.wait(futures, DEADLINE_SECONDS).done == set(futures)
    results = list(pool.map(lambda one: one, [kind(), kind()]))
    assert [type(result) for result in results] == [kind, kind]


@pytest.mark.expects_log
def test_an_exception_that_cannot_be_read_is_in_its_future(make: Make) -> None:
    with closed_errors():
        pool = make(1)
        called = pool.submit(fail_closed)
        put = pool.put(Task(fail_closed).with_limits(run_seconds=60))
        errors = [one.exception(DEADLINE_SECONDS) for one in (called, put)]
        assert pool.submit(int).result(DEADLINE_SECONDS) == 0
        assert pool.wait_idle(DEADLINE_SECONDS)
    assert [type(error) for error in errors] == [ClosedError, ClosedError]
    assert pool.statistics().failed == 2


@pytest.mark.expects_log
def test_a_callback_may_raise_what_cannot_be_read(make: Make, stall: Stall) -> None:
    with closed_errors():
        pool = make(1)
        future = pool.submit(stall)
        told: list[object] = []
        future.add_done_callback(fail_closed)
        future.add_done_callback(told.append)
        stall.release.set()
        assert future.result(DEADLINE_SECONDS) is None
        assert pool.submit(int).result(DEADLINE_SECONDS) == 0
        assert pool.wait_idle(DEADLINE_SECONDS)
    assert told == [future]


@KINDS
def test_a_callback_may_be_any_callable(make: Make, kind: type) -> None:
    future = make(1).submit(int)
    future.add_done_callback(kind())
    assert future.result(DEADLINE_SECONDS) == 0


# --- hooks and initializers ---


@KINDS
def test_hooks_may_be_any_callables(make: Make, kind: type) -> None:
    odd = kind()
    pool = make(1, hooks=Hooks(odd, odd, odd, odd))
    assert pool.submit(int).result(DEADLINE_SECONDS) == 0
    assert pool.join(DEADLINE_SECONDS)
    assert pool.statistics().hook_errors == 0


class FalseHooks(Hooks):
    """Hooks that say they are nothing."""

    def __bool__(self) -> bool:
        return False

    def __eq__(self, _other: object) -> NoReturn:
        raise RuntimeError("equal?")

    __hash__ = None  # type: ignore[assignment]  # as of who defines __eq__ alone


def test_hooks_are_called_whatever_they_say_of_themselves(make: Make) -> None:
    seen: list[object] = []
    pool = make(1, hooks=FalseHooks(before_task=seen.append, after_task=seen.append))
    future = pool.submit(int)
    assert future.result(DEADLINE_SECONDS) == 0
    assert pool.join(DEADLINE_SECONDS)
    assert seen == [future, future]


@pytest.mark.expects_log
def test_hooks_that_raise_what_cannot_be_read_harm_nothing(make: Make) -> None:
    bad = fail_closed
    with closed_errors():
        pool = make(2, hooks=Hooks(bad, bad, bad, bad))
        futures = [pool.submit(int) for _ in range(4)]
        assert [future.result(DEADLINE_SECONDS) for future in futures] == [0] * 4
        assert pool.join(DEADLINE_SECONDS)
    assert pool.statistics().hook_errors == 2 * 4 + 2 * 2


@KINDS
def test_an_initializer_may_be_any_callable(make: Make, kind: type) -> None:
    pool = make(1, initializer=kind(), initargs=(kind(),))
    assert pool.submit(int).result(DEADLINE_SECONDS) == 0


def test_an_initializer_that_says_it_is_false_gets_its_arguments(make: Make) -> None:
    class Noting(EqualToAll):
        def __call__(self, *args: object, **_kwargs: object) -> str:
            seen.append(args)
            return ""

    seen: list[object] = []
    pool = make(1, initializer=Noting(), initargs=(1, 2))
    assert pool.submit(int).result(DEADLINE_SECONDS) == 0
    assert seen == [(1, 2)]


@pytest.mark.expects_log
@KINDS
def test_an_initializer_that_fails_decides_all_but_what_is_no_task(
    make: Make, kind: type
) -> None:
    with closed_errors():
        pool = make(1, start=False, initializer=fail_closed)
        pool.task_queue.put(kind())
        task = pool.put(Task(kind()))
        pool.task_queue.put(kind())
        last = pool.put(Task(int))
        pool.start()
        for future in (task, last):
            with pytest.raises(concurrent.futures.BrokenExecutor):
                future.result(DEADLINE_SECONDS)
        assert pool.join(DEADLINE_SECONDS)
    assert pool.statistics().dropped == 2


# --- items of queues ---


@KINDS
def test_a_queue_takes_and_gives_back_any_object(kind: type) -> None:
    line = ThreadSafeQueue(3)
    items = [kind(), kind(), kind()]
    line.put(items[0])
    line.batch_put(items[1:])
    for index, item in enumerate(items):
        assert line.get(index) is item
    for item in items:
        assert line.pop(block=False) is item


@KINDS
def test_a_worker_ignores_what_is_no_task_whatever_it_says(kind: type) -> None:
    tasks = ThreadSafeQueue()
    thread = ProcessThread(tasks)
    thread.start()
    task = Task(int)
    tasks.batch_put([kind(), kind(), task])
    assert task.result(DEADLINE_SECONDS) == 0
    thread.stop()
    thread.join(DEADLINE_SECONDS)
    assert not thread.is_alive()


@KINDS
@pytest.mark.parametrize(
    "wrap", [lambda pool: pool.put, lambda pool: lambda one: pool.batch_put([one])]
)
def test_a_pool_refuses_what_is_no_task_whatever_it_says(
    make: Make, kind: type, wrap: Callable[[ThreadPool], Callable[[object], object]]
) -> None:
    pool = make(1)
    with pytest.raises(TaskTypeErrorException, match=kind.__name__):
        wrap(pool)(kind())


def mixed(pool: ThreadPool, kind: type) -> list[Task]:
    """Queue a task among items that are none, one that is cancelled, and another."""
    pool.task_queue.put(kind())
    first = pool.put(Task(kind(), kind()))
    pool.task_queue.put(kind())
    cancelled = pool.put(Task(kind()))
    last = pool.put(Task(kind()))
    assert cancelled.cancel()
    return [first, last]


@KINDS
def test_purge_takes_out_the_dead_task_alone(make: Make, kind: type) -> None:
    pool = make(1, start=False)
    tasks = mixed(pool, kind)
    assert pool.task_queue.size() == 5
    assert pool.purge() == 1
    assert pool.task_queue.size() == 4
    pool.start()
    assert [one.result(DEADLINE_SECONDS) for one in tasks] == ["called", "called"]


@KINDS
@pytest.mark.parametrize("end", [ThreadPool.clear, ThreadPool.stop])
def test_the_tasks_alone_are_handed_back(
    make: Make, kind: type, end: Callable[[ThreadPool], list[Task]]
) -> None:
    pool = make(1, start=False)
    tasks = mixed(pool, kind)
    handed_back = end(pool)
    assert [id(one) for one in handed_back] == [id(one) for one in tasks]
