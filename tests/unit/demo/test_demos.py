import os
import random
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from pool_gui.agent.names import qualified_name
from pool_gui.demo.tasks import (
    QUICK_SECONDS,
    SLOW_SECONDS,
    Demos,
    disk_folder,
    flaky_call,
    noop,
    prime_count,
    write_file,
)
from pool_gui.pool import Task, ThreadPool
from pool_gui.wire.catalogue import DEMOS, Demo

POOLS: list[ThreadPool] = []
"""For demos whose tasks put others: the last one is in use."""


@pytest.fixture
def demos() -> Iterator[Demos]:
    pool = ThreadPool(1)
    pool.start()
    POOLS[:] = [pool]
    with closing(Demos()) as demos:
        yield demos
    assert pool.join(20)


def _run(task: Task) -> object:
    return task.callable(*task.args, **task.kwargs)


def _tasks(
    demos: Demos,
    name: str,
    count: int,
    given: Mapping[str, float] | None = None,
    seed: int = 1,
) -> list[Task]:
    make = demos.maker(name, given or {}, POOLS[-1])
    numbers = random.Random(seed)
    return [make(numbers) for _ in range(count)]


def test_the_catalogue_and_the_makers_agree(demos: Demos) -> None:
    assert demos._makers.keys() | demos._nested.keys() == DEMOS.keys()


SEED = 3  # with it none of the first three tasks of a demo is slow or fails


@pytest.mark.parametrize("demo", DEMOS.values(), ids=DEMOS)
def test_each_demo_runs_with_its_defaults(demos: Demos, demo: Demo) -> None:
    for task in _tasks(demos, demo.name, 3, seed=SEED):
        _run(task)


@pytest.mark.parametrize("demo", DEMOS.values(), ids=DEMOS)
def test_each_demo_runs_at_its_lower_bounds(demos: Demos, demo: Demo) -> None:
    least = {parameter.name: parameter.minimum for parameter in demo.parameters}
    for task in _tasks(demos, demo.name, 3, least, SEED):
        _run(task)


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("primes", {"limit": 1000}, 1000),
        ("hash", {"megabytes": 2}, 2),
        ("sleep", {"milliseconds": 1.5}, 0.0015),
        ("peer", {"milliseconds": 2}, 0.002),
        ("disk", {"kilobytes": 2000}, 2000),
        ("lock", {"milliseconds": 1}, 0.001),
        ("flaky", {"milliseconds": 1, "percent": 0}, 0.001),
        ("tail", {"percent": 0}, QUICK_SECONDS),
    ],
)
def test_each_parameter_is_passed_on(
    demos: Demos, name: str, given: dict[str, float], value: float
) -> None:
    assert given.keys() == DEMOS[name].defaults().keys()
    (task,) = _tasks(demos, name, 1, given)
    assert task.args[-1] == value
    assert type(task.args[-1]) is type(value)
    _run(task)


@pytest.mark.parametrize("demo", DEMOS.values(), ids=DEMOS)
def test_the_upper_bounds_are_accepted(demos: Demos, demo: Demo) -> None:
    most = {parameter.name: parameter.maximum for parameter in demo.parameters}
    _tasks(demos, demo.name, 3, most)


@pytest.mark.parametrize("demo", DEMOS.values(), ids=DEMOS)
def test_the_same_seed_makes_the_same_tasks(demos: Demos, demo: Demo) -> None:
    def look(seed: int) -> list[tuple[object, ...]]:
        tasks = _tasks(demos, demo.name, 200, seed=seed)
        return [
            (task.callable, task.args, tuple(task.kwargs.items())) for task in tasks
        ]

    assert look(5) == look(5)
    if demo.name in {"mix", "flaky", "tail"}:
        assert look(5) != look(6)


@pytest.mark.parametrize(
    ("name", "given", "text"),
    [
        ("juggle", {}, "there is no demo 'juggle' .*mix, primes"),
        ("sleep", {"milliseconds": -1}, "milliseconds must be from 0 to 60000"),
        ("sleep", {"seconds": 1}, "sleep has no parameter 'seconds'"),
        ("primes", {"limit": 10.5}, "limit must be a whole number"),
    ],
)
def test_what_cannot_be_made_is_refused_in_a_sentence(
    demos: Demos, name: str, given: dict[str, float], text: str
) -> None:
    with pytest.raises(ValueError, match=text):
        demos.maker(name, given)


