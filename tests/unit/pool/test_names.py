"""Names and texts of things that misbehave when they are looked at."""

import functools
from collections.abc import Callable
from typing import Any, NoReturn

import pytest

from pool_gui.pool import Task
from pool_gui.pool.names import error_text, function_name, text, type_name

NOT_NICE = [ValueError, SystemExit, KeyboardInterrupt, RecursionError]


class Plain:
    def __call__(self) -> None:
        pass

    def method(self) -> None:
        pass


class LyingMeta(type):
    """A metaclass whose classes do not tell their names."""

    def __getattribute__(cls, name: str) -> Any:
        if name in ("__name__", "__qualname__", "__module__"):
            raise ValueError(name)
        return super().__getattribute__(name)

    @property
    def __name__(cls) -> str:  # type: ignore[override]  # as somebody might
        raise ValueError


class Nameless(metaclass=LyingMeta):
    def __call__(self) -> None:
        pass


class NamelessError(Exception, metaclass=LyingMeta):
    pass


class Untouchable:
    """What may be called, and raises at all else that is done to it."""

    error: type[BaseException] = ValueError

    def __call__(self) -> int:
        return 7

    def _raise(self, *_: object) -> NoReturn:
        raise type.__getattribute__(Untouchable, "error")

    __getattribute__ = __eq__ = __ne__ = __bool__ = __len__ = __repr__ = _raise
    __str__ = __format__ = __hash__ = __instancecheck__ = _raise


class Liar:
    """What says that it is of another class."""

    @property  # type: ignore[misc]  # as mocks and proxies do
    def __class__(self) -> type:
        return str


class Untrue(str):
    """A text that raises at each look."""

    __slots__ = ()

    def _raise(self, *_: object) -> NoReturn:
        raise ValueError

    __len__ = __bool__ = __str__ = __format__ = __getitem__ = __eq__ = _raise
    __add__ = __hash__ = _raise


class TellsUntrue(Exception):  # noqa: N818 - its name tells it
    def __str__(self) -> str:
        return Untrue("what I say")

    __repr__ = __str__


class Broken(Exception):  # noqa: N818 - likewise
    def __str__(self) -> str:
        raise SystemExit("no")

    __repr__ = __str__


def test_a_type_is_called_by_its_true_name() -> None:
    things = [3, None, Plain(), Nameless(), Untouchable(), Liar(), int]
    assert [type_name(thing) for thing in things] == [
        *("int", "NoneType", "Plain", "Nameless", "Untouchable", "Liar", "type")
    ]


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (Plain(), f"{__name__}.Plain"),
        (Plain().method, f"{__name__}.Plain.method"),
        (Plain.method, f"{__name__}.Plain.method"),
        (functools.partial(print), "functools.partial"),
        (len, "builtins.len"),
        ([].append, "list.append"),
        (int, "builtins.int"),
    ],
)
def test_each_kind_of_callable_has_a_name(
    function: Callable[..., object], name: str
) -> None:
    assert function_name(function) == name


@pytest.mark.parametrize("error", NOT_NICE)
def test_what_raises_at_each_look_is_called_by_its_type(
    error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Untouchable, "error", error)
    thing = Untouchable()
    assert function_name(thing) == "Untouchable"
    assert text(thing) == "a Untouchable that cannot be shown"
    assert type_name(thing) == "Untouchable"


def test_a_name_that_is_none_is_not_taken_for_one() -> None:
    call = Plain()
    call.__qualname__ = 7  # type: ignore[attr-defined]  # as somebody might
    assert function_name(call) == f"{__name__}.Plain"
    call.__qualname__ = "mine"  # type: ignore[attr-defined]
    call.__module__ = None  # type: ignore[assignment]
    assert function_name(call) == "mine"
    assert function_name(Nameless()) == "Nameless"


def test_a_name_that_raises_at_each_look_harms_nothing() -> None:
    call = Plain()
    call.__qualname__ = Untrue("name")  # type: ignore[attr-defined]
    assert function_name(call) == "Plain"


def test_a_long_text_is_cut() -> None:
    cut = text("x" * 1000)
    assert len(cut) == 200
    assert cut.startswith("'xxx")
    assert cut.endswith("x…")
    assert text("x" * 198) == repr("x" * 198)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("bad"), "ValueError: bad"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (Broken(), "Broken: (its message cannot be shown: SystemExit)"),
        (NamelessError("x"), "NamelessError: x"),
        (TellsUntrue(), "TellsUntrue: what I say"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_an_error_becomes_its_type_and_message(error: BaseException, said: str) -> None:
    assert error_text(error) == said
    assert type(error_text(error)) is str


def test_a_long_message_is_cut() -> None:
    cut = error_text(ValueError("x" * 1000))
    assert len(cut) == 200
    assert cut.startswith("ValueError: xxx")
    assert cut.endswith("x…")


def test_a_text_that_raises_at_each_look_is_a_text() -> None:
    shown = text(TellsUntrue())
    assert type(shown) is str
    assert shown in ("what I say", "a TellsUntrue that cannot be shown")


def test_a_task_of_it_has_a_text() -> None:
    calls: list[Callable[..., object]] = [Untouchable(), Nameless(), Liar]
    names = ("Untouchable", "Nameless", f"{__name__}.Liar")
    for call, name in zip(calls, names, strict=True):
        assert repr(Task(call)) == f"<Task 0 {name} new>"
