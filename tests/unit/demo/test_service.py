"""Commands carried out on real pools, whose tasks the test holds and frees."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from pool_gui.agent import CommandRefusedError
from pool_gui.agent.adapters.base import WatchedPool, WatchedWorker
from pool_gui.demo import fed_pool
from pool_gui.demo import service as module
from pool_gui.demo.fed_pool import FedPool
from pool_gui.demo.load import RunningLoad
from pool_gui.demo.service import Service
from pool_gui.pool import PoolState, Task, ThreadPool
from pool_gui.window.style.sentences import sentence
from pool_gui.wire.commands import (
    Arrival,
    Batch,
    Clear,
    Command,
    Dismiss,
    Drain,
    EndLoad,
    Pause,
    Resize,
    Resume,
    Start,
    Stop,
    Submit,
)
from pool_gui.wire.messages import Load as LoadTold

DEADLINE_SECONDS = 10.0
THIN = "\N{NARROW NO-BREAK SPACE}"
POLL = threading.Event()
WITHOUT_A_POOL = [
    Submit("noop", {}, Arrival.STEADY, 1, 1, 1, 1),
    Batch("noop", {}, 1, 1),
    Pause(),
    Resume(),
    Resize(1),
    Dismiss(1, 0),
    Clear(),
    Drain(),
    Stop(),
]


class RefusedError(Exception):
    """Why a command was not done, in words."""


class Spoken(Service):
    """Says in words what it did, or why not."""

    def say(self, command: Command, pool: int = 0) -> str:
        try:
            return sentence(self.handle(command, pool)).replace(THIN, ",")
        except CommandRefusedError as error:
            raise RefusedError(sentence(error.why).replace(THIN, ",")) from None


class FakeAgent:
    def __init__(self) -> None:
        self.watched: list[FedPool] = []
        self.released: list[WatchedPool] = []

    def watch(self, pool: WatchedPool) -> int:
        assert isinstance(pool, FedPool)
        self.watched.append(pool)
        return len(self.watched)

    def release(self, pool: WatchedPool) -> None:
        self.released.append(pool)

    def worker(self, number: int) -> WatchedWorker | None:
        workers = self.watched[-1].workers()
        return workers[number - 1] if number <= len(workers) else None

    @property
    def pool(self) -> ThreadPool:
        return self.watched[-1].pool


@pytest.fixture
def agent() -> FakeAgent:
    return FakeAgent()


@pytest.fixture
def service(agent: FakeAgent) -> Iterator[Spoken]:
    service = Spoken()
    service.attach(agent)
    yield service
    service.close()
    for watched in agent.watched:
        assert watched.pool.join(DEADLINE_SECONDS)


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        POLL.wait(0.002)


def _load_of(service: Spoken) -> RunningLoad:
    load = next(reversed(service._pools.values()))._load
    assert load is not None
    return load


def _told(service: Spoken) -> LoadTold | None:
    """What frames say of the load of the newest pool."""
    return next(reversed(service._pools.values())).read().load


def _started(service: Spoken, size: int = 2) -> None:
    service.say(Start(size))


@pytest.mark.parametrize("command", WITHOUT_A_POOL, ids=lambda c: c.name)
def test_without_a_pool_one_is_told_to_start_it(service: Spoken, command: Stop) -> None:
    with pytest.raises(RefusedError, match=r"^Start the pool first\.$"):
        service.say(command)


@pytest.mark.parametrize("command", WITHOUT_A_POOL, ids=lambda c: c.name)
def test_with_a_stopped_pool_one_is_told_to_start_another(
    service: Spoken, agent: FakeAgent, command: Stop
) -> None:
    _started(service)
    service.say(Stop())
    _until(lambda: agent.pool.state is PoolState.STOPPED)
    with pytest.raises(RefusedError, match="start a new one"):
        service.say(command)


def test_start_makes_a_pool_that_is_watched(service: Spoken, agent: FakeAgent) -> None:
    assert service.say(Start(3)) == "Started a pool of 3 workers."
    assert agent.pool.name == "demo"
    assert agent.pool.size() == 3
    assert agent.pool.state is PoolState.RUNNING


def test_a_second_pool_is_refused_while_the_first_runs(
    service: Spoken, agent: FakeAgent
) -> None:
    _started(service)
    with pytest.raises(RefusedError, match="A pool is running already"):
        service.say(Start(3))
    assert len(agent.watched) == 1


def test_after_the_first_has_stopped_a_second_takes_its_place(
    service: Spoken, agent: FakeAgent
) -> None:
    _started(service)
    service.say(Stop())
    _until(lambda: agent.pool.state is PoolState.STOPPED)
    service.say(Start(1))
    first, second = agent.watched
    assert agent.released == [first]
    assert second.pool.state is PoolState.RUNNING


def test_a_pool_that_cannot_start_is_refused_in_a_sentence(
    service: Spoken, agent: FakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail)
        with pytest.raises(
            RefusedError,
            match=r"could not start worker 1 of 3 .*; use fewer workers\.",
        ):
            service.say(Start(3))
    assert agent.watched == []
    _started(service)


def test_a_batch_is_put(service: Spoken, agent: FakeAgent) -> None:
    _started(service)
    reply = service.say(Batch("noop", {}, 1500, 1))
    assert reply == "Put 1,500 tasks of noop."
    _until(lambda: agent.pool.statistics().done == 1500)


def test_a_large_batch_is_put_by_a_thread_of_its_own(
    service: Spoken, agent: FakeAgent
) -> None:
    _started(service)
    service.say(Pause())
    reply = service.say(Batch("noop", {}, 50_000, 1))
    assert reply == "Putting 50,000 tasks of noop."
    _until(lambda: agent.pool.statistics().submitted == 50_000)


def test_large_batches_are_bounded(
    service: Spoken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fed_pool, "MAX_BATCHES", 1)
    _started(service)
    service.say(Pause())
    service.say(Batch("noop", {}, 1_000_000, 1))
    with pytest.raises(RefusedError, match="1 large batches"):
        service.say(Batch("noop", {}, 20_000, 1))
    assert "The load has ended after" in service.say(EndLoad())


@pytest.mark.parametrize(
    "command",
    [
        Batch("juggle", {}, 1, 1),
        Submit("juggle", {}, Arrival.STEADY, 1, 1, 1, 1),
        Batch("sleep", {"milliseconds": -1}, 1, 1),
    ],
)
def test_what_the_catalogue_does_not_know_is_refused(
    service: Spoken, agent: FakeAgent, command: Batch
) -> None:
    _started(service)
    with pytest.raises(RefusedError, match="Nothing was submitted: "):
        service.say(command)
    assert agent.pool.statistics().submitted == 0


def test_a_load_is_submitted_and_told(service: Spoken, agent: FakeAgent) -> None:
    _started(service)
    assert _told(service) is None
    reply = service.say(Submit("noop", {}, Arrival.STEADY, 2000, 1, 0, 1))
    assert reply == "Submitting tasks of noop: 2,000 per second."
    _until(lambda: agent.pool.statistics().done >= 20)
    header = _told(service)
    assert header is not None
    assert (header.demo, header.rate_per_second) == ("noop", 2000)


def test_a_second_load_replaces_the_first(service: Spoken, agent: FakeAgent) -> None:
    _started(service)
    service.say(Submit("noop", {}, Arrival.STEADY, 2000, 1, 0, 1))
    first = _load_of(service)
    reply = service.say(Submit("sleep", {}, Arrival.IN_FLIGHT, 1, 2, 7, 1))
    assert reply == "Submitting 7 tasks of sleep: 2 in flight."
    assert _load_of(service) is not first
    assert first.over
    assert not first._thread.is_alive()


def test_in_flight_counts_what_is_queued_and_what_runs(
    service: Spoken, agent: FakeAgent
) -> None:
    _started(service)
    service.say(Submit("sleep", {"milliseconds": 20}, Arrival.IN_FLIGHT, 1, 5, 40, 1))
    most = 0
    while (counts := agent.pool.statistics()).done < 40:
        most = max(most, counts.submitted - counts.done)
        POLL.wait(0.002)
    assert most == 5


def test_a_load_can_be_ended(service: Spoken, agent: FakeAgent) -> None:
    _started(service)
    with pytest.raises(RefusedError, match="No load is running"):
        service.say(EndLoad())
    service.say(Submit("noop", {}, Arrival.STEADY, 2000, 1, 0, 1))
    load = _load_of(service)
    _until(lambda: agent.pool.statistics().submitted > 1)
    assert service.say(EndLoad()).startswith("The load has ended after ")
    assert _told(service) is None
    assert not load._thread.is_alive(), "it goes on submitting"
    assert agent.pool.statistics().submitted == load.submitted


def test_a_paused_pool_takes_tasks_and_runs_them_when_resumed(
    service: Spoken, agent: FakeAgent
) -> None:
    _started(service)
    assert service.say(Pause()).startswith("Paused")
    assert agent.pool.state is PoolState.PAUSED
    service.say(Batch("noop", {}, 30, 1))
    assert agent.pool.statistics().started == 0
    assert service.say(Resume()) == "Resumed."
    _until(lambda: agent.pool.statistics().done == 30)


def test_the_queue_can_be_cleared(service: Spoken, agent: FakeAgent) -> None:
    _started(service)
    service.say(Pause())
    service.say(Batch("noop", {}, 30, 1))
    assert service.say(Clear()) == "Took 30 tasks out of the queue."
    assert service.say(Clear()) == "Took 0 tasks out of the queue."
    assert agent.pool.statistics().cancelled == 30


def test_a_pool_is_resized(service: Spoken, agent: FakeAgent) -> None:
    _started(service)
    assert service.say(Resize(1)) == "Resized to 1 worker."
    assert service.say(Resize(5)) == "Resized to 5 workers."
    assert agent.pool.size() == 5


def test_workers_are_dismissed(service: Spoken, agent: FakeAgent) -> None:
    _started(service, 4)
    assert service.say(Dismiss(2, 0)) == "Dismissed 2 workers."
    assert agent.pool.size() == 2
    reply = service.say(Dismiss(9, 0))
    assert reply == "Dismissed 2 workers; there were no more."
    with pytest.raises(RefusedError, match="no worker left"):
        service.say(Dismiss(1, 0))


def test_one_worker_is_dismissed_by_its_id(service: Spoken, agent: FakeAgent) -> None:
    _started(service, 3)
    worker = agent.watched[-1].workers()[1]
    assert service.say(Dismiss(1, 2)) == f"Dismissed {worker.name}."
    _until(lambda: worker.name not in {t.name for t in agent.pool.workers()})
    assert agent.pool.size() == 2


def test_a_worker_is_dismissed_once(service: Spoken, agent: FakeAgent) -> None:
    _started(service, 2)
    free = threading.Event()
    running = threading.Semaphore(0)

    def hold() -> None:
        running.release()
        free.wait(DEADLINE_SECONDS)

    agent.pool.batch_put([Task(hold), Task(hold)])
    for _ in range(2):
        assert running.acquire(timeout=DEADLINE_SECONDS)
    service.say(Dismiss(1, 1))
    with pytest.raises(RefusedError, match="dismissed already"):
        service.say(Dismiss(1, 1))
    free.set()


def test_an_id_that_nobody_has_is_a_worker_that_has_gone(service: Spoken) -> None:
    _started(service, 1)
    with pytest.raises(RefusedError, match="already gone"):
        service.say(Dismiss(1, 99))


def test_a_drained_pool_finishes_what_it_has_and_takes_no_more(
    service: Spoken, agent: FakeAgent
) -> None:
    _started(service)
    service.say(Submit("noop", {}, Arrival.STEADY, 2000, 1, 0, 1))
    service.say(Pause())
    service.say(Batch("noop", {}, 30, 1))
    reply = service.say(Drain())
    assert reply.startswith("Draining: ")
    _until(lambda: agent.pool.state is PoolState.STOPPED)
    counts = agent.pool.statistics()
    assert counts.done == counts.submitted >= 30
    assert counts.rejected == 0


def test_a_stopped_pool_gives_back_what_is_queued(
    service: Spoken, agent: FakeAgent
) -> None:
    _started(service)
    service.say(Pause())
    service.say(Batch("noop", {}, 30, 1))
    reply = service.say(Stop())
    assert reply == "Stopped: 30 tasks taken out of the queue; running ones finish."
    _until(lambda: agent.pool.state is PoolState.STOPPED)


def test_a_draining_pool_refuses_in_a_sentence(
    service: Spoken, agent: FakeAgent
) -> None:
    _started(service, 1)
    free = threading.Event()
    agent.pool.put(Task(free.wait, DEADLINE_SECONDS))
    service.say(Drain())
    for command in (Batch("noop", {}, 1, 1), Pause(), Resize(3)):
        with pytest.raises(RefusedError):
            service.say(command)
    with pytest.raises(RefusedError, match="has not ended yet"):
        service.say(Start(1))
    free.set()


def test_pools_run_beside_each_other_and_each_gets_its_own_commands(
    service: Spoken, agent: FakeAgent
) -> None:
    assert service.say(Start(1)) == "Started a pool of 1 worker."
    assert service.say(Start(2, beside=True)) == "Started a pool of 2 workers."
    first, second = agent.watched
    assert (first.name, second.name) == ("demo", "demo-2")
    service.say(Pause(), 1)
    service.say(Batch("noop", {}, 5, 1), 1)
    service.say(Batch("noop", {}, 7, 1), 2)
    assert first.pool.state is PoolState.PAUSED
    assert second.pool.state is PoolState.RUNNING
    assert first.read().counts.submitted == 5
    _until(lambda: second.read().counts.done == 7)
    service.say(Submit("noop", {}, Arrival.STEADY, 100, 1, 0, 1), 2)
    assert first.read().load is None
    assert second.read().load is not None
    service.say(Resize(3))
    assert second.pool.size() == 3, "without a number the newest is meant"


def test_a_pool_that_stopped_is_let_go_when_another_starts_beside_one_that_runs(
    service: Spoken, agent: FakeAgent
) -> None:
    _started(service)
    service.say(Start(1, beside=True))
    service.say(Stop(), 2)
    _until(lambda: agent.watched[1].is_stopped)
    with pytest.raises(RefusedError, match="start a new one"):
        service.say(Pause(), 2)
    service.say(Start(1, beside=True))
    assert agent.released == [agent.watched[1]]
    assert agent.watched[2].name == "demo-2", "a name that is free is given again"
    service.say(Pause(), 1)
    with pytest.raises(RefusedError, match="running already"):
        service.say(Start(1))


def test_there_are_no_more_pools_than_may_be(
    service: Spoken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_POOLS", 2)
    _started(service)
    service.say(Start(1, beside=True))
    with pytest.raises(RefusedError, match="2 pools run already"):
        service.say(Start(1, beside=True))


def test_no_more_tasks_wait_in_all_than_memory_bears(
    service: Spoken, agent: FakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 30_000)
    for beside in (False, True):
        service.say(Start(1, beside=beside))
    for pool in (1, 2):
        service.say(Pause(), pool)
    service.say(Batch("noop", {}, 20_000, 1), 1)
    with pytest.raises(RefusedError, match="20,000 tasks wait already"):
        service.say(Batch("noop", {}, 10_001, 1), 2)
    service.say(Batch("noop", {}, 10_000, 1), 2)
    _until(lambda: agent.watched[0].read().counts.submitted == 20_000)
    with pytest.raises(RefusedError, match="30,000 tasks wait already"):
        service.say(Batch("noop", {}, 1, 1), 2)
