"""The command line: its options, their checks, and the frozen values they become.

Standard library and `pool_gui.wire` only, so that `pool-gui --version` is quick. A
mistake ends the program with one sentence on stderr and exit code 2.
"""

import argparse
import dataclasses
import difflib
import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from pool_gui import __version__
from pool_gui.cli import run_arguments, values
from pool_gui.cli.desktop_entry import InstallOptions
from pool_gui.cli.run_arguments import RunOptions
from pool_gui.monitor.view.facts import MAX_SOURCES
from pool_gui.window.options import THEMES, SnapshotOptions, WindowOptions
from pool_gui.wire.catalogue import DEFAULT_DEMO, DEMOS
from pool_gui.wire.commands import (
    MAX_IN_FLIGHT,
    MAX_SEED,
    Arrival,
    Submit,
)
from pool_gui.wire.protocol import MAX_WORKERS

EXIT_REFUSED = 2
DEFAULT_WORKERS = 8
TASKS_PER_WORKER = 2
"""How many tasks are kept in flight for each worker unless told otherwise."""

COMMANDS = ("snapshot", "run", "open")
_LOAD_OPTIONS = ("rate", "in_flight", "arrival", "seed")


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose complaint is one sentence, without the usage text."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and end the program with exit code 2."""
        refuse(self, message)


def refuse(parser: argparse.ArgumentParser, message: str) -> NoReturn:
    """End the program with one sentence on stderr and exit code 2."""
    parser.exit(EXIT_REFUSED, f"pool-gui: {message}\n")


def parse(
    arguments: Sequence[str],
) -> WindowOptions | SnapshotOptions | RunOptions | InstallOptions | None:
    """Return what the command line asks for; None: the list of demos.

    Raises:
        SystemExit: --help and --version end with 0, a mistake with 2.
    """
    parser = _parser()
    if arguments and arguments[0] == "run":
        return _run(parser, arguments[1:])
    _refuse_unknown_option(parser, arguments)
    given = parser.parse_args(arguments)
    if given.list_demos:
        return None
    if given.install_desktop_entry:
        return InstallOptions()
    if given.command == "snapshot":
        return _snapshot(parser, given)
    if given.command == "open":
        return _open(parser, given)
    return _window(parser, given, given.demo)


def _run(parser: Parser, arguments: Sequence[str]) -> RunOptions:
    own, rest = run_arguments.split(arguments)
    given = parser.parse_args(["run", *own])
    if why := run_arguments.refusal(given, rest):
        refuse(parser, why)
    return run_arguments.options(given, rest)


def demo_list() -> str:
    """Return the demos, one a line: name and what it shows."""
    width = max(map(len, DEMOS))
    lines = [f"{name:{width}}  {demo.explanation}" for name, demo in DEMOS.items()]
    return "\n".join(lines)


