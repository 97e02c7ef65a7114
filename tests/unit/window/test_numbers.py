import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pool_gui.window.style import numbers

NAN = float("nan")


def plain(text: str) -> str:
    """Return it with ordinary spaces, to compare with."""
    return text.replace("\N{NO-BREAK SPACE}", " ").replace(
        "\N{NARROW NO-BREAK SPACE}", " "
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1.2345, "1.23"),
        (12.345, "12.3"),
        (123.45, "123"),
        (9.996, "10.0"),
        (999.6, "1 000"),
        (83_412, "83 400"),
        (0.001234, "0.00123"),
        (-4.5, "-4.50"),
        (NAN, numbers.UNKNOWN),
        (math.inf, "∞"),
    ],
)
def test_a_number_has_three_significant_digits(value: float, text: str) -> None:
    assert plain(numbers.significant(value)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (25e-9, "25.0 ns"),
        (1.5e-6, "1.50 µs"),
        (999.6e-6, "1.00 ms"),
        (0.0483, "48.3 ms"),
        (0.9996, "1.00 s"),
        (62.1, "62.1 s"),
        (119.9, "120 s"),
        (123, "2 min 3 s"),
        (3599.6, "1 h 0 min"),
        (7384, "2 h 3 min"),
        (86400 * 2 + 3600 * 3, "2 d 3 h"),
        (-0.5, "-500 ms"),
        (NAN, numbers.UNKNOWN),
    ],
)
def test_a_time_has_the_unit_of_its_size(seconds: float, text: str) -> None:
    assert plain(numbers.duration(seconds)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(30, "30 s"), (0.1, "100 ms"), (1e-6, "1 µs"), (600, "10 min"), (0, "0 s")],
)
def test_a_time_on_an_axis_has_no_needless_digits(seconds: float, text: str) -> None:
    assert plain(numbers.axis_duration(seconds)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (150, "150"), (5000, "5 000"), (20_000, "20 k"), (1_500_000, "1.5 M")],
)
def test_a_count_on_an_axis_is_short(value: float, text: str) -> None:
    assert plain(numbers.axis_count(value)) == text


def test_counts_are_exact_with_their_thousands_set_apart() -> None:
    assert plain(numbers.count(4_802)) == "4 802"
    assert plain(numbers.count(12_345_678)) == "12 345 678"
    assert numbers.count(None) == numbers.UNKNOWN
    assert numbers.count(NAN) == numbers.UNKNOWN


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1204.4, "1 200 /s"),
        (0.5, "0.500 /s"),
        (1_234_567, "1.23 M/s"),
        (999_700, "1.00 M/s"),
        (NAN, numbers.UNKNOWN),
    ],
)
def test_rates_are_per_second(value: float, text: str) -> None:
    assert plain(numbers.rate(value)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 %"),
        (0.012, "1.2 %"),
        (0.91, "91 %"),
        (1.02, "102 %"),
        (NAN, numbers.UNKNOWN),
    ],
)
def test_shares_are_percentages(value: float, text: str) -> None:
    assert plain(numbers.share(value)) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (512, "512 B"),
        (31_457_280, "31.5 MB"),
        (999_700, "1.00 MB"),
        (4.2e9, "4.20 GB"),
        (NAN, numbers.UNKNOWN),
    ],
)
def test_memory_has_the_unit_of_its_size(size: float, text: str) -> None:
    assert plain(numbers.data_size(size)) == text


def test_a_running_time_reads_like_a_clock() -> None:
    assert numbers.clock(252.9) == "00:04:12"
    assert numbers.clock(NAN) == numbers.UNKNOWN


@given(st.floats(1e-9, 1e7))
def test_no_time_is_told_with_more_than_four_figures_or_an_exponent(
    seconds: float,
) -> None:
    text = numbers.duration(seconds)
    first = text.split("\N{NO-BREAK SPACE}")[0]
    assert sum(character.isdigit() for character in first) <= 4
    assert "e" not in first


@given(st.floats(1e-6, 1e9), st.floats(1.02, 100))
def test_a_greater_number_is_never_told_as_a_smaller_one(
    value: float, factor: float
) -> None:
    def told(number: float) -> float:
        return float(plain(numbers.significant(number)).replace(" ", ""))

    assert told(value) <= told(value * factor)
    assert told(value) == pytest.approx(value, rel=0.005)
