"""What a pool would do at another size, against loads whose answer is known."""

import itertools
import random
from dataclasses import replace

import pytest

from pool_gui.monitor.whatif.simulation import (
    SeenLoad,
    best_size,
    lock_share_of,
    paces,
    replay,
)

SIZES = (1, 2, 4, 8, 16)


def full(
    demand: float = 0.1, tasks: int = 400, population: int = 32, **changes: float
) -> SeenLoad:
    load = SeenLoad((demand,) * tasks, (), population, 0.0, 0.0, 0.0, 2)
    return replace(load, **changes)  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize("size", SIZES)
def test_tasks_that_wait_for_others_go_with_the_workers(size: int) -> None:
    told = replay(full(), size)
    assert told.throughput_per_second == pytest.approx(size / 0.1, rel=0.02)
    assert told.busy_share == pytest.approx(1.0, rel=0.02)


def test_more_workers_than_tasks_are_of_no_use() -> None:
    told = replay(full(population=5), 16)
    assert told.throughput_per_second == pytest.approx(50, rel=0.02)
    assert told.busy_share == pytest.approx(5 / 16, rel=0.02)
    assert told.wait_p95 == 0


@pytest.mark.parametrize("size", SIZES)
def test_one_lock_is_one_lock_whatever_the_workers(size: int) -> None:
    load = full(gil_share=1.0, core_share=1.0)
    told = replay(load, size)
    assert told.throughput_per_second == pytest.approx(10, rel=0.02)


@pytest.mark.parametrize(("size", "cores"), [(1, 1), (2, 2), (4, 4), (8, 4), (16, 4)])
def test_code_without_the_lock_goes_with_the_cores(size: int, cores: int) -> None:
    load = full(core_share=1.0, cores=4)
    told = replay(load, size)
    assert told.throughput_per_second == pytest.approx(cores / 0.1, rel=0.02)


def test_what_arrives_is_done_where_there_is_room_and_no_faster() -> None:
    arrivals = tuple(itertools.accumulate([0.02] * 400))
    load = SeenLoad((0.1,) * 400, arrivals, 1, 0.0, 0.0, 0.0, 2)
    for size in (6, 16):
        told = replay(load, size)
        assert told.throughput_per_second == pytest.approx(50, rel=0.02)
        assert told.wait_p95 == pytest.approx(0, abs=1e-9)
    assert replay(load, 4).throughput_per_second == pytest.approx(40, rel=0.02)
    assert replay(load, 4).wait_p95 > 1


def test_waits_are_those_of_queueing_theory() -> None:
    """M/M/1 at 80 %: the wait's 95th percentile is ln(0.8 / 0.05) / (mu - lambda)."""
    chance = random.Random(1)
    count, mu, lam = 60_000, 10.0, 8.0
    arrivals = tuple(
        itertools.accumulate(chance.expovariate(lam) for _ in range(count))
    )
    demands = tuple(chance.expovariate(mu) for _ in range(count))
    told = replay(SeenLoad(demands, arrivals, 1, 0.0, 0.0, 0.0, 2), 1)
    assert told.wait_p95 == pytest.approx(2.7726 / (mu - lam), rel=0.1)


def test_paces_are_those_of_a_closed_network() -> None:
    """Two tasks, half of each behind the lock: X(2) = 2 / (0.75 + 0.5)."""
    told = paces(full(gil_share=0.5, core_share=0.0), 2)
    assert told[1] == pytest.approx(1)
    assert told[2] == pytest.approx(1 / 1.25)
    assert paces(full(gil_share=1.0), 64)[64] == pytest.approx(1 / 64)


def test_the_best_size_is_the_least_that_does_as_much() -> None:
    bound = [replay(full(gil_share=1.0), size) for size in SIZES]
    free = [replay(full(), size) for size in SIZES]
    assert best_size(bound) == 1
    assert best_size(free) == 16


@pytest.mark.parametrize("share", [1.0, 0.5, 0.1])
def test_a_lock_is_known_by_how_long_tasks_wait_for_it(share: float) -> None:
    load = full(lock_share=share)
    for at_work in (2, 4, 8):
        waited = 1 / paces(load, at_work)[at_work] - 1
        assert lock_share_of(waited, 0.0, at_work) == pytest.approx(share, abs=0.01)


def test_who_waits_for_no_lock_holds_none() -> None:
    assert lock_share_of(0.0, 0.5, 4) == 0
    assert lock_share_of(0.3, 0.5, 1) == 0
