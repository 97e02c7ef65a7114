"""The real pool process, watched by a real session, and what may befall it."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from pool_gui.monitor.session import Session
from pool_gui.monitor.source.child import Launch, pool_process
from pool_gui.monitor.view.facts import LinkState
from pool_gui.monitor.view.snapshot import Scope, Snapshot
from pool_gui.window.style.sentences import log_sentence, sentence
from pool_gui.wire.commands import (
    Arrival,
    Batch,
    Clear,
    Command,
    Dismiss,
    Drain,
    EndLoad,
    Pause,
    Resize,
    Resume,
    Stop,
    Submit,
)

DEADLINE_SECONDS = 20.0


class Watch:
    """A session, and the wish to wait until it shows something."""

    def __init__(self, launch: Launch | None = None) -> None:
        self._news = threading.Semaphore(0)
        self.session = Session(launch or pool_process(), notify=self._news.release)
        self.session.start()

    def until(
        self,
        claim: Callable[[Snapshot], object],
        seconds: float = DEADLINE_SECONDS,
    ) -> Snapshot:
        """Return the first snapshot for which the claim is true."""
        ended = threading.Event()
        timer = threading.Timer(seconds, ended.set)
        timer.start()
        try:
            while True:
                snapshot = self.session.take()
                if claim(snapshot):
                    return snapshot
                assert not ended.is_set(), f"not within {seconds} s; {snapshot.link}"
                self._news.acquire(timeout=0.5)
        finally:
            timer.cancel()
            timer.join()

    def pool(self, size: int = 4) -> Snapshot:
        """Start a pool and wait until all its workers are there."""
        self.session.launch_pool(size)
        return self.until(lambda s: s.pool and s.pool.alive == size)

    def send(self, *commands: Command) -> None:
        for command in commands:
            self.session.send(command)


@pytest.fixture
def watch() -> Iterator[Watch]:
    watch = Watch()
    yield watch
    assert watch.session.close(5) == ()


def endless(demo: str, in_flight: int = 8, **parameters: float) -> Submit:
    return Submit(demo, parameters, Arrival.IN_FLIGHT, 1.0, in_flight, 0, 1)


def process_of(snapshot: Snapshot) -> psutil.Process:
    assert snapshot.program is not None
    return psutil.Process(snapshot.program.pid)


def is_live(snapshot: Snapshot) -> bool:
    return snapshot.link.state is LinkState.LIVE


def ended(snapshot: Snapshot) -> bool:
    """Whether all that was submitted has ended."""
    if snapshot.pool is None:
        return False
    counts = snapshot.pool.counts
    return counts.submitted > 0 and counts.submitted == (
        counts.done + counts.failed + counts.cancelled
    )


def test_two_demo_pools_on_the_same_load_are_each_counted_exactly(
    watch: Watch,
) -> None:
    keys = []
    for size in (4, 16):
        watch.session.add_demo(size)
        snapshot = watch.until(
            lambda s, size=size: s.pool and s.pool.alive == size  # type: ignore[misc]  # its default
        )
        keys.append(snapshot.scope.source)
    for key in keys:
        watch.session.send(Batch("sleep", {"milliseconds": 5}, 300, 1), Scope(key))
    snapshot = watch.until(
        lambda s: [row.pool and row.pool.counts.done for row in s.sources] == [300, 300]
    )
    assert snapshot.lanes is not None
    assert [group.rows for group in snapshot.lanes.groups] == [4, 16]
    for row in snapshot.sources:
        assert row.pool is not None
        mine = [worker for worker in snapshot.workers if worker.source == row.key]
        assert sum(worker.done for worker in mine) == row.pool.counts.done
        assert row.pool.counts.submitted == 300


def test_two_pools_in_one_process_get_their_own_loads_and_are_counted_apart(
    watch: Watch,
) -> None:
    load = Batch("sleep", {"milliseconds": 2}, 40, 1)
    watch.session.launch_pool(2, [load])
    watch.until(lambda s: s.pool and s.pool.counts.done == 40)
    watch.session.add_pool(3, [load, load])
    snapshot = watch.until(lambda s: s.scope.pool and s.pool)
    snapshot = watch.until(lambda s: s.pool and s.pool.counts.done == 80)
    (source,) = snapshot.sources
    assert [row.name for row in source.pools] == ["demo", "demo-2"]
    assert [row.counts.done for row in source.pools] == [40, 80]
    assert snapshot.scope == Scope(source.key, source.pools[1].key)
    assert [row.name for row in snapshot.roster] == ["demo-2_0", "demo-2_1", "demo-2_2"]
    watch.session.set_scope(Scope())
    watch.send(Pause())
    watch.until(lambda s: {row.state for row in s.sources[0].pools} == {"paused"})
    watch.session.send(Resume(), Scope(source.key, source.pools[0].key))
    snapshot = watch.until(
        lambda s: [row.state for row in s.sources[0].pools] == ["running", "paused"]
    )
    report = watch.session.report()
    pools = report["pools"]
    assert isinstance(pools, list)
    assert [pool["name"] for pool in pools] == ["demo", "demo-2"]
    assert [pool["tasks"]["done"] for pool in pools] == [40, 80]


def test_four_sources_with_eight_workers_each_mix_nothing_and_lose_nothing(
    watch: Watch,
) -> None:
    for number in range(1, 5):
        load = Batch("noop", {}, 1000 * number, number)
        watch.session.add_demo(8, [load])
    snapshot = watch.until(
        lambda s: (
            [r.pool and r.pool.counts.done for r in s.sources]
            == [1000, 2000, 3000, 4000]
        )
    )
    watch.session.set_scope(Scope())
    snapshot = watch.until(lambda s: s.scope == Scope() and s.pool)
    assert snapshot.pool is not None
    assert (snapshot.pool.pools, snapshot.pool.alive) == (4, 32)
    assert snapshot.pool.counts.done == 10_000
    assert snapshot.loss.complete
    assert len({row.key for row in snapshot.roster}) == 32
    assert sum(row.done for row in snapshot.roster) == 10_000


def test_what_is_submitted_runs_and_is_counted_exactly(watch: Watch) -> None:
    watch.pool()
    watch.send(Batch("noop", {}, 5000, 0), Batch("flaky", {"milliseconds": 0}, 400, 3))
    pool = watch.until(
        lambda s: ended(s) and s.pool and s.pool.counts.submitted == 5400
    ).pool
    assert pool is not None
    assert pool.counts.started == 5400
    assert pool.counts.done + pool.counts.failed == 5400
    assert 0 < pool.counts.failed < 400
    report = watch.session.report()
    assert report["complete"] is False, "the program has not ended"


def test_a_seed_repeats_the_same_failures(watch: Watch) -> None:
    failures = []
    for _ in range(2):
        watch.pool()
        watch.send(Batch("flaky", {"milliseconds": 0}, 300, 11))
        snapshot = watch.until(
            lambda s: ended(s) and s.pool and s.pool.counts.submitted == 300
        )
        assert snapshot.pool is not None
        failures.append(snapshot.pool.counts.failed)
        watch.send(Stop())
        watch.until(lambda s: s.pool and s.pool.state == "stopped")
    assert failures[0] == failures[1]


def test_a_paused_pool_takes_nothing_and_goes_on_when_resumed(watch: Watch) -> None:
    watch.pool()
    watch.send(Pause(), Batch("noop", {}, 100, 0))
    snapshot = watch.until(lambda s: s.pool and s.pool.depth == 100)
    assert snapshot.pool is not None
    assert snapshot.pool.state == "paused"
    assert snapshot.pool.counts.started == 0
    watch.send(Resume())
    watch.until(ended)


def test_workers_come_and_go_as_told(watch: Watch) -> None:
    first = watch.pool(2)
    watch.send(Resize(6))
    watch.until(lambda s: s.pool and s.pool.alive == 6)
    watch.send(Dismiss(1, first.workers[0].number))
    watch.until(
        lambda s: (
            s.pool
            and s.pool.alive == 5
            and all(
                w.state == "gone" for w in s.workers if w.key == first.workers[0].key
            )
        )
    )
    watch.send(Dismiss(2, 0))
    watch.until(lambda s: s.pool and s.pool.alive == 3 and s.pool.size == 3)


def test_cleared_tasks_are_counted_as_cancelled(watch: Watch) -> None:
    watch.pool()
    watch.send(Pause(), Batch("noop", {}, 70, 0), Clear(), Resume())
    pool = watch.until(lambda s: s.pool and s.pool.counts.cancelled == 70).pool
    assert pool is not None
    assert pool.depth == 0
    assert pool.counts.started == 0


def test_a_drained_pool_finishes_its_work_and_ends(watch: Watch) -> None:
    watch.pool()
    watch.send(Batch("sleep", {"milliseconds": 50}, 40, 0), Drain())
    pool = watch.until(lambda s: s.pool and s.pool.state == "stopped").pool
    assert pool is not None
    assert pool.counts.done == 40


def test_a_load_keeps_its_number_in_flight_until_it_is_ended(watch: Watch) -> None:
    watch.pool()
    watch.send(endless("sleep", in_flight=10, milliseconds=20))
    watch.until(lambda s: s.pool and s.pool.counts.done > 100)
    watch.send(EndLoad())
    watch.until(lambda s: ended(s) and s.load is None)


def test_a_killed_pool_process_is_named_with_its_signal_and_can_be_replaced(
    watch: Watch,
) -> None:
    snapshot = watch.pool()
    watch.send(endless("sleep"))
    seen = watch.until(lambda s: s.pool and s.pool.counts.done > 20)
    process_of(snapshot).kill()
    lost = watch.until(lambda s: s.link.state is LinkState.LOST, 5)
    assert "signal 9 (SIGKILL)" in sentence(lost.link.note)
    assert seen.pool is not None
    assert lost.pool is not None
    assert lost.pool.counts.done >= seen.pool.counts.done, "history was lost"
    assert not any(worker.state == "busy" for worker in lost.workers), "a ghost"
    restarted = watch.pool(3)
    assert restarted.program is not None
    assert lost.program is not None
    assert restarted.program.pid != lost.program.pid
    old, new = (
        {w.key for w in s.workers if w.state != "gone"} for s in (lost, restarted)
    )
    assert not old & new


@pytest.mark.parametrize("when", range(10))
def test_a_process_killed_at_any_moment_leaves_nothing_behind(when: int) -> None:
    watch = Watch()
    snapshot = watch.pool()
    watch.send(endless("mix"), Batch("noop", {}, 20_000, 0))
    watch.until(lambda s: s.number >= snapshot.number + when)
    process_of(snapshot).kill()
    watch.until(lambda s: s.link.state is LinkState.LOST, 5)
    assert watch.session.close(5) == ()


def test_a_stopped_process_is_silent_and_comes_back_with_the_truth(
    watch: Watch,
) -> None:
    process = process_of(watch.pool())
    watch.send(Batch("sleep", {"milliseconds": 300}, 8, 0))
    watch.until(lambda s: s.pool and s.pool.busy == 4)
    process.send_signal(signal.SIGSTOP)
    silent = watch.until(lambda s: s.link.state is LinkState.SILENT)
    assert silent.link.silent_seconds >= 1
    process.send_signal(signal.SIGCONT)
    live = watch.until(lambda s: ended(s) and s.link.state is LinkState.LIVE)
    assert not any(worker.state == "busy" for worker in live.workers)


def test_a_hung_process_is_ended_and_another_goes_on_with_its_load(
    watch: Watch,
) -> None:
    process = process_of(watch.pool())
    watch.send(Batch("noop", {}, 3, 0), endless("sleep", in_flight=6))
    watch.until(lambda s: s.load and s.load.submitted > 0)
    process.send_signal(signal.SIGSTOP)
    silent = watch.until(lambda s: s.link.state is LinkState.SILENT)
    watch.session.restart(3, silent.sources[0].key)
    again = watch.until(
        lambda s: s.load and s.pool and s.pool.alive == 3 and is_live(s)
    )
    assert process_of(again).pid != process.pid
    assert not process.is_running()
    assert again.load is not None
    assert again.load.demo == "sleep"
    watch.send(EndLoad())
    watch.until(lambda s: s.load is None)
    process_of(again).kill()
    lost = watch.until(lambda s: s.link.state is LinkState.LOST)
    watch.session.restart(2, lost.sources[0].key)
    idle = watch.until(lambda s: s.pool and s.pool.alive == 2 and is_live(s))
    assert idle.load is None, "a load that was ended does not come back"


def test_closing_with_work_running_ends_in_time_and_leaves_no_process() -> None:
    watch = Watch()
    process = process_of(watch.pool())
    watch.send(endless("sleep", milliseconds=60_000))
    watch.until(lambda s: s.pool and s.pool.busy == 4)
    assert watch.session.close(3) == ()
    assert not process.is_running()


HOG = """
import sys, threading
from pool_gui.demo import tasks as demos
from pool_gui.demo.tasks import Demos
from pool_gui.pool import Task
def hold_the_gil():
    sum(range({numbers}))  # one C loop that never lets go
