import functools
import sys
import types

import pytest

from pool_gui.agent.names import (
    MAX_FUNCTIONS,
    MAX_NAME_JSON_BYTES,
    OTHER_FUNCTIONS,
    FunctionIds,
    NewNames,
    main_module_name,
    qualified_name,
)
from pool_gui.wire.protocol import MAX_NAME_CHARACTERS, MAX_NEW_NAMES_PER_FRAME


def plain() -> None:
    """Stand for a task's function."""


class Callable:
    def __call__(self) -> None:
        """Stand for a task's function."""

    def method(self) -> None:
        """Stand for a task's function."""


class Hostile:
    """Runs code of its own whenever it is looked at."""

    def __call__(self) -> None:
        """Stand for a task's function."""

    def __hash__(self) -> int:
        raise RuntimeError

    def __eq__(self, other: object) -> bool:
        raise RuntimeError

    def __getattribute__(self, name: str) -> object:
        raise RuntimeError


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (plain, "plain"),
        (Callable, "Callable"),
        (Callable(), "Callable"),
        (Callable().method, "Callable.method"),
        (Callable.method, "Callable.method"),
        (functools.partial(plain), "plain"),
        (
            functools.partial(functools.partial(Callable().method)),
            "Callable.method",
        ),
    ],
)
def test_a_callable_has_the_name_of_the_code_behind_it(
    function: object, name: str
) -> None:
    assert qualified_name(function, "app") == f"{__name__}.{name}"


def test_naming_runs_no_code_of_the_callables_own() -> None:
    hostile = Hostile()
    for function in (hostile, functools.partial(hostile)):
        assert qualified_name(function, "app") == f"{__name__}.Hostile"


class Nameless(type):
    """Makes classes whose attributes cannot be read."""

    def __getattribute__(cls, name: str) -> object:
        raise RuntimeError(name)


def test_a_class_whose_names_raise_is_named_all_the_same() -> None:
    kind = Nameless("Kind", (), {"__call__": lambda _: None})
    for function in (kind, kind()):
        assert qualified_name(function, "app") == "builtins.Kind"


@pytest.mark.parametrize(
    ("function", "name"),
    [(len, "builtins.len"), ([].append, "builtins.list.append"), (int, "builtins.int")],
)
def test_a_built_in_function_has_its_owners_name(function: object, name: str) -> None:
    assert qualified_name(function, "app") == name


def test_a_function_of_the_script_has_the_scripts_name() -> None:
    function = types.FunctionType(plain.__code__, {"__name__": "__main__"}, "job")
    assert qualified_name(function, "app") == "app.plain"


def test_a_name_is_cut_and_has_no_control_characters() -> None:
    function = types.FunctionType(plain.__code__, {"__name__": "m"})
    function.__qualname__ = "a\n\u202eb" + "c" * 300
    name = qualified_name(function, "app")
    assert len(name) == MAX_NAME_CHARACTERS
    assert name.isprintable()


@pytest.mark.parametrize(
    ("spec", "path", "name"),
    [
        (None, "/somewhere/app.py", "app"),
        (None, "/somewhere/tool", "tool"),
        (None, None, "__main__"),
        ("package.module", "/somewhere/module.py", "package.module"),
        ("package.__main__", "/somewhere/__main__.py", "package"),
    ],
)
def test_the_program_is_named_by_its_module_or_its_script(
    monkeypatch: pytest.MonkeyPatch, spec: str | None, path: str | None, name: str
) -> None:
    main = types.ModuleType("__main__")
    main.__file__ = path
    main.__spec__ = types.SimpleNamespace(name=spec) if spec else None  # type: ignore[assignment]  # as much of a spec as is read
    monkeypatch.setitem(sys.modules, "__main__", main)
    assert main_module_name() == name


def test_a_name_is_told_once() -> None:
    ids = FunctionIds("app")
    first = ids.begin_frame()
    number = ids.of(plain)
    assert first.told == [(number, f"{__name__}.plain")]
    second = ids.begin_frame()
    assert ids.of(functools.partial(plain)) == number
    assert second.told == []


def _named(number: int) -> types.FunctionType:
    function = types.FunctionType(plain.__code__, {"__name__": "m"})
    function.__qualname__ = f"f{number}"
    return function


def test_a_frame_tells_no_more_names_than_it_may_and_the_next_goes_on() -> None:
    ids = FunctionIds("app")
    new = ids.begin_frame()
    numbers = [ids.of(_named(i)) for i in range(MAX_NEW_NAMES_PER_FRAME + 1)]
    assert len(new.told) == MAX_NEW_NAMES_PER_FRAME
    assert numbers[-1] == 0
    new = ids.begin_frame()
    assert ids.of(_named(MAX_NEW_NAMES_PER_FRAME)) == MAX_NEW_NAMES_PER_FRAME + 1
    assert len(new.told) == 1


def test_names_beyond_the_table_share_one() -> None:
    ids = FunctionIds("app")
    for i in range(MAX_FUNCTIONS):
        if i % MAX_NEW_NAMES_PER_FRAME == 0:
            ids.begin_frame()
        assert ids.of(_named(i)) == i + 1
    new = ids.begin_frame()
    assert ids.of(_named(MAX_FUNCTIONS)) == MAX_FUNCTIONS + 1
    assert ids.of(_named(MAX_FUNCTIONS + 1)) == MAX_FUNCTIONS + 1
    assert new.told == [(MAX_FUNCTIONS + 1, OTHER_FUNCTIONS)]
    assert ids.of(_named(3)) == 4


def test_long_foreign_names_do_not_overflow_a_header() -> None:
    names = NewNames()
    for number in range(MAX_NEW_NAMES_PER_FRAME):
        if not names.add(number, "\U0001f9f5" * MAX_NAME_CHARACTERS):
            break
    assert 0 < len(names.told) * 12 * MAX_NAME_CHARACTERS <= MAX_NAME_JSON_BYTES
