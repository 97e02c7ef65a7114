"""The source of pool_gui as the architecture tests look at it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "pool_gui"


@dataclass(frozen=True)
class Module:
    path: Path

    @property
    def name(self) -> str:
        """The path below the checkout, with slashes on every system."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def package(self) -> str:
        """The first level below pool_gui, or "" for the modules on top."""
        parts = self.path.relative_to(PACKAGE).parts
        return parts[0] if len(parts) > 1 else ""

    @property
    def tree(self) -> ast.Module:
        return _parse(self.path)

    def nodes(self) -> Iterator[ast.AST]:
        return ast.walk(self.tree)

    def at(self, node: ast.expr | ast.stmt | ast.ExceptHandler) -> str:
        return f"{self.name}:{node.lineno}"


@cache
def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def modules(*packages: str) -> list[Module]:
    """Return the modules of these packages; of all of pool_gui when none is named."""
    every = [Module(path) for path in sorted(PACKAGE.rglob("*.py"))]
    return [module for module in every if not packages or module.package in packages]


def imported(module: Module) -> set[str]:
    """Return the full names of all that a module imports, wherever it does."""
    names: set[str] = set()
    for node in module.nodes():
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
            names.add(node.module)
    return names


def reached_for(tree: ast.AST) -> Iterator[str]:
    """Yield what a module does to come by files that lie in its installation."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id="__file__" | "__spec__" | "__path__" as name):
                yield name
            case ast.Import(names=aliases):
                yield from (one.name for one in aliases if _gives_files(one.name))
            case ast.ImportFrom(module=str(module), names=aliases):
                full = (f"{module}.{one.name}" for one in aliases)
                yield from (name for name in full if _gives_files(name))
            case ast.Attribute(attr="resources", value=ast.Name(id="importlib")):
                yield "importlib.resources"


def _gives_files(name: str) -> bool:
    givers = ("importlib.resources", "importlib_resources", "pkgutil", "pkg_resources")
    return any(name == giver or name.startswith(f"{giver}.") for giver in givers)


def sleeps(tree: ast.AST) -> Iterator[int]:
    """Yield the lines that let a fixed time pass, however it is spelled.

    A loop may wait between two looks at what it waits for; beyond loops a call whose
    answer nobody reads, `wait` with a time or `join` of nobody, is a sleep.
    """
    for node in ast.walk(tree):
        for inner in ast.iter_child_nodes(node):
            if _is_sleep(inner, in_loop=isinstance(node, ast.While)):
                yield getattr(inner, "lineno", 0)


def _is_sleep(node: ast.AST, *, in_loop: bool) -> bool:
    if isinstance(node, ast.Call) and _called(node) in {"sleep", "qWait", "qSleep"}:
        # asyncio.sleep(0) gives way to others and lets no time pass.
        return ast.unparse(node.args[0]) != "0" if node.args else True
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and not in_loop
        and _waits_for_nobody(node.value)
    )


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func).split(".")[-1]


def _waits_for_nobody(call: ast.Call) -> bool:
    """Whether this is `wait(0.5)` of an event that nobody sets, or of Qt's bot."""
    match call:
        case ast.Call(func=ast.Attribute(attr="wait", value=owner), args=[_, *_]):
            text = ast.unparse(owner)
            return isinstance(owner, ast.Call) or text == "qtbot" or text.isupper()
    return False
