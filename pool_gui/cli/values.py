"""The values of the command line: read from text, checked, refused in one sentence.

Standard library, and of ours what needs no more. The readers are argparse types: they
raise ArgumentTypeError, which ends the program with exit code 2.
"""

import argparse
import difflib
import math
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from pool_gui.monitor.recording.chunks import NAME
from pool_gui.window.options import LEAST_SIZE
from pool_gui.wire.catalogue import DEMOS
from pool_gui.wire.commands import MAX_RATE_PER_SECOND, MIN_RATE_PER_SECOND

MOST_SIZE = (7680, 4320)
LEAST_SECONDS, MOST_SECONDS = 0.1, 3600.0


def unwritable(path: Path) -> str | None:
    """Return why a file cannot be written there, or None; it leaves nothing behind."""
    try:
        return _why_unwritable(path)
    except (OSError, ValueError) as error:  # such as a name that is too long
        why = error.strerror if isinstance(error, OSError) else error
        return f"{str(path)[:60]!r} cannot be written ({why})"


def _why_unwritable(path: Path) -> str | None:
    folder = path.parent
    if path.is_dir():
        return f"{path} is a folder; name a file"
    if not folder.is_dir():
        return f"the folder {folder} does not exist; make it first"
    if path.exists():
        allowed = os.access(path, os.W_OK)
        return None if allowed else f"{path} exists and may not be overwritten"
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        return f"the folder {folder} cannot be written to ({error.strerror})"
    return None


def demo(text: str) -> str:
    """Return the name of a demo."""
    if text in DEMOS:
        return text
    close = difflib.get_close_matches(text.lower(), DEMOS, n=1)
    hint = f"did you mean {close[0]}? There" if close else "there"
    raise argparse.ArgumentTypeError(
        f"there is no demo {text!r}; {hint} are {', '.join(DEMOS)}"
    )


def rules(text: str) -> Path:
    """Return the path of a file of rules that says what can be."""
    path = Path(text)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text!r}")
    try:  # late: a missing library is said in its own sentence
        from pool_gui.monitor.findings import rules_file  # noqa: PLC0415
    except ImportError:
        return path
    try:
        rules_file.read(path)
    except rules_file.RulesFileError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return path


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return a reader of whole numbers in this range."""

    def parse_whole(text: str) -> int:
        # int() would take "1_000" and digits of other scripts too.
        value = int(text) if re.fullmatch(r"[0-9]{1,19}", text) else -1
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(
                f"{text!r} is no whole number from {least} to {most}"
            )
        return value

    return parse_whole


def sizes(most_pools: int, most_workers: int) -> Callable[[str], tuple[int, ...]]:
    """Return a reader of one size of a pool, or of several with commas between."""
    parse = whole(1, most_workers)

    def parse_sizes(text: str) -> tuple[int, ...]:
        parts = text.split(",")
        if len(parts) > most_pools:
            raise argparse.ArgumentTypeError(
                f"{text!r} names {len(parts)} pools; {most_pools} is the most"
            )
        return tuple(parse(part) for part in parts)

    return parse_sizes


def recording(text: str) -> Path:
    """Return the path of a recording."""
    path = Path(text)
    try:
        with path.open("rb") as file:
            begins = file.read(len(NAME))
    except OSError as error:
        raise argparse.ArgumentTypeError(
            f"{text} cannot be read: {error.strerror or error}"
        ) from None
    if begins != NAME:
        raise argparse.ArgumentTypeError(f"{text} is no recording of pool_gui")
    return path


def _number(text: str, least: float, most: float, unit: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of {unit} from {least:g} to {most:,.0f}"
        )
    return value


def rate(text: str) -> float:
    """Return a number of tasks a second."""
    return _number(text, MIN_RATE_PER_SECOND, MAX_RATE_PER_SECOND, "tasks a second")


def seconds(text: str) -> float:
    """Return a duration."""
    return _number(text, LEAST_SECONDS, MOST_SECONDS, "seconds")


def size(text: str) -> tuple[int, int]:
    """Return width and height in logical pixels."""
    match = re.fullmatch(r"([0-9]{1,5})x([0-9]{1,5})", text.lower())
    width, height = (int(match[1]), int(match[2])) if match else (0, 0)
    fits = (
        LEAST_SIZE[0] <= width <= MOST_SIZE[0]
        and LEAST_SIZE[1] <= height <= MOST_SIZE[1]
    )
    if not fits:
        least, most = (f"{one[0]}x{one[1]}" for one in (LEAST_SIZE, MOST_SIZE))
        raise argparse.ArgumentTypeError(
            f"{text!r} is no size such as 1280x800, from {least} to {most}"
        )
    return width, height
