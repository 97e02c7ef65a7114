"""The states of a worker's time: one table for sampler, model, report and window.

Data; any thread. `cpu` is on a core, `ready` is runnable without one, `gil` waits for
the interpreter's lock, `lock` for any other lock or condition, `sleep` for the clock,
`network` for a peer, `disk` for storage, `other` for something else, `unknown` is busy
time of which nobody can say what it was, and `idle` is waiting for a task.
"""

import enum
from typing import Final


class State(enum.IntEnum):
    """Where a worker's time goes, in the order in which it is stacked."""

    CPU = 0
    READY = 1
    GIL = 2
    LOCK = 3
    NETWORK = 4
    DISK = 5
    SLEEP = 6
    OTHER = 7
    UNKNOWN = 8
    IDLE = 9


STATES: Final = len(State)

STATE_NAMES: Final = tuple(state.name.lower() for state in State)
"""As the report names them, by value."""