real = Demos.maker
def maker(self, demo, parameters, pool=None):
    return (lambda *_: Task(hold_the_gil)) if demo == "noop" else real(
        self, demo, parameters, pool)
Demos.maker = maker
from pool_gui.demo.process import main
sys.exit(main())
"""


@pytest.mark.slow
def test_a_task_that_holds_the_gil_leaves_the_session_ticking() -> None:
    plain = pool_process()
    program = HOG.format(numbers=150_000_000)
    launch = Launch((sys.executable, "-c", program), plain.environment)
    watch = Watch(launch)
    watch.pool()
    watch.send(Batch("noop", {}, 1, 0))
    silent = watch.until(lambda s: s.link.state is LinkState.SILENT, 60)
    later = watch.until(
        lambda s: s.link.state is not LinkState.SILENT or s.number > silent.number + 2
    )
    assert later.number > silent.number + 2, "no snapshots while it was silent"
    watch.until(ended, 60)
    assert watch.session.close(5) == ()


def test_closing_ends_a_process_that_holds_the_gil_in_c() -> None:
    plain = pool_process()
    program = HOG.format(numbers=10**11)
    watch = Watch(Launch((sys.executable, "-c", program), plain.environment))
    process = process_of(watch.pool())
    watch.send(Batch("noop", {}, 1, 0))
    watch.until(lambda s: s.link.state is LinkState.SILENT, 60)
    assert watch.session.close(3) == ()
    assert not process.is_running()


WINDOW = """
import sys, threading
from pool_gui.monitor.source.child import Launch, pool_process
from pool_gui.monitor.session import Session
from pool_gui.wire.commands import Arrival, Batch, Submit
program = sys.argv[1]
launch = pool_process()
if program:
    launch = Launch((sys.executable, "-c", program), launch.environment)
