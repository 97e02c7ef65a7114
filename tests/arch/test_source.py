"""House rules that can be read off the source."""

import ast
import re
from pathlib import Path

import pytest
from arch import source
from arch.source import imported, modules

MAX_FILE_LINES = 350
TOO_LONG = {
    "pool_gui/pool/pool.py": 579,
    "pool_gui/pool/task.py": 560,
}
"""One class each, and that class is one idea: the face of the pool, of which two thirds
are what its users read, and a task's life, which is one argument. To spread either over
files would need inheritance. They must not grow."""
MAX_FUNCTION_LINES = 50
TALKING = ("wire", "agent", "demo", "monitor")
"""The packages that handle what comes over the connection."""


def test_each_module_says_its_charter() -> None:
    silent = [one.name for one in modules() if not ast.get_docstring(one.tree)]
    assert silent == []


def test_no_file_is_too_long_for_one_charter() -> None:
    lengths = {one.name: len(one.text.splitlines()) for one in modules()}
    long = {n: length for n, length in lengths.items() if length > MAX_FILE_LINES}
    assert {
        n: length for n, length in long.items() if length > TOO_LONG.get(n, 0)
    } == {}
    assert long.keys() == TOO_LONG.keys(), "who comes under the limit leaves the list"


def test_no_function_is_too_long_to_see_at_once() -> None:
    long = [
        f"{module.at(node)} {node.name}"
        for module in modules()
        for node in module.nodes()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= MAX_FUNCTION_LINES
    ]
    assert long == []


WINDOWS_SIDE = ("cli", "window", "monitor", "wire")
WATCHED_SIDE = ("demo", "agent", "wire", "pool")


@pytest.mark.parametrize("side", [WINDOWS_SIDE, WATCHED_SIDE])
def test_no_class_has_the_name_of_another_in_the_same_process(
    side: tuple[str, ...],
) -> None:
    where: dict[str, list[str]] = {}
    for module in modules(*side):
        for node in module.nodes():
            if isinstance(node, ast.ClassDef):
                where.setdefault(node.name, []).append(module.at(node))
    twice = {name: places for name, places in where.items() if len(places) > 1}
    assert twice == {}


def test_what_talks_to_others_neither_unpickles_nor_evaluates() -> None:
    banned_modules = {"pickle", "marshal", "shelve", "dill", "cloudpickle"}
    banned_calls = {"eval", "exec", "compile", "__import__"}
    found = []
    for module in modules(*TALKING):
        if banned := {name.split(".")[0] for name in imported(module)} & banned_modules:
            found.append(f"{module.name} imports {banned}")
        for node in module.nodes():
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Name) and node.func.id in banned_calls:
                found.append(f"{module.at(node)} calls {node.func.id}")
            # Connection.recv and Connection.send pickle; their _bytes twins do not.
            if isinstance(node.func, ast.Attribute) and node.func.attr == "recv":
                found += [f"{module.at(node)} calls recv"] if not node.args else []
            if any(key.arg == "shell" for key in node.keywords):
                found.append(f"{module.at(node)} runs a shell")
    assert found == []


@pytest.mark.parametrize("banned", ["PySide6", "pyqtgraph", "shiboken6"])
def test_only_the_window_knows_qt(banned: str) -> None:
    users = {
        module.package
        for module in modules()
        for name in imported(module)
        if name.split(".")[0] == banned
    }
    assert users <= {"window"}


def test_no_closure_that_holds_self_is_connected_to_a_signal() -> None:
    """A lambda or partial runs in the emitter's thread and keeps its object alive."""
    found = [
        module.at(node)
        for module in modules("window")
        for node in module.nodes()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "connect"
        and any(_captures_self(argument) for argument in node.args)
    ]
    assert found == []


def _captures_self(argument: ast.expr) -> bool:
    is_partial = (
        isinstance(argument, ast.Call)
        and ast.unparse(argument.func).split(".")[-1] == "partial"
    )
    return (is_partial or isinstance(argument, ast.Lambda)) and any(
        isinstance(node, ast.Name) and node.id == "self" for node in ast.walk(argument)
    )


def test_no_error_is_swallowed() -> None:
    swallowed = [
        module.at(node)
        for module in modules()
        for node in module.nodes()
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or _is_broad(node.type))
        and all(isinstance(one, ast.Pass | ast.Continue) for one in node.body)
    ]
    assert swallowed == []


def _is_broad(caught: ast.expr) -> bool:
    return any(
        isinstance(node, ast.Name) and node.id in {"Exception", "BaseException"}
        for node in ast.walk(caught)
    )


def test_tests_do_not_sleep() -> None:
    sleepers = []
    for path in sorted((source.ROOT / "tests").rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        sleepers += [f"{path.name}:{line}" for line in source.sleeps(ast.parse(text))]
        # Also in the text of a program that a test starts.
        if path != Path(__file__) and re.search(r"time\.sleep\(|qWait\(", text):
            sleepers.append(path.name)
    assert sleepers == []


@pytest.mark.parametrize(
    ("code", "is_seen"),
    [
        ("time.sleep(1)", True),
        ("sleep(seconds)", True),
        ("if x:\n    time.sleep(0.1)", True),
        ("QTest.qWait(5)", True),
        ("qtbot.wait(5)", True),
        ("threading.Event().wait(0.5)", True),
        ("with x:\n    Event().wait(timeout)", True),
        ("POLL.wait(0.02)", True),
        ("while not done():\n    time.sleep(0.1)", True),
        ("while not done():\n    threading.Event().wait(0.01)", False),
        ("assert stopped.wait(5)", False),
        ("process.wait(5)", False),
        ("threading.Event().wait()", False),
        ("await asyncio.sleep(0)", False),
    ],
)
def test_a_sleep_is_seen_however_it_is_spelled(code: str, *, is_seen: bool) -> None:
    assert bool(list(source.sleeps(ast.parse(code)))) == is_seen


def test_resources_are_read_in_one_place() -> None:
    """Others may look where they lie only to tell a child process (the launcher)."""
    readers = [one.name for one in modules() if list(source.reached_for(one.tree))]
    assert readers == [
        "pool_gui/agent/startup/sitecustomize.py",
        "pool_gui/monitor/source/child.py",
        "pool_gui/monitor/source/program.py",
        "pool_gui/resources.py",
    ]


@pytest.mark.parametrize(
    "code",
    [
        "import importlib.resources",
        "import importlib.resources as files",
        "from importlib import resources",
        "from importlib.resources import files",
        "import importlib\nimportlib.resources.files('pool_gui')",
        "from pkgutil import get_data",
        "import pkgutil",
        "Path(__file__).parent / 'resources'",
    ],
)
def test_each_way_to_a_resource_is_seen(code: str) -> None:
    assert list(source.reached_for(ast.parse(code)))


def test_what_leads_to_no_resource_is_not_taken_for_it() -> None:
    harmless = "import importlib\nfrom pool_gui import resources\nresources.path('x')"
    assert list(source.reached_for(ast.parse(harmless))) == []
