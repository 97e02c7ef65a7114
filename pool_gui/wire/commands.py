"""The commands a window may send: a closed list, each with its ranges.

A command is a frozen dataclass. It checks itself when made, so neither end can hold
one that is out of range. `to_header` and `from_header` are its form on the wire.
"""

import dataclasses
import enum
from collections.abc import Mapping
from typing import ClassVar

from pool_gui.wire import ranges
from pool_gui.wire.errors import MalformedMessageError
from pool_gui.wire.protocol import MAX_WORKERS, Kind

MAX_BATCH = 1_000_000
"""The most tasks one batch puts at once."""

MAX_COUNT = 100_000_000
"""The most tasks one load submits; 0 means without end."""

MAX_RATE_PER_SECOND = 1_000_000.0
MIN_RATE_PER_SECOND = 0.01
MAX_IN_FLIGHT = 100_000
MAX_SEED = ranges.INT64_MAX
MAX_PARAMETERS = 8


class Arrival(enum.StrEnum):
    """How the tasks of a load arrive."""

    STEADY = "steady"
    """At equal distances, `rate_per_second`."""
    POISSON = "poisson"
    """At random, exponentially distributed distances, `rate_per_second` on average."""
    IN_FLIGHT = "in-flight"
    """As many as keep `in_flight` tasks queued or running."""


@dataclasses.dataclass(frozen=True, slots=True)
class Start:
    """Make and start a pool; size 0 means twice the cores."""

    name: ClassVar[str] = "start"
    size: int
    beside: bool = False
    """Whether pools that run already may go on beside it; else it is refused."""

    def __post_init__(self) -> None:
        ranges.whole("size", self.size, 0, MAX_WORKERS)
        ranges.truth("beside", self.beside)


@dataclasses.dataclass(frozen=True, slots=True)
class Submit:
    """Submit tasks of a demo over time, as `arrival` says; replaces a running load."""

    name: ClassVar[str] = "submit"
    demo: str
    parameters: Mapping[str, float]
    arrival: Arrival
    rate_per_second: float
    """For steady and poisson."""
    in_flight: int
    """For in-flight."""
    count: int
    """How many tasks in all; 0 means until told otherwise."""
    seed: int

    def __post_init__(self) -> None:
        ranges.short_name("demo", self.demo)
        ranges.parameters(self.parameters, MAX_PARAMETERS)
        if self.arrival not in tuple(Arrival):
            raise ValueError(f"arrival must be one of {', '.join(Arrival)}")
        ranges.number(
            "rate_per_second",
            self.rate_per_second,
            MIN_RATE_PER_SECOND,
            MAX_RATE_PER_SECOND,
        )
        ranges.whole("in_flight", self.in_flight, 1, MAX_IN_FLIGHT)
        ranges.whole("count", self.count, 0, MAX_COUNT)
        ranges.whole("seed", self.seed, 0, MAX_SEED)


@dataclasses.dataclass(frozen=True, slots=True)
class Batch:
    """Put `count` tasks of a demo at once."""

    name: ClassVar[str] = "batch"
    demo: str
    parameters: Mapping[str, float]
    count: int
    seed: int

    def __post_init__(self) -> None:
        ranges.short_name("demo", self.demo)
        ranges.parameters(self.parameters, MAX_PARAMETERS)
        ranges.whole("count", self.count, 1, MAX_BATCH)
        ranges.whole("seed", self.seed, 0, MAX_SEED)


@dataclasses.dataclass(frozen=True, slots=True)
class EndLoad:
    """Submit no more; what is queued stays queued."""

    name: ClassVar[str] = "end-load"


@dataclasses.dataclass(frozen=True, slots=True)
class Pause:
    """Workers finish what they run and take nothing more."""

    name: ClassVar[str] = "pause"


@dataclasses.dataclass(frozen=True, slots=True)
class Resume:
    """Workers take tasks again."""

    name: ClassVar[str] = "resume"


@dataclasses.dataclass(frozen=True, slots=True)
class Resize:
    """Let the pool have this many workers."""

    name: ClassVar[str] = "resize"
    size: int

    def __post_init__(self) -> None:
        ranges.whole("size", self.size, 0, MAX_WORKERS)


