"""The tests that CPython has for its thread pool, with our pool in its place."""

import concurrent.futures
import importlib
import sys
import unittest
from typing import NoReturn

import cpython_suite
import pytest
from _pytest.mark import ParameterSet

from pool_gui.pool import ThreadPool

try:
    SUITE = cpython_suite.Suite()
except ModuleNotFoundError as _error:
    pytest.skip(
        f"{_error}: this interpreter comes without CPython's tests, which Debian has"
        " in the package libpython3.11-testsuite",
        allow_module_level=True,
    )

support = importlib.import_module("test.support")

LEFT_OUT = {
    "ThreadPoolExecutorTest.test_default_workers": (
        "our pool has twice as many workers as there are cores unless told otherwise"
    ),
    "ThreadPoolExecutorTest.test_idle_thread_reuse": (
        "unless told otherwise our pool starts all its workers at once"
    ),
    "ThreadPoolShutdownTest.test_thread_names_default": (
        "our workers are named for ThreadPool and not for ThreadPoolExecutor"
    ),
}
"""What holds for ThreadPoolExecutor alone, and why."""

if sys.version_info < (3, 13):
    LEFT_OUT["ThreadPoolShutdownTest.test_cancel_futures_wait_false"] = (
        "expects that a worker is faster than a shutdown, which CPython has corrected"
        " since (gh-116682)"
    )

# Python 3.11 has 44 and 20; later versions have more.
LEAST_CASES = 40
LEAST_CASES_ELSEWHERE = 18


class RefusingPool(ThreadPool):
    """A pool that takes no work."""

    def submit(self, *_task: object, **_arguments: object) -> NoReturn:
        raise NotImplementedError("refused on purpose")


@pytest.fixture
def _our_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    _test_with(ThreadPool, monkeypatch)


def _test_with(pool: type[ThreadPool], monkeypatch: pytest.MonkeyPatch) -> None:
    """Give CPython's tests the pool that they are to test."""
    monkeypatch.setattr(concurrent.futures, "ThreadPoolExecutor", pool)
    monkeypatch.setattr(SUITE.mixin, "executor_type", pool)
    for module in SUITE.modules:
        if hasattr(module, "assert_python_ok"):
            with_our_pool = cpython_suite.with_our_pool(module.assert_python_ok)
            monkeypatch.setattr(module, "assert_python_ok", with_our_pool)


def _parameter(case: cpython_suite.Case) -> ParameterSet:
    name = str(case)
    marks = [pytest.mark.skip(LEFT_OUT[name])] if name in LEFT_OUT else []
    return pytest.param(case, id=name, marks=marks)


def _complaints(result: unittest.TestResult) -> list[str]:
    return [text for _, text in result.errors + result.failures]


# CPython's tests fork while threads run and use what is deprecated, on purpose.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.usefixtures("_our_pool")
@pytest.mark.parametrize(
    "case", [_parameter(case) for case in SUITE.cases + SUITE.cases_elsewhere]
)
def test_cpython_is_content_with_our_pool(
    case: cpython_suite.Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(support, "environment_altered", False)
    result = case.run()
    if result.skipped:
        pytest.skip(result.skipped[0][1])
    if complaints := _complaints(result):
        pytest.fail("\n".join(complaints), pytrace=False)
    assert result.testsRun == 1
    assert not support.environment_altered, "what it left behind is on stderr"


def test_cpython_has_the_tests_that_are_looked_for() -> None:
    assert len(SUITE.cases) >= LEAST_CASES
    assert len(SUITE.cases_elsewhere) >= LEAST_CASES_ELSEWHERE


def test_what_is_left_out_exists() -> None:
    assert LEFT_OUT.keys() <= {str(case) for case in SUITE.cases}


@pytest.mark.parametrize(
    "name", ["ThreadPoolExecutorTest.test_submit", "ToThreadTests.test_to_thread"]
)
def test_cpython_complains_about_a_pool_that_does_not_work(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _test_with(RefusingPool, monkeypatch)
    found = [case for case in SUITE.cases + SUITE.cases_elsewhere if str(case) == name]
    assert len(found) == 1
    (complaint,) = _complaints(found[0].run())
    assert "refused on purpose" in complaint


@pytest.mark.parametrize("name", ["ThreadPool", "ThreadPoolExecutor"])
def test_a_script_of_cpythons_tests_gets_our_pool(name: str) -> None:
    helper = importlib.import_module("test.support.script_helper")
    run = cpython_suite.with_our_pool(helper.assert_python_ok)
    script = f"from concurrent.futures import {name} as found; print(found.__module__)"
    _, out, err = run("-c", script)
    assert out.decode().strip() == ThreadPool.__module__
    assert err == b""
