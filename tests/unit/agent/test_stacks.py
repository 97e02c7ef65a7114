"""Where in their code threads are, as the agent tells it."""

import sys
import threading
from collections.abc import Iterator

import pytest

from pool_gui.agent.adapters.thread_pool import ThreadPoolAdapter
from pool_gui.agent.frames import FrameBuilder
from pool_gui.agent.stacks import collect
from pool_gui.pool import ThreadPool
from pool_gui.wire import codec
from pool_gui.wire.messages import to_header
from pool_gui.wire.protocol import MAX_STACK_DEPTH

DEADLINE_SECONDS = 20.0


class Held:
    """A pool whose workers wait in code of our own until they are let go."""

    def __init__(self, workers: int) -> None:
        self.pool = ThreadPool(workers)
        self.inside = threading.Semaphore(0)
        self.gate = threading.Event()
        self.pool.start()

    def wait_here(self) -> None:
        self.inside.release()
        self.gate.wait(DEADLINE_SECONDS)

    def go_down(self, left: int) -> None:
        if left:
            self.go_down(left - 1)
        else:
            self.wait_here()

    def begun(self, count: int) -> None:
        for _ in range(count):
            assert self.inside.acquire(timeout=DEADLINE_SECONDS)


@pytest.fixture
def held() -> Iterator[Held]:
    made = Held(3)
    yield made
    made.gate.set()
    made.pool.stop()
    assert made.pool.join(DEADLINE_SECONDS)


def test_equal_stacks_are_told_once_and_lines_of_code_too(held: Held) -> None:
    for _ in range(2):
        held.pool.submit(held.wait_here)
    held.pool.submit(held.go_down, 2)
    held.begun(3)
    builder = FrameBuilder(main_name="app")
    builder.watch(ThreadPoolAdapter(held.pool))
    builder.build(1, 0)
    frozen = None
    for _ in range(1000):  # they have released, and come to the wait soon
        told = builder.stacks()
        at_rest = all(
            told.lines[places[0]][0].startswith("threading.")
            for _, places in told.stacks
        )
        if at_rest and frozen == told.stacks:
            break
        frozen = told.stacks
    assert sorted(len(workers) for workers, _ in told.stacks) == [1, 2]
    assert len(set(told.lines)) == len(told.lines)
    (deep,) = (places for workers, places in told.stacks if len(workers) == 1)
    names = [told.lines[place][0] for place in deep]
    own = f"{__name__}.Held.go_down"
    assert names.count(own) == 3
    assert names.index(f"{__name__}.Held.wait_here") < names.index(own)
    raw = codec.split(codec.encode(to_header(told)))
    assert len(raw.header) < 100_000


def test_deep_stacks_are_cut_at_the_outer_end() -> None:
    def down(left: int) -> None:
        if left:
            down(left - 1)
        else:
            found.append(collect({threading.get_ident(): 1}, 5))

    found: list[object] = []
    limit = sys.getrecursionlimit()
    down(min(2 * MAX_STACK_DEPTH, limit // 2))
    told = found[0]
    ((_, places),) = told.stacks  # type: ignore[attr-defined]  # the message
    assert len(places) == MAX_STACK_DEPTH


def test_a_thread_that_has_ended_has_no_stack() -> None:
    assert collect({None: 1, 1 << 60: 2}, 5).stacks == []