@dataclasses.dataclass(frozen=True, slots=True)
class Dismiss:
    """Take `count` workers away, idle ones first; or the one worker with this id."""

    name: ClassVar[str] = "dismiss"
    count: int
    worker: int
    """0: any."""

    def __post_init__(self) -> None:
        ranges.whole("count", self.count, 1, MAX_WORKERS)
        ranges.whole("worker", self.worker, 0, MAX_SEED)


@dataclasses.dataclass(frozen=True, slots=True)
class Clear:
    """Take what is queued out of the queue; it is counted as cancelled."""

    name: ClassVar[str] = "clear"


@dataclasses.dataclass(frozen=True, slots=True)
class Retry:
    """Put the calls of failed tasks once more; each of them once."""

    name: ClassVar[str] = "retry"
    task: int
    """Its id; 0: all that failed and are still known."""

    def __post_init__(self) -> None:
        ranges.whole("task", self.task, 0, MAX_SEED)


@dataclasses.dataclass(frozen=True, slots=True)
class Drain:
    """Accept nothing more, finish everything accepted, then end the pool."""

    name: ClassVar[str] = "drain"


@dataclasses.dataclass(frozen=True, slots=True)
class Stop:
    """Clear the queue, let running tasks finish, end the pool."""

    name: ClassVar[str] = "stop"


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """How closely somebody looks: agents tell no more than is looked at."""

    name: ClassVar[str] = "look"
    close: bool
    """At the lanes: frames are to come more often."""
    stacks: bool
    """At stacks: they are to come as well."""

    def __post_init__(self) -> None:
        ranges.truth("close", self.close)
        ranges.truth("stacks", self.stacks)


Command = (
    Start
    | Submit
    | Batch
    | EndLoad
    | Pause
    | Resume
    | Resize
    | Dismiss
    | Clear
    | Retry
    | Drain
    | Stop
    | Look
)

_COMMANDS: Mapping[str, type[Command]] = {
    command.name: command
    for command in (
        Start,
        Submit,
        Batch,
        EndLoad,
        Pause,
        Resume,
        Resize,
        Dismiss,
        Clear,
        Retry,
        Drain,
        Stop,
        Look,
    )
}


def to_header(command: Command, number: int, pool: int = 0) -> dict[str, object]:
    """Return the header of a command.

    Args:
        command: what is to be done.
        number: is repeated in its reply.
        pool: the id of the pool that it is for, as frames tell it; 0: the only one, or
            the newest.
    """
    arguments = {
        field.name: getattr(command, field.name)
        for field in dataclasses.fields(command)
    }
    if "parameters" in arguments:
        arguments["parameters"] = dict(arguments["parameters"])
    return {
        "kind": Kind.COMMAND,
        "number": number,
        "pool": pool,
        "name": command.name,
        "arguments": arguments,
    }


def from_header(header: Mapping[str, object]) -> tuple[int, int, Command]:
    """Return the number, the pool's id and the command that a header says.

    Raises:
        MalformedMessageError: it names what is unknown, missing, or out of range.
    """
    if set(header) != {"kind", "number", "pool", "name", "arguments"}:
        raise MalformedMessageError(
            "a command has exactly the keys kind, number, pool, name, arguments"
        )
    number, name, arguments = header["number"], header["name"], header["arguments"]
    try:
        whole = ranges.whole("number", number, 0, MAX_SEED)
        pool = ranges.whole("pool", header["pool"], 0, MAX_SEED)
    except ValueError as error:
        raise MalformedMessageError(str(error)) from None
    kind = _COMMANDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise MalformedMessageError("no such command")
    wanted = {field.name for field in dataclasses.fields(kind)}
    if not isinstance(arguments, dict) or set(arguments) != wanted:
        names = ", ".join(sorted(wanted)) or "none"
        raise MalformedMessageError(f"{kind.name} takes the arguments: {names}")
    if "arrival" in arguments:
        if arguments["arrival"] not in tuple(Arrival):
            raise MalformedMessageError(f"arrival must be one of {', '.join(Arrival)}")
        arguments = {**arguments, "arrival": Arrival(arguments["arrival"])}
    try:
        return whole, pool, kind(**arguments)
    except ValueError as error:
        raise MalformedMessageError(f"{kind.name}: {error}") from None
