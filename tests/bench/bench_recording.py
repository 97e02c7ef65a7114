"""What recording takes of a core and of the disk, for a pool at 1,000 tasks a second.

Run it by itself on an idle machine: python tests/bench/bench_recording.py
"""

import statistics
import tempfile
import threading
import time
from pathlib import Path

from figures import line, verdict

from pool_gui.monitor.recording import recorder
from pool_gui.monitor.session import Session
from pool_gui.monitor.source.child import pool_process
from pool_gui.monitor.view.facts import LinkState
from pool_gui.wire.commands import Arrival, Submit

SECONDS = 20.0
ROUNDS = 3
RATE = 1000.0


def until(session: Session, news: threading.Semaphore, state: LinkState) -> None:
    while session.take().link.state is not state:
        news.acquire(timeout=0.5)


def one_round(folder: Path) -> tuple[float, float]:
    """Return megabytes an hour, and the share of a core of the recorder's thread."""
    spent: list[float] = []
    run = recorder.Recorder._run

    def measured(self: recorder.Recorder) -> None:
        run(self)
        spent.append(time.thread_time())

    recorder.Recorder._run = measured  # type: ignore[method-assign]  # a spy
    news = threading.Semaphore(0)
    session = Session(pool_process(), notify=news.release)
    session.start()
    load = Submit("sleep", {"milliseconds": 5}, Arrival.POISSON, RATE, 1, 0, 1)
    session.launch_pool(8, (load,))
    until(session, news, LinkState.LIVE)
    path = folder / "a.pgrec"
    session.record(1, path)
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        news.acquire(timeout=0.5)
        session.take()
    session.close(8)
    recorder.Recorder._run = run  # type: ignore[method-assign]
    megabytes = path.stat().st_size / SECONDS * 3600 / 1e6
    return megabytes, spent[0] / SECONDS


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        rounds = [one_round(Path(folder)) for _ in range(ROUNDS)]
    sizes, shares = zip(*rounds, strict=True)
    print(f"{RATE:.0f} tasks/s, 8 workers, {ROUNDS} rounds of {SECONDS:.0f} s")
    line("megabytes an hour", sizes)
    line("share of a core", shares)
    verdict("megabytes an hour", statistics.median(sizes), 60, at_least=False)
    verdict("share of a core", statistics.median(shares), 0.02, at_least=False)


if __name__ == "__main__":
    main()
