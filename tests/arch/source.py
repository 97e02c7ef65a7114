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
