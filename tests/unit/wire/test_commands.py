import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pool_gui.wire import commands
from pool_gui.wire.commands import Arrival, Command
from pool_gui.wire.errors import MalformedMessageError
from pool_gui.wire.protocol import MAX_WORKERS

NAMES = st.from_regex(re.compile(r"[a-z][a-z0-9_-]{0,20}"), fullmatch=True)
PARAMETERS = st.dictionaries(
    NAMES, st.floats(-1e15, 1e15) | st.integers(-1000, 1000), max_size=8
)
SEEDS = st.integers(0, commands.MAX_SEED)
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(commands.Start, st.integers(0, MAX_WORKERS), st.booleans()),
    st.builds(commands.Look, st.booleans()),
    st.builds(commands.Resize, st.integers(0, MAX_WORKERS)),
    st.builds(commands.Dismiss, st.integers(1, MAX_WORKERS), SEEDS),
    st.builds(
        commands.Batch, NAMES, PARAMETERS, st.integers(1, commands.MAX_BATCH), SEEDS
    ),
    st.builds(
        commands.Submit,
        NAMES,
        PARAMETERS,
        st.sampled_from(Arrival),
        st.floats(commands.MIN_RATE_PER_SECOND, commands.MAX_RATE_PER_SECOND),
        st.integers(1, commands.MAX_IN_FLIGHT),
        st.integers(0, commands.MAX_COUNT),
        SEEDS,
    ),
    st.sampled_from(
        [
            commands.EndLoad(),
            commands.Pause(),
            commands.Resume(),
            commands.Clear(),
            commands.Drain(),
            commands.Stop(),
        ]
    ),
)


@given(COMMANDS, st.integers(0, 1 << 40), st.integers(0, 1 << 40))
def test_a_command_survives_the_wire(command: Command, number: int, pool: int) -> None:
    header = json.loads(json.dumps(commands.to_header(command, number, pool)))
    assert commands.from_header(header) == (number, pool, command)


@given(COMMANDS, st.data())
def test_a_command_with_a_spoilt_argument_is_refused(
    command: Command, data: st.DataObject
) -> None:
    header = json.loads(json.dumps(commands.to_header(command, 1)))
    key = data.draw(st.sampled_from(sorted(header["arguments"]) or ["more"]))
    truth = 1 if key in {"beside", "close", "stacks"} else True
    spoilt: object = data.draw(
        st.sampled_from([None, [], "x\n", -1.5, truth, 10**30, {"": 1}])
    )
    header["arguments"][key] = spoilt
    with pytest.raises(MalformedMessageError):
        commands.from_header(header)


@pytest.mark.parametrize(
    ("header", "complaint"),
    [
        ({}, "exactly the keys"),
        (
            {
                "kind": "command",
                "number": 1,
                "pool": 0,
                "name": "exec",
                "arguments": {},
            },
            "no such",
        ),
        (
            {
                "kind": "command",
                "number": 1,
                "pool": 0,
                "name": ["stop"],
                "arguments": {},
            },
            "no such",
        ),
        (
            {
                "kind": "command",
                "number": 1,
                "pool": 0,
                "name": "stop",
                "arguments": [],
            },
            "none",
        ),
        (
            {
                "kind": "command",
                "number": 1,
                "pool": 0,
                "name": "stop",
                "arguments": {"x": 1},
            },
            "stop takes the arguments: none",
        ),
        (
            {
                "kind": "command",
                "number": -1,
                "pool": 0,
                "name": "stop",
                "arguments": {},
            },
            "number",
        ),
        (
            {
                "kind": "command",
                "number": 1,
                "pool": 0,
                "name": "resize",
                "arguments": {"size": 4096},
            },
            "size must be a whole number from 0 to 1024",
        ),
    ],
)
def test_an_unknown_or_unfitting_command_is_refused_by_name(
    header: dict[str, object], complaint: str
) -> None:
    with pytest.raises(MalformedMessageError, match=complaint):
        commands.from_header(header)


def test_a_command_out_of_range_cannot_even_be_made() -> None:
    with pytest.raises(ValueError, match="count must be a whole number"):
        commands.Batch("noop", {}, 0, 0)
    with pytest.raises(ValueError, match="rate_per_second must be a number"):
        commands.Submit("noop", {}, Arrival.STEADY, float("nan"), 1, 0, 0)
    with pytest.raises(ValueError, match="at most 8"):
        commands.Batch("noop", {f"p{n}": 1 for n in range(9)}, 1, 0)
