"""The file of thresholds and silenced rules, which people may edit too. Any thread.

TOML; comments and what stands in their order survive when the window writes it.
"""

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import tomlkit
from tomlkit.exceptions import TOMLKitError

from pool_gui.monitor.findings.judgements import (
    NO_JUDGEMENTS,
    Judgement,
    Judgements,
)

FILE_NAME: Final = "rules.toml"
_HEAD: Final = (
    "Which findings pool_gui shows, and from which values on.",
    "Names and thresholds: View > Rules for findings. For one pool alone:",
    '[pools."its name"] with keys of its own.',
)


class RulesFileError(Exception):
    """One sentence: what is wrong with the file, and where."""


def read(path: Path) -> Judgements:
    """Return what a file says; nothing is decided where there is none.

    Raises:
        RulesFileError: it cannot be read, or says what cannot be.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return NO_JUDGEMENTS
    except (OSError, UnicodeError) as error:
        raise RulesFileError(f"{path}: {error}") from None
    try:
        told = tomlkit.parse(text).unwrap()
        return _judgements(told)
    except (TOMLKitError, ValueError, RecursionError) as error:
        raise RulesFileError(f"{path}: {error}") from None


def write(path: Path, judgements: Judgements) -> None:
    """Write them down; the file is either the old one or the new one, never half.

    Raises:
        RulesFileError: it cannot be written; what stood there stays.
    """
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, TOMLKitError):
        document = tomlkit.document()
        for line in _HEAD:
            document.add(tomlkit.comment(line))
    _put(document, judgements.all_pools)
    pools = document.get("pools")
    if not isinstance(pools, Mapping):
        document.pop("pools", None)
        pools = tomlkit.table(is_super_table=True)
    table: Any = pools  # Any: tomlkit's containers
    for name in [*table]:
        if name not in judgements.pools:
            del table[name]
    for name, judgement in judgements.pools.items():
        if not isinstance(table.get(name), Mapping):
            table[name] = tomlkit.table()
        _put(table[name], judgement)
    document.pop("pools", None)
    if table:
        document["pools"] = table
    _replace(path, tomlkit.dumps(document))


def _replace(path: Path, text: str) -> None:
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, encoding="utf-8", delete=False
        ) as file:
            temporary = file.name
            file.write(text)
        os.replace(temporary, path)  # noqa: PTH105  # Path.replace says the same
    except OSError as error:
        if temporary:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
        raise RulesFileError(f"{path}: {error}") from None


def _put(table: Any, judgement: Judgement) -> None:
    """Let a table say a judgement, and leave what says the same already."""
    silenced = sorted(judgement.silenced)
    if silenced:
        if list(table.get("silenced", [])) != silenced:
            table["silenced"] = silenced
    else:
        table.pop("silenced", None)
    limits = tomlkit.table(is_super_table=True)
    for rule, values in judgement.limits.items():
        if values:
            limits[rule] = dict(values)
    have: Any = table.get("limits")
    if have is not None and have.unwrap() == limits.unwrap():
        return
    table.pop("limits", None)
    if limits:
        table["limits"] = limits


def _judgements(told: Mapping[str, Any]) -> Judgements:
    pools = _table(told.get("pools", {}), "pools")
    extra = told.keys() - {"silenced", "limits", "pools"}
    if extra:
        raise ValueError(f"nothing is called {min(extra)!r} here")
    made = {
        name: _judgement(_table(one, f"pools.{name}")) for name, one in pools.items()
    }
    return Judgements(_judgement({k: v for k, v in told.items() if k != "pools"}), made)


def _judgement(told: Mapping[str, Any]) -> Judgement:
    extra = told.keys() - {"silenced", "limits"}
    if extra:
        raise ValueError(f"nothing is called {min(extra)!r} here")
    silenced = told.get("silenced", [])
    if not isinstance(silenced, list) or not all(isinstance(x, str) for x in silenced):
        raise ValueError("silenced must be a list of rules' names")
    limits = {
        rule: dict(_table(values, f"limits.{rule}"))
        for rule, values in _table(told.get("limits", {}), "limits").items()
    }
    return Judgement(limits, frozenset(silenced))


def _table(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} must be a table")  # noqa: TRY004  # as all others
    return value
