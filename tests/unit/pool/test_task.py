import functools
import sys
import weakref

import pytest

from pool_gui.pool.task import Task, function_name


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


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (Callable(), f"{__name__}.Callable"),
        (Callable().method, f"{__name__}.Callable.method"),
        (functools.partial(print), "functools.partial"),
        (len, "builtins.len"),
        ([].append, "list.append"),
    ],
)
def test_each_kind_of_callable_has_a_name(function: type, name: str) -> None:
    assert function_name(function) == name


def test_a_task_without_keywords_carries_no_dict_and_cannot_be_changed() -> None:
    assert Task(int).kwargs is Task(str).kwargs
    with pytest.raises(TypeError):
        Task(int).kwargs["x"] = 1  # type: ignore[index]  # that is the test


def test_a_task_is_small_and_can_be_referred_to_weakly() -> None:
    task = Task(int)
    assert weakref.ref(task)() is task
    assert not hasattr(task, "__dict__")
    assert sys.getsizeof(task) <= 120