@pytest.mark.parametrize(("limit", "count"), [(1, 0), (2, 1), (10, 4), (1000, 168)])
def test_primes_are_counted(limit: int, count: int) -> None:
    assert prime_count(limit) == count


@pytest.mark.parametrize("percent", [0, 3, 50, 100])
def test_flaky_fails_for_so_many_percent(demos: Demos, percent: float) -> None:
    tasks = _tasks(demos, "flaky", 2000, {"milliseconds": 0, "percent": percent})
    failing = sum(task.kwargs["fails"] for task in tasks)
    assert failing == pytest.approx(20 * percent, abs=60 if 0 < percent < 100 else 0)


def test_a_flaky_task_that_is_to_fail_raises_a_value_error() -> None:
    with pytest.raises(ValueError, match="chosen to fail"):
        flaky_call(0, fails=True)


def test_the_tail_is_slow_for_so_many_percent(demos: Demos) -> None:
    seconds = [task.args[0] for task in _tasks(demos, "tail", 5000, {"percent": 2})]
    assert set(seconds) == {QUICK_SECONDS, SLOW_SECONDS}
    assert seconds.count(SLOW_SECONDS) == pytest.approx(100, abs=40)


def test_the_mix_has_a_little_of_each_kind_and_rarely_a_slow_one(demos: Demos) -> None:
    tasks = _tasks(demos, "mix", 10_000)
    single = {
        _tasks(demos, name, 1)[0].callable
        for name in DEMOS
        if name not in {"mix", "noop", "self-deadlock"}
    }
    assert {task.callable for task in tasks} == single
    assert noop not in single
    slow = sum(task.args[:1] == (SLOW_SECONDS,) for task in tasks)
    assert 0 < slow < 30


def test_all_tasks_of_one_process_fight_for_one_lock(demos: Demos) -> None:
    tasks = [
        *_tasks(demos, "lock", 2, {"milliseconds": 0}),
        *_tasks(demos, "lock", 2, {"milliseconds": 1}),
    ]
    assert len({id(task.args[0]) for task in tasks}) == 1


def test_a_lock_is_held_while_it_sleeps(demos: Demos) -> None:
    (task,) = _tasks(demos, "lock", 1, {"milliseconds": 0})
    lock = task.args[0]
    worker = threading.Thread(target=_run, args=(task,))
    with lock:
        worker.start()
        worker.join(0.05)
        assert worker.is_alive()
    worker.join(10)
    assert not worker.is_alive()


def test_a_file_is_gone_when_it_is_written(tmp_path: Path) -> None:
    write_file(tmp_path, 3)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_on_the_disk_before_the_task_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(
        os, "fsync", lambda number: sizes.append(os.fstat(number).st_size)
    )
    write_file(tmp_path, 3)
    assert sizes == [3000]


def test_files_go_where_a_disk_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: True)
    assert disk_folder() == Path("/var/tmp")  # noqa: S108  # nothing is written
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: "/elsewhere")
    assert disk_folder() == Path("/elsewhere")


def test_functions_have_names_that_say_what_they_do(demos: Demos) -> None:
    names = {
        name: qualified_name(_tasks(demos, name, 1)[0].callable, "app")
        for name in DEMOS
        if name != "mix"
    }
    prefix = "pool_gui.demo.tasks."
    assert names == {
        "primes": f"{prefix}prime_count",
        "hash": f"{prefix}hash_blocks",
        "sleep": f"{prefix}sleep_for",
        "peer": f"{prefix}fetch",
        "disk": f"{prefix}write_file",
        "lock": f"{prefix}hold_lock",
        "flaky": f"{prefix}flaky_call",
        "tail": f"{prefix}handle_request",
        "self-deadlock": f"{prefix}ask_inner",
        "starved": f"{prefix}handle_request",
        "stuck": f"{prefix}handle_request",
        "undersized": f"{prefix}sleep_for",
        "oversized": f"{prefix}sleep_for",
        "noop": f"{prefix}noop",
    }


def test_a_fetch_from_a_peer_that_has_closed_fails(demos: Demos) -> None:
    (task,) = _tasks(demos, "peer", 1)
    demos.close()
    with pytest.raises(ConnectionError):
        _run(task)