session = Session(launch)
session.start()
session.launch_pool(4)
while not ((shown := session.take()).pool and shown.pool.alive == 4):
    threading.Event().wait(0.02)
session.send(Submit("sleep", {"milliseconds": 60000}, Arrival.IN_FLIGHT, 1, 8, 0, 0))
session.send(Batch("noop", {}, 1, 0))
while not (session.take().pool.busy):
    threading.Event().wait(0.02)
print(shown.program.pid, flush=True)
threading.Event().wait()
"""


@pytest.mark.parametrize(
    "program", ["", HOG.format(numbers=10**11)], ids=["python-tasks", "gil-held-in-c"]
)
def test_the_pool_process_ends_when_its_window_is_killed(program: str) -> None:
    window = subprocess.Popen(
        [sys.executable, "-c", WINDOW, program],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **pool_process().environment},
    )
    assert window.stdout is not None
    process = psutil.Process(int(window.stdout.readline()))
    window.kill()
    window.wait(10)
    window.stdout.close()
    psutil.wait_procs([process], timeout=5)
    assert not process.is_running()


def test_the_key_is_in_no_argument_and_in_no_environment_of_the_children(
    watch: Watch,
) -> None:
    snapshot = watch.pool()
    process = process_of(snapshot)
    assert not any("POOL_GUI" in argument for argument in process.cmdline())
    text = "".join(log_sentence(line) for line in snapshot.log)
    initial = Path(f"/proc/{process.pid}/environ").read_bytes()
    key = next(
        part.partition(b"=")[2].decode()
        for part in initial.split(b"\0")
        if part.startswith(b"POOL_GUI_KEY=")
    )
    assert key not in text


def test_a_window_that_takes_no_snapshots_does_not_slow_the_pool(
    watch: Watch,
) -> None:
    watch.pool()
    watch.send(Batch("noop", {}, 200_000, 0))
    watch.until(
        lambda s: (
            watch.session.report()["pools"] and s.pool and s.pool.counts.done == 200_000
        )
    )


NO_DESCRIPTORS = """
import json, os, resource, sys, threading, time
from pool_gui.monitor.session import Session
from pool_gui.monitor.source.child import pool_process
from pool_gui.wire.commands import Arrival, Submit