def _parser() -> Parser:
    parser = Parser(
        prog="pool-gui",
        description="Runs, drives and watches a thread pool in a desktop window.",
        epilog="pool-gui snapshot --help tells how to make a picture without a screen.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version", action="version", version=f"pool-gui {__version__}"
    )
    parser.add_argument(
        "--list-demos", action="store_true", help="name the demos and leave"
    )
    parser.add_argument(
        "--install-desktop-entry",
        action="store_true",
        help="put pool_gui into the desktop's menu for you, and leave",
    )
    _add_common(parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_snapshot(commands)
    _add_open(commands)
    run_arguments.add_options(
        commands.add_parser(
            "run",
            help="run a Python program of yours, and watch its pools",
            description="Runs a program as it would run alone, and watches the thread "
            "pools in it.",
            allow_abbrev=False,
        )
    )
    return parser


def _add_snapshot(commands: "argparse._SubParsersAction[Parser]") -> None:
    snapshot = commands.add_parser(
        "snapshot",
        help="save a picture of the window, made without a screen",
        description="Runs the real window without a screen on a real demo and saves "
        "what a person would see.",
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    _add_common(snapshot)
    snapshot.add_argument(
        "--seconds",
        type=values.seconds,
        default=10.0,
        metavar="S",
        help="how long the demo runs before the picture is taken (default: 10)",
    )
    snapshot.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FILE.png",
        help="where the picture goes",
    )
    snapshot.add_argument(
        "--report",
        type=Path,
        default=None,
        metavar="FILE.json",
        help="where the numbers behind the picture go",
    )


def _add_open(commands: "argparse._SubParsersAction[Parser]") -> None:
    opened = commands.add_parser(
        "open",
        help="open a recording in the window",
        description="Shows a recording (File > Record) as if it were happening now.",
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    opened.add_argument(
        "recording", type=values.recording, metavar="FILE", help="the recording"
    )


def _open(parser: Parser, given: argparse.Namespace) -> WindowOptions:
    if given.demo is not None:
        refuse(parser, "open shows a recording, which takes no --demo")
    options = _window(parser, given, None)
    return dataclasses.replace(options, recording=given.recording)


def _refuse_unknown_option(parser: Parser, arguments: Sequence[str]) -> None:
    """Name an unknown option; argparse would complain about its value instead."""
    known = {"--help", *re.findall(r"--[a-z-]+", parser.format_usage())}
    for argument in itertools.takewhile(lambda one: one not in COMMANDS, arguments):
        option = argument.partition("=")[0]
        if option.startswith("--") and option not in known:
            close = difflib.get_close_matches(option, known, n=1)
            hint = f"did you mean {close[0]}?" if close else "--help names all"
            refuse(parser, f"there is no option {option}; {hint}")


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--demo",
        type=values.demo,
        metavar="NAME",
        help="run this demo (see --list-demos) until it is stopped",
    )
    parser.add_argument(
        "--workers",
        type=values.sizes(MAX_SOURCES, MAX_WORKERS),
        metavar="N[,N]",
        help="how many workers the pool has; several numbers, such as 4,16, start a "
        f"pool each, on the same load (default: {DEFAULT_WORKERS})",
    )
    pace = parser.add_mutually_exclusive_group()
    pace.add_argument(
        "--rate", type=values.rate, metavar="R", help="submit R tasks a second"
    )
    pace.add_argument(
        "--in-flight",
        type=values.whole(1, MAX_IN_FLIGHT),
        metavar="N",
        help="keep N tasks queued or running "
        f"(default: {TASKS_PER_WORKER} for each worker)",
    )
    parser.add_argument(
        "--arrival",
        choices=[str(arrival) for arrival in Arrival],
        help="at equal distances, at random ones, or as many as keep N in flight",
    )
    parser.add_argument(
        "--seed",
        type=values.whole(0, MAX_SEED),
        metavar="S",
        help="of what is random, so that a run repeats (default: 0)",
    )
    parser.add_argument(
        "--size",
        type=values.size,
        metavar="WxH",
        help="of the window, such as 1280x800",
    )
    parser.add_argument("--theme", choices=THEMES, help="colours of the window")
    parser.add_argument(
        "--rules",
        type=values.rules,
        metavar="FILE.toml",
        help="thresholds and silenced rules for findings (default: those of the "
        "settings)",
    )


def _window(
    parser: Parser, given: argparse.Namespace, demo: str | None
) -> WindowOptions:
    if demo is None:
        for name in _LOAD_OPTIONS:
            if getattr(given, name) is not None:
                option = name.replace("_", "-")
                refuse(parser, f"--{option} needs --demo, which names what is run")
    workers = given.workers or (DEFAULT_WORKERS,)
    if demo is None and len(workers) > 1:
        refuse(parser, "several pools need --demo, which names what is run")
    return WindowOptions(
        size=given.size,
        theme=given.theme,
        rules=given.rules,
        workers=workers[0],
        beside=workers[1:],
        load=None if demo is None else _load(parser, given, demo, max(workers)),
    )


def _load(parser: Parser, given: argparse.Namespace, demo: str, workers: int) -> Submit:
    arrival = given.arrival
    if arrival is None:
        arrival = DEMOS[demo].arrival if given.rate is None else Arrival.STEADY
        if given.in_flight is not None:
            arrival = Arrival.IN_FLIGHT
    if arrival == Arrival.IN_FLIGHT and given.rate is not None:
        refuse(parser, "--rate cannot be kept with --arrival in-flight; give one")
    if arrival != Arrival.IN_FLIGHT and given.in_flight is not None:
        refuse(parser, f"--in-flight cannot be kept with --arrival {arrival}; give one")
    return Submit(
        demo=demo,
        parameters=DEMOS[demo].defaults(),
        arrival=Arrival(arrival),
        rate_per_second=given.rate or DEMOS[demo].suggested_rate_per_second,
        in_flight=given.in_flight or min(TASKS_PER_WORKER * workers, MAX_IN_FLIGHT),
        count=0,
        seed=given.seed or 0,
    )


def _snapshot(parser: Parser, given: argparse.Namespace) -> SnapshotOptions:
    if given.output.suffix.lower() != ".png":
        refuse(parser, f"the picture is a PNG, so {given.output} must end in .png")
    for path in (given.output, given.report):
        if path is not None and (trouble := values.unwritable(path)):
            refuse(parser, trouble)
    if given.report is not None and _is_same(given.output, given.report):
        refuse(parser, f"picture and report would both be {given.output}; name two")
    return SnapshotOptions(
        window=_window(parser, given, given.demo or DEFAULT_DEMO),
        seconds=given.seconds,
        picture=given.output,
        report=given.report,
    )


def _is_same(one: Path, other: Path) -> bool:
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.resolve() == other.resolve()
