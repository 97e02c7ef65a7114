"""When threads are looked at often, and when rarely."""

from collections.abc import Mapping

import pytest
from unit.monitor.feed import BEGIN, Feed, hello, message, pool, worker_row

from pool_gui.monitor import state_watch
from pool_gui.monitor.log import Log
from pool_gui.monitor.sampling.look import Look
from pool_gui.monitor.state_watch import StateWatch


class Sampler:
    """Notes how it was told to look."""

    source, trouble, looks_per_second = "procfs", "", 100.0

    def __init__(self, _reader: object) -> None:
        self.rested: list[bool] = []

    def follow(self, _threads: Mapping[int, int], *, resting: bool) -> None:
        self.rested.append(resting)

    def take(self) -> list[Look]:
        return []

    def close(self) -> bool:
        return True


def test_bursts_between_two_frames_are_looked_at_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    samplers: list[Sampler] = []

    def made(reader: object) -> Sampler:
        samplers.append(Sampler(reader))
        return samplers[-1]

    monkeypatch.setattr(state_watch, "StateSampler", made)
    feed = Feed()
    watch = StateWatch(feed.history, Log(), lambda: BEGIN)
    greeting = message(hello())
    assert feed.history.hello == greeting
    watch.begin(feed.history.hello, 4711)
    feed.tell(100, [worker_row(1), worker_row(2)])
    watch.follow()
    ran = [pool(submitted=4, started=4, done=4)]
    for ms in (200, 300):
        feed.tell(ms, [worker_row(1, done=2), worker_row(2, done=2)], pools=ran)
        watch.follow()
    assert samplers[0].rested[1:] == [False, True]
    assert watch.end() == ()
