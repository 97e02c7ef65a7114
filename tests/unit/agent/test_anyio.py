"""anyio's worker threads as the agent sees them, on the real library."""

import functools
import importlib
import threading
from collections.abc import Iterator

import anyio
import anyio.to_thread
import pytest

from pool_gui.agent.adapters.anyio import MODULE, AnyioHooks

DEADLINE_SECONDS = 20.0


@pytest.fixture
def hooks() -> Iterator[AnyioHooks]:
    module = importlib.import_module(MODULE)
    before = {
        (owner, name): vars(owner)[name]
        for owner in (module.WorkerThread, module.AsyncIOBackend)
        for name in ("__init__", "_report_result", "run_sync_in_worker_thread")
        if name in vars(owner)
    }
    made = AnyioHooks(module)
    assert made.install()
    yield made
    made.remove()
    for (owner, name), original in before.items():
        assert vars(owner)[name] is original


def test_calls_are_told_with_their_wait_for_the_limiter(hooks: AnyioHooks) -> None:
    begun, gate = threading.Semaphore(0), threading.Event()
    seen: list[tuple[int, int, int]] = []

    def hold() -> None:
        begun.release()
        gate.wait(DEADLINE_SECONDS)

    def look() -> None:
        """Look from outside, once two hold the limiter and one waits for it."""
        for _ in range(2):
            assert begun.acquire(timeout=DEADLINE_SECONDS)
        adapter.watch(0)
        while adapter.read().depth != 1:
            gate.wait(0.01)
        told = adapter.read()
        seen.append((told.depth, told.size_limit, told.counts.started))
        gate.set()

    async def main() -> None:
        anyio.to_thread.current_default_thread_limiter().total_tokens = 2
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(anyio.to_thread.run_sync, hold)

    adapter = hooks.adapter
    looker = threading.Thread(target=look)
    looker.start()
    anyio.run(main)
    looker.join()
    assert seen == [(1, 2, 2)]
    told = adapter.read()
    assert (told.counts.done, told.counts.failed, told.depth) == (3, 0, 0)
    spans = [span for worker in adapter.workers() for span in worker.spans]
    assert {span[1] for span in spans} == {hold}
    waits = sorted(span[3] - span[2] for span in spans)
    assert waits[-1] > waits[1]


def test_what_fails_is_told_and_raised_as_ever(hooks: AnyioHooks) -> None:
    def fail() -> None:
        raise ValueError("so it is")

    async def main() -> None:
        hooks.adapter.watch(0)
        with pytest.raises(ValueError, match="so it is") as caught:
            await anyio.to_thread.run_sync(fail)
        names = {entry.name for entry in caught.traceback}
        assert not names & {"asked", "reported", "begun", "get"}

    anyio.run(main)
    counts = hooks.adapter.read().counts
    assert (counts.done, counts.failed) == (0, 1)
    (worker,) = hooks.adapter.workers()
    assert [span[5] for span in worker.spans] == ["ValueError: so it is"]


def test_an_endpoint_is_named_and_not_what_runs_it(hooks: AnyioHooks) -> None:
    def endpoint() -> int:
        return 5

    def runner(*, function: object) -> object:
        return function

    runner.__module__ = "fastapi.routing"

    async def main() -> None:
        hooks.adapter.watch(0)
        await anyio.to_thread.run_sync(functools.partial(runner, function=endpoint))

    anyio.run(main)
    (worker,) = hooks.adapter.workers()
    assert [span[1] for span in worker.spans] == [endpoint]


def test_a_library_that_is_not_understood_is_left_alone() -> None:
    module = type(threading)("anyio_of_tomorrow")
    assert not AnyioHooks(module).install()
