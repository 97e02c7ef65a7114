"""The command line of `pool-gui run`: its own options, then the program's, untouched.

Standard library and values only, as in `arguments`.
"""

import argparse
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pool_gui.cli import values
from pool_gui.monitor.source.program import GuestProgram, python_command
from pool_gui.window.options import THEMES

_WITH_VALUE: Final = frozenset(
    {
        *("--python", "--report", "--seconds", "--fail-on"),
        *("--size", "--theme", "--rules"),
    }
)
_ALONE: Final = frozenset({"--headless", "--stacks", "--help", "-h"})
LEVELS: Final = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class RunOptions:
    """A program that is run and watched."""

    program: GuestProgram
    rest: tuple[str, ...]
    """What stood behind our own options."""
    headless: bool
    report: Path | None
    seconds: float | None
    """After which it is ended; None: it ends by itself."""
    stacks: bool
    """Whether the report tells them."""
    fail_on: str | None
    """One of LEVELS: findings of this level or a graver one are an exit code."""
    size: tuple[int, int] | None
    theme: str | None
    rules: Path | None


def split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return our own options, and what stands behind them."""
    place = 0
    while place < len(arguments):
        name, has_value, _ = arguments[place].partition("=")
        if name in _WITH_VALUE and not has_value:
            place += 2
        elif name in _WITH_VALUE or name in _ALONE:
            place += 1
        else:
            break
    return list(arguments[:place]), list(arguments[place:])


def add_options(parser: argparse.ArgumentParser) -> None:
    """Let a parser know the options of `run`."""
    parser.usage = (
        "pool-gui run [options] app.py ARGS …\n"
        "       pool-gui run [options] -m package ARGS …\n"
        "       pool-gui run [options] -- COMMAND ARGS …"
    )
    parser.add_argument(
        "--python", metavar="PATH", help="the interpreter (default: pool-gui's own)"
    )
    parser.add_argument(
        "--headless", action="store_true", help="watch without a window"
    )
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FILE.json",
        help="where the numbers go (with --headless)",
    )
    parser.add_argument(
        "--stacks",
        action="store_true",
        help="put each worker's last Python stack into the report",
    )
    parser.add_argument(
        "--seconds",
        type=values.seconds,
        metavar="S",
        help="end the program after so long (with --headless)",
    )
    parser.add_argument(
        "--fail-on",
        choices=LEVELS,
        help="exit with 3 where there are findings of this level or a graver one "
        "(with --headless); the program's own exit code goes first",
    )
    parser.add_argument("--size", type=values.size, metavar="WxH", help="of the window")
    parser.add_argument("--theme", choices=THEMES, help="colours of the window")
    parser.add_argument(
        "--rules",
        type=values.rules,
        metavar="FILE.toml",
        help="thresholds and silenced rules for findings",
    )


def refusal(given: argparse.Namespace, rest: Sequence[str]) -> str:
    """Return why this cannot be run, in one sentence; empty when it can."""
    if not rest or (rest[0] == "--" and len(rest) == 1):
        return "run needs a program: app.py, -m package, or -- and a command"
    if not given.headless:
        for name in ("report", "seconds", "fail_on"):
            if getattr(given, name) is not None:
                return f"--{name.replace('_', '-')} needs --headless"
        if given.stacks:
            return "--stacks needs --headless"
    if given.report is not None and (trouble := values.unwritable(given.report)):
        return trouble
    return _why_not_begun(rest)


def _why_not_begun(rest: Sequence[str]) -> str:
    first = rest[0]
    if first == "--":
        return ""
    if first in {"-m", "-c"}:
        return "" if len(rest) > 1 else f"{first} needs an argument"
    if first.startswith("-"):
        return f"there is no option {first}; --help names all"
    return ""


def absent(chosen: RunOptions) -> str:
    """Return what is not there of what is to be run; empty where all is."""
    program, first = chosen.program.argv[0], chosen.rest[0]
    if shutil.which(program) is None:
        kind = "command" if first == "--" else "interpreter"
        return f"there is no {kind} {program}"
    if first.startswith("-") or Path(first).exists():
        return ""
    return f"there is no file {first}"


def options(given: argparse.Namespace, rest: Sequence[str]) -> RunOptions:
    """Return what is to be done."""
    return RunOptions(
        GuestProgram(python_command(given.python, rest)),
        rest=tuple(rest),
        headless=given.headless,
        report=given.report,
        seconds=given.seconds,
        stacks=given.stacks,
        fail_on=given.fail_on,
        size=given.size,
        theme=given.theme,
        rules=given.rules,
    )
