"""The tests that CPython has for its thread pool, with our pool in its place."""

import importlib
import sys
from collections.abc import Iterator
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


@pytest.fixture(scope="module")
def processes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[cpython_suite.Processes]:
    """Run all cases that were asked for, beside each other."""
    marked = [getattr(item, "callspec", None) for item in request.session.items]
    cases = {str(one.params["case"]) for one in marked if one and "case" in one.params}
    known = {str(case) for case in SUITE.cases + SUITE.cases_elsewhere}
    wanted = sorted(cases & known - LEFT_OUT.keys())
    made = cpython_suite.Processes(wanted, tmp_path_factory.mktemp("cpython"))
    yield made
    made.end()


def _parameter(case: cpython_suite.Case) -> ParameterSet:
    name = str(case)
    marks = [pytest.mark.skip(LEFT_OUT[name])] if name in LEFT_OUT else []
    return pytest.param(case, id=name, marks=marks)


@pytest.mark.parametrize(
    "case", [_parameter(case) for case in SUITE.cases + SUITE.cases_elsewhere]
)
def test_cpython_is_content_with_our_pool(
    case: cpython_suite.Case, processes: cpython_suite.Processes
) -> None:
    outcome = processes.outcome(str(case))
    if outcome.complaints:
        text = "\n".join(outcome.complaints)
        pytest.fail(f"{text}\n{processes.said(str(case))}", pytrace=False)
    if outcome.skipped:
        pytest.skip(outcome.skipped)


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
    SUITE.give(RefusingPool, monkeypatch.setattr)
    found = [case for case in SUITE.cases + SUITE.cases_elsewhere if str(case) == name]
    assert len(found) == 1
    result = found[0].run()
    ((_, complaint),) = result.errors + result.failures
    assert "refused on purpose" in complaint


@pytest.mark.parametrize("name", ["ThreadPool", "ThreadPoolExecutor"])
def test_a_script_of_cpythons_tests_gets_our_pool(name: str) -> None:
    helper = importlib.import_module("test.support.script_helper")
    run = cpython_suite.with_our_pool(helper.assert_python_ok)
    script = f"from concurrent.futures import {name} as found; print(found.__module__)"
    _, out, err = run("-c", script)
    assert out.decode().strip() == ThreadPool.__module__
    assert err == b""
