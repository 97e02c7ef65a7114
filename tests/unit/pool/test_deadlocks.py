"""Where thread pools deadlock or lose work: the standard one does, ours does not.

What may hang is played by deadlock_scenes, each scene in a process of its own.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import deadlock_scenes
import pytest
from future_support import InThread, ask
from pool_support import DEADLINE_SECONDS, MakePool, Stall, until

import pool_gui
from pool_gui.pool import Hooks, PoolState, ThreadPool

HANGS = "hangs"
FAILS = "fails"
SECONDS = 30
"""How long a scene may take that does not hang."""
SHORT_SECONDS = 0.8
"""How long to look at one that is known to hang."""
LATEST = (3, 13)
"""The last version of Python of which it is known that its pool misbehaves."""

DEADLOCKS = [
    "every_line submit/submit/signal/new",
    "every_line submit/drain/signal/new",
    "every_line drain/submit/signal/busy",
    "every_line submit/submit/collector/new",
    "new_thread submit",
    "two_pools",
]
KNOWN: list[tuple[str, str, str]] = [
    ("fixed", "every_line drain/shutdown/signal/busy", "closed, and never ended"),
    ("bounded", "every_line submit/submit/thread/busy", "holds the entrance's lock"),
    ("bounded", "two_pools", "both hold their entrance's lock"),
]
MENDED: list[tuple[str, str]] = [
    ("fixed", "every_line drain/stop/signal/new"),
    ("fixed", "every_line submit/shutdown/signal/new"),
    ("fixed", "every_line statistics/shutdown/signal/busy"),
    ("fixed", "every_line statistics/submit/thread/new"),
    ("context", "two_pools"),
    ("elastic", "new_thread drain"),
    ("elastic", "every_line statistics/submit/thread/new"),
]
FIXED_AND_ELASTIC = pytest.mark.parametrize("kind", ["fixed", "elastic"])
OURS = pytest.mark.parametrize("kind", ["fixed", "elastic", "bounded", "context"])


class Play:
    """A scene that is being played."""

    def __init__(self, seconds: float, kind: str, scene: str) -> None:
        root = str(Path(pool_gui.__file__).parents[1])
        self._process = subprocess.Popen(
            [
                *(sys.executable, deadlock_scenes.__file__),
                *(str(seconds), kind, *scene.split()),
            ],
            env=os.environ | {"PYTHONPATH": root},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def outcome(self) -> str | list[str]:
        """Wait; return the lines that it said, or that it hangs or fails."""
        said, errors = self._process.communicate(timeout=2 * SECONDS)
        if self._process.returncode == 0:
            return said.splitlines()
        print(said, errors, sep="\n")
        return HANGS if "Timeout (" in errors else FAILS

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()


def play(kind: str, scene: str) -> str | list[str]:
    return Play(SECONDS, kind, scene).outcome()


@pytest.fixture(scope="module")
def hanging() -> Iterator[dict[tuple[str, str], Play]]:
    """Play all that is known to hang at once, for it takes time and no work."""
    scenes = [("standard", scene) for scene in DEADLOCKS]
    scenes += [(kind, scene) for kind, scene, _ in KNOWN]
    playing = {scene: Play(SHORT_SECONDS, *scene) for scene in scenes}
    yield playing
    for one in playing.values():
        one.kill()


def check_standard(said: object, expected: object) -> None:
    """See that the standard pool misbehaves, unless it is newer than we know it."""
    if said != expected and sys.version_info[:2] > LATEST:
        pytest.skip(f"the standard pool of this Python does well: {said}")
    assert said == expected


@pytest.mark.parametrize("scene", DEADLOCKS)
def test_the_standard_pool_deadlocks(
    scene: str, hanging: dict[tuple[str, str], Play]
) -> None:
    check_standard(hanging["standard", scene].outcome(), HANGS)


@pytest.mark.parametrize(("kind", "scene"), MENDED)
def test_our_pool_no_longer_hangs_or_fails(kind: str, scene: str) -> None:
    assert play(kind, scene) not in (HANGS, FAILS)


@pytest.mark.xfail(
    reason="known limits: who interrupts a call on a pool must not wait for it"
)
@pytest.mark.parametrize(
    ("kind", "scene"), [known[:2] for known in KNOWN], ids=[one[2] for one in KNOWN]
)
def test_our_pool_neither_hangs_nor_fails(
    kind: str, scene: str, hanging: dict[tuple[str, str], Play]
) -> None:
    assert hanging[kind, scene].outcome() not in (HANGS, FAILS)


SUBMITS = [
    ["submit/submit/signal/new", "submit/submit/signal/busy"],
    ["submit/submit/collector/new", "submit/submit/collector/busy"],
    ["drain/submit/signal/new", "drain/submit/collector/busy"],
    ["stop/submit/signal/new", "stop/submit/collector/busy"],
    ["shutdown/submit/signal/new", "shutdown/submit/collector/busy"],
    ["statistics/submit/signal/new", "statistics/submit/collector/busy"],
]
ENDS = [
    ["submit/drain/signal/new", "submit/drain/signal/busy"],
    ["submit/stop/signal/new", "submit/stop/signal/busy"],
    ["drain/drain/signal/new", "shutdown/drain/signal/busy"],
    ["statistics/drain/signal/new", "statistics/stop/signal/busy"],
]
STEPS = {"elastic": "2 4", "bounded": "3 5", "context": "4 6"}
"""Of other kinds than fixed only some lines: from which on, and each which."""


@pytest.mark.parametrize("scans", SUBMITS, ids=lambda scans: scans[0].split("/")[0])
def test_a_handler_or_finalizer_may_submit_at_each_line_of_every_call(
    scans: list[str],
) -> None:
    assert play("fixed", " ".join(["every_line", *scans])) == scans


@pytest.mark.parametrize("kind", STEPS)
def test_a_handler_or_finalizer_may_submit_whatever_the_kind_of_pool(kind: str) -> None:
    scans = [*chain(*SUBMITS)]
    assert play(kind, " ".join(["some_lines", STEPS[kind], *scans])) == scans


@pytest.mark.parametrize("scans", ENDS, ids=lambda scans: scans[0].split("/")[1])
def test_a_handler_may_shut_down_at_each_line_of_a_call(scans: list[str]) -> None:
    assert play("fixed", " ".join(["every_line", *scans])) == scans


@pytest.mark.parametrize("kind", ["elastic", "bounded"])
def test_a_handler_may_shut_down_whatever_the_kind_of_pool(kind: str) -> None:
    scans = [*chain(*ENDS)]
    assert play(kind, " ".join(["some_lines", STEPS[kind], *scans])) == scans


@pytest.mark.parametrize(
    ("kind", "lines"), [("fixed", "1 1"), ("elastic", STEPS["elastic"])]
)
def test_submit_waits_for_no_thread_that_stands_in_another_call(
    kind: str, lines: str
) -> None:
    scans = [
        *("submit/submit/thread/new", "submit/submit/thread/busy"),
        *("drain/submit/thread/busy", "stop/submit/thread/busy"),
        "shutdown/submit/thread/busy",
    ]
    assert play(kind, " ".join(["some_lines", lines, *scans])) == scans


@OURS
def test_a_finalizer_may_submit_in_a_thread_that_is_being_started(kind: str) -> None:
    assert play(kind, "new_thread submit") == []


@FIXED_AND_ELASTIC
def test_finalizers_in_two_pools_may_submit_to_each_other(kind: str) -> None:
    assert play(kind, "two_pools") == []


@FIXED_AND_ELASTIC
def test_finalizers_amid_the_statistics_of_two_pools_may_submit_to_each_other(
    kind: str,
) -> None:
    assert play(kind, "two_pools statistics") == []


def test_the_standard_pool_runs_a_call_that_it_refused() -> None:
    said = play("standard", "refused_thread 1")
    expected = ["RuntimeError", "the refused call runs", "the next call runs"]
    check_standard(said, expected)


@pytest.mark.parametrize(
    ("kind", "number"),
    [("fixed", 1), ("pair", 1), ("pair", 2), ("elastic", 1), ("bounded", 1)],
)
def test_a_call_that_was_refused_for_want_of_a_thread_never_runs(
    kind: str, number: int
) -> None:
    said = play(kind, f"refused_thread {number}")
    assert said == ["WorkerStartError", "the next call runs"]


@pytest.mark.parametrize("way", ["shutdown", "cancel"])
def test_the_standard_pool_wakes_nobody_whose_calls_it_cancels(way: str) -> None:
    said = play("standard", f"cancelled {way} 0.1")
    check_standard(said[-2:], ["0 as_completed", "0 wait"])


@FIXED_AND_ELASTIC
@pytest.mark.parametrize("way", ["shutdown", "cancel"])
def test_who_waits_for_calls_that_are_cancelled_is_woken(kind: str, way: str) -> None:
    said = play(kind, f"cancelled {way} {SECONDS}")
    assert said[-2:] == ["3 as_completed", "3 wait"]


@FIXED_AND_ELASTIC
def test_the_interpreter_ends_when_what_was_submitted_has_run(kind: str) -> None:
    said = play(kind, "left_at_exit")
    assert sorted(said) == ["0", "1", "2", "3", "4"]


# In the process of the tests, since nothing of it may hang.


def test_tasks_and_callbacks_may_submit(make_pool: MakePool) -> None:
    pool = make_pool(1)
    ran: list[Any] = []

    def work(depth: int) -> None:
        ran.append(pool.submit(work, depth - 1) if depth else None)

    def go_on(_: object) -> None:
        ran.append(pool.submit(work, 0))

    pool.submit(work, 3).add_done_callback(go_on)
    assert pool.wait_idle(DEADLINE_SECONDS)
    assert pool.statistics().done == 5
    assert len(ran) == 6


class Waits:
    """Calls that wait for their own pool, from where its workers are."""

    def __init__(self, call: Callable[[ThreadPool], object]) -> None:
        self._call = call
        self.answers: list[object] = []
        self.states: list[PoolState] = []
        self.pool: ThreadPool

    def __call__(self, *_: object) -> None:
        self.answers.append(ask(self._call, self.pool))
        self.states.append(self.pool.state)


@pytest.mark.parametrize("place", ["task", "callback", "hook", "initializer"])
@pytest.mark.parametrize(
    "call",
    [ThreadPool.shutdown, ThreadPool.join, ThreadPool.wait_idle],
    ids=lambda call: call.__name__,
)
def test_a_worker_that_would_wait_for_itself_is_refused(
    place: str, call: Callable[[ThreadPool], object]
) -> None:
    waits = Waits(call)
    hooks = Hooks(after_task=waits) if place == "hook" else None
    pool = ThreadPool(
        1, hooks=hooks, initializer=waits if place == "initializer" else None
    )
    waits.pool = pool
    future = pool.submit(waits if place == "task" else int)
    if place == "callback":
        future.add_done_callback(waits)
    until(lambda: bool(waits.states))
    assert pool.join(DEADLINE_SECONDS)
    (answer,) = waits.answers
    assert isinstance(answer, RuntimeError)
    assert "itself" in str(answer)
    assert waits.states[0] in (PoolState.NEW, PoolState.RUNNING)


@pytest.mark.parametrize("cancels", [False, True])
def test_many_threads_may_shut_a_pool_down(
    make_pool: MakePool, stall: Stall, *, cancels: bool
) -> None:
    pool = make_pool(2)
    futures = [pool.submit(stall) for _ in range(4)]
    stall.wait_entered(2)

    def shut_down() -> None:
        pool.shutdown(cancel_futures=cancels)
        assert pool.state is PoolState.STOPPED
        assert not any(worker.is_alive() for worker in pool._core.workers.departed)

    threads = [InThread(shut_down) for _ in range(8)]
    pool.shutdown(wait=False, cancel_futures=cancels)
    stall.release.set()
    assert [thread.answer() for thread in threads] == [None] * 8
    assert [future.cancelled() for future in futures[2:]] == [cancels] * 2
