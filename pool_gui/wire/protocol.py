"""The numbers of the protocol: version, caps, row layouts, codes.

A frame is a JSON header and a body of packed rows of little-endian int64: first
`workers` rows laid out as `WorkerColumn` says, then `spans` rows laid out as
`SpanColumn` says. Times are nanoseconds of the watched process's
`time.perf_counter_ns`, which is one monotonic clock for all processes of a machine
on Linux (CLOCK_MONOTONIC), macOS (mach_absolute_time) and Windows (QPC).
Ids are positive and never used twice by one agent; 0 means none.
"""

import enum

PROTOCOL_VERSION = 5

MAX_MESSAGE_BYTES = 1 << 20
"""No message is longer; the length is checked before anything is allocated."""

MAX_HEADER_BYTES = 256 << 10
"""No JSON header is longer."""

MAX_NAME_CHARACTERS = 200
"""Names are cut here by who sends them, and again by who shows them."""

MAX_WORKERS = 1024
"""The most workers a pool may have that is driven over the connection."""

MAX_SPANS_PER_FRAME = 4096
"""The most finished tasks one frame tells in detail."""

MAX_NEW_NAMES_PER_FRAME = 256
"""The most new names (of workers, and of functions) one frame brings."""

MAX_WORKER_ROWS = 2048
"""The most workers that one frame tells of, of all pools of a program."""

MAX_POOLS = 64
"""The most pools that one frame tells of."""

MAX_ERRORS_PER_FRAME = 50
MAX_STRIDE = 1 << 20
"""At most every so many-th task is told in detail."""

MAX_STACK_DEPTH = 60
"""So many calls of a stack are told, the innermost first."""

MAX_STACK_LINES = 4000
"""The most different lines of code that one message of stacks names."""

STACKS_INTERVAL_SECONDS = 0.5
"""How often an agent tells its workers' stacks while somebody looks at them."""

MAX_NOTE_VALUES = 8
"""So many values a reply's sentence names."""

MAX_ARGUMENTS = 64
"""So much of a program's command line is told."""

HANDSHAKE_SECONDS = 2.0
"""A peer that has not proved the key by then is dropped."""

FRAME_INTERVAL_SECONDS = 1 / 10
"""How often a busy agent sends a frame: half a minute on the screen moves by a pixel as
often."""

CLOSE_INTERVAL_SECONDS = 1 / 30
"""How often it does while somebody looks closely at its lanes."""

ENVIRONMENT_ADDRESS = "POOL_GUI_ADDRESS"
ENVIRONMENT_KEY = "POOL_GUI_KEY"
"""Where the child finds the address and the secret; it removes both at once."""

INT64_BYTES = 8


class WorkerColumn(enum.IntEnum):
    """The columns of a worker's row, one row a worker and frame."""

    POOL = 0
    WORKER = 1
    NATIVE_ID = 2
    STATE = 3
    STARTED = 4
    DONE = 5
    FAILED = 6
    BUSY_NS = 7
    """Sum of the run times of its finished tasks."""
    TASK = 8
    """The task it runs now, or 0."""
    FUNCTION = 9
    QUEUED_NS = 10
    STARTED_NS = 11
    """When it began the task it runs now; when idle, when its last task ended
    (or, before the first, when the thread started)."""


class SpanColumn(enum.IntEnum):
    """The columns of a finished task's row."""

    POOL = 0
    WORKER = 1
    TASK = 2
    FUNCTION = 3
    QUEUED_NS = 4
    STARTED_NS = 5
    ENDED_NS = 6
    OUTCOME = 7


WORKER_COLUMNS = len(WorkerColumn)
SPAN_COLUMNS = len(SpanColumn)


class WorkerCode(enum.IntEnum):
    """A worker's state on the wire."""

    IDLE = 0
    BUSY = 1
    DISMISSED = 2
    """Told to go; finishes the task it runs."""
    GONE = 3
    """Its thread has ended; the row is its last."""


class OutcomeCode(enum.IntEnum):
    """How a task ended, on the wire."""

    DONE = 0
    FAILED = 1


class Kind(enum.StrEnum):
    """The kinds of message."""

    HELLO = "hello"
    """Agent to window, first: who speaks, and which protocol."""
    WELCOME = "welcome"
    """Window to agent, the answer to hello."""
    FRAME = "frame"
    """Agent to window: counts, workers, spans."""
    STACKS = "stacks"
    """Agent to window: where in their code workers are, while somebody looks."""
    TRACEBACKS = "tracebacks"
    """Agent to window: where in its code failed tasks of the last frame raised."""
    COMMAND = "command"
    """Window to agent."""
    REPLY = "reply"
    """Agent to window: what became of a command."""


POOL_STATES = ("new", "running", "paused", "draining", "stopped")
"""The states of a pool by their names in frames and reports."""
