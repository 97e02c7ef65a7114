"""The pool's clocks are its own: nobody who patches `time` moves or stops them."""

import importlib.util
import pkgutil
import sys
import time
from collections.abc import Callable, Iterator
from queue import Empty, Full

import pytest
from bounded_support import Caller
from pool_support import DEADLINE_SECONDS, MakePool, Stall, until

import pool_gui.pool
from pool_gui.pool import Task, TaskExpiredError, ThreadSafeQueue, clocks
from pool_gui.pool.clocks import NS
from pool_gui.pool.waiting import Deadline

CLOCKS = ("monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "time")
MOMENT = 0.005


def pool_modules() -> list[str]:
    package = pool_gui.pool
    names = [one.name for one in pkgutil.iter_modules(package.__path__)]
    return [f"{package.__name__}.{name}" for name in names]


@pytest.fixture(params=[0.0, -1e9, 1e9], ids=["stands", "is behind", "is ahead"])
def _frozen(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Stop the clocks of `time`, wherever a module holds them, as freezegun does."""
    real = {id(getattr(time, name)): name for name in CLOCKS}
    fakes = {name: _stopped(getattr(time, name)() + request.param) for name in CLOCKS}
    fakes |= {name: _stopped(int(fakes[name]())) for name in CLOCKS if "_ns" in name}
    for module in list(sys.modules.values()):
        for attribute, value in list(getattr(module, "__dict__", {}).items()):
            name = real.get(id(value))
            is_ours = str(module.__name__).startswith(("pool_gui", "time"))
            if name is not None and is_ours:
                monkeypatch.setattr(module, attribute, fakes[name])
    yield
    monkeypatch.undo()


def _stopped(at: float) -> Callable[[], float]:
    return lambda: at


def test_they_are_clocks_that_run() -> None:
    for clock in (clocks.monotonic, clocks.perf_counter_ns):
        first = clock()
        until(lambda clock=clock, first=first: clock() > first)  # type: ignore[misc]
    assert isinstance(clocks.perf_counter_ns(), int)


def test_they_tell_the_time_that_the_real_ones_tell() -> None:
    before = time.perf_counter_ns()
    ours = clocks.perf_counter_ns()
    assert before <= ours <= time.perf_counter_ns()
    seconds = time.monotonic()
    assert seconds <= clocks.monotonic() <= time.monotonic()
    assert NS == 10**9


def test_they_are_no_objects_that_anybody_else_holds() -> None:
    public = {id(value) for value in vars(time).values()}
    assert id(clocks.monotonic) not in public
    assert id(clocks.perf_counter_ns) not in public
    assert sys.modules["time"] is time


@pytest.mark.parametrize("name", pool_modules())
def test_no_module_of_the_pool_holds_a_clock_of_the_time_module(name: str) -> None:
    theirs = {id(getattr(time, name)) for name in CLOCKS}
    module = importlib.import_module(name)
    held = [key for key, value in vars(module).items() if id(value) in theirs]
    assert held == []
    assert time not in vars(module).values()


@pytest.mark.usefixtures("_frozen")
def test_a_stopped_clock_makes_no_wait_endless(make_pool: MakePool) -> None:
    pool, stall = make_pool(1), Stall()
    future = pool.submit(stall)
    stall.wait_entered()
    queue = ThreadSafeQueue(1)
    with pytest.raises(Empty):
        queue.pop(timeout=MOMENT)
    queue.put(1)
    with pytest.raises(Full):
        queue.put(2, timeout=MOMENT)
    with pytest.raises(TimeoutError):
        future.result(MOMENT)
    assert not pool.wait_idle(MOMENT)
    assert not pool.join(MOMENT)
    stall.release.set()
    assert pool.join(DEADLINE_SECONDS)


@pytest.mark.usefixtures("_frozen")
def test_a_stopped_clock_ends_no_wait_before_its_time() -> None:
    queue = ThreadSafeQueue()
    popper = Caller(queue.pop, True, DEADLINE_SECONDS)
    until(lambda: bool(queue._backlog.parked))
    queue.put("item")
    assert popper.result() == "item"
    deadline = Deadline(MOMENT)
    assert deadline.seconds_left() <= MOMENT
    until(deadline.is_over)


@pytest.mark.usefixtures("_frozen")
def test_a_stopped_clock_keeps_nothing_from_expiring(make_pool: MakePool) -> None:
    pool = make_pool(1)
    pool.pause()
    task = Task(int).with_limits(queue_seconds=MOMENT)
    pool.put(task)
    assert isinstance(task.exception(DEADLINE_SECONDS), TaskExpiredError)


@pytest.mark.usefixtures("_frozen")
def test_a_stopped_clock_writes_no_record(make_pool: MakePool) -> None:
    pool, first = make_pool(1), clocks.perf_counter_ns()
    task = pool.put(Task(int))
    assert task.result(DEADLINE_SECONDS) == 0
    times = [first, task.queued_ns, task.started_ns, task.ended_ns]
    assert times == sorted(times)
    assert times[-1] < first + DEADLINE_SECONDS * NS


def test_a_pool_that_is_imported_while_the_clocks_stand_still_has_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec = importlib.util.find_spec(clocks.__name__)
    assert spec is not None
    assert spec.loader is not None
    monkeypatch.setattr(time, "monotonic", _stopped(0.0))
    monkeypatch.setattr(time, "perf_counter_ns", _stopped(0.0))
    fresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fresh)
    assert fresh.monotonic() > 0
    first = fresh.perf_counter_ns()
    until(lambda: fresh.perf_counter_ns() > first)
