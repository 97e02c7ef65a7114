"""CPython's own tests of thread pools: where they are, and our pool in their hands.

Their modules belong to the `test` package of the interpreter that runs. Debian's
interpreters have them in a package of their own (libpython3.11-testsuite), and some
builds leave a few out, so the lacking ones are taken from another interpreter of the
same version on PATH.

Some of them look at all threads of their process, fork it, or collect its garbage time
and again, and many sleep for seconds. So they run in a few small processes beside each
other, in which `main` runs one case after the other, each when no thread of an earlier
one is left. `substitute` runs inside the scripts that CPython's tests start. So nothing
of pytest is imported here.
"""

import concurrent.futures
import gc
import importlib
import json
import logging
import os
import pkgutil
import re
import subprocess
import sys
import threading
import unittest
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
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


PROCESSES = 6
"""How many run cases beside each other; they sleep more than they work."""

LONG_SECONDS = {
    "ThreadPoolExecutorTest.test_map_timeout": 6.0,
    "ThreadPoolWaitTests.test_timeout": 6.0,
    "ThreadPoolWaitTests.test_first_exception": 3.0,
    "ThreadPoolShutdownTest.test_hang_gh83386": 2.0,
    "ThreadPoolShutdownTest.test_interpreter_shutdown": 2.0,
    "ThreadPoolExecutorTest.test_hang_global_shutdown_lock": 2.0,
    "ThreadPoolWaitTests.test_20369": 2.0,
    "ThreadPoolAsCompletedTest.test_zero_timeout": 2.0,
    "ThreadPoolAsCompletedTest.test_duplicate_futures": 2.0,
}
"""How long some of them take, for they sleep; to share them out."""

OTHER_SECONDS = 0.2
SETTLE_SECONDS = 20.0
"""How long the threads of a case may take to end after it."""


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

    def give(
        self,
        pool: type[ThreadPool],
        replace: Callable[[Any, str, object], object] = setattr,
    ) -> None:
        """Give CPython's tests the pool that they are to test."""
        replace(concurrent.futures, "ThreadPoolExecutor", pool)
        replace(self.mixin, "executor_type", pool)
        for module in self.modules:
            if hasattr(module, "assert_python_ok"):
                run = with_our_pool(module.assert_python_ok)
                replace(module, "assert_python_ok", run)


@dataclass
class Outcome:
    """What one case has come to, in a process of its own kind."""

    name: str
    skipped: str = ""
    complaints: list[str] = field(default_factory=list)


class Processes:
    """Processes that run cases, each its share, and tell their outcomes in turn.

    Args:
        names: the cases.
        place: a folder for what they write on stderr.
    """

    def __init__(self, names: Iterable[str], place: Path) -> None:
        self._outcomes: dict[str, Outcome] = {}
        self._of: dict[str, subprocess.Popen[str]] = {}
        self._texts: dict[str, Path] = {}
        for number, share in enumerate(_shares(names)):
            errors = place / f"stderr-{number}.txt"
            process = _start(share, errors)
            for name in share:
                self._of[name], self._texts[name] = process, errors

    def outcome(self, name: str) -> Outcome:
        """Return what a case has come to; wait for it."""
        while name not in self._outcomes:
            output = self._of[name].stdout
            assert output is not None
            line = output.readline()
            if not line:
                return Outcome(
                    name, complaints=[f"its process died; {self.said(name)}"]
                )
            found = Outcome(**json.loads(line))
            self._outcomes[found.name] = found
        return self._outcomes[name]

    def said(self, name: str) -> str:
        """Return the end of what the process of a case wrote on stderr."""
        return self._texts[name].read_text(errors="replace")[-4000:]

    def end(self) -> None:
        """End them, if they have not."""
        for process in set(self._of.values()):
            process.kill()
            process.communicate()


def _shares(names: Iterable[str]) -> Iterator[list[str]]:
    """Share cases out, so that all processes take about as long."""
    shares: list[list[str]] = [[] for _ in range(PROCESSES)]
    seconds = [0.0] * PROCESSES
    for name in sorted(names, key=lambda one: -LONG_SECONDS.get(one, OTHER_SECONDS)):
        least = seconds.index(min(seconds))
        shares[least].append(name)
        seconds[least] += LONG_SECONDS.get(name, OTHER_SECONDS)
    return (share for share in shares if share)


def _start(names: list[str], errors: Path) -> subprocess.Popen[str]:
    # Their tests fork while threads run and use what is deprecated, on purpose.
    options = ["-W", "error", "-W", "ignore::DeprecationWarning"]
    script = f"import sys, {__name__}; {__name__}.main(sys.argv[1:])"
    with errors.open("w") as file:
        return subprocess.Popen(
            [sys.executable, *options, "-c", script, *names],
            stdout=subprocess.PIPE,
            stderr=file,
            stdin=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )


def main(names: list[str]) -> None:
    """Run these cases with our pool, and print what each comes to, in JSON."""
    output, sys.stdout = sys.stdout, sys.stderr
    suite = Suite()
    suite.give(ThreadPool)
    cases = {str(case): case for case in suite.cases + suite.cases_elsewhere}
    log = _Log()
    logging.getLogger("pool_gui").addHandler(log)
    gc.collect()
    gc.freeze()  # so that to collect garbage, as some cases do, takes no time
    for name in names:
        print(f"--- {name}", file=sys.stderr, flush=True)
        output.write(json.dumps(asdict(_outcome(cases[name], log))) + "\n")
        output.flush()


class _Log(logging.Handler):
    """Keeps what pool_gui says while a case runs."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def _outcome(case: Case, log: _Log) -> Outcome:
    support = importlib.import_module("test.support")
    vars(support)["environment_altered"] = False
    log.lines.clear()
    result = case.run()
    outcome = Outcome(str(case))
    if result.skipped:
        outcome.skipped = result.skipped[0][1]
    outcome.complaints += [text for _, text in result.errors + result.failures]
    outcome.complaints += [f"pool_gui logged: {line}" for line in log.lines]
    if not outcome.skipped and result.testsRun != 1:
        outcome.complaints.append(f"{result.testsRun} tests ran")
    if vars(support)["environment_altered"]:
        outcome.complaints.append("what it left behind is on stderr")
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(SETTLE_SECONDS)
            if thread.is_alive():
                outcome.complaints.append(f"{thread.name} is left")
    return outcome


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
