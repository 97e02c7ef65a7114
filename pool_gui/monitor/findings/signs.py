"""What the rules look at: one frozen value a pool and moment. Data; session thread."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LongRun:
    """A task that runs, beside what its function usually takes."""

    worker: str
    function: str
    task: int
    seconds: float
    usual_p99: float
    """Of the function's finished calls; NaN when there are none."""
    calls: int


@dataclass(frozen=True, slots=True)
class Failures:
    """How often one function failed lately."""

    function: str
    failed: int
    calls: int
    """Of the newest so many."""
    in_a_row: int


@dataclass(frozen=True, slots=True)
class Signs:
    """Shares are 0..1; NaN, None and empty mean not known."""

    age_seconds: float
    """Since the pool was first seen."""
    state: str
    size: int
    alive: int
    busy: int
    depth: int
    limit: int | None
    finished: int
    busy_share: float
    """Mean of the last seconds (`RECENT_SECONDS`)."""
    always_queued: bool
    """Whether something waited all through these seconds."""
    depths: tuple[int, ...]
    """Every ten seconds of the last minute, oldest first; fewer while it is young."""
    throughput_per_second: float
    arrivals_per_second: float
    arrivals: int
    """In `arrival_seconds`, a minute at the most."""
    arrival_seconds: float
    rejected: int
    """In the same time."""
    wait_p95: float
    waits: int
    run_p50: float
    run_p95: float
    run_mean: float
    since_taken_seconds: float
    """Since a task was last begun."""
    shares: Mapping[str, float]
    """Where the workers' time went in the last seconds, by state."""
    has_gil: bool
    peak_busy: float
    """The most workers that were busy at a time, in `peak_seconds`."""
    peak_seconds: float
    longest: LongRun | None
    failing: Failures | None
    held_by: tuple[str, int]
    """The function that most workers run now, and how many; ('', 0) while none does."""
    waits_for: tuple[tuple[str, int, str], ...]
    """(worker, task, worker) of workers that wait for what no worker of this pool will
    ever do: the task that is waited for, and who runs it, empty while it is queued."""
    spans_lost: int
    """In the last ten seconds."""
    longest_gap_seconds: float
    """Between two frames, in the last ten seconds."""
    sampling_trouble: str
    cores: int

    @property
    def stuck(self) -> int:
        """How many workers wait for what will never be done."""
        return len(self.waits_for)
