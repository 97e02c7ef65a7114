"""What is kept of an exception: its text and its calls, and nothing that it held."""

import gc
import types
import weakref
from collections.abc import Callable

import pytest

from pool_gui.raised import MOST_CALLS, RaisedText, with_calls


class Held:
    """Something big in a function that raises."""


class _HostileError(Exception):
    @property
    def __traceback__(self) -> object:  # type: ignore[override]
        pytest.fail("it was asked")


def _deep(calls: int) -> None:
    if not calls:
        raise ValueError("no")
    _deep(calls - 1)


def _raised(function: Callable[[], object]) -> RaisedText:
    try:
        function()
    except (ValueError, _HostileError) as error:
        return with_calls("said", error)
    raise AssertionError("it raised nothing")


def test_it_is_the_text_and_knows_the_calls_the_innermost_first() -> None:
    told = _raised(lambda: _deep(2))
    assert told == "said"
    functions = [function.rpartition(".")[2] for function, _, _ in told.calls]
    assert functions == ["_deep", "_deep", "_deep", "<lambda>", "_raised"]
    assert all(name.startswith(f"{__name__}.") for name, _, _ in told.calls)
    assert {file for _, file, _ in told.calls} == {__file__}
    assert told.calls[0][2] == _deep.__code__.co_firstlineno + 2


def test_of_many_calls_the_innermost_are_kept() -> None:
    told = _raised(lambda: _deep(200))
    assert len(told.calls) == MOST_CALLS
    assert {function.rpartition(".")[2] for function, _, _ in told.calls} == {"_deep"}


def test_what_was_never_raised_has_no_calls() -> None:
    assert with_calls("said", ValueError()).calls == ()


def test_nothing_of_a_frame_is_kept_alive() -> None:
    seen: list[weakref.ref[Held]] = []

    def hold() -> None:
        held = Held()
        seen.append(weakref.ref(held))
        raise ValueError

    told = _raised(hold)
    gc.collect()
    assert told.calls
    assert seen[0]() is None


def test_nothing_that_its_class_defines_is_asked() -> None:
    def fail() -> None:
        raise _HostileError

    assert len(_raised(fail).calls) == 2


def test_a_module_without_a_name_is_left_out() -> None:
    def fail() -> None:
        raise ValueError

    other = types.FunctionType(fail.__code__, {"__name__": 17})
    name, _, line = _raised(other).calls[0]
    assert (name, line) == (fail.__qualname__, fail.__code__.co_firstlineno + 1)
