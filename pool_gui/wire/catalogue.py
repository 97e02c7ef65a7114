"""The demo tasks by name: what each shows, and its parameters with their bounds.

The window lists them and the pool process runs them; both read this one table. The
functions themselves are in `pool_gui.demo`, which a test holds against it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pool_gui.wire.commands import Arrival

DEFAULT_DEMO = "mix"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that a demo takes."""

    name: str
    label: str
    unit: str
    default: float
    minimum: float
    maximum: float
    whole: bool
    """Whether only whole numbers make sense."""


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo task as people choose it."""

    name: str
    title: str
    explanation: str
    """One line: what the window shows when it runs."""
    parameters: tuple[Parameter, ...]
    suggested_rate_per_second: float
    """An arrival rate that keeps eight workers busy but not buried."""
    arrival: Arrival = Arrival.IN_FLIGHT
    """How its tasks arrive unless somebody says otherwise."""

    def defaults(self) -> dict[str, float]:
        """Return each parameter's default by its name."""
        return {parameter.name: parameter.default for parameter in self.parameters}


def _ms(default: float, maximum: float = 60_000) -> Parameter:
    return Parameter("milliseconds", "Duration", "ms", default, 0, maximum, whole=False)


DEMOS: Mapping[str, Demo] = {
    demo.name: demo
    for demo in (
        Demo(
            "mix",
            "Mix of everything",
            "A little of each kind, so that every part of the window moves.",
            (),
            60,
        ),
        Demo(
            "primes",
            "Prime count (pure Python)",
            "Counts primes in pure Python: the workers queue for the GIL.",
            (
                Parameter(
                    "limit", "Count up to", "", 20_000, 10, 10_000_000, whole=True
                ),
            ),
            40,
        ),
        Demo(
            "hash",
            "Hash large blocks (releases the GIL)",
            "Hashes large blocks in C, which releases the GIL: all cores work.",
            (Parameter("megabytes", "Data", "MB", 8, 1, 1024, whole=True),),
            60,
        ),
        Demo(
            "sleep",
            "Sleep",
            "Waits for the clock: workers are busy, the processor is not.",
            (_ms(100),),
            60,
        ),
        Demo(
            "peer",
            "Ask a slow peer (local socket)",
            "Asks a slow server on a local socket: workers wait for the network.",
            (_ms(150),),
            40,
        ),
        Demo(
            "disk",
            "Write files (fsync)",
            "Writes a file and waits until it is on the disk: storage decides.",
            (Parameter("kilobytes", "File size", "kB", 256, 1, 65_536, whole=True),),
            60,
        ),
        Demo(
            "lock",
            "Fight for one lock",
            "All fight for one lock: more workers, no more work done.",
            (_ms(20),),
            40,
        ),
        Demo(
            "flaky",
            "Fail now and then",
            "Fails now and then: failures are counted, workers live on.",
            (
                _ms(20),
                Parameter("percent", "Failures", "%", 10, 0, 100, whole=False),
            ),
            200,
        ),
        Demo(
            "tail",
            "Long tail (mostly 5 ms, some 2 s)",
            "Mostly 5 ms, some 2 s: look at p99, and at who waits behind them.",
            (Parameter("percent", "Slow ones", "%", 2, 0, 100, whole=False),),
            80,
        ),
        Demo(
            "self-deadlock",
            "Wait for inner tasks (deadlocks)",
            "Each task waits for one that it puts into the same pool: in the end all "
            "wait.",
            (_ms(20),),
            20,
        ),
        Demo(
            "starved",
            "Slow ones take all workers",
            "Quick tasks, and now and then one of 15 s, until no worker is left for "
            "them.",
            (Parameter("percent", "Slow ones", "%", 5, 0, 100, whole=False),),
            80,
        ),
        Demo(
            "stuck",
            "One never ends",
            "Quick tasks, and a few that hang: look at who runs for how long.",
            (Parameter("percent", "Hanging ones", "%", 0.2, 0, 100, whole=False),),
            80,
        ),
        Demo(
            "undersized",
            "Too few workers for what arrives",
            "More arrives than eight workers can do: the queue grows, and waits with "
            "it.",
            (_ms(200),),
            60,
            Arrival.STEADY,
        ),
        Demo(
            "oversized",
            "Far more workers than are needed",
            "Little arrives: after five minutes the window says how many workers would "
            "do.",
            (_ms(10),),
            20,
            Arrival.STEADY,
        ),
        Demo(
            "noop",
            "Nothing at all",
            "Does nothing: what remains is the cost of the pool itself.",
            (),
            20_000,
        ),
    )
}


def check_parameters(demo: Demo, given: Mapping[str, float]) -> dict[str, float]:
    """Return all parameters of a demo, the defaults filled in.

    Raises:
        ValueError: one sentence that names the unknown or out-of-range parameter.
    """
    values = demo.defaults()
    known = {parameter.name: parameter for parameter in demo.parameters}
    for name, value in given.items():
        parameter = known.get(name)
        if parameter is None:
            takes = ", ".join(known) or "none"
            raise ValueError(
                f"{demo.name} has no parameter {name!r} (it takes {takes})"
            )
        if not parameter.minimum <= value <= parameter.maximum:
            raise ValueError(
                f"{name} must be from {parameter.minimum:g} to {parameter.maximum:g}"
            )
        if parameter.whole and value != int(value):
            raise ValueError(f"{name} must be a whole number")
        values[name] = value
    return values
