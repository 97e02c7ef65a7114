"""CPython's own tests of thread pools as scenes, with our pool in its place.

`tests/cpython_suite.py` finds them. The scripts that some of them start, about the
interpreter's exit mostly, are played under the dice, too.
"""

from __future__ import annotations

import importlib
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import cpython_suite
from interleaving.dice import Dice
from interleaving.play import traced
from interleaving.stage import Fault, Stage

from pool_gui import ThreadPool

if TYPE_CHECKING:
    from collections.abc import Callable

TOO_STRICT: dict[str, str] = {}
"""What ThreadPoolExecutor does not hold under the dice either, and why."""

if sys.version_info < (3, 13):
    TOO_STRICT["ThreadPoolShutdownTest.test_cancel_futures_wait_false"] = (
        "expects that a worker is faster than a shutdown"
    )

LEFT_OUT = TOO_STRICT | {
    "ThreadPoolExecutorTest.test_default_workers": "another default size",
    "ThreadPoolExecutorTest.test_idle_thread_reuse": "all workers start at once",
    "ThreadPoolShutdownTest.test_thread_names_default": "other names of threads",
}
"""What holds for ThreadPoolExecutor alone; test_cpython.py tells the reasons."""


def scenes(kind: str) -> dict[str, Callable[[Stage], None]]:
    """Return CPython's tests as scenes, by name.

    Args:
        kind: "ours" puts our pool in the place of the standard one; "peer" does not.

    Raises:
        ModuleNotFoundError: the interpreter comes without its tests.
    """
    suite = cpython_suite.Suite()
    if kind == "ours":
        cpython_suite.substitute()
        suite.mixin.executor_type = ThreadPool
    left_out = LEFT_OUT if kind == "ours" else TOO_STRICT
    return {
        str(case): partial(_play, suite, case, kind)
        for case in suite.cases + suite.cases_elsewhere
        if str(case) not in left_out
    }


def _play(
    suite: cpython_suite.Suite, case: cpython_suite.Case, kind: str, stage: Stage
) -> None:
    helper = importlib.import_module("test.support.script_helper")
    for module in suite.modules:
        if hasattr(module, "assert_python_ok"):
            run = partial(_run_script, helper.assert_python_ok, kind, stage.dice.seed)
            vars(module)["assert_python_ok"] = run
    result = case.run()
    for _, text in result.errors + result.failures:
        raise Fault(text)


def _run_script(
    run: Callable[..., Any], kind: str, seed: int, option: str, script: str
) -> Any:
    """Run a script as `assert_python_ok` does, with the dice in its process."""
    # It runs isolated, so it is told where this program found its modules.
    preamble = (
        f"import sys; sys.path[:] = {sys.path!r}\n"
        f"import {__name__}; {__name__}.prepare({kind!r}, {seed})\n"
    )
    return run(option, preamble + script)


def prepare(kind: str, seed: int) -> None:
    """In a script's process: throw the dice for the rest of its life."""
    scenes(kind)
    Dice(seed, "script", traced()).__enter__()
