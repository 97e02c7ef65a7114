"""Being told of an import, and leaving no trace of it."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from pool_gui.agent.import_watch import ImportWatch

NAME = "some_module_of_the_tests"


@pytest.fixture
def name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / f"{NAME}.py").write_text("value = 7\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield NAME
    sys.modules.pop(NAME, None)


def test_it_calls_when_the_module_has_been_run_and_leaves_nothing(name: str) -> None:
    seen: list[tuple[str, int]] = []
    before = list(sys.meta_path)

    def then(module: ModuleType) -> None:
        seen.append((module.__name__, module.value))

    ImportWatch(name, then).install()
    module = importlib.import_module(name)
    assert seen == [(name, 7)]
    assert sys.meta_path == before
    assert "exec_module" not in vars(module.__loader__)
    assert module.__spec__ is not None
    assert type(module.__spec__.loader).__name__ == "SourceFileLoader"
    importlib.reload(module)
    assert len(seen) == 1


def test_a_module_that_is_there_already_is_told_at_once(name: str) -> None:
    module = importlib.import_module(name)
    seen: list[ModuleType] = []
    ImportWatch(name, seen.append).install()
    assert seen == [module]


def test_an_import_does_not_fail_by_what_watches_it(name: str) -> None:
    def broken(_module: ModuleType) -> None:
        raise RuntimeError("of our own")

    ImportWatch(name, broken).install()
    assert importlib.import_module(name).value == 7


def test_what_waits_no_more_is_not_called(name: str) -> None:
    seen: list[ModuleType] = []
    watch = ImportWatch(name, seen.append)
    watch.install()
    watch.remove()
    watch.remove()
    importlib.import_module(name)
    assert seen == []
