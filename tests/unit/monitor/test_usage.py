import math
from contextlib import AbstractContextManager, nullcontext
from types import SimpleNamespace

import psutil
import pytest

from pool_gui.monitor.model.usage import UNKNOWN_USE, ProcessMeter
from pool_gui.monitor.view.facts import ProcessUse

SECOND = 1_000_000_000


def test_a_process_that_is_not_there_is_unknown() -> None:
    meter = ProcessMeter(2**22 + 1, 0)  # beyond the kernel's highest id
    assert meter.use == UNKNOWN_USE
    assert math.isnan(meter.mean_cpu_share)


class FakeProcess:
    """Spends what it is told to, and may be closed to us."""

    def __init__(self, _pid: int) -> None:
        self.spent = 1.0
        self.denied = False

    def oneshot(self) -> AbstractContextManager[None]:
        return nullcontext()

    def cpu_times(self) -> SimpleNamespace:
        if self.denied:
            raise psutil.AccessDenied
        return SimpleNamespace(user=self.spent, system=0.0)

    def memory_info(self) -> SimpleNamespace:
        return SimpleNamespace(rss=5000)

    def num_threads(self) -> int:
        return 3


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch) -> ProcessMeter:
    monkeypatch.setattr(psutil, "Process", FakeProcess)
    return ProcessMeter(7, 0)


def spend(meter: ProcessMeter, seconds: float) -> None:
    meter._process.spent += seconds  # type: ignore[union-attr]  # the fake


def test_the_cpu_share_is_of_one_core_over_the_last_second(meter: ProcessMeter) -> None:
    assert math.isnan(meter.use.cpu_share)
    spend(meter, 1.5)
    meter.read(SECOND)
    assert meter.use == ProcessUse(1.5, 5000, 3)
    spend(meter, 0.5)
    meter.read(2 * SECOND)
    assert meter.use.cpu_share == 0.5
    assert meter.mean_cpu_share == 1.0


def test_it_looks_once_a_second_at_the_most(meter: ProcessMeter) -> None:
    spend(meter, 1.0)
    meter.read(SECOND - 1)
    assert math.isnan(meter.mean_cpu_share)


def test_what_may_not_be_read_leaves_the_last_reading(meter: ProcessMeter) -> None:
    before = meter.use
    meter._process.denied = True  # type: ignore[union-attr]  # the fake
    meter.read(SECOND)
    assert meter.use is before
