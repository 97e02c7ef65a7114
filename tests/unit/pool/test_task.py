import sys
import tracemalloc
import weakref
from concurrent.futures import Future

import pytest

from pool_gui.pool import Task
from pool_gui.pool.atomic import HAS_GIL
from pool_gui.pool.limits import Limits


class Callable:
    def __call__(self) -> None:
        pass

    def method(self) -> None:
        pass


def test_a_task_keeps_the_call_as_it_was_given() -> None:
    task = Task(print, 1, 2, sep="-")
    assert (task.callable, task.args, dict(task.kwargs)) == (
        print,
        (1, 2),
        {"sep": "-"},
    )


def test_a_task_has_neither_number_nor_time_before_it_is_put() -> None:
    task = Task(int)
    assert (task.id, task.queued_ns) == (0, 0)


@pytest.mark.parametrize("wrong", [None, 3, "print", [print]])
def test_what_cannot_be_called_makes_no_task(wrong: object) -> None:
    with pytest.raises(TypeError, match=f"{type(wrong).__name__} cannot be called"):
        Task(wrong)  # type: ignore[arg-type]  # that is the test


def test_keywords_may_be_called_as_the_parameters_are() -> None:
    task = Task(dict, self=1, callable=2, args=3)
    assert task.kwargs == {"self": 1, "callable": 2, "args": 3}


def test_the_text_of_a_task_names_its_function() -> None:
    assert (
        repr(Task(Callable.method, None)) == f"<Task 0 {__name__}.Callable.method new>"
    )


def test_a_task_is_its_future_from_the_beginning() -> None:
    task = Task(int)
    assert task.future is task
    assert isinstance(task, Future)
    assert not task.done()


def test_a_task_without_keywords_carries_no_dict_and_cannot_be_changed() -> None:
    assert Task(int).kwargs is Task(str).kwargs
    with pytest.raises(TypeError):
        Task(int).kwargs["x"] = 1  # type: ignore[index]  # that is the test


def test_tasks_are_told_apart_by_who_they_are() -> None:
    one, other = Task(int), Task(int)
    assert one != other
    assert len({one, other, one}) == 2


def test_a_task_is_small_and_can_be_referred_to_weakly() -> None:
    task = Task(int)
    assert weakref.ref(task)() is task
    assert sys.getsizeof(task) <= 184
    tracemalloc.start()
    tasks = [Task(int) for _ in range(1000)]
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Python 3.14 keeps room for attributes that are never used in each instance.
    plain = 250 if sys.version_info < (3, 14) else 400
    assert used / len(tasks) <= (plain if HAS_GIL else plain + 100)


# Limits


def test_a_task_has_no_limits_unless_it_is_given_some() -> None:
    assert Task(int).limits is None
    task = Task(int)
    assert task.with_limits(priority=3, queue_seconds=0.5, run_seconds=2) is task
    assert task.limits == Limits(3, 500_000_000, 2_000_000_000)
    assert task.with_limits().limits == Limits()


class Whole:
    """What may stand for a whole number."""

    def __index__(self) -> int:
        return 7


def test_a_priority_is_any_whole_number() -> None:
    for priority, number in ((Whole(), 7), (-(10**30), -(10**30)), (True, 1)):
        limits = Task(int).with_limits(priority=priority).limits
        assert limits is not None
        assert limits.priority == number
        assert type(limits.priority) is int
    for wrong in (1.5, "1", None):
        with pytest.raises(TypeError):
            Task(int).with_limits(priority=wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("limit", ["queue_seconds", "run_seconds"])
def test_a_limit_is_more_than_no_time(limit: str) -> None:
    for wrong in (0, -1, float("nan"), float("-inf")):
        with pytest.raises(ValueError, match=f"{limit} must be more than 0, and .* is"):
            Task(int).with_limits(**{limit: wrong})  # type: ignore[arg-type]


def test_a_limit_of_no_nanosecond_is_one_and_an_endless_one_is_none() -> None:
    for seconds, expected in ((1e-12, 1), (1e9, 0), (float("inf"), 0)):
        task = Task(int).with_limits(queue_seconds=seconds, run_seconds=seconds)
        assert task.limits == Limits(0, expected, expected)
