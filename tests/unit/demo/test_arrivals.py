from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pool_gui.demo.schedule import (
    IN_FLIGHT_POLL_SECONDS,
    IN_FLIGHT_SLOW_POLL_SECONDS,
    AtOnce,
    InFlight,
    Poisson,
    Steady,
    arrivals_of,
)
from pool_gui.monitor.view.facts import ArrivalRow
from pool_gui.window.style.sentences import arrival_text
from pool_gui.wire.commands import Arrival, Submit


def _submit(arrival: Arrival, seed: int = 1) -> Submit:
    return Submit("noop", {}, arrival, 60.5, 16, 0, seed)


def test_at_once_all_come_once() -> None:
    arrivals = AtOnce(7)
    assert (arrivals.advance(0), arrivals.advance(9)) == (7, 0)
    assert arrivals.next_seconds() == 0


def test_steady_begins_at_once_and_keeps_its_distance() -> None:
    arrivals = Steady(4)
    assert arrivals.advance(0) == 1
    assert arrivals.next_seconds() == pytest.approx(0.25)
    assert arrivals.advance(0.25) == 1
    assert arrivals.advance(0.1) == 0
    assert arrivals.next_seconds() == pytest.approx(0.15)
    assert arrivals.advance(1) == 4


@given(
    st.floats(0.01, 1e6),
    st.lists(st.floats(0, 1), min_size=1, max_size=100),
)
def test_steady_does_not_drift_however_it_is_looked_at(
    rate: float, steps: list[float]
) -> None:
    arrivals = Steady(rate)
    arrived = sum(arrivals.advance(step) for step in steps)
    assert abs(arrived - (sum(steps) * rate + 1)) <= 1.001


def test_poisson_has_the_mean_and_the_spread_of_its_kind() -> None:
    arrivals = Poisson(100, Random(5))
    counts = [arrivals.advance(1) for _ in range(400)]
    mean = sum(counts) / len(counts)
    variance = sum((count - mean) ** 2 for count in counts) / len(counts)
    assert mean == pytest.approx(100, rel=0.03)
    assert variance == pytest.approx(100, rel=0.25)


@given(st.lists(st.floats(0, 0.1), max_size=50))
def test_poisson_arrivals_do_not_depend_on_when_one_looks(steps: list[float]) -> None:
    at_once, bit_by_bit = Poisson(200, Random(3)), Poisson(200, Random(3))
    arrived = sum(bit_by_bit.advance(step) for step in steps)
    assert abs(at_once.advance(sum(steps)) - arrived) <= 1  # rounding at the edge


def test_in_flight_brings_what_is_missing() -> None:
    unfinished = 3
    arrivals = InFlight(10, lambda: unfinished)
    assert arrivals.advance(0) == 7
    unfinished = 12
    assert arrivals.advance(5) == 0


def test_in_flight_looks_less_often_while_nothing_ends() -> None:
    unfinished = 10
    arrivals = InFlight(10, lambda: unfinished)
    looks = []
    for _ in range(6):
        arrivals.advance(0)
        looks.append(arrivals.next_seconds())
    assert looks == sorted(looks)
    assert looks[-1] == IN_FLIGHT_SLOW_POLL_SECONDS
    unfinished = 9
    arrivals.advance(0)
    assert arrivals.next_seconds() == IN_FLIGHT_POLL_SECONDS


def test_the_same_seed_brings_the_same_arrivals() -> None:
    def counts(seed: int) -> list[int]:
        arrivals = arrivals_of(_submit(Arrival.POISSON, seed), lambda: 0)
        return [arrivals.advance(0.1) for _ in range(100)]

    assert counts(1) == counts(1)
    assert counts(1) != counts(2)


@pytest.mark.parametrize(
    ("arrival", "kind", "words"),
    [
        (Arrival.STEADY, Steady, "60.5 per second"),
        (Arrival.POISSON, Poisson, "60.5 per second on average, at random"),
        (Arrival.IN_FLIGHT, InFlight, "16 in flight"),
    ],
)
def test_each_arrival_has_its_schedule_and_its_words(
    arrival: Arrival, kind: type, words: str
) -> None:
    command = _submit(arrival)
    assert type(arrivals_of(command, lambda: 0)) is kind
    how = ArrivalRow(arrival, command.rate_per_second, command.in_flight)
    assert arrival_text(how) == words
