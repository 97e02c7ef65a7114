"""CPython's own tests of thread pools: where they are, and our pool in their hands.

Their modules belong to the `test` package of the interpreter that runs. Debian's
interpreters have them in a package of their own (libpython3.11-testsuite), and some
builds leave a few out, so the lacking ones are taken from another interpreter of the
same version on PATH. `substitute` also runs inside the scripts that CPython's tests
start, so nothing of pytest is imported here.
"""

import concurrent.futures
import importlib
import os
import pkgutil
import re
import sys
import unittest
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from pool_gui.pool import ThreadPool

EXECUTORS = "test.test_concurrent_futures"
"""The suite itself: one module up to Python 3.11, a package later."""

ELSEWHERE = {
    "test.test_asyncio.test_base_events": r"_default_executor(_timeout)?$",
    "test.test_asyncio.test_events": r"^SelectEventLoopTests\.test_run_in_executor",
    "test.test_asyncio.test_futures": r"^CFuture\w+\.test_wrap_future($|_use|_without)",
    "test.test_asyncio.test_tasks": r"^RunCoroutineThreadsafeTests\.",
    "test.test_asyncio.test_threads": r"",
    "test.test_context": r"\.test_context_threads",
}
"""Who else starts thread pools: the module, and which `Class.test` of it."""


@dataclass(frozen=True)
class Case:
    """One test of CPython's."""

    test_class: type[unittest.TestCase]
    method: str

    def __str__(self) -> str:
        return f"{self.test_class.__name__}.{self.method}"

    def run(self) -> unittest.TestResult:
        """Run it with the set-up of its class and its module."""
        result = unittest.TestResult()
        unittest.TestSuite([self.test_class(self.method)]).run(result)
        return result


class Suite:
    """CPython's tests of thread pools.

    Raises:
        ModuleNotFoundError: The interpreter comes without them.
    """

    def __init__(self) -> None:
        _complete_test_package()
        self.modules = tuple(_submodules(importlib.import_module(EXECUTORS)))
        (self.mixin,) = {
            module.ThreadPoolMixin
            for module in self.modules
            if hasattr(module, "ThreadPoolMixin")
        }
        """What makes a test case one of thread pools; it names the executor's type."""
        self.cases = tuple(
            case
            for module in self.modules
            for case in _cases(module)
            if issubclass(case.test_class, self.mixin)
        )
        self.cases_elsewhere = tuple(
            case
            for name, pattern in ELSEWHERE.items()
            for case in _cases(importlib.import_module(name))
            if re.search(pattern, str(case))
        )


def substitute() -> None:
    """Let everybody who asks concurrent.futures for a thread pool get ours.

    For a script of a CPython test, which asks for the tested type by its name.
    """
    _complete_test_package()
    for name in ("ThreadPoolExecutor", ThreadPool.__name__):
        setattr(concurrent.futures, name, ThreadPool)


def with_our_pool(run_script: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `assert_python_ok`: the script it runs gets our pool from the library."""
    # The scripts run isolated, so they are told where this program found its modules.
    preamble = (
        f"import sys; sys.path[:] = {sys.path!r}\n"
        f"import {__name__}; {__name__}.substitute()\n"
    )

    def run(option: str, script: str, **environment: str) -> Any:
        assert option == "-c"
        return run_script(option, preamble + script, **environment)

    return run


def _complete_test_package() -> None:
    package = importlib.import_module("test")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for folder in os.get_exec_path():
        other = Path(folder).parent / "lib" / version / "test"
        if str(other) not in package.__path__ and other.is_dir():
            package.__path__.append(str(other))


def _submodules(module: ModuleType) -> Iterator[ModuleType]:
    yield module
    for info in pkgutil.iter_modules(getattr(module, "__path__", ())):
        yield importlib.import_module(f"{module.__name__}.{info.name}")


def _cases(module: ModuleType) -> Iterator[Case]:
    """Find the tests of the classes that a module defines."""
    for kind in list(vars(module).values()):
        if (
            isinstance(kind, type)
            and issubclass(kind, unittest.TestCase)
            and kind.__module__ == module.__name__
        ):
            for method in unittest.defaultTestLoader.getTestCaseNames(kind):
                yield Case(kind, method)
