"""The pool holds what it promises, whenever threads are switched.

Each scene is played in a process of its own by run.py, which plays any number of seeds
by hand; here it is a few of each.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import cpython_suite
import pytest
from interleaving import run, slips
from interleaving.dice import Dice
from interleaving.play import scenes
from interleaving.stage import SCENES

import pool_gui

SEEDS = [0, 1, 2]
"""One of each strategy of the dice."""
JOBS = min(4, 1 + (os.cpu_count() or 1))
LEAST_SCENES = 36
MOST_SEEDS = 30
"""With so many the dice finds each of the slips, nearly always with the first few."""
DEADLINE_SECONDS = 90.0

OURS = "ours"
CPYTHON = "cpython-ours"

CPYTHON_CASES = [
    "ThreadPoolShutdownTest.test_cancel_futures",
    "ThreadPoolShutdownTest.test_hang_issue12364",
    "ThreadPoolShutdownTest.test_interpreter_shutdown",
    "ThreadPoolWaitTests.test_pending_calls_race",
    "ThreadPoolExecutorTest.test_map",
    "ThreadPoolExecutorTest.test_shutdown_race_issue12456",
    "ToThreadTests.test_to_thread_concurrent",
]
"""Those of CPython's tests that have most threads; `run.py --cpython` plays all."""

try:
    cpython_suite.Suite()
except ModuleNotFoundError:  # this interpreter comes without CPython's tests
    CPYTHON_CASES.clear()


class Player:
    """Plays what the tests ask for, and the next few with it, several at a time."""

    def __init__(self, wanted: list[tuple[str, str]]) -> None:
        self._wanted = wanted
        self._plays: dict[tuple[str, str], list[run.Play]] = {}

    def check(self, kind: str, scene: str) -> None:
        """See that a scene has no fault."""
        if (kind, scene) not in self._plays:
            start = self._wanted.index((kind, scene))
            some = self._wanted[start : start + 4 * JOBS]
            with ThreadPoolExecutor(JOBS) as jobs:
                self._plays.update(zip(some, jobs.map(_play, some), strict=True))
        for one in self._plays[kind, scene]:
            if one.error:
                pytest.fail(f"{scene}, seed {one.seed}: {one.error}", pytrace=False)


def _play(what: tuple[str, str]) -> list[run.Play]:
    kind, scene = what
    seeds = SEEDS if kind == OURS else SEEDS[:1]
    return run.play(scene, seeds, kind, DEADLINE_SECONDS)


@pytest.fixture(scope="module")
def player(request: pytest.FixtureRequest) -> Iterator[Player]:
    wanted = [
        (str(item.callspec.params["kind"]), str(item.callspec.params["scene"]))
        for item in request.session.items
        if isinstance(item, pytest.Function) and "player" in item.fixturenames
    ]
    paths = [str(Path(pool_gui.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    with pytest.MonkeyPatch.context() as patch:
        # The processes that play are to find the pool that is tested here.
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
        yield Player(wanted)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", [OURS])
@pytest.mark.parametrize("scene", list(scenes(OURS)))
def test_holds_under_any_interleaving(player: Player, kind: str, scene: str) -> None:
    player.check(kind, scene)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", [CPYTHON])
@pytest.mark.parametrize("scene", CPYTHON_CASES)
def test_cpython_is_content_under_any_interleaving(
    player: Player, kind: str, scene: str
) -> None:
    player.check(kind, scene)


def test_there_are_scenes_for_all_that_is_promised() -> None:
    names = list(scenes(OURS))
    assert len(names) >= LEAST_SCENES
    assert set(names) == set(SCENES)
    assert set(scenes("peer")) < set(names)


def _seeds_until_fault(play: Callable[[], None]) -> int | None:
    """Play with one seed after the other; return the first that finds a fault."""
    for seed in range(MOST_SEEDS):
        dice = Dice(seed, "slips", [slips.__file__])
        with dice:
            try:
                play()
            except AssertionError:
                return seed
        assert sum(dice.thrown.values()) > 100
    return None


@pytest.mark.parametrize(
    "play",
    [partial(slips.claims, slips.SlipTicket), partial(slips.hand_overs, slips.SlipBox)],
    ids=["claimed twice", "lost wake-up"],
)
def test_the_dice_finds_what_looks_first_and_stores_later(
    play: Callable[[], None],
) -> None:
    assert _seeds_until_fault(play) is not None


@pytest.mark.parametrize(
    "play",
    [partial(slips.claims, slips.Ticket), partial(slips.hand_overs, slips.Box)],
    ids=["claimed once", "no lost wake-up"],
)
def test_the_dice_finds_nothing_where_nothing_is_wrong(
    play: Callable[[], None],
) -> None:
    assert _seeds_until_fault(play) is None


def test_a_fault_is_reported_with_its_seed_and_a_hang_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = iter(
        [
            (1, '{"seed": 3, "error": "Fault", "seconds": 1, "thrown": 9}\n', "dump"),
            (1, "no line of a seed", "Timeout (0:00:30)!"),
            (0, '{"seed": 5, "error": "", "seconds": 1, "thrown": 9}\n', ""),
        ]
    )
    monkeypatch.setattr(run, "_run", lambda *_: next(answers))
    found = run.play("scene", [3, 4, 5])
    assert [one.seed for one in found] == [3, 4, 5]
    assert [bool(one.error) for one in found] == [True, True, False]
    assert "dump" in found[0].error
    assert "Timeout" in found[1].error
