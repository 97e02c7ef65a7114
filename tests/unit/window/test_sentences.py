"""Each code that is said somewhere has a sentence, and gives it all that it names."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import pool_gui
from pool_gui.monitor.view.facts import ArrivalRow, LoadState, LogLine
from pool_gui.window.style import numbers
from pool_gui.window.style.sentences import (
    _by_code,
    arrival_text,
    load_text,
    log_sentence,
    sentence,
)
from pool_gui.wire.notes import line, note

SAYERS = {"note", "CommandRefusedError", "LaunchError", "_fail"}
"""What is called with a code, and with what the sentence names."""

GIVEN = {"_fail": {"pid"}, "note": set(), "CommandRefusedError": set()}
FOLLOWS = {"how": {"arrival", "rate_per_second", "in_flight"}}
"""What sentences name that is made from other values."""

KINDS = ("process", "asked", "early", "program", "unwatched")
ENDINGS = {f"{kind}-exited": {"pid", "code"} for kind in KINDS}
ENDINGS |= {f"{kind}-signalled": {"pid", "signal", "name"} for kind in KINDS}
"""What `exit_note` says, whose codes are put together."""

ELSEWHERE = {"line": {"text"}}


def said() -> Iterator[tuple[str, str, set[str] | None]]:
    """Yield where a code is said, the code, and what is given (None: it varies)."""
    for path in sorted(Path(pool_gui.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            codes = _codes(node.args[0])
            if name not in SAYERS or not codes:
                continue
            keys = {word.arg for word in node.keywords}
            varies = None in keys
            given = {key for key in keys if key} | GIVEN.get(name, set())
            for code in codes:
                where = f"{path.name}:{node.lineno}"
                yield where, code, None if varies else given


def _codes(node: ast.expr) -> list[str]:
    match node:
        case ast.Constant(value=str(code)):
            return [code]
        case ast.IfExp(body=body, orelse=other):
            return _codes(body) + _codes(other)
    return []


def named(template: str) -> set[str]:
    fields = (name for _, name, _, _ in string.Formatter().parse(template) if name)
    return {part for name in fields for part in FOLLOWS.get(name, {name})}


def test_each_code_has_a_sentence_and_gives_it_all_that_it_names() -> None:
    found = list(said())
    assert len(found) > 50, "the search finds nothing any more"
    for where, code, given in found:
        template = _by_code().get(code)
        assert template is not None, f"{where} says {code}, which has no sentence"
        if given is not None:
            assert named(template) <= given, f"{where} does not give all to {code}"


def test_each_sentence_is_said_somewhere() -> None:
    codes = {code for _, code, _ in said()}
    codes |= ENDINGS.keys() | ELSEWHERE.keys()
    codes |= {"dismissed", "dismissed-last", "silent"}
    assert set(_by_code()) <= codes
    for code, given in {**ENDINGS, **ELSEWHERE}.items():
        assert named(_by_code()[code]) <= given


def test_values_are_said_as_what_they_are() -> None:
    assert sentence(note("started", workers=1)) == "Started a pool of 1 worker."
    assert sentence(note("put", tasks=1500, demo="noop")) == (
        f"Put {numbers.count(1500)} tasks of noop."
    )
    assert sentence(note("silent", seconds=3.2)) == (
        f"The pool process has not answered for {numbers.duration(3.2)}."
    )
    steady = note(
        "submitting-on", demo="mix", arrival="steady", rate_per_second=60, in_flight=1
    )
    assert sentence(steady) == "Submitting tasks of mix: 60.0 per second."


@pytest.mark.parametrize("hostile", ["{0}", "{pid}", "{a.b.c}", "%s", "{", "}"])
def test_what_a_program_wrote_is_never_taken_for_a_template(hostile: str) -> None:
    assert sentence(line(hostile)) == hostile
    told = sentence(note("pool-says", reason=hostile))
    assert told == hostile


def test_a_code_or_value_that_is_not_known_is_shown_and_breaks_nothing() -> None:
    assert sentence(note("from-tomorrow", pid=4)) == "from-tomorrow"
    assert sentence(note("process-started")) == "Started the pool process (PID {pid})."
    bad = note("put", tasks="many", demo=7)
    assert sentence(bad) == "Put many of 7."


def test_a_line_says_of_which_source_it_speaks() -> None:
    told = LogLine(1, 0.0, "pool", "info", note("resumed"), ("demo", 2))
    assert log_sentence(told) == "Demo 2: Resumed."
    other = LogLine(1, 0.0, "pool", "info", note("resumed"), ("list", 3))
    assert log_sentence(other) == "Source 3: Resumed."


def test_the_arrivals_of_several_loads_are_told_once_each() -> None:
    fast, flight = ArrivalRow("poisson", 1200.0, 1), ArrivalRow("in-flight", 1.0, 16)
    load = LoadState("mix", (fast, flight, fast), 7, None, 0)
    assert load_text(load) == (
        f"{numbers.significant(1200)} per second on average, at random, 16 in flight"
    )
    assert arrival_text(flight) == "16 in flight"
