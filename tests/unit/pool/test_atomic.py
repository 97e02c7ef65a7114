import itertools
import sysconfig
from concurrent.futures import ThreadPoolExecutor

import pytest

from pool_gui.pool.serial import SerialNumbers


@pytest.fixture(params=[False, True], ids=["with the GIL", "without the GIL"])
def numbers(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> SerialNumbers:
    monkeypatch.setattr(sysconfig, "get_config_var", lambda _: request.param)
    return SerialNumbers()


def test_numbers_begin_with_one_and_are_counted(numbers: SerialNumbers) -> None:
    assert numbers.taken() == 0
    assert [numbers.take() for _ in range(3)] == [1, 2, 3]
    assert numbers.taken() == 3
    assert list(itertools.islice(numbers.numbers, 2)) == [4, 5]
    assert numbers.taken() == 5


def test_no_number_is_given_twice_to_many_threads(numbers: SerialNumbers) -> None:
    with ThreadPoolExecutor(4) as threads:
        jobs = [
            threads.submit(lambda: [numbers.take() for _ in range(2000)])
            for _ in range(4)
        ]
        taken = sorted(itertools.chain.from_iterable(job.result() for job in jobs))
    assert taken == list(range(1, 8001))
    assert numbers.taken() == 8000
