"""Failed demo tasks can be tried once more, each once."""

from random import Random

import pytest

from pool_gui.agent import CommandRefusedError
from pool_gui.demo.failed import MOST_KEPT, FailedTasks
from pool_gui.demo.fed_pool import FedPool
from pool_gui.demo.tasks import FAILING, again, flaky_call
from pool_gui.pool import Task, ThreadPool
from pool_gui.wire.catalogue import DEMOS
from pool_gui.wire.commands import Retry


class Calls:
    """Fails the first time."""

    def __init__(self) -> None:
        self.made = 0

    def call(self) -> None:
        self.made += 1
        if self.made == 1:
            raise ValueError("the first time")


def _run(pool: ThreadPool, *tasks: Task) -> None:
    for task in pool.batch_put(tasks):
        task.exception(20)


@pytest.mark.expects_log
def test_a_failed_call_is_made_once_more_and_only_once() -> None:
    fed, calls = FedPool(1, "demo"), Calls()
    fed.pool.start()
    make = fed.failed.watching(lambda _: Task(calls.call))
    task = make(Random(1))
    _run(fed.pool, task)
    said = fed.handle(Retry(task.id))
    assert (said.code, dict(said.values)) == ("retried", {"tasks": 1})
    fed.pool.drain()
    assert fed.pool.join(20)
    assert calls.made == 2
    with pytest.raises(CommandRefusedError) as refused:
        fed.handle(Retry(0))
    assert refused.value.why.code == "none-failed"


@pytest.mark.expects_log
def test_all_are_tried_again_and_what_fails_again_can_be_tried_again() -> None:
    fed = FedPool(2, "demo")
    fed.pool.start()
    make = fed.failed.watching(lambda _: Task(flaky_call, 0, fails=True, percent=100))
    _run(fed.pool, *[make(Random(1)) for _ in range(5)])
    told = [dict(fed.handle(Retry(0)).values)]
    fed.pool.drain()
    assert fed.pool.join(20)
    assert told == [{"tasks": 5}]
    assert len(fed.failed.take(0)) == 5


def test_what_did_not_fail_is_not_known() -> None:
    failed, pool = FailedTasks(), ThreadPool(1)
    pool.start()
    make = failed.watching(lambda _: Task(int))
    _run(pool, make(Random(1)))
    cancelled = make(Random(1))
    assert cancelled.cancel()
    assert failed.take(0) == []
    pool.drain()
    assert pool.join(20)


def test_of_many_the_newest_are_kept() -> None:
    failed = FailedTasks()
    for number in range(MOST_KEPT + 5):
        task = Task(int, "x")
        task.id = number + 1
        task.set_exception(ValueError())
        failed._note(task)
    assert failed.take(5) == []
    assert len(failed.take(6)) == 1
    assert len(failed.take(0)) == MOST_KEPT - 1


@pytest.mark.parametrize(("percent", "share"), [(0, 0.0), (30, 0.3), (100, 1.0)])
def test_chance_decides_anew_over_a_flaky_call(percent: float, share: float) -> None:
    random = Random(4)
    call = flaky_call, (0.0,), {"fails": True, "percent": percent}
    tasks = [again(call, random) for _ in range(1000)]
    failing = sum(task.kwargs["fails"] for task in tasks) / 1000
    assert failing == pytest.approx(share, abs=0.05)


def test_the_demos_that_fail_are_known() -> None:
    assert DEMOS.keys() >= FAILING