news = threading.Semaphore(0)
session = Session(pool_process(), notify=news.release)
session.start()

def until(claim):
    deadline = time.monotonic() + 30
    while not claim(snapshot := session.take()):
        assert time.monotonic() < deadline, [line.note for line in snapshot.log]
        news.acquire(timeout=0.5)
    return snapshot

def codes(snapshot):
    return [line.note.code for line in snapshot.log]

load = Submit("sleep", {"milliseconds": 5}, Arrival.IN_FLIGHT, 1.0, 4, 0, 1)
session.launch_pool(2, [load])
until(lambda s: s.pool and s.pool.counts.done > 10)
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
held = []
try:
    while True:
        held.append(os.dup(2))
except OSError:
    pass
before = until(lambda s: "not-metered" in codes(s)).pool.counts.done
until(lambda s: s.pool.counts.done > before + 50)
refused = []
for spare in range(12):
    session.add_demo(1)
    snapshot = until(lambda s: len(s.sources) == 2 and s.link.state.value != "starting")
    refused.append(snapshot.link.state.value)
    session.remove(snapshot.sources[-1].key)
    until(lambda s: len(s.sources) == 1)
    for _ in range(2):
        os.close(held.pop())
for number in held:
    os.close(number)
session.add_demo(1, [load])
until(lambda s: len(s.sources) == 2 and s.pool and s.pool.counts.done > 10)
print(json.dumps([refused, session.close(10)]))
"""


def test_with_no_descriptor_left_the_session_says_so_and_goes_on() -> None:
    """From none to as many as a second process needs, two by two."""
    program = subprocess.run(
        [sys.executable, "-c", NO_DESCRIPTORS],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert program.returncode == 0, program.stderr
    refused, unfinished = json.loads(program.stdout)
    assert refused[0] == "lost"
    assert unfinished == []
    assert "Traceback" not in program.stderr, program.stderr


def test_thirty_short_lived_pools_in_one_process_are_each_counted(
    watch: Watch,
) -> None:
    watch.pool(1)
    seen: dict[int, int] = {}
    for number in range(1, 31):
        watch.session.add_pool(1, [Batch("noop", {}, number, 1)])
        snapshot = watch.until(
            lambda s, number=number: (  # type: ignore[misc]  # its default
                s.scope.pool not in {0, *seen} and s.pool.counts.done == number
            )
        )
        assert snapshot.pool is not None
        seen[snapshot.scope.pool] = snapshot.pool.counts.done
        watch.send(Stop())
        watch.until(lambda s: s.pool is not None and s.pool.state == "stopped")
    assert list(seen.values()) == list(range(1, 31))
    (source,) = watch.session.take().sources
    assert [row.name for row in source.pools] == ["demo", "demo-2"]
