import pytest

from pool_gui.wire.catalogue import DEFAULT_DEMO, DEMOS, check_parameters
from pool_gui.wire.commands import MAX_PARAMETERS, MAX_RATE_PER_SECOND, Batch


def test_the_default_demo_is_in_the_catalogue() -> None:
    assert DEFAULT_DEMO in DEMOS


@pytest.mark.parametrize("name", DEMOS)
def test_every_demo_can_be_sent_with_its_defaults(name: str) -> None:
    demo = DEMOS[name]
    assert demo.name == name
    assert demo.explanation.endswith(".")
    assert "\n" not in demo.explanation
    assert len(demo.parameters) <= MAX_PARAMETERS
    assert 0 < demo.suggested_rate_per_second <= MAX_RATE_PER_SECOND
    assert check_parameters(demo, {}) == demo.defaults()
    Batch(name, demo.defaults(), 1, 0)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"speed": 1}, "primes has no parameter 'speed' .it takes limit."),
        ({"limit": 5}, "limit must be from 10 to 1e.07"),
        ({"limit": 10.5}, "limit must be a whole number"),
    ],
)
def test_a_bad_parameter_is_named(given: dict[str, float], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        check_parameters(DEMOS["primes"], given)


def test_a_given_parameter_replaces_its_default() -> None:
    assert check_parameters(DEMOS["flaky"], {"percent": 50}) == {
        "milliseconds": 20,
        "percent": 50,
    }
